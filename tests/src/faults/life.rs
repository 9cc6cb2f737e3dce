use std::time::Duration;

use anyhow::Result;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use shared::{ActionOptions, ChannelCarrier, OrderId};

use crate::whole_run::Run;

/// What buyers, carriers, the merchant in Seller Center, the merchant here and people in the store do.
pub(super) struct Life {
    preparation: String,
}

/// Each as often as it stands here.
const EVENTS: [&str; 18] = [
    "ship",
    "ship",
    "collect",
    "deliver",
    "complete",
    "cancel",
    "request-cancel",
    "withdraw-request",
    "address",
    "touch",
    "touch",
    "pay",
    "release",
    "ship here",
    "cancel here",
    "sync here",
    "retry here",
    "prepare in store",
];

impl Life {
    pub(super) async fn new(run: &Run) -> Result<Self> {
        let rows = run.sandboxes.store_control.get("/entities/configurations").await?;
        let rows = rows.as_array().cloned().unwrap_or_default();
        let preparation = rows.iter().find(|row| row["name"] == "PS_OS_PREPARATION");
        let preparation = preparation.and_then(|row| row["value"].as_str()).unwrap_or("3").to_owned();
        Ok(Self { preparation })
    }

    /// Lets one thing happen to one order. What an order does not allow just does not happen.
    pub(super) async fn go_on(&self, run: &Run, random: &mut StdRng) -> Option<&'static str> {
        let event = *EVENTS.choose(random)?;
        let happened = match event {
            "ship here" | "cancel here" | "sync here" | "retry here" => act_here(run, event, random).await,
            "prepare in store" => self.prepare_in_store(run, random).await,
            _ => on_channel(run, event, random).await,
        };
        happened.is_some_and(|happened| happened).then_some(event)
    }

    async fn prepare_in_store(&self, run: &Run, random: &mut StdRng) -> Option<bool> {
        let orders = run.sandboxes.store_orders().await.ok()?;
        let order = orders.choose(random)?;
        let (id, key) = (&order["id"], order["gift_message"].as_str()?);
        // Only what has just been created may still go there; the rest is further on.
        let histories = order["histories"].as_array().map_or(0, Vec::len);
        if !key.starts_with("tiktok:") || histories != 1 {
            return Some(false);
        }
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let state: i64 = self.preparation.parse().ok()?;
        let state = json!({ "state": state });
        let moved = run.sandboxes.store_control.post(&format!("/orders/{id}/state"), &state).await;
        Some(moved.is_ok())
    }
}

async fn on_channel(run: &Run, event: &str, random: &mut StdRng) -> Option<bool> {
    let orders = run.sandboxes.channel_orders().await.ok()?;
    let order = orders.choose(random)?;
    let by = ["buyer", "seller", "system"].choose(random)?;
    let country = ["FR", "DE", "ES", "IT"].choose(random)?;
    let body = match event {
        "cancel" => json!({ "by": by }),
        "address" => json!({ "country": country }),
        _ => json!({}),
    };
    let path = format!("/orders/{}/{event}", order["id"].as_str()?);
    Some(run.sandboxes.channel_control.post(&path, &body).await.is_ok())
}

/// The merchant does something here; the request may be lost with the process, as any request may.
async fn act_here(run: &Run, event: &str, random: &mut StdRng) -> Option<bool> {
    let orders = run.api.all_orders(&format!("connection={}", run.connection_id)).await.ok()?;
    let order = orders.choose(random)?;
    let request = match event {
        "sync here" => json!({ "action": "sync" }),
        "retry here" => json!({ "action": "import" }),
        "cancel here" => json!({ "action": "cancel", "reason": "seller_cancel_reason_out_of_stock" }),
        _ => {
            let carriers = carriers_of(run, order.id).await?;
            let carrier = carriers.choose(random)?;
            let number = format!("JX{:010}", random.random_range(0..10_000_000_000_u64));
            json!({ "action": "ship", "carrier_id": carrier.id, "tracking_number": number })
        }
    };
    let asked = run.api.post::<Value>(&format!("/orders/{}/actions", order.id), &request).await;
    Some(asked.is_ok())
}

/// TikTok Shop's carriers for an order, which are read from there when they are first asked for.
async fn carriers_of(run: &Run, id: OrderId) -> Option<Vec<ChannelCarrier>> {
    for _ in 0..5 {
        let options: ActionOptions = run.api.get(&format!("/orders/{id}/action-options")).await.ok()?;
        if !options.carriers.is_empty() {
            return Some(options.carriers);
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    None
}
