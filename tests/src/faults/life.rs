use std::time::Duration;

use anyhow::Result;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use shared::{ActionKind, ActionOptions, FulfillmentType, OrderAction, OrderId, OrderSummary};

use super::back_office::BackOffice;
use crate::comparison::Deeds;
use crate::whole_run::Run;

/// What buyers, carriers, the merchant in Seller Center, the merchant here and people in the store do.
pub(super) struct Life {
    back_office: BackOffice,
    accepted: Vec<OrderAction>,
}

/// Each as often as it stands here.
const EVENTS: [&str; 35] = [
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
    "heal here",
    "heal here",
    "resend here",
    "bulk here",
    "compare here",
    "prepare in store",
    "cancel in store",
    "delete in store",
    "ship in store",
    "ship in store",
];

/// What leads to each kind of write, in the order in which it has to happen.
const LEADING_TO: [(&str, &[&str]); 11] = [
    ("store_state", &["ship", "collect"]),
    ("store_tracking", &["ship"]),
    ("store_address", &["address", "address", "heal here"]),
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
        Ok(Self { back_office: BackOffice::new(run).await?, accepted: Vec::new() })
    }

    /// What people did in the store that orderbridge can only tell of.
    pub(super) const fn deeds(&self) -> &Deeds {
        self.back_office.deeds()
    }

    /// What the merchant was promised here.
    pub(super) fn accepted(&self) -> &[OrderAction] {
        &self.accepted
    }

    /// Lets one thing happen to one order. What an order does not allow just does not happen.
    pub(super) async fn go_on(&mut self, run: &Run, random: &mut StdRng) -> Option<&'static str> {
        let event = *EVENTS.choose(random)?;
        self.happen(event, run, random).await.then_some(event)
    }

    /// Lets happen whatever leads to a kind of write.
    pub(super) async fn lead_to(&mut self, write: &str, run: &Run, random: &mut StdRng) {
        let events =
            LEADING_TO.iter().find(|(name, _)| *name == write).map_or(&["place"][..], |(_, events)| events);
        for event in events {
            self.happen(event, run, random).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    async fn happen(&mut self, event: &str, run: &Run, random: &mut StdRng) -> bool {
        let happened = match event {
            "prepare in store" => self.back_office.prepare(run, random).await,
            "ship in store" => self.back_office.ship(run, random).await,
            "cancel in store" => self.back_office.cancel(run, random).await,
            "delete in store" => self.back_office.delete(run, random).await,
            "bulk here" => bulk(run, random).await,
            "compare here" => Some(compare(run).await.is_ok()),
            "place" => place(run, &json!({ "count": 1, "mix": "plain" }), random).await,
            "place label" => place(run, &json!({ "order": { "shape": "tiktok_shipping" } }), random).await,
            "expire tokens" => {
                Some(run.sandboxes.channel_control.post("/tokens/expire", &json!({})).await.is_ok())
            }
            _ if event.ends_with(" here") => {
                let accepted = act_here(run, event, random).await;
                self.accepted.extend(accepted.clone());
                Some(accepted.is_some())
            }
            _ => on_channel(run, event, random).await,
        };
        happened.is_some_and(|happened| happened)
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
async fn act_here(run: &Run, event: &str, random: &mut StdRng) -> Option<OrderAction> {
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
        "heal here" => ActionKind::Heal,
        "resend here" => ActionKind::ResendShipping,
        _ => ActionKind::Ship,
    };
    let mut orders = that_allow(run, kind).await.ok()?;
    if event == "ship label here" {
        orders.retain(|order| order.fulfillment_type == FulfillmentType::MerchantTikTokLabel);
    }
    let order = orders.choose(random)?;
    let request = match kind {
        ActionKind::Cancel => {
            json!({ "action": "cancel", "reason": "seller_cancel_reason_out_of_stock" })
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
        ActionKind::Ship if order.fulfillment_type == FulfillmentType::MerchantTikTokLabel => {
            json!({ "action": "ship" })
        }
        ActionKind::Ship => {
            let (carrier_id, tracking_number) = parcel(run, order.id, random).await?;
            json!({ "action": "ship", "carrier_id": carrier_id, "tracking_number": tracking_number })
        }
        _ => json!({ "action": kind.as_str() }),
    };
    run.api.post(&format!("/orders/{}/actions", order.id), &request).await.ok()
}

/// The merchant does the same with many orders, and sometimes stops halfway.
async fn bulk(run: &Run, random: &mut StdRng) -> Option<bool> {
    let kind = [ActionKind::Sync, ActionKind::Import, ActionKind::Heal].choose(random)?;
    let request = json!({
        "request": { "action": kind.as_str() },
        "filter": [["connection", run.connection_id]],
    });
    let begun: Value = run.api.post("/bulk-runs", &request).await.ok()?;
    if random.random_bool(0.3) {
        tokio::time::sleep(Duration::from_millis(random.random_range(0..500))).await;
        drop(run.api.post::<Value>(&format!("/bulk-runs/{}/stop", begun["id"]), &json!({})).await);
    }
    Some(true)
}

/// Has both sides compared with what is recorded, as is done each night.
pub(super) async fn compare(run: &Run) -> Result<Value> {
    run.api.post(&format!("/connections/{}/reconciliations", run.connection_id), &json!({})).await
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
