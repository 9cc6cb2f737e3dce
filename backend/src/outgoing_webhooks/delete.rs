use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::audit::Entry;
use database::{webhook_messages, webhooks};
use shared::{AuditEvent, WebhookId};

use super::find;
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, WebhooksWrite};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::openapi::{IfMatch, Missing, Preconditions, Refusals};

/// Delete a webhook
///
/// With its log and everything that waits to be sent.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "deleteWebhook",
    params(
        ("id" = i64, Path, description = "The webhook's number"),
        IfMatch
    ),
    responses((status = 204, description = "It is gone"), Preconditions, Missing, Refusals),
    security(("bearer" = ["webhooks:write"]))
)]
#[delete("/webhooks/{id}")]
pub async fn delete_webhook(
    state: Data<AppState>,
    caller: May<WebhooksWrite>,
    id: Id<WebhookId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let versions = known.to_change()?;
    let txn = state.database.begin().await?;
    let version = find(&state, &txn, id.0).await?.webhook.version;
    versions.require(version)?;
    if !webhooks::delete(&txn, id.0, version).await? {
        return Err(ApiError::Stale);
    }
    job_queue::cancel(&txn, webhook_messages::DELIVER_WEBHOOK, &id.0.to_string()).await?;
    let entry = Entry::new(AuditEvent::WebhookDeleted, caller.actor()).about("webhook", id.0);
    tell(&state, &txn, entry).await?;
    txn.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
