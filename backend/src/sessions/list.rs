use actix_web::get;
use actix_web::web::{Data, Json};
use database::sessions;
use shared::UserSession;

use crate::app::AppState;
use crate::auth::Person;
use crate::error::ApiError;
use crate::openapi::Refusals;

/// List one's own sessions
///
/// Those that have not ended, the latest used first, and which of them asks.
#[utoipa::path(
    tag = "people",
    operation_id = "listSessions",
    responses((status = 200, body = [UserSession], description = "The sessions"), Refusals),
    security(("access_token" = []))
)]
#[get("/sessions")]
pub async fn list_sessions(
    state: Data<AppState>,
    person: Person,
) -> Result<Json<Vec<UserSession>>, ApiError> {
    let (db, now) = (state.database.reader(), state.clock().now());
    Ok(Json(sessions::of_user(db, person.user.id, Some(person.session.as_str()), now).await?))
}
