//! What was asked to be done with orders, and what came out.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, prelude::*,
};
use shared::{
    ActionId, ActionKind, ActionRequest, ActionState, BulkRunId, ConnectionId, IssueCode, OrderAction,
    OrderId, TikTokOrderId,
};

use crate::entities::actions::{ActiveModel, Column, Entity, Model};
use crate::entities::orders;
use crate::order_summary::word;
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{from_ms, to_ms};

/// An action to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAction<'a> {
    pub order_id: OrderId,
    pub connection_id: ConnectionId,
    pub bulk_run_id: Option<BulkRunId>,
    pub request: &'a ActionRequest,
    /// `store`, `orderbridge`, or a person's e-mail address.
    pub actor: &'a str,
    /// The earliest time at which its effect may leave.
    pub leaves_at: DateTime<Utc>,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub state: ActionState,
    /// What came out, in a sentence.
    pub result: String,
    pub code: Option<IssueCode>,
}

impl Ending {
    /// It was done.
    #[must_use]
    pub fn done(result: impl Into<String>) -> Self {
        Self { state: ActionState::Done, result: result.into(), code: None }
    }

    /// It met a refusal, which is the issue of this code.
    #[must_use]
    pub fn failed(code: IssueCode, result: impl Into<String>) -> Self {
        Self { state: ActionState::Failed, result: result.into(), code: Some(code) }
    }
}

/// Writes an action down; its job belongs into the same transaction.
///
/// # Errors
/// When the database fails.
pub async fn create(
    db: &impl ConnectionTrait,
    action: &NewAction<'_>,
    now: DateTime<Utc>,
) -> Result<ActionId, DbErr> {
    let request = serde_json::to_string(action.request).map_err(|error| DbErr::Json(error.to_string()))?;
    let model = ActiveModel {
        order_id: Set(action.order_id.0),
        connection_id: Set(action.connection_id.0),
        bulk_run_id: Set(action.bulk_run_id.map(|id| id.0)),
        kind: Set(action.request.kind().to_string()),
        request: Set(request),
        state: Set(ActionState::Queued.to_string()),
        actor: Set(action.actor.to_owned()),
        created_at: Set(to_ms(now)),
        leaves_at: Set(to_ms(action.leaves_at)),
        ..Default::default()
    };
    Ok(ActionId(Entity::insert(model).exec(db).await?.last_insert_id))
}

/// One action.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn find(db: &impl ConnectionTrait, id: ActionId) -> Result<Option<OrderAction>, DbErr> {
    Entity::find_by_id(id.0).one(db).await?.map(action_of).transpose()
}

/// The actions of these kinds that wait for an order's job, oldest first.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn queued(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    kinds: &[ActionKind],
) -> Result<Vec<OrderAction>, DbErr> {
    let models = Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .filter(Column::State.eq(ActionState::Queued.as_str()))
        .filter(Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    models.into_iter().map(action_of).collect()
}

/// The actions of a kind that wait for their end, of the order with this id of TikTok Shop's.
///
/// # Errors
/// When the database fails.
pub async fn queued_ids(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    tiktok_order_id: &TikTokOrderId,
    kind: ActionKind,
) -> Result<Vec<ActionId>, DbErr> {
    let order = orders::Entity::find()
        .select_only()
        .column(orders::Column::Id)
        .filter(orders::Column::ConnectionId.eq(connection_id.0))
        .filter(orders::Column::TiktokOrderId.eq(tiktok_order_id.as_str()))
        .into_query();
    let ids: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::OrderId.in_subquery(order))
        .filter(Column::State.eq(ActionState::Queued.as_str()))
        .filter(Column::Kind.eq(kind.as_str()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(ActionId).collect())
}

/// Corrects the times of actions that a clock ahead of `latest` has written, so that they wait no longer than they should, and
/// says how many there were. One after the other, for whoever changes an order holds several of its actions.
///
/// # Errors
/// When the database fails.
pub async fn pull_back(
    db: &impl ConnectionTrait,
    latest: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let put_off = Condition::all()
        .add(Column::State.eq(ActionState::Queued.as_str()))
        .add(Column::CreatedAt.gt(to_ms(latest)));
    let found: Vec<(i64, i64, i64)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::CreatedAt, Column::LeavesAt])
        .filter(put_off.clone())
        .into_tuple()
        .all(db)
        .await?;
    let mut corrected = 0;
    for (id, created_at, leaves_at) in found {
        let changed = Entity::update_many()
            .col_expr(Column::CreatedAt, Expr::value(to_ms(now)))
            .col_expr(Column::LeavesAt, Expr::value(to_ms(now) + leaves_at - created_at))
            .filter(Column::Id.eq(id))
            .filter(put_off.clone())
            .exec(db)
            .await?;
        corrected += changed.rows_affected;
    }
    Ok(corrected)
}

