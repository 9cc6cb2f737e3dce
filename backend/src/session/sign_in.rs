use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use database::audit::Entry;
use database::{second_factors, users};
use shared::{AuditEvent, Session, SignIn, User};

use super::{address_of, open_session};
use crate::app::AppState;
use crate::audit::{tell, tell_alone};
use crate::auth::totp;
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::{BodyRefusals, OpenRefusals, Throttled};

/// Longer ones are nobody's; hashing them would only cost time.
const LONGEST_PASSWORD_BYTES: usize = 4 * 128;

/// Sign in
///
/// Answers with an access token for ten minutes, and sets the cookie that gets the next one. Where an authenticator app is
/// set up, an answer without a code is 401 `second_factor_needed`: send the same with `code`. A code is good once.
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
    let SignIn { email, password, code } = body.0;
    let now = state.clock().now();
    let pause = state.throttle.attempt(&email, address_of(&state, &request), now);
    tokio::time::sleep(pause.inspect_err(|_| tracing::warn!("too many sign-ins from one address"))?).await;
    let known = users::find_by_email(state.database.reader(), &email).await?;
    let digest = known.as_ref().map(|known| known.password_hash.clone());
    let actor = known.as_ref().map(|known| known.user.email.clone());
    let fits = password.len() <= LONGEST_PASSWORD_BYTES && state.passwords.verify(password, digest).await?;
    // The same answer, after the same time, whether the person exists or not.
    let Some(known) = known.filter(|known| fits && !known.disabled) else {
        tracing::info!("sign-in refused");
        // What was typed is not kept: it may be a password in the wrong field.
        let entry = Entry::new(AuditEvent::SignInRefused, actor.as_deref().unwrap_or_default());
        tell_alone(&state, entry.with("why", "password")).await?;
        return Err(ApiError::Unauthorized("E-mail address or password is wrong."));
    };
    if known.second_factor {
        check_code(&state, &known.user, code.as_deref()).await?;
    }
    state.throttle.succeeded(&email);

    let txn = state.database.begin().await?;
    let opened = open_session(&txn, &known.user, &request, now).await?;
    let signed_in = Entry::new(AuditEvent::SignedIn, &known.user.email).about("user", known.user.id);
    tell(&state, &txn, signed_in).await?;
    txn.commit().await?;
    tracing::info!(user = %known.user.id, "signed in");
    Ok(opened.answer(&state, StatusCode::OK, known.user))
}

/// Checks a code of the authenticator app, or uses up a recovery code.
async fn check_code(state: &AppState, user: &User, code: Option<&str>) -> Result<(), ApiError> {
    let code = code.map(str::trim).filter(|code| !code.is_empty()).ok_or(ApiError::SecondFactorNeeded)?;
    let now = state.clock().now();
    state.throttle.attempt_code(user.id, now)?;
    let txn = state.database.begin().await?;
    let by_app = totp::is_code(code);
    let fits = if by_app {
        let factor = second_factors::find(&txn, &state.database.vault, user.id).await?;
        match factor.and_then(|factor| totp::step_of(&factor.secret, code, now)) {
            Some(step) => second_factors::use_step(&txn, user.id, step).await?,
            None => false,
        }
    } else {
        second_factors::use_recovery_code(&txn, user.id, &totp::recovery_code_hash(code)).await?
    };
    match (fits, by_app) {
        (true, true) => {}
        (true, false) => {
            let used = Entry::new(AuditEvent::RecoveryCodeUsed, &user.email).about("user", user.id);
            tell(state, &txn, used).await?;
        }
        (false, _) => {
            let refused = Entry::new(AuditEvent::SignInRefused, &user.email).with("why", "second factor");
            tell(state, &txn, refused).await?;
        }
    }
    txn.commit().await?;
    if !fits {
        return Err(ApiError::SecondFactorWrong);
    }
    state.throttle.code_succeeded(user.id);
    Ok(())
}
