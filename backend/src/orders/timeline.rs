use actix_web::get;
use actix_web::web::{Data, Json};
use database::{order_detail, order_history};
use shared::{OrderId, Page, TimelineEntry};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::extract::{Id, Pairs};
use crate::openapi::{Missing, PageQuery, Refusals};

/// List an order's timeline
///
/// Who or what did what with the order, when and why; newest first.
#[utoipa::path(
    tag = "orders",
    operation_id = "listTimeline",
    params(("id" = i64, Path, description = "Our order number"), PageQuery),
    responses((status = 200, body = Page<TimelineEntry>, description = "A page of the story"), Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/orders/{id}/timeline")]
pub async fn list_timeline(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<OrderId>,
    pairs: Pairs,
) -> Result<Json<Page<TimelineEntry>>, ApiError> {
    let (parameters, rest) = Cursors::page_parameters(pairs.0)?;
    Cursors::no_filters(&rest)?;
    let binding = format!("timeline {}", id.0);
    let request = state.cursors.request(&parameters, &binding)?;
    let db = state.database.reader();
    order_detail::version(db, id.0).await?.ok_or(ApiError::NotFound)?;
    let slice = order_history::timeline_page(db, id.0, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}
