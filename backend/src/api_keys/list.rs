use actix_web::get;
use actix_web::web::{Data, Json};
use database::api_keys;
use shared::ApiKey;

use super::whose;
use crate::app::AppState;
use crate::auth::{KeysRead, May};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// List API keys
///
/// The caller's own, or everybody's for those who manage people; newest first.
#[utoipa::path(
    tag = "keys",
    operation_id = "listApiKeys",
    responses((status = 200, body = [ApiKey], description = "The keys"), Refusals),
    security(("bearer" = ["keys:read"]))
)]
#[get("/api-keys")]
pub async fn list_api_keys(
    state: Data<AppState>,
    caller: May<KeysRead>,
) -> Result<Json<Vec<ApiKey>>, ApiError> {
    Ok(Json(api_keys::list(state.database.reader(), whose(&caller)).await?))
}
