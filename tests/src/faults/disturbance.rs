use std::time::Duration;

use anyhow::Result;
use clock::{Clock, SystemClock};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use shared::ConnectionState;
use test_database::TestDatabase;

use super::crash_walk::CrashWalk;
use super::database_fault::DatabaseFault;
use super::receiver::Receiver;
use crate::whole_run::Run;

/// Something that breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disturbance {
    /// A process ends as in a power cut, and is started again.
    Kill,
    /// A process stands still for some seconds, as a suspended machine does, and goes on as if nothing had been.
    StandStill,
    /// A process stands still for longer than its leases last.
    StandStillLong,
    /// The store makes an order, or does not, and its answer never comes: the client has to give up by itself.
    StoreSilent,
    /// The same for any other call to either side, which is waited for for longer.
    AnySideSilent,
    ClockJump,
    Database,
    StoreFault,
    /// The store works on while its gateway says that it does not, and the merchant will not wait.
    StillRunning,
    StoreSlow,
    StoreOff,
    StoreKeyOff,
    ChannelFault,
    ChannelLimited,
    TokensExpire,
    WebhooksMessy,
    WebhookForged,
    WebhookLate,
    /// Nothing about one order can be written.
    PoisonOrder,
    /// A tool refuses what it is told, or takes it without an answer.
    ReceiverFails,
}

/// Each as often as it stands here.
const ALL: [Disturbance; 30] = [
    Disturbance::Kill,
    Disturbance::StandStill,
    Disturbance::ClockJump,
    Disturbance::ClockJump,
    Disturbance::Database,
    Disturbance::Database,
    Disturbance::Database,
    Disturbance::StillRunning,
    Disturbance::StillRunning,
    Disturbance::WebhookLate,
    Disturbance::PoisonOrder,
    Disturbance::StoreFault,
    Disturbance::StoreFault,
    Disturbance::StoreFault,
    Disturbance::StoreFault,
    Disturbance::StoreFault,
    Disturbance::StoreSilent,
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
    Disturbance::ReceiverFails,
];

