//! The three sides side by side, each read through its own interface.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use clock::{Clock, SystemClock};
use futures::TryStreamExt;
use prestashop::WebserviceKey;
use rust_decimal::Decimal;
use serde_json::Value;
use shared::{ChannelStatus, ImportState, IssueCode, OrderSummary};
use tiktok_shop::{AppCredentials, OrderSearch, ReadOrder, Secret, ShopAccess};

use crate::api::Api;
use crate::sandboxes::Sandboxes;

/// The e-mail address of every store customer unless configured otherwise.
const CUSTOMER_EMAIL: &str = "buyerid@tiktok.com";

/// What the comparison of the three sides has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    pub placed: usize,
    pub imported: usize,
    pub blocked: usize,
    pub waiting: usize,
    pub skipped: usize,
    pub duplicates: usize,
    pub lost: usize,
    pub mismatches: usize,
    pub p50_ms: Option<i64>,
    pub p95_ms: Option<i64>,
    /// One sentence for each thing that is wrong.
    pub complaints: Vec<String>,
}

impl Comparison {
    /// Whether nothing is lost, twice or different.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.duplicates == 0 && self.lost == 0 && self.mismatches == 0
    }

    /// This comparison and that of another connection in one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.placed += other.placed;
        self.imported += other.imported;
        self.blocked += other.blocked;
        self.waiting += other.waiting;
        self.skipped += other.skipped;
        self.duplicates += other.duplicates;
        self.lost += other.lost;
        self.mismatches += other.mismatches;
        self.complaints.extend(other.complaints);
        self
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |ms: Option<i64>| ms.map_or_else(|| "-".to_owned(), |ms| ms.to_string());
        write!(
            f,
            "placed={} imported={} blocked={} waiting={} skipped={} duplicates={} lost={} mismatches={} p50_ms={} p95_ms={}",
            self.placed,
            self.imported,
            self.blocked,
            self.waiting,
            self.skipped,
            self.duplicates,
            self.lost,
            self.mismatches,
            ms(self.p50_ms),
            ms(self.p95_ms)
        )
    }
}

/// What a person did to a store order that orderbridge leaves alone, and has to tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Canceled,
    Deleted,
}

/// By the id of the TikTok order.
pub type Deeds = BTreeMap<String, Deed>;

/// Which differences count.
#[derive(Debug, Clone, Copy)]
pub enum Excused<'a> {
    Nothing,
    /// Not those that the order itself tells the merchant about, for a store that stores something else than it says cannot be
    /// made right; and not what people did in the store.
    ToldAndDone(&'a Deeds),
}

impl Excused<'_> {
    fn deed(&self, id: &str) -> Option<Deed> {
        match self {
            Self::Nothing => None,
            Self::ToldAndDone(deeds) => deeds.get(id).copied(),
        }
    }
}

/// What the webservice tells of an order that carries one of our keys.
#[derive(Debug, Clone)]
struct StoreSide {
    id: u64,
    total: Decimal,
    canceled: bool,
    customer: u64,
}

/// The three sides as they are now.
pub struct Sides {
    channel: Vec<ReadOrder>,
    ours: BTreeMap<String, OrderSummary>,
    store: BTreeMap<String, Vec<StoreSide>>,
    customer_emails: BTreeMap<u64, String>,
    /// What the sandbox says must become of each order.
    truth: BTreeMap<String, Value>,
}

/// Reads the three sides: TikTok Shop by its API, orderbridge by its API, PrestaShop by its webservice.
///
/// # Errors
/// When a side does not answer.
pub async fn read_sides(sandboxes: &Sandboxes, api: &Api, connection: &str) -> Result<Sides> {
    let truth = sandboxes.channel_orders().await?;
    let truth = truth.into_iter().map(|order| (order["id"].as_str().unwrap_or_default().to_owned(), order));
    let ours = api.all_orders(&format!("connection={connection}")).await?;
    let (store, customer_emails) = read_store(sandboxes).await?;
    Ok(Sides {
        channel: read_channel(sandboxes).await?,
        ours: ours.into_iter().map(|order| (order.tiktok_order_id.0.clone(), order)).collect(),
        store,
        customer_emails,
        truth: truth.collect(),
    })
}

