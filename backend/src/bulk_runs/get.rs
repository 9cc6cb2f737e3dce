use actix_web::get;
use actix_web::web::{Data, Json};
use database::bulk_runs;
use shared::{BulkRun, BulkRunId};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get a bulk run
///
/// How far it has come, then its result. It is running until the last of its actions has ended.
#[utoipa::path(
    tag = "actions",
    operation_id = "getBulkRun",
    params(("id" = i64, Path, description = "The run's number")),
    responses((status = 200, body = BulkRun, description = "The run"), Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/bulk-runs/{id}")]
pub async fn get_bulk_run(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<BulkRunId>,
) -> Result<Json<BulkRun>, ApiError> {
    let run = bulk_runs::find(state.database.reader(), id.0).await?;
    run.map(Json).ok_or(ApiError::NotFound)
}
