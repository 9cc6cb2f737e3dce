//! Outgoing webhooks and what they delivered.

use shared::{
    CreateWebhook, Page, RotateWebhookSecret, UpdateWebhook, Webhook, WebhookDelivery, WebhookDeliveryId,
    WebhookId,
};

use super::{Asking, Call, fetch, send_only};
use crate::grid_query::search_of;
use crate::json::{self, Unreadable};

/// All of them: there are at most fifty.
pub fn webhooks() -> Asking<Vec<Webhook>> {
    let read = |text: &str| json::read::<Page<Webhook>>(text).map(|page| page.items);
    Asking { sent: super::exchange(Call::get("/webhooks?limit=100")), read }
}

pub fn webhook(id: WebhookId) -> Asking<Webhook> {
    fetch(Call::get(format!("/webhooks/{id}")))
}

/// Makes a webhook; the answer is its secret.
pub fn create_webhook(body: &CreateWebhook) -> Asking<String> {
    secret(Call::post("/webhooks").body(body))
}

/// Changes a webhook, unless somebody else changed it since `version`.
pub fn update_webhook(id: WebhookId, version: i64, body: &UpdateWebhook) -> Asking<Webhook> {
    let call = Call::new("PATCH", format!("/webhooks/{id}")).body(body);
    fetch(Call { if_match: Some(version), ..call })
}

/// Deletes a webhook, unless somebody else changed it since `version`.
pub fn delete_webhook(id: WebhookId, version: i64) -> Asking<()> {
    let call = Call::new("DELETE", format!("/webhooks/{id}"));
    send_only(Call { if_match: Some(version), ..call })
}

/// Replaces the secret, unless somebody else changed the webhook since `version`; the answer is the new one.
pub fn rotate_webhook_secret(id: WebhookId, version: i64, body: &RotateWebhookSecret) -> Asking<String> {
    let call = Call::post(format!("/webhooks/{id}/rotate-secret")).body(body);
    secret(Call { if_match: Some(version), ..call })
}

pub fn test_webhook(id: WebhookId) -> Asking<WebhookDelivery> {
    fetch(Call::post(format!("/webhooks/{id}/test")).once())
}

pub fn deliveries(id: WebhookId, after: Option<String>) -> Asking<Page<WebhookDelivery>> {
    let pairs: Vec<_> = after.map(|cursor| ("after".to_owned(), cursor)).into_iter().collect();
    fetch(Call::get(format!("/webhooks/{id}/deliveries{}", search_of(&pairs))))
}

pub fn replay_delivery(id: WebhookId, delivery: WebhookDeliveryId) -> Asking<WebhookDelivery> {
    fetch(Call::post(format!("/webhooks/{id}/deliveries/{delivery}/replay")).once())
}

fn secret(call: Call) -> Asking<String> {
    Asking { sent: super::exchange(call), read: secret_of }
}

/// Of a webhook with its secret only the secret: the list is asked for anew.
fn secret_of(text: &str) -> Result<String, Unreadable> {
    json::parse(text)?.get("secret").and_then(|secret| secret.as_str()).map(str::to_owned).ok_or(Unreadable)
}
