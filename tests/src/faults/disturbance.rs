use std::time::Duration;

use anyhow::Result;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::json;
use shared::ConnectionState;

use crate::whole_run::Run;

/// Something that breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disturbance {
    /// A process ends as in a power cut, and is started again.
    Kill,
    /// A process stands still for some seconds, as a suspended machine does, and goes on as if nothing had been.
    StandStill,
    StoreFault,
    StoreSlow,
    StoreOff,
    StoreKeyOff,
    ChannelFault,
    ChannelLimited,
    TokensExpire,
    WebhooksMessy,
    WebhookForged,
}

/// Each as often as it stands here.
const ALL: [Disturbance; 20] = [
    Disturbance::Kill,
    Disturbance::Kill,
    Disturbance::StandStill,
    Disturbance::StoreFault,
    Disturbance::StoreFault,
    Disturbance::StoreFault,
    Disturbance::StoreFault,
    Disturbance::StoreFault,
    Disturbance::StoreSlow,
    Disturbance::StoreOff,
    Disturbance::StoreKeyOff,
    Disturbance::ChannelFault,
    Disturbance::ChannelFault,
    Disturbance::ChannelFault,
    Disturbance::ChannelLimited,
    Disturbance::TokensExpire,
    Disturbance::WebhooksMessy,
    Disturbance::WebhooksMessy,
    Disturbance::WebhookForged,
    Disturbance::WebhookForged,
];

/// All that the store's webservice does wrong.
const STORE_FAULTS: [&str; 15] = [
    "empty500_before",
    "empty500_after",
    "html200_after",
    "php_errors500_after",
    "code86_after",
    "redirect302",
    "unavailable503",
    "too_many429",
    "maintenance_page",
    "json_garbage",
    "cut_before",
    "cut_after",
    "truncated",
    "huge_body",
    "slow",
];

/// Where it does it; the empty name is every call.
const STORE_CALLS: [(&str, &str); 9] = [
    ("orders", "POST"),
    ("orders", "POST"),
    ("orders", "GET"),
    ("carts", "POST"),
    ("customers", "POST"),
    ("addresses", "POST"),
    ("specific_prices", "POST"),
    ("order_histories", "POST"),
    ("", ""),
];

const CHANNEL_FAULTS: [&str; 10] = [
    "rate_limited",
    "internal_error",
    "timeout",
    "overload",
    "slow",
    "cut",
    "truncated",
    "html",
    "empty",
    "token_expired",
];

const CHANNEL_PATHS: [&str; 6] =
    ["/orders/search", "/order/202507/orders", "/packages", "/cancellations", "/external_orders", ""];

impl Disturbance {
    pub(super) fn draw(random: &mut StdRng) -> Self {
        *ALL.choose(random).expect("the list is not empty")
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::StandStill => "stand_still",
            Self::StoreFault => "store_fault",
            Self::StoreSlow => "store_slow",
            Self::StoreOff => "store_off",
            Self::StoreKeyOff => "store_key_off",
            Self::ChannelFault => "channel_fault",
            Self::ChannelLimited => "channel_limited",
            Self::TokensExpire => "tokens_expire",
            Self::WebhooksMessy => "webhooks_messy",
            Self::WebhookForged => "webhook_forged",
        }
    }

    pub(super) async fn strike(self, run: &mut Run, random: &mut StdRng) -> Result<()> {
        let (store, channel) = (run.sandboxes.store_control.clone(), run.sandboxes.channel_control.clone());
        match self {
            Self::Kill => {
                let victim = random.random_range(0..run.processes.len());
                run.processes[victim].kill()?;
                // Sometimes it stays down for a while.
                tokio::time::sleep(Duration::from_millis(random.random_range(0..1_500))).await;
                run.processes[victim].start_again().await?;
            }
            Self::StandStill => {
                let victim = random.random_range(0..run.processes.len());
                let pause = Duration::from_millis(random.random_range(500..4_000));
                run.processes[victim].stand_still(pause).await?;
            }
            Self::StoreFault => {
                let kind = STORE_FAULTS.choose(random).expect("the list is not empty");
                let (resource, method) = STORE_CALLS.choose(random).expect("the list is not empty");
                let mut fault = json!({
                    "kind": kind,
                    "times": random.random_range(1..4),
                    "skip": random.random_range(0..3),
                    "delay_ms": random.random_range(0..800),
                });
                if !resource.is_empty() {
                    fault["resource"] = json!(resource);
                    fault["method"] = json!(method);
                }
                store.post("/faults", &fault).await?;
            }
            Self::StoreSlow => {
                let slow = json!({
                    "call_ms": random.random_range(0..150),
                    "order_post_ms": random.random_range(0..900),
                });
                store.patch("/settings", &slow).await?;
            }
            Self::StoreOff => {
                store.patch("/settings", &json!({ "webservice_enabled": false })).await?;
                tokio::time::sleep(Duration::from_millis(random.random_range(200..2_500))).await;
                store.patch("/settings", &json!({ "webservice_enabled": true })).await?;
            }
            Self::StoreKeyOff => {
                let key = run.sandboxes.store.key.clone();
                store.post("/keys", &json!({ "key": key, "active": false })).await?;
                tokio::time::sleep(Duration::from_millis(random.random_range(200..2_500))).await;
                store.post("/keys", &json!({ "key": key, "active": true })).await?;
            }
            Self::ChannelFault => {
                let fault = json!({
                    "kind": CHANNEL_FAULTS.choose(random).expect("the list is not empty"),
                    "path": CHANNEL_PATHS.choose(random).expect("the list is not empty"),
                    "when": if random.random_bool(0.5) { "before" } else { "after" },
                    "times": random.random_range(1..4),
                    "delay_ms": random.random_range(0..800),
                });
                channel.post("/faults", &fault).await?;
            }
            Self::ChannelLimited => {
                let switches = json!({
                    "rate_limit_per_second": random.random_range(2..8),
                    "rate_limit_says_when": random.random_bool(0.5),
                });
                channel.put("/switches", &switches).await?;
                tokio::time::sleep(Duration::from_millis(random.random_range(500..3_000))).await;
                channel.put("/switches", &json!({ "rate_limit_per_second": 0 })).await?;
            }
            Self::TokensExpire => {
                channel.post("/tokens/expire", &json!({})).await?;
            }
            Self::WebhooksMessy => {
                let webhooks = json!({
                    "duplicate_rate": random.random_range(0.0..0.8),
                    "loss_rate": random.random_range(0.0..0.8),
                    "wrong_signature_rate": random.random_range(0.0..0.3),
                    "delay_up_to_ms": random.random_range(0..4_000),
                    "reorder": random.random_bool(0.5),
                    "without_notification_id": random.random_bool(0.3),
                    "pretty_printed": random.random_bool(0.3),
                });
                channel.put("/switches", &json!({ "webhooks": webhooks })).await?;
            }
            Self::WebhookForged => forge_webhook(run).await?,
        }
        Ok(())
    }
}

