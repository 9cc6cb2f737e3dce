use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use database::reconciliations;
use shared::{Reconciliation, ReconciliationId};

use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::item;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get a comparison
///
/// How far a comparison has come, then its receipt.
#[utoipa::path(
    tag = "connections",
    operation_id = "getReconciliation",
    params(("id" = i64, Path, description = "The comparison's number"), IfNoneMatch),
    responses((
            status = 200, body = Reconciliation, description = "The comparison",
            headers(("ETag" = String, description = "Send it as If-None-Match to hear of changes only"))
        ),
        NotModified, Missing, Refusals),
    security(("bearer" = ["connections:read"]))
)]
#[get("/reconciliations/{id}")]
pub async fn get_reconciliation(
    state: Data<AppState>,
    _caller: May<ConnectionsRead>,
    id: Id<ReconciliationId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let found = reconciliations::find(state.database.reader(), id.0).await?;
    item(&known, &found.ok_or(ApiError::NotFound)?)
}
