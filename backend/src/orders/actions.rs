use actix_web::get;
use actix_web::web::{Data, Json};
use database::{actions, order_detail};
use shared::{OrderAction, OrderId, Page};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::extract::{Id, Pairs};
use crate::openapi::{Missing, PageQuery, Refusals};

/// List an order's actions
///
/// What was asked to be done with the order and what came out, newest first.
#[utoipa::path(
    tag = "actions",
    operation_id = "listActions",
    params(("id" = i64, Path, description = "Our order number"), PageQuery),
    responses((status = 200, body = Page<OrderAction>, description = "A page of actions"), Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/orders/{id}/actions")]
pub async fn list_actions(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<OrderId>,
    pairs: Pairs,
) -> Result<Json<Page<OrderAction>>, ApiError> {
    let (parameters, rest) = Cursors::page_parameters(pairs.0)?;
    Cursors::no_filters(&rest)?;
    let binding = format!("actions {}", id.0);
    let request = state.cursors.request(&parameters, &binding)?;
    let db = state.database.reader();
    order_detail::version(db, id.0).await?.ok_or(ApiError::NotFound)?;
    let slice = actions::page(db, id.0, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}
