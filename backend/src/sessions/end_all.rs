use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::sessions;

use crate::app::AppState;
use crate::auth::Person;
use crate::error::ApiError;
use crate::openapi::Refusals;

/// End all of one's own sessions
///
/// The one that asks, too.
#[utoipa::path(
    tag = "people",
    operation_id = "endSessions",
    responses((status = 204, description = "Ended"), Refusals),
    security(("access_token" = []))
)]
#[delete("/sessions")]
pub async fn end_sessions(state: Data<AppState>, person: Person) -> Result<HttpResponse, ApiError> {
    let now = state.clock().now();
    sessions::end_all(state.database.writer(), person.user.id, None, now).await?;
    state.live_sessions.forget_user(person.user.id);
    Ok(HttpResponse::NoContent().finish())
}
