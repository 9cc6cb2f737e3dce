//! Which of our orders a look at the store is about.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select, prelude::*,
};
use shared::{ChannelStatus, ConnectionId, ImportState, OrderId};

use crate::entities::{orders, store_shipments};
use crate::orders::OrderRow;

/// Our orders to which these store orders belong.
///
/// # Errors
/// When the database fails.
pub async fn of_ids(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    store_order_ids: &[i64],
) -> Result<Vec<OrderRow>, DbErr> {
    orders::Entity::find()
        .filter(orders::Column::ConnectionId.eq(connection_id.0))
        .filter(orders::Column::StoreOrderId.is_in(store_order_ids.iter().copied()))
        .all(db)
        .await
}

/// Orders that are shipped in the store while TikTok Shop still waits for that, after this one by our number.
///
/// # Errors
/// When the database fails.
pub async fn ahead(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    after: OrderId,
    limit: u64,
) -> Result<Vec<OrderRow>, DbErr> {
    let seen = Query::select()
        .column(store_shipments::Column::OrderId)
        .from(store_shipments::Entity)
        .and_where(Expr::col(store_shipments::Column::ShippedSeenAt).is_not_null())
        .to_owned();
    imported(connection_id)
        .filter(orders::Column::Id.in_subquery(seen))
        .filter(orders::Column::StoreDeleted.eq(false))
        .filter(orders::Column::Id.gt(after.0))
        .order_by_asc(orders::Column::Id)
        .limit(limit)
        .all(db)
        .await
}

/// Imported orders that have not ended and that nobody removed from the grid, newest first; those before `before` by our
/// number when it is given.
///
/// # Errors
/// When the database fails.
pub async fn living(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    before: Option<OrderId>,
    limit: u64,
) -> Result<Vec<OrderRow>, DbErr> {
    let ended = [ChannelStatus::Cancelled, ChannelStatus::Completed];
    let mut query = imported(connection_id)
        .filter(orders::Column::ArchivedAt.is_null())
        .filter(orders::Column::ChannelStatus.is_not_in(ended.iter().map(ChannelStatus::as_str)));
    if let Some(before) = before {
        query = query.filter(orders::Column::Id.lt(before.0));
    }
    query.order_by_desc(orders::Column::Id).limit(limit).all(db).await
}

fn imported(connection_id: ConnectionId) -> Select<orders::Entity> {
    orders::Entity::find()
        .filter(orders::Column::ConnectionId.eq(connection_id.0))
        .filter(orders::Column::ImportState.eq(ImportState::Imported.as_str()))
        .filter(orders::Column::StoreOrderId.is_not_null())
        .filter(orders::Column::PurgedAt.is_null())
}
