use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use shared::{Webhook, WebhookId};

use super::{answer, find, tag_of};
use crate::app::AppState;
use crate::auth::{May, WebhooksRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::openapi::{Missing, Refusals};

/// Get a webhook
///
/// Its entity tag is what a change must send as `If-Match`.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "getWebhook",
    params(
        ("id" = i64, Path, description = "The webhook's number"),
        ("If-None-Match" = Option<String>, Header, description = "The entity tag that the caller has")
    ),
    responses(
        (
            status = 200, body = Webhook, description = "The webhook",
            headers(("ETag" = String, description = "The version that a change must name"))
        ),
        (status = 304, description = "The caller has this version"),
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
    let webhook = find(&state, id.0).await?.webhook;
    let tag = tag_of(&webhook);
    if known.has(&tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    Ok(answer(StatusCode::OK, tag, &webhook))
}
