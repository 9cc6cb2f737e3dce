use actix_web::get;
use actix_web::web::Json;
use shared::User;

use crate::auth::Viewer;
use crate::error::ApiError;
use crate::openapi::Refusals;

/// Get the signed-in person
///
/// Whose access token was sent, and what that person may do.
#[utoipa::path(
    tag = "session",
    operation_id = "getSession",
    responses((status = 200, body = User, description = "Who is signed in"), Refusals),
    security(("bearer" = ["viewer"]))
)]
#[get("/session")]
pub async fn get_session(viewer: Viewer) -> Result<Json<User>, ApiError> {
    Ok(Json(viewer.0.user))
}
