use std::time::Duration;

use anyhow::{Context, Result};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use shared::{ActionKind, ActionOptions, FulfillmentType, OrderId, OrderSummary};

use crate::whole_run::Run;

/// What buyers, carriers, the merchant in Seller Center, the merchant here and people in the store do.
pub(super) struct Life {
    preparation: i64,
    shipped: i64,
}

/// Each as often as it stands here.
const EVENTS: [&str; 28] = [
    "ship",
    "collect",
    "deliver",
    "complete",
    "cancel",
    "request-cancel",
    "request-cancel",
    "withdraw-request",
    "address",
    "touch",
    "touch",
    "pay",
    "release",
    "ship here",
    "ship here",
    "correct here",
    "label here",
    "cancel here",
    "answer here",
    "sync here",
    "retry here",
    "skip here",
    "unskip here",
    "archive here",
    "restore here",
    "prepare in store",
    "ship in store",
    "ship in store",
];

/// What leads to each kind of write, in the order in which it has to happen.
const LEADING_TO: [(&str, &[&str]); 10] = [
    ("store_state", &["ship", "collect"]),
    ("store_tracking", &["ship"]),
    ("reference", &["place"]),
    ("tokens", &["expire tokens"]),
    ("shipment", &["place", "ship here"]),
    ("package", &["place label", "ship label here"]),
    ("shipping_correction", &["ship here", "correct here"]),
    ("cancellation", &["place", "cancel here"]),
    ("request_answer", &["place", "request-cancel", "sync here", "answer here"]),
    ("label", &["place label", "ship label here", "label here"]),
];

impl Life {
    pub(super) async fn new(run: &Run) -> Result<Self> {
        let rows = run.sandboxes.store_control.get("/entities/configurations").await?;
        let rows = rows.as_array().cloned().unwrap_or_default();
        let state = |name: &str| {
            let row = rows.iter().find(|row| row["name"] == name);
            row.and_then(|row| row["value"].as_str()?.parse().ok()).with_context(|| format!("no {name}"))
        };
        Ok(Self { preparation: state("PS_OS_PREPARATION")?, shipped: state("PS_OS_SHIPPING")? })
    }

