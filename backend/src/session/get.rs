use actix_web::get;
use actix_web::web::Json;
use shared::User;

use crate::auth::Anyone;
use crate::error::ApiError;
use crate::openapi::Refusals;

/// Get the signed-in person
///
/// Whose access token was sent, and what that person may do; with an API key, its owner.
#[utoipa::path(
    tag = "session",
    operation_id = "getSession",
    responses((status = 200, body = User, description = "Who is signed in"), Refusals),
    security(("bearer" = []))
)]
#[get("/session")]
pub async fn get_session(caller: Anyone) -> Result<Json<User>, ApiError> {
    Ok(Json(caller.0.user))
}
