use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::orders;
use database::timeline::{self, Entry};
use job_queue::NewJob;
use shared::{ConnectionId, JobAccepted, OrderId, TikTokOrderId};
use sync::jobs;

use super::ASKED_FOR_BY_A_PERSON;
use crate::app::AppState;
use crate::auth::Operator;
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Sync an order with TikTok Shop
///
/// Fetches the order again and applies what has changed.
#[utoipa::path(
    tag = "orders",
    operation_id = "syncOrder",
    params(("id" = i64, Path, description = "Our order number")),
    responses((status = 202, body = JobAccepted, description = "It follows"), Missing, Refusals),
    security(("bearer" = ["operator"]))
)]
#[post("/orders/{id}/sync")]
pub async fn sync_order(
    state: Data<AppState>,
    operator: Operator,
    id: Id<OrderId>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock().now();
    let txn = state.database.begin().await?;
    let order = orders::find(&txn, id.0).await?.ok_or(ApiError::NotFound)?;
    let tiktok_order_id = TikTokOrderId(order.tiktok_order_id);
    let job = jobs::refresh_order(ConnectionId(order.connection_id), &tiktok_order_id, now);
    let job = NewJob { priority: ASKED_FOR_BY_A_PERSON, ..job };
    let enqueued = job_queue::enqueue(&txn, job, now).await?;
    if !enqueued.joined {
        let entry = Entry::by(&operator.0.user.email, "sync", "Asked for a sync with TikTok Shop.");
        timeline::record(&txn, id.0, entry, now).await?;
    }
    txn.commit().await?;
    state.committed();
    let accepted = JobAccepted { kind: jobs::REFRESH_ORDER.to_owned(), joined: enqueued.joined };
    Ok(HttpResponse::Accepted().json(accepted))
}
