//! What crossed a threshold of a connection's alert rules, open and closed.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::*,
};
use shared::{Alert, AlertId, AlertKind, ConnectionId};

use crate::Reach;
use crate::entities::alerts::{ActiveModel, Column, Entity, Model};
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{from_ms, to_ms};

/// A threshold that is crossed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossed {
    pub kind: AlertKind,
    pub sentence: String,
    pub value: i64,
    pub threshold: i64,
}

/// What changed when the alerts of a connection were set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub opened: Vec<AlertKind>,
    pub closed: Vec<AlertKind>,
    /// How many were open that keep orders from arriving or being imported.
    pub degrading_before: usize,
    /// How many are open now.
    pub degrading_after: usize,
}

/// Which alerts are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertFilter {
    /// Of these connections.
    pub reach: Reach,
    pub connection: Option<ConnectionId>,
    pub kind: Vec<AlertKind>,
    /// Open or closed; absent means both.
    pub open: Option<bool>,
}

/// Makes `crossed` the open alerts of the connection: opens, updates and closes as needed.
///
/// # Errors
/// When the database fails.
pub async fn set(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    crossed: &[Crossed],
    now: DateTime<Utc>,
) -> Result<Changes, DbErr> {
    let open = Entity::find()
        .filter(Column::ConnectionId.eq(connection_id.0))
        .filter(Column::ClosedAt.is_null())
        .all(db)
        .await?;
    let mut changes = Changes {
        degrading_after: crossed.iter().filter(|crossed| crossed.kind.degrades()).count(),
        ..Changes::default()
    };
    for alert in &open {
        let kind = alert.kind.parse::<AlertKind>();
        changes.degrading_before += usize::from(kind.as_ref().is_ok_and(|kind| kind.degrades()));
        if crossed.iter().any(|crossed| crossed.kind.as_str() == alert.kind) {
            continue;
        }
        Entity::update_many()
            .col_expr(Column::ClosedAt, Expr::value(to_ms(now)))
            .filter(Column::Id.eq(alert.id))
            .exec(db)
            .await?;
        changes.closed.extend(kind);
    }
    for crossed in crossed {
        let known = open.iter().find(|alert| alert.kind == crossed.kind.as_str());
        if known.is_some_and(|known| known.sentence == crossed.sentence && known.value == crossed.value) {
            continue;
        }
        let alert = ActiveModel {
            connection_id: Set(connection_id.0),
            kind: Set(crossed.kind.to_string()),
            sentence: Set(crossed.sentence.clone()),
            value: Set(crossed.value),
            threshold: Set(crossed.threshold),
            opened_at: Set(to_ms(now)),
            closed_at: Set(None),
            ..Default::default()
        };
        let one_open = OnConflict::columns([Column::ConnectionId, Column::Kind])
            .target_and_where(Expr::col(Column::ClosedAt).is_null())
            .update_columns([Column::Sentence, Column::Value, Column::Threshold])
            .to_owned();
        Entity::insert(alert).on_conflict(one_open).exec_without_returning(db).await?;
        if known.is_none() {
            changes.opened.push(crossed.kind);
        }
    }
    Ok(changes)
}

/// How many alerts of a connection are open.
///
/// # Errors
/// When the database fails.
pub async fn count_open(db: &impl ConnectionTrait, connection_id: ConnectionId) -> Result<u64, DbErr> {
    Entity::find()
        .filter(Column::ConnectionId.eq(connection_id.0))
        .filter(Column::ClosedAt.is_null())
        .count(db)
        .await
}

/// A page of alerts, newest first.
///
/// # Errors
/// When the database fails, or holds a word that is not known.
pub async fn page(
    db: &impl ConnectionTrait,
    filter: &AlertFilter,
    request: &PageRequest,
) -> Result<Slice<Alert>, DbErr> {
    let mut query = Entity::find();
    if let Some(within) = filter.reach.condition(Column::ConnectionId) {
        query = query.filter(within);
    }
    if let Some(connection) = filter.connection {
        query = query.filter(Column::ConnectionId.eq(connection.0));
    }
    if !filter.kind.is_empty() {
        query = query.filter(Column::Kind.is_in(filter.kind.iter().map(|kind| kind.as_str())));
    }
    query = match filter.open {
        Some(true) => query.filter(Column::ClosedAt.is_null()),
        Some(false) => query.filter(Column::ClosedAt.is_not_null()),
        None => query,
    };
    let rows = query
        .filter(request.range(None, Column::Id, true).condition)
        .order_by(Column::Id, request.order(true))
        .limit(request.rows())
        .all(db)
        .await?;
    let position = |row: &Model| Position { key: PositionKey::Number(row.id), id: row.id };
    request.slice(rows, position).try_map(|row| {
        Ok(Alert {
            id: AlertId(row.id),
            connection_id: ConnectionId(row.connection_id),
            kind: row.kind.parse().map_err(|error| DbErr::Custom(format!("{error}")))?,
            sentence: row.sentence,
            value: row.value,
            threshold: row.threshold,
            opened_at: from_ms(row.opened_at),
            closed_at: row.closed_at.map(from_ms),
        })
    })
}

/// Forgets alerts that closed before a time.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
    Ok(Entity::delete_many().filter(Column::ClosedAt.lt(to_ms(before))).exec(db).await?.rows_affected)
}
