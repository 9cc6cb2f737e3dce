use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use database::webhook_deliveries;
use shared::{WebhookDelivery, WebhookId};

use crate::app::AppState;
use crate::auth::{May, WebhooksRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::item;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get a delivery
///
/// What became of a message, for 30 days. Of what receivers answer only the status is kept.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "getWebhookDelivery",
    params(
        ("id" = i64, Path, description = "The webhook's number"),
        ("delivery_id" = i64, Path, description = "The delivery's number"),
        IfNoneMatch
    ),
    responses(
        (
            status = 200, body = WebhookDelivery, description = "The delivery",
            headers(("ETag" = String, description = "Send it as If-None-Match to hear of changes only"))
        ),
        NotModified,
        Missing,
        Refusals
    ),
    security(("bearer" = ["webhooks:read"]))
)]
#[get("/webhooks/{id}/deliveries/{delivery_id}")]
pub async fn get_webhook_delivery(
    state: Data<AppState>,
    _caller: May<WebhooksRead>,
    id: Id<WebhookId>,
    path: Path<(String, String)>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    // What is no such number names nothing.
    let delivery_id = path.1.parse().map_err(|_| ApiError::NotFound)?;
    let delivery = webhook_deliveries::find(state.database.reader(), id.0, delivery_id).await?;
    item(&known, &delivery.ok_or(ApiError::NotFound)?)
}
