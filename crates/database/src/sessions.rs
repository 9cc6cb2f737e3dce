//! Sign-ins: each is a family of refresh tokens, of which the newest is good once. Only digests are stored.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*,
};
use shared::{User, UserId, UserSession, UserSessionId};

use crate::entities::sessions::{ActiveModel, Column, Entity};
use crate::entities::users;
use crate::users::UserRecord;
use crate::{from_ms, to_ms};

/// Without use, a session ends after this time.
const IDLE_LIMIT: TimeDelta = TimeDelta::days(7);
/// However much it is used, a session ends after this time.
const ABSOLUTE_LIMIT: TimeDelta = TimeDelta::days(30);
/// Two tabs may refresh at once: the later one still gets an access token, but no refresh token of its own.
const GRACE: TimeDelta = TimeDelta::seconds(10);
/// Ended sessions stay this long, so that the reuse of their tokens is still noticed.
const KEPT_AFTER_END: TimeDelta = TimeDelta::days(7);

/// A refresh token that was handed out, by its digest.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    pub family: &'a str,
    pub token_hash: &'a str,
    /// The browser and system in a few words.
    pub user_agent: Option<&'a str>,
}

/// What a refresh token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// It was good and is used up; the new token takes its place until this time.
    Rotated { family: String, user: User, expires_at: DateTime<Utc> },
    /// It was used up a moment ago by another tab: good for an access token only.
    InGrace { family: String, user: User },
    /// It was used up long ago: somebody has a copy, so the whole family has ended.
    Reused { family: String, user_id: UserId },
    /// It is unknown, ended or too old.
    Refused,
}

/// Begins a session and returns when its first refresh token ends. Sessions that ended long ago are forgotten.
///
/// # Errors
/// When the database fails.
pub async fn open(
    db: &impl ConnectionTrait,
    user_id: UserId,
    token: NewToken<'_>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, DbErr> {
    Entity::delete_many().filter(Column::ExpiresAt.lt(to_ms(now - KEPT_AFTER_END))).exec(db).await?;
    insert(db, user_id, token, now, now).await
}