/// A stranger sends what looks like TikTok Shop's notification; it must be refused.
async fn forge_webhook(run: &Run) -> Result<()> {
    let body = json!({
        "type": 1,
        "tts_notification_id": "7327112393057371910",
        "shop_id": "7494049642642441621",
        "timestamp": 1_644_412_885,
        "data": { "order_id": "576461413038785752", "order_status": "CANCEL", "update_time": 1_644_412_885 },
    });
    let answer = reqwest::Client::new()
        .post(format!("{}/webhooks/tiktok", run.processes[0].url()))
        .header("authorization", "0".repeat(64))
        .json(&body)
        .send()
        .await;
    // The process may stand still at this moment; then there is no answer.
    if let Ok(answer) = answer {
        anyhow::ensure!(!answer.status().is_success(), "a forged webhook was taken: {}", answer.status());
    }
    Ok(())
}

/// Puts everything right that was broken on purpose.
pub(super) async fn heal(run: &mut Run) -> Result<()> {
    let (store, channel) = (&run.sandboxes.store_control, &run.sandboxes.channel_control);
    store.delete("/faults").await?;
    let settings = json!({ "webservice_enabled": true, "call_ms": 0, "order_post_ms": 0 });
    store.patch("/settings", &settings).await?;
    store.post("/keys", &json!({ "key": run.sandboxes.store.key, "active": true })).await?;
    channel.delete("/faults").await?;
    let webhooks = json!({
        "duplicate_rate": 0.0, "loss_rate": 0.0, "wrong_signature_rate": 0.0, "delay_up_to_ms": 0,
        "reorder": false, "without_notification_id": false, "pretty_printed": false,
    });
    channel.put("/switches", &json!({ "rate_limit_per_second": 0, "webhooks": webhooks })).await?;
    Ok(())
}

/// Where the answer to a renewal of the tokens was lost, only the merchant can help: TikTok Shop has ended the old pair.
/// Says whether it had to be done.
pub(super) async fn authorize_again(run: &Run) -> Result<bool> {
    let ended: Vec<_> = run.api.connections().await?;
    let ended = ended.into_iter().find(|connection| {
        connection.id.to_string() == run.connection_id && connection.state == ConnectionState::Unauthorized
    });
    let Some(connection) = ended else { return Ok(false) };
    let consent = run.sandboxes.channel_control.post("/authorize", &json!({})).await?;
    let tiktok = &run.sandboxes.tiktok_options;
    let credentials = json!({
        "app_key": tiktok.app_key, "app_secret": tiktok.app_secret.0, "auth_code": consent["auth_code"],
    });
    run.api.change_connection(&connection, &json!({ "tiktok": credentials })).await?;
    Ok(true)
}