/// All that the store's webservice does wrong.
const STORE_FAULTS: [&str; 19] = [
    "stored_something_else",
    "still_running",
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
    "trickled",
    "half_made500",
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

const SMALL_STORE_WRITES: [&str; 5] =
    ["carts", "customers", "addresses", "specific_prices", "order_histories"];

const CHANNEL_FAULTS: [&str; 12] = [
    "rate_limited",
    "internal_error",
    "timeout",
    "overload",
    "slow",
    "cut",
    "truncated",
    "trickled",
    "huge_body",
    "html",
    "empty",
    "token_expired",
];

const CHANNEL_PATHS: [&str; 6] =
    ["/orders/search", "/order/202507/orders", "/packages", "/cancellations", "/external_orders", ""];

impl Disturbance {
    /// One that there is time for.
    pub(super) fn draw(random: &mut StdRng, time_left: Duration) -> Self {
        if time_left > Duration::from_secs(45) && random.random_bool(0.04) {
            return if random.random_bool(0.5) { Self::StandStillLong } else { Self::AnySideSilent };
        }
        *ALL.choose(random).expect("the list is not empty")
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::StandStill => "stand_still",
            Self::StandStillLong => "stand_still_long",
            Self::StoreSilent => "store_silent",
            Self::AnySideSilent => "any_side_silent",
            Self::ClockJump => "clock_jump",
            Self::Database => "database",
            Self::StillRunning => "still_running",
            Self::WebhookLate => "webhook_late",
            Self::PoisonOrder => "poison_order",
            Self::StoreFault => "store_fault",
            Self::StoreSlow => "store_slow",
            Self::StoreOff => "store_off",
            Self::StoreKeyOff => "store_key_off",
            Self::ChannelFault => "channel_fault",
            Self::ChannelLimited => "channel_limited",
            Self::TokensExpire => "tokens_expire",
            Self::WebhooksMessy => "webhooks_messy",
            Self::WebhookForged => "webhook_forged",
            Self::ReceiverFails => "receiver_fails",
        }
    }

    /// Strikes, and says what it was.
    pub(super) async fn strike(
        self,
        run: &mut Run,
        walk: &mut CrashWalk,
        database: &TestDatabase,
        receiver: &Receiver,
        random: &mut StdRng,
    ) -> Result<&'static str> {
        let (store, channel) = (run.sandboxes.store_control.clone(), run.sandboxes.channel_control.clone());
        match self {
            Self::Kill => {
                let victim = random.random_range(0..run.processes.len());
                run.processes[victim].kill()?;
                // Sometimes it stays down for a while.
                tokio::time::sleep(Duration::from_millis(random.random_range(0..1_500))).await;
                walk.start(&mut run.processes[victim]).await?;
            }
            Self::StandStill | Self::StandStillLong => {
                let victim = random.random_range(0..run.processes.len());
                let range = if self == Self::StandStill { 500..4_000 } else { 21_000..36_000 };
                let pause = Duration::from_millis(random.random_range(range));
                if !run.processes[victim].has_ended()? {
                    run.processes[victim].stand_still(pause).await?;
                }
            }
            Self::ClockJump => {
                let victim = random.random_range(0..run.processes.len());
                let ahead =
                    [-7_200, -600, -40, -20, 20, 40, 600, 7_200].choose(random).expect("it is not empty");
                std::fs::write(&run.clocks[victim], ahead.to_string())?;
                tokio::time::sleep(Duration::from_millis(random.random_range(500..4_000))).await;
                std::fs::write(&run.clocks[victim], "0")?;
            }
            Self::Database => {
                let fault = DatabaseFault::draw(database, random);
                fault.strike(database, run, walk, random).await?;
                return Ok(fault.name());
            }
            Self::StillRunning => {
                let fault = json!({
                    "kind": "still_running", "resource": "orders", "method": "POST",
                    "times": random.random_range(1..3), "delay_ms": random.random_range(1_500..3_500),
                });
                store.post("/faults", &fault).await?;
                for _ in 0..3 {
                    tokio::time::sleep(Duration::from_millis(700)).await;
                    retry_blocked(run).await;
                }
            }
            Self::WebhookLate => late_webhook(run, random).await?,
            Self::PoisonOrder => poison(run, database, random).await?,
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
            Self::StoreSilent => {
                let kind = if random.random_bool(0.5) { "silent_before" } else { "silent_after" };
                let fault = json!({ "kind": kind, "resource": "orders", "method": "POST", "times": 1 });
                store.post("/faults", &fault).await?;
            }
            Self::AnySideSilent => {
                let kind = if random.random_bool(0.5) { "silent_before" } else { "silent_after" };
                let resource = SMALL_STORE_WRITES.choose(random).expect("the list is not empty");
                let of_store = json!({ "kind": kind, "resource": resource, "method": "POST", "times": 1 });
                let of_channel = json!({
                    "kind": "silent",
                    "path": CHANNEL_PATHS.choose(random).expect("the list is not empty"),
                    "when": if random.random_bool(0.5) { "before" } else { "after" },
                    "times": random.random_range(1..3),
                });
                store.post("/faults", &of_store).await?;
                channel.post("/faults", &of_channel).await?;
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
            Self::WebhookForged => forge_webhook(run, random).await?,
            Self::ReceiverFails => {
                let pause = Duration::from_millis(random.random_range(200..3_000));
                receiver.fail(random.random_bool(0.3), pause).await;
            }
        }
        Ok(self.name())
    }
}

/// The merchant sees orders that are blocked, and does not want to wait.
async fn retry_blocked(run: &Run) {
    let blocked = format!("connection={}&import_state=blocked", run.connection_id);
    for order in run.api.all_orders(&blocked).await.unwrap_or_default() {
        let retry = json!({ "action": "import" });
        // Refused or lost with its process, as any click may be.
        drop(run.api.post::<Value>(&format!("/orders/{}/actions", order.id), &retry).await);
    }
}

