use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use database::audit::Entry;
use database::{sessions, users};
use shared::{AuditEvent, ChangePassword};

use super::with_password;
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{Person, check_new_password};
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::{BodyRefusals, Refusals, Throttled};

/// Change one's own password
///
/// Ends all other sessions. Needs the current password.
#[utoipa::path(
    tag = "people",
    operation_id = "changePassword",
    request_body = ChangePassword,
    responses((status = 204, description = "Changed"), BodyRefusals, Throttled, Refusals),
    security(("access_token" = []))
)]
#[post("/profile/password")]
pub async fn change_password(
    state: Data<AppState>,
    person: Person,
    request: HttpRequest,
    body: Body<ChangePassword>,
) -> Result<HttpResponse, ApiError> {
    let ChangePassword { current, new } = body.0;
    if let Some(error) = check_new_password("/new", &new, &person.user.email) {
        return Err(ApiError::Invalid(vec![error]));
    }
    let record = with_password(&state, &request, &person, "/current", current).await?;
    // Before the transaction, which must not wait for it.
    let password_hash = state.passwords.hash(new).await?;

    let txn = state.database.begin().await?;
    users::set_password(&txn, record.user.id, &password_hash).await?;
    let now = state.clock().now();
    sessions::end_all(&txn, record.user.id, Some(person.session.as_str()), now).await?;
    tell(
        &state,
        &txn,
        Entry::new(AuditEvent::PasswordChanged, &record.user.email).about("user", record.user.id),
    )
    .await?;
    txn.commit().await?;
    state.live_sessions.forget_user(record.user.id);
    Ok(HttpResponse::NoContent().finish())
}
