use actix_web::get;
use actix_web::web::{Data, Json};
use database::connections;
use shared::Connection;

use super::shown;
use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// List connections
///
/// Those that the caller reaches, oldest first; secrets never leave the server.
#[utoipa::path(
    tag = "connections",
    operation_id = "listConnections",
    responses((status = 200, body = [Connection], description = "The connections"), Refusals),
    security(("bearer" = ["connections:read"]))
)]
#[get("/connections")]
pub async fn list_connections(
    state: Data<AppState>,
    caller: May<ConnectionsRead>,
) -> Result<Json<Vec<Connection>>, ApiError> {
    let records = connections::list(state.database.reader(), &state.database.vault, &caller.reach).await?;
    Ok(Json(records.into_iter().map(shown).collect()))
}
