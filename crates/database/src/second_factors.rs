//! Authenticator apps of people: the secret, sealed, and recovery codes, of which only digests are stored.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, prelude::*,
};
use shared::UserId;

use crate::entities::recovery_codes;
use crate::entities::users::{Column, Entity};
use crate::{Vault, to_ms};

/// The secret of somebody's authenticator app.
pub struct SecondFactor {
    pub secret: Vec<u8>,
    /// Until then it is only being set up.
    pub confirmed: bool,
}

pub(crate) fn place(id: i64) -> String {
    format!("users.totp_secret:{id}")
}

/// Keeps a secret that is being set up, in place of an earlier one that is; `false` when one is confirmed already.
///
/// # Errors
/// When the database fails.
pub async fn begin(
    db: &impl ConnectionTrait,
    vault: &Vault,
    id: UserId,
    secret: &[u8],
) -> Result<bool, DbErr> {
    let updated = Entity::update_many()
        .col_expr(Column::TotpSecret, Expr::value(vault.seal(&place(id.0), secret)))
        .col_expr(Column::TotpLastStep, Expr::value(None::<i64>))
        .filter(Column::Id.eq(id.0))
        .filter(Column::TotpConfirmedAt.is_null())
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// The secret of somebody, if there is one.
///
/// # Errors
/// When the database fails, or the secret was sealed with another key.
pub async fn find(
    db: &impl ConnectionTrait,
    vault: &Vault,
    id: UserId,
) -> Result<Option<SecondFactor>, DbErr> {
    let Some(model) = Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let Some(sealed) = model.totp_secret else { return Ok(None) };
    let secret = vault.open(&place(id.0), &sealed).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(Some(SecondFactor { secret, confirmed: model.totp_confirmed_at.is_some() }))
}

/// Uses up the code of a time step: `false` when it, or a later one, was used before. Of several who try, one gets `true`.
///
/// # Errors
/// When the database fails.
pub async fn use_step(db: &impl ConnectionTrait, id: UserId, step: i64) -> Result<bool, DbErr> {
    let updated = Entity::update_many()
        .col_expr(Column::TotpLastStep, Expr::value(step))
        .filter(Column::Id.eq(id.0))
        .filter(Column::TotpLastStep.is_null().or(Column::TotpLastStep.lt(step)))
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// From now on signing in asks for a code; `false` when it did already.
///
/// # Errors
/// When the database fails.
pub async fn confirm(db: &impl ConnectionTrait, id: UserId, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let updated = Entity::update_many()
        .col_expr(Column::TotpConfirmedAt, Expr::value(to_ms(now)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.0))
        .filter(Column::TotpConfirmedAt.is_null())
        .filter(Column::TotpSecret.is_not_null())
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Takes secret and recovery codes away; belongs into a transaction.
///
/// # Errors
/// When the database fails.
pub async fn remove(db: &impl ConnectionTrait, id: UserId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::TotpSecret, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::TotpConfirmedAt, Expr::value(None::<i64>))
        .col_expr(Column::TotpLastStep, Expr::value(None::<i64>))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    replace_recovery_codes(db, id, &[]).await
}

/// Replaces all recovery codes; belongs into a transaction.
///
/// # Errors
/// When the database fails.
pub async fn replace_recovery_codes(
    db: &impl ConnectionTrait,
    id: UserId,
    code_hashes: &[String],
) -> Result<(), DbErr> {
    use recovery_codes::{ActiveModel, Column, Entity};
    Entity::delete_many().filter(Column::UserId.eq(id.0)).exec(db).await?;
    if code_hashes.is_empty() {
        return Ok(());
    }
    let models = code_hashes
        .iter()
        .map(|code_hash| ActiveModel { user_id: Set(id.0), code_hash: Set(code_hash.clone()) });
    Entity::insert_many(models).exec_without_returning(db).await?;
    Ok(())
}

/// Uses up a recovery code: `false` when there is none like it.
///
/// # Errors
/// When the database fails.
pub async fn use_recovery_code(
    db: &impl ConnectionTrait,
    id: UserId,
    code_hash: &str,
) -> Result<bool, DbErr> {
    let key = (id.0, code_hash.to_owned());
    Ok(recovery_codes::Entity::delete_by_id(key).exec(db).await?.rows_affected == 1)
}

/// How many recovery codes are left.
///
/// # Errors
/// When the database fails.
pub async fn recovery_codes_left(db: &impl ConnectionTrait, id: UserId) -> Result<u64, DbErr> {
    recovery_codes::Entity::find().filter(recovery_codes::Column::UserId.eq(id.0)).count(db).await
}
