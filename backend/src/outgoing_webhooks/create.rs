use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::audit::Entry;
use database::webhooks;
use shared::{AuditEvent, CreateWebhook, MAX_WEBHOOKS, WebhookWithSecret};

use super::{find, new_secret, values, with_its_secret};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, WebhooksWrite};
use crate::error::ApiError;
use crate::idempotency::{Done, OnceIfNamed};
use crate::openapi::{BodyRefusals, KeyRefusals, OptionalIdempotencyKey, Refusals};

/// Create a webhook
///
/// From now on the address is told of what happens, by the rules of Standard Webhooks. The secret is in this answer and in no
/// other. At most 50 webhooks can be set up. A repeat with the same `Idempotency-Key` makes nothing: it is 409
/// `already_created` and names the webhook.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "createWebhook",
    params(OptionalIdempotencyKey),
    request_body(
        content = CreateWebhook,
        example = json!({
            "url": "https://tool.example/hooks/orderbridge",
            "description": "Warehouse",
            "events": ["order.received", "order.canceled"],
            "connection_ids": [1]
        })
    ),
    responses(
        (
            status = 201, body = WebhookWithSecret, description = "The new webhook with its secret",
            headers(("ETag" = String, description = "The version that a change must name"))
        ),
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["webhooks:write"]))
)]
#[post("/webhooks")]
pub async fn create_webhook(
    state: Data<AppState>,
    caller: May<WebhooksWrite>,
    request: OnceIfNamed<CreateWebhook>,
) -> Result<HttpResponse, ApiError> {
    let OnceIfNamed { body, named } = request;
    let prepare = async || checked(&state, body).await;
    let work = async |txn: &_, new| {
        let (secret, uid) = (new_secret(), uuid::Uuid::new_v4().to_string());
        let now = state.clock().now();
        let created = webhooks::create(txn, &state.database.vault, &uid, &new, &secret, now).await?;
        let id = created.ok_or_else(|| ApiError::Conflict {
            code: "too_many_webhooks",
            detail: format!(
                "There are {MAX_WEBHOOKS} webhooks, which is as many as there can be; delete one first."
            ),
        })?;
        let record = find(&state, txn, id).await?;
        let entry = Entry::new(AuditEvent::WebhookCreated, caller.actor()).about("webhook", id);
        tell(&state, txn, entry).await?;
        let kept = named.shown_once(format!(
            "This Idempotency-Key has made webhook {id}, whose secret was in that answer only; if it was lost, replace the \
            secret with POST /api/v1/webhooks/{id}/rotate-secret."
        ))?;
        Ok(Done { response: with_its_secret(StatusCode::CREATED, record.webhook, secret)?, kept })
    };
    named.answer_prepared(&state, &caller, prepare, work).await
}

async fn checked(state: &AppState, mut new: CreateWebhook) -> Result<CreateWebhook, ApiError> {
    let mut errors = Vec::new();
    values::description(&mut errors, &new.description);
    new.events = values::events(&mut errors, &new.events);
    new.connection_ids = values::connection_ids(state, &mut errors, &new.connection_ids).await?;
    ApiError::refuse_values(errors)?;
    new.url = values::url(state, &new.url).await?;
    Ok(new)
}
