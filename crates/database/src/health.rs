//! How each connection is doing.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select, prelude::*,
};
use shared::{ConnectionId, ImportState, IssueCode, OrderId, Severity};

use crate::entities::issues;
use crate::entities::orders::{Column, Entity};
use crate::order_filter::SHIP_BY;
use crate::{from_ms, to_ms};

/// Percentiles are taken from this many of the latest imports.
const RECENT_IMPORTS: u64 = 200;

/// How the imports of a connection are going.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportPace {
    /// Orders that are importable and not yet in the store.
    pub waiting: i64,
    /// The one of them that has been waiting longest, and since when.
    pub oldest_waiting: Option<(OrderId, DateTime<Utc>)>,
    /// Of the imports of the last 24 hours and the orders that cannot be imported now, how many in 100 went well.
    pub success_percent: Option<i64>,
    /// Half of the recent imports took at most this long from being importable, in milliseconds.
    pub p50_ms: Option<i64>,
    /// 95 in 100 of the recent imports took at most this long, in milliseconds.
    pub p95_ms: Option<i64>,
}

/// How the imports of a connection are going.
///
/// # Errors
/// When the database fails.
pub async fn import_pace(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    now: DateTime<Utc>,
) -> Result<ImportPace, DbErr> {
    let waiting = waiting_for_import(connection).count(db).await?;
    let success = import_success(db, connection, now).await?;
    let durations = durations(db, recent_imports(connection)).await?;
    Ok(ImportPace {
        waiting: signed(waiting),
        oldest_waiting: oldest_of(db, waiting_for_import(connection), now).await?,
        success_percent: success.percent(),
        p50_ms: percentile(&durations, 50),
        p95_ms: percentile(&durations, 95),
    })
}

/// How many orders were imported, and how many cannot be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportSuccess {
    pub imported: u64,
    pub blocked: u64,
}

impl ImportSuccess {
    /// How many in 100 went well; `None` when there are none.
    #[must_use]
    pub fn percent(self) -> Option<i64> {
        let all = self.imported + self.blocked;
        (all > 0).then(|| signed(self.imported * 100 / all))
    }
}

/// The imports of the last 24 hours and the orders that cannot be imported now.
///
/// # Errors
/// When the database fails.
pub async fn import_success(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    now: DateTime<Utc>,
) -> Result<ImportSuccess, DbErr> {
    let blocked = Column::ImportState.eq(ImportState::Blocked.as_str());
    let blocked = waiting_for_import(connection).filter(blocked).count(db).await?;
    let imported = Entity::find()
        .filter(Column::ConnectionId.eq(connection.0))
        .filter(Column::ImportedAt.gte(to_ms(now - TimeDelta::hours(24))))
        .count(db)
        .await?;
    Ok(ImportSuccess { imported, blocked })
}

/// 95 in 100 of the latest imports since a time took at most this long from being importable, in milliseconds; `None` when
/// there were none.
///
/// # Errors
/// When the database fails.
pub async fn p95_since(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    since: DateTime<Utc>,
) -> Result<Option<i64>, DbErr> {
    let recent = recent_imports(connection).filter(Column::ImportedAt.gte(to_ms(since)));
    Ok(percentile(&durations(db, recent).await?, 95))
}

/// Whether an order of a connection was placed after a time.
///
/// # Errors
/// When the database fails.
pub async fn has_order_placed_after(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    time: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let later = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConnectionId.eq(connection.0))
        .filter(Column::PlacedAt.gt(to_ms(time)))
        .limit(1);
    Ok(later.into_tuple::<i64>().one(db).await?.is_some())
}

fn recent_imports(connection: ConnectionId) -> Select<Entity> {
    Entity::find()
        .select_only()
        .columns([Column::ImportedAt, Column::ImportableAt])
        .filter(Column::ConnectionId.eq(connection.0))
        .filter(Column::ImportedAt.is_not_null())
        .filter(Column::ImportableAt.is_not_null())
        .order_by_desc(Column::ImportedAt)
        .limit(RECENT_IMPORTS)
}

/// How long imports took, in milliseconds, shortest first.
async fn durations(db: &impl ConnectionTrait, imports: Select<Entity>) -> Result<Vec<i64>, DbErr> {
    let times: Vec<(i64, i64)> = imports.into_tuple().all(db).await?;
    let mut durations: Vec<i64> =
        times.into_iter().map(|(imported, importable)| Ord::max(imported - importable, 0)).collect();
    durations.sort_unstable();
    Ok(durations)
}

