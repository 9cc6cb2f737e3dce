//! The one road into the order table: a full answer of TikTok Shop, recorded with everything that stands in it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement,
    prelude::*,
};
use shared::{
    ChannelStatus, ConnectionId, EventKind, FulfillmentType, ImportState, OrderId, OrderStatus, SpecialKind,
    TikTokOrderId, WebhookEvent, channel_order_status,
};

use super::{LineRow, OrderRow, find_for_update, import_state, lines_of, micros};
use crate::connections::ConnectionRecord;
use crate::entities::{order_details, order_lines, orders};
use crate::recipients::{self, Kept, RecipientRecord};
use crate::webhook_messages::{self, About};
use crate::{Vault, events, snapshots, to_ms};

/// One order as TikTok Shop told it, in our words; made by a pure mapping from the full answer.
#[derive(Clone)]
pub struct OrderSnapshot {
    pub tiktok_order_id: TikTokOrderId,
    pub channel_status: ChannelStatus,
    pub channel_updated_at: DateTime<Utc>,
    pub fulfillment_type: FulfillmentType,
    pub special: Vec<SpecialKind>,
    pub currency: String,
    /// What the buyer paid.
    pub total: Decimal,
    /// What the store order must come to.
    pub expected_store_total: Decimal,
    pub placed_at: DateTime<Utc>,
    pub paid_at: Option<DateTime<Utc>>,
    pub ship_by: Option<DateTime<Utc>>,
    pub country: Option<String>,
    pub lines: Vec<LineSnapshot>,
    pub recipient: Option<RecipientRecord>,
    /// The breakdown for people: label, amount, and whether it is the total.
    pub payment_rows: Vec<PaymentRowRecord>,
    pub payment_method: Option<String>,
    pub delivery_option: Option<String>,
    pub buyer_message: Option<String>,
    pub cancel_reason: Option<String>,
    /// The answer as it came.
    pub raw: serde_json::Value,
}

/// One row of the payment breakdown, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PaymentRowRecord {
    pub label: String,
    pub amount: Decimal,
    #[serde(default)]
    pub is_total: bool,
}

/// The payment breakdown, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PaymentRecord {
    pub rows: Vec<PaymentRowRecord>,
}

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineSnapshot {
    pub tiktok_line_item_id: String,
    pub sku_id: String,
    pub seller_sku: Option<String>,
    pub product_name: String,
    pub sku_name: Option<String>,
    pub image: Option<String>,
    pub original_price: Decimal,
    pub seller_discount: Decimal,
    pub platform_discount: Decimal,
    pub sale_price: Decimal,
    pub is_gift: bool,
    pub is_bundle: bool,
    pub status: String,
    pub package_id: Option<String>,
    pub package_status: Option<String>,
    pub tracking_number: Option<String>,
    pub carrier: Option<String>,
    /// What the unit must come to in the store; `None` where it is not sold, or the amounts contradict each other.
    pub expected_store: Option<Decimal>,
}

/// What recording a snapshot did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// The order was not known.
    New,
    /// The order was known and has changed.
    Updated { before: ChannelStatus },
    /// The order was known and says the same.
    Unchanged,
    /// The answer is older than what is known, and was left out.
    Older,
    /// The order was deleted for good: nothing about it is kept any more.
    Purged,
}

/// The order after recording, and what became of its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedOrder {
    pub id: OrderId,
    pub recorded: Recorded,
    pub import_state: ImportState,
    /// Its store order was there and is not any more.
    pub store_deleted: bool,
    /// Somebody chose never to import it.
    pub skipped_by_person: bool,
    /// The last shipment that was sent to TikTok Shop failed.
    pub shipment_failed: bool,
    pub archived: bool,
    pub address: Option<Kept>,
    pub units: UnitChanges,
}

/// What is new about the units of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitChanges {
    /// How many were sold before and are canceled now.
    pub canceled: usize,
    /// Tracking numbers that have appeared.
    pub tracking_numbers: BTreeSet<String>,
}

