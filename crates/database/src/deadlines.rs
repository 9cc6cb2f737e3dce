//! Which orders somebody has yet to do something about: to be shipped, soon or late, or with a buyer's request to answer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select, prelude::*,
};
use shared::{ChannelStatus, ConnectionId, IssueCode, IssueFacts, OrderId, OrderStatus, TikTokOrderId};

use crate::entities::{issues, orders};
use crate::order_filter::SHIP_BY;
use crate::{from_ms, to_ms};

/// An order that is to be shipped by a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    pub order_id: OrderId,
    pub ship_by: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    ship_by: i64,
}

/// As the index has it.
fn ship_by() -> Expr {
    Expr::cust(SHIP_BY)
}

/// The orders of a connection that are to be shipped before a time and are not deleted, the most urgent first,
/// behind `after`; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due_before(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    until: DateTime<Utc>,
    after: Option<Deadline>,
    limit: u64,
) -> Result<Vec<Deadline>, DbErr> {
    let mut query = orders::Entity::find()
        .select_only()
        .columns([orders::Column::Id, orders::Column::ShipBy])
        .filter(ship_by().lt(to_ms(until)))
        .filter(orders::Column::ConnectionId.eq(connection_id.0))
        .filter(orders::Column::ArchivedAt.is_null());
    if let Some(after) = after {
        let reached = to_ms(after.ship_by);
        let same = ship_by().eq(reached).and(orders::Column::Id.gt(after.order_id.0));
        query = query.filter(ship_by().gte(reached)).filter(ship_by().gt(reached).or(same));
    }
    let rows = query
        .order_by(ship_by(), Order::Asc)
        .order_by_asc(orders::Column::Id)
        .limit(limit)
        .into_model::<Row>()
        .all(db)
        .await?;
    let deadline = |row: Row| Deadline { order_id: OrderId(row.id), ship_by: from_ms(row.ship_by) };
    Ok(rows.into_iter().map(deadline).collect())
}

/// The statuses of TikTok Shop in which an order is yet to be packed.
pub const TO_SHIP: [ChannelStatus; 3] =
    [ChannelStatus::OnHold, ChannelStatus::AwaitingShipment, ChannelStatus::PartiallyShipping];

/// The shown statuses of orders that are yet to be packed; a problem is shown before anything else.
pub const SHOWN_TO_SHIP: [OrderStatus; 4] =
    [OrderStatus::OnHold, OrderStatus::AwaitingShipment, OrderStatus::PartiallyShipped, OrderStatus::Error];

/// An order that is yet to be packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToShip {
    pub order_id: OrderId,
    pub tiktok_order_id: TikTokOrderId,
    pub placed_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct ToShipRow {
    id: i64,
    tiktok_order_id: String,
    placed_at: i64,
}

/// The orders of a connection in one of the [`SHOWN_TO_SHIP`] that are yet to be packed and are not deleted, oldest first,
/// behind `after`; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn to_ship(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    status: OrderStatus,
    after: Option<&ToShip>,
    limit: u64,
) -> Result<Vec<ToShip>, DbErr> {
    let rows = to_ship_query(connection_id, status, after, limit).into_model::<ToShipRow>().all(db).await?;
    let order = |row: ToShipRow| ToShip {
        order_id: OrderId(row.id),
        tiktok_order_id: TikTokOrderId(row.tiktok_order_id),
        placed_at: from_ms(row.placed_at),
    };
    Ok(rows.into_iter().map(order).collect())
}

fn to_ship_query(
    connection_id: ConnectionId,
    status: OrderStatus,
    after: Option<&ToShip>,
    limit: u64,
) -> Select<orders::Entity> {
    let mut query = orders::Entity::find()
        .select_only()
        .columns([orders::Column::Id, orders::Column::TiktokOrderId, orders::Column::PlacedAt])
        .filter(orders::Column::ConnectionId.eq(connection_id.0))
        .filter(orders::Column::Status.eq(status.as_str()))
        .filter(orders::Column::ChannelStatus.is_in(TO_SHIP.iter().map(ChannelStatus::as_str)))
        .filter(orders::Column::ArchivedAt.is_null());
    if let Some(after) = after {
        let reached = to_ms(after.placed_at);
        let same = orders::Column::PlacedAt.eq(reached).and(orders::Column::Id.gt(after.order_id.0));
        query = query
            .filter(orders::Column::PlacedAt.gte(reached))
            .filter(orders::Column::PlacedAt.gt(reached).or(same));
    }
    query.order_by_asc(orders::Column::PlacedAt).order_by_asc(orders::Column::Id).limit(limit)
}

