use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use database::audit::Entry;
use database::{DatabaseTransaction, second_factors};
use shared::{
    AuditEvent, ConfirmPassword, FieldError, RecoveryCodes, SecondFactorCode, SecondFactorSetup, UserId,
};

use super::with_password;
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{Person, totp};
use crate::error::ApiError;
use crate::extract::Body;
use crate::item::with_secret;
use crate::openapi::{PasswordRefusals, Refusals};

/// Begin to set up an authenticator app
///
/// The answer shows the secret this once. It counts only after `POST /profile/second-factor/confirm`.
#[utoipa::path(
    tag = "people",
    operation_id = "beginSecondFactor",
    request_body = ConfirmPassword,
    responses(
        (status = 201, body = SecondFactorSetup, description = "The secret"),
        PasswordRefusals,
        Refusals
    ),
    security(("access_token" = []))
)]
#[post("/profile/second-factor")]
pub async fn begin_second_factor(
    state: Data<AppState>,
    person: Person,
    request: HttpRequest,
    body: Body<ConfirmPassword>,
) -> Result<HttpResponse, ApiError> {
    let record = with_password(&state, &request, &person, "/password", body.0.password).await?;
    let secret = totp::new_secret();
    let db = state.database.writer();
    if !second_factors::begin(db, &state.database.vault, record.user.id, &secret).await? {
        return Err(already_set());
    }
    let setup =
        SecondFactorSetup { secret: totp::base32(&secret), uri: totp::uri(&secret, &record.user.email) };
    Ok(with_secret(StatusCode::CREATED).json(setup))
}

/// Confirm an authenticator app
///
/// With a code that it shows. From then on signing in asks for one. The answer shows the recovery codes this once.
#[utoipa::path(
    tag = "people",
    operation_id = "confirmSecondFactor",
    request_body = SecondFactorCode,
    responses(
        (status = 200, body = RecoveryCodes, description = "The recovery codes"),
        PasswordRefusals,
        Refusals
    ),
    security(("access_token" = []))
)]
#[post("/profile/second-factor/confirm")]
pub async fn confirm_second_factor(
    state: Data<AppState>,
    person: Person,
    body: Body<SecondFactorCode>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock().now();
    let id = person.user.id;
    state.throttle.attempt_code(id, now)?;
    let txn = state.database.begin().await?;
    let factor = second_factors::find(&txn, &state.database.vault, id).await?;
    let factor = factor.ok_or_else(|| ApiError::Conflict {
        code: "second_factor_not_begun",
        detail: "Begin to set up an authenticator app first.".to_owned(),
    })?;
    if factor.confirmed {
        return Err(already_set());
    }
    let step = totp::step_of(&factor.secret, body.0.code.trim(), now);
    let fits = match step {
        Some(step) => second_factors::use_step(&txn, id, step).await?,
        None => false,
    };
    if !fits {
        let detail = "this is not the code of now; check the clock of your device";
        return Err(ApiError::Invalid(vec![FieldError::new("/code", detail)]));
    }
    second_factors::confirm(&txn, id, now).await?;
    let codes = new_codes(&txn, id).await?;
    let entry = Entry::new(AuditEvent::SecondFactorSet, &person.user.email).about("user", id);
    tell(&state, &txn, entry).await?;
    txn.commit().await?;
    state.throttle.code_succeeded(id);
    state.live_sessions.forget_user(id);
    Ok(with_secret(StatusCode::OK).json(codes))
}

/// Make new recovery codes
///
/// The earlier ones do not work any more. The answer shows the new ones this once.
#[utoipa::path(
    tag = "people",
    operation_id = "makeRecoveryCodes",
    request_body = ConfirmPassword,
    responses(
        (status = 200, body = RecoveryCodes, description = "The recovery codes"),
        PasswordRefusals,
        Refusals
    ),
    security(("access_token" = []))
)]
#[post("/profile/second-factor/recovery-codes")]
pub async fn make_recovery_codes(
    state: Data<AppState>,
    person: Person,
    request: HttpRequest,
    body: Body<ConfirmPassword>,
) -> Result<HttpResponse, ApiError> {
    let record = with_password(&state, &request, &person, "/password", body.0.password).await?;
    if !record.second_factor {
        return Err(ApiError::Conflict {
            code: "second_factor_not_set",
            detail: "Set up an authenticator app first.".to_owned(),
        });
    }
    let id = record.user.id;
    let txn = state.database.begin().await?;
    let codes = new_codes(&txn, id).await?;
    let entry = Entry::new(AuditEvent::RecoveryCodesMade, &person.user.email).about("user", id);
    tell(&state, &txn, entry).await?;
    txn.commit().await?;
    Ok(with_secret(StatusCode::OK).json(codes))
}

/// Remove one's own authenticator app
///
/// Signing in asks for the password alone again. Refused where the role must have a second factor.
#[utoipa::path(
    tag = "people",
    operation_id = "removeSecondFactor",
    request_body = ConfirmPassword,
    responses((status = 204, description = "Removed"), PasswordRefusals, Refusals),
    security(("access_token" = []))
)]
#[post("/profile/second-factor/remove")]
pub async fn remove_second_factor(
    state: Data<AppState>,
    person: Person,
    request: HttpRequest,
    body: Body<ConfirmPassword>,
) -> Result<HttpResponse, ApiError> {
    let record = with_password(&state, &request, &person, "/password", body.0.password).await?;
    if state.config.needs_second_factor(record.user.role) {
        return Err(ApiError::Conflict {
            code: "second_factor_needed",
            detail: "Your role must have an authenticator app.".to_owned(),
        });
    }
    let id = record.user.id;
    let txn = state.database.begin().await?;
    second_factors::remove(&txn, id).await?;
    let entry = Entry::new(AuditEvent::SecondFactorRemoved, &person.user.email).about("user", id);
    tell(&state, &txn, entry).await?;
    txn.commit().await?;
    state.live_sessions.forget_user(id);
    Ok(HttpResponse::NoContent().finish())
}

fn already_set() -> ApiError {
    ApiError::Conflict {
        code: "second_factor_set",
        detail: "An authenticator app is set up already; remove it first.".to_owned(),
    }
}

async fn new_codes(txn: &DatabaseTransaction, id: UserId) -> Result<RecoveryCodes, ApiError> {
    let codes = totp::new_recovery_codes();
    let hashes: Vec<_> = codes.iter().map(|code| totp::recovery_code_hash(code)).collect();
    second_factors::replace_recovery_codes(txn, id, &hashes).await?;
    Ok(RecoveryCodes { codes })
}
