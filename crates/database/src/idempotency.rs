//! The first answer to each request that names a key, so that a repeat gets the same and does nothing again.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, TryInsertResult,
    prelude::*,
};

use crate::entities::idempotency_keys::{ActiveModel, Column, Entity};
use crate::to_ms;

/// A key that was claimed and not answered for this long belongs to a process that died.
pub const GIVEN_BACK_AFTER: TimeDelta = TimeDelta::minutes(2);
/// An answer is repeated for this long; afterwards the key is as good as new.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
    /// Where the thing is that was made.
    pub location: Option<String>,
}

/// Which request a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who sent it; everybody has keys of their own.
    pub caller: String,
    pub key: String,
    /// Of address and body, so that the same key with another request is noticed.
    pub digest: String,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The key is new, and is this request's now.
    New(Held),
    /// The same request is being answered.
    Running,
    /// The same request was answered so.
    Answered(Answer),
    /// Another request used the key.
    OfAnother,
}

/// A key that is held until its request is answered. Its holder may be too slow and lose it; then its answer, and all
/// that belongs into the same transaction, is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    request: Request,
    claimed_at: i64,
}

/// Claims a key for a request.
///
/// # Errors
/// When the database fails.
pub async fn claim(db: &impl ConnectionTrait, request: Request, now: DateTime<Utc>) -> Result<Claim, DbErr> {
    let claimed_at = to_ms(now);
    let model = ActiveModel {
        caller: Set(request.caller.clone()),
        key: Set(request.key.clone()),
        request_digest: Set(request.digest.clone()),
        status: Set(None),
        content_type: Set(None),
        body: Set(None),
        location: Set(None),
        created_at: Set(claimed_at),
    };
    let inserted = Entity::insert(model)
        .on_conflict_do_nothing_on([Column::Caller, Column::Key])
        .exec_without_returning(db)
        .await?;
    if matches!(inserted, TryInsertResult::Inserted(1)) || take_over(db, &request, now).await? {
        return Ok(Claim::New(Held { request, claimed_at }));
    }
    let known = Entity::find_by_id((request.caller, request.key)).one(db).await?;
    Ok(match known {
        // Released a moment ago.
        None => Claim::Running,
        Some(known) if known.request_digest != request.digest => Claim::OfAnother,
        Some(known) => match (known.status, known.body) {
            (Some(status), Some(body)) => Claim::Answered(Answer {
                status: u16::try_from(status).unwrap_or(500),
                content_type: known.content_type.unwrap_or_default(),
                body,
                location: known.location,
            }),
            _ => Claim::Running,
        },
    })
}

/// Takes a key whose time is over, or whose holder has died.
async fn take_over(db: &impl ConnectionTrait, request: &Request, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let given_back = Condition::all()
        .add(Column::Status.is_null())
        .add(Column::CreatedAt.lte(to_ms(now - GIVEN_BACK_AFTER)));
    let over = Column::CreatedAt.lte(to_ms(now - KEPT_FOR));
    let result = Entity::update_many()
        .col_expr(Column::RequestDigest, Expr::value(request.digest.as_str()))
        .col_expr(Column::Status, Expr::value(None::<i32>))
        .col_expr(Column::ContentType, Expr::value(None::<String>))
        .col_expr(Column::Body, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::Location, Expr::value(None::<String>))
        .col_expr(Column::CreatedAt, Expr::value(to_ms(now)))
        .filter(Column::Caller.eq(request.caller.as_str()))
        .filter(Column::Key.eq(request.key.as_str()))
        .filter(Condition::any().add(given_back).add(over))
        .exec(db)
        .await?;
    Ok(result.rows_affected > 0)
}

/// Keeps the answer of the request that holds the key; belongs into the transaction of what the request did. `false`
/// when the key was lost meanwhile: then nothing may be committed.
///
/// # Errors
/// When the database fails.
pub async fn answer(db: &impl ConnectionTrait, held: &Held, answer: &Answer) -> Result<bool, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::Status, Expr::value(i32::from(answer.status)))
        .col_expr(Column::ContentType, Expr::value(answer.content_type.as_str()))
        .col_expr(Column::Body, Expr::value(answer.body.clone()))
        .col_expr(Column::Location, Expr::value(answer.location.clone()))
        .filter(is_held(held))
        .exec(db)
        .await?;
    Ok(result.rows_affected > 0)
}

/// Gives a key back whose request did nothing, so that it may be tried again.
///
/// # Errors
/// When the database fails.
pub async fn release(db: &impl ConnectionTrait, held: &Held) -> Result<(), DbErr> {
    Entity::delete_many().filter(is_held(held)).exec(db).await?;
    Ok(())
}

fn is_held(held: &Held) -> Condition {
    Condition::all()
        .add(Column::Caller.eq(held.request.caller.as_str()))
        .add(Column::Key.eq(held.request.key.as_str()))
        .add(Column::RequestDigest.eq(held.request.digest.as_str()))
        .add(Column::CreatedAt.eq(held.claimed_at))
        .add(Column::Status.is_null())
}

/// Forgets the keys whose time is over.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let old = Entity::delete_many().filter(Column::CreatedAt.lte(to_ms(now - KEPT_FOR)));
    Ok(old.exec(db).await?.rows_affected)
}

#[cfg(test)]
mod tests {
    use clock::SystemClock;

    use super::*;
    use crate::{Database, MasterKey, Vault};

    fn request(digest: &str) -> Request {
        Request { caller: "user:1".to_owned(), key: "key".to_owned(), digest: digest.to_owned() }
    }

    #[tokio::test]
    async fn a_key_is_answered_once_and_given_back_by_the_dead() {
        for store in test_database::databases().await {
            let vault = Vault::new(&MasterKey::new([7; 32]));
            let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
            let db = database.writer();
            let now = database.clock.now();
            let first = Answer {
                status: 202,
                content_type: "application/json".to_owned(),
                body: vec![1],
                location: Some("/api/v1/exports/1".to_owned()),
            };

            let Claim::New(dead) = claim(db, request("a"), now).await.unwrap() else { panic!("new") };
            assert_eq!(claim(db, request("a"), now).await.unwrap(), Claim::Running);
            assert_eq!(claim(db, request("b"), now).await.unwrap(), Claim::OfAnother);
            let later = now + GIVEN_BACK_AFTER;
            let Claim::New(held) = claim(db, request("a"), later).await.unwrap() else {
                panic!("given back")
            };
            assert!(!answer(db, &dead, &first).await.unwrap(), "the key is another's now");
            release(db, &dead).await.unwrap();
            assert!(answer(db, &held, &first).await.unwrap());
            release(db, &held).await.unwrap();
            assert_eq!(claim(db, request("a"), later).await.unwrap(), Claim::Answered(first));

            let next_day = later + KEPT_FOR;
            let Claim::New(held) = claim(db, request("b"), next_day).await.unwrap() else { panic!("over") };
            release(db, &held).await.unwrap();
            assert!(matches!(claim(db, request("c"), next_day).await.unwrap(), Claim::New(_)));
            assert_eq!(purge(db, next_day + KEPT_FOR).await.unwrap(), 1);
        }
    }
}
