use actix_web::get;
use actix_web::web::{Data, Json};
use database::bulk_runs;
use shared::{BulkOutcome, BulkRunId, BulkRunOrder, FieldError, Page};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::cursor::{Cursors, binding};
use crate::error::ApiError;
use crate::extract::{Id, Pairs, words};
use crate::openapi::{Missing, PageQuery, Refusals};

/// List the orders of a bulk run
///
/// What became of each, by our order numbers, ascending.
#[utoipa::path(
    tag = "actions",
    operation_id = "listBulkRunOrders",
    params(
        ("id" = i64, Path, description = "The run's number"),
        ("outcome" = Option<String>, Query, description = "Outcomes, separated by commas, such as `failed,refused`"),
        PageQuery
    ),
    responses((status = 200, body = Page<BulkRunOrder>, description = "A page of orders"), Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/bulk-runs/{id}/orders")]
pub async fn list_bulk_run_orders(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<BulkRunId>,
    pairs: Pairs,
) -> Result<Json<Page<BulkRunOrder>>, ApiError> {
    let (parameters, pairs) = Cursors::page_parameters(pairs.0)?;
    let outcomes = outcomes_of(&pairs)?;
    let binding = binding(&format!("bulk run {}", id.0), &pairs);
    let request = state.cursors.request(&parameters, &binding)?;
    let db = state.database.reader();
    bulk_runs::find(db, id.0).await?.ok_or(ApiError::NotFound)?;
    let slice = bulk_runs::page(db, id.0, &outcomes, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}

pub(crate) fn outcomes_of(pairs: &[(String, String)]) -> Result<Vec<BulkOutcome>, ApiError> {
    let mut outcomes = Vec::new();
    let mut errors = Vec::new();
    for (name, value) in pairs {
        if name != "outcome" {
            errors.push(FieldError::new(name, "unknown filter; known is outcome"));
            continue;
        }
        outcomes.extend(words(name, value, BulkOutcome::ALL, &mut errors));
    }
    ApiError::refuse_filter(errors)?;
    Ok(outcomes)
}
