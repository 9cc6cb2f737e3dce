//! What all processes know of how the two sides of each connection answer. A side without a row answers well.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement, Value, prelude::*};
use shared::{BreakerState, ConnectionId, Side, SideHealth};

use crate::entities::circuit_breakers::{Column, Entity, Model};
use crate::{from_ms, to_ms};

/// How one side of a connection answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Since when the side is not called; `None` while it is.
    pub opened_at: Option<DateTime<Utc>>,
    /// When one call may try the side.
    pub next_try_at: Option<DateTime<Utc>>,
    /// Until when that one call may take.
    pub trying_until: Option<DateTime<Utc>>,
    /// How many such calls have failed.
    pub failed_tries: i32,
    pub reason: Option<String>,
    /// The side asked for fewer calls and is left alone until then.
    pub limited_until: Option<DateTime<Utc>>,
    /// The latest time that the clock of whoever wrote these times showed; `None` without a row.
    pub timed_at: Option<DateTime<Utc>>,
}

impl Breaker {
    fn of(model: Model) -> Self {
        Self {
            opened_at: model.opened_at.map(from_ms),
            next_try_at: model.next_try_at.map(from_ms),
            trying_until: model.trying_until.map(from_ms),
            failed_tries: model.failed_tries,
            reason: model.reason,
            limited_until: model.limited_until.map(from_ms),
            timed_at: Some(from_ms(model.timed_at)),
        }
    }

    /// As a person sees it.
    #[must_use]
    pub fn shown(&self, now: DateTime<Utc>) -> SideHealth {
        let is_tried = self.trying_until.is_some_and(|until| until > now);
        SideHealth {
            breaker: match self.opened_at {
                None => BreakerState::Closed,
                Some(_) if is_tried => BreakerState::HalfOpen,
                Some(_) => BreakerState::Open,
            },
            down_since: self.opened_at,
            next_try_at: self.next_try_at,
            reason: self.reason.clone(),
            limited_until: self.limited_until.filter(|until| *until > now),
        }
    }
}

/// How one side of a connection answers.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    side: Side,
) -> Result<Breaker, DbErr> {
    let model = Entity::find_by_id((connection_id.0, side.as_str().to_owned())).one(db).await?;
    Ok(model.map(Breaker::of).unwrap_or_default())
}

/// How both sides of a connection answer: TikTok Shop, then the store.
///
/// # Errors
/// When the database fails.
pub async fn of_connection(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
) -> Result<(Breaker, Breaker), DbErr> {
    let rows = Entity::find().filter(Column::ConnectionId.eq(connection_id.0)).all(db).await?;
    let mut both = (Breaker::default(), Breaker::default());
    for row in rows {
        match row.side.parse() {
            Ok(Side::Channel) => both.0 = Breaker::of(row),
            Ok(Side::Store) => both.1 = Breaker::of(row),
            Err(_) => {}
        }
    }
    Ok(both)
}

/// Keeps everybody from calling a side until `next_try_at`; `true` when nobody had done so before.
///
/// # Errors
/// When the database fails.
pub async fn open(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    side: Side,
    reason: &str,
    next_try_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let opened = "INSERT INTO circuit_breakers (connection_id, side, timed_at, opened_at, next_try_at, reason)
         VALUES ($1, $2, $3, $3, $4, $5)
         ON CONFLICT (connection_id, side) DO UPDATE SET opened_at = excluded.opened_at,
            next_try_at = excluded.next_try_at, reason = excluded.reason, trying_until = NULL, failed_tries = 0,
            timed_at = CASE WHEN circuit_breakers.timed_at < $3 THEN $3 ELSE circuit_breakers.timed_at END
         WHERE circuit_breakers.opened_at IS NULL";
    let values: [Value; 3] = [to_ms(now).into(), to_ms(next_try_at).into(), reason.into()];
    Ok(change(db, connection_id, side, opened, values).await? > 0)
}

