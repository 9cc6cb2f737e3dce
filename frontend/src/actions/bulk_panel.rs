//! How far the run over many orders has come, on whichever page one is.

use crate::prelude::*;
use leptos::task::spawn_local;
use shared::{BulkOutcome, BulkRunId, BulkRunOrder, BulkRunState, Page};

use crate::actions::bulk_run::{self, is_going_on};
use crate::api::{self, BulkProgress, Failure};
use crate::components::icon::Icon;
use crate::components::money::count;
use crate::components::toast::{self, Tone};
use crate::load::Load;
use crate::markup::{Show, handler, view};
use crate::text;

/// A card that stays until it is closed.
#[component]
pub fn BulkPanel() -> impl IntoView {
    let run = bulk_run::run();
    let id = {
        let run = run.clone();
        Memo::new(move |_| run.with(|run| run.as_ref().map_or(0, |run| run.id.0)))
    };
    // Drawn anew for another run only: numbers that change must not close what somebody reads.
    view! { {move || (id.get() != 0).then(|| card(BulkRunId(id.get()), run.clone()))} }
}

fn card(id: BulkRunId, run: ArcRwSignal<Option<BulkProgress>>) -> AnyView {
    let run = RwSignal::from(run);
    let numbers = move |number: fn(&BulkProgress) -> i64| run.with(|run| run.as_ref().map_or(0, number));
    let title =
        move || run.with(|run| run.as_ref().map(|run| text::run_title(run.request.action, run.total)));
    let going_on = Memo::new(move |_| run.with(|run| run.as_ref().is_some_and(is_going_on)));
    let is_running = Memo::new(move |_| {
        run.with(|run| run.as_ref().is_some_and(|run| run.state == BulkRunState::Running))
    });
    let unsuccessful = Memo::new(move |_| numbers(|run| run.failed + run.refused) > 0);
    let can_retry = Memo::new(move |_| unsuccessful.get() && !going_on.get());
    let outcome = RwSignal::new(String::new());
    let tell = |failure: Result<(), Failure>| {
        if let Err(failure) = failure {
            toast::show(Tone::Bad, failure.sentence());
        }
    };
    let stop = move |_| spawn_local(async move { tell(bulk_run::stop(id).await) });
    let retry = move |_| spawn_local(async move { tell(bulk_run::retry(id).await) });
    let outcomes = [
        (BulkOutcome::Done, text::RUN_DONE, (|run| run.done) as fn(&BulkProgress) -> i64),
        (BulkOutcome::Failed, text::RUN_FAILED, |run| run.failed),
        (BulkOutcome::Refused, text::RUN_REFUSED, |run| run.refused),
        (BulkOutcome::Pending, text::RUN_PENDING, |run| run.pending + run.queued),
        (BulkOutcome::Left, text::RUN_LEFT, |run| run.left),
    ]
    .map(|(kind, label, number)| {
        let number = move || numbers(number);
        let is_shown = move || outcome.get() == kind.as_str();
        let show = move |_| {
            let next = if untrack(is_shown) { "" } else { kind.as_str() };
            outcome.set(next.to_owned());
        };
        view! {
            <button
                type="button"
                class=format!("outcome {kind}")
                aria-expanded=move || is_shown().to_string()
                disabled=move || number() == 0
                hidden=move || kind == BulkOutcome::Left && number() == 0
                on:click=handler(show)
            >
                <strong>{move || count(number())}</strong>
                <span>{label}</span>
            </button>
        }
    })
    .collect_view();
    view! {
        <section class="bulk-panel" aria-label=title>
            <header>
                <h2>{move || title()}</h2>
                <button type="button" class="icon-button" aria-label=text::CLOSE on:click=handler(|_| bulk_run::dismiss())>
                    {Icon::Cross.view()}
                </button>
            </header>
            <progress
                max=move || numbers(|run| run.total.max(1)).to_string()
                value=move || numbers(|run| run.total - run.pending - run.queued).to_string()
                aria-label=title
            ></progress>
            <div class="outcomes">{outcomes}</div>
            {move || outcome.with(|outcome| (!outcome.is_empty()).then(|| orders(id, outcome)))}
            <Show when=move || is_running.get()>
                <button type="button" class="button small" on:click=handler(stop)>{text::STOP}</button>
            </Show>
            <Show when=move || can_retry.get()>
                <button type="button" class="button small" on:click=handler(retry)>{text::RETRY_FAILED}</button>
            </Show>
        </section>
    }
}

/// The orders that met one outcome, and why.
fn orders(id: BulkRunId, outcome: &str) -> AnyView {
    let orders = Load::<Page<BulkRunOrder>>::new();
    orders.run(api::bulk_run_orders(id, outcome));
    let failure = move || {
        orders.request.failure.get().map(|failure| view! { <p class="field-error">{failure.sentence()}</p> })
    };
    let list = move || {
        let Some(page) = orders.value.get() else {
            return view! { <p class="quiet" role="status">{text::LOADING}</p> };
        };
        let more = page.has_more.then(|| view! { <li class="quiet">{text::FIRST_HUNDRED}</li> });
        let items = page
            .items
            .into_iter()
            .map(|order| {
                view! {
                    <li>
                        <a href=format!("/orders/{}", order.order_id)>{order.order_id.0}</a>
                        <span class="digits faint"><bdi>{order.tiktok_order_id.to_string()}</bdi></span>
                        {order.detail.map(|detail| view! { <p>{detail}</p> })}
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="run-orders" tabindex="0">{items} {more}</ul> }
    };
    view! { {failure} {list} }
}