/// Records a full answer of TikTok Shop: the one road into the order table. Older never overwrites newer.
///
/// # Errors
/// When the database fails, or an amount is too large to be money.
pub async fn record_snapshot(
    db: &impl ConnectionTrait,
    vault: &Vault,
    connection: &ConnectionRecord,
    snapshot: &OrderSnapshot,
    now: DateTime<Utc>,
) -> Result<RecordedOrder, DbErr> {
    let known = find_for_update(db, connection.id, &snapshot.tiktok_order_id).await?;
    if let Some(known) = &known {
        if known.purged_at.is_some() {
            return Ok(recorded(known, Recorded::Purged));
        }
        if known.channel_updated_at > to_ms(snapshot.channel_updated_at) {
            return Ok(recorded(known, Recorded::Older));
        }
    }
    let row = if let Some(known) = &known {
        known.clone()
    } else {
        insert(db, connection.id, snapshot, now).await?
    };
    let id = OrderId(row.id);
    if let Some(known) = known.as_ref().filter(|known| known.buyer_erased_at.is_some()) {
        // What happens to the order goes on; what names the buyer does not come back.
        let before = ChannelStatus::from(known.channel_status.as_str());
        if before == snapshot.channel_status {
            return Ok(recorded(known, Recorded::Unchanged));
        }
        update_facts(db, &row, snapshot, now).await?;
        return Ok(recorded(known, Recorded::Updated { before }));
    }
    let changed = snapshots::store(db, vault, id, snapshot.channel_updated_at, &snapshot.raw, now).await?;
    let outcome = match &known {
        None => Recorded::New,
        Some(known) if changed => {
            Recorded::Updated { before: ChannelStatus::from(known.channel_status.as_str()) }
        }
        Some(known) => return Ok(recorded(known, Recorded::Unchanged)),
    };
    update_facts(db, &row, snapshot, now).await?;
    if let Recorded::Updated { before } = &outcome
        && let Some(event) = news_of(before, &snapshot.channel_status)
    {
        webhook_messages::record(db, event, About::order(connection.id, id), now).await?;
    }
    let units = save_lines(db, id, &snapshot.lines).await?;
    save_details(db, vault, connection, id, snapshot).await?;
    save_search_text(db, id, snapshot).await?;
    let address = match &snapshot.recipient {
        Some(recipient) => {
            let uid = &connection.uid;
            Some(recipients::keep(db, vault, uid, &snapshot.tiktok_order_id, id, recipient).await?)
        }
        None => None,
    };
    Ok(RecordedOrder { address, units, ..recorded(&row, outcome) })
}

/// What tools are told of a step of TikTok Shop's, beside that the order has changed.
fn news_of(before: &ChannelStatus, after: &ChannelStatus) -> Option<WebhookEvent> {
    let is_canceled = |status: &ChannelStatus| *status == ChannelStatus::Cancelled;
    let is_shipped = |status: &ChannelStatus| {
        matches!(
            status,
            ChannelStatus::AwaitingCollection
                | ChannelStatus::InTransit
                | ChannelStatus::Delivered
                | ChannelStatus::Completed
        )
    };
    if is_canceled(after) && !is_canceled(before) {
        Some(WebhookEvent::OrderCanceled)
    } else if is_shipped(after) && !is_shipped(before) && !is_canceled(before) {
        Some(WebhookEvent::OrderShipped)
    } else {
        None
    }
}

fn recorded(row: &OrderRow, recorded: Recorded) -> RecordedOrder {
    RecordedOrder {
        id: OrderId(row.id),
        recorded,
        import_state: import_state(row),
        store_deleted: row.store_deleted,
        skipped_by_person: row.skipped_by_person,
        shipment_failed: row.shipment_failed,
        archived: row.archived_at.is_some(),
        address: None,
        units: UnitChanges::default(),
    }
}

async fn insert(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    snapshot: &OrderSnapshot,
    now: DateTime<Utc>,
) -> Result<OrderRow, DbErr> {
    let status = channel_order_status(&snapshot.channel_status).unwrap_or(OrderStatus::OnHold);
    let model = orders::ActiveModel {
        connection_id: Set(connection_id.0),
        tiktok_order_id: Set(snapshot.tiktok_order_id.0.clone()),
        channel_status: Set(snapshot.channel_status.as_str().to_owned()),
        channel_updated_at: Set(to_ms(snapshot.channel_updated_at)),
        status: Set(status.to_string()),
        known_status: Set(status.to_string()),
        import_state: Set(ImportState::Waiting.to_string()),
        fulfillment_type: Set(snapshot.fulfillment_type.to_string()),
        special: Set(String::new()),
        store_deleted: Set(false),
        currency: Set(snapshot.currency.clone()),
        total_micros: Set(micros(snapshot.total)?),
        expected_store_total_micros: Set(micros(snapshot.expected_store_total)?),
        first_item: Set(String::new()),
        item_count: Set(0),
        unit_count: Set(0),
        placed_at: Set(to_ms(snapshot.placed_at)),
        received_at: Set(to_ms(now)),
        updated_at: Set(to_ms(now)),
        open_errors: Set(0),
        open_warnings: Set(0),
        version: Set(1),
        ..Default::default()
    };
    let row = orders::Entity::insert(model).exec_with_returning(db).await?;
    let id = OrderId(row.id);
    events::record(db, EventKind::OrderReceived, connection_id, Some(id), now).await?;
    webhook_messages::record(db, WebhookEvent::OrderReceived, About::order(connection_id, id), now).await?;
    Ok(row)
}

