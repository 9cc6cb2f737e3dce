//! One row for each message to each webhook: when it is sent next, and what became of it.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, prelude::*,
};
use shared::{
    ConnectionId, IssueId, OrderId, WebhookDelivery, WebhookDeliveryId, WebhookDeliveryState, WebhookEvent,
    WebhookId,
};

use crate::entities::webhook_deliveries::{Column, Entity, Model};
use crate::entities::webhook_messages;
use crate::order_summary::word;
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{from_ms, to_ms};

/// A delivery that was taken to be sent is sent again after this long, should its sender die.
const SENDER_GIVEN_UP_AFTER: TimeDelta = TimeDelta::minutes(1);

/// A message that is to be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub id: WebhookDeliveryId,
    pub message_id: String,
    pub event: WebhookEvent,
    pub connection_id: Option<ConnectionId>,
    pub order_id: Option<OrderId>,
    pub issue_id: Option<IssueId>,
    pub issue_code: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it was taken to be sent.
    pub taken_at: DateTime<Utc>,
    /// Attempts that failed since it was first to be sent, or was to be sent again.
    pub failed_before: i32,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    pub next: Next,
    pub response_status: Option<u16>,
    pub duration_ms: i64,
    pub error: Option<String>,
}

/// What shall happen to a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It arrived.
    Nothing,
    TryAgain(DateTime<Utc>),
    GiveUp,
}

/// Takes the next messages of a webhook that are due, the oldest first; belongs into a transaction that ends before they are
/// sent. From then on a change of the same order is told by a message of its own.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn take_due(
    db: &impl ConnectionTrait,
    id: WebhookId,
    limit: u64,
    now: DateTime<Utc>,
) -> Result<Vec<Due>, DbErr> {
    // What a transaction holds that is about to add to it comes next time; waiting here could be for each other.
    let models = Entity::find()
        .filter(Column::WebhookId.eq(id.0))
        .filter(Column::State.eq(WebhookDeliveryState::Pending.as_str()))
        .filter(Column::NextTryAt.lte(to_ms(now)))
        .order_by_asc(Column::NextTryAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(db)
        .await?;
    Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::LastTryAt, Expr::value(to_ms(now)))
        .col_expr(Column::NextTryAt, Expr::value(to_ms(now + SENDER_GIVEN_UP_AFTER)))
        .filter(Column::Id.is_in(models.iter().map(|model| model.id)))
        .exec(db)
        .await?;
    let messages = messages_of(db, &models).await?;
    let due = models.into_iter().filter_map(|model| Some((messages.get(&model.message_row)?, model)));
    due.map(|(message, model)| {
        Ok(Due {
            id: WebhookDeliveryId(model.id),
            message_id: message.message_id.clone(),
            event: word("webhook_messages.event", &message.event)?,
            connection_id: message.connection_id.map(ConnectionId),
            order_id: message.order_id.map(OrderId),
            issue_id: message.issue_id.map(IssueId),
            issue_code: message.issue_code.clone(),
            at: from_ms(message.created_at),
            taken_at: from_ms(to_ms(now)),
            failed_before: model.failed_in_a_row,
        })
    })
    .collect()
}

async fn messages_of(
    db: &impl ConnectionTrait,
    deliveries: &[Model],
) -> Result<HashMap<i64, webhook_messages::Model>, DbErr> {
    let messages = webhook_messages::Entity::find()
        .filter(webhook_messages::Column::Id.is_in(deliveries.iter().map(|delivery| delivery.message_row)))
        .all(db)
        .await?;
    Ok(messages.into_iter().map(|message| (message.id, message)).collect())
}

/// Notes what became of an attempt. A failure says nothing any more of what was given up, or taken by somebody else, meanwhile;
/// what arrived has arrived.
///
/// # Errors
/// When the database fails.
pub async fn note(db: &impl ConnectionTrait, due: &Due, attempted: &Attempted) -> Result<(), DbErr> {
    let (state, next_try_at, failed) = match attempted.next {
        Next::Nothing => (WebhookDeliveryState::Delivered, None, 0),
        Next::TryAgain(at) => (WebhookDeliveryState::Pending, Some(to_ms(at)), 1),
        Next::GiveUp => (WebhookDeliveryState::Failed, None, 1),
    };
    let is_ours = Condition::all()
        .add(Column::State.eq(WebhookDeliveryState::Pending.as_str()))
        .add(Column::LastTryAt.eq(to_ms(due.taken_at)));
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state.as_str()))
        .col_expr(Column::NextTryAt, Expr::value(next_try_at))
        .col_expr(Column::FailedInARow, Expr::col(Column::FailedInARow).add(failed))
        .col_expr(Column::ResponseStatus, Expr::value(attempted.response_status.map(i32::from)))
        .col_expr(Column::DurationMs, Expr::value(attempted.duration_ms))
        .col_expr(Column::Error, Expr::value(attempted.error.clone()))
        .filter(Column::Id.eq(due.id.0))
        .apply_if((attempted.next != Next::Nothing).then_some(is_ours), QueryFilter::filter)
        .exec(db)
        .await?;
    Ok(())
}

/// When the next message of a webhook is due, if any is still to be sent.
///
/// # Errors
/// When the database fails.
pub async fn next_due(db: &impl ConnectionTrait, id: WebhookId) -> Result<Option<DateTime<Utc>>, DbErr> {
    let next: Option<i64> = Entity::find()
        .select_only()
        .column(Column::NextTryAt)
        .filter(Column::WebhookId.eq(id.0))
        .filter(Column::State.eq(WebhookDeliveryState::Pending.as_str()))
        .order_by_asc(Column::NextTryAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next.map(from_ms))
}