    /// Lets one thing happen to one order. What an order does not allow just does not happen.
    pub(super) async fn go_on(&self, run: &Run, random: &mut StdRng) -> Option<&'static str> {
        let event = *EVENTS.choose(random)?;
        self.happen(event, run, random).await.then_some(event)
    }

    /// Lets happen whatever leads to a kind of write.
    pub(super) async fn lead_to(&self, write: &str, run: &Run, random: &mut StdRng) {
        let events =
            LEADING_TO.iter().find(|(name, _)| *name == write).map_or(&["place"][..], |(_, events)| events);
        for event in events {
            self.happen(event, run, random).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    async fn happen(&self, event: &str, run: &Run, random: &mut StdRng) -> bool {
        let happened = match event {
            "prepare in store" => self.prepare_in_store(run, random).await,
            "ship in store" => self.ship_in_store(run, random).await,
            "place" => place(run, &json!({ "count": 1, "mix": "plain" }), random).await,
            "place label" => place(run, &json!({ "order": { "shape": "tiktok_shipping" } }), random).await,
            "expire tokens" => {
                Some(run.sandboxes.channel_control.post("/tokens/expire", &json!({})).await.is_ok())
            }
            _ if event.ends_with(" here") => act_here(run, event, random).await,
            _ => on_channel(run, event, random).await,
        };
        happened.is_some_and(|happened| happened)
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
        let state = json!({ "state": self.preparation });
        let moved = run.sandboxes.store_control.post(&format!("/orders/{id}/state"), &state).await;
        Some(moved.is_ok())
    }

    /// Somebody packs the order in the back office: number first, then the state.
    async fn ship_in_store(&self, run: &Run, random: &mut StdRng) -> Option<bool> {
        let channel = run.sandboxes.channel_orders().await.ok()?;
        let packable: Vec<_> = channel
            .iter()
            .filter(|order| order["status"] == "AWAITING_SHIPMENT" && order["shape"] != "tiktok_shipping")
            .filter_map(|order| Some(format!("tiktok:{}", order["id"].as_str()?)))
            .collect();
        let orders = run.sandboxes.store_orders().await.ok()?;
        let orders: Vec<_> = orders
            .iter()
            .filter(|order| packable.iter().any(|key| order["gift_message"] == key.as_str()))
            .collect();
        let id = &orders.choose(random)?["id"];
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let number = format!("JX{:010}", random.random_range(0..10_000_000_000_u64));
        let (number, state) = (json!({ "number": number }), json!({ "state": self.shipped }));
        let control = &run.sandboxes.store_control;
        control.post(&format!("/orders/{id}/tracking"), &number).await.ok()?;
        Some(control.post(&format!("/orders/{id}/state"), &state).await.is_ok())
    }
}

async fn on_channel(run: &Run, event: &str, random: &mut StdRng) -> Option<bool> {
    let mut orders = run.sandboxes.channel_orders().await.ok()?;
    // Where a step of an order's life belongs; the rest can happen at any time, and is refused where it cannot.
    let belongs_to: &[&str] = match event {
        "ship" | "request-cancel" => &["AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"],
        "collect" => &["AWAITING_COLLECTION"],
        "deliver" => &["IN_TRANSIT"],
        "complete" => &["DELIVERED"],
        "pay" => &["UNPAID"],
        "release" => &["ON_HOLD"],
        _ => &[],
    };
    orders.retain(|order| {
        belongs_to.is_empty() || order["status"].as_str().is_some_and(|status| belongs_to.contains(&status))
    });
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

async fn place(run: &Run, order: &Value, random: &mut StdRng) -> Option<bool> {
    let mut order = order.clone();
    if order.get("count").is_some() {
        order["seed"] = json!(random.random_range(0..1_000_000_000_u64));
    }
    Some(run.sandboxes.place(&order).await.is_ok())
}

/// The merchant does something here; the request may be lost with the process, as any request may.
async fn act_here(run: &Run, event: &str, random: &mut StdRng) -> Option<bool> {
    let kind = match event {
        "sync here" => ActionKind::Sync,
        "retry here" => ActionKind::Import,
        "cancel here" => ActionKind::Cancel,
        "answer here" => ActionKind::AcceptCancellation,
        "correct here" => ActionKind::CorrectShipping,
        "label here" => ActionKind::FetchLabel,
        "skip here" => ActionKind::Skip,
        "unskip here" => ActionKind::Unskip,
        "archive here" => ActionKind::Archive,
        "restore here" => ActionKind::Restore,
        _ => ActionKind::Ship,
    };
    let mut orders = that_allow(run, kind).await.ok()?;
    if event == "ship label here" {
        orders.retain(|order| order.fulfillment_type == FulfillmentType::MerchantTikTokLabel);
    }
    let order = orders.choose(random)?;
    let request = match kind {
        ActionKind::Sync => json!({ "action": "sync" }),
        ActionKind::Import => json!({ "action": "import" }),
        ActionKind::Cancel => {
            json!({ "action": "cancel", "reason": "seller_cancel_reason_out_of_stock" })
        }
        ActionKind::FetchLabel => json!({ "action": "fetch_label" }),
        ActionKind::Skip | ActionKind::Unskip | ActionKind::Archive | ActionKind::Restore => {
            json!({ "action": kind.as_str() })
        }
        ActionKind::AcceptCancellation => {
            let asked = options_of(run, order.id, |options| options.cancellation_request.is_some()).await?;
            match asked.cancellation_request?.reject_reasons.first().filter(|_| random.random_bool(0.5)) {
                Some(reason) => json!({ "action": "reject_cancellation", "reason": reason.key }),
                None => json!({ "action": "accept_cancellation" }),
            }
        }
        ActionKind::CorrectShipping => {
            let packages = |options: &ActionOptions| !options.correctable_package_ids.is_empty();
            let package = options_of(run, order.id, packages).await?.correctable_package_ids.first()?.clone();
            let (carrier_id, tracking_number) = parcel(run, order.id, random).await?;
            json!({
                "action": "correct_shipping", "package_id": package,
                "carrier_id": carrier_id, "tracking_number": tracking_number,
            })
        }
        _ if order.fulfillment_type == FulfillmentType::MerchantTikTokLabel => json!({ "action": "ship" }),
        _ => {
            let (carrier_id, tracking_number) = parcel(run, order.id, random).await?;
            json!({ "action": "ship", "carrier_id": carrier_id, "tracking_number": tracking_number })
        }
    };
    let asked = run.api.post::<Value>(&format!("/orders/{}/actions", order.id), &request).await;
    Some(asked.is_ok())
}

/// The orders that allow an action; only those that were deleted here can be restored, and nothing else.
async fn that_allow(run: &Run, kind: ActionKind) -> Result<Vec<OrderSummary>> {
    let archived = kind == ActionKind::Restore;
    let filter = format!("connection={}&archived={archived}", run.connection_id);
    let mut orders = run.api.all_orders(&filter).await?;
    orders.retain(|order| order.actions.contains(&kind));
    Ok(orders)
}

/// Takes back what keeps orders out of the store, or out of sight: what has become of them could not be judged.
pub(super) async fn take_back(run: &Run) -> Result<()> {
    for kind in [ActionKind::Restore, ActionKind::Unskip] {
        for order in that_allow(run, kind).await? {
            let path = format!("/orders/{}/actions", order.id);
            run.api.post::<Value>(&path, &json!({ "action": kind.as_str() })).await?;
        }
    }
    Ok(())
}

/// A carrier of TikTok Shop for the order, and a number of its kind.
async fn parcel(run: &Run, id: OrderId, random: &mut StdRng) -> Option<(String, String)> {
    let offered = options_of(run, id, |options| !options.carriers.is_empty()).await?;
    let carrier = offered.carriers.choose(random)?;
    Some((carrier.id.clone(), format!("JX{:010}", random.random_range(0..10_000_000_000_u64))))
}

/// What the forms offer for an order, which is read from TikTok Shop when it is first asked for.
async fn options_of(
    run: &Run,
    id: OrderId,
    enough: impl Fn(&ActionOptions) -> bool,
) -> Option<ActionOptions> {
    for _ in 0..5 {
        let options: ActionOptions = run.api.get(&format!("/orders/{id}/action-options")).await.ok()?;
        if enough(&options) {
            return Some(options);
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    None
}
