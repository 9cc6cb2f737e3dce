use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::audit::Entry;
use database::sessions;
use shared::AuditEvent;

use crate::app::AppState;
use crate::audit::tell;
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
    let txn = state.database.begin().await?;
    sessions::end_all(&txn, person.user.id, None, now).await?;
    let entry = Entry::new(AuditEvent::SessionEnded, &person.user.email).about("user", person.user.id);
    tell(&state, &txn, entry.with("sessions", "all")).await?;
    txn.commit().await?;
    state.live_sessions.forget_user(person.user.id);
    Ok(HttpResponse::NoContent().finish())
}
