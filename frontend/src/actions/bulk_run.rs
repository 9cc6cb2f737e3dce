//! The run over many orders that was started last; it goes on, and is followed, while other pages are open, and after
//! the page was loaded anew.

use crate::prelude::*;
use leptos::task::spawn_local;
use shared::{ActionRequest, BulkRunId, BulkRunState, OrderId, StartBulkRun};

use crate::api::{self, BulkProgress, Failure};
use crate::components::announcer::announce;
use crate::load::look_again;
use crate::{browser, text};

/// Between two looks at a run.
const LOOK_MS: i32 = 1_000;

/// Where the number of the run is kept for as long as it is shown.
const SHOWN_RUN: &str = "bulk-run";

/// The orders that a run is for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    pub ids: Vec<OrderId>,
    /// Instead of ids: every order that matches these filters when the run starts.
    pub filter: Option<Vec<(String, String)>>,
    /// Left out of what the filter matches.
    pub except: Vec<OrderId>,
    /// How many these are, as far as the page knows.
    pub count: i64,
}

thread_local! {
    static RUN: ArcRwSignal<Option<BulkProgress>> = ArcRwSignal::new(None);
}

/// The run, as a signal.
pub fn run() -> ArcRwSignal<Option<BulkProgress>> {
    RUN.with(Clone::clone)
}

/// Whether there is still something to wait for.
pub fn is_going_on(run: &BulkProgress) -> bool {
    run.state == BulkRunState::Running || run.queued > 0
}

/// Does the same with many orders.
///
/// # Errors
/// The server refuses the run as a whole, or was not reached.
pub async fn begin(request: ActionRequest, selection: Selection) -> Result<(), Failure> {
    let Selection { ids, filter, except, .. } = selection;
    follow(api::start_bulk_run(&StartBulkRun { request, order_ids: ids, filter, except }).await?);
    Ok(())
}

/// Stops the run; what was sent already is not taken back.
///
/// # Errors
/// The server was not reached.
pub async fn stop(id: BulkRunId) -> Result<(), Failure> {
    run().set(Some(api::stop_bulk_run(id).await?));
    Ok(())
}

/// Tries the orders again that failed or were refused.
///
/// # Errors
/// The server refuses it, or was not reached.
pub async fn retry(id: BulkRunId) -> Result<(), Failure> {
    follow(api::retry_bulk_run(id).await?);
    Ok(())
}

/// Forgets the run; it goes on.
pub fn dismiss() {
    browser::store(SHOWN_RUN, None);
    run().set(None);
}

/// Takes up the run that was shown before the page was loaded anew.
pub async fn resume() {
    let Some(id) = browser::stored(SHOWN_RUN).and_then(|id| id.parse().ok()) else { return };
    // A run that cannot be read has nothing to show; where it was not reached, the next load tries again.
    if let Ok(found) = api::bulk_run(BulkRunId(id)).await {
        show(found);
    }
}

fn follow(started: BulkProgress) {
    announce(text::run_started(started.request.action, started.total));
    browser::store(SHOWN_RUN, Some(&started.id.to_string()));
    show(started);
}

fn show(found: BulkProgress) {
    let id = found.id;
    let mut going_on = is_going_on(&found);
    run().set(Some(found));
    spawn_local(async move {
        let is_shown = || run().with_untracked(|run| run.as_ref().is_some_and(|run| run.id == id));
        while going_on {
            let Some(newer) = look_again(LOOK_MS, || api::bulk_run(id)).await else { return };
            if !is_shown() {
                return;
            }
            going_on = is_going_on(&newer);
            if !going_on {
                announce(text::run_result(&newer));
            }
            run().set(Some(newer));
        }
    });
}
