//! Facts about the installation itself, one text for each name.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, prelude::*};

use crate::entities::installation::{ActiveModel, Column, Entity};

/// Keeps a fact, in place of an earlier one of the same name.
///
/// # Errors
/// When the database fails.
pub async fn put(db: &impl ConnectionTrait, name: &str, value: &str) -> Result<(), DbErr> {
    let model = ActiveModel { name: Set(name.to_owned()), value: Set(value.to_owned()) };
    let replace = OnConflict::column(Column::Name).update_column(Column::Value).to_owned();
    Entity::insert(model).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// Removes a fact if it has this very value; of several who try, one gets `true`.
///
/// # Errors
/// When the database fails.
pub async fn take(db: &impl ConnectionTrait, name: &str, value: &str) -> Result<bool, DbErr> {
    let deleted =
        Entity::delete_many().filter(Column::Name.eq(name)).filter(Column::Value.eq(value)).exec(db).await?;
    Ok(deleted.rows_affected == 1)
}

/// A fact.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &impl ConnectionTrait, name: &str) -> Result<Option<String>, DbErr> {
    Ok(Entity::find_by_id(name).one(db).await?.map(|fact| fact.value))
}
