//! Runs of "fetch orders": which orders were listed, and what became of each.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement, prelude::*};
use shared::{ConnectionId, FetchOrders, SyncRun, SyncRunId, SyncRunState, TikTokOrderId};

use crate::entities::{sync_run_orders, sync_runs};
use crate::{from_ms, to_ms};

/// What became of an order that a run listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    New,
    Updated,
    Unchanged,
    Gone,
}

impl RunOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Gone => "gone",
        }
    }
}

/// Begins a run.
///
/// # Errors
/// When the database fails.
pub async fn create(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    range: &FetchOrders,
    now: DateTime<Utc>,
) -> Result<SyncRunId, DbErr> {
    let run = sync_runs::ActiveModel {
        connection_id: Set(connection_id.0),
        state: Set(SyncRunState::Queued.to_string()),
        updated_since: Set(range.updated_since.map(to_ms)),
        updated_before: Set(range.updated_before.map(to_ms)),
        created_at: Set(to_ms(now)),
        ..Default::default()
    };
    Ok(SyncRunId(sync_runs::Entity::insert(run).exec(db).await?.last_insert_id))
}

/// One run with its numbers.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &impl ConnectionTrait, id: SyncRunId) -> Result<Option<SyncRun>, DbErr> {
    let Some(run) = sync_runs::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "SELECT COUNT(*) AS seen,
            COUNT(CASE WHEN listed.outcome = 'new' THEN 1 END) AS new_ones,
            COUNT(CASE WHEN listed.outcome = 'updated' THEN 1 END) AS updated,
            COUNT(CASE WHEN listed.outcome IS NULL THEN 1 END) AS pending,
            COUNT(CASE WHEN orders.import_state = 'blocked' THEN 1 END) AS blocked
         FROM sync_run_orders listed
         LEFT JOIN orders ON orders.connection_id = $2 AND orders.tiktok_order_id = listed.tiktok_order_id
         WHERE listed.run_id = $1",
        [id.0.into(), run.connection_id.into()],
    );
    let row = db.query_one_raw(statement).await?.ok_or_else(|| DbErr::Custom("no counts".to_owned()))?;
    let number = |name: &str| row.try_get::<i64>("", name);
    let pending = number("pending")?;
    let state = match run.state.parse().unwrap_or(SyncRunState::Failed) {
        _ if run.canceled_at.is_some() => SyncRunState::Canceled,
        // Listing has ended, and reading goes on.
        SyncRunState::Done if pending > 0 => SyncRunState::Running,
        listed => listed,
    };
    Ok(Some(SyncRun {
        id,
        connection_id: ConnectionId(run.connection_id),
        state,
        updated_since: run.updated_since.map(from_ms),
        updated_before: run.updated_before.map(from_ms),
        seen: number("seen")?,
        new: number("new_ones")?,
        updated: number("updated")?,
        blocked: number("blocked")?,
        pending,
        error: run.error,
        created_at: from_ms(run.created_at),
        finished_at: run.finished_at.map(from_ms),
    }))
}

/// Notes orders that the run listed and that are still to be read.
///
/// # Errors
/// When the database fails.
pub async fn list_orders(
    db: &impl ConnectionTrait,
    id: SyncRunId,
    tiktok_order_ids: &[TikTokOrderId],
) -> Result<(), DbErr> {
    if tiktok_order_ids.is_empty() {
        return Ok(());
    }
    let rows = tiktok_order_ids.iter().map(|tiktok_order_id| sync_run_orders::ActiveModel {
        run_id: Set(id.0),
        tiktok_order_id: Set(tiktok_order_id.0.clone()),
        outcome: Set(None),
    });
    sync_run_orders::Entity::insert_many(rows)
        .on_conflict_do_nothing_on([sync_run_orders::Column::RunId, sync_run_orders::Column::TiktokOrderId])
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Notes in every open run of the connection what became of an order.
///
/// # Errors
/// When the database fails.
pub async fn note_outcome(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    tiktok_order_id: &TikTokOrderId,
    outcome: RunOutcome,
) -> Result<bool, DbErr> {
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "UPDATE sync_run_orders SET outcome = $1 WHERE tiktok_order_id = $2 AND outcome IS NULL
         AND run_id IN (SELECT id FROM sync_runs WHERE connection_id = $3)",
        [outcome.as_str().into(), tiktok_order_id.as_str().into(), connection_id.0.into()],
    );
    Ok(db.execute_raw(statement).await?.rows_affected() > 0)
}

/// Stops a run that has not ended: nothing further is listed. One that has ended stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn cancel(db: &impl ConnectionTrait, id: SyncRunId, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "UPDATE sync_runs SET state = 'failed', canceled_at = $2, finished_at = $2
         WHERE id = $1 AND canceled_at IS NULL AND (state IN ('queued', 'running') OR (state = 'done' AND EXISTS (
            SELECT 1 FROM sync_run_orders WHERE run_id = $1 AND outcome IS NULL
         )))",
        [id.0.into(), to_ms(now).into()],
    );
    Ok(db.execute_raw(statement).await?.rows_affected() > 0)
}

/// Whether somebody has stopped a run.
///
/// # Errors
/// When the database fails.
pub async fn is_canceled(db: &impl ConnectionTrait, id: SyncRunId) -> Result<bool, DbErr> {
    let canceled = sync_runs::Entity::find_by_id(id.0).filter(sync_runs::Column::CanceledAt.is_not_null());
    Ok(canceled.one(db).await?.is_some())
}

/// Notes how far the listing has come; `false` when somebody has stopped the run.
///
/// # Errors
/// When the database fails.
pub async fn set_state(
    db: &impl ConnectionTrait,
    id: SyncRunId,
    state: SyncRunState,
    error: Option<String>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let ended = matches!(state, SyncRunState::Done | SyncRunState::Failed);
    let updated = sync_runs::Entity::update_many()
        .col_expr(sync_runs::Column::State, Expr::value(state.as_str()))
        .col_expr(sync_runs::Column::Error, Expr::value(error))
        .col_expr(sync_runs::Column::FinishedAt, Expr::value(ended.then(|| to_ms(now))))
        .filter(sync_runs::Column::Id.eq(id.0))
        .filter(sync_runs::Column::CanceledAt.is_null())
        .exec(db)
        .await?;
    Ok(updated.rows_affected > 0)
}
