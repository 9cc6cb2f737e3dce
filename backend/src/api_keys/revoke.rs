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
use crate::extract::{Id, KnownVersions};
use crate::openapi::{IfMatch, Missing, Preconditions, Refusals};

/// Revoke an API key
///
/// For good, and at once; other processes of the installation notice within ten seconds.
#[utoipa::path(
    tag = "keys",
    operation_id = "revokeApiKey",
    params(
        ("id" = i64, Path, description = "The key's number"),
        IfMatch
    ),
    responses((status = 204, description = "Revoked"), Preconditions, Missing, Refusals),
    security(("bearer" = ["keys:write"]))
)]
#[delete("/api-keys/{id}")]
pub async fn revoke_api_key(
    state: Data<AppState>,
    caller: May<KeysWrite>,
    id: Id<ApiKeyId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let versions = known.to_change()?;
    let txn = state.database.begin().await?;
    let version = find(&txn, &caller, id.0).await?.version;
    versions.require(version)?;
    if !api_keys::delete(&txn, id.0, version).await? {
        return Err(ApiError::Stale);
    }
    tell(&state, &txn, Entry::new(AuditEvent::KeyRevoked, caller.actor()).about("key", id.0)).await?;
    txn.commit().await?;
    state.live_keys.forget(id.0);
    Ok(HttpResponse::NoContent().finish())
}
