//! The write side of orders: the one road into the order table, and what the importer and the store reader note.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement, prelude::*,
};
use shared::{
    ActionFacts, ChannelStatus, ConnectionId, EventKind, FulfillmentType, ImportState, OrderId, OrderStatus,
    Severity, SpecialKind, StatusFacts, TikTokOrderId, channel_order_status, order_status,
};

use crate::connections::ConnectionRecord;
use crate::entities::{order_details, order_lines, orders};
use crate::recipients::{self, Kept, RecipientRecord};
use crate::timeline::{self, Entry};
use crate::{Vault, events, issues, snapshots, to_micros, to_ms};

pub use crate::entities::order_lines::Model as LineRow;
pub use crate::entities::orders::Model as OrderRow;

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
    /// Somebody chose never to import it.
    pub skipped_by_person: bool,
    /// The last shipment that was sent to TikTok Shop failed.
    pub shipment_failed: bool,
    pub archived: bool,
    pub address: Option<Kept>,
    pub units: UnitChanges,
}

/// What is new about the units of an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitChanges {
    /// How many were sold before and are canceled now.
    pub canceled: usize,
    /// Whether a tracking number has appeared or changed.
    pub tracking: bool,
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
    let changed = snapshots::store(db, vault, id, snapshot.channel_updated_at, &snapshot.raw, now).await?;
    let outcome = match &known {
        None => Recorded::New,
        Some(known) if changed => {
            Recorded::Updated { before: ChannelStatus::from(known.channel_status.as_str()) }
        }
        Some(known) => return Ok(recorded(known, Recorded::Unchanged)),
    };
    update_facts(db, &row, snapshot, now).await?;
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

fn recorded(row: &OrderRow, recorded: Recorded) -> RecordedOrder {
    RecordedOrder {
        id: OrderId(row.id),
        recorded,
        import_state: import_state(row),
        skipped_by_person: row.skipped_by_person,
        shipment_failed: row.shipment_failed,
        archived: row.archived_at.is_some(),
        address: None,
        units: UnitChanges::default(),
    }
}

/// The import state of a row.
#[must_use]
pub fn import_state(row: &OrderRow) -> ImportState {
    row.import_state.parse().unwrap_or(ImportState::Waiting)
}

fn micros(amount: Decimal) -> Result<i64, DbErr> {
    to_micros(amount).ok_or_else(|| DbErr::Custom("an amount is too large to be money".to_owned()))
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
    events::record(db, EventKind::OrderReceived, connection_id, Some(OrderId(row.id)), now).await?;
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
        if number.is_some() && known.is_none_or(|known| known.tracking_number.as_deref() != number) {
            changes.tracking = true;
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
    let text = words.into_iter().collect::<Vec<_>>().join("\n").to_lowercase();
    let backend = db.get_database_backend();
    let delete =
        Statement::from_sql_and_values(backend, "DELETE FROM order_search WHERE rowid = $1", [id.0.into()]);
    db.execute_raw(delete).await?;
    let insert = "INSERT INTO order_search (rowid, text) VALUES ($1, $2)";
    db.execute_raw(Statement::from_sql_and_values(backend, insert, [id.0.into(), text.into()])).await?;
    Ok(())
}

/// Brings the derived columns of an order in line with its facts and open issues; belongs at the end of each
/// transaction that changed either, and tells the pages that are open.
///
/// # Errors
/// When the database fails.
pub async fn derive_status(
    db: &impl ConnectionTrait,
    id: OrderId,
    now: DateTime<Utc>,
) -> Result<OrderStatus, DbErr> {
    // Locked, or two transactions that change the same order would each derive from what the other is about to change.
    let row = orders::Entity::find_by_id(id.0).lock_exclusive().one(db).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("order {id}")))?;
    let open = issues::open_of(db, id).await?;
    let errors = open.iter().filter(|issue| issue.severity == Severity::Error.as_str()).count();
    let channel_status = ChannelStatus::from(row.channel_status.as_str());
    let status = order_status(&StatusFacts {
        channel_status: &channel_status,
        has_open_error: errors > 0,
        previous: row.known_status.parse().ok(),
    });
    let first = open.first();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    orders::Entity::update_many()
        .col_expr(orders::Column::Status, Expr::value(status.as_str()))
        .col_expr(orders::Column::OpenErrors, Expr::value(count(errors)))
        .col_expr(orders::Column::OpenWarnings, Expr::value(count(open.len() - errors)))
        .col_expr(orders::Column::FirstIssueCode, Expr::value(first.map(|issue| issue.code.clone())))
        .col_expr(orders::Column::FirstIssueSeverity, Expr::value(first.map(|issue| issue.severity.clone())))
        .col_expr(orders::Column::FirstIssueOpenedAt, Expr::value(first.map(|issue| issue.opened_at)))
        .col_expr(
            orders::Column::FirstIssueNextRetryAt,
            Expr::value(first.and_then(|issue| issue.next_retry_at)),
        )
        .col_expr(orders::Column::UpdatedAt, Expr::value(to_ms(now)))
        .col_expr(orders::Column::Version, Expr::col(orders::Column::Version).add(1))
        .filter(orders::Column::Id.eq(id.0))
        .exec(db)
        .await?;
    if row.status == OrderStatus::Error.as_str() && status != OrderStatus::Error {
        let entry = Entry::ours("status", format!("No problem is left; the order is {}.", status.label()));
        timeline::record(db, id, entry, now).await?;
    }
    events::record(db, EventKind::OrderUpdated, ConnectionId(row.connection_id), Some(id), now).await?;
    Ok(status)
}

