use actix_web::post;
use actix_web::web::{Data, Json};
use database::exports;
use shared::{Export, ExportId};

use super::find;
use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Cancel an export
///
/// What is written so far is removed. One that has ended stays as it is.
#[utoipa::path(
    tag = "exports",
    operation_id = "cancelExport",
    params(("id" = i64, Path, description = "The export's number")),
    responses((status = 200, body = Export, description = "The export"), Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[post("/exports/{id}/cancel")]
pub async fn cancel_export(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    id: Id<ExportId>,
) -> Result<Json<Export>, ApiError> {
    let txn = state.database.begin().await?;
    find(&txn, &caller, id.0).await?;
    exports::cancel(&txn, id.0, state.clock().now()).await?;
    let record = find(&txn, &caller, id.0).await?;
    txn.commit().await?;
    Ok(Json(record.export))
}
