//! TikTok Shop's answers as they came: compressed and encrypted.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*,
};
use sha2::{Digest, Sha256};
use shared::OrderId;

use crate::compression::{compressed, expanded};
use crate::entities::snapshots::{ActiveModel, Column, Entity, Model};
use crate::{Vault, from_ms, to_ms};

fn place(order_id: OrderId) -> String {
    format!("snapshots.sealed:{order_id}")
}

/// Stores an answer; `false` when it says the very same as the newest one.
///
/// # Errors
/// When the database fails.
pub async fn store(
    db: &impl ConnectionTrait,
    vault: &Vault,
    order_id: OrderId,
    channel_updated_at: DateTime<Utc>,
    raw: &serde_json::Value,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let text = raw.to_string();
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    // Only the newest counts: what goes there and back again is a change both times.
    if newest(db, order_id).await?.is_some_and(|newest| newest.digest == digest) {
        return Ok(false);
    }
    let model = ActiveModel {
        order_id: Set(order_id.0),
        channel_updated_at: Set(to_ms(channel_updated_at)),
        recorded_at: Set(to_ms(now)),
        digest: Set(digest),
        sealed: Set(vault.seal(&place(order_id), &compressed(text.as_bytes()))),
        ..Default::default()
    };
    Entity::insert(model).exec_without_returning(db).await?;
    Ok(true)
}

async fn newest(db: &impl ConnectionTrait, order_id: OrderId) -> Result<Option<Model>, DbErr> {
    newest_first(order_id).one(db).await
}

fn newest_first(order_id: OrderId) -> Select<Entity> {
    Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .order_by_desc(Column::ChannelUpdatedAt)
        .order_by_desc(Column::Id)
}

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub channel_updated_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub raw: serde_json::Value,
}

/// The newest answer about an order.
///
/// # Errors
/// When the database fails or the bytes cannot be read.
pub async fn latest(
    db: &impl ConnectionTrait,
    vault: &Vault,
    order_id: OrderId,
) -> Result<Option<serde_json::Value>, DbErr> {
    let newest = newest(db, order_id).await?;
    newest.map(|model| opened(vault, model).map(|snapshot| snapshot.raw)).transpose()
}

/// What tells the newest answer about an order from every other answer.
///
/// # Errors
/// When the database fails.
pub async fn latest_id(db: &impl ConnectionTrait, order_id: OrderId) -> Result<Option<i64>, DbErr> {
    newest_first(order_id).select_only().column(Column::Id).into_tuple().one(db).await
}

/// The newest answer about an order and the one before it, newest first.
///
/// # Errors
/// When the database fails or the bytes cannot be read.
pub async fn newest_two(
    db: &impl ConnectionTrait,
    vault: &Vault,
    order_id: OrderId,
) -> Result<Vec<Snapshot>, DbErr> {
    let models = newest_first(order_id).limit(2).all(db).await?;
    models.into_iter().map(|model| opened(vault, model)).collect()
}

fn opened(vault: &Vault, model: Model) -> Result<Snapshot, DbErr> {
    let place = place(OrderId(model.order_id));
    let packed = vault.open(&place, &model.sealed).map_err(|error| DbErr::Custom(error.to_string()))?;
    let text = expanded(&packed).map_err(|error| DbErr::Custom(format!("snapshot: {error}")))?;
    let raw = serde_json::from_slice(&text).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Snapshot {
        channel_updated_at: from_ms(model.channel_updated_at),
        recorded_at: from_ms(model.recorded_at),
        raw,
    })
}
