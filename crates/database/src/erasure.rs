//! Forgetting buyers: some time after an order has ended, when somebody asks for it, and when a shop has left.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement, Value, prelude::*};
use shared::{ConnectionId, OrderId};

use crate::entities::order_lines;
use crate::entities::orders::{Column, Entity};
use crate::timeline::{self, Entry};
use crate::{orders as write_side, to_ms, tombstones};

/// Orders that ended at `before` or earlier and still name their buyers, those that ended first in front. TikTok Shop's last
/// update of an ended order is its end.
///
/// # Errors
/// When the database fails.
pub async fn due(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<OrderId>, DbErr> {
    // The words of the index, or it would not be used.
    let sql = "SELECT id FROM orders
        WHERE buyer_erased_at IS NULL AND channel_status IN ('COMPLETED', 'CANCELLED')
            AND connection_id = $1 AND channel_updated_at <= $2 AND purged_at IS NULL
        ORDER BY channel_updated_at LIMIT $3";
    ids(db, sql, [connection.0.into(), to_ms(before).into(), as_limit(limit)]).await
}

/// Orders of a connection that still name their buyers, whatever has become of them.
///
/// # Errors
/// When the database fails.
pub async fn left(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    limit: u64,
) -> Result<Vec<OrderId>, DbErr> {
    let sql = "SELECT id FROM orders
        WHERE connection_id = $1 AND buyer_erased_at IS NULL AND purged_at IS NULL AND placed_at >= $2
        ORDER BY placed_at, id LIMIT $3";
    ids(db, sql, [connection.0.into(), i64::MIN.into(), as_limit(limit)]).await
}

fn as_limit(limit: u64) -> Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}

async fn ids(db: &impl ConnectionTrait, sql: &str, values: [Value; 3]) -> Result<Vec<OrderId>, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get("", "id").map(OrderId)).collect()
}

/// Removes from an order whatever is about its buyer; what it was, what it cost and what became of it stay. `false` when it was
/// done before. Belongs into a transaction.
///
/// # Errors
/// When the database fails.
pub async fn erase(
    db: &impl ConnectionTrait,
    id: OrderId,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let marked = Entity::update_many()
        .col_expr(Column::BuyerErasedAt, Expr::value(to_ms(now)))
        .filter(Column::Id.eq(id.0))
        .filter(Column::BuyerErasedAt.is_null())
        .exec(db)
        .await?;
    if marked.rows_affected == 0 {
        return Ok(false);
    }
    tombstones::forget_buyer(db, id).await?;
    keep_words(db, id).await?;
    let entry =
        Entry::by(actor, "privacy", "Erased what names the buyer, and what was written about the order.");
    timeline::record(db, id, entry, now).await?;
    write_side::derive_status(db, id, now).await?;
    Ok(true)
}

/// What the order was still finds it; where it went does not.
async fn keep_words(db: &impl ConnectionTrait, id: OrderId) -> Result<(), DbErr> {
    let Some(order) = Entity::find_by_id(id.0).one(db).await? else { return Ok(()) };
    let lines = order_lines::Entity::find().filter(order_lines::Column::OrderId.eq(id.0)).all(db).await?;
    let mut words = BTreeSet::from([order.tiktok_order_id.as_str()]);
    for line in &lines {
        words.insert(&line.product_name);
        words.extend([&line.seller_sku, &line.sku_name].into_iter().filter_map(Option::as_deref));
    }
    write_side::write_search_text(db, id, &words).await
}

/// One of TikTok Shop's answers among all of them, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawPosition {
    recorded_at: i64,
    id: i64,
}

impl RawPosition {
    /// Before the first answer.
    pub const BEGINNING: Self = Self { recorded_at: i64::MIN, id: 0 };
}

/// Looks at TikTok Shop's next `limit` answers that came before a time, whichever connection they are of, and removes those of
/// this connection that are about ended orders, or that a newer one has followed. Where to go on; `None` when all were looked
/// at. What is kept is passed by once in a walk, not read again by each step.
///
/// # Errors
/// When the database fails.
pub async fn purge_raw(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    before: DateTime<Utc>,
    after: RawPosition,
    limit: u64,
) -> Result<Option<RawPosition>, DbErr> {
    let next = "SELECT id, recorded_at FROM snapshots
        WHERE recorded_at <= $1 AND recorded_at >= $2 AND (recorded_at > $2 OR id > $3)
        ORDER BY recorded_at, id LIMIT $4";
    let values: [Value; 4] =
        [to_ms(before).into(), after.recorded_at.into(), after.id.into(), as_limit(limit)];
    let backend = db.get_database_backend();
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, next, values)).await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let reached = RawPosition { recorded_at: last.try_get("", "recorded_at")?, id: last.try_get("", "id")? };
    let ids = rows.iter().map(|row| row.try_get::<i64>("", "id")).collect::<Result<Vec<_>, _>>()?;
    let listed = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let delete = format!(
        "DELETE FROM snapshots WHERE id IN (
            SELECT s.id FROM snapshots s JOIN orders o ON o.id = s.order_id
            WHERE s.id IN ({listed}) AND o.connection_id = $1 AND (
                o.channel_status IN ('COMPLETED', 'CANCELLED')
                OR EXISTS (SELECT 1 FROM snapshots newer WHERE newer.order_id = s.order_id AND newer.id > s.id)
            )
        )"
    );
    db.execute_raw(Statement::from_sql_and_values(backend, delete, [connection.0.into()])).await?;
    Ok((ids.len() as u64 == limit).then_some(reached))
}
