//! What changed, for the pages that are open.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*,
};
use shared::{ConnectionId, EventKind, LiveEvent, OrderId};

use crate::entities::events::{ActiveModel, Column, Entity};
use crate::{from_ms, to_ms};

/// Records that something changed; belongs into the transaction of the change.
///
/// # Errors
/// When the database fails.
pub async fn record(
    db: &impl ConnectionTrait,
    kind: EventKind,
    connection_id: ConnectionId,
    order_id: Option<OrderId>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let event = ActiveModel {
        kind: Set(kind.to_string()),
        connection_id: Set(Some(connection_id.0)),
        order_id: Set(order_id.map(|id| id.0)),
        at: Set(to_ms(now)),
        ..Default::default()
    };
    Entity::insert(event).exec_without_returning(db).await?;
    Ok(())
}

/// Events after an id, of all connections, oldest first. Transactions that end out of order make lower ids visible late.
///
/// # Errors
/// When the database fails.
pub async fn after(db: &impl ConnectionTrait, id: i64, limit: u64) -> Result<Vec<LiveEvent>, DbErr> {
    let models =
        Entity::find().filter(Column::Id.gt(id)).order_by_asc(Column::Id).limit(limit).all(db).await?;
    let events = models.into_iter().filter_map(|model| {
        Some(LiveEvent {
            id: model.id,
            kind: model.kind.parse().ok()?,
            connection_id: model.connection_id.map(ConnectionId),
            order_id: model.order_id.map(OrderId),
        })
    });
    Ok(events.collect())
}

/// The newest event's id; 0 before the first.
///
/// # Errors
/// When the database fails.
pub async fn last_id(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let last = Entity::find().select_only().column(Column::Id).order_by_desc(Column::Id).limit(1);
    Ok(last.into_tuple::<i64>().one(db).await?.unwrap_or(0))
}

/// The id up to which nothing new appears any more: that of the newest event which happened before `time`; 0 when there is
/// none.
///
/// # Errors
/// When the database fails.
pub async fn last_id_before(db: &impl ConnectionTrait, time: DateTime<Utc>) -> Result<i64, DbErr> {
    let last = Entity::find().select_only().column(Column::Id).filter(Column::At.lt(to_ms(time)));
    Ok(last.order_by_desc(Column::Id).limit(1).into_tuple::<i64>().one(db).await?.unwrap_or(0))
}

/// When an event happened, if it is still known.
///
/// # Errors
/// When the database fails.
pub async fn time_of(db: &impl ConnectionTrait, id: i64) -> Result<Option<DateTime<Utc>>, DbErr> {
    let at = Entity::find_by_id(id).select_only().column(Column::At);
    Ok(at.into_tuple::<i64>().one(db).await?.map(from_ms))
}

/// Forgets events from before a time.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
    Ok(Entity::delete_many().filter(Column::At.lt(to_ms(before))).exec(db).await?.rows_affected)
}
