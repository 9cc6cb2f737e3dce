//! Where tools are told of what happens, by the rules of Standard Webhooks: one endpoint per file.

mod create;
mod delete;
pub(crate) mod deliveries;
mod delivery;
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
pub use delivery::get_webhook_delivery;
pub use get::get_webhook;
pub use list::list_webhooks;
pub use replay::replay_webhook_delivery;
pub use rotate_secret::rotate_webhook_secret;
pub use test::test_webhook;
pub use update::update_webhook;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use database::ConnectionTrait;
use database::webhooks::{self, WebhookRecord};
use outgoing_webhooks::Secret;
use shared::{Webhook, WebhookId, WebhookWithSecret};

use crate::app::AppState;
use crate::error::ApiError;
use crate::item::{Located, versioned_with_secret};

async fn find(state: &AppState, db: &impl ConnectionTrait, id: WebhookId) -> Result<WebhookRecord, ApiError> {
    webhooks::find(db, &state.database.vault, id).await?.ok_or(ApiError::NotFound)
}

/// The answer that shows a webhook's secret, this once.
fn with_its_secret(status: StatusCode, webhook: Webhook, secret: String) -> Result<HttpResponse, ApiError> {
    let mut answer = versioned_with_secret(status, webhook.version, &webhook)?;
    if status == StatusCode::CREATED {
        answer.insert_header((LOCATION, webhook.location()));
    }
    Ok(answer.json(WebhookWithSecret { webhook, secret }))
}

/// A new secret, as the receiver is told it.
fn new_secret() -> String {
    Secret::generate(&mut rand::rng()).expose()
}
