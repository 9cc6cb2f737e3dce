//! What must hold once everything has come to rest, beyond the comparison of the three sides.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::Value;
use shared::{ChannelStatus, FulfillmentType, IssueCode, OrderCounts, OrderSummary, SpecialKind};
use sync::jobs;

use crate::whole_run::Run;

/// Jobs that are always there.
const PERIODIC: [&str; 5] = [
    jobs::POLL_ORDERS,
    jobs::READ_STORE_CHANGES,
    jobs::CHECK_STORE_ORDERS,
    jobs::WATCH_DEADLINES,
    jobs::PURGE,
];

/// Jobs of an order: none may be left but the import of an order that is blocked.
const OF_ORDERS: [&str; 11] = [
    jobs::REFRESH_ORDER,
    jobs::IMPORT_ORDER,
    jobs::PUSH_STORE_STATE,
    jobs::REGISTER_REFERENCE,
    jobs::SHIP_PACKAGES,
    jobs::FETCH_LABELS,
    jobs::PUSH_STORE_TRACKING,
    jobs::CANCEL_ORDER,
    jobs::ANSWER_CANCELLATION,
    jobs::ADOPT_STORE_ORDER,
    jobs::READ_ACTION_OPTIONS,
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

/// Everything that is read for the verdict.
pub(super) struct Evidence<'r> {
    run: &'r Run,
    ours: Vec<OrderSummary>,
    truth: BTreeMap<String, Value>,
    store: BTreeMap<String, Vec<Value>>,
    issues: Vec<(String, IssueCode)>,
    complaints: Vec<String>,
}

/// One sentence for each thing that is wrong, beginning with the order's number where it is about one.
///
/// # Errors
/// When a side or the database does not answer.
pub(super) async fn complaints(run: &Run, db: &DatabaseConnection) -> Result<Vec<String>> {
    let ours = run.api.all_orders(&format!("connection={}", run.connection_id)).await?;
    let truth = run.sandboxes.channel_orders().await?;
    let mut evidence = Evidence {
        run,
        ours,
        truth: truth.into_iter().map(|order| (text(&order["id"]), order)).collect(),
        store: BTreeMap::new(),
        issues: open_issues(db).await?,
        complaints: Vec::new(),
    };
    evidence.check_store_orders().await?;
    evidence.check_counts().await?;
    evidence.check_rows(db).await?;
    evidence.check_work_left(db).await?;
    evidence.check_issues();
    evidence.check_store_states().await?;
    evidence.check_parcels().await?;
    Ok(evidence.complaints)
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
        let sql = "SELECT kind, subject, parked_cause, last_error, lease_owner FROM jobs ORDER BY id";
        for row in rows(db, sql).await? {
            let kind: String = row.try_get("", "kind")?;
            let subject: String = row.try_get("", "subject")?;
            let of_order = OF_ORDERS.contains(&kind.as_str());
            let may_stay = kind == jobs::IMPORT_ORDER && blocked.contains(&subject);
            if PERIODIC.contains(&kind.as_str()) || !of_order || may_stay {
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
                IssueCode::StoreOrderDeleted => in_store == 0,
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
    async fn check_store_states(&mut self) -> Result<()> {
        let rows = self.run.sandboxes.store_control.get("/entities/configurations").await?;
        let rows = rows.as_array().cloned().unwrap_or_default();
        let state = |name: &str| {
            rows.iter().find(|row| row["name"] == name).map(|row| text(&row["value"])).unwrap_or_default()
        };
        let (shipping, delivered, canceled) =
            (state("PS_OS_SHIPPING"), state("PS_OS_DELIVERED"), state("PS_OS_CANCELED"));
        let mut found = Vec::new();
        for order in &self.ours {
            let id = &order.tiktok_order_id.0;
            let Some(stored) = self.store.get(id).and_then(|orders| orders.first()) else { continue };
            let current = text(&stored["current_state"]);
            let known = order.store_order.as_ref().and_then(|known| known.state.as_ref());
            let known = known.map(|state| state.id.to_string()).unwrap_or_default();
            if known != current {
                found.push(format!("{id}: the store says state {current}, orderbridge {known}"));
            }
            if is_odd(stored) {
                continue;
            }
            // What was shipped in the store is on its way on TikTok Shop too, or somebody is told why not.
            let is_mute = !self.issues.iter().any(|(of, _)| of == id);
            let waits = order.channel_status == ChannelStatus::AwaitingShipment;
            if current == shipping && waits && is_mute {
                found.push(format!("{id}: shipped in the store, and not on TikTok Shop"));
            }
            let belongs = match &order.channel_status {
                ChannelStatus::InTransit => current == shipping || current == delivered,
                ChannelStatus::Delivered => current == delivered,
                ChannelStatus::Cancelled => current == canceled,
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
        Ok(())
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

/// The sandboxes write numbers as texts or as numbers.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
