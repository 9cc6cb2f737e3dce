use actix_web::get;
use actix_web::web::{Data, Json};
use database::webhook_deliveries;
use shared::{FieldError, Page, WebhookDelivery, WebhookDeliveryState, WebhookId};

use super::find;
use crate::app::AppState;
use crate::auth::{May, WebhooksRead};
use crate::cursor::{Cursors, binding};
use crate::error::ApiError;
use crate::extract::{Id, Pairs, words};
use crate::openapi::{Missing, PageQuery, Refusals};

/// List a webhook's deliveries
///
/// What was or is to be sent, newest first, for 30 days. Of what receivers answer only the status is kept.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "listWebhookDeliveries",
    params(
        ("id" = i64, Path, description = "The webhook's number"),
        ("state" = Option<String>, Query, description = "States, separated by commas, such as `pending,failed`"),
        PageQuery
    ),
    responses(
        (status = 200, body = Page<WebhookDelivery>, description = "A page of deliveries"),
        Missing,
        Refusals
    ),
    security(("bearer" = ["webhooks:read"]))
)]
#[get("/webhooks/{id}/deliveries")]
pub async fn list_webhook_deliveries(
    state: Data<AppState>,
    _caller: May<WebhooksRead>,
    id: Id<WebhookId>,
    pairs: Pairs,
) -> Result<Json<Page<WebhookDelivery>>, ApiError> {
    let (parameters, pairs) = Cursors::page_parameters(pairs.0)?;
    let states = states_of(&pairs)?;
    let binding = binding(&format!("deliveries {}", id.0), &pairs);
    let request = state.cursors.request(&parameters, &binding)?;
    find(&state, state.database.reader(), id.0).await?;
    let slice = webhook_deliveries::page(state.database.reader(), id.0, &states, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}

pub(crate) fn states_of(pairs: &[(String, String)]) -> Result<Vec<WebhookDeliveryState>, ApiError> {
    let mut states = Vec::new();
    let mut errors = Vec::new();
    for (name, value) in pairs {
        if name != "state" {
            errors.push(FieldError::new(name, "unknown filter; known is state"));
            continue;
        }
        states.extend(words(name, value, WebhookDeliveryState::ALL, &mut errors));
    }
    ApiError::refuse_filter(errors)?;
    Ok(states)
}
