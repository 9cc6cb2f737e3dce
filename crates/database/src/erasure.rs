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

/// Removes TikTok Shop's answers that came before a time: those about ended orders, and those that a newer one has followed. How
/// many there were, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn purge_raw(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<u64, DbErr> {
    let sql = "DELETE FROM snapshots WHERE id IN (
        SELECT s.id FROM snapshots s JOIN orders o ON o.id = s.order_id
        WHERE s.recorded_at <= $2 AND o.connection_id = $1 AND (
            o.channel_status IN ('COMPLETED', 'CANCELLED')
            OR EXISTS (SELECT 1 FROM snapshots newer WHERE newer.order_id = s.order_id AND newer.id > s.id)
        )
        ORDER BY s.recorded_at LIMIT $3
    )";
    let values: [Value; 3] = [connection.0.into(), to_ms(before).into(), as_limit(limit)];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected())
}
