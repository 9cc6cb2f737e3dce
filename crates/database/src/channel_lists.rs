//! TikTok Shop's lists for the forms, such as carriers and reasons, as they were last read.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, prelude::*};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::ConnectionId;

use crate::entities::channel_lists::{ActiveModel, Column, Entity};
use crate::{from_ms, to_ms};

/// A list and when it was read; `None` when it was never read, or has another shape by now.
///
/// # Errors
/// When the database fails.
pub async fn find<T: DeserializeOwned>(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    name: &str,
) -> Result<Option<(T, DateTime<Utc>)>, DbErr> {
    let model = Entity::find_by_id((connection_id.0, name.to_owned())).one(db).await?;
    Ok(model.and_then(|model| Some((serde_json::from_str(&model.content).ok()?, from_ms(model.read_at)))))
}

/// All lists whose name begins so, in the order of their names; those that have another shape by now are left out.
///
/// # Errors
/// When the database fails.
pub async fn beginning_with<T: DeserializeOwned>(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    prefix: &str,
) -> Result<Vec<T>, DbErr> {
    let models = Entity::find()
        .filter(Column::ConnectionId.eq(connection_id.0))
        .filter(Column::Name.starts_with(prefix))
        .order_by_asc(Column::Name)
        .all(db)
        .await?;
    Ok(models.iter().filter_map(|model| serde_json::from_str(&model.content).ok()).collect())
}

/// Keeps a list, in the place of the one of that name.
///
/// # Errors
/// When the database fails.
pub async fn save<T: Serialize>(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    name: &str,
    list: &T,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let content = serde_json::to_string(list).map_err(|error| DbErr::Json(error.to_string()))?;
    let model = ActiveModel {
        connection_id: Set(connection_id.0),
        name: Set(name.to_owned()),
        content: Set(content),
        read_at: Set(to_ms(now)),
    };
    let replace = OnConflict::columns([Column::ConnectionId, Column::Name])
        .update_columns([Column::Content, Column::ReadAt])
        .to_owned();
    Entity::insert(model).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}
