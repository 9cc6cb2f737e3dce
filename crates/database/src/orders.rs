//! The write side of orders: `recording` is the one road into the order table; here is what importer, store reader and
//! actions note, and the derived columns.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sea_orm::sea_query::{Expr, LockType, SelectStatement};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, prelude::*,
};
use shared::{
    ActionFacts, ChannelStatus, ConnectionId, EventKind, FulfillmentType, ImportState, OrderId, OrderStatus,
    Severity, SpecialKind, StatusFacts, TikTokOrderId, UserId, WebhookEvent, order_status,
};

use crate::compared_amounts::StoreAmounts;
use crate::entities::{order_details, order_lines, orders};
use crate::timeline::{self, Entry};
use crate::webhook_messages::{self, About};
use crate::{Database, events, issues, to_micros, to_ms};

mod recording;

pub(crate) use recording::write_search_text;
pub use recording::{
    LineSnapshot, OrderSnapshot, PaymentRecord, PaymentRowRecord, Recorded, RecordedOrder, UnitChanges,
    buyer_message_place, record_snapshot,
};

pub use crate::entities::order_lines::Model as LineRow;
pub use crate::entities::orders::Model as OrderRow;

/// The import state of a row.
#[must_use]
pub fn import_state(row: &OrderRow) -> ImportState {
    row.import_state.parse().unwrap_or(ImportState::Waiting)
}

fn micros(amount: Decimal) -> Result<i64, DbErr> {
    to_micros(amount).ok_or_else(|| DbErr::Custom("an amount is too large to be money".to_owned()))
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
    let row = orders::Entity::find_by_id(id.0).lock(LockType::NoKeyUpdate).one(db).await?;
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
        let left = if open.is_empty() { "No problem is left" } else { "Only warnings are left" };
        let entry = Entry::ours("status", format!("{left}; the order is {}.", status.label()));
        timeline::record(db, id, entry, now).await?;
    }
    let connection_id = ConnectionId(row.connection_id);
    events::record(db, EventKind::OrderUpdated, connection_id, Some(id), now).await?;
    webhook_messages::record(db, WebhookEvent::OrderUpdated, About::order(connection_id, id), now).await?;
    Ok(status)
}

/// One order by our number.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &impl ConnectionTrait, id: OrderId) -> Result<Option<OrderRow>, DbErr> {
    orders::Entity::find_by_id(id.0).one(db).await
}

/// Begins a transaction that holds an order: on PostgreSQL nobody else changes it, or what belongs to it, until the
/// transaction ends.
///
/// Whoever writes what belongs to an order holds the order first: two that wrote a child of it and then wanted the order
/// itself would wait for each other, because a child holds its order in place.
///
/// # Errors
/// When the database fails.
pub async fn begin_locked(database: &Database, id: OrderId) -> Result<DatabaseTransaction, DbErr> {
    let txn = database.begin().await?;
    find_locked(&txn, id).await?;
    Ok(txn)
}

/// Holds the orders that a selection of ids names until the transaction ends, one after the other by their ids, as
/// everybody does who holds several.
pub(crate) async fn lock_ascending(db: &impl ConnectionTrait, ids: SelectStatement) -> Result<(), DbErr> {
    orders::Entity::find()
        .select_only()
        .column(orders::Column::Id)
        .filter(orders::Column::Id.in_subquery(ids))
        .order_by_asc(orders::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<i64>()
        .all(db)
        .await
        .map(drop)
}

/// One order by our number; PostgreSQL keeps others from changing it until the transaction ends. Rows that belong to it may
/// still be added.
///
/// # Errors
/// When the database fails.
pub async fn find_locked(db: &impl ConnectionTrait, id: OrderId) -> Result<Option<OrderRow>, DbErr> {
    orders::Entity::find_by_id(id.0).lock(LockType::NoKeyUpdate).one(db).await
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
        .lock(LockType::NoKeyUpdate)
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

/// Notes how far the importer is. An order that becomes pending may be imported from `at` on; one that is pending already
/// has waited since its own time.
///
/// # Errors
/// When the database fails.
pub async fn set_import_state(
    db: &impl ConnectionTrait,
    id: OrderId,
    state: ImportState,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut update = orders::Entity::update_many()
        .col_expr(orders::Column::ImportState, Expr::value(state.as_str()))
        .filter(orders::Column::Id.eq(id.0));
    if state == ImportState::Pending {
        let is_pending = orders::Column::ImportState.eq(state.as_str());
        let waits_since = Expr::col(orders::Column::ImportableAt).if_null(to_ms(at));
        let importable_at = Expr::case(is_pending, waits_since).finally(to_ms(at));
        update = update.col_expr(orders::Column::ImportableAt, importable_at.into());
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
    pub amounts: StoreAmounts,
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
    let before = find(db, id).await?.ok_or_else(|| DbErr::RecordNotFound(format!("order {id}")))?;
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
    let amounts =
        serde_json::to_string(&store_order.amounts).map_err(|error| DbErr::Json(error.to_string()))?;
    order_details::Entity::update_many()
        .col_expr(order_details::Column::StoreAmounts, Expr::value(amounts))
        .filter(order_details::Column::OrderId.eq(id.0))
        .exec(db)
        .await?;
    // Read again, an order that is known to be in the store is no news.
    if before.store_order_id == Some(store_order.id) && import_state(&before) == ImportState::Imported {
        return Ok(());
    }
    let about = About::order(ConnectionId(before.connection_id), id);
    webhook_messages::record(db, WebhookEvent::OrderImported, about, now).await
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

/// Writes down who looks after an order; `None` for nobody.
///
/// # Errors
/// When the database fails.
pub async fn set_assignee(
    db: &impl ConnectionTrait,
    id: OrderId,
    assignee: Option<UserId>,
) -> Result<(), DbErr> {
    set(db, id, orders::Column::AssigneeId, Expr::value(assignee.map(|id| id.0))).await
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
        purged: row.purged_at.is_some(),
        shipment_failed: row.shipment_failed,
        has_open_issue: row.open_errors + row.open_warnings > 0,
    }
}
