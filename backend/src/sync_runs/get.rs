use actix_web::get;
use actix_web::web::{Data, Json};
use database::sync_runs;
use shared::{SyncRun, SyncRunId};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get a run
///
/// How far a run of "fetch orders" has come, then its result.
#[utoipa::path(
    tag = "connections",
    operation_id = "getSyncRun",
    params(("id" = i64, Path, description = "The run's number")),
    responses((status = 200, body = SyncRun, description = "The run"), Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/sync-runs/{id}")]
pub async fn get_sync_run(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<SyncRunId>,
) -> Result<Json<SyncRun>, ApiError> {
    let run = sync_runs::find(state.database.reader(), id.0).await?;
    run.map(Json).ok_or(ApiError::NotFound)
}
