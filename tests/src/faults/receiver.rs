use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shared::{ImportState, OrderSummary};
use standardwebhooks::Webhook;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::whole_run::Run;

/// An attempt to reach a receiver is over before this.
const TOO_LONG: Duration = Duration::from_secs(30);

/// A tool of somebody else that is told of everything by webhooks, and does not always answer well.
pub(super) struct Receiver {
    server: MockServer,
    secret: Webhook,
    is_well: Arc<AtomicBool>,
    is_mute: Arc<AtomicBool>,
}

impl Receiver {
    pub(super) async fn start(run: &Run) -> Result<Self> {
        let server = MockServer::start().await;
        let (is_well, is_mute) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let moods = (Arc::clone(&is_well), Arc::clone(&is_mute));
        let answer = move |_: &Request| {
            let is_well = moods.0.load(Ordering::Relaxed);
            let answer = ResponseTemplate::new(if is_well { 204 } else { 500 });
            if moods.1.load(Ordering::Relaxed) { answer.set_delay(TOO_LONG) } else { answer }
        };
        Mock::given(method("POST")).respond_with(answer).mount(&server).await;
        let wanted = json!({ "url": server.uri(), "connection_ids": [run.connection_id.parse::<i64>()?] });
        let created: Value = run.api.post("/webhooks", &wanted).await?;
        let secret = created["secret"].as_str().context("a new webhook tells its secret")?;
        Ok(Self { server, secret: Webhook::new(secret)?, is_well, is_mute })
    }

    /// For a while every message is refused, or taken without an answer.
    pub(super) async fn fail(&self, mute: bool, pause: Duration) {
        let mood = if mute { &self.is_mute } else { &self.is_well };
        mood.fetch_xor(true, Ordering::Relaxed);
        tokio::time::sleep(pause).await;
        mood.fetch_xor(true, Ordering::Relaxed);
    }

    /// One sentence for each thing that was told wrongly, beginning with the order's number where it is about one.
    ///
    /// # Errors
    /// When orderbridge does not answer.
    pub(super) async fn complaints(&self, run: &Run) -> Result<Vec<String>> {
        let ours = run.api.all_orders(&format!("connection={}", run.connection_id)).await?;
        let mut complaints = Vec::new();
        let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for request in self.server.received_requests().await.unwrap_or_default() {
            let header = |name| request.headers.get(name).and_then(|value| value.to_str().ok());
            let id = header("webhook-id").unwrap_or_default();
            // By the clock of whoever sent it, which may have been hours off.
            let sent_at = header("webhook-timestamp").and_then(|at| at.parse().ok()).unwrap_or_default();
            let signature = self.secret.sign(id, sent_at, &request.body).ok();
            if signature.as_deref() != header("webhook-signature") {
                complaints.push(format!("the message {id} was signed wrongly"));
            }
            let first = bodies.entry(id.to_owned()).or_insert_with(|| request.body.clone());
            if *first != request.body {
                complaints.push(format!("the message {id} was repeated as another"));
            }
        }
        let mut told: BTreeMap<(String, i64), BTreeSet<&str>> = BTreeMap::new();
        for (id, body) in &bodies {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            if let (Some(kind), Some(order)) = (body["type"].as_str(), body["data"]["order_id"].as_i64()) {
                told.entry((kind.to_owned(), order)).or_default().insert(id);
            }
        }
        let times = |kind: &str, order: &OrderSummary| {
            told.get(&(kind.to_owned(), order.id.0)).map_or(0, BTreeSet::len)
        };
        for order in &ours {
            let id = &order.tiktok_order_id.0;
            let received = times("order.received", order);
            if received != 1 {
                complaints.push(format!("{id}: its receiver was told {received} times that it is new"));
            }
            if order.import_state == ImportState::Imported && times("order.imported", order) == 0 {
                complaints.push(format!("{id}: its receiver was not told that it is imported"));
            }
        }
        Ok(complaints)
    }
}
