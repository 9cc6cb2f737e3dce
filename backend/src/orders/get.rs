use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use database::order_detail;
use shared::{OrderDetail, OrderId, Scope};

use super::shape::{ItemShape, Shape};
use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions, Pairs};
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get an order
///
/// Everything known about one order; `include` and `fields` ask for less. The buyer's data is masked.
#[utoipa::path(
    tag = "orders",
    operation_id = "getOrder",
    params(
        ("id" = i64, Path, description = "Our order number"),
        IfNoneMatch,
        ItemShape
    ),
    responses(
        (status = 200, body = OrderDetail, description = "The order", headers(("ETag" = String))),
        NotModified,
        Missing,
        Refusals
    ),
    security(("bearer" = ["orders:read"]))
)]
#[get("/orders/{id}")]
pub async fn get_order(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    id: Id<OrderId>,
    known: KnownVersions,
    pairs: Pairs,
) -> Result<HttpResponse, ApiError> {
    let shape = Shape::of_item(pairs.0)?;
    let can_reveal = caller.may(Scope::OrdersPii);
    let db = state.database.reader();
    let version = order_detail::version(db, id.0).await?.ok_or(ApiError::NotFound)?;
    // What is offered depends on the caller's rights too.
    let tag = format!("\"{version}{}\"", if can_reveal { "r" } else { "" });
    if known.has(&tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let order = order_detail::find(db, &state.database.vault, id.0, can_reveal).await?;
    let order = order.ok_or(ApiError::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(shape.item(&order)?))
}
