use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::sessions;
use shared::UserSessionId;

use crate::app::AppState;
use crate::auth::Person;
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// End one of one's own sessions
///
/// All of its tokens end; other processes of the installation notice within ten seconds.
#[utoipa::path(
    tag = "people",
    operation_id = "endSession",
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "Ended"), Missing, Refusals),
    security(("access_token" = []))
)]
#[delete("/sessions/{id}")]
pub async fn end_session(
    state: Data<AppState>,
    person: Person,
    id: Id<UserSessionId>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock().now();
    if !sessions::end_one(state.database.writer(), person.user.id, &id.0, now).await? {
        return Err(ApiError::NotFound);
    }
    state.live_sessions.forget(id.0.as_str());
    Ok(HttpResponse::NoContent().finish())
}
