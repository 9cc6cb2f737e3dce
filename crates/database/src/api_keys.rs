//! Keys of tools. Only digests are stored; a key does what it is allowed to, and never more than its owner may.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, prelude::*,
};
use shared::{ApiKey, ApiKeyId, ConnectionId, Scope, User, UserId};

use crate::entities::api_keys::{ActiveModel, Column, Entity, Model};
use crate::entities::users;
use crate::reach::Reach;
use crate::users::UserRecord;
use crate::{from_ms, to_ms};

/// The last use is written at most this often.
const USE_WRITTEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What a new key is made of.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    pub owner: UserId,
    pub name: &'a str,
    pub prefix: &'a str,
    pub key_hash: &'a str,
    pub scopes: &'a [Scope],
    pub connections: Option<&'a [ConnectionId]>,
    pub expires_at: DateTime<Utc>,
}

/// A key that is good, and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveKey {
    pub id: ApiKeyId,
    pub name: String,
    pub owner: User,
    /// Those of the key that its owner's role has too.
    pub scopes: Vec<Scope>,
    pub reach: Reach,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Adds a key.
///
/// # Errors
/// When the database fails.
pub async fn create(
    db: &impl ConnectionTrait,
    key: NewKey<'_>,
    now: DateTime<Utc>,
) -> Result<ApiKeyId, DbErr> {
    let model = ActiveModel {
        user_id: Set(key.owner.0),
        name: Set(key.name.to_owned()),
        prefix: Set(key.prefix.to_owned()),
        key_hash: Set(key.key_hash.to_owned()),
        scopes: Set(joined(key.scopes)),
        connections: Set(key.connections.map(joined)),
        created_at: Set(to_ms(now)),
        expires_at: Set(to_ms(key.expires_at)),
        version: Set(1),
        ..Default::default()
    };
    Ok(ApiKeyId(Entity::insert(model).exec(db).await?.last_insert_id))
}

/// The keys of one person or of all, newest first. There are as many as people made, a few each.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn list(db: &impl ConnectionTrait, owner: Option<UserId>) -> Result<Vec<ApiKey>, DbErr> {
    let mut query = Entity::find().find_also_related(users::Entity).order_by_desc(Column::Id);
    if let Some(owner) = owner {
        query = query.filter(Column::UserId.eq(owner.0));
    }
    query.all(db).await?.into_iter().map(|(key, owner)| shown(key, owner)).collect()
}

/// One key; of one person only, if a person is given.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn find(
    db: &impl ConnectionTrait,
    id: ApiKeyId,
    owner: Option<UserId>,
) -> Result<Option<ApiKey>, DbErr> {
    let mut query = Entity::find_by_id(id.0).find_also_related(users::Entity);
    if let Some(owner) = owner {
        query = query.filter(Column::UserId.eq(owner.0));
    }
    query.one(db).await?.map(|(key, owner)| shown(key, owner)).transpose()
}

/// What the key with this digest is good for, if it is good now.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn find_live(
    db: &impl ConnectionTrait,
    key_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<LiveKey>, DbErr> {
    let found = Entity::find()
        .find_also_related(users::Entity)
        .filter(Column::KeyHash.eq(key_hash))
        .filter(Column::ExpiresAt.gt(to_ms(now)))
        .one(db)
        .await?;
    let Some((key, Some(owner))) = found else { return Ok(None) };
    let owner = UserRecord::try_from(owner)?;
    if owner.disabled {
        return Ok(None);
    }
    let scopes = scopes_of(&key)?.into_iter().filter(|scope| owner.user.role.has(*scope)).collect();
    Ok(Some(LiveKey {
        id: ApiKeyId(key.id),
        reach: connections_of(&key)?.map_or(Reach::All, Reach::Only),
        scopes,
        owner: owner.user,
        expires_at: from_ms(key.expires_at),
        last_used_at: key.last_used_at.map(from_ms),
        name: key.name,
    }))
}

/// Writes what a person changed; `false` when somebody else changed the key since `key.version` was read.
///
/// # Errors
/// When the database fails.
pub async fn update(db: &impl ConnectionTrait, key: &ApiKey) -> Result<bool, DbErr> {
    let updated = Entity::update_many()
        .col_expr(Column::Name, Expr::value(key.name.as_str()))
        .col_expr(Column::Scopes, Expr::value(joined(&key.scopes)))
        .col_expr(Column::ExpiresAt, Expr::value(to_ms(key.expires_at)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(key.id.0))
        .filter(Column::Version.eq(key.version))
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Revokes a key for good; `false` when somebody changed it since this version.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: &impl ConnectionTrait, id: ApiKeyId, version: i64) -> Result<bool, DbErr> {
    let deleted = Entity::delete_many()
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version))
        .exec(db)
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// Whether the last use is so long ago that this one is worth a write.
#[must_use]
pub fn is_use_worth_writing(last_used_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last_used_at.is_none_or(|last| now - last >= USE_WRITTEN_EVERY)
}

/// Notes that a key was used; of several who note it in one minute, one writes.
///
/// # Errors
/// When the database fails.
pub async fn used(db: &impl ConnectionTrait, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let long_ago = Column::LastUsedAt.is_null().or(Column::LastUsedAt.lte(to_ms(now - USE_WRITTEN_EVERY)));
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(to_ms(now)))
        .filter(Column::Id.eq(id.0))
        .filter(long_ago)
        .exec(db)
        .await?;
    Ok(())
}

fn joined(words: &[impl ToString]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn words<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, DbErr>
where
    T::Err: std::fmt::Display,
{
    let words = text.split(',').filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_err(|error| DbErr::Type(format!("api_keys: {error}")))).collect()
}

fn scopes_of(key: &Model) -> Result<Vec<Scope>, DbErr> {
    words(&key.scopes)
}

fn connections_of(key: &Model) -> Result<Option<Vec<ConnectionId>>, DbErr> {
    key.connections.as_deref().map(words).transpose()
}

fn shown(key: Model, owner: Option<users::Model>) -> Result<ApiKey, DbErr> {
    Ok(ApiKey {
        id: ApiKeyId(key.id),
        scopes: scopes_of(&key)?,
        connections: connections_of(&key)?,
        created_at: from_ms(key.created_at),
        expires_at: from_ms(key.expires_at),
        last_used_at: key.last_used_at.map(from_ms),
        version: key.version,
        name: key.name,
        prefix: key.prefix,
        owner: owner.map(|owner| owner.email).unwrap_or_default(),
    })
}