/// The orders of a connection that say that they are to be shipped soon, or late, and are not: they have left, were
/// deleted, or have more time now; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn no_longer_due(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    until: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<OrderId>, DbErr> {
    let codes = [IssueCode::ShipBySoon, IssueCode::ShipByLate].map(IssueCode::as_str);
    let warned = issues::Entity::find()
        .select_only()
        .column(issues::Column::OrderId)
        .filter(issues::Column::Code.is_in(codes))
        .filter(issues::Column::ResolvedAt.is_null())
        .filter(issues::Column::ConnectionId.eq(connection_id.0))
        .into_query();
    let has_time = orders::Column::ShipBy
        .is_null()
        .or(orders::Column::ShipBy.gte(to_ms(until)))
        .or(orders::Column::ArchivedAt.is_not_null());
    let ids: Vec<i64> = orders::Entity::find()
        .select_only()
        .column(orders::Column::Id)
        .filter(orders::Column::Id.in_subquery(warned))
        .filter(has_time)
        .order_by_asc(orders::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(OrderId).collect())
}

/// The orders of a connection that say that the buyer wants to cancel; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn with_open_request(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    limit: u64,
) -> Result<Vec<TikTokOrderId>, DbErr> {
    let asked = issues::Entity::find()
        .select_only()
        .column(issues::Column::OrderId)
        .filter(issues::Column::Code.eq(IssueCode::CancelRequestOpen.as_str()))
        .filter(issues::Column::ResolvedAt.is_null())
        .filter(issues::Column::ConnectionId.eq(connection_id.0))
        .into_query();
    let ids: Vec<String> = orders::Entity::find()
        .select_only()
        .column(orders::Column::TiktokOrderId)
        .filter(orders::Column::Id.in_subquery(asked))
        .order_by_asc(orders::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(TikTokOrderId).collect())
}

/// What each of these orders says about its deadline now: the code and the facts of its open warning.
///
/// # Errors
/// When the database fails.
pub async fn warnings_of(
    db: &impl ConnectionTrait,
    order_ids: &[OrderId],
) -> Result<BTreeMap<OrderId, (String, IssueFacts)>, DbErr> {
    let codes = [IssueCode::ShipBySoon, IssueCode::ShipByLate].map(IssueCode::as_str);
    let open = issues::Entity::find()
        .filter(issues::Column::OrderId.is_in(order_ids.iter().map(|id| id.0)))
        .filter(issues::Column::ResolvedAt.is_null())
        .filter(issues::Column::Code.is_in(codes))
        .all(db)
        .await?;
    let warning = |issue: issues::Model| {
        // Facts that cannot be read are written anew.
        let facts = serde_json::from_str(&issue.facts).unwrap_or_default();
        (OrderId(issue.order_id), (issue.code, facts))
    };
    Ok(open.into_iter().map(warning).collect())
}

#[cfg(test)]
mod tests {
    use clock::SystemClock;

    use super::*;
    use crate::{Database, MasterKey, Vault};

    #[tokio::test]
    async fn what_is_to_be_shipped_is_walked_along_an_index() {
        let store = test_database::sqlite();
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
        let reached = ToShip {
            order_id: OrderId(7),
            tiktok_order_id: TikTokOrderId("576461413038785752".to_owned()),
            placed_at: DateTime::UNIX_EPOCH,
        };

        for after in [None, Some(&reached)] {
            let query = to_ship_query(ConnectionId(1), OrderStatus::Error, after, 100);
            let mut statement = query.build(database.backend());
            statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
            let plan = database.reader().query_all_raw(statement).await.unwrap();

            let steps: Vec<String> = plan.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
            let start = if after.is_some() { " AND placed_at>?" } else { "" };
            let search = "SEARCH orders USING INDEX orders_connection_status_placed";
            assert_eq!(steps, [format!("{search} (connection_id=? AND status=?{start})")]);
        }
    }
}
