//! Connections with their secrets, which are sealed in the table and plain only in a [`ConnectionRecord`].

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::*,
};
use shared::{ConnectionId, ConnectionSettings, ConnectionState, WebhookEvent};

use crate::entities::connections::{ActiveModel, Column, Entity, Model};
use crate::webhook_messages::{self, About};
use crate::{Reach, Vault, from_ms, to_ms};

/// A connection with its secrets readable. Its `Debug` shows none of them.
#[derive(Clone)]
pub struct ConnectionRecord {
    pub id: ConnectionId,
    /// A random name that binds the sealed fields to this row.
    pub uid: String,
    pub name: String,
    pub state: ConnectionState,
    pub app_key: String,
    pub app_secret: String,
    pub shop_id: String,
    pub shop_name: Option<String>,
    pub shop_cipher: String,
    pub region: Option<String>,
    pub tokens: Tokens,
    /// Grows when the tokens are replaced, so that two refreshers notice each other.
    pub token_version: i64,
    pub store_url: String,
    pub webservice_key: String,
    pub settings: ConnectionSettings,
    /// Everything TikTok Shop updated before this time has been seen.
    pub poll_cursor: Option<DateTime<Utc>>,
    /// Everything the store updated before this time (in the store's own clock) has been read.
    pub store_cursor: Option<DateTime<Utc>>,
    pub last_sync_at: Option<DateTime<Utc>>,
    pub last_webhook_at: Option<DateTime<Utc>>,
    /// When TikTok Shop told that the seller has removed the app; nothing once it accepts us again.
    pub deauthorized_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i64,
}

/// The pair of tokens; always replaced together.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access_token: String,
    pub access_token_expires_at: DateTime<Utc>,
    pub refresh_token: String,
    pub refresh_token_expires_at: DateTime<Utc>,
}

/// What a new connection is made of.
#[derive(Clone)]
pub struct NewConnection {
    pub name: String,
    pub app_key: String,
    pub app_secret: String,
    pub shop_id: String,
    pub shop_name: Option<String>,
    pub shop_cipher: String,
    pub region: Option<String>,
    pub tokens: Tokens,
    pub store_url: String,
    pub webservice_key: String,
    pub settings: ConnectionSettings,
}

impl std::fmt::Debug for ConnectionRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionRecord")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl ConnectionRecord {
    /// The last characters of the webservice key, to tell two keys apart.
    #[must_use]
    pub fn webservice_key_hint(&self) -> String {
        hint(&self.webservice_key)
    }

    /// Orders placed before this time are recorded and not imported.
    #[must_use]
    pub fn import_placed_since(&self) -> DateTime<Utc> {
        self.settings.import_placed_since.unwrap_or(self.created_at)
    }

    fn of(model: Model, vault: &Vault) -> Result<Self, DbErr> {
        let open = |column: &str, sealed: &[u8]| {
            vault
                .open_text(&place(column, &model.uid), sealed)
                .map_err(|error| DbErr::Custom(error.to_string()))
        };
        Ok(Self {
            id: ConnectionId(model.id),
            state: model.state.parse().map_err(|error| DbErr::Custom(format!("{error}")))?,
            app_secret: open("app_secret", &model.app_secret)?,
            shop_cipher: open("shop_cipher", &model.shop_cipher)?,
            tokens: Tokens {
                access_token: open("access_token", &model.access_token)?,
                access_token_expires_at: from_ms(model.access_token_expires_at),
                refresh_token: open("refresh_token", &model.refresh_token)?,
                refresh_token_expires_at: from_ms(model.refresh_token_expires_at),
            },
            webservice_key: open("webservice_key", &model.webservice_key)?,
            settings: serde_json::from_str(&model.settings)
                .map_err(|error| DbErr::Json(error.to_string()))?,
            uid: model.uid,
            name: model.name,
            app_key: model.app_key,
            shop_id: model.shop_id,
            shop_name: model.shop_name,
            region: model.region,
            token_version: model.token_version,
            store_url: model.store_url,
            poll_cursor: model.poll_cursor.map(from_ms),
            store_cursor: model.store_cursor.map(from_ms),
            last_sync_at: model.last_sync_at.map(from_ms),
            last_webhook_at: model.last_webhook_at.map(from_ms),
            deauthorized_at: model.deauthorized_at.map(from_ms),
            created_at: from_ms(model.created_at),
            updated_at: from_ms(model.updated_at),
            version: model.version,
        })
    }
}

fn place(column: &str, uid: &str) -> String {
    format!("connections.{column}:{uid}")
}

fn hint(key: &str) -> String {
    let count = key.chars().count();
    key.chars().skip(count.saturating_sub(4).max(count / 2)).collect()
}

/// The connections within a reach, oldest first.
///
/// # Errors
/// When the database fails, or a secret was sealed with another key.
pub async fn list(
    db: &impl ConnectionTrait,
    vault: &Vault,
    reach: &Reach,
) -> Result<Vec<ConnectionRecord>, DbErr> {
    let mut query = Entity::find().order_by_asc(Column::Id);
    if let Some(within) = reach.condition(Column::Id) {
        query = query.filter(within);
    }
    let models = query.all(db).await?;
    models.into_iter().map(|model| ConnectionRecord::of(model, vault)).collect()
}

