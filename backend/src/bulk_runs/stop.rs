use actix_web::post;
use actix_web::web::{Data, Json};
use database::bulk_runs;
use shared::{BulkRun, BulkRunId};

use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Stop a bulk run
///
/// Orders whose turn has not come are left, and actions that have not left are taken back. A run that has ended stays as it
/// is, so no key is needed.
#[utoipa::path(
    tag = "actions",
    operation_id = "stopBulkRun",
    params(("id" = i64, Path, description = "The run's number")),
    responses((status = 200, body = BulkRun, description = "The run"), Missing, Refusals),
    security(("bearer" = ["orders:write"]))
)]
#[post("/bulk-runs/{id}/stop")]
pub async fn stop_bulk_run(
    state: Data<AppState>,
    caller: May<OrdersWrite>,
    id: Id<BulkRunId>,
) -> Result<Json<BulkRun>, ApiError> {
    let txn = state.database.begin().await?;
    bulk_runs::stop(&txn, id.0, caller.actor(), state.clock().now()).await?;
    let run = bulk_runs::find(&txn, id.0).await?.ok_or(ApiError::NotFound)?;
    txn.commit().await?;
    state.committed();
    Ok(Json(run))
}
