use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use database::audit::Entry;
use database::{webhook_deliveries, webhook_messages, webhooks};
use shared::{AuditEvent, UpdateWebhook, Webhook, WebhookId};

use super::{find, values};
use crate::app::AppState;
use crate::audit::{parts_sent, tell};
use crate::auth::{May, WebhooksWrite};
use crate::error::ApiError;
use crate::extract::{Body, Id, KnownVersions};
use crate::item::changed;
use crate::openapi::{BodyRefusals, IfMatch, Missing, Preconditions, Refusals};

/// Change a webhook
///
/// What is left out stays as it is; `If-Match` names the version that is changed. Switching a webhook off gives up what waits to
/// be sent; the log keeps it, and it can be sent again.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "updateWebhook",
    params(
        ("id" = i64, Path, description = "The webhook's number"),
        IfMatch
    ),
    request_body(content = UpdateWebhook, example = json!({ "enabled": true, "events": ["order.shipped"] })),
    responses(
        (
            status = 200, body = Webhook, description = "The webhook",
            headers(("ETag" = String, description = "The new version"))
        ),
        Preconditions,
        Missing,
        BodyRefusals,
        Refusals
    ),
    security(("bearer" = ["webhooks:write"]))
)]
#[patch("/webhooks/{id}")]
pub async fn update_webhook(
    state: Data<AppState>,
    caller: May<WebhooksWrite>,
    id: Id<WebhookId>,
    known: KnownVersions,
    body: Body<UpdateWebhook>,
) -> Result<HttpResponse, ApiError> {
    let versions = known.to_change()?;
    let mut webhook = find(&state, state.database.reader(), id.0).await?.webhook;
    versions.require(webhook.version)?;
    let before = webhook.clone();
    let parts = changed_parts(&body.0);
    apply(&state, &mut webhook, body.0).await?;
    if webhook == before {
        return changed(StatusCode::OK, before.version, &before);
    }

    let now = state.clock().now();
    let txn = state.database.begin().await?;
    if !webhooks::update(&txn, &webhook, now).await? {
        return Err(ApiError::Stale);
    }
    match (before.enabled, webhook.enabled) {
        (true, false) => {
            webhook_deliveries::give_up_all(&txn, id.0, "the webhook was switched off").await?;
        }
        (false, true) => {
            job_queue::enqueue(&txn, webhook_messages::deliver_webhook(id.0, now), now).await?;
        }
        _ => {}
    }
    let webhook = find(&state, &txn, id.0).await?.webhook;
    let entry =
        Entry::new(AuditEvent::WebhookChanged, caller.actor()).about("webhook", id.0).with("changed", parts);
    tell(&state, &txn, entry).await?;
    txn.commit().await?;
    state.committed();
    changed(StatusCode::OK, webhook.version, &webhook)
}

fn changed_parts(update: &UpdateWebhook) -> String {
    parts_sent([
        ("url", update.url.is_some()),
        ("description", update.description.is_some()),
        ("events", update.events.is_some()),
        ("connection_ids", update.connection_ids.is_some()),
        ("enabled", update.enabled.is_some()),
    ])
}

async fn apply(state: &AppState, webhook: &mut Webhook, update: UpdateWebhook) -> Result<(), ApiError> {
    let UpdateWebhook { url, description, events, connection_ids, enabled } = update;
    let mut errors = Vec::new();
    if let Some(description) = description {
        values::description(&mut errors, &description);
        webhook.description = description;
    }
    if let Some(events) = events {
        webhook.events = values::events(&mut errors, &events);
    }
    if let Some(ids) = connection_ids {
        webhook.connection_ids = values::connection_ids(state, &mut errors, &ids).await?;
    }
    ApiError::refuse_values(errors)?;
    if let Some(url) = url {
        webhook.url = values::url(state, &url).await?;
    }
    match enabled {
        Some(true) => {
            webhook.enabled = true;
            webhook.disabled_reason = None;
            webhook.failing_since = None;
        }
        Some(false) => webhook.enabled = false,
        None => {}
    }
    Ok(())
}