/// The numbers of the connections within a reach.
///
/// # Errors
/// When the database fails.
pub async fn ids(db: &impl ConnectionTrait, reach: &Reach) -> Result<Vec<ConnectionId>, DbErr> {
    let ids: Vec<i64> = Entity::find().select_only().column(Column::Id).into_tuple().all(db).await?;
    Ok(ids.into_iter().map(ConnectionId).filter(|id| reach.allows(*id)).collect())
}

/// One connection.
///
/// # Errors
/// When the database fails, or a secret was sealed with another key.
pub async fn find(
    db: &impl ConnectionTrait,
    vault: &Vault,
    id: ConnectionId,
) -> Result<Option<ConnectionRecord>, DbErr> {
    let model = Entity::find_by_id(id.0).one(db).await?;
    model.map(|model| ConnectionRecord::of(model, vault)).transpose()
}

/// The connections of a TikTok shop: usually one, several when apps of different keys are authorised.
///
/// # Errors
/// When the database fails, or a secret was sealed with another key.
pub async fn of_shop(
    db: &impl ConnectionTrait,
    vault: &Vault,
    shop_id: &str,
) -> Result<Vec<ConnectionRecord>, DbErr> {
    let models = Entity::find().filter(Column::ShopId.eq(shop_id)).all(db).await?;
    models.into_iter().map(|model| ConnectionRecord::of(model, vault)).collect()
}

/// The connections of an app of TikTok Shop, oldest first.
///
/// # Errors
/// When the database fails, or a secret was sealed with another key.
pub async fn of_app(
    db: &impl ConnectionTrait,
    vault: &Vault,
    app_key: &str,
) -> Result<Vec<ConnectionRecord>, DbErr> {
    let of_app = Entity::find().filter(Column::AppKey.eq(app_key)).order_by_asc(Column::Id);
    let models = of_app.all(db).await?;
    models.into_iter().map(|model| ConnectionRecord::of(model, vault)).collect()
}

/// Adds a connection; `uid` must be random.
///
/// # Errors
/// A unique violation when the shop is connected already.
pub async fn create(
    db: &impl ConnectionTrait,
    vault: &Vault,
    uid: &str,
    new: NewConnection,
    now: DateTime<Utc>,
) -> Result<ConnectionId, DbErr> {
    let seal = |column: &str, plain: &str| Set(vault.seal(&place(column, uid), plain.as_bytes()));
    let model = ActiveModel {
        uid: Set(uid.to_owned()),
        state: Set(ConnectionState::Active.to_string()),
        app_secret: seal("app_secret", &new.app_secret),
        shop_cipher: seal("shop_cipher", &new.shop_cipher),
        access_token: seal("access_token", &new.tokens.access_token),
        refresh_token: seal("refresh_token", &new.tokens.refresh_token),
        access_token_expires_at: Set(to_ms(new.tokens.access_token_expires_at)),
        refresh_token_expires_at: Set(to_ms(new.tokens.refresh_token_expires_at)),
        webservice_key: seal("webservice_key", &new.webservice_key),
        webservice_key_hint: Set(hint(&new.webservice_key)),
        settings: Set(settings_text(&new.settings)?),
        name: Set(new.name),
        app_key: Set(new.app_key),
        shop_id: Set(new.shop_id),
        shop_name: Set(new.shop_name),
        region: Set(new.region),
        store_url: Set(new.store_url),
        token_version: Set(1),
        created_at: Set(to_ms(now)),
        updated_at: Set(to_ms(now)),
        version: Set(1),
        ..Default::default()
    };
    Ok(ConnectionId(Entity::insert(model).exec(db).await?.last_insert_id))
}

fn settings_text(settings: &ConnectionSettings) -> Result<String, DbErr> {
    serde_json::to_string(settings).map_err(|error| DbErr::Json(error.to_string()))
}