async fn read_channel(sandboxes: &Sandboxes) -> Result<Vec<ReadOrder>> {
    let tokens = sandboxes.channel_control.post("/tokens", &Value::Null).await?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let options = &sandboxes.tiktok_options;
    let app =
        AppCredentials { app_key: options.app_key.clone(), app_secret: Secret::new(&options.app_secret.0) };
    let access = ShopAccess {
        access_token: Secret::new(text(&tokens["access_token"]).context("no access token")?),
        shop_cipher: sandboxes.shop_cipher.clone(),
    };
    let url = sandboxes.channel.api_url.parse()?;
    let client = tiktok_shop::Client::new(tiktok_shop::http_client()?, url, app, SystemClock::shared());
    let shop = client.shop(access);
    let listed: Vec<_> = shop.search_orders(OrderSearch::default()).try_collect().await?;
    let mut ids: Vec<_> = listed.iter().map(|entry| entry.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut orders = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(50) {
        orders.extend(shop.orders(chunk).await?);
    }
    Ok(orders)
}

type StoreSides = (BTreeMap<String, Vec<StoreSide>>, BTreeMap<u64, String>);

async fn read_store(sandboxes: &Sandboxes) -> Result<StoreSides> {
    let key = WebserviceKey::new(&sandboxes.store.key);
    let client =
        prestashop::Client::new(prestashop::http_client(), sandboxes.store.shop_url.parse()?, key, None);
    let canceled = client.shop_settings(&client.own_shop().await?).await?.order_states.canceled;
    let now = SystemClock.now().naive_utc();
    let (from, until) = (now - TimeDelta::days(400), now + TimeDelta::days(400));
    let changed: Vec<_> = client.orders_changed(from, until).try_collect().await?;
    let ids: Vec<_> = changed.iter().map(|change| change.id).collect();
    let mut orders: BTreeMap<String, Vec<StoreSide>> = BTreeMap::new();
    for order in client.orders_by_id(&ids).await? {
        let Some(tiktok_order_id) = order.gift_message.strip_prefix("tiktok:") else { continue };
        orders.entry(tiktok_order_id.to_owned()).or_default().push(StoreSide {
            id: order.id.0,
            total: order.total_paid,
            canceled: order.current_state == canceled,
            customer: order.customer_id.0,
        });
    }
    let customers = client.customers_by_email(CUSTOMER_EMAIL).await?;
    let emails = customers.into_iter().map(|customer| (customer.id.0, customer.email)).collect();
    Ok((orders, emails))
}

impl Sides {
    /// How many orders have come to TikTok Shop.
    #[must_use]
    pub fn count(&self) -> usize {
        self.truth.len()
    }

    /// Whether every order has ended up somewhere: in the store, blocked with an issue, or waiting as TikTok Shop says.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.channel.len() == self.truth.len() && self.channel.iter().all(|read| self.order_settled(read))
    }

    fn order_settled(&self, read: &ReadOrder) -> bool {
        let Some(ours) = self.ours.get(&read.order.id) else { return false };
        let same_status = ours.channel_status == ChannelStatus::from(read.order.status.as_str());
        let wanted = self.expected(&read.order.id);
        let right = match ours.import_state {
            ImportState::Pending | ImportState::Importing => false,
            ImportState::Waiting => wanted == "waiting",
            ImportState::Blocked => wanted == "blocked",
            ImportState::Imported | ImportState::Skipped => true,
        };
        same_status && right
    }

    fn expected(&self, id: &str) -> &str {
        self.truth.get(id).and_then(|truth| truth["expected"].as_str()).unwrap_or_default()
    }

    /// Compares the sides; nothing excuses a difference.
    #[must_use]
    pub fn compare(&self) -> Comparison {
        self.compare_except(Excused::Nothing)
    }

    /// Compares the sides, and leaves out what is excused.
    #[must_use]
    pub fn compare_except(&self, excused: Excused<'_>) -> Comparison {
        let mut found = Comparison { placed: self.truth.len(), ..Comparison::default() };
        for id in self.truth.keys() {
            if !self.channel.iter().any(|read| read.order.id == *id) {
                found.lost(format!("{id}: TikTok Shop's API does not show it"));
            }
        }
        for read in &self.channel {
            self.compare_order(read, excused, &mut found);
        }
        for (id, orders) in &self.store {
            let live = orders.iter().filter(|order| !order.canceled).count();
            if live > 1 || orders.len() > 1 {
                found.duplicates += orders.len() - 1;
                let ids: Vec<_> = orders.iter().map(|order| order.id).collect();
                found.complaints.push(format!("{id}: store orders {ids:?}"));
            }
            if !self.ours.contains_key(id) {
                found.mismatch(format!("{id}: in the store, but not in orderbridge"));
            }
        }
        found
    }

    fn compare_order(&self, read: &ReadOrder, excused: Excused<'_>, found: &mut Comparison) {
        let order = &read.order;
        let id = order.id.as_str();
        let Some(ours) = self.ours.get(id) else {
            return found.lost(format!("{id}: not in orderbridge"));
        };
        if ours.channel_status != ChannelStatus::from(order.status.as_str()) {
            found.mismatch(format!(
                "{id}: TikTok Shop says {}, orderbridge {}",
                order.status, ours.channel_status
            ));
        }
        match ours.import_state {
            ImportState::Imported => found.imported += 1,
            ImportState::Blocked => found.blocked += 1,
            ImportState::Waiting => found.waiting += 1,
            ImportState::Skipped => found.skipped += 1,
            ImportState::Pending | ImportState::Importing => {
                return found.lost(format!("{id}: still {}", ours.import_state));
            }
        }
        let in_store = self.store.get(id).map_or(&[][..], Vec::as_slice);
        let optional = self.truth.get(id).is_some_and(|truth| truth["is_optional"] == true);
        let expected = match self.expected(id) {
            "import" => ImportState::Imported,
            "blocked" => ImportState::Blocked,
            "waiting" => ImportState::Waiting,
            _ => ImportState::Skipped,
        };
        if ours.import_state != expected && !optional {
            let issue = ours.first_issue.as_ref().map_or("no issue", |issue| issue.code.as_str());
            found.lost(format!("{id}: {} with {issue}, expected {expected}", ours.import_state));
        }
        if ours.import_state == ImportState::Blocked && ours.first_issue.is_none() {
            found.mismatch(format!("{id}: blocked without an issue"));
        }
        let is_deleted = in_store.is_empty() && excused.deed(id) == Some(Deed::Deleted);
        if (ours.import_state == ImportState::Imported) == in_store.is_empty() && !is_deleted {
            found.mismatch(format!("{id}: {} with {} store orders", ours.import_state, in_store.len()));
        }
        if let Some(store) = in_store.first() {
            self.compare_store_order(read, ours, store, excused, found);
        }
    }

    fn compare_store_order(
        &self,
        read: &ReadOrder,
        ours: &OrderSummary,
        store: &StoreSide,
        excused: Excused<'_>,
        found: &mut Comparison,
    ) {
        let id = &read.order.id;
        let payment = read.order.payment.clone().unwrap_or_default();
        // What the sale is worth to the seller: with the discounts that TikTok pays.
        let worth = payment.total_amount + payment.platform_discount + payment.shipping_fee_platform_discount;
        // When it was taken over, or when a comparison saw it later.
        let says_so = ours.first_issue.as_ref().is_some_and(|issue| {
            matches!(issue.code, IssueCode::StoreTotalMismatch | IssueCode::DriftDetected)
        });
        if store.total != worth && !(says_so && matches!(excused, Excused::ToldAndDone(_))) {
            found.mismatch(format!("{id}: store total {}, TikTok Shop {worth}", store.total));
        }
        if ours.store_order.as_ref().is_none_or(|order| u64::try_from(order.id.0) != Ok(store.id)) {
            found.mismatch(format!("{id}: orderbridge does not know store order {}", store.id));
        }
        if !self.customer_emails.contains_key(&store.customer) {
            found.mismatch(format!("{id}: the store customer's address is not {CUSTOMER_EMAIL}"));
        }
        let ended = ours.channel_status == ChannelStatus::Cancelled;
        let is_done = store.canceled && excused.deed(id) == Some(Deed::Canceled);
        if store.canceled != ended && !is_done {
            found.mismatch(format!("{id}: canceled in the store {}, on TikTok Shop {ended}", store.canceled));
        }
    }
}

impl Comparison {
    fn lost(&mut self, complaint: String) {
        self.lost += 1;
        self.complaints.push(complaint);
    }

    fn mismatch(&mut self, complaint: String) {
        self.mismatches += 1;
        self.complaints.push(complaint);
    }
}
