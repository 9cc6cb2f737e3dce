use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::audit::Entry;
use database::sessions;
use shared::{AuditEvent, UserId};

use super::{find, forget};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, UsersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// End a person's sessions
///
/// All of them; the person may sign in again. API keys go on.
#[utoipa::path(
    tag = "people",
    operation_id = "endUserSessions",
    params(("id" = i64, Path, description = "The person's number")),
    responses((status = 204, description = "Ended"), Missing, Refusals),
    security(("bearer" = ["users:write"]))
)]
#[delete("/users/{id}/sessions")]
pub async fn end_user_sessions(
    state: Data<AppState>,
    caller: May<UsersWrite>,
    id: Id<UserId>,
) -> Result<HttpResponse, ApiError> {
    let txn = state.database.begin().await?;
    let account = find(&txn, id.0).await?;
    caller.require_all_of(account.role)?;
    sessions::end_all(&txn, id.0, None, state.clock().now()).await?;
    tell(
        &state,
        &txn,
        Entry::new(AuditEvent::SessionEnded, caller.actor()).about("user", id.0).with("sessions", "all"),
    )
    .await?;
    txn.commit().await?;
    forget(&state, id.0);
    Ok(HttpResponse::NoContent().finish())
}