/// One order by our number.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &impl ConnectionTrait, id: OrderId) -> Result<Option<OrderRow>, DbErr> {
    orders::Entity::find_by_id(id.0).one(db).await
}

/// One order by our number; PostgreSQL keeps others from changing it until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn find_locked(db: &impl ConnectionTrait, id: OrderId) -> Result<Option<OrderRow>, DbErr> {
    orders::Entity::find_by_id(id.0).lock_exclusive().one(db).await
}

/// One order by TikTok Shop's id; PostgreSQL keeps others from changing it until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn find_for_update(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    tiktok_order_id: &TikTokOrderId,
) -> Result<Option<OrderRow>, DbErr> {
    orders::Entity::find()
        .filter(orders::Column::ConnectionId.eq(connection_id.0))
        .filter(orders::Column::TiktokOrderId.eq(tiktok_order_id.as_str()))
        .lock_exclusive()
        .one(db)
        .await
}

/// When TikTok Shop last updated each of these orders, as far as they are recorded: its id, unix milliseconds, and the
/// channel status.
///
/// # Errors
/// When the database fails.
pub async fn known_updates(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    tiktok_order_ids: &[TikTokOrderId],
) -> Result<Vec<(String, i64, String)>, DbErr> {
    orders::Entity::find()
        .select_only()
        .column(orders::Column::TiktokOrderId)
        .column(orders::Column::ChannelUpdatedAt)
        .column(orders::Column::ChannelStatus)
        .filter(orders::Column::ConnectionId.eq(connection_id.0))
        .filter(orders::Column::TiktokOrderId.is_in(tiktok_order_ids.iter().map(TikTokOrderId::as_str)))
        .into_tuple()
        .all(db)
        .await
}

/// The order that a store order belongs to.
///
/// # Errors
/// When the database fails.
pub async fn of_store_order(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    store_order_id: i64,
) -> Result<Option<OrderRow>, DbErr> {
    orders::Entity::find()
        .filter(orders::Column::ConnectionId.eq(connection_id.0))
        .filter(orders::Column::StoreOrderId.eq(store_order_id))
        .one(db)
        .await
}

/// The units of an order, in TikTok Shop's order.
///
/// # Errors
/// When the database fails.
pub async fn lines_of(db: &impl ConnectionTrait, id: OrderId) -> Result<Vec<LineRow>, DbErr> {
    order_lines::Entity::find()
        .filter(order_lines::Column::OrderId.eq(id.0))
        .order_by_asc(order_lines::Column::Position)
        .all(db)
        .await
}

/// Notes how far the importer is; the first time that an order is importable is kept.
///
/// # Errors
/// When the database fails.
pub async fn set_import_state(
    db: &impl ConnectionTrait,
    id: OrderId,
    state: ImportState,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut update = orders::Entity::update_many()
        .col_expr(orders::Column::ImportState, Expr::value(state.as_str()))
        .filter(orders::Column::Id.eq(id.0));
    if state == ImportState::Pending {
        let first = Expr::col(orders::Column::ImportableAt).if_null(to_ms(now));
        update = update.col_expr(orders::Column::ImportableAt, first);
    }
    update.exec(db).await?;
    Ok(())
}

/// What the importer made, or found, in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOrderRecord {
    pub id: i64,
    pub reference: Option<String>,
    pub state_id: Option<i64>,
    pub total: Decimal,
}

