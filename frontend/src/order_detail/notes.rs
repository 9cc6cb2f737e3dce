use crate::prelude::*;
use shared::{ActionKind, ActionRequest, MAX_NOTE_CHARACTERS, OrderDetail, OrderId, OrderNote, OrderSummary};

use crate::actions::form::{Target, action_form};
use crate::actions::{ask, icon, refusal};
use crate::components::fields::sentences_field;
use crate::components::time::Ago;
use crate::load::{Answer, Request};
use crate::markup::{handler, view};
use crate::order_detail::ship::failure_line;
use crate::orders::row::assignee_mark;
use crate::text;

/// What colleagues tell each other about the order.
#[component]
pub fn NotesCard(id: OrderId, order: Answer<OrderDetail>) -> impl IntoView {
    let notes = move || order.with(|order| order.map(|it| it.notes.clone()).unwrap_or_default());
    let tags = move || order.with(|order| order.map(|it| it.summary.tags.clone()).unwrap_or_default());
    let words = RwSignal::new(String::new());
    let assignee = move || order.with(|order| order.and_then(|it| it.summary.assignee.clone()));
    let editing = RwSignal::new(None::<ActionKind>);
    let sending = Request::new();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let note = words.get_untracked().trim().to_owned();
        if note.is_empty() || sending.busy.get_untracked() {
            return;
        }
        let request = ActionRequest::Note { text: note };
        sending.run_task(async move { ask::ask(id, &request).await }, move || words.set(String::new()));
    };
    let may =
        move || order.with(|order| order.is_some_and(|it| refusal(ActionKind::Note, &it.summary).is_none()));
    let may = Memo::new(move |_| may());
    let tag_row = move || {
        let summary = untrack(|| order.with(|order| order.map(|it| it.summary.clone())));
        match (editing.get(), summary) {
            (Some(kind), Some(order)) => edit_form(kind, order, editing),
            _ => {
                let edit = |kind, id: &'static str| {
                    view! {
                        <button
                            type="button"
                            id=id
                            class="button small"
                            on:click=handler(move |_| editing.set(Some(kind)))
                        >
                            {icon(kind).view()}
                            {text::action_label(kind)}
                        </button>
                    }
                };
                let chips =
                    tags().into_iter().map(|tag| view! { <bdi class="tag">{tag}</bdi> }).collect_view();
                view! {
                    <p class="tags">
                        {assignee().map(|it| assignee_mark(&it.email))}
                        {chips}
                        {may
                            .get()
                            .then(|| {
                                view! {
                                    {edit(ActionKind::Assign, "edit-assignee")}
                                    {edit(ActionKind::Tag, "edit-tags")}
                                }
                            })}
                    </p>
                }
            }
        }
    };
    let form = move || {
        may.get().then(|| {
            view! {
                <form class="note-form" on:submit=handler(submit)>
                    {sentences_field(text::NEW_NOTE, words, MAX_NOTE_CHARACTERS)}
                    {move || failure_line(sending)}
                    <button type="submit" class="button small">{text::confirm(ActionKind::Note)}</button>
                </form>
            }
        })
    };
    view! {
        <section class="card notes">
            <h2>{text::NOTES_AND_TAGS}</h2>
            {tag_row}
            <ul>{move || notes().into_iter().map(note).collect_view()}</ul>
            {form}
        </section>
    }
}

fn edit_form(kind: ActionKind, order: OrderSummary, editing: RwSignal<Option<ActionKind>>) -> AnyView {
    let back = move |_: bool| editing.set(None);
    action_form(kind, Target::One(Box::new(order)), Callback::new(back))
}

fn note(note: OrderNote) -> AnyView {
    view! {
        <li>
            <p><bdi>{note.text}</bdi></p>
            <p class="quiet"><bdi>{note.author}</bdi> " · " <Ago at=note.at /></p>
        </li>
    }
}
