use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use shared::{Webhook, WebhookId};

use super::find;
use crate::app::AppState;
use crate::auth::{May, WebhooksRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::versioned;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get a webhook
///
/// Its entity tag is what a change must send as `If-Match`.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "getWebhook",
    params(
        ("id" = i64, Path, description = "The webhook's number"),
        IfNoneMatch
    ),
    responses(
        (
            status = 200, body = Webhook, description = "The webhook",
            headers(("ETag" = String, description = "The version that a change must name"))
        ),
        NotModified,
        Missing,
        Refusals
    ),
    security(("bearer" = ["webhooks:read"]))
)]
#[get("/webhooks/{id}")]
pub async fn get_webhook(
    state: Data<AppState>,
    _caller: May<WebhooksRead>,
    id: Id<WebhookId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let webhook = find(&state, state.database.reader(), id.0).await?.webhook;
    versioned(&known, webhook.version, &webhook)
}