/// Writes every fact that has TikTok Shop as its source; the derived columns follow in [`derive_status`].
async fn update_facts(
    db: &impl ConnectionTrait,
    row: &OrderRow,
    snapshot: &OrderSnapshot,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let known_status = channel_order_status(&snapshot.channel_status)
        .map_or_else(|| row.known_status.clone(), |status| status.to_string());
    let special: Vec<_> = snapshot.special.iter().map(|kind| kind.as_str()).collect();
    let products: BTreeSet<_> = snapshot.lines.iter().map(|line| line.sku_id.as_str()).collect();
    let first = snapshot.lines.first();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    // The address goes when an order ends; where it went is worth keeping.
    let country = snapshot.country.clone().or_else(|| row.country.clone());
    let update = orders::ActiveModel {
        id: Set(row.id),
        channel_status: Set(snapshot.channel_status.as_str().to_owned()),
        channel_updated_at: Set(to_ms(snapshot.channel_updated_at)),
        known_status: Set(known_status),
        fulfillment_type: Set(snapshot.fulfillment_type.to_string()),
        special: Set(special.join(",")),
        currency: Set(snapshot.currency.clone()),
        total_micros: Set(micros(snapshot.total)?),
        expected_store_total_micros: Set(micros(snapshot.expected_store_total)?),
        first_item: Set(first.map(|line| line.product_name.clone()).unwrap_or_default()),
        first_item_image: Set(first.and_then(|line| line.image.clone())),
        item_count: Set(count(products.len())),
        unit_count: Set(count(snapshot.lines.len())),
        country: Set(country),
        ship_by: Set(snapshot.ship_by.map(to_ms)),
        placed_at: Set(to_ms(snapshot.placed_at)),
        paid_at: Set(snapshot.paid_at.map(to_ms)),
        updated_at: Set(to_ms(now)),
        ..Default::default()
    };
    orders::Entity::update(update).exec(db).await?;
    Ok(())
}

async fn save_lines(
    db: &impl ConnectionTrait,
    id: OrderId,
    lines: &[LineSnapshot],
) -> Result<UnitChanges, DbErr> {
    let known = lines_of(db, id).await?;
    order_lines::Entity::delete_many().filter(order_lines::Column::OrderId.eq(id.0)).exec(db).await?;
    let mut models = Vec::with_capacity(lines.len());
    for (position, line) in lines.iter().enumerate() {
        // Which store product a unit became is not TikTok Shop's to know, so it is carried over.
        let linked = known.iter().find(|known| known.tiktok_line_item_id == line.tiktok_line_item_id);
        models.push(order_lines::ActiveModel {
            order_id: Set(id.0),
            tiktok_line_item_id: Set(line.tiktok_line_item_id.clone()),
            position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
            sku_id: Set(line.sku_id.clone()),
            seller_sku: Set(line.seller_sku.clone()),
            product_name: Set(line.product_name.clone()),
            sku_name: Set(line.sku_name.clone()),
            image: Set(line.image.clone()),
            original_price_micros: Set(micros(line.original_price)?),
            seller_discount_micros: Set(micros(line.seller_discount)?),
            platform_discount_micros: Set(micros(line.platform_discount)?),
            sale_price_micros: Set(micros(line.sale_price)?),
            is_gift: Set(line.is_gift),
            is_bundle: Set(line.is_bundle),
            status: Set(line.status.clone()),
            package_id: Set(line.package_id.clone()),
            package_status: Set(line.package_status.clone()),
            tracking_number: Set(line.tracking_number.clone()),
            carrier: Set(line.carrier.clone()),
            store_product_id: Set(linked.and_then(|linked| linked.store_product_id)),
            store_combination_id: Set(linked.and_then(|linked| linked.store_combination_id)),
            expected_store_micros: Set(line.expected_store.map(micros).transpose()?),
        });
    }
    // SQLite takes a bounded number of values in one statement.
    for chunk in models.chunks(500) {
        order_lines::Entity::insert_many(chunk.to_vec()).exec_without_returning(db).await?;
    }
    Ok(unit_changes(&known, lines))
}

