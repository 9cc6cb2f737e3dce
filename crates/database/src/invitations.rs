//! Invitations: a link that works once and for some days; only the digest of its token is stored.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, prelude::*,
};
use shared::{Invitation, InvitationId, Role};

use crate::entities::invitations::{ActiveModel, Column, Entity, Model};
use crate::users::normal_email;
use crate::{from_ms, to_ms};

/// How long a link works.
const LIFETIME: TimeDelta = TimeDelta::days(7);

/// Invites somebody; an earlier invitation of the same address ends. Belongs into a transaction.
///
/// # Errors
/// When the database fails.
pub async fn create(
    db: &impl ConnectionTrait,
    email: &str,
    role: Role,
    token_hash: &str,
    invited_by: &str,
    now: DateTime<Utc>,
) -> Result<Invitation, DbErr> {
    let email = normal_email(email);
    // Those that nobody accepted are forgotten here too.
    let ended = Column::Email.eq(email.as_str()).or(Column::ExpiresAt.lte(to_ms(now)));
    Entity::delete_many().filter(ended).exec(db).await?;
    let expires_at = now + LIFETIME;
    let model = ActiveModel {
        email: Set(email.clone()),
        role: Set(role.to_string()),
        token_hash: Set(token_hash.to_owned()),
        invited_by: Set(invited_by.to_owned()),
        created_at: Set(to_ms(now)),
        expires_at: Set(to_ms(expires_at)),
        ..Default::default()
    };
    let id = InvitationId(Entity::insert(model).exec(db).await?.last_insert_id);
    let (created_at, expires_at) = (from_ms(to_ms(now)), from_ms(to_ms(expires_at)));
    Ok(Invitation { id, email, role, invited_by: invited_by.to_owned(), created_at, expires_at })
}

/// The invitations that can still be accepted, newest first.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn list(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<Invitation>, DbErr> {
    let models =
        Entity::find().filter(Column::ExpiresAt.gt(to_ms(now))).order_by_desc(Column::Id).all(db).await?;
    models.into_iter().map(shown).collect()
}

/// One invitation.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn find(db: &impl ConnectionTrait, id: InvitationId) -> Result<Option<Invitation>, DbErr> {
    Entity::find_by_id(id.0).one(db).await?.map(shown).transpose()
}

/// The invitation that a token is for, as long as it can be accepted.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn find_by_token(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<Invitation>, DbErr> {
    let found = Entity::find()
        .filter(Column::TokenHash.eq(token_hash))
        .filter(Column::ExpiresAt.gt(to_ms(now)))
        .one(db)
        .await?;
    found.map(shown).transpose()
}

/// Takes an invitation away; of several who try, one gets `true`.
///
/// # Errors
/// When the database fails.
pub async fn take(db: &impl ConnectionTrait, id: InvitationId) -> Result<bool, DbErr> {
    Ok(Entity::delete_by_id(id.0).exec(db).await?.rows_affected == 1)
}

fn shown(model: Model) -> Result<Invitation, DbErr> {
    Ok(Invitation {
        id: InvitationId(model.id),
        role: model.role.parse().map_err(|error| DbErr::Type(format!("invitations.role: {error}")))?,
        email: model.email,
        invited_by: model.invited_by,
        created_at: from_ms(model.created_at),
        expires_at: from_ms(model.expires_at),
    })
}
