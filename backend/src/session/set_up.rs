use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use database::{installation, users};
use shared::{Role, Session, SetUp};

use super::{Joins, address_of, join};
use crate::app::AppState;
use crate::auth::{SETUP_TOKEN, check_new_email, check_new_password, token_hash};
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
    state.throttle.attempt_link(address_of(&state, &request), now)?;
    let token_hash = token_hash(&token);
    // Hashing the password is dear: nobody without the link makes the server do it.
    let reader = state.database.reader();
    if users::any(reader).await? || installation::get(reader, SETUP_TOKEN).await? != Some(token_hash.clone())
    {
        return Err(ApiError::SetupLinkInvalid);
    }
    let errors = [check_new_email("/email", &email), check_new_password("/password", &password, &email)];
    let errors: Vec<_> = errors.into_iter().flatten().collect();
    ApiError::refuse_values(errors)?;
    // Before the transaction, which must not wait for it.
    let password_hash = state.passwords.hash(password).await?;

    let txn = state.database.begin().await?;
    // Of several who use the link at once, one takes it.
    let is_first = !users::any(&txn).await? && installation::take(&txn, SETUP_TOKEN, &token_hash).await?;
    if !is_first {
        return Err(ApiError::SetupLinkInvalid);
    }
    let joins = Joins { email: &email, password_hash: &password_hash, role: Role::Admin };
    let (user, opened) = join(&state, &txn, &request, joins).await?;
    txn.commit().await?;
    tracing::info!(user = %user.id, "the first admin was created");

    Ok(opened.answer(&state, StatusCode::CREATED, user))
}
