//! Where tools are told of what happens, by the rules of Standard Webhooks: one endpoint per file.

mod create;
mod delete;
mod deliveries;
mod get;
mod list;
mod replay;
mod rotate_secret;
mod test;
mod update;
mod values;

pub use create::create_webhook;
pub use delete::delete_webhook;
pub use deliveries::list_webhook_deliveries;
pub use get::get_webhook;
pub use list::list_webhooks;
pub use replay::replay_webhook_delivery;
pub use rotate_secret::rotate_webhook_secret;
pub use test::test_webhook;
pub use update::update_webhook;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use database::webhooks::{self, WebhookRecord};
use outgoing_webhooks::Secret;
use serde::Serialize;
use shared::{Webhook, WebhookId};

use crate::app::AppState;
use crate::error::ApiError;

async fn find(state: &AppState, id: WebhookId) -> Result<WebhookRecord, ApiError> {
    let found = webhooks::find(state.database.reader(), &state.database.vault, id).await?;
    found.ok_or(ApiError::NotFound)
}

/// The version that a change must name. When something arrived last is no part of it.
fn tag_of(webhook: &Webhook) -> String {
    format!("\"{}\"", webhook.version)
}

fn answer(status: StatusCode, tag: String, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).insert_header((ETAG, tag)).json(body)
}

/// A new secret, as the receiver is told it.
fn new_secret() -> String {
    Secret::generate(&mut rand::rng()).expose()
}
