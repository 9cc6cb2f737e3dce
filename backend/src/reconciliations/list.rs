use actix_web::get;
use actix_web::web::{Data, Json};
use database::{connections, reconciliations};
use shared::{ConnectionId, Page, Reconciliation};

use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::cursor::{Cursors, binding};
use crate::error::ApiError;
use crate::extract::{Id, Pairs};
use crate::openapi::{Missing, PageQuery, Refusals};

/// List comparisons
///
/// The receipts of a connection's comparisons, newest first: one for each night, and those that somebody started.
#[utoipa::path(
    tag = "connections",
    operation_id = "listReconciliations",
    params(("id" = i64, Path, description = "The connection's number"), PageQuery),
    responses((status = 200, body = Page<Reconciliation>, description = "A page of receipts"), Missing, Refusals),
    security(("bearer" = ["connections:read"]))
)]
#[get("/connections/{id}/reconciliations")]
pub async fn list_reconciliations(
    state: Data<AppState>,
    _caller: May<ConnectionsRead>,
    id: Id<ConnectionId>,
    pairs: Pairs,
) -> Result<Json<Page<Reconciliation>>, ApiError> {
    let (parameters, pairs) = Cursors::page_parameters(pairs.0)?;
    Cursors::no_filters(&pairs)?;
    let db = state.database.reader();
    connections::find(db, &state.database.vault, id.0).await?.ok_or(ApiError::NotFound)?;
    let binding = binding(&format!("reconciliations {}", id.0), &pairs);
    let request = state.cursors.request(&parameters, &binding)?;
    let slice = reconciliations::page(db, id.0, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}
