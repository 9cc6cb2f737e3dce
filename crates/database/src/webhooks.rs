//! Where tools are told of what happens: addresses, what each wants to know, and its secrets, sealed.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::*,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::{
    ConnectionId, CreateWebhook, MAX_WEBHOOKS, Webhook, WebhookDisabledReason, WebhookEvent, WebhookId,
};

use crate::entities::webhooks::{ActiveModel, Column, Entity, Model};
use crate::order_summary::word;
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{Vault, from_ms, to_ms};

/// A webhook with what only its deliveries need.
#[derive(Clone)]
pub struct WebhookRecord {
    pub webhook: Webhook,
    uid: String,
    secret: String,
    previous_secret: Option<String>,
}

impl std::fmt::Debug for WebhookRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookRecord").field("webhook", &self.webhook).finish_non_exhaustive()
    }
}

impl WebhookRecord {
    /// The secrets that sign at this time, the newest first.
    #[must_use]
    pub fn secrets(&self, now: DateTime<Utc>) -> Vec<&str> {
        let overlaps = self.webhook.previous_secret_until.is_some_and(|until| now < until);
        let previous = self.previous_secret.as_deref().filter(|_| overlaps);
        [Some(self.secret.as_str()), previous].into_iter().flatten().collect()
    }

    fn of(model: Model, vault: &Vault) -> Result<Self, DbErr> {
        let open = |column: &str, sealed: &[u8]| {
            vault
                .open_text(&place(column, &model.uid), sealed)
                .map_err(|error| DbErr::Custom(error.to_string()))
        };
        let secret = open("secret", &model.secret)?;
        let previous = model.previous_secret.as_deref();
        let previous_secret = previous.map(|sealed| open("previous_secret", sealed)).transpose()?;
        Ok(Self { secret, previous_secret, uid: model.uid.clone(), webhook: shown(model)? })
    }
}

fn place(column: &str, uid: &str) -> String {
    format!("webhooks.{column}:{uid}")
}

fn shown(model: Model) -> Result<Webhook, DbErr> {
    Ok(Webhook {
        id: WebhookId(model.id),
        url: model.url,
        description: model.description,
        events: read(&model.events)?,
        connection_ids: read(&model.connection_ids)?,
        enabled: model.enabled,
        disabled_reason: model
            .disabled_reason
            .map(|reason| word("webhooks.disabled_reason", &reason))
            .transpose()?,
        failing_since: model.failing_since.map(from_ms),
        previous_secret_until: model.previous_secret_until.map(from_ms),
        created_at: from_ms(model.created_at),
        updated_at: from_ms(model.updated_at),
        version: model.version,
    })
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, DbErr> {
    serde_json::from_str(json).map_err(|error| DbErr::Json(error.to_string()))
}

fn written(value: &impl Serialize) -> Result<String, DbErr> {
    serde_json::to_string(value).map_err(|error| DbErr::Json(error.to_string()))
}

/// A page of the webhooks, oldest first.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn page(db: &impl ConnectionTrait, request: &PageRequest) -> Result<Slice<Webhook>, DbErr> {
    let models = Entity::find()
        .filter(request.range(None, Column::Id, false).condition)
        .order_by(Column::Id, request.order(false))
        .limit(request.rows())
        .all(db)
        .await?;
    let position = |model: &Model| Position { key: PositionKey::Number(model.id), id: model.id };
    request.slice(models, position).try_map(shown)
}

/// One webhook.
///
/// # Errors
/// When the database fails, or a secret was sealed with another key.
pub async fn find(
    db: &impl ConnectionTrait,
    vault: &Vault,
    id: WebhookId,
) -> Result<Option<WebhookRecord>, DbErr> {
    let model = Entity::find_by_id(id.0).one(db).await?;
    model.map(|model| WebhookRecord::of(model, vault)).transpose()
}

