use std::collections::BTreeMap;

use actix_web::get;
use actix_web::web::{Data, Json};
use database::store_states;
use shared::StoreState;

use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// List store states
///
/// The order states of all stores, as they were last read; where stores share a number, the oldest connection's name.
#[utoipa::path(
    tag = "connections",
    operation_id = "listStoreStates",
    responses((status = 200, body = [StoreState], description = "The states"), Refusals),
    security(("bearer" = ["connections:read"]))
)]
#[get("/store-states")]
pub async fn list_store_states(
    state: Data<AppState>,
    caller: May<ConnectionsRead>,
) -> Result<Json<Vec<StoreState>>, ApiError> {
    let mut by_id: BTreeMap<i64, StoreState> = BTreeMap::new();
    for model in store_states::list(state.database.reader(), &caller.reach).await? {
        by_id.entry(model.state_id).or_insert_with(|| model.into());
    }
    Ok(Json(by_id.into_values().collect()))
}
