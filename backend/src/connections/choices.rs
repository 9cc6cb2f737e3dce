use actix_web::get;
use actix_web::web::{Data, Json};
use database::store_states;
use shared::{ConnectionChoices, ConnectionId};
use sync::store_lists;

use super::find;
use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get what the settings can choose from
///
/// Order states and carriers of the store and carriers of TikTok Shop, as far as they were read; neither side is asked.
#[utoipa::path(
    tag = "connections",
    operation_id = "getConnectionChoices",
    params(("id" = i64, Path, description = "The connection's number")),
    responses((status = 200, body = ConnectionChoices, description = "The choices"), Missing, Refusals),
    security(("bearer" = ["connections:read"]))
)]
#[get("/connections/{id}/choices")]
pub async fn get_connection_choices(
    state: Data<AppState>,
    _caller: May<ConnectionsRead>,
    id: Id<ConnectionId>,
) -> Result<Json<ConnectionChoices>, ApiError> {
    let connection = find(&state, id.0).await?;
    let db = state.database.reader();
    let states = store_states::of_connection(db, connection.id).await?;
    Ok(Json(ConnectionChoices {
        store_states: states.into_iter().map(Into::into).collect(),
        store_carriers: store_lists::store_carriers(db, connection.id).await?,
        channel_carriers: store_lists::channel_carriers(db, connection.id).await?,
    }))
}
