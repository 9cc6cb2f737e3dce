use actix_web::post;
use actix_web::web::{Data, Json};
use prestashop::WebserviceKey;
use shared::{ConnectionId, ConnectionTest};
use sync::connection_test::{self, ChannelTarget, StoreTarget};

use super::{find, store_address};
use crate::app::AppState;
use crate::auth::{ConnectionsWrite, May};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{BodyRefusals, Missing, Refusals};

/// Test a connection
///
/// Asks both sides whether everything an import needs is there, and says what to put right. Only reads.
#[utoipa::path(
    tag = "connections",
    operation_id = "testConnection",
    params(("id" = i64, Path, description = "The connection's number")),
    responses((status = 200, body = ConnectionTest, description = "What was found"), Missing, BodyRefusals, Refusals),
    security(("bearer" = ["connections:write"]))
)]
#[post("/connections/{id}/test")]
pub async fn test_connection(
    state: Data<AppState>,
    _caller: May<ConnectionsWrite>,
    id: Id<ConnectionId>,
) -> Result<Json<ConnectionTest>, ApiError> {
    let record = find(&state, id.0).await?;
    // Its name may lead elsewhere by now.
    let url = store_address::check(&state.config, "/store/url", &record.store_url).await?;
    let key = WebserviceKey::new(&record.webservice_key);
    let channel = ChannelTarget::of(&record);
    let store = StoreTarget { url, key, settings: record.settings };
    let clock = state.database.clock.clone();
    Ok(Json(connection_test::test_connection(&state.engine_settings, clock, Some(&channel), &store).await))
}
