use actix_web::post;
use actix_web::web::{Data, Json};
use database::{events, reconciliations};
use shared::{EventKind, Reconciliation, ReconciliationId};

use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Cancel a comparison
///
/// What was found until then stays found, and the next night compares again. One that has ended stays as it is, so no key is
/// needed.
#[utoipa::path(
    tag = "connections",
    operation_id = "cancelReconciliation",
    params(("id" = i64, Path, description = "The comparison's number")),
    responses((status = 200, body = Reconciliation, description = "The comparison"), Missing, Refusals),
    security(("bearer" = ["orders:write"]))
)]
#[post("/reconciliations/{id}/cancel")]
pub async fn cancel_reconciliation(
    state: Data<AppState>,
    _caller: May<OrdersWrite>,
    id: Id<ReconciliationId>,
) -> Result<Json<Reconciliation>, ApiError> {
    let now = state.clock().now();
    let txn = state.database.begin().await?;
    let canceled = reconciliations::cancel(&txn, id.0, now).await?;
    let found = reconciliations::find(&txn, id.0).await?.ok_or(ApiError::NotFound)?;
    if canceled {
        events::record(&txn, EventKind::ReconciliationUpdated, found.connection_id, None, now).await?;
    }
    txn.commit().await?;
    state.committed();
    Ok(Json(found))
}