/// The latest action of these kinds that failed, unless a later one of them went well.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn last_failed(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    kinds: &[ActionKind],
) -> Result<Option<OrderAction>, DbErr> {
    let model = Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .filter(Column::State.is_in([ActionState::Done.as_str(), ActionState::Failed.as_str()]))
        .filter(Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
        .order_by_desc(Column::Id)
        .one(db)
        .await?;
    let action = model.map(action_of).transpose()?;
    Ok(action.filter(|action| action.state == ActionState::Failed))
}

/// Whether an action of this kind was ever done on an order.
///
/// # Errors
/// When the database fails.
pub async fn was_done(db: &impl ConnectionTrait, order_id: OrderId, kind: ActionKind) -> Result<bool, DbErr> {
    let count = Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::State.eq(ActionState::Done.as_str()))
        .count(db)
        .await?;
    Ok(count > 0)
}

/// Whether its effect may have left already: after a crash it has to be looked for before it is sent again.
///
/// # Errors
/// When the database fails.
pub async fn was_sent(db: &impl ConnectionTrait, id: ActionId) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id(id.0).one(db).await?.is_some_and(|model| model.sent_at.is_some()))
}

/// The requests of these kinds whose effect may have left for TikTok Shop, oldest first.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn sent(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    kinds: &[ActionKind],
) -> Result<Vec<ActionRequest>, DbErr> {
    let models = Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .filter(Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
        .filter(Column::SentAt.is_not_null())
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    models.into_iter().map(|model| Ok(action_of(model)?.request)).collect()
}

/// Notes that the effect is about to leave. `false` when the action is no longer queued: it was taken back, or ended.
///
/// # Errors
/// When the database fails.
pub async fn set_sent(db: &impl ConnectionTrait, id: ActionId, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::SentAt, Expr::value(to_ms(now)))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(ActionState::Queued.as_str()))
        .exec(db)
        .await?;
    Ok(result.rows_affected > 0)
}

/// Says why an action has not left yet, until it ends. `false` when that is said already.
///
/// # Errors
/// When the database fails.
pub async fn say_why_it_waits(db: &impl ConnectionTrait, id: ActionId, why: &str) -> Result<bool, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::Result, Expr::value(why))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(ActionState::Queued.as_str()))
        .filter(Column::Result.is_null())
        .exec(db)
        .await?;
    Ok(result.rows_affected > 0)
}

/// Ends an action. An action that has ended stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn end(
    db: &impl ConnectionTrait,
    id: ActionId,
    ending: &Ending,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(ending.state.as_str()))
        .col_expr(Column::Result, Expr::value(ending.result.clone()))
        .col_expr(Column::Code, Expr::value(ending.code.map(|code| code.as_str().to_owned())))
        .col_expr(Column::FinishedAt, Expr::value(to_ms(now)))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(ActionState::Queued.as_str()))
        .exec(db)
        .await?;
    Ok(())
}

/// Whether it has not left yet: its effect does not begin before [`set_sent`]. What asks for a job that looks at the order
/// anyway, as syncs and imports do, leaves at once.
pub(crate) fn has_not_left() -> Condition {
    let at_once = [ActionKind::Sync, ActionKind::Import].map(ActionKind::as_str);
    Condition::all()
        .add(Column::State.eq(ActionState::Queued.as_str()))
        .add(Column::SentAt.is_null())
        .add(Column::Kind.is_not_in(at_once))
}

/// Takes an action back that has not left. `false` when it has left or ended.
///
/// # Errors
/// When the database fails.
pub async fn undo(db: &impl ConnectionTrait, id: ActionId, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::State, Expr::value(ActionState::Undone.as_str()))
        .col_expr(Column::FinishedAt, Expr::value(to_ms(now)))
        .filter(Column::Id.eq(id.0))
        .filter(has_not_left())
        .exec(db)
        .await?;
    Ok(result.rows_affected > 0)
}

/// A page of an order's actions, newest first.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn page(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    request: &PageRequest,
) -> Result<Slice<OrderAction>, DbErr> {
    let rows = Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .filter(request.range(None, Column::Id, true).condition)
        .order_by(Column::Id, request.order(true))
        .limit(request.rows())
        .all(db)
        .await?;
    request.slice(rows, |row| Position { key: PositionKey::Number(row.id), id: row.id }).try_map(action_of)
}

fn action_of(model: Model) -> Result<OrderAction, DbErr> {
    Ok(OrderAction {
        id: ActionId(model.id),
        order_id: OrderId(model.order_id),
        request: serde_json::from_str(&model.request).map_err(|error| DbErr::Json(error.to_string()))?,
        state: word("actions.state", &model.state)?,
        actor: model.actor,
        result: model.result,
        code: model.code.as_deref().map(|code| word("actions.code", code)).transpose()?,
        created_at: from_ms(model.created_at),
        leaves_at: from_ms(model.leaves_at),
        finished_at: model.finished_at.map(from_ms),
    })
}
