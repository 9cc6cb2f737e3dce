//! What was tried for an order. The calls come redacted; they are sealed all the same, for what is kept of other people's
//! words should not depend on one list being right.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*,
};
use serde::{Deserialize, Serialize};
use shared::{AttemptOutcome, CallSide, IssueCode, OrderId};

use crate::compression::{compressed, expanded};
use crate::entities::attempts::{ActiveModel, Column, Entity, Model};
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{Vault, from_ms, to_ms};

/// One try of one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The kind of its job.
    pub kind: String,
    pub started_at: DateTime<Utc>,
    pub duration_ms: i64,
    pub outcome: AttemptOutcome,
    pub code: Option<IssueCode>,
    /// `store` or the e-mail address of a person.
    pub asked_by: Option<String>,
    pub calls: Vec<Call>,
}

/// One call of an attempt, without anything that names a person or opens a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub side: CallSide,
    pub method: String,
    /// Scheme, host and port.
    pub origin: String,
    /// With the query.
    pub path: String,
    pub status: Option<u16>,
    pub duration_ms: i64,
    pub request_id: Option<String>,
    pub sent: Option<String>,
    pub answered: Option<String>,
}

fn place(order_id: OrderId) -> String {
    format!("attempts.sealed:{order_id}")
}

/// Keeps an attempt.
///
/// # Errors
/// When the database fails, or does not know the order.
pub async fn record(
    db: &impl ConnectionTrait,
    vault: &Vault,
    order_id: OrderId,
    attempt: &Attempt,
) -> Result<(), DbErr> {
    let calls = serde_json::to_vec(&attempt.calls).map_err(|error| DbErr::Json(error.to_string()))?;
    let model = ActiveModel {
        order_id: Set(order_id.0),
        kind: Set(attempt.kind.clone()),
        started_at: Set(to_ms(attempt.started_at)),
        duration_ms: Set(attempt.duration_ms),
        outcome: Set(attempt.outcome.to_string()),
        code: Set(attempt.code.map(|code| code.to_string())),
        asked_by: Set(attempt.asked_by.clone()),
        sealed: Set(vault.seal(&place(order_id), &compressed(&calls))),
        ..Default::default()
    };
    Entity::insert(model).exec_without_returning(db).await?;
    Ok(())
}

/// A page of an order's attempts with their numbers, newest first.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn page(
    db: &impl ConnectionTrait,
    vault: &Vault,
    order_id: OrderId,
    request: &PageRequest,
) -> Result<Slice<(i64, Attempt)>, DbErr> {
    let rows = Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .filter(request.range(None, Column::Id, true).condition)
        .order_by(Column::Id, request.order(true))
        .limit(request.rows())
        .all(db)
        .await?;
    let by_id = |row: &Model| Position { key: PositionKey::Number(row.id), id: row.id };
    request.slice(rows, by_id).try_map(|row| Ok((row.id, opened(vault, row)?)))
}

fn opened(vault: &Vault, row: Model) -> Result<Attempt, DbErr> {
    let unreadable = |problem: String| DbErr::Custom(format!("attempt {}: {problem}", row.id));
    let place = place(OrderId(row.order_id));
    let packed = vault.open(&place, &row.sealed).map_err(|error| unreadable(error.to_string()))?;
    let calls = expanded(&packed).map_err(|error| unreadable(error.to_string()))?;
    let word = |error: shared::UnknownWord| unreadable(error.to_string());
    Ok(Attempt {
        started_at: from_ms(row.started_at),
        duration_ms: row.duration_ms,
        outcome: row.outcome.parse().map_err(word)?,
        code: row.code.as_deref().map(str::parse).transpose().map_err(word)?,
        calls: serde_json::from_slice(&calls).map_err(|error| unreadable(error.to_string()))?,
        kind: row.kind,
        asked_by: row.asked_by,
    })
}

/// Removes attempts from before a time.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
    Ok(Entity::delete_many().filter(Column::StartedAt.lt(to_ms(before))).exec(db).await?.rows_affected)
}
