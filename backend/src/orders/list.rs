use actix_web::get;
use actix_web::web::{Data, Json};
use database::BuyerFilter;
use serde_json::Value;
use shared::{OrderSummary, Page};

use super::shape::{ListShape, Shape};
use super::{filter_of, page_of};
use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::extract::Pairs;
use crate::openapi::{FilterParameters, PageQuery, Refusals};

/// List orders
///
/// One page of the grid. All filters hold together; values inside one are alternatives. An unknown filter is refused.
/// `fields` leaves out what is not asked for, `include` adds `lines`, `packages` and open `issues`.
#[utoipa::path(
    tag = "orders",
    operation_id = "listOrders",
    params(FilterParameters, ListShape, PageQuery),
    responses((status = 200, body = Page<OrderSummary>, description = "A page of orders"), Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/orders")]
pub async fn list_orders(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    pairs: Pairs,
) -> Result<Json<Page<Value>>, ApiError> {
    let (parameters, pairs) = Cursors::page_parameters(pairs.0)?;
    let (shape, pairs) = Shape::of_list(pairs)?;
    let filter = filter_of(&pairs)?;
    let page = page_of(&state, &caller, &filter, BuyerFilter::default(), &parameters).await?;
    shape.page(&state, page).await.map(Json)
}
