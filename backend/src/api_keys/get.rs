use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use shared::{ApiKey, ApiKeyId};

use super::find;
use crate::app::AppState;
use crate::auth::{KeysRead, May};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::versioned;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get an API key
///
/// What it may do and when it was last used; never the key itself. Its entity tag is what a change must send as `If-Match`.
#[utoipa::path(
    tag = "keys",
    operation_id = "getApiKey",
    params(("id" = i64, Path, description = "The key's number"), IfNoneMatch),
    responses(
        (status = 200, body = ApiKey, description = "The key", headers(("ETag" = String))),
        NotModified,
        Missing,
        Refusals
    ),
    security(("bearer" = ["keys:read"]))
)]
#[get("/api-keys/{id}")]
pub async fn get_api_key(
    state: Data<AppState>,
    caller: May<KeysRead>,
    id: Id<ApiKeyId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let key = find(state.database.reader(), &caller, id.0).await?;
    versioned(&known, key.version, &key)
}
