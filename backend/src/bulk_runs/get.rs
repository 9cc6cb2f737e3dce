use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use database::bulk_runs;
use shared::{BulkRun, BulkRunId};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::item;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get a bulk run
///
/// How far it has come, then its result. It is running until the last of its actions has ended.
#[utoipa::path(
    tag = "actions",
    operation_id = "getBulkRun",
    params(("id" = i64, Path, description = "The run's number"), IfNoneMatch),
    responses((
            status = 200, body = BulkRun, description = "The run",
            headers(("ETag" = String, description = "Send it as If-None-Match to hear of changes only"))
        ),
        NotModified, Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/bulk-runs/{id}")]
pub async fn get_bulk_run(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<BulkRunId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let run = bulk_runs::find(state.database.reader(), id.0).await?;
    item(&known, &run.ok_or(ApiError::NotFound)?)
}
