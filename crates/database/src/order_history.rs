//! Lists beside the grid: the story of one order, and the issues of all.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*};
use shared::{Issue, IssueCode, OrderId, TimelineEntry};

use crate::entities::{issues, orders, timeline};
use crate::order_detail::issue_of;
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{Reach, from_ms};

/// Which issues are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueFilter {
    pub reach: Reach,
    pub order: Option<OrderId>,
    /// One of these; empty means any.
    pub code: Vec<IssueCode>,
    /// Open or resolved; absent means both.
    pub open: Option<bool>,
}

/// A page of an order's story, newest first; of all topics when none is named.
///
/// # Errors
/// When the database fails.
pub async fn timeline_page(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    topics: &[&str],
    request: &PageRequest,
) -> Result<Slice<TimelineEntry>, DbErr> {
    let mut query = timeline::Entity::find().filter(timeline::Column::OrderId.eq(order_id.0));
    if !topics.is_empty() {
        query = query.filter(timeline::Column::Topic.is_in(topics.iter().copied()));
    }
    let rows = query
        .filter(request.range(None, timeline::Column::Id, true).condition)
        .order_by(timeline::Column::Id, request.order(true))
        .limit(request.rows())
        .all(db)
        .await?;
    request.slice(rows, |row| by_id(row.id)).try_map(|row| {
        Ok(TimelineEntry {
            id: row.id,
            at: from_ms(row.at),
            actor: row.actor,
            topic: row.topic,
            sentence: row.sentence,
            facts: serde_json::from_str(&row.facts).map_err(|error| DbErr::Json(error.to_string()))?,
        })
    })
}

/// A page of issues, newest first.
///
/// # Errors
/// When the database fails, or holds a word that is not known.
pub async fn issue_page(
    db: &impl ConnectionTrait,
    filter: &IssueFilter,
    request: &PageRequest,
) -> Result<Slice<Issue>, DbErr> {
    let mut query = issues::Entity::find();
    if let Some(within) = filter.reach.condition(issues::Column::ConnectionId) {
        query = query.filter(within);
    }
    if let Some(order) = filter.order {
        query = query.filter(issues::Column::OrderId.eq(order.0));
    }
    if !filter.code.is_empty() {
        query = query.filter(issues::Column::Code.is_in(filter.code.iter().map(|code| code.as_str())));
    }
    query = match filter.open {
        Some(true) => query.filter(issues::Column::ResolvedAt.is_null()),
        Some(false) => query.filter(issues::Column::ResolvedAt.is_not_null()),
        None => query,
    };
    let rows = query
        .filter(request.range(None, issues::Column::Id, true).condition)
        .order_by(issues::Column::Id, request.order(true))
        .limit(request.rows())
        .all(db)
        .await?;
    let slice = request.slice(rows, |row| by_id(row.id));
    let ids: Vec<i64> = slice.items.iter().map(|row| row.order_id).collect();
    let names = orders::Entity::find()
        .select_only()
        .columns([orders::Column::Id, orders::Column::TiktokOrderId])
        .filter(orders::Column::Id.is_in(ids));
    let names: HashMap<i64, String> = names.into_tuple().all(db).await?.into_iter().collect();
    slice.try_map(|row| {
        let name = names.get(&row.order_id).map(String::as_str).unwrap_or_default();
        issue_of(row, name)
    })
}

fn by_id(id: i64) -> Position {
    Position { key: PositionKey::Number(id), id }
}
