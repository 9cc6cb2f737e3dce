use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use database::users;
use shared::{Session, SignIn};

use super::{address_of, open_session};
use crate::app::AppState;
use crate::auth::Attempt;
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::{BodyRefusals, OpenRefusals, Throttled};

/// Longer ones are nobody's; hashing them would only cost time.
const LONGEST_PASSWORD_BYTES: usize = 4 * 128;

/// Sign in
///
/// Answers with an access token for ten minutes, and sets the cookie that gets the next one.
#[utoipa::path(
    tag = "session",
    operation_id = "signIn",
    request_body = SignIn,
    responses(
        (status = 200, body = Session, description = "Signed in"),
        (status = 401, body = shared::Problem, content_type = "application/problem+json",
            description = "E-mail address or password is wrong"),
        BodyRefusals,
        Throttled,
        OpenRefusals
    ),
    security(())
)]
#[post("/session")]
pub async fn sign_in(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<SignIn>,
) -> Result<HttpResponse, ApiError> {
    let SignIn { email, password } = body.0;
    let now = state.clock().now();
    match state.throttle.attempt(&email, address_of(&state, &request), now) {
        Attempt::After(pause) => tokio::time::sleep(pause).await,
        Attempt::Refused { retry_after_s } => {
            tracing::warn!("too many sign-ins from one address");
            return Err(ApiError::TooManyAttempts { retry_after_s });
        }
    }
    let known = users::find_by_email(state.database.reader(), &email).await?;
    let digest = known.as_ref().map(|known| known.password_hash.clone());
    let fits = password.len() <= LONGEST_PASSWORD_BYTES && state.passwords.verify(password, digest).await?;
    // The same answer, after the same time, whether the person exists or not.
    let Some(known) = known.filter(|known| fits && !known.disabled) else {
        tracing::info!("sign-in refused");
        return Err(ApiError::Unauthorized("E-mail address or password is wrong."));
    };
    state.throttle.succeeded(&email);

    let txn = state.database.begin().await?;
    let opened = open_session(&txn, &known.user, &request, now).await?;
    txn.commit().await?;
    tracing::info!(user = %known.user.id, "signed in");
    Ok(opened.answer(&state, StatusCode::OK, known.user))
}
