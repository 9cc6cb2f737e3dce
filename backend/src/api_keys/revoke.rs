use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::api_keys;
use database::audit::Entry;
use shared::{ApiKeyId, AuditEvent};

use super::find;
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{KeysWrite, May};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Revoke an API key
///
/// For good, and at once; other processes of the installation notice within ten seconds.
#[utoipa::path(
    tag = "keys",
    operation_id = "revokeApiKey",
    params(("id" = i64, Path, description = "The key's number")),
    responses((status = 204, description = "Revoked"), Missing, Refusals),
    security(("bearer" = ["keys:write"]))
)]
#[delete("/api-keys/{id}")]
pub async fn revoke_api_key(
    state: Data<AppState>,
    caller: May<KeysWrite>,
    id: Id<ApiKeyId>,
) -> Result<HttpResponse, ApiError> {
    let txn = state.database.begin().await?;
    find(&txn, &caller, id.0).await?;
    api_keys::delete(&txn, id.0).await?;
    tell(&state, &txn, Entry::new(AuditEvent::KeyRevoked, caller.actor()).about("key", id.0)).await?;
    txn.commit().await?;
    state.live_keys.forget(id.0);
    Ok(HttpResponse::NoContent().finish())
}
