//! Comparisons of both sides with our record: each one's progress, then its receipt.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*,
};
use shared::{ConnectionId, Reconciliation, ReconciliationId, ReconciliationState};

use crate::entities::reconciliations::{ActiveModel, Column, Entity, Model};
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{from_ms, to_ms};

/// What a comparison has found so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings {
    pub seen_on_tiktok: i64,
    pub seen_in_store: i64,
    pub compared: i64,
    pub missing_here: i64,
    pub behind: i64,
    pub missing_in_store: i64,
    pub differences: i64,
    pub healed: i64,
}

impl Findings {
    /// Adds what another part of the comparison has found.
    pub fn add(&mut self, other: Self) {
        self.seen_on_tiktok += other.seen_on_tiktok;
        self.seen_in_store += other.seen_in_store;
        self.compared += other.compared;
        self.missing_here += other.missing_here;
        self.behind += other.behind;
        self.missing_in_store += other.missing_in_store;
        self.differences += other.differences;
        self.healed += other.healed;
    }

    /// Whether everything agreed.
    #[must_use]
    pub fn agree(&self) -> bool {
        let Self { missing_here, behind, missing_in_store, differences, .. } = *self;
        missing_here + behind + missing_in_store + differences == 0
    }
}

/// Begins a comparison of what TikTok Shop changed between two times.
///
/// # Errors
/// When the database fails.
pub async fn create(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    actor: &str,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<ReconciliationId, DbErr> {
    let row = ActiveModel {
        connection_id: Set(connection_id.0),
        state: Set(ReconciliationState::Queued.to_string()),
        actor: Set(actor.to_owned()),
        window_from: Set(to_ms(from)),
        window_until: Set(to_ms(until)),
        created_at: Set(to_ms(now)),
        ..Default::default()
    };
    Ok(ReconciliationId(Entity::insert(row).exec(db).await?.last_insert_id))
}

/// Lets the comparison of an actor that waits and has not begun reach to a later time; `false` when there is none.
///
/// # Errors
/// When the database fails.
pub async fn prolong(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    actor: &str,
    until: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let prolonged = Entity::update_many()
        .col_expr(Column::WindowUntil, Expr::value(to_ms(until)))
        .filter(Column::ConnectionId.eq(connection_id.0))
        .filter(Column::EndedAt.is_null())
        .filter(Column::State.eq(ReconciliationState::Queued.as_str()))
        .filter(Column::Actor.eq(actor))
        .exec(db)
        .await?;
    Ok(prolonged.rows_affected > 0)
}

/// One comparison.
///
/// # Errors
/// When the database fails, or holds a word that is not known.
pub async fn find(db: &impl ConnectionTrait, id: ReconciliationId) -> Result<Option<Reconciliation>, DbErr> {
    Entity::find_by_id(id.0).one(db).await?.map(shown).transpose()
}

/// The comparison of a connection that has been waiting longest, or was interrupted.
///
/// # Errors
/// When the database fails, or holds a word that is not known.
pub async fn next_waiting(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
) -> Result<Option<Reconciliation>, DbErr> {
    first(db, of_connection(connection_id).filter(Column::EndedAt.is_null()).order_by_asc(Column::Id)).await
}

/// The last comparison of a connection that has ended, in whatever way.
///
/// # Errors
/// When the database fails, or holds a word that is not known.
pub async fn last_ended(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
) -> Result<Option<Reconciliation>, DbErr> {
    let ended = of_connection(connection_id).filter(Column::EndedAt.is_not_null());
    first(db, ended.order_by_desc(Column::Id)).await
}

/// The last comparison of a connection that went through to its end.
///
/// # Errors
/// When the database fails, or holds a word that is not known.
pub async fn last_done(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
) -> Result<Option<Reconciliation>, DbErr> {
    let done = Column::State.eq(ReconciliationState::Done.as_str());
    first(db, of_connection(connection_id).filter(done).order_by_desc(Column::Id)).await
}

fn of_connection(connection_id: ConnectionId) -> Select<Entity> {
    Entity::find().filter(Column::ConnectionId.eq(connection_id.0))
}

async fn first(db: &impl ConnectionTrait, wanted: Select<Entity>) -> Result<Option<Reconciliation>, DbErr> {
    wanted.one(db).await?.map(shown).transpose()
}

/// A page of a connection's comparisons, newest first.
///
/// # Errors
/// When the database fails, or holds a word that is not known.
pub async fn page(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    request: &PageRequest,
) -> Result<Slice<Reconciliation>, DbErr> {
    let rows = of_connection(connection_id)
        .filter(request.range(None, Column::Id, true).condition)
        .order_by(Column::Id, request.order(true))
        .limit(request.rows())
        .all(db)
        .await?;
    let position = |row: &Model| Position { key: PositionKey::Number(row.id), id: row.id };
    request.slice(rows, position).try_map(shown)
}

/// Stops a comparison that has not ended; what was found until then stays. One that has ended stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn cancel(
    db: &impl ConnectionTrait,
    id: ReconciliationId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let canceled = unended(id)
        .col_expr(Column::State, Expr::value(ReconciliationState::Failed.as_str()))
        .col_expr(Column::CanceledAt, Expr::value(to_ms(now)))
        .col_expr(Column::EndedAt, Expr::value(to_ms(now)))
        .exec(db)
        .await?;
    Ok(canceled.rows_affected > 0)
}

