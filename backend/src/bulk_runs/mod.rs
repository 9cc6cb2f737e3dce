//! Runs of one action over many orders: one endpoint per file.

mod get;
pub(crate) mod orders;
mod retry;
pub(crate) mod start;
mod stop;

pub use get::get_bulk_run;
pub use orders::list_bulk_run_orders;
pub use retry::retry_bulk_run;
pub use start::start_bulk_run;
pub use stop::stop_bulk_run;

use database::bulk_runs::{self, Created, Members, NewRun};
use database::{DatabaseTransaction, DbErr};
use shared::{BulkRun, BulkRunId};
use sync::jobs;

use crate::app::AppState;

/// A new run, or why there is none.
enum New {
    Run(BulkRun),
    TooMany,
    NoOrders,
}

/// Writes a run down with its job; no run is to be committed unless this returns one.
async fn create(
    state: &AppState,
    txn: &DatabaseTransaction,
    run: NewRun<'_>,
    members: Members<'_>,
) -> Result<New, DbErr> {
    let now = state.clock().now();
    match bulk_runs::create(txn, &state.database.vault, run, members, now).await? {
        Created::TooMany => Ok(New::TooMany),
        Created::Run(_, 0) => Ok(New::NoOrders),
        Created::Run(id, _) => {
            job_queue::enqueue(txn, jobs::run_bulk(id, now), now).await?;
            Ok(New::Run(found(txn, id).await?))
        }
    }
}

async fn found(txn: &DatabaseTransaction, id: BulkRunId) -> Result<BulkRun, DbErr> {
    let run = bulk_runs::find(txn, id).await?;
    run.ok_or_else(|| DbErr::RecordNotFound(format!("bulk run {id}")))
}
