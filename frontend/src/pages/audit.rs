//! What was done, and by whom.

use std::sync::Arc;

use crate::prelude::*;
use shared::{AuditEntry, AuditEvent, OrderId, Page};

use crate::components::failure::FailureNote;
use crate::components::fields::select_field;
use crate::components::icon::Icon;
use crate::components::time::Ago;
use crate::frame::title;
use crate::load::Request;
use crate::markup::{handler, view};
use crate::settings::listing::{cell, table};
use crate::{api, text};

pub fn view() -> AnyView {
    view! { <AuditPage /> }
}

/// Entries of the log, newest first.
#[derive(Clone, Copy)]
struct Log {
    /// Only this event; empty for all.
    event: RwSignal<String>,
    entries: RwSignal<Option<Vec<AuditEntry>>>,
    /// Where the next page begins, if there is one.
    next: RwSignal<Option<String>>,
    request: Request,
}

impl Log {
    fn load(self) {
        self.request.run(api::audit(&self.event.get_untracked(), None), move |page| {
            self.entries.set(None);
            self.add(page);
        });
    }

    fn load_more(self) {
        let asking = api::audit(&self.event.get_untracked(), self.next.get_untracked());
        self.request.run(asking, move |page| self.add(page));
    }

    fn add(self, page: Page<AuditEntry>) {
        self.entries.update(|entries| entries.get_or_insert_default().extend(page.items));
        self.next.set(page.next_cursor);
    }
}

#[component]
fn AuditPage() -> impl IntoView {
    title(|| text::AUDIT.to_owned());
    let log = Log {
        event: RwSignal::new(String::new()),
        entries: RwSignal::new(None),
        next: RwSignal::new(None),
        request: Request::new(),
    };
    Effect::new(move |_| {
        log.event.track();
        log.load();
    });
    let events = || {
        let all = (String::new(), text::EVERYTHING.to_owned());
        let each =
            AuditEvent::ALL.iter().map(|it| (it.as_str().to_owned(), text::audit_event(*it).to_owned()));
        std::iter::once(all).chain(each).collect()
    };
    let failure = move || {
        log.request.failure.get().map(|failure| {
            let retry = Callback::new(move |()| log.load());
            view! { <FailureNote title=text::AUDIT_NOT_LOADED failure retry=retry /> }
        })
    };
    let list = move || match log.entries.get() {
        None if log.request.failure.with(Option::is_some) => ().into_any(),
        None => {
            view! { <div class="card" aria-busy="true"><span class="bone tall" aria-hidden="true"></span></div> }
        }
        Some(entries) if entries.is_empty() => {
            view! { <section class="empty">{Icon::List.view()} <h2>{text::NO_AUDIT}</h2></section> }
        }
        Some(entries) => table(text::AUDIT, &text::AUDIT_COLUMNS, entries.into_iter().map(row).collect()),
    };
    let more = move || {
        log.next.with(Option::is_some).then(|| {
            view! {
                <p class="last-resort">
                    <button
                        type="button"
                        class="button"
                        prop:disabled=move || log.request.busy.get()
                        on:click=handler(move |_: web_sys::MouseEvent| log.load_more())
                    >
                        {text::SHOW_MORE}
                    </button>
                </p>
            }
        })
    };
    view! {
        <div class="page">
            <header class="page-header"><h1>{text::AUDIT}</h1></header>
            <p class="lead">{text::AUDIT_LEAD}</p>
            <div class="list-filter">{select_field(text::AUDIT_OF, log.event, Arc::new(events), "")}</div>
            {move || failure()}
            {move || list()}
            {move || more()}
        </div>
    }
}

fn row(entry: AuditEntry) -> AnyView {
    let who = match entry.actor.as_str() {
        "" => text::SOMEBODY_UNKNOWN.into_any(),
        actor => view! { <bdi>{actor.to_owned()}</bdi> },
    };
    let order = entry.subject.strip_prefix("order:").and_then(|id| id.parse::<OrderId>().ok());
    let subject = match order {
        Some(id) => view! { <a href=format!("/orders/{id}")>{text::order_number(id)}</a> },
        None => entry.subject.into_any(),
    };
    let facts: Vec<_> = entry.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let when = view! { <Ago at=entry.at /> };
    let [of_time, of_event, of_actor, of_subject, of_facts] = text::AUDIT_COLUMNS;
    view! {
        <tr>
            {cell(of_time, when)}
            {cell(of_event, text::audit_event(entry.event).into_any())}
            {cell(of_actor, who)}
            {cell(of_subject, subject)}
            {cell(of_facts, facts.join(", ").into_any())}
        </tr>
    }
}