async fn insert(
    db: &impl ConnectionTrait,
    user_id: UserId,
    token: NewToken<'_>,
    family_created_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, DbErr> {
    let expires_at = (now + IDLE_LIMIT).min(family_created_at + ABSOLUTE_LIMIT);
    let model = ActiveModel {
        user_id: Set(user_id.0),
        family: Set(token.family.to_owned()),
        token_hash: Set(token.token_hash.to_owned()),
        created_at: Set(to_ms(now)),
        family_created_at: Set(to_ms(family_created_at)),
        expires_at: Set(to_ms(expires_at)),
        user_agent: Set(token.user_agent.map(ToOwned::to_owned)),
        ..Default::default()
    };
    Entity::insert(model).exec_without_returning(db).await?;
    Ok(expires_at)
}

/// Uses up a refresh token and puts a new one in its place; belongs into a transaction.
///
/// # Errors
/// When the database fails.
pub async fn rotate(
    db: &impl ConnectionTrait,
    token_hash: &str,
    next_hash: &str,
    now: DateTime<Utc>,
) -> Result<Refreshed, DbErr> {
    let found = Entity::find().filter(Column::TokenHash.eq(token_hash)).lock_exclusive().one(db).await?;
    let Some(session) = found else { return Ok(Refreshed::Refused) };
    if session.revoked_at.is_some() || session.expires_at <= to_ms(now) {
        return Ok(Refreshed::Refused);
    }
    let owner =
        users::Entity::find_by_id(session.user_id).one(db).await?.map(UserRecord::try_from).transpose()?;
    let Some(owner) = owner.filter(|owner| !owner.disabled) else { return Ok(Refreshed::Refused) };
    let family = session.family;
    match session.rotated_at.map(from_ms) {
        Some(rotated_at) if now - rotated_at <= GRACE => Ok(Refreshed::InGrace { family, user: owner.user }),
        Some(_) => {
            end_family(db, &family, now).await?;
            Ok(Refreshed::Reused { family, user_id: owner.user.id })
        }
        None => {
            Entity::update_many()
                .col_expr(Column::RotatedAt, Expr::value(to_ms(now)))
                .filter(Column::Id.eq(session.id))
                .exec(db)
                .await?;
            let next = NewToken {
                family: &family,
                token_hash: next_hash,
                user_agent: session.user_agent.as_deref(),
            };
            let family_created_at = from_ms(session.family_created_at);
            let expires_at = insert(db, owner.user.id, next, family_created_at, now).await?;
            Ok(Refreshed::Rotated { family, user: owner.user, expires_at })
        }
    }
}

/// Ends the session that a refresh token belongs to; returns its family and whose it was, unless it had ended before.
///
/// # Errors
/// When the database fails.
pub async fn end(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<(String, User)>, DbErr> {
    let query = Entity::find().select_only().column(Column::Family).filter(Column::TokenHash.eq(token_hash));
    let Some(family) = query.into_tuple::<String>().one(db).await? else { return Ok(None) };
    let owner = user_of_family(db, &family).await?;
    end_family(db, &family, now).await?;
    Ok(owner.map(|owner| (family, owner.user)))
}

async fn end_family(db: &impl ConnectionTrait, family: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(to_ms(now)))
        .filter(Column::Family.eq(family))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Whose session this is, as long as neither it nor its person has been stopped.
///
/// # Errors
/// When the database fails.
pub async fn user_of_family(db: &impl ConnectionTrait, family: &str) -> Result<Option<UserRecord>, DbErr> {
    let live =
        Entity::find().filter(Column::Family.eq(family)).filter(Column::RevokedAt.is_null()).one(db).await?;
    let Some(session) = live else { return Ok(None) };
    let owner =
        users::Entity::find_by_id(session.user_id).one(db).await?.map(UserRecord::try_from).transpose()?;
    Ok(owner.filter(|owner| !owner.disabled))
}

/// A person's sessions that have not ended, the latest used first; `current` names the one that asks.
///
/// # Errors
/// When the database fails.
pub async fn of_user(
    db: &impl ConnectionTrait,
    user_id: UserId,
    current: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Vec<UserSession>, DbErr> {
    // The newest token of each family stands for it.
    let models = Entity::find()
        .filter(Column::UserId.eq(user_id.0))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::RotatedAt.is_null())
        .filter(Column::ExpiresAt.gt(to_ms(now)))
        .order_by_desc(Column::CreatedAt)
        .all(db)
        .await?;
    let sessions = models.into_iter().map(|model| UserSession {
        current: current == Some(model.family.as_str()),
        created_at: from_ms(model.family_created_at),
        last_used_at: from_ms(model.created_at),
        expires_at: from_ms(model.expires_at),
        user_agent: model.user_agent,
        id: UserSessionId(model.family),
    });
    Ok(sessions.collect())
}

/// Ends one session of a person; `false` when there was none that had not ended.
///
/// # Errors
/// When the database fails.
pub async fn end_one(
    db: &impl ConnectionTrait,
    user_id: UserId,
    id: &UserSessionId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let ended = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(to_ms(now)))
        .filter(Column::UserId.eq(user_id.0))
        .filter(Column::Family.eq(id.as_str()))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(ended.rows_affected > 0)
}

/// Ends all sessions of a person but one.
///
/// # Errors
/// When the database fails.
pub async fn end_all(
    db: &impl ConnectionTrait,
    user_id: UserId,
    but: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut end = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(to_ms(now)))
        .filter(Column::UserId.eq(user_id.0))
        .filter(Column::RevokedAt.is_null());
    if let Some(family) = but {
        end = end.filter(Column::Family.ne(family));
    }
    end.exec(db).await?;
    Ok(())
}
