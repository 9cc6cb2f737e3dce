use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::TimeDelta;
use database::audit::Entry;
use database::webhooks;
use shared::{AuditEvent, FieldError, RotateWebhookSecret, WebhookId, WebhookWithSecret};

use super::{find, new_secret, with_its_secret};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, WebhooksWrite};
use crate::error::ApiError;
use crate::extract::{Body, Id, KnownVersions};
use crate::openapi::{BodyRefusals, IfMatch, Missing, Preconditions, Refusals};

const LONGEST_OVERLAP_HOURS: u32 = 168;

/// Replace a webhook's secret
///
/// The new secret is in this answer and in no other. While both overlap, messages carry a signature by each of them. `If-Match`
/// names the version that is changed, so that a repeat of the request does not replace the new secret, too.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "rotateWebhookSecret",
    params(("id" = i64, Path, description = "The webhook's number"), IfMatch),
    request_body(content = RotateWebhookSecret, example = json!({ "overlap_hours": 24 })),
    responses(
        (
            status = 200, body = WebhookWithSecret, description = "The webhook with its new secret",
            headers(("ETag" = String, description = "The new version"))
        ),
        Preconditions,
        Missing,
        BodyRefusals,
        Refusals
    ),
    security(("bearer" = ["webhooks:write"]))
)]
#[post("/webhooks/{id}/rotate-secret")]
pub async fn rotate_webhook_secret(
    state: Data<AppState>,
    caller: May<WebhooksWrite>,
    id: Id<WebhookId>,
    known: KnownVersions,
    body: Body<RotateWebhookSecret>,
) -> Result<HttpResponse, ApiError> {
    let versions = known.to_change()?;
    let overlap_hours = body.0.overlap_hours;
    if overlap_hours > LONGEST_OVERLAP_HOURS {
        let detail = format!("at most {LONGEST_OVERLAP_HOURS} hours, which is a week");
        return Err(ApiError::Invalid(vec![FieldError::new("/overlap_hours", detail)]));
    }
    let record = find(&state, state.database.reader(), id.0).await?;
    versions.require(record.webhook.version)?;
    let (now, secret) = (state.clock().now(), new_secret());
    let until = now + TimeDelta::hours(overlap_hours.into());
    let database = &state.database;
    let txn = database.begin().await?;
    if !webhooks::replace_secret(&txn, &database.vault, &record, &secret, until, now).await? {
        return Err(ApiError::Stale);
    }
    let entry = Entry::new(AuditEvent::WebhookChanged, caller.actor())
        .about("webhook", id.0)
        .with("secret", "replaced");
    // Read before the commit: after it, a failure would lose the secret.
    let webhook = find(&state, &txn, id.0).await?.webhook;
    tell(&state, &txn, entry).await?;
    txn.commit().await?;
    with_its_secret(StatusCode::OK, webhook, secret)
}
