//! What colleagues wrote about an order.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*,
};
use shared::{OrderId, OrderNote};

use crate::entities::order_notes::{ActiveModel, Column, Entity};
use crate::{from_ms, to_ms};

/// At most this many notes are shown with an order.
const MAX_NOTES: u64 = 200;

/// Adds a note.
///
/// # Errors
/// When the database fails.
pub async fn add(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    author: &str,
    text: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let note = ActiveModel {
        order_id: Set(order_id.0),
        author: Set(author.to_owned()),
        text: Set(text.to_owned()),
        at: Set(to_ms(now)),
        ..Default::default()
    };
    Entity::insert(note).exec_without_returning(db).await?;
    Ok(())
}

/// The notes of an order, newest first.
///
/// # Errors
/// When the database fails.
pub async fn of_order(db: &impl ConnectionTrait, order_id: OrderId) -> Result<Vec<OrderNote>, DbErr> {
    let notes = Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .order_by_desc(Column::Id)
        .limit(MAX_NOTES)
        .all(db)
        .await?;
    let note = |note: crate::entities::order_notes::Model| OrderNote {
        id: note.id,
        author: note.author,
        text: note.text,
        at: from_ms(note.at),
    };
    Ok(notes.into_iter().map(note).collect())
}
