//! The order states of each store, as its reader last saw them.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use shared::{ConnectionId, StoreState};

use crate::Reach;
use crate::entities::store_states::{Column, Entity, Model};

/// Replaces what is known about a store's states; states that are gone from the store stay readable.
///
/// # Errors
/// When the database fails.
pub async fn save(db: &impl ConnectionTrait, states: Vec<Model>) -> Result<(), DbErr> {
    if states.is_empty() {
        return Ok(());
    }
    let columns = [Column::Name, Column::Color, Column::Paid, Column::Shipped, Column::Delivered];
    let replace =
        OnConflict::columns([Column::ConnectionId, Column::StateId]).update_columns(columns).to_owned();
    let models = states.into_iter().map(IntoActiveModel::into_active_model);
    Entity::insert_many(models).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// The states of the stores of these connections.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &impl ConnectionTrait, reach: &Reach) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().order_by_asc(Column::ConnectionId).order_by_asc(Column::StateId);
    if let Some(within) = reach.condition(Column::ConnectionId) {
        query = query.filter(within);
    }
    query.all(db).await
}

/// The states of one store.
///
/// # Errors
/// When the database fails.
pub async fn of_connection(db: &impl ConnectionTrait, connection: ConnectionId) -> Result<Vec<Model>, DbErr> {
    list(db, &Reach::Only(vec![connection])).await
}

impl From<Model> for StoreState {
    fn from(model: Model) -> Self {
        Self { id: model.state_id, name: model.name, color: model.color }
    }
}
