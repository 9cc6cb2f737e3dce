use actix_web::get;
use actix_web::web::{Data, Json};
use database::orders;
use job_queue::NewJob;
use shared::{ActionOptions, ConnectionId, OrderId};
use sync::actions::ASKED_FOR_BY_A_PERSON;
use sync::jobs;

use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get what the forms of an order's actions offer
///
/// TikTok Shop's own lists of carriers and reasons, as they were last read. While `complete` is false TikTok Shop is being
/// asked: ask again when the order's next event comes.
#[utoipa::path(
    tag = "actions",
    operation_id = "getActionOptions",
    params(("id" = i64, Path, description = "Our order number")),
    responses((status = 200, body = ActionOptions, description = "The choices"), Missing, Refusals),
    security(("bearer" = ["orders:write"]))
)]
#[get("/orders/{id}/action-options")]
pub async fn get_action_options(
    state: Data<AppState>,
    _caller: May<OrdersWrite>,
    id: Id<OrderId>,
) -> Result<Json<ActionOptions>, ApiError> {
    let now = state.clock().now();
    let db = state.database.reader();
    let order = orders::find(db, id.0).await?.ok_or(ApiError::NotFound)?;
    let options = sync::action_options(db, &state.database.vault, &order, now).await?;
    if !options.complete {
        let job = jobs::read_action_options(ConnectionId(order.connection_id), id.0, now);
        let job = NewJob { priority: ASKED_FOR_BY_A_PERSON, ..job };
        job_queue::enqueue(state.database.writer(), job, now).await?;
        state.committed();
    }
    Ok(Json(options))
}
