//! Pulls orders from TikTok Shop now, shows the progress and tells the result.

use crate::prelude::*;
use chrono::TimeDelta;
use leptos::task::spawn_local;
use shared::{ConnectionId, ConnectionState, FetchOrders, Role, SyncRun, SyncRunState};

use crate::components::dialog::Dialog;
use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::components::toast::{self, Tone};
use crate::installation::{Installation, KnownConnection};
use crate::load::{Request, look_again};
use crate::markup::{Show, handler, view};
use crate::{api, browser, clock, session, text};

/// Between two looks at a run.
const POLL_MS: i32 = 1_000;
/// How far back a range may reach.
const MAX_DAYS: i64 = 90;

/// The button in the top bar; while a run goes on, it shows how far it has come.
#[component]
pub fn FetchOrdersButton() -> impl IntoView {
    let installation = Installation::expect();
    let open = RwSignal::new(false);
    let run = RwSignal::new(None::<SyncRun>);
    let is_running = Signal::derive(move || run.with(|run| run.as_ref().is_some_and(is_going_on)));
    let label = Signal::derive(move || match run.get().filter(is_going_on) {
        Some(run) => text::fetching(run.seen),
        None => text::FETCH_ORDERS.to_owned(),
    });
    let usable = move || {
        session::may(Role::Operator)
            && installation.connections.value.with(|it| it.is_some_and(|it| !it.is_empty()))
    };
    view! {
        <Show when=move || usable()>
            <button
                type="button"
                class="button"
                class:working=move || is_running.get()
                aria-label=move || label.get()
                on:click=handler(move |_| open.set(true))
            >
                {Icon::Download.view()}
                <span>{move || label.get()}</span>
            </button>
        </Show>
        <Dialog open close=move |()| open.set(false) title=text::FETCH_ORDERS class="narrow">
            <FetchForm run />
        </Dialog>
    }
}

fn is_going_on(run: &SyncRun) -> bool {
    matches!(run.state, SyncRunState::Queued | SyncRunState::Running)
}

#[component]
fn FetchForm(run: RwSignal<Option<SyncRun>>) -> impl IntoView {
    let installation = Installation::expect();
    let connections = installation.connections.value.get_untracked().unwrap_or_default();
    let active: Vec<_> = connections.into_iter().filter(|it| it.state == ConnectionState::Active).collect();
    let chosen = RwSignal::new(active.first().map(|it| it.id));
    let by_range = RwSignal::new(false);
    let now = clock::now_untracked();
    let since = RwSignal::new(browser::date_field(now - TimeDelta::days(7)));
    let until = RwSignal::new(browser::date_field(now));
    let earliest = browser::date_field(now - TimeDelta::days(MAX_DAYS));
    let request = Request::new();
    let start = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(connection) = chosen.get_untracked() else { return };
        let body = if by_range.get_untracked() {
            // TikTok counts no orders of the future, so a range that ends today has no end.
            let until = until.get_untracked();
            let is_today = until == browser::date_field(clock::now_untracked());
            FetchOrders {
                updated_since: browser::midnight_of(&since.get_untracked(), 0),
                updated_before: browser::midnight_of(&until, 1).filter(|_| !is_today),
            }
        } else {
            FetchOrders::default()
        };
        request.run(api::fetch_orders(connection, &body), move |started| {
            run.set(Some(started.clone()));
            spawn_local(watch(started, run));
        });
    };
    let nothing_active = active.is_empty();
    let is_running = move || run.with(|run| run.as_ref().is_some_and(is_going_on));
    let date = |label: &'static str, value: RwSignal<String>, earliest: String| {
        view! {
            <label>
                <span>{label}</span>
                <input
                    type="date"
                    prop:required=true
                    prop:min=earliest
                    prop:value=move || value.get()
                    on:input=handler(move |event| value.set(event_target_value(&event)))
                />
            </label>
        }
    };
    let range = {
        let earliest = earliest.clone();
        move || {
            by_range.get().then(|| {
                view! {
                    <div class="two-fields">
                        {date(text::FROM_DAY, since, earliest.clone())}
                        {date(text::TO_DAY, until, earliest.clone())}
                    </div>
                }
            })
        }
    };
    view! {
        {move || {
            request.failure.get().map(|failure| view! { <FailureNote title=text::FETCH_NOT_STARTED failure /> })
        }}
        {nothing_active.then(|| view! { <p>{text::NO_ACTIVE_CONNECTION}</p> })}
        <form class="fetch-form" on:submit=handler(start)>
            {(active.len() > 1).then(|| connection_select(active, chosen))}
            <label class="choice">
                <input type="radio" prop:name="fetch" prop:checked=move || !by_range.get() on:change=handler(move |_| by_range.set(false)) />
                {text::FETCH_NEW}
            </label>
            <label class="choice">
                <input type="radio" prop:name="fetch" prop:checked=move || by_range.get() on:change=handler(move |_| by_range.set(true)) />
                {text::FETCH_RANGE}
            </label>
            {move || range()}
            <button
                type="submit"
                class="button primary"
                prop:disabled=move || nothing_active || request.busy.get() || is_running()
            >
                {text::FETCH_ORDERS}
            </button>
        </form>
        {move || run.get().map(progress)}
    }
}

fn connection_select(
    connections: Vec<KnownConnection>,
    chosen: RwSignal<Option<ConnectionId>>,
) -> impl IntoView {
    let options = connections
        .into_iter()
        .map(|connection| view! { <option prop:value=connection.id.to_string()>{connection.name}</option> })
        .collect_view();
    view! {
        <label class="field">
            <span>{text::CONNECTION}</span>
            <select on:change=handler(move |event| chosen.set(event_target_value(&event).parse().ok()))>{options}</select>
        </label>
    }
}

/// How far the run has come.
fn progress(run: SyncRun) -> impl IntoView {
    let done = run.seen - run.pending;
    let going_on = is_going_on(&run);
    let error = run.error.clone().map(|error| view! { <p class="field-error">{error}</p> });
    view! {
        <section class="progress" aria-live="polite">
            <progress
                prop:max=run.seen.max(1).to_string()
                value=(!going_on || run.seen > 0).then(|| done.max(0).to_string())
                aria-label=text::FETCH_ORDERS
            ></progress>
            <p>{text::run_state(run.state)}</p>
            {error}
            <dl class="numbers">
                {number(text::SEEN, run.seen)}
                {number(text::NEW, run.new)}
                {number(text::UPDATED, run.updated)}
                {number(text::BLOCKED, run.blocked)}
            </dl>
        </section>
    }
}

fn number(label: &'static str, value: i64) -> impl IntoView {
    view! {
        <div>
            <dt>{label}</dt>
            <dd>{value}</dd>
        </div>
    }
}

/// Follows a run to its end, also while the dialog is closed.
async fn watch(mut run: SyncRun, shown: RwSignal<Option<SyncRun>>) {
    while is_going_on(&run) {
        let Some(newer) = look_again(POLL_MS, || api::sync_run(run.id)).await else { return };
        run = newer;
        shown.try_set(Some(run.clone()));
    }
    let (tone, message) = match run.state {
        SyncRunState::Failed => (Tone::Bad, run.error.unwrap_or_else(|| text::FETCH_FAILED.to_owned())),
        _ => (Tone::Good, text::fetched(&run)),
    };
    toast::show(tone, message);
}
