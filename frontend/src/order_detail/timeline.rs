use crate::prelude::*;
use shared::{OrderId, Page, TimelineEntry};

use crate::api;
use crate::components::failure::FailureNote;
use crate::components::time::Ago;
use crate::load::Request;
use crate::markup::{Show, handler, view};
use crate::text;

/// The story of an order, newest first.
#[derive(Clone, Copy)]
pub struct Story {
    entries: RwSignal<Vec<TimelineEntry>>,
    older: RwSignal<Option<String>>,
    request: Request,
}

impl Story {
    pub fn new() -> Self {
        Self { entries: RwSignal::new(Vec::new()), older: RwSignal::new(None), request: Request::new() }
    }

    /// Reads the newest entries anew.
    pub fn reload(self, id: OrderId) {
        self.request.run(api::timeline(id, None), move |page: Page<TimelineEntry>| {
            self.older.set(page.next_cursor.filter(|_| page.has_more));
            self.entries.set(page.items);
        });
    }

    fn read_older(self, id: OrderId) {
        self.request.run(api::timeline(id, self.older.get_untracked()), move |page: Page<TimelineEntry>| {
            self.older.set(page.next_cursor.filter(|_| page.has_more));
            self.entries.update(|entries| entries.extend(page.items));
        });
    }
}

#[component]
pub fn Timeline(id: OrderId, story: Story) -> impl IntoView {
    view! {
        <section class="card">
            <h2>{text::TIMELINE}</h2>
            {move || {
                story
                    .request
                    .failure
                    .get()
                    .map(|failure| {
                        let retry = Callback::new(move |()| story.reload(id));
                        view! { <FailureNote title=text::TIMELINE_NOT_LOADED failure retry=retry /> }
                    })
            }}
            <ol class="timeline">
                {move || story.entries.get().into_iter().map(entry_view).collect_view()}
            </ol>
            <Show when=move || story.older.with(Option::is_some)>
                <button
                    type="button"
                    class="button small"
                    prop:disabled=move || story.request.busy.get()
                    on:click=handler(move |_| story.read_older(id))
                >
                    {text::SHOW_OLDER}
                </button>
            </Show>
        </section>
    }
}

fn entry_view(entry: TimelineEntry) -> AnyView {
    let facts = (!entry.facts.is_empty()).then(|| {
        let facts = entry
            .facts
            .into_iter()
            .map(|(name, value)| view! { <span><span>{text::fact_name(&name)}</span> " " <bdi>{value}</bdi></span> })
            .collect_view();
        view! { <p class="facts-line quiet">{facts}</p> }
    });
    view! {
        <li class=format!("by-{}", text::actor_kind(&entry.actor))>
            <p>{entry.sentence}</p>
            <p class="quiet">
                <bdi>{text::actor(&entry.actor)}</bdi>
                " · "
                <Ago at=entry.at />
            </p>
            {facts}
        </li>
    }
}
