use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use database::{webhook_deliveries, webhook_messages};
use shared::WebhookDelivery;

use super::test::enabled;
use crate::app::AppState;
use crate::auth::{May, WebhooksWrite};
use crate::error::ApiError;
use crate::idempotency::{NoBody, Once};
use crate::openapi::{BodyRefusals, IdempotencyKey, KeyRefusals, Missing, NotNow, Refusals};

/// Send a message again
///
/// At once and with the same `webhook-id`, whatever became of it before; if it fails, it is tried for three days anew.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "replayWebhookDelivery",
    params(
        ("id" = i64, Path, description = "The webhook's number"),
        ("delivery_id" = i64, Path, description = "The delivery's number"),
        IdempotencyKey
    ),
    responses(
        (
            status = 202, body = WebhookDelivery, description = "It is being sent",
            headers(("Idempotent-Replayed" = bool, description = "That an earlier request with the key was answered so"))
        ),
        NotNow,
        Missing,
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["webhooks:write"]))
)]
#[post("/webhooks/{id}/deliveries/{delivery_id}/replay")]
pub async fn replay_webhook_delivery(
    state: Data<AppState>,
    caller: May<WebhooksWrite>,
    path: Path<(String, String)>,
    request: Once<Option<NoBody>>,
) -> Result<HttpResponse, ApiError> {
    // What is no such number names nothing.
    let (webhook, delivery) = path.into_inner();
    let id = webhook.parse().map_err(|_| ApiError::NotFound)?;
    let delivery_id = delivery.parse().map_err(|_| ApiError::NotFound)?;
    let work = async |txn: &_| {
        enabled(&state, txn, id).await?;
        let now = state.clock().now();
        if !webhook_deliveries::replay(txn, id, delivery_id, now).await? {
            return Err(ApiError::NotFound);
        }
        job_queue::enqueue(txn, webhook_messages::deliver_webhook(id, now), now).await?;
        let delivery = webhook_deliveries::find(txn, id, delivery_id).await?.ok_or(ApiError::NotFound)?;
        Ok((StatusCode::ACCEPTED, delivery))
    };
    request.named.answer(&state, &caller, work).await
}