/// Asks for the right to be the one call that tries the side, until `until` at most. Nobody else has it meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn begin_try(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    side: Side,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let begun = "UPDATE circuit_breakers SET trying_until = $4,
            timed_at = CASE WHEN timed_at < $3 THEN $3 ELSE timed_at END
         WHERE connection_id = $1 AND side = $2 AND next_try_at <= $3
         AND (trying_until IS NULL OR trying_until <= $3)";
    let values: [Value; 2] = [to_ms(now).into(), to_ms(until).into()];
    Ok(change(db, connection_id, side, begun, values).await? > 0)
}

/// The one call has failed: the side is left alone until `next_try_at`.
///
/// # Errors
/// When the database fails.
pub async fn try_failed(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    side: Side,
    reason: &str,
    next_try_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let failed = "UPDATE circuit_breakers SET next_try_at = $4, reason = $5, trying_until = NULL,
            failed_tries = failed_tries + 1, timed_at = CASE WHEN timed_at < $3 THEN $3 ELSE timed_at END
         WHERE connection_id = $1 AND side = $2 AND opened_at IS NOT NULL";
    let values: [Value; 3] = [to_ms(now).into(), to_ms(next_try_at).into(), reason.into()];
    change(db, connection_id, side, failed, values).await.map(drop)
}

/// The one call has proved nothing, for it did not come to ask the side: somebody else may try.
///
/// # Errors
/// When the database fails.
pub async fn give_up_try(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    side: Side,
) -> Result<(), DbErr> {
    let given_up = "UPDATE circuit_breakers SET trying_until = NULL WHERE connection_id = $1 AND side = $2";
    change(db, connection_id, side, given_up, []).await.map(drop)
}

/// Lets everybody call the side again; `true` when it was kept from being called.
///
/// # Errors
/// When the database fails.
pub async fn close(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    side: Side,
) -> Result<bool, DbErr> {
    let closed = "UPDATE circuit_breakers SET opened_at = NULL, next_try_at = NULL, trying_until = NULL,
            failed_tries = 0, reason = NULL
         WHERE connection_id = $1 AND side = $2 AND opened_at IS NOT NULL";
    Ok(change(db, connection_id, side, closed, []).await? > 0)
}

/// The side asked for fewer calls: it is left alone until `until`, or longer if it said so before.
///
/// # Errors
/// When the database fails.
pub async fn limit(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    side: Side,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let limited = "INSERT INTO circuit_breakers (connection_id, side, timed_at, limited_until)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (connection_id, side) DO UPDATE SET limited_until = excluded.limited_until,
            timed_at = CASE WHEN circuit_breakers.timed_at < $3 THEN $3 ELSE circuit_breakers.timed_at END
         WHERE circuit_breakers.limited_until IS NULL
            OR circuit_breakers.limited_until < excluded.limited_until";
    let values: [Value; 2] = [to_ms(now).into(), to_ms(until).into()];
    change(db, connection_id, side, limited, values).await.map(drop)
}

/// Corrects the sides whose times come from a clock that was ahead of `latest`: the next try may be made at once, and
/// nothing is limited. Returns how many sides were corrected.
///
/// # Errors
/// When the database fails.
pub async fn pull_back(
    db: &impl ConnectionTrait,
    latest: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let pulled_back = "UPDATE circuit_breakers SET
            opened_at = CASE WHEN opened_at > $2 THEN $2 ELSE opened_at END,
            next_try_at = CASE WHEN next_try_at > $2 THEN $2 ELSE next_try_at END,
            trying_until = NULL, limited_until = NULL, timed_at = $2
         WHERE timed_at > $1";
    let values: [Value; 2] = [to_ms(latest).into(), to_ms(now).into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), pulled_back, values);
    Ok(db.execute_raw(statement).await?.rows_affected())
}

async fn change<const N: usize>(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    side: Side,
    sql: &str,
    values: [Value; N],
) -> Result<u64, DbErr> {
    let place: [Value; 2] = [connection_id.0.into(), side.as_str().into()];
    let values: Vec<Value> = place.into_iter().chain(values).collect();
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected())
}
