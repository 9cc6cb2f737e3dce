use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use database::audit::Entry;
use database::{installation, users};
use shared::{AuditEvent, Role, Session, SetUp};

use super::{address_of, open_session};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{Attempt, SETUP_TOKEN, check_new_email, check_new_password, token_hash};
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::{BodyRefusals, OpenRefusals, Throttled};

/// Create the first admin
///
/// With the token of the link that the server printed on its first start. Works once.
#[utoipa::path(
    tag = "session",
    operation_id = "setUp",
    request_body = SetUp,
    responses(
        (status = 201, body = Session, description = "Signed in"),
        (status = 403, body = shared::Problem, content_type = "application/problem+json",
            description = "The link is not valid any more"),
        BodyRefusals,
        Throttled,
        OpenRefusals
    ),
    security(())
)]
#[post("/setup")]
pub async fn set_up(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<SetUp>,
) -> Result<HttpResponse, ApiError> {
    let SetUp { token, email, password } = body.0;
    let now = state.clock().now();
    if let Attempt::Refused { retry_after_s } =
        state.throttle.attempt("setup", address_of(&state, &request), now)
    {
        return Err(ApiError::TooManyAttempts { retry_after_s });
    }
    let errors = [check_new_email("/email", &email), check_new_password("/password", &password, &email)];
    let errors: Vec<_> = errors.into_iter().flatten().collect();
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    // Before the transaction, which must not wait for it.
    let password_hash = state.passwords.hash(password).await?;

    let txn = state.database.begin().await?;
    // Of several who use the link at once, one takes it.
    let is_first =
        !users::any(&txn).await? && installation::take(&txn, SETUP_TOKEN, &token_hash(&token)).await?;
    if !is_first {
        return Err(ApiError::SetupLinkInvalid);
    }
    let user = users::create(&txn, &email, &password_hash, Role::Admin, now).await?;
    let opened = open_session(&txn, &user, &request, now).await?;
    tell(
        &state,
        &txn,
        Entry::new(AuditEvent::UserJoined, &user.email).about("user", user.id).with("role", user.role),
    )
    .await?;
    txn.commit().await?;
    tracing::info!(user = %user.id, "the first admin was created");

    Ok(opened.answer(&state, StatusCode::CREATED, user))
}
