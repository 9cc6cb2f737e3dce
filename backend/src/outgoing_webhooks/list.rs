use actix_web::get;
use actix_web::web::{Data, Json};
use database::webhooks;
use shared::{Page, Webhook};

use crate::app::AppState;
use crate::auth::{May, WebhooksRead};
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::extract::Pairs;
use crate::openapi::{PageQuery, Refusals};

/// List webhooks
///
/// Oldest first. One that was switched off by itself says why.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "listWebhooks",
    params(PageQuery),
    responses((status = 200, body = Page<Webhook>, description = "A page of webhooks"), Refusals),
    security(("bearer" = ["webhooks:read"]))
)]
#[get("/webhooks")]
pub async fn list_webhooks(
    state: Data<AppState>,
    _caller: May<WebhooksRead>,
    pairs: Pairs,
) -> Result<Json<Page<Webhook>>, ApiError> {
    let (parameters, rest) = Cursors::page_parameters(pairs.0)?;
    Cursors::no_filters(&rest)?;
    let request = state.cursors.request(&parameters, "webhooks")?;
    let slice = webhooks::page(state.database.reader(), &request).await?;
    Ok(Json(state.cursors.page(slice, "webhooks")))
}
