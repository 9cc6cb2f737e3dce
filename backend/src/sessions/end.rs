use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::audit::Entry;
use database::sessions;
use shared::{AuditEvent, UserSessionId};

use crate::app::AppState;
use crate::audit::tell;
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
    let txn = state.database.begin().await?;
    if !sessions::end_one(&txn, person.user.id, &id.0, now).await? {
        return Err(ApiError::NotFound);
    }
    let entry = Entry::new(AuditEvent::SessionEnded, &person.user.email).about("user", person.user.id);
    tell(&state, &txn, entry).await?;
    txn.commit().await?;
    state.live_sessions.forget(id.0.as_str());
    Ok(HttpResponse::NoContent().finish())
}
