use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use database::api_keys;
use database::audit::Entry;
use shared::{ApiKey, ApiKeyId, AuditEvent, UpdateApiKey};

use super::{check, find, in_order, joined};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{KeysWrite, May};
use crate::error::ApiError;
use crate::extract::{Body, Id, KnownVersions};
use crate::item::changed;
use crate::openapi::{BodyRefusals, IfMatch, Missing, Preconditions, Refusals};

/// Change an API key
///
/// What is left out stays as it is. `If-Match` names the version that is changed.
#[utoipa::path(
    tag = "keys",
    operation_id = "updateApiKey",
    params(
        ("id" = i64, Path, description = "The key's number"),
        IfMatch
    ),
    request_body = UpdateApiKey,
    responses(
        (status = 200, body = ApiKey, description = "The key", headers(("ETag" = String))),
        Preconditions,
        Missing,
        BodyRefusals,
        Refusals
    ),
    security(("bearer" = ["keys:write"]))
)]
#[patch("/api-keys/{id}")]
pub async fn update_api_key(
    state: Data<AppState>,
    caller: May<KeysWrite>,
    id: Id<ApiKeyId>,
    known: KnownVersions,
    body: Body<UpdateApiKey>,
) -> Result<HttpResponse, ApiError> {
    let versions = known.to_change()?;
    let UpdateApiKey { name, scopes, expires_at } = body.0;
    let txn = state.database.begin().await?;
    let mut key = find(&txn, &caller, id.0).await?;
    versions.require(key.version)?;
    let before = key.clone();
    if let Some(name) = name {
        key.name = name.trim().to_owned();
    }
    if let Some(scopes) = scopes {
        key.scopes = in_order(scopes);
    }
    if let Some(expires_at) = expires_at {
        key.expires_at = expires_at;
    }
    if key == before {
        return changed(StatusCode::OK, key.version, &key);
    }
    check(&key, &caller, state.clock().now())?;
    if !api_keys::update(&txn, &key).await? {
        return Err(ApiError::Stale);
    }
    let key = find(&txn, &caller, id.0).await?;
    tell(
        &state,
        &txn,
        Entry::new(AuditEvent::KeyChanged, caller.actor())
            .about("key", key.id)
            .with("scopes", joined(&key.scopes)),
    )
    .await?;
    txn.commit().await?;
    state.live_keys.forget(id.0);
    changed(StatusCode::OK, key.version, &key)
}
