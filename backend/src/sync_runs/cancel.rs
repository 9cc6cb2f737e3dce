use actix_web::post;
use actix_web::web::{Data, Json};
use database::{events, sync_runs};
use shared::{EventKind, SyncRun, SyncRunId};

use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Cancel a run
///
/// Nothing further is listed; orders that were listed are still read, and `pending` says how many. A run that has ended stays
/// as it is, so no key is needed.
#[utoipa::path(
    tag = "connections",
    operation_id = "cancelSyncRun",
    params(("id" = i64, Path, description = "The run's number")),
    responses((status = 200, body = SyncRun, description = "The run"), Missing, Refusals),
    security(("bearer" = ["orders:write"]))
)]
#[post("/sync-runs/{id}/cancel")]
pub async fn cancel_sync_run(
    state: Data<AppState>,
    _caller: May<OrdersWrite>,
    id: Id<SyncRunId>,
) -> Result<Json<SyncRun>, ApiError> {
    let now = state.clock().now();
    let txn = state.database.begin().await?;
    let canceled = sync_runs::cancel(&txn, id.0, now).await?;
    let run = sync_runs::find(&txn, id.0).await?.ok_or(ApiError::NotFound)?;
    if canceled {
        events::record(&txn, EventKind::SyncRunUpdated, run.connection_id, None, now).await?;
    }
    txn.commit().await?;
    state.committed();
    Ok(Json(run))
}
