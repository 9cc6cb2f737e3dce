//! What happened, written down with the change itself, once for each webhook that wants to know.

use chrono::{DateTime, Utc};
use job_queue::NewJob;
use rand::Rng;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*,
    sea_query::LockType,
};
use serde_json::json;
use shared::{
    ConnectionId, IssueId, OrderId, WebhookDeliveryId, WebhookDeliveryState, WebhookEvent, WebhookId,
};

use crate::entities::{issues, webhook_deliveries, webhook_messages};
use crate::{to_ms, webhooks};

/// The job that sends what a webhook's receiver is still to be told.
pub const DELIVER_WEBHOOK: &str = "deliver_webhook";

/// The job that asks for it when there is a new message.
pub const TELL_WEBHOOK: &str = "tell_webhook";

/// What an event is about: ids, and never anything that names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub connection_id: ConnectionId,
    pub order_id: Option<OrderId>,
    /// With its code.
    pub issue: Option<(IssueId, String)>,
}

impl About {
    #[must_use]
    pub fn connection(connection_id: ConnectionId) -> Self {
        Self { connection_id, order_id: None, issue: None }
    }

    #[must_use]
    pub fn order(connection_id: ConnectionId, order_id: OrderId) -> Self {
        Self { order_id: Some(order_id), ..Self::connection(connection_id) }
    }

    pub(crate) fn issue(issue: &issues::Model) -> Self {
        let order = Self::order(ConnectionId(issue.connection_id), OrderId(issue.order_id));
        Self { issue: Some((IssueId(issue.id), issue.code.clone())), ..order }
    }
}

/// Records an event for the webhooks that want to know; belongs into the transaction of the change that causes it.
///
/// # Errors
/// When the database fails.
pub async fn record(
    db: &impl ConnectionTrait,
    event: WebhookEvent,
    about: About,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut to_tell = webhooks::interested(db, event, about.connection_id).await?;
    if let (WebhookEvent::OrderUpdated, Some(order_id)) = (event, about.order_id)
        && !to_tell.is_empty()
    {
        let untold = with_untold_news(db, order_id).await?;
        to_tell.retain(|id| !untold.contains(&id.0));
    }
    if to_tell.is_empty() {
        return Ok(());
    }
    let jobs: Vec<NewJob> = to_tell.iter().map(|id| tell_webhook(*id, &about, now)).collect();
    send(db, &to_tell, event, Some(about), now).await?;
    job_queue::enqueue_all(db, jobs, now).await.map(drop)
}

/// Records the event of the test button for one webhook.
///
/// # Errors
/// When the database fails.
pub async fn record_test(
    db: &impl ConnectionTrait,
    webhook_id: WebhookId,
    now: DateTime<Utc>,
) -> Result<WebhookDeliveryId, DbErr> {
    let message_row = send(db, &[webhook_id], WebhookEvent::Test, None, now).await?;
    job_queue::enqueue(db, deliver_webhook(webhook_id, now), now).await?;
    let delivery = webhook_deliveries::Entity::find()
        .filter(webhook_deliveries::Column::MessageRow.eq(message_row))
        .one(db)
        .await?;
    delivery.map(|delivery| WebhookDeliveryId(delivery.id)).ok_or(DbErr::RecordNotInserted)
}

/// The webhooks that are still to be told that the order is new or has changed: whoever hears of it looks at the order as it
/// is then. Locked on PostgreSQL, so that no such message leaves before the change is there to be seen.
async fn with_untold_news(db: &impl ConnectionTrait, order_id: OrderId) -> Result<Vec<i64>, DbErr> {
    use webhook_deliveries::Column;
    let news = [WebhookEvent::OrderReceived.as_str(), WebhookEvent::OrderUpdated.as_str()];
    let untold = webhook_deliveries::Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .filter(Column::State.eq(WebhookDeliveryState::Pending.as_str()))
        .filter(Column::Attempts.eq(0))
        .filter(Column::Event.is_in(news))
        .order_by_asc(Column::Id)
        .lock(LockType::Update)
        .all(db)
        .await?;
    Ok(untold.into_iter().map(|delivery| delivery.webhook_id).collect())
}

async fn send(
    db: &impl ConnectionTrait,
    webhook_ids: &[WebhookId],
    event: WebhookEvent,
    about: Option<About>,
    now: DateTime<Utc>,
) -> Result<i64, DbErr> {
    let order_id = about.as_ref().and_then(|about| about.order_id);
    let issue = about.as_ref().and_then(|about| about.issue.clone());
    let message = webhook_messages::ActiveModel {
        message_id: Set(message_id()),
        event: Set(event.to_string()),
        connection_id: Set(about.as_ref().map(|about| about.connection_id.0)),
        order_id: Set(order_id.map(|id| id.0)),
        issue_id: Set(issue.as_ref().map(|(id, _)| id.0)),
        issue_code: Set(issue.map(|(_, code)| code)),
        created_at: Set(to_ms(now)),
        ..Default::default()
    };
    let message_row = webhook_messages::Entity::insert(message).exec(db).await?.last_insert_id;
    let deliveries = webhook_ids.iter().map(|id| webhook_deliveries::ActiveModel {
        webhook_id: Set(id.0),
        message_row: Set(message_row),
        event: Set(event.to_string()),
        order_id: Set(order_id.map(|id| id.0)),
        state: Set(WebhookDeliveryState::Pending.to_string()),
        attempts: Set(0),
        failed_in_a_row: Set(0),
        next_try_at: Set(Some(to_ms(now))),
        ..Default::default()
    });
    webhook_deliveries::Entity::insert_many(deliveries).exec_without_returning(db).await?;
    Ok(message_row)
}

/// Asks for [`deliver_webhook`]. The transactions that record messages are those of all orders, and whoever asks for a job
/// holds it until the commit; so each order has one of its own, or they would all wait for each other at the webhook's.
fn tell_webhook(webhook_id: WebhookId, about: &About, at: DateTime<Utc>) -> NewJob {
    let of = match about.order_id {
        Some(id) => format!("order {id}"),
        None => format!("connection {}", about.connection_id),
    };
    let job = deliver_webhook(webhook_id, at);
    NewJob { kind: TELL_WEBHOOK, subject: format!("{webhook_id} {of}"), ..job }
}

/// Sends what a webhook's receiver is still to be told. One job and one lane for each webhook: none waits for another.
#[must_use]
pub fn deliver_webhook(webhook_id: WebhookId, at: DateTime<Utc>) -> NewJob {
    NewJob {
        kind: DELIVER_WEBHOOK,
        subject: webhook_id.to_string(),
        lane: format!("webhook:{webhook_id}"),
        payload: json!({ "webhook_id": webhook_id }),
        priority: 0,
        run_at: at,
    }
}

fn message_id() -> String {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    format!("msg_{}", hex::encode(bytes))
}

/// Forgets messages from before a time, with their deliveries.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
    let old =
        webhook_messages::Entity::delete_many().filter(webhook_messages::Column::CreatedAt.lt(to_ms(before)));
    Ok(old.exec(db).await?.rows_affected)
}
