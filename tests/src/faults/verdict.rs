//! What must hold once everything has come to rest, beyond the comparison of the three sides.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::Value;
use shared::{
    ChannelStatus, FulfillmentType, ImportState, IssueCode, OrderAction, OrderCounts, OrderSummary,
    SpecialKind,
};
use sync::jobs;

use super::text;
use crate::comparison::{Deed, Deeds};
use crate::whole_run::Run;

/// Jobs that are always there; no other may be left but the import of an order that is blocked.
const PERIODIC: [&str; 7] = [
    jobs::POLL_ORDERS,
    jobs::READ_STORE_CHANGES,
    jobs::CHECK_STORE_ORDERS,
    jobs::WATCH_DEADLINES,
    jobs::WATCH_HEALTH,
    jobs::BEGIN_NIGHT,
    jobs::PURGE,
];

/// Says that somebody does not answer; at rest everybody does.
const PASSING: [IssueCode; 11] = [
    IssueCode::ChannelAuthExpired,
    IssueCode::ChannelClockSkew,
    IssueCode::ChannelRateLimited,
    IssueCode::ChannelUnreachable,
    IssueCode::Internal,
    IssueCode::StoreAuth,
    IssueCode::StoreRateLimited,
    IssueCode::StoreRefused,
    IssueCode::StoreUnreachable,
    IssueCode::StoreWriteUnknown,
    IssueCode::PaymentModuleOff,
];

/// The issue of each obstacle that the sandbox puts into an order.
const OBSTACLES: [(&str, IssueCode); 5] = [
    ("unknown_sku", IssueCode::SkuNotFound),
    ("empty_sku", IssueCode::SkuMissing),
    ("ambiguous_sku", IssueCode::SkuAmbiguous),
    ("inactive_product", IssueCode::ProductInactive),
    ("out_of_stock", IssueCode::StockShort),
];

/// Ids of the states that the store gives their meaning.
struct StoreStates {
    shipping: String,
    delivered: String,
    canceled: String,
}

impl StoreStates {
    async fn of(run: &Run) -> Result<Self> {
        let rows = run.sandboxes.store_control.get("/entities/configurations").await?;
        let state = |name: &str| {
            items(&rows).find(|row| row["name"] == name).map(|row| text(&row["value"])).unwrap_or_default()
        };
        Ok(Self {
            shipping: state("PS_OS_SHIPPING"),
            delivered: state("PS_OS_DELIVERED"),
            canceled: state("PS_OS_CANCELED"),
        })
    }
}

/// Everything that is read for the verdict.
pub(super) struct Evidence<'r> {
    run: &'r Run,
    ours: Vec<OrderSummary>,
    truth: BTreeMap<String, Value>,
    store: BTreeMap<String, Vec<Value>>,
    issues: Vec<(String, IssueCode)>,
    states: StoreStates,
    deeds: &'r Deeds,
    complaints: Vec<String>,
}

/// One sentence for each thing that is wrong, beginning with the order's number where it is about one.
///
/// # Errors
/// When a side or the database does not answer.
pub(super) async fn complaints(run: &Run, db: &DatabaseConnection, deeds: &Deeds) -> Result<Vec<String>> {
    let ours = run.api.all_orders(&format!("connection={}", run.connection_id)).await?;
    let truth = run.sandboxes.channel_orders().await?;
    let mut evidence = Evidence {
        run,
        ours,
        truth: truth.into_iter().map(|order| (text(&order["id"]), order)).collect(),
        store: BTreeMap::new(),
        issues: open_issues(db).await?,
        states: StoreStates::of(run).await?,
        deeds,
        complaints: Vec::new(),
    };
    evidence.check_store_orders().await?;
    evidence.check_counts().await?;
    evidence.check_rows(db).await?;
    evidence.check_work_left(db).await?;
    evidence.check_issues();
    evidence.check_store_states();
    evidence.check_parcels().await?;
    evidence.check_deeds();
    Ok(evidence.complaints)
}

/// What was accepted is written down, whatever broke afterwards.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn forgotten(db: &DatabaseConnection, accepted: &[OrderAction]) -> Result<Vec<String>> {
    let mut kept = BTreeSet::new();
    for row in rows(db, "SELECT id, order_id, kind FROM actions").await? {
        kept.insert((row.try_get("", "id")?, row.try_get("", "order_id")?, row.try_get("", "kind")?));
    }
    let of = |action: &OrderAction| (action.id.0, action.order_id.0, action.request.kind().to_string());
    let forgotten = accepted.iter().map(of).filter(|action| !kept.contains(action));
    Ok(forgotten
        .map(|(id, order, kind)| format!("action {id}, {kind} of order {order}, is forgotten"))
        .collect())
}