/// Adds a webhook, unless there are [`MAX_WEBHOOKS`] already; `uid` must be random.
///
/// # Errors
/// When the database fails.
pub async fn create(
    db: &impl ConnectionTrait,
    vault: &Vault,
    uid: &str,
    new: &CreateWebhook,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<WebhookId>, DbErr> {
    if Entity::find().count(db).await? >= MAX_WEBHOOKS {
        return Ok(None);
    }
    let model = ActiveModel {
        uid: Set(uid.to_owned()),
        url: Set(new.url.clone()),
        description: Set(new.description.clone()),
        events: Set(written(&new.events)?),
        connection_ids: Set(written(&new.connection_ids)?),
        enabled: Set(new.enabled),
        secret: Set(vault.seal(&place("secret", uid), secret.as_bytes())),
        created_at: Set(to_ms(now)),
        updated_at: Set(to_ms(now)),
        version: Set(1),
        ..Default::default()
    };
    Ok(Some(WebhookId(Entity::insert(model).exec(db).await?.last_insert_id)))
}

/// Writes what a person changed; `false` when somebody else changed the webhook since `webhook.version` was read.
///
/// # Errors
/// When the database fails.
pub async fn update(db: &impl ConnectionTrait, webhook: &Webhook, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let updated = Entity::update_many()
        .col_expr(Column::Url, Expr::value(webhook.url.as_str()))
        .col_expr(Column::Description, Expr::value(webhook.description.as_str()))
        .col_expr(Column::Events, Expr::value(written(&webhook.events)?))
        .col_expr(Column::ConnectionIds, Expr::value(written(&webhook.connection_ids)?))
        .col_expr(Column::Enabled, Expr::value(webhook.enabled))
        .col_expr(
            Column::DisabledReason,
            Expr::value(webhook.disabled_reason.map(|reason| reason.to_string())),
        )
        .col_expr(Column::FailingSince, Expr::value(webhook.failing_since.map(to_ms)))
        .col_expr(Column::UpdatedAt, Expr::value(to_ms(now)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(webhook.id.0))
        .filter(Column::Version.eq(webhook.version))
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Gives a webhook a new secret; the old one signs too until `overlap_until`. `false` when the webhook was changed since
/// it was read.
///
/// # Errors
/// When the database fails.
pub async fn replace_secret(
    db: &impl ConnectionTrait,
    vault: &Vault,
    record: &WebhookRecord,
    secret: &str,
    overlap_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let seal = |column: &str, plain: &str| vault.seal(&place(column, &record.uid), plain.as_bytes());
    let updated = Entity::update_many()
        .col_expr(Column::Secret, Expr::value(seal("secret", secret)))
        .col_expr(Column::PreviousSecret, Expr::value(seal("previous_secret", &record.secret)))
        .col_expr(Column::PreviousSecretUntil, Expr::value(to_ms(overlap_until)))
        .col_expr(Column::UpdatedAt, Expr::value(to_ms(now)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(record.webhook.id.0))
        .filter(Column::Version.eq(record.webhook.version))
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Removes a webhook with its deliveries; `false` when somebody changed it since this version.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: &impl ConnectionTrait, id: WebhookId, version: i64) -> Result<bool, DbErr> {
    let deleted = Entity::delete_many()
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version))
        .exec(db)
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// The webhooks that want to know of an event.
pub(crate) async fn interested(
    db: &impl ConnectionTrait,
    event: WebhookEvent,
    connection_id: ConnectionId,
) -> Result<Vec<WebhookId>, DbErr> {
    let rows: Vec<(i64, String, String)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Events, Column::ConnectionIds])
        .filter(Column::Enabled.eq(true))
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    let mut interested = Vec::new();
    for (id, events, connection_ids) in rows {
        let (events, connection_ids): (Vec<WebhookEvent>, Vec<ConnectionId>) =
            (read(&events)?, read(&connection_ids)?);
        if (events.is_empty() || events.contains(&event))
            && (connection_ids.is_empty() || connection_ids.contains(&connection_id))
        {
            interested.push(WebhookId(id));
        }
    }
    Ok(interested)
}

/// Notes that a message arrived.
///
/// # Errors
/// When the database fails.
pub async fn note_success(db: &impl ConnectionTrait, id: WebhookId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::FailingSince, Expr::value(None::<i64>))
        .filter(Column::Id.eq(id.0))
        .filter(Column::FailingSince.is_not_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Notes that a message did not arrive; since when none has.
///
/// # Errors
/// When the database fails.
pub async fn note_failure(
    db: &impl ConnectionTrait,
    id: WebhookId,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, DbErr> {
    Entity::update_many()
        .col_expr(Column::FailingSince, Expr::value(to_ms(now)))
        .filter(Column::Id.eq(id.0))
        .filter(Column::FailingSince.is_null())
        .exec(db)
        .await?;
    let since = Entity::find_by_id(id.0).select_only().column(Column::FailingSince);
    let since: Option<Option<i64>> = since.into_tuple().one(db).await?;
    Ok(since.flatten().map_or(now, from_ms))
}

/// Switches a webhook off because of what its receiver does; `false` when it is off already, or gone.
///
/// # Errors
/// When the database fails.
pub async fn disable(
    db: &impl ConnectionTrait,
    id: WebhookId,
    reason: WebhookDisabledReason,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let disabled = Entity::update_many()
        .col_expr(Column::Enabled, Expr::value(false))
        .col_expr(Column::DisabledReason, Expr::value(reason.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(to_ms(now)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Enabled.eq(true))
        .exec(db)
        .await?;
    Ok(disabled.rows_affected == 1)
}
