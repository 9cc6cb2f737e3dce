//! The grid: pages of orders under a filter, in the order of one column.

use sea_orm::sea_query::{Asterisk, Expr, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use shared::{OrderSummary, SortKey};

use crate::Vault;
use crate::entities::orders::{Column, Entity, Model};
use crate::order_filter::{Criteria, Resolved, SHIP_BY, STORE_ORDER_ID};
use crate::order_summary::Surroundings;
use crate::page::{PageRequest, Position, PositionKey, Slice};

/// Up to this many combinations of status and connection are read one by one and merged.
const MAX_BRANCHES: usize = 20;

/// One page of the grid. Archived orders are left out.
///
/// # Errors
/// When the database fails or holds a word that is not known.
pub async fn list(
    db: &impl ConnectionTrait,
    vault: &Vault,
    criteria: &Criteria,
    request: &PageRequest,
) -> Result<Slice<OrderSummary>, DbErr> {
    let resolved = criteria.resolve(db, vault).await?;
    let rows = db.query_all(&statement(criteria, &resolved, request)).await?;
    let rows = rows.iter().map(|row| Model::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    let key = criteria.filter.sort.key;
    let slice = request.slice(rows, |row| position_of(key, row));
    let surroundings = Surroundings::of(db, &slice.items).await?;
    slice.try_map(|row| surroundings.summary_of(row))
}

/// The query of one page.
fn statement(criteria: &Criteria, resolved: &Resolved<'_>, request: &PageRequest) -> SelectStatement {
    let sort = criteria.filter.sort;
    let key = key_of(sort.key);
    let order = request.order(sort.descending);
    let page = |status_and_connection: Condition| {
        let mut page = Entity::find()
            .filter(resolved.condition())
            .filter(status_and_connection)
            .filter(request.condition(key.clone(), Column::Id, sort.descending))
            .limit(request.rows());
        if let Some(key) = key.clone() {
            page = page.order_by(key, order.clone());
        }
        page.order_by(Column::Id, order.clone()).into_query()
    };
    let branches = branches(criteria, resolved);
    let Some((first, others)) = branches.split_first().filter(|(_, others)| !others.is_empty()) else {
        return page(resolved.status_and_connection());
    };

    // Neither database walks several ranges of an index in the order of their ends: asked for two statuses at once, both
    // would sort all orders of both. So each range gives its own page, and these are merged.
    let branch = |condition: &Condition| {
        Query::select().column(Asterisk).from_subquery(page(condition.clone()), "branch").to_owned()
    };
    let mut merged = branch(first);
    for other in others {
        merged.union(UnionType::All, branch(other));
    }
    if let Some(column) = merged_by(sort.key) {
        merged.order_by(column, order.clone());
    }
    merged.order_by("id", order).limit(request.rows()).to_owned()
}

/// The conditions on status and connection, one by one, where an index leads with them and ends in the sorting key.
fn branches(criteria: &Criteria, resolved: &Resolved<'_>) -> Vec<Condition> {
    let filter = &criteria.filter;
    if resolved.is_short_list() {
        return Vec::new();
    }
    let mut statuses: Vec<_> = filter.status.iter().map(|status| status.as_str()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let mut connections: Vec<_> = filter.connection.iter().map(|id| id.0).collect();
    connections.sort_unstable();
    connections.dedup();
    let by_status: Vec<Condition> = match statuses[..] {
        [] => vec![Condition::all()],
        _ => statuses.iter().map(|status| Condition::all().add(Column::Status.eq(*status))).collect(),
    };
    let by_connection: Vec<Condition> = match (sort_splits_connections(filter.sort.key), &connections[..]) {
        (_, []) => vec![Condition::all()],
        (true, ids) => ids.iter().map(|id| Condition::all().add(Column::ConnectionId.eq(*id))).collect(),
        (false, ids) => vec![Condition::all().add(Column::ConnectionId.is_in(ids.iter().copied()))],
    };
    if !sort_splits_statuses(filter.sort.key) || by_status.len() * by_connection.len() > MAX_BRANCHES {
        return Vec::new();
    }
    let both = |status: &Condition| {
        let status = status.clone();
        by_connection.iter().map(move |connection| status.clone().add(connection.clone())).collect::<Vec<_>>()
    };
    by_status.iter().flat_map(both).collect()
}

fn sort_splits_statuses(key: SortKey) -> bool {
    matches!(key, SortKey::CreatedAt | SortKey::Id | SortKey::Status)
}

fn sort_splits_connections(key: SortKey) -> bool {
    matches!(key, SortKey::CreatedAt)
}

/// What the list is sorted by before the id; spelled as the indexes spell it.
fn key_of(key: SortKey) -> Option<Expr> {
    Some(match key {
        SortKey::Id => return None,
        SortKey::CreatedAt => Expr::col(Column::PlacedAt),
        SortKey::StoreOrderId => Expr::cust(STORE_ORDER_ID),
        SortKey::TikTokOrderId => Expr::col(Column::TiktokOrderId),
        SortKey::Status => Expr::col(Column::Status),
        SortKey::ShipBy => Expr::cust(SHIP_BY),
        SortKey::Total => Expr::col(Column::TotalMicros),
        SortKey::UpdatedAt => Expr::col(Column::UpdatedAt),
    })
}

/// The column that merged pages are sorted by, for the keys that are split.
fn merged_by(key: SortKey) -> Option<Column> {
    match key {
        SortKey::CreatedAt => Some(Column::PlacedAt),
        SortKey::Status => Some(Column::Status),
        _ => None,
    }
}

fn position_of(key: SortKey, row: &Model) -> Position {
    let key = match key {
        SortKey::CreatedAt => PositionKey::Number(row.placed_at),
        SortKey::Id => PositionKey::Number(row.id),
        SortKey::StoreOrderId => PositionKey::Number(row.store_order_id.unwrap_or(0)),
        SortKey::TikTokOrderId => PositionKey::Text(row.tiktok_order_id.clone()),
        SortKey::Status => PositionKey::Text(row.status.clone()),
        SortKey::ShipBy => PositionKey::Number(row.ship_by.unwrap_or(i64::MAX)),
        SortKey::Total => PositionKey::Number(row.total_micros),
        SortKey::UpdatedAt => PositionKey::Number(row.updated_at),
    };
    Position { key, id: row.id }
}
