//! Webhooks, stored before they are acknowledged.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, TryInsertResult, prelude::*,
};
use shared::{ConnectionId, TikTokOrderId};

use crate::entities::inbox::{ActiveModel, Column, Entity};
use crate::to_ms;

/// What is kept of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub connection_id: ConnectionId,
    /// TikTok Shop's id, or a digest of the body where it sends none.
    pub notification_id: String,
    pub kind: i32,
    pub tiktok_order_id: Option<TikTokOrderId>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// Stores a notification; `false` when it was stored before.
///
/// # Errors
/// When the database fails.
pub async fn store(
    db: &impl ConnectionTrait,
    notification: Notification,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let model = ActiveModel {
        connection_id: Set(notification.connection_id.0),
        notification_id: Set(notification.notification_id),
        kind: Set(notification.kind),
        tiktok_order_id: Set(notification.tiktok_order_id.map(|id| id.0)),
        sent_at: Set(notification.sent_at.map(to_ms)),
        received_at: Set(to_ms(now)),
        ..Default::default()
    };
    let inserted = Entity::insert(model)
        .on_conflict_do_nothing_on([Column::ConnectionId, Column::NotificationId])
        .exec_without_returning(db)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1)))
}

/// Forgets notifications from before a time; TikTok Shop repeats them for less than a day.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
    Ok(Entity::delete_many().filter(Column::ReceivedAt.lt(to_ms(before))).exec(db).await?.rows_affected)
}