/// Says today what was true hours ago.
async fn late_webhook(run: &Run, random: &mut StdRng) -> Result<()> {
    let orders = run.sandboxes.channel_orders().await?;
    let Some(order) = orders.choose(random) else { return Ok(()) };
    let hours_ago = SystemClock.now().timestamp() - random.random_range(3_600..43_200);
    let notification = json!({
        "type": 1,
        "data": { "order_id": order["id"], "order_status": "UNPAID", "update_time": hours_ago },
    });
    run.sandboxes.channel_control.post("/webhooks/send", &notification).await.map(drop)
}

/// Ends on SQLite what [`poison`] makes.
pub(super) const END_POISON: &str = "DROP TRIGGER IF EXISTS poison; DROP TRIGGER IF EXISTS poison_new";

/// For a while the database refuses whatever is written about one order.
async fn poison(run: &Run, database: &TestDatabase, random: &mut StdRng) -> Result<()> {
    let orders = run.sandboxes.channel_orders().await?;
    let Some(id) = orders.choose(random).and_then(|order| order["id"].as_str()) else { return Ok(()) };
    let (make, end) = if database.name == "postgres" {
        (
            format!(
                "CREATE OR REPLACE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    RAISE EXCEPTION 'poison'; END $$;
                 CREATE TRIGGER poison BEFORE INSERT OR UPDATE ON orders
                    FOR EACH ROW WHEN (NEW.tiktok_order_id = '{id}') EXECUTE FUNCTION poison()"
            ),
            "DROP TRIGGER IF EXISTS poison ON orders",
        )
    } else {
        (
            format!(
                "CREATE TRIGGER poison_new BEFORE INSERT ON orders WHEN NEW.tiktok_order_id = '{id}'
                    BEGIN SELECT RAISE(ABORT, 'poison'); END;
                 CREATE TRIGGER poison BEFORE UPDATE ON orders WHEN NEW.tiktok_order_id = '{id}'
                    BEGIN SELECT RAISE(ABORT, 'poison'); END"
            ),
            END_POISON,
        )
    };
    let connection = database.connect().await;
    let made = connection.execute_unprepared(&make).await;
    tokio::time::sleep(Duration::from_millis(random.random_range(1_000..4_000))).await;
    connection.execute_unprepared(end).await?;
    connection.close().await?;
    made.map(drop).map_err(Into::into)
}

/// A stranger sends what looks like TikTok Shop's notification; it must be refused.
async fn forge_webhook(run: &Run, random: &mut StdRng) -> Result<()> {
    let body = json!({
        "type": 1,
        "tts_notification_id": "7327112393057371910",
        "shop_id": "7494049642642441621",
        "timestamp": 1_644_412_885,
        "data": { "order_id": "576461413038785752", "order_status": "CANCEL", "update_time": 1_644_412_885 },
    });
    let answer = reqwest::Client::new()
        .post(format!("{}/webhooks/tiktok", run.any_serving(random).url()))
        .header("authorization", "0".repeat(64))
        .json(&body)
        .send()
        .await;
    // The process may be down at this moment; then there is no answer.
    if let Ok(answer) = answer {
        anyhow::ensure!(!answer.status().is_success(), "a forged webhook was taken: {}", answer.status());
    }
    Ok(())
}

/// Puts everything right that was broken on purpose; the processes run on.
pub(super) async fn heal(run: &Run) -> Result<()> {
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
    let connections = run.api.connections().await?;
    let ended = connections.into_iter().find(|connection| connection.state == ConnectionState::Unauthorized);
    let Some(connection) = ended else { return Ok(false) };
    let consent = run.sandboxes.channel_control.post("/authorize", &json!({})).await?;
    let tiktok = &run.sandboxes.tiktok_options;
    let credentials = json!({
        "app_key": tiktok.app_key, "app_secret": tiktok.app_secret.0, "auth_code": consent["auth_code"],
    });
    run.api.change_connection(&connection, &json!({ "tiktok": credentials })).await?;
    Ok(true)
}
