//! The first answer to each request that names a key, so that a repeat gets the same and does nothing again.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, TryInsertResult, prelude::*,
};

use crate::entities::idempotency_keys::{ActiveModel, Column, Entity};
use crate::to_ms;

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The key is new, and is this request's now.
    New,
    /// The same request is being answered.
    Running,
    /// The same request was answered so.
    Answered(Answer),
    /// Another request used the key.
    OfAnother,
}

/// Claims a key for a request.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    db: &impl ConnectionTrait,
    caller: &str,
    key: &str,
    request_digest: &str,
    now: DateTime<Utc>,
) -> Result<Claim, DbErr> {
    let model = ActiveModel {
        caller: Set(caller.to_owned()),
        key: Set(key.to_owned()),
        request_digest: Set(request_digest.to_owned()),
        status: Set(None),
        content_type: Set(None),
        body: Set(None),
        created_at: Set(to_ms(now)),
    };
    let inserted = Entity::insert(model)
        .on_conflict_do_nothing_on([Column::Caller, Column::Key])
        .exec_without_returning(db)
        .await?;
    if matches!(inserted, TryInsertResult::Inserted(1)) {
        return Ok(Claim::New);
    }
    let known = Entity::find_by_id((caller.to_owned(), key.to_owned())).one(db).await?;
    Ok(match known {
        // Released a moment ago.
        None => Claim::Running,
        Some(known) if known.request_digest != request_digest => Claim::OfAnother,
        Some(known) => match (known.status, known.body) {
            (Some(status), Some(body)) => Claim::Answered(Answer {
                status: u16::try_from(status).unwrap_or(500),
                content_type: known.content_type.unwrap_or_default(),
                body,
            }),
            _ => Claim::Running,
        },
    })
}

/// Keeps the answer of the request that holds the key.
///
/// # Errors
/// When the database fails.
pub async fn answer(
    db: &impl ConnectionTrait,
    caller: &str,
    key: &str,
    answer: &Answer,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(i32::from(answer.status)))
        .col_expr(Column::ContentType, Expr::value(answer.content_type.clone()))
        .col_expr(Column::Body, Expr::value(answer.body.clone()))
        .filter(Column::Caller.eq(caller))
        .filter(Column::Key.eq(key))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives a key back whose request did nothing, so that it may be tried again.
///
/// # Errors
/// When the database fails.
pub async fn release(db: &impl ConnectionTrait, caller: &str, key: &str) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::Caller.eq(caller)).filter(Column::Key.eq(key)).exec(db).await?;
    Ok(())
}

/// Forgets the keys that were claimed before `before`.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
    let old = Entity::delete_many().filter(Column::CreatedAt.lt(to_ms(before)));
    Ok(old.exec(db).await?.rows_affected)
}
