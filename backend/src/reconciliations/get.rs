use actix_web::get;
use actix_web::web::{Data, Json};
use database::reconciliations;
use shared::{Reconciliation, ReconciliationId};

use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get a comparison
///
/// How far a comparison has come, then its receipt.
#[utoipa::path(
    tag = "connections",
    operation_id = "getReconciliation",
    params(("id" = i64, Path, description = "The comparison's number")),
    responses((status = 200, body = Reconciliation, description = "The comparison"), Missing, Refusals),
    security(("bearer" = ["connections:read"]))
)]
#[get("/reconciliations/{id}")]
pub async fn get_reconciliation(
    state: Data<AppState>,
    _caller: May<ConnectionsRead>,
    id: Id<ReconciliationId>,
) -> Result<Json<Reconciliation>, ApiError> {
    let found = reconciliations::find(state.database.reader(), id.0).await?;
    found.map(Json).ok_or(ApiError::NotFound)
}