fn unended(id: ReconciliationId) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many().filter(Column::Id.eq(id.0)).filter(Column::EndedAt.is_null())
}

/// Notes that the comparing has begun, perhaps anew.
///
/// # Errors
/// When the database fails.
pub async fn begin(db: &impl ConnectionTrait, id: ReconciliationId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let begin = unended(id)
        .col_expr(Column::State, Expr::value(ReconciliationState::Running.as_str()))
        .col_expr(Column::StartedAt, Expr::value(to_ms(now)));
    note(begin, Findings::default()).exec(db).await?;
    Ok(())
}

/// Notes what was found so far; `false` when somebody has stopped the comparison.
///
/// # Errors
/// When the database fails.
pub async fn progress(
    db: &impl ConnectionTrait,
    id: ReconciliationId,
    findings: Findings,
) -> Result<bool, DbErr> {
    Ok(note(unended(id), findings).exec(db).await?.rows_affected > 0)
}

/// Writes the receipt, with all that was found, or with why it could not be ended and what was found until then. That of
/// a comparison that somebody has stopped is written already.
///
/// # Errors
/// When the database fails.
pub async fn end(
    db: &impl ConnectionTrait,
    id: ReconciliationId,
    found: Result<Findings, &str>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let end = unended(id).col_expr(Column::EndedAt, Expr::value(to_ms(now)));
    let as_state = |state: ReconciliationState| Expr::value(state.as_str());
    let end = match found {
        Ok(findings) => note(end.col_expr(Column::State, as_state(ReconciliationState::Done)), findings),
        Err(error) => end
            .col_expr(Column::State, as_state(ReconciliationState::Failed))
            .col_expr(Column::Error, Expr::value(error)),
    };
    end.exec(db).await?;
    Ok(())
}

/// Forgets receipts from before a time.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
    Ok(Entity::delete_many().filter(Column::EndedAt.lt(to_ms(before))).exec(db).await?.rows_affected)
}

fn note(update: sea_orm::UpdateMany<Entity>, findings: Findings) -> sea_orm::UpdateMany<Entity> {
    let Findings {
        seen_on_tiktok,
        seen_in_store,
        compared,
        missing_here,
        behind,
        missing_in_store,
        differences,
        healed,
    } = findings;
    update
        .col_expr(Column::SeenOnTiktok, Expr::value(seen_on_tiktok))
        .col_expr(Column::SeenInStore, Expr::value(seen_in_store))
        .col_expr(Column::Compared, Expr::value(compared))
        .col_expr(Column::MissingHere, Expr::value(missing_here))
        .col_expr(Column::Behind, Expr::value(behind))
        .col_expr(Column::MissingInStore, Expr::value(missing_in_store))
        .col_expr(Column::Differences, Expr::value(differences))
        .col_expr(Column::Healed, Expr::value(healed))
}

fn shown(row: Model) -> Result<Reconciliation, DbErr> {
    let state = match row.canceled_at {
        Some(_) => ReconciliationState::Canceled,
        None => row.state.parse().map_err(|error| DbErr::Custom(format!("{error}")))?,
    };
    let findings = Findings {
        seen_on_tiktok: row.seen_on_tiktok,
        seen_in_store: row.seen_in_store,
        compared: row.compared,
        missing_here: row.missing_here,
        behind: row.behind,
        missing_in_store: row.missing_in_store,
        differences: row.differences,
        healed: row.healed,
    };
    Ok(Reconciliation {
        id: ReconciliationId(row.id),
        connection_id: ConnectionId(row.connection_id),
        state,
        actor: row.actor,
        from: from_ms(row.window_from),
        until: from_ms(row.window_until),
        seen_on_tiktok: row.seen_on_tiktok,
        seen_in_store: row.seen_in_store,
        compared: row.compared,
        missing_here: row.missing_here,
        behind: row.behind,
        missing_in_store: row.missing_in_store,
        differences: row.differences,
        healed: row.healed,
        clean: state == ReconciliationState::Done && findings.agree(),
        error: row.error,
        created_at: from_ms(row.created_at),
        started_at: row.started_at.map(from_ms),
        ended_at: row.ended_at.map(from_ms),
    })
}
