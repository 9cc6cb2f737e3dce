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
use crate::markup::{handler, view};
use crate::{browser, text};

/// A card that stays until it is closed.
#[component]
pub fn BulkPanel() -> impl IntoView {
    let run = RwSignal::from(bulk_run::run());
    // The outcome whose orders are listed; the list must not close when a number changes.
    let listed = RwSignal::new(String::new());
    let progress = move || {
        let run = run.get()?;
        browser::keep_focus();
        Some(progress(&run, listed))
    };
    let shown = Memo::new(move |_| {
        let outcome = Some(listed.get()).filter(|outcome| !outcome.is_empty())?;
        Some((run.with(|run| run.as_ref().map(|run| run.id))?, outcome))
    });
    let list = move || shown.get().map(|(id, outcome)| orders(run, id, outcome));
    view! {
        <section class="bulk-panel" aria-label=text::BULK_RUN prop:hidden=move || run.with(Option::is_none)>
            {progress}
            {list}
        </section>
    }
}

fn progress(run: &BulkProgress, listed: RwSignal<String>) -> AnyView {
    let id = run.id;
    let title = text::run_title(run.request.action, run.total);
    let outcomes = [
        (BulkOutcome::Done, text::RUN_DONE, run.done),
        (BulkOutcome::Failed, text::RUN_FAILED, run.failed),
        (BulkOutcome::Refused, text::RUN_REFUSED, run.refused),
        (BulkOutcome::Pending, text::RUN_PENDING, run.pending + run.queued),
        (BulkOutcome::Left, text::RUN_LEFT, run.left),
    ]
    .into_iter()
    .filter(|(kind, _, number)| *kind != BulkOutcome::Left || *number > 0)
    .map(|(kind, label, number)| {
        let word = kind.as_str();
        let list = move |_| {
            let next = if listed.with_untracked(|listed| listed == word) { "" } else { word };
            listed.set(next.to_owned());
        };
        view! {
            <button
                type="button"
                id=format!("outcome-{word}")
                class=format!("outcome {word}")
                aria-expanded=move || listed.with(|listed| listed == word).to_string()
                prop:disabled=number == 0
                on:click=handler(list)
            >
                <strong>{count(number)}</strong>
                <span>{label}</span>
            </button>
        }
    })
    .collect_view();
    let close = move |_| {
        listed.set(String::new());
        bulk_run::dismiss();
    };
    let next = if run.state == BulkRunState::Running {
        Some(next_step("stop-run", text::STOP, move || bulk_run::stop(id)))
    } else if run.failed + run.refused > 0 && !is_going_on(run) {
        Some(next_step("retry-run", text::RETRY_FAILED, move || {
            listed.set(String::new());
            bulk_run::retry(id)
        }))
    } else {
        None
    };
    view! {
        <header>
            <h2>{title.clone()}</h2>
            <button type="button" id="close-run" class="icon-button" aria-label=text::CLOSE on:click=handler(close)>
                {Icon::Cross.view()}
            </button>
        </header>
        <progress
            prop:max=run.total.max(1).to_string()
            prop:value=(run.total - run.pending - run.queued).to_string()
            aria-label=title
        ></progress>
        <div class="outcomes">{outcomes}</div>
        {next}
    }
}

fn next_step<F: Future<Output = Result<(), Failure>> + 'static>(
    id: &'static str,
    label: &'static str,
    step: impl Fn() -> F + 'static,
) -> AnyView {
    let take = move |_| {
        let step = step();
        spawn_local(async move {
            if let Err(failure) = step.await {
                toast::show(Tone::Bad, failure.sentence());
            }
        });
    };
    view! { <button type="button" id=id class="button small" on:click=handler(take)>{label}</button> }
}

/// The orders that met one outcome, and why; a hundred at a time.
fn orders(run: RwSignal<Option<BulkProgress>>, id: BulkRunId, outcome: String) -> AnyView {
    let orders = Load::<Page<BulkRunOrder>>::new();
    let after = RwSignal::new(None::<String>);
    // Those that were asked and have not ended are still to do.
    let outcomes =
        if outcome == BulkOutcome::Pending.as_str() { "pending,queued".to_owned() } else { outcome };
    // Read anew whenever the run has come further.
    Effect::new(move |_| {
        run.track();
        orders.run_for_changes(api::bulk_run_orders(id, &outcomes, after.get().as_deref()));
    });
    let failure = move || {
        orders.request.failure.get().map(|failure| view! { <p class="field-error">{failure.sentence()}</p> })
    };
    let list = move || {
        let Some(page) = orders.value.get() else {
            return view! { <p class="quiet" role="status">{text::LOADING}</p> };
        };
        browser::keep_focus();
        let turn = move |id: &'static str, label: &'static str, to: Option<String>| {
            let take = move |_| after.set(to.clone());
            view! { <button type="button" id=id class="button small" on:click=handler(take)>{label}</button> }
        };
        let back = page.has_previous.then(|| turn("run-orders-first", text::FROM_THE_START, None));
        let more = page.next_cursor.map(|next| turn("run-orders-next", text::NEXT_HUNDRED, Some(next)));
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
        view! {
            <ul class="run-orders" tabindex="0">{items}</ul>
            <p class="fixes">{back} {more}</p>
        }
    };
    view! { {failure} {list} }
}
