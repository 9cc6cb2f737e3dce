//! Differences between the sides that a person chose to live with.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, prelude::*};
use shared::{ConnectionId, IssueCode, IssueFacts, OrderId, TikTokOrderId};

use crate::entities::ignored_drifts::{ActiveModel, Column, Entity};
use crate::entities::{issues, orders};
use crate::issues::open_of;
use crate::orders::OrderRow;

/// Our orders of these ids of TikTok Shop.
///
/// # Errors
/// When the database fails.
pub async fn orders_of(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    tiktok_order_ids: &[TikTokOrderId],
) -> Result<Vec<OrderRow>, DbErr> {
    orders::Entity::find()
        .filter(orders::Column::ConnectionId.eq(connection_id.0))
        .filter(orders::Column::TiktokOrderId.is_in(tiktok_order_ids.iter().map(TikTokOrderId::as_str)))
        .all(db)
        .await
}

/// Remembers the differences of an order that are open now, all or the one about this subject, so that they are not told
/// again as long as they stay as they are.
///
/// # Errors
/// When the database fails.
pub async fn ignore(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    subject: Option<&str>,
) -> Result<(), DbErr> {
    for issue in open_of(db, order_id).await? {
        let is_meant = subject.is_none_or(|subject| issue.subject == subject);
        if issue.code != IssueCode::DriftDetected.as_str() || !is_meant {
            continue;
        }
        let ignored =
            ActiveModel { order_id: Set(order_id.0), subject: Set(issue.subject), facts: Set(issue.facts) };
        let replace =
            OnConflict::columns([Column::OrderId, Column::Subject]).update_column(Column::Facts).to_owned();
        Entity::insert(ignored).on_conflict(replace).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Remembers nothing of an order any more: what differs is told again.
///
/// # Errors
/// When the database fails.
pub async fn forget_ignored(db: &impl ConnectionTrait, order_id: OrderId) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::OrderId.eq(order_id.0)).exec(db).await?;
    Ok(())
}

/// The differences of each of these orders that a person chose to ignore: what each is about, and its facts then.
///
/// # Errors
/// When the database fails.
pub async fn ignored(
    db: &impl ConnectionTrait,
    order_ids: &[OrderId],
) -> Result<HashMap<OrderId, Vec<(String, IssueFacts)>>, DbErr> {
    let rows = Entity::find().filter(Column::OrderId.is_in(numbers(order_ids))).all(db).await?;
    let mut ignored: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        // Facts that cannot be read are not those of today.
        let facts = serde_json::from_str(&row.facts).unwrap_or_default();
        ignored.entry(OrderId(row.order_id)).or_default().push((row.subject, facts));
    }
    Ok(ignored)
}

/// The differences of each of these orders that are open.
///
/// # Errors
/// When the database fails.
pub async fn open(
    db: &impl ConnectionTrait,
    order_ids: &[OrderId],
) -> Result<HashMap<OrderId, Vec<issues::Model>>, DbErr> {
    let rows = issues::Entity::find()
        .filter(issues::Column::OrderId.is_in(numbers(order_ids)))
        .filter(issues::Column::Code.eq(IssueCode::DriftDetected.as_str()))
        .filter(issues::Column::ResolvedAt.is_null())
        .all(db)
        .await?;
    let mut open: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        open.entry(OrderId(row.order_id)).or_default().push(row);
    }
    Ok(open)
}

fn numbers(ids: &[OrderId]) -> impl Iterator<Item = i64> {
    ids.iter().map(|id| id.0)
}

/// Our orders of a connection with an open difference, after this one by our number.
///
/// # Errors
/// When the database fails.
pub async fn orders_with_open(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    after: OrderId,
    limit: u64,
) -> Result<Vec<OrderRow>, DbErr> {
    use sea_orm::{QueryOrder, QuerySelect, QueryTrait};
    let open = issues::Entity::find()
        .select_only()
        .column(issues::Column::OrderId)
        .filter(issues::Column::Code.eq(IssueCode::DriftDetected.as_str()))
        .filter(issues::Column::ConnectionId.eq(connection_id.0))
        .filter(issues::Column::ResolvedAt.is_null())
        .into_query();
    orders::Entity::find()
        .filter(orders::Column::Id.in_subquery(open))
        .filter(orders::Column::Id.gt(after.0))
        .order_by_asc(orders::Column::Id)
        .limit(limit)
        .all(db)
        .await
}