fn unit_changes(before: &[LineRow], after: &[LineSnapshot]) -> UnitChanges {
    let is_canceled = |status: &str| ChannelStatus::from(status) == ChannelStatus::Cancelled;
    let mut changes = UnitChanges::default();
    for line in after {
        let known = before.iter().find(|known| known.tiktok_line_item_id == line.tiktok_line_item_id);
        if is_canceled(&line.status) && known.is_some_and(|known| !is_canceled(&known.status)) {
            changes.canceled += 1;
        }
        let number = line.tracking_number.as_deref().filter(|number| !number.is_empty());
        if let Some(number) = number
            && known.is_none_or(|known| known.tracking_number.as_deref() != Some(number))
        {
            changes.tracking_numbers.insert(number.to_owned());
        }
    }
    changes
}

async fn save_details(
    db: &impl ConnectionTrait,
    vault: &Vault,
    connection: &ConnectionRecord,
    id: OrderId,
    snapshot: &OrderSnapshot,
) -> Result<(), DbErr> {
    let payment = PaymentRecord { rows: snapshot.payment_rows.clone() };
    let payment = serde_json::to_string(&payment).map_err(|error| DbErr::Json(error.to_string()))?;
    let place = buyer_message_place(&connection.uid, &snapshot.tiktok_order_id);
    let message = snapshot.buyer_message.as_ref().map(|message| vault.seal(&place, message.as_bytes()));
    let model = order_details::ActiveModel {
        order_id: Set(id.0),
        payment: Set(payment),
        payment_method: Set(snapshot.payment_method.clone()),
        delivery_option: Set(snapshot.delivery_option.clone()),
        buyer_message: Set(message),
        cancel_reason: Set(snapshot.cancel_reason.clone()),
        // The store's to know, so it is left as it is.
        store_amounts: NotSet,
    };
    let columns = [
        order_details::Column::Payment,
        order_details::Column::PaymentMethod,
        order_details::Column::DeliveryOption,
        order_details::Column::BuyerMessage,
        order_details::Column::CancelReason,
    ];
    let replace = OnConflict::column(order_details::Column::OrderId).update_columns(columns).to_owned();
    order_details::Entity::insert(model).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// Where a buyer's message is sealed for.
#[must_use]
pub fn buyer_message_place(connection_uid: &str, tiktok_order_id: &TikTokOrderId) -> String {
    format!("order_details.buyer_message:{connection_uid}:{tiktok_order_id}")
}

async fn save_search_text(
    db: &impl ConnectionTrait,
    id: OrderId,
    snapshot: &OrderSnapshot,
) -> Result<(), DbErr> {
    let mut words = BTreeSet::from([snapshot.tiktok_order_id.as_str()]);
    for line in &snapshot.lines {
        words.insert(&line.product_name);
        words.extend(
            [&line.seller_sku, &line.sku_name, &line.tracking_number]
                .into_iter()
                .filter_map(Option::as_deref),
        );
    }
    write_search_text(db, id, &words).await
}

/// Keeps the words that find an order, in place of earlier ones.
pub(crate) async fn write_search_text(
    db: &impl ConnectionTrait,
    id: OrderId,
    words: &BTreeSet<&str>,
) -> Result<(), DbErr> {
    let text = words.iter().copied().collect::<Vec<_>>().join("\n").to_lowercase();
    let backend = db.get_database_backend();
    let delete =
        Statement::from_sql_and_values(backend, "DELETE FROM order_search WHERE rowid = $1", [id.0.into()]);
    db.execute_raw(delete).await?;
    let insert = "INSERT INTO order_search (rowid, text) VALUES ($1, $2)";
    db.execute_raw(Statement::from_sql_and_values(backend, insert, [id.0.into(), text.into()])).await?;
    Ok(())
}
