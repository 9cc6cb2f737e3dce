use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use shared::{UserAccount, UserId};

use super::find;
use crate::app::AppState;
use crate::auth::{May, UsersRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::versioned;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get a person
///
/// The entity tag is what a change must send as `If-Match`.
#[utoipa::path(
    tag = "people",
    operation_id = "getUser",
    params(("id" = i64, Path, description = "The person's number"), IfNoneMatch),
    responses(
        (status = 200, body = UserAccount, description = "The person", headers(("ETag" = String))),
        NotModified,
        Missing,
        Refusals
    ),
    security(("bearer" = ["users:read"]))
)]
#[get("/users/{id}")]
pub async fn get_user(
    state: Data<AppState>,
    _caller: May<UsersRead>,
    id: Id<UserId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let account = find(state.database.reader(), id.0).await?;
    versioned(&known, account.version, &account)
}
