use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use shared::{UserAccount, UserId};

use super::{answer, find};
use crate::app::AppState;
use crate::auth::{May, UsersRead};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get a person
///
/// The entity tag is what a change must send as `If-Match`.
#[utoipa::path(
    tag = "people",
    operation_id = "getUser",
    params(("id" = i64, Path, description = "The person's number")),
    responses(
        (status = 200, body = UserAccount, description = "The person", headers(("ETag" = String))),
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
) -> Result<HttpResponse, ApiError> {
    Ok(answer(find(state.database.reader(), id.0).await?))
}
