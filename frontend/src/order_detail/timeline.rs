use crate::prelude::*;
use shared::{OrderId, Page, Role, TimelineEntry};

use crate::api::{self, Attempt};
use crate::components::failure::FailureNote;
use crate::components::fields::{fixed_choices, select_field};
use crate::components::time::Ago;
use crate::load::Request;
use crate::markup::{Keyed, Show, handler, keyed_list, view};
use crate::order_detail::attempts::attempt_view;
use crate::{session, text};

/// The choice that shows what was tried in the place of the story.
pub const ATTEMPTS: &str = "attempts";

/// One line of the story, or one attempt.
#[derive(Clone)]
enum Told {
    Sentence(TimelineEntry),
    Attempt(Attempt),
}

impl Told {
    /// Attempts have numbers of their own.
    fn id(&self) -> i64 {
        match self {
            Self::Sentence(entry) => entry.id,
            Self::Attempt(attempt) => -attempt.id,
        }
    }
}

/// The story of an order, newest first, or what was tried for it.
#[derive(Clone, Copy)]
pub struct Story {
    told: RwSignal<Vec<Told>>,
    older: RwSignal<Option<String>>,
    /// What of it is shown.
    shown: StoredValue<String>,
    /// Topics as the API names them, or [`ATTEMPTS`].
    pub topic: RwSignal<String>,
    request: Request,
}

impl Story {
    pub fn new() -> Self {
        Self {
            told: RwSignal::new(Vec::new()),
            older: RwSignal::new(None),
            shown: StoredValue::new(String::new()),
            topic: RwSignal::new(String::new()),
            request: Request::new(),
        }
    }

    /// Reads the newest entries anew.
    pub fn reload(self, id: OrderId) {
        self.read(id, None);
    }

    fn read(self, id: OrderId, after: Option<String>) {
        let topic = self.topic.get_untracked();
        let is_first = after.is_none();
        if topic == ATTEMPTS {
            self.request.run(api::attempts(id, after), move |page: Page<Attempt>| {
                let older = page.next_cursor.filter(|_| page.has_more);
                self.take(topic, is_first, older, page.items.into_iter().map(Told::Attempt).collect());
            });
        } else {
            let asking = api::timeline(id, &topic, after);
            self.request.run(asking, move |page: Page<TimelineEntry>| {
                let older = page.next_cursor.filter(|_| page.has_more);
                self.take(topic, is_first, older, page.items.into_iter().map(Told::Sentence).collect());
            });
        }
    }

    fn take(self, topic: String, is_first: bool, older: Option<String>, mut items: Vec<Told>) {
        let is_same = self.shown.with_value(|shown| *shown == topic);
        self.shown.set_value(topic);
        let known = |told: &Vec<Told>| told.first().map(Told::id);
        let newest = self.told.with_untracked(known).filter(|_| is_first && is_same);
        // What is new stands before what is shown, which may be more than a page by now.
        if let Some(place) = newest.and_then(|newest| items.iter().position(|item| item.id() == newest)) {
            items.truncate(place);
            if !items.is_empty() {
                self.told.update(|told| drop(told.splice(0..0, items)));
            }
            return;
        }
        self.older.set(older);
        self.told.update(|told| {
            if is_first {
                told.clear();
            }
            told.extend(items);
        });
    }

    fn is_empty(self) -> bool {
        self.told.with(Vec::is_empty)
            && !self.request.busy.get()
            && self.request.failure.with(Option::is_none)
    }
}

#[component]
pub fn Timeline(id: OrderId, story: Story) -> impl IntoView {
    let may_see_attempts = session::may(Role::Operator);
    let choices =
        text::TOPICS.iter().copied().filter(move |(topic, _)| may_see_attempts || *topic != ATTEMPTS);
    Effect::new(move |before: Option<()>| {
        story.topic.track();
        if before.is_some() {
            story.reload(id);
        }
    });
    view! {
        <section class="card" id=ATTEMPTS tabindex="-1">
            <div class="timeline-head">
                <h2>{text::TIMELINE}</h2>
                {select_field(text::SHOW_TOPIC, story.topic, fixed_choices(choices), "")}
            </div>
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
            <ol class="timeline">{keyed_list(move || story.told.get().into_iter().map(keyed).collect())}</ol>
            <Show when=move || story.is_empty()>
                <p class="quiet">{text::NOTHING_TOLD}</p>
            </Show>
            <Show when=move || story.older.with(Option::is_some)>
                <button
                    type="button"
                    class="button small"
                    prop:disabled=move || story.request.busy.get()
                    on:click=handler(move |_| story.read(id, story.older.get_untracked()))
                >
                    {text::SHOW_OLDER}
                </button>
            </Show>
        </section>
    }
}

/// Nothing that was told changes any more, so what is open stays open when newer things come in.
fn keyed(told: Told) -> Keyed {
    let id = told.id();
    match told {
        Told::Sentence(entry) => Keyed::new(id, move || entry_view(entry.clone())),
        Told::Attempt(attempt) => Keyed::new(id, move || attempt_view(attempt.clone())),
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