/// The order that waits longest of those that were not tried yet, and since when it could have been imported. What was tried
/// in vain has its issue, and stays out also while it is tried again.
///
/// # Errors
/// When the database fails.
pub async fn oldest_pending(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    now: DateTime<Utc>,
) -> Result<Option<(OrderId, DateTime<Utc>)>, DbErr> {
    oldest_of(db, pending(connection), now).await
}

fn pending(connection: ConnectionId) -> Select<Entity> {
    waiting_for_import(connection).filter(Column::ImportState.eq(ImportState::Pending.as_str()))
}

/// The one of these orders that could have been imported for longest, and since when.
async fn oldest_of(
    db: &impl ConnectionTrait,
    waiting: Select<Entity>,
    now: DateTime<Utc>,
) -> Result<Option<(OrderId, DateTime<Utc>)>, DbErr> {
    let oldest: Option<(i64, i64)> = oldest_first(waiting, now).limit(1).into_tuple().one(db).await?;
    Ok(oldest.map(|(id, since)| (OrderId(id), from_ms(since))))
}

fn oldest_first(waiting: Select<Entity>, now: DateTime<Utc>) -> Select<Entity> {
    waiting
        .select_only()
        .columns([Column::Id, Column::ImportableAt])
        // What waits for the import delay is not late.
        .filter(Column::ImportableAt.lte(to_ms(now)))
        .order_by_asc(Column::ImportableAt)
}

/// The orders of a connection that are to be imported and are not yet.
fn waiting_for_import(connection: ConnectionId) -> Select<Entity> {
    Entity::find()
        .filter(Column::ConnectionId.eq(connection.0))
        // The words of the index, or it would not be used.
        .filter(Expr::cust("import_state IN ('pending', 'importing', 'blocked')"))
}

/// How many orders of a connection met an error since a time that is still open.
///
/// # Errors
/// When the database fails.
pub async fn new_errors(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    since: DateTime<Utc>,
) -> Result<i64, DbErr> {
    let orders: i64 = issues::Entity::find()
        .select_only()
        .expr(issues::Column::OrderId.into_expr().count_distinct())
        .filter(issues::Column::ConnectionId.eq(connection.0))
        .filter(issues::Column::OpenedAt.gte(to_ms(since)))
        .filter(issues::Column::ResolvedAt.is_null())
        .filter(issues::Column::Severity.eq(Severity::Error.as_str()))
        .into_tuple()
        .one(db)
        .await?
        .unwrap_or_default();
    Ok(orders)
}

/// How many open issues of a code a connection has.
///
/// # Errors
/// When the database fails.
pub async fn open_issues(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    code: IssueCode,
) -> Result<i64, DbErr> {
    let open = issues::Entity::find()
        .filter(issues::Column::Code.eq(code.as_str()))
        .filter(issues::Column::ConnectionId.eq(connection.0))
        .filter(issues::Column::ResolvedAt.is_null());
    Ok(signed(open.count(db).await?))
}

/// How many orders of a connection are to be shipped before a time, and are not deleted.
///
/// # Errors
/// When the database fails.
pub async fn to_ship_before(
    db: &impl ConnectionTrait,
    connection: ConnectionId,
    until: DateTime<Utc>,
) -> Result<i64, DbErr> {
    let due = Entity::find()
        .filter(Expr::cust(SHIP_BY).lt(to_ms(until)))
        .filter(Column::ConnectionId.eq(connection.0))
        .filter(Column::ArchivedAt.is_null());
    Ok(signed(due.count(db).await?))
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The smallest value that at least `percent` in 100 do not exceed.
fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use clock::SystemClock;
    use sea_orm::QueryTrait;

    use super::*;
    use crate::{Database, MasterKey, Vault};

    #[tokio::test]
    async fn what_waits_is_found_by_the_index_that_is_kept_for_it() {
        let store = test_database::sqlite();
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
        for waiting in [waiting_for_import(ConnectionId(1)), pending(ConnectionId(1))] {
            let mut statement = oldest_first(waiting, DateTime::UNIX_EPOCH).build(database.backend());
            statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
            let plan = database.reader().query_all_raw(statement).await.unwrap();

            let steps: Vec<String> = plan.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
            assert_eq!(
                steps,
                ["SEARCH orders USING INDEX orders_waiting_for_import (connection_id=? AND importable_at<?)"]
            );
        }
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 95), Some(7));
        assert_eq!(percentile(&[1, 2, 3, 4], 50), Some(2));
        assert_eq!(percentile(&(1..=100).collect::<Vec<_>>(), 95), Some(95));
    }
}