impl Evidence<'_> {
    fn complain(&mut self, complaint: String) {
        self.complaints.push(complaint);
    }

    /// Every store order has an owner, and the store was never asked for two at once.
    async fn check_store_orders(&mut self) -> Result<()> {
        for order in self.run.sandboxes.store_orders().await? {
            let key = text(&order["gift_message"]);
            let owner = key.strip_prefix("tiktok:").map(str::to_owned);
            match owner.filter(|owner| self.truth.contains_key(owner)) {
                Some(owner) => self.store.entry(owner).or_default().push(order),
                None => self.complain(format!("store order {} belongs to nobody: “{key}”", order["id"])),
            }
        }
        let counters = self.run.sandboxes.store_control.get("/counters").await?;
        if let Some(at_once @ 2..) = counters["order_posts_at_once"].as_u64() {
            self.complain(format!("the store was asked for {at_once} orders at once"));
        }
        Ok(())
    }

    /// The tabs say what a full count says.
    async fn check_counts(&mut self) -> Result<()> {
        let path = format!("/orders/counts?connection={}", self.run.connection_id);
        let counts: OrderCounts = self.run.api.get(&path).await?;
        for counted in &counts.by_status {
            let full = self.ours.iter().filter(|order| order.status == counted.status).count();
            if i64::try_from(full) != Ok(counted.count) {
                let (status, count) = (counted.status, counted.count);
                self.complain(format!("{full} orders are {status}, the tab says {count}"));
            }
        }
        Ok(())
    }

    /// Each order is one row.
    async fn check_rows(&mut self, db: &DatabaseConnection) -> Result<()> {
        let sql = "SELECT tiktok_order_id, COUNT(*) AS n FROM orders
                   GROUP BY connection_id, tiktok_order_id HAVING COUNT(*) > 1";
        for row in rows(db, sql).await? {
            let id: String = row.try_get("", "tiktok_order_id")?;
            let count: i64 = row.try_get("", "n")?;
            self.complain(format!("{id}: {count} rows"));
        }
        Ok(())
    }

    /// Nothing waits that nobody waits for.
    async fn check_work_left(&mut self, db: &DatabaseConnection) -> Result<()> {
        let blocked: BTreeSet<String> = self
            .truth
            .values()
            .filter(|truth| truth["expected"] == "blocked")
            .filter_map(|truth| self.ours_of(&text(&truth["id"])).map(|order| order.id.to_string()))
            .collect();
        let sql = "SELECT kind, subject, payload, parked_cause, last_error FROM jobs ORDER BY id";
        for row in rows(db, sql).await? {
            let payload: Value = serde_json::from_str(&row.try_get::<String>("", "payload")?)?;
            if payload.get("connection_id").is_some_and(|of| text(of) != self.run.connection_id) {
                continue;
            }
            let kind: String = row.try_get("", "kind")?;
            let subject: String = row.try_get("", "subject")?;
            let may_stay = kind == jobs::IMPORT_ORDER && blocked.contains(&subject);
            if PERIODIC.contains(&kind.as_str()) || may_stay {
                continue;
            }
            let id = self.ours.iter().find(|order| order.id.to_string() == subject);
            let id =
                id.map_or(subject.rsplit(':').next().unwrap_or_default(), |order| &order.tiktok_order_id.0);
            let cause: Option<String> = row.try_get("", "parked_cause")?;
            let error: Option<String> = row.try_get("", "last_error")?;
            let complaint = format!("{id}: the job {kind} is left, {cause:?}, {error:?}");
            self.complain(complaint);
        }
        let sql = "SELECT o.tiktok_order_id, a.kind FROM actions a JOIN orders o ON o.id = a.order_id
                   WHERE a.state = 'queued' ORDER BY a.id";
        for row in rows(db, sql).await? {
            let id: String = row.try_get("", "tiktok_order_id")?;
            let kind: String = row.try_get("", "kind")?;
            self.complain(format!("{id}: the action {kind} has not ended"));
        }
        for (table, ended) in
            [("bulk_runs", "'done', 'stopped'"), ("reconciliations", "'done', 'failed', 'canceled'")]
        {
            let sql = format!("SELECT state FROM {table} WHERE state NOT IN ({ended}) ORDER BY id");
            for row in rows(db, &sql).await? {
                let state: String = row.try_get("", "state")?;
                self.complain(format!("in {table} there is one that is {state}"));
            }
        }
        Ok(())
    }

    /// Each open issue has its cause.
    fn check_issues(&mut self) {
        for (id, code) in self.issues.clone() {
            let Some(truth) = self.truth.get(&id) else { continue };
            let reason = truth["reason"].as_str().unwrap_or_default();
            let is_in = |states: &[&str]| states.iter().any(|state| truth["status"] == *state);
            let obstacle = OBSTACLES.iter().find(|(_, of_obstacle)| *of_obstacle == code);
            let in_store = self.store.get(&id).map_or(0, Vec::len);
            let has_cause = match code {
                _ if PASSING.contains(&code) => false,
                _ if obstacle.is_some() => obstacle.is_some_and(|(name, _)| *name == reason),
                IssueCode::StoreDuplicateFound => in_store > 1,
                IssueCode::StoreTotalMismatch => self.total_differs(&id),
                IssueCode::StoreOrderDeleted => in_store == 0 && self.deeds.get(&id) == Some(&Deed::Deleted),
                IssueCode::AddressChanged | IssueCode::DriftDetected => in_store > 0,
                IssueCode::AddressMasked => is_in(&["UNPAID", "ON_HOLD", "CANCELLED"]),
                IssueCode::ChannelStatusUnknown => is_in(&["AWAITING_INSPECTION"]),
                IssueCode::CancelRequestOpen => truth["is_buyer_request_cancel"] == true,
                IssueCode::CanceledAfterShipment | IssueCode::CancelStoreConflict => {
                    items(&truth["lines"]).any(|line| line["display_status"] == "CANCELLED")
                }
                IssueCode::ShipBySoon | IssueCode::ShipByLate => {
                    is_in(&["AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"])
                }
                IssueCode::ShipTrackingMissing => {
                    in_store > 0 && is_in(&["AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"])
                }
                _ => true,
            };
            if !has_cause {
                self.complain(format!("{id}: still says {code}"));
            }
        }
    }

    fn total_differs(&self, id: &str) -> bool {
        let worth = self.truth.get(id).map(|truth| text(&truth["payment"]["worth_to_seller"]));
        let worth = worth.and_then(|worth| worth.parse::<rust_decimal::Decimal>().ok());
        let stored = self.store.get(id).and_then(|orders| orders.first());
        let amount = |field: &str| stored.and_then(|order| text(&order[field]).parse().ok());
        // It may also be the rows, or the state of an order whose total came out right.
        amount("total_paid") != worth
            || amount("total_products_wt") != worth
            || amount("total_paid_real") != worth
            || stored.is_some_and(is_odd)
    }

    /// The store order is where its status belongs, and we know.
    fn check_store_states(&mut self) {
        let StoreStates { shipping, delivered, canceled } = &self.states;
        let mut found = Vec::new();
        for order in &self.ours {
            let id = &order.tiktok_order_id.0;
            let Some(stored) = self.store.get(id).and_then(|orders| orders.first()) else { continue };
            let current = text(&stored["current_state"]);
            let known = order.store_order.as_ref().and_then(|known| known.state.as_ref());
            // A store that breaks off leaves an order in no state.
            let known = known.map_or_else(|| "0".to_owned(), |state| state.id.to_string());
            if known != current {
                found.push(format!("{id}: the store says state {current}, orderbridge {known}"));
            }
            if is_odd(stored) || self.deeds.get(id) == Some(&Deed::Canceled) {
                continue;
            }
            // What was shipped in the store is on its way on TikTok Shop too, or somebody is told why not.
            let is_mute = !self.issues.iter().any(|(of, _)| of == id);
            let waits = order.channel_status == ChannelStatus::AwaitingShipment;
            if current == *shipping && waits && is_mute {
                found.push(format!("{id}: shipped in the store, and not on TikTok Shop"));
            }
            let belongs = match &order.channel_status {
                ChannelStatus::InTransit => current == *shipping || current == *delivered,
                ChannelStatus::Delivered => current == *delivered,
                ChannelStatus::Cancelled => current == *canceled,
                _ => true,
            };
            if !belongs {
                found.push(format!(
                    "{id}: {} on TikTok Shop, state {current} in the store",
                    order.channel_status
                ));
            }
        }
        self.complaints.extend(found);
    }

    /// What is packed in the store is what was sold, goes where the buyer wants it, and carries TikTok Shop's number; or
    /// somebody is told why not.
    async fn check_parcels(&mut self) -> Result<()> {
        let addresses = self.run.sandboxes.store_control.get("/entities/addresses").await?;
        let addresses = addresses.as_array().cloned().unwrap_or_default();
        let mut found = Vec::new();
        for order in &self.ours {
            let id = &order.tiktok_order_id.0;
            let (Some(truth), Some(stored)) =
                (self.truth.get(id), self.store.get(id).and_then(|orders| orders.first()))
            else {
                continue;
            };
            let is_told = self.issues.iter().any(|(of, _)| of == id);
            if is_told || order.channel_status == ChannelStatus::Cancelled {
                continue;
            }
            // The parts of a bundle are pieces of their own.
            let (sold, packed) = (sold_pieces(truth), packed_pieces(stored));
            if sold != packed && !order.special.contains(&SpecialKind::Bundle) {
                found.push(format!("{id}: {sold} pieces are sold, {packed} are in the store order"));
            }
            if order.fulfillment_type != FulfillmentType::Merchant {
                continue;
            }
            let is_to_ship = order.channel_status == ChannelStatus::AwaitingShipment;
            let address =
                addresses.iter().find(|row| text(&row["id"]) == text(&stored["id_address_delivery"]));
            let street = letters(&text(&truth["recipient"]["address_lines"][0]));
            if is_to_ship && !address.is_some_and(|row| letters(&text(&row["address1"])).starts_with(&street))
            {
                found.push(format!("{id}: the store order goes to another address than TikTok Shop's"));
            }
            let numbers: Vec<String> = items(&truth["packages"])
                .map(|package| package["tracking_number"].as_str().unwrap_or_default().to_owned())
                .filter(|number| !number.is_empty())
                .collect();
            let number = stored["tracking_number"].as_str().unwrap_or_default();
            if !numbers.is_empty() && !numbers.iter().any(|known| known == number) {
                found.push(format!("{id}: TikTok Shop has the numbers {numbers:?}, the store “{number}”"));
            }
        }
        self.complaints.extend(found);
        Ok(())
    }

    /// What people did in the store, and orderbridge leaves as it is, is told.
    fn check_deeds(&mut self) {
        let mut found = Vec::new();
        for order in &self.ours {
            let id = &order.tiktok_order_id.0;
            let Some(deed) = self.deeds.get(id) else { continue };
            let is_told =
                |codes: &[IssueCode]| self.issues.iter().any(|(of, code)| of == id && codes.contains(code));
            let stored = self.store.get(id).and_then(|orders| orders.first());
            let is_canceled = order.channel_status == ChannelStatus::Cancelled;
            // What is canceled after it has arrived is a return.
            let has_arrived =
                matches!(order.channel_status, ChannelStatus::Delivered | ChannelStatus::Completed);
            match (deed, stored) {
                (Deed::Deleted, None)
                    if order.import_state == ImportState::Imported
                        && !is_canceled
                        && !is_told(&[IssueCode::StoreOrderDeleted]) =>
                {
                    found.push(format!("{id}: its store order was deleted, and nobody is told"));
                }
                (Deed::Canceled, Some(stored))
                    if text(&stored["current_state"]) == self.states.canceled
                        && !is_canceled
                        && !has_arrived
                        && !is_told(&[IssueCode::DriftDetected, IssueCode::CancelStoreConflict]) =>
                {
                    found.push(format!("{id}: canceled in the store alone, and nobody is told"));
                }
                _ => {}
            }
        }
        self.complaints.extend(found);
    }

    fn ours_of(&self, id: &str) -> Option<&OrderSummary> {
        self.ours.iter().find(|order| order.tiktok_order_id.0 == id)
    }
}

