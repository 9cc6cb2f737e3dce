//! How many orders there are of each status.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Alias, Expr, Func, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr};
use shared::{OrderCounts, OrderStatus, StatusCount, TimeRange};

use crate::entities::{order_counts, orders};
use crate::order_filter::Criteria;
use crate::{Vault, to_ms};

/// Beyond this many matches a search is not counted to its end.
pub const COUNTED_MATCHES: u64 = 10_000;
const DAY_MS: i64 = 86_400_000;

/// The counts of the tabs: every order that the criteria mean, by its status; the status filter is left aside.
///
/// Connection and time of placing are answered from counters that the database keeps, exactly and at any size. Anything
/// else is counted up to [`COUNTED_MATCHES`].
///
/// # Errors
/// When the database fails.
pub async fn count(
    db: &impl ConnectionTrait,
    vault: &Vault,
    criteria: Criteria,
) -> Result<OrderCounts, DbErr> {
    let criteria = criteria.without_status();
    if criteria.is_kept_by_counters() {
        let connections: Vec<i64> = criteria.filter.connection.iter().map(|id| id.0).collect();
        let counted = sum(counted_by_counters(&connections, criteria.filter.created_at));
        return Ok(OrderCounts { at_least: false, ..read(db, &counted).await? });
    }
    let resolved = criteria.resolve(db, vault).await?.for_counting(db, COUNTED_MATCHES).await?;
    let mut matches = Query::select()
        .column(orders::Column::Status)
        .expr_as(Expr::val(1_i64), Alias::new("n"))
        .from(orders::Entity)
        .cond_where(resolved.condition())
        .cond_where(resolved.status_and_connection())
        .to_owned();
    matches.limit(COUNTED_MATCHES + 1);
    let counts = read(db, &sum(matches)).await?;
    Ok(OrderCounts { at_least: counts.all > COUNTED_MATCHES as i64, ..counts })
}

/// Whole days from the counters, the rest of the first and the last day from the orders; in one statement, so that an
/// order that changes meanwhile is counted once.
fn counted_by_counters(connections: &[i64], range: TimeRange) -> SelectStatement {
    let ms = |time: Option<DateTime<Utc>>| time.map(to_ms);
    let (from, to) = (ms(range.gte), ms(range.lt));
    let first_day = from.map(|from| from.div_euclid(DAY_MS) + i64::from(from.rem_euclid(DAY_MS) > 0));
    let end_day = to.map(|to| to.div_euclid(DAY_MS));
    if let (Some(from), Some(to), Some(first_day), Some(end_day)) = (from, to, first_day, end_day)
        && first_day >= end_day
    {
        return placed_between(connections, from, to);
    }
    let mut days = Query::select()
        .column(order_counts::Column::Status)
        .expr_as(Expr::col(order_counts::Column::N), Alias::new("n"))
        .from(order_counts::Entity)
        .to_owned();
    if !connections.is_empty() {
        days.and_where(order_counts::Column::ConnectionId.is_in(connections.iter().copied()));
    }
    if let Some(first_day) = first_day {
        days.and_where(order_counts::Column::Day.gte(first_day));
    }
    if let Some(end_day) = end_day {
        days.and_where(order_counts::Column::Day.lt(end_day));
    }
    if let (Some(from), Some(first_day)) = (from, first_day)
        && from < first_day * DAY_MS
    {
        days.union(UnionType::All, placed_between(connections, from, first_day * DAY_MS));
    }
    if let (Some(to), Some(end_day)) = (to, end_day)
        && end_day * DAY_MS < to
    {
        days.union(UnionType::All, placed_between(connections, end_day * DAY_MS, to));
    }
    days
}

fn placed_between(connections: &[i64], from: i64, to: i64) -> SelectStatement {
    let mut placed = Query::select()
        .column(orders::Column::Status)
        .expr_as(Expr::val(1_i64), Alias::new("n"))
        .from(orders::Entity)
        .and_where(orders::Column::ArchivedAt.is_null())
        .and_where(orders::Column::PlacedAt.gte(from))
        .and_where(orders::Column::PlacedAt.lt(to))
        .to_owned();
    if !connections.is_empty() {
        placed.and_where(orders::Column::ConnectionId.is_in(connections.iter().copied()));
    }
    placed
}

/// Adds up rows of (status, n).
fn sum(rows: SelectStatement) -> SelectStatement {
    // PostgreSQL sums whole numbers to decimals.
    let total = Func::cast_as(Func::sum(Expr::col("n")), Alias::new("BIGINT"));
    Query::select()
        .column("status")
        .expr_as(total, Alias::new("total"))
        .from_subquery(rows, "counted")
        .group_by_col("status")
        .to_owned()
}

async fn read(db: &impl ConnectionTrait, counted: &SelectStatement) -> Result<OrderCounts, DbErr> {
    let rows = db.query_all(counted).await?;
    let mut by_status: Vec<_> =
        OrderStatus::ALL.iter().map(|status| StatusCount { status: *status, count: 0 }).collect();
    for row in rows {
        let status: String = row.try_get("", "status")?;
        let count: i64 = row.try_get("", "total")?;
        let entry = by_status.iter_mut().find(|entry| entry.status.as_str() == status);
        let entry = entry.ok_or_else(|| DbErr::Type(format!("unknown order status “{status}”")))?;
        entry.count = count;
    }
    let all = by_status.iter().map(|entry| entry.count).sum();
    Ok(OrderCounts { all, by_status, at_least: false })
}
