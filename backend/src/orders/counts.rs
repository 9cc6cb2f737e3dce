use actix_web::get;
use actix_web::web::{Data, Json};
use database::{BuyerFilter, order_counts};
use shared::OrderCounts;

use super::{criteria_of, filter_of};
use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::Pairs;
use crate::openapi::{FilterParameters, Refusals};

/// Count orders by status
///
/// The numbers on the tabs: they obey every filter but the status, and add up to `all`.
#[utoipa::path(
    tag = "orders",
    operation_id = "countOrders",
    params(FilterParameters),
    responses((status = 200, body = OrderCounts, description = "The counts"), Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/orders/counts")]
pub async fn count_orders(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    pairs: Pairs,
) -> Result<Json<OrderCounts>, ApiError> {
    let criteria = criteria_of(&state, &caller, &filter_of(&pairs.0)?, BuyerFilter::default())?;
    let counts = order_counts::count(state.database.reader(), &state.database.vault, criteria).await?;
    Ok(Json(counts))
}