/// Notes that the store order exists.
///
/// # Errors
/// A unique violation when another order of the connection already has this store order.
pub async fn set_imported(
    db: &impl ConnectionTrait,
    id: OrderId,
    store_order: &StoreOrderRecord,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let imported_at = Expr::col(orders::Column::ImportedAt).if_null(to_ms(now));
    orders::Entity::update_many()
        .col_expr(orders::Column::ImportState, Expr::value(ImportState::Imported.as_str()))
        .col_expr(orders::Column::StoreOrderId, Expr::value(store_order.id))
        .col_expr(orders::Column::StoreOrderReference, Expr::value(store_order.reference.clone()))
        .col_expr(orders::Column::StoreStateId, Expr::value(store_order.state_id))
        .col_expr(orders::Column::StoreTotalMicros, Expr::value(micros(store_order.total)?))
        .col_expr(orders::Column::StoreDeleted, Expr::value(false))
        .col_expr(orders::Column::ImportedAt, imported_at)
        .filter(orders::Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes the state that the store order is in, or that it is gone.
///
/// # Errors
/// When the database fails.
pub async fn set_store_state(
    db: &impl ConnectionTrait,
    id: OrderId,
    state_id: Option<i64>,
    deleted: bool,
) -> Result<(), DbErr> {
    orders::Entity::update_many()
        .col_expr(orders::Column::StoreStateId, Expr::value(state_id))
        .col_expr(orders::Column::StoreDeleted, Expr::value(deleted))
        .filter(orders::Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes which store product the units of a SKU became.
///
/// # Errors
/// When the database fails.
pub async fn link_product(
    db: &impl ConnectionTrait,
    id: OrderId,
    seller_sku: &str,
    product_id: i64,
    combination_id: Option<i64>,
) -> Result<(), DbErr> {
    order_lines::Entity::update_many()
        .col_expr(order_lines::Column::StoreProductId, Expr::value(product_id))
        .col_expr(order_lines::Column::StoreCombinationId, Expr::value(combination_id))
        .filter(order_lines::Column::OrderId.eq(id.0))
        .filter(order_lines::Column::SellerSku.eq(seller_sku))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes that somebody deleted the order from the grid, or brought it back.
///
/// # Errors
/// When the database fails.
pub async fn set_archived(
    db: &impl ConnectionTrait,
    id: OrderId,
    archived_at: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    set(db, id, orders::Column::ArchivedAt, Expr::value(archived_at.map(to_ms))).await
}

/// Notes that somebody chose never to import the order, or took that back.
///
/// # Errors
/// When the database fails.
pub async fn set_skipped_by_person(
    db: &impl ConnectionTrait,
    id: OrderId,
    skipped: bool,
) -> Result<(), DbErr> {
    set(db, id, orders::Column::SkippedByPerson, Expr::value(skipped)).await
}

/// Notes whether the last shipment that was sent to TikTok Shop failed.
///
/// # Errors
/// When the database fails.
pub async fn set_shipment_failed(db: &impl ConnectionTrait, id: OrderId, failed: bool) -> Result<(), DbErr> {
    set(db, id, orders::Column::ShipmentFailed, Expr::value(failed)).await
}

/// Replaces the tags of an order; none of them holds a line break.
///
/// # Errors
/// When the database fails.
pub async fn set_tags(db: &impl ConnectionTrait, id: OrderId, tags: &[String]) -> Result<(), DbErr> {
    set(db, id, orders::Column::Tags, Expr::value(tags.join("\n"))).await
}

/// Forgets a store order that is gone, so that the order can be imported anew.
///
/// # Errors
/// When the database fails.
pub async fn forget_store_order(
    db: &impl ConnectionTrait,
    id: OrderId,
    state: ImportState,
) -> Result<(), DbErr> {
    let nothing = || Expr::value(None::<i64>);
    orders::Entity::update_many()
        .col_expr(orders::Column::ImportState, Expr::value(state.as_str()))
        .col_expr(orders::Column::StoreOrderId, nothing())
        .col_expr(orders::Column::StoreOrderReference, Expr::value(None::<String>))
        .col_expr(orders::Column::StoreStateId, nothing())
        .col_expr(orders::Column::StoreTotalMicros, nothing())
        .col_expr(orders::Column::StoreDeleted, Expr::value(false))
        .col_expr(orders::Column::ImportedAt, nothing())
        .filter(orders::Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

async fn set(
    db: &impl ConnectionTrait,
    id: OrderId,
    column: orders::Column,
    value: Expr,
) -> Result<(), DbErr> {
    orders::Entity::update_many()
        .col_expr(column, value)
        .filter(orders::Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// The facts that decide which actions an order allows.
#[must_use]
pub fn action_facts<'a>(row: &OrderRow, channel_status: &'a ChannelStatus) -> ActionFacts<'a> {
    let requested = SpecialKind::CancellationRequested.as_str();
    ActionFacts {
        channel_status,
        import_state: import_state(row),
        fulfillment_type: row.fulfillment_type.parse().unwrap_or(FulfillmentType::Merchant),
        cancellation_requested: row.special.split(',').any(|word| word == requested),
        skipped_by_person: row.skipped_by_person,
        store_deleted: row.store_deleted,
        archived: row.archived_at.is_some(),
        shipment_failed: row.shipment_failed,
        has_open_issue: row.open_errors + row.open_warnings > 0,
    }
}
