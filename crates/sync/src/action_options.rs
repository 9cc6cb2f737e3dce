//! What the forms of an order's actions offer: assembled from TikTok Shop's lists as they were last read.

use chrono::{DateTime, TimeDelta, Utc};
use database::connections::{self, ConnectionRecord};
use database::orders::{self, OrderRow};
use database::{ConnectionTrait, DbErr, Vault, actions, channel_lists, issues, snapshots, store_shipments};
use serde::{Deserialize, Serialize};
use shared::{
    ActionFacts, ActionKind, ActionOptions, CancellationRequest, ChannelCarrier, ChannelReason,
    ChannelStatus, ConnectionId, FulfillmentType, IssueCode, OrderId, OrderUnit, action_refusal,
};
use tiktok_shop::{Order, ReadOrder};

use crate::mapping::recipient_of;
use crate::shipping::channel_carrier_of;

/// Carriers and warehouses change rarely.
const CARRIERS_LIVE: TimeDelta = TimeDelta::hours(24);
/// Whether and why an order can be canceled changes with its status, and at times without.
const REASONS_LIVE: TimeDelta = TimeDelta::hours(1);
/// A request that TikTok Shop announced but did not list yet is looked for again after this.
const MISSING_REQUEST_LIVES: TimeDelta = TimeDelta::minutes(1);

/// The name of the list of warehouses.
pub(crate) const WAREHOUSES: &str = "warehouses";

/// A warehouse, as far as it decides which carriers come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WarehouseRegion {
    pub id: String,
    /// ISO alpha-2.
    pub region: Option<String>,
    /// Whether orders leave from it that name no other.
    pub is_default: bool,
}

/// Why an order can be canceled, as read for one status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CancelReasons {
    pub channel_status: String,
    pub reasons: Vec<ChannelReason>,
    /// TikTok Shop's words when it cannot be canceled.
    pub not_cancelable: Option<String>,
}

/// What decides which carriers TikTok Shop offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub delivery_option_id: String,
    /// Where the parcel starts, ISO alpha-2.
    pub from: Option<String>,
    /// Where it goes, ISO alpha-2.
    pub to: Option<String>,
}

impl Route {
    /// The route of an order; `None` when TikTok Shop names no delivery option.
    pub fn of(order: &Order, warehouses: &[WarehouseRegion], connection: &ConnectionRecord) -> Option<Self> {
        let own = warehouses.iter().find(|warehouse| Some(&warehouse.id) == order.warehouse_id.as_ref());
        let warehouse = own.or_else(|| warehouses.iter().find(|warehouse| warehouse.is_default));
        let from = warehouse.and_then(|warehouse| warehouse.region.clone());
        let to = recipient_of(order).map(|recipient| recipient.country).filter(|country| !country.is_empty());
        Some(Self {
            delivery_option_id: order.delivery_option_id.clone()?,
            from: from.or_else(|| connection.region.clone()),
            to,
        })
    }

    /// The name of the list of carriers.
    pub fn list_name(&self) -> String {
        let region = |region: &Option<String>| region.clone().unwrap_or_default();
        format!("carriers:{}:{}:{}", self.delivery_option_id, region(&self.from), region(&self.to))
    }
}

/// The name of the list of reasons to cancel an order.
pub(crate) fn cancel_reasons_name(order_id: OrderId) -> String {
    format!("cancel_reasons:{order_id}")
}

/// The name under which a buyer's request to cancel an order is kept.
pub(crate) fn cancellation_name(order_id: OrderId) -> String {
    format!("cancellation:{order_id}")
}