/// Makes every message due that waits for a time which a clock ahead of `latest` has set, and returns the webhooks concerned.
///
/// One after the other, for whoever changes an order holds messages of several webhooks at once.
///
/// # Errors
/// When the database fails.
pub async fn pull_back(
    db: &impl ConnectionTrait,
    latest: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<WebhookId>, DbErr> {
    let is_put_off = Condition::all()
        .add(Column::State.eq(WebhookDeliveryState::Pending.as_str()))
        .add(Column::NextTryAt.gt(to_ms(latest)))
        // The first attempt is always due at once.
        .add(Condition::any().add(Column::Attempts.eq(0)).add(Column::LastTryAt.gt(to_ms(latest))));
    let put_off: Vec<(i64, i64)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::WebhookId])
        .filter(is_put_off.clone())
        .into_tuple()
        .all(db)
        .await?;
    let mut of_webhooks = Vec::new();
    for (id, webhook_id) in put_off {
        let changed = Entity::update_many()
            .col_expr(Column::NextTryAt, Expr::value(to_ms(now)))
            .filter(Column::Id.eq(id))
            .filter(is_put_off.clone())
            .exec(db)
            .await?;
        if changed.rows_affected > 0 && !of_webhooks.contains(&WebhookId(webhook_id)) {
            of_webhooks.push(WebhookId(webhook_id));
        }
    }
    Ok(of_webhooks)
}

/// Gives up all messages of a webhook that are still to be sent; the sentence says why.
///
/// # Errors
/// When the database fails.
pub async fn give_up_all(db: &impl ConnectionTrait, id: WebhookId, why: &str) -> Result<u64, DbErr> {
    let given_up = Entity::update_many()
        .col_expr(Column::State, Expr::value(WebhookDeliveryState::Failed.as_str()))
        .col_expr(Column::NextTryAt, Expr::value(None::<i64>))
        .col_expr(Column::Error, Expr::value(why))
        .filter(Column::WebhookId.eq(id.0))
        .filter(Column::State.eq(WebhookDeliveryState::Pending.as_str()))
        .exec(db)
        .await?;
    Ok(given_up.rows_affected)
}

/// Has a message sent at once, whatever became of it before, with all its attempts before it; `false` when there is none.
///
/// # Errors
/// When the database fails.
pub async fn replay(
    db: &impl ConnectionTrait,
    webhook_id: WebhookId,
    id: WebhookDeliveryId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let replayed = Entity::update_many()
        .col_expr(Column::State, Expr::value(WebhookDeliveryState::Pending.as_str()))
        .col_expr(Column::NextTryAt, Expr::value(to_ms(now)))
        .col_expr(Column::FailedInARow, Expr::value(0))
        .filter(Column::Id.eq(id.0))
        .filter(Column::WebhookId.eq(webhook_id.0))
        .exec(db)
        .await?;
    Ok(replayed.rows_affected == 1)
}

/// One delivery of a webhook.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn find(
    db: &impl ConnectionTrait,
    webhook_id: WebhookId,
    id: WebhookDeliveryId,
) -> Result<Option<WebhookDelivery>, DbErr> {
    let model = Entity::find_by_id(id.0).filter(Column::WebhookId.eq(webhook_id.0)).all(db).await?;
    let messages = messages_of(db, &model).await?;
    model.into_iter().next().map(|model| shown(model, &messages)).transpose()
}

/// A page of a webhook's deliveries, the newest first.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn page(
    db: &impl ConnectionTrait,
    id: WebhookId,
    states: &[WebhookDeliveryState],
    request: &PageRequest,
) -> Result<Slice<WebhookDelivery>, DbErr> {
    let mut query = Entity::find()
        .filter(Column::WebhookId.eq(id.0))
        .filter(request.range(None, Column::Id, true).condition)
        .order_by(Column::Id, request.order(true))
        .limit(request.rows());
    if !states.is_empty() {
        query = query.filter(Column::State.is_in(states.iter().map(|state| state.as_str())));
    }
    let models = query.all(db).await?;
    let messages = messages_of(db, &models).await?;
    let position = |model: &Model| Position { key: PositionKey::Number(model.id), id: model.id };
    request.slice(models, position).try_map(|model| shown(model, &messages))
}

fn shown(model: Model, messages: &HashMap<i64, webhook_messages::Model>) -> Result<WebhookDelivery, DbErr> {
    let message = messages.get(&model.message_row);
    let message =
        message.ok_or_else(|| DbErr::RecordNotFound(format!("message of delivery {}", model.id)))?;
    Ok(WebhookDelivery {
        id: WebhookDeliveryId(model.id),
        webhook_id: WebhookId(model.webhook_id),
        message_id: message.message_id.clone(),
        event: word("webhook_deliveries.event", &model.event)?,
        connection_id: message.connection_id.map(ConnectionId),
        order_id: message.order_id.map(OrderId),
        issue_id: message.issue_id.map(IssueId),
        state: word("webhook_deliveries.state", &model.state)?,
        attempts: model.attempts,
        next_try_at: model.next_try_at.map(from_ms),
        last_try_at: model.last_try_at.map(from_ms),
        response_status: model.response_status.and_then(|status| u16::try_from(status).ok()),
        duration_ms: model.duration_ms,
        error: model.error,
        created_at: from_ms(message.created_at),
    })
}
