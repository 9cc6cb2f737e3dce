use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::orders;
use database::timeline::{self, Entry};
use job_queue::NewJob;
use shared::{ChannelStatus, ConnectionId, JobAccepted, OrderId, order_actions};
use sync::jobs;

use super::ASKED_FOR_BY_A_PERSON;
use crate::app::AppState;
use crate::auth::Operator;
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, NotNow, Refusals};

/// Import an order, or try again
///
/// Runs all checks and creates the store order, at most once however often it is asked for.
#[utoipa::path(
    tag = "orders",
    operation_id = "importOrder",
    params(("id" = i64, Path, description = "Our order number")),
    responses((status = 202, body = JobAccepted, description = "It follows"), NotNow, Missing, Refusals),
    security(("bearer" = ["operator"]))
)]
#[post("/orders/{id}/import")]
pub async fn import_order(
    state: Data<AppState>,
    operator: Operator,
    id: Id<OrderId>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock().now();
    let txn = state.database.begin().await?;
    let order = orders::find(&txn, id.0).await?.ok_or(ApiError::NotFound)?;
    let channel_status = ChannelStatus::from(order.channel_status.as_str());
    // The same rule that enables the button.
    if let Some(reason) = order_actions(&channel_status, orders::import_state(&order)).import.reason {
        return Err(ApiError::Conflict { code: "import_not_allowed", detail: reason });
    }
    let job = jobs::import_order(ConnectionId(order.connection_id), id.0, now);
    let job = NewJob { priority: ASKED_FOR_BY_A_PERSON, ..job };
    let enqueued = job_queue::enqueue(&txn, job, now).await?;
    let entry = Entry::by(&operator.0.user.email, "import", "Asked for the import.");
    timeline::record(&txn, id.0, entry, now).await?;
    txn.commit().await?;
    state.committed();
    let accepted = JobAccepted { kind: jobs::IMPORT_ORDER.to_owned(), joined: enqueued.joined };
    Ok(HttpResponse::Accepted().json(accepted))
}