/// A list that was read less than `life` ago.
async fn fresh<T: serde::de::DeserializeOwned>(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    name: &str,
    life: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Option<T>, DbErr> {
    let list = channel_lists::find(db, connection_id, name).await?;
    Ok(list.filter(|(_, read_at)| *read_at > now - life).map(|(list, _)| list))
}

/// The warehouses, when they were read lately.
pub(crate) async fn warehouses(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<Option<Vec<WarehouseRegion>>, DbErr> {
    fresh(db, connection_id, WAREHOUSES, CARRIERS_LIVE, now).await
}

/// The carriers that TikTok Shop offers for an order as it was read; `None` when its list is not known or too old.
pub(crate) async fn carriers_for(
    db: &impl ConnectionTrait,
    connection: &ConnectionRecord,
    order: &Order,
    now: DateTime<Utc>,
) -> Result<Option<Vec<ChannelCarrier>>, DbErr> {
    let Some(warehouses) = warehouses(db, connection.id, now).await? else { return Ok(None) };
    let Some(route) = Route::of(order, &warehouses, connection) else { return Ok(Some(Vec::new())) };
    fresh(db, connection.id, &route.list_name(), CARRIERS_LIVE, now).await
}

/// The order as TikTok Shop last told it.
async fn recorded(db: &impl ConnectionTrait, vault: &Vault, id: OrderId) -> Result<Option<Order>, DbErr> {
    let raw = snapshots::latest(db, vault, id).await?;
    Ok(raw.and_then(|raw| ReadOrder::from_raw(raw).ok()).map(|read| read.order))
}

/// The carriers that TikTok Shop offers for a recorded order; `None` when its list is not known or too old: then
/// [`crate::jobs::read_action_options`] reads it.
///
/// # Errors
/// When the database fails.
pub async fn offered_carriers(
    db: &impl ConnectionTrait,
    vault: &Vault,
    connection: &ConnectionRecord,
    order_id: OrderId,
    now: DateTime<Utc>,
) -> Result<Option<Vec<ChannelCarrier>>, DbErr> {
    match recorded(db, vault, order_id).await? {
        Some(order) => carriers_for(db, connection, &order, now).await,
        None => Ok(None),
    }
}

/// What the forms of an order offer. It is not `complete` while something is missing or too old: then enqueue
/// [`crate::jobs::read_action_options`], whose end is an event of the order.
///
/// # Errors
/// When the database fails.
pub async fn action_options(
    db: &impl ConnectionTrait,
    vault: &Vault,
    row: &OrderRow,
    now: DateTime<Utc>,
) -> Result<ActionOptions, DbErr> {
    let connection = connections::find(db, vault, ConnectionId(row.connection_id)).await?;
    let Some(connection) = connection else { return Ok(ActionOptions::default()) };
    let id = OrderId(row.id);
    let channel_status = ChannelStatus::from(row.channel_status.as_str());
    let facts = orders::action_facts(row, &channel_status);
    let mut options = ActionOptions { complete: true, ..ActionOptions::default() };
    if needs_carriers(&facts) {
        match offered_carriers(db, vault, &connection, id, now).await? {
            Some(carriers) => options.carriers = carriers,
            None => options.complete = false,
        }
        suggest(db, &connection, id, &mut options).await?;
    }
    if action_refusal(ActionKind::CorrectShipping, &facts).is_none() {
        options.correctable_package_ids = correctable(db, id).await?;
    }
    if action_refusal(ActionKind::Cancel, &facts).is_none() {
        let reasons: Option<CancelReasons> =
            fresh(db, connection.id, &cancel_reasons_name(id), REASONS_LIVE, now).await?;
        match reasons.filter(|reasons| reasons.channel_status == row.channel_status) {
            Some(reasons) => {
                options.cancel_reasons = reasons.reasons;
                options.not_cancelable = reasons.not_cancelable;
                options.cancelable_units = cancelable_units(db, &connection, id).await?;
            }
            None => options.complete = false,
        }
    }
    if action_refusal(ActionKind::AcceptCancellation, &facts).is_none() {
        let known = known_request(db, connection.id, id, now).await?;
        options.complete &= known.is_some();
        options.cancellation_request = known.flatten();
    }
    Ok(options)
}

/// The markets in which TikTok Shop lets sellers cancel single units.
const CANCELED_BY_UNIT: [&str; 2] = ["GB", "US"];

/// The units that can be canceled by themselves; of a single one the whole order is canceled.
async fn cancelable_units(
    db: &impl ConnectionTrait,
    connection: &ConnectionRecord,
    id: OrderId,
) -> Result<Vec<OrderUnit>, DbErr> {
    if !connection.region.as_deref().is_some_and(|region| CANCELED_BY_UNIT.contains(&region)) {
        return Ok(Vec::new());
    }
    let units = orders::lines_of(db, id).await?;
    let sold = units
        .into_iter()
        .filter(|unit| ChannelStatus::from(unit.status.as_str()) != ChannelStatus::Cancelled);
    let units: Vec<_> =
        sold.map(|unit| OrderUnit { label: unit.label(), line_item_id: unit.tiktok_line_item_id }).collect();
    Ok(if units.len() > 1 { units } else { Vec::new() })
}

/// Whether a form asks for one of TikTok Shop's carriers.
pub(crate) fn needs_carriers(facts: &ActionFacts<'_>) -> bool {
    let asks = |kind| action_refusal(kind, facts).is_none();
    facts.fulfillment_type == FulfillmentType::Merchant
        && (asks(ActionKind::Ship) || asks(ActionKind::CorrectShipping))
}

/// The buyer's request; the outer `None` when it must be asked for.
async fn known_request(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    id: OrderId,
    now: DateTime<Utc>,
) -> Result<Option<Option<CancellationRequest>>, DbErr> {
    let known: Option<(Option<CancellationRequest>, _)> =
        channel_lists::find(db, connection_id, &cancellation_name(id)).await?;
    Ok(known.and_then(|(request, read_at)| {
        let life = if request.is_some() { REASONS_LIVE } else { MISSING_REQUEST_LIVES };
        (read_at > now - life).then_some(request)
    }))
}

/// Carrier and tracking number as the store has them.
async fn suggest(
    db: &impl ConnectionTrait,
    connection: &ConnectionRecord,
    id: OrderId,
    options: &mut ActionOptions,
) -> Result<(), DbErr> {
    let shipment = store_shipments::find(db, id).await?;
    let name = shipment.carrier_name.as_deref();
    let carrier =
        channel_carrier_of(&connection.settings, shipment.carrier_reference, name, &options.carriers);
    options.suggested_carrier_id = carrier.map(|carrier| carrier.id);
    // What we wrote there ourselves is the number of a parcel that has left.
    options.suggested_tracking_number =
        shipment.tracking_number.filter(|number| Some(number) != shipment.written_tracking_number.as_ref());
    Ok(())
}

/// The packages whose carrier and number TikTok Shop still lets us correct: it does so once for each order.
async fn correctable(db: &impl ConnectionTrait, id: OrderId) -> Result<Vec<String>, DbErr> {
    let limit = IssueCode::ShipUpdateLimit.as_str();
    let used_up = actions::was_done(db, id, ActionKind::CorrectShipping).await?
        || issues::open_of(db, id).await?.iter().any(|issue| issue.code == limit);
    if used_up {
        return Ok(Vec::new());
    }
    let lines = orders::lines_of(db, id).await?;
    let shipped = lines.into_iter().filter(|line| {
        line.tracking_number.as_deref().is_some_and(|number| !number.is_empty())
            && line.status != ChannelStatus::Cancelled.as_str()
    });
    let mut packages: Vec<String> = shipped.filter_map(|line| line.package_id).collect();
    packages.sort_unstable();
    packages.dedup();
    Ok(packages)
}

/// A reason in words: those of the documented lists, or else made from the key.
#[must_use]
pub fn reason_text(key: &str) -> String {
    let known = [
        ("out_of_stock", "Out of stock"),
        ("wrong_price", "Wrong price"),
        ("address_not_deliver", "The address cannot be delivered to"),
        ("buyer_requested_cancellation", "The buyer asked to cancel"),
        ("buyer_hasnt_paid", "The buyer did not pay in time"),
        ("high_delivery_costs", "Delivery costs too much"),
        ("discount_not_expected", "The discount was not as expected"),
        ("wrong_delivery_info", "The delivery details are wrong"),
        ("better_price", "Found a better price"),
        ("created_by_mistakes", "Ordered by mistake"),
        ("change_payment_method", "Another way to pay is wanted"),
        ("no_longer_needed", "No longer needed"),
        ("late_shipment", "Shipped too late"),
        ("product_packed", "The product is packed already"),
        ("product_has_been_packed", "The product is packed already"),
        ("cancel_unacceptable", "The cancellation is not acceptable"),
        ("reject_reason_delivered", "The parcel is delivered already"),
        ("buyer_agree", "The buyer agreed to keep the order"),
        ("invalid_cancellation_reason", "The reason given is not valid"),
    ];
    if let Some((_, text)) = known.iter().find(|(part, _)| key.contains(part)) {
        return (*text).to_owned();
    }
    let key = key.strip_suffix("_uk").unwrap_or(key);
    let words = key.rsplit_once("reason_").map_or(key, |(_, words)| words).replace(['_', '-'], " ");
    let mut letters = words.trim().chars();
    letters.next().map_or_else(|| "Other".to_owned(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_words() {
        for (key, text) in [
            ("seller_cancel_reason_out_of_stock", "Out of stock"),
            ("seller_cancel_paid_reason_address_not_deliver_uk", "The address cannot be delivered to"),
            ("seller_cancel_reason_warehouse_on_fire_uk", "Warehouse on fire"),
            ("package_lost", "Package lost"),
            ("", "Other"),
        ] {
            assert_eq!(reason_text(key), text, "{key}");
        }
    }
}