/// Writes what a person changed; `false` when somebody else changed the connection since `record.version` was read.
///
/// # Errors
/// When the database fails.
pub async fn update(
    db: &impl ConnectionTrait,
    vault: &Vault,
    record: &ConnectionRecord,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let seal =
        |column: &str, plain: &str| Expr::value(vault.seal(&place(column, &record.uid), plain.as_bytes()));
    let updated = Entity::update_many()
        .col_expr(Column::Name, Expr::value(record.name.as_str()))
        .col_expr(Column::State, Expr::value(record.state.as_str()))
        .col_expr(Column::AppKey, Expr::value(record.app_key.as_str()))
        .col_expr(Column::AppSecret, seal("app_secret", &record.app_secret))
        .col_expr(Column::ShopId, Expr::value(record.shop_id.as_str()))
        .col_expr(Column::ShopName, Expr::value(record.shop_name.clone()))
        .col_expr(Column::ShopCipher, seal("shop_cipher", &record.shop_cipher))
        .col_expr(Column::Region, Expr::value(record.region.clone()))
        .col_expr(Column::StoreUrl, Expr::value(record.store_url.as_str()))
        .col_expr(Column::WebserviceKey, seal("webservice_key", &record.webservice_key))
        .col_expr(Column::WebserviceKeyHint, Expr::value(hint(&record.webservice_key)))
        .col_expr(Column::Settings, Expr::value(settings_text(&record.settings)?))
        .col_expr(Column::UpdatedAt, Expr::value(to_ms(now)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(record.id.0))
        .filter(Column::Version.eq(record.version))
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Replaces both tokens in one write; `false` when another process replaced them first.
///
/// # Errors
/// When the database fails.
pub async fn replace_tokens(
    db: &impl ConnectionTrait,
    vault: &Vault,
    record: &ConnectionRecord,
    tokens: &Tokens,
) -> Result<bool, DbErr> {
    let seal =
        |column: &str, plain: &str| Expr::value(vault.seal(&place(column, &record.uid), plain.as_bytes()));
    let updated = Entity::update_many()
        .col_expr(Column::AccessToken, seal("access_token", &tokens.access_token))
        .col_expr(Column::AccessTokenExpiresAt, Expr::value(to_ms(tokens.access_token_expires_at)))
        .col_expr(Column::RefreshToken, seal("refresh_token", &tokens.refresh_token))
        .col_expr(Column::RefreshTokenExpiresAt, Expr::value(to_ms(tokens.refresh_token_expires_at)))
        .col_expr(Column::TokenVersion, Expr::col(Column::TokenVersion).add(1))
        // Nobody gets tokens for an app that was removed.
        .col_expr(Column::DeauthorizedAt, Expr::value(None::<i64>))
        .filter(Column::Id.eq(record.id.0))
        .filter(Column::TokenVersion.eq(record.token_version))
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Notes that TikTok Shop no longer accepts us, or does again. A connection that is in another state than `from`, such as
/// one that a person paused meanwhile, stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn set_state(
    db: &impl ConnectionTrait,
    id: ConnectionId,
    from: ConnectionState,
    state: ConnectionState,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let changed = Entity::update_many()
        .col_expr(Column::State, Expr::value(state.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(to_ms(now)))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(from.as_str()))
        .exec(db)
        .await?;
    if changed.rows_affected == 0 {
        return Ok(());
    }
    match state_news(from, state) {
        Some(event) => webhook_messages::record(db, event, About::connection(id), now).await,
        None => Ok(()),
    }
}

/// What tools are told when a connection goes from one state to another.
#[must_use]
pub fn state_news(before: ConnectionState, after: ConnectionState) -> Option<WebhookEvent> {
    use ConnectionState::{Active, Unauthorized};
    match (before, after) {
        (Active, Unauthorized) => Some(WebhookEvent::ConnectionDegraded),
        (Unauthorized, Active) => Some(WebhookEvent::ConnectionRestored),
        _ => None,
    }
}

/// Notes that TikTok Shop has told us that the seller removed the app, or that it accepts us all the same.
///
/// # Errors
/// When the database fails.
pub async fn set_deauthorized(
    db: &impl ConnectionTrait,
    id: ConnectionId,
    at: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::DeauthorizedAt, Expr::value(at.map(to_ms)))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes the time of a poll that ended well.
///
/// # Errors
/// When the database fails.
pub async fn polled(db: &impl ConnectionTrait, id: ConnectionId, now: DateTime<Utc>) -> Result<(), DbErr> {
    touch(db, id, Column::LastSyncAt, now).await
}

/// Moves the poll's cursor forward; it never moves back.
///
/// # Errors
/// When the database fails.
pub async fn move_poll_cursor(
    db: &impl ConnectionTrait,
    id: ConnectionId,
    cursor: DateTime<Utc>,
) -> Result<(), DbErr> {
    let forward = Column::PollCursor.is_null().or(Column::PollCursor.lt(to_ms(cursor)));
    let move_cursor = Entity::update_many()
        .col_expr(Column::PollCursor, Expr::value(to_ms(cursor)))
        .filter(Column::Id.eq(id.0))
        .filter(forward);
    move_cursor.exec(db).await?;
    Ok(())
}

/// Moves the store reader's cursor.
///
/// # Errors
/// When the database fails.
pub async fn store_read(
    db: &impl ConnectionTrait,
    id: ConnectionId,
    cursor: DateTime<Utc>,
) -> Result<(), DbErr> {
    touch(db, id, Column::StoreCursor, cursor).await
}

/// Notes the time of the last genuine webhook, to the second: of many that come at once only the first has to wait for
/// whoever is changing the connection.
///
/// # Errors
/// When the database fails.
pub async fn webhook_received(
    db: &impl ConnectionTrait,
    id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let earlier = Column::LastWebhookAt.lte(to_ms(now - TimeDelta::seconds(1)));
    Entity::update_many()
        .col_expr(Column::LastWebhookAt, Expr::value(to_ms(now)))
        .filter(Column::Id.eq(id.0))
        .filter(Column::LastWebhookAt.is_null().or(earlier))
        .exec(db)
        .await?;
    Ok(())
}

async fn touch(
    db: &impl ConnectionTrait,
    id: ConnectionId,
    column: Column,
    time: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(column, Expr::value(to_ms(time)))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}
