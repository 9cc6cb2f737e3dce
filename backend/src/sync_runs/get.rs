use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use database::sync_runs;
use shared::{SyncRun, SyncRunId};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::item;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get a run
///
/// How far a run of "fetch orders" has come, then its result.
#[utoipa::path(
    tag = "connections",
    operation_id = "getSyncRun",
    params(("id" = i64, Path, description = "The run's number"), IfNoneMatch),
    responses((
            status = 200, body = SyncRun, description = "The run",
            headers(("ETag" = String, description = "Send it as If-None-Match to hear of changes only"))
        ),
        NotModified, Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/sync-runs/{id}")]
pub async fn get_sync_run(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<SyncRunId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let run = sync_runs::find(state.database.reader(), id.0).await?;
    item(&known, &run.ok_or(ApiError::NotFound)?)
}
