use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::{webhook_deliveries, webhook_messages};
use shared::{WebhookDelivery, WebhookId};

use super::find;
use crate::app::AppState;
use crate::auth::{May, WebhooksWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::idempotency::{NoBody, Once};
use crate::openapi::{BodyRefusals, IdempotencyKey, KeyRefusals, Missing, NotNow, Refusals};

/// Test a webhook
///
/// Sends a message of the type `webhook.test`; what became of it is in the log.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "testWebhook",
    params(("id" = i64, Path, description = "The webhook's number"), IdempotencyKey),
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
#[post("/webhooks/{id}/test")]
pub async fn test_webhook(
    state: Data<AppState>,
    caller: May<WebhooksWrite>,
    id: Id<WebhookId>,
    request: Once<Option<NoBody>>,
) -> Result<HttpResponse, ApiError> {
    let work = async |txn: &_| {
        enabled(&state, txn, id.0).await?;
        let delivery = webhook_messages::record_test(txn, id.0, state.clock().now()).await?;
        let delivery = webhook_deliveries::find(txn, id.0, delivery).await?.ok_or(ApiError::NotFound)?;
        Ok((StatusCode::ACCEPTED, delivery))
    };
    request.named.answer(&state, &caller, work).await
}

/// Refuses to send anything to a webhook that is off.
pub(super) async fn enabled(
    state: &AppState,
    txn: &database::DatabaseTransaction,
    id: WebhookId,
) -> Result<(), ApiError> {
    if find(state, txn, id).await?.webhook.enabled {
        return Ok(());
    }
    let detail = "The webhook is switched off; switch it on first.".to_owned();
    Err(ApiError::Conflict { code: "webhook_disabled", detail })
}