async fn open_issues(db: &DatabaseConnection) -> Result<Vec<(String, IssueCode)>> {
    let sql = "SELECT o.tiktok_order_id, i.code FROM issues i JOIN orders o ON o.id = i.order_id
               WHERE i.resolved_at IS NULL ORDER BY i.id";
    let mut issues = Vec::new();
    for row in rows(db, sql).await? {
        let code: String = row.try_get("", "code")?;
        if let Ok(code) = code.parse() {
            issues.push((row.try_get("", "tiktok_order_id")?, code));
        }
    }
    Ok(issues)
}

async fn rows(db: &DatabaseConnection, sql: &str) -> Result<Vec<sea_orm::QueryResult>> {
    Ok(db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?)
}

/// In the state of a payment error, or in none because the store broke off, an order is left to a person.
fn is_odd(stored: &Value) -> bool {
    ["8", "0"].contains(&text(&stored["current_state"]).as_str())
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The units of a TikTok order that are not canceled.
fn sold_pieces(truth: &Value) -> u64 {
    items(&truth["lines"]).map(|line| u64::from(line["display_status"] != "CANCELLED")).sum()
}

/// The pieces of a store order, without the row of shipping and fees.
fn packed_pieces(stored: &Value) -> u64 {
    let goods = items(&stored["rows"]).filter(|row| text(&row["product_reference"]) != "TIKTOK-SHIPPING");
    goods.filter_map(|row| text(&row["product_quantity"]).parse::<u64>().ok()).sum()
}

/// What remains of an address once the store's own rules about signs and lengths are left aside.
fn letters(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).take(24).flat_map(char::to_lowercase).collect()
}
