use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::audit::Entry;
use database::sessions::{self, Refreshed};
use shared::{AuditEvent, Session};

use super::{cookie_of, session_answer};
use crate::app::AppState;
use crate::audit::tell_alone;
use crate::auth::{RefreshCookie, new_token, token_hash};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// Refresh the session
///
/// Uses up the refresh cookie for a new one and a new access token. A cookie that was used up before ends the session,
/// because somebody has a copy of it. Needs the header `X-Orderbridge: 1`.
#[utoipa::path(
    tag = "session",
    operation_id = "refreshSession",
    params((
        "X-Orderbridge" = String, Header, pattern = "^1$", example = "1",
        description = "`1`: shows that no foreign page has sent the request"
    )),
    responses((status = 200, body = Session, description = "Signed in"), Refusals),
    security(("refresh_cookie" = []))
)]
#[post("/session/refresh")]
pub async fn refresh_session(state: Data<AppState>, cookie: RefreshCookie) -> Result<HttpResponse, ApiError> {
    let ended = || ApiError::Unauthorized("The session has ended; sign in again.");
    let token = cookie.0.ok_or_else(ended)?;
    let now = state.clock().now();
    let next_token = new_token();

    let txn = state.database.begin().await?;
    let refreshed = sessions::rotate(&txn, &token_hash(&token), &token_hash(&next_token), now).await?;
    txn.commit().await?;

    match refreshed {
        Refreshed::Rotated { family, user, expires_at } => {
            let cookie = cookie_of(&state, next_token, expires_at);
            Ok(session_answer(&state, StatusCode::OK, user, &family, Some(cookie)))
        }
        Refreshed::InGrace { family, user } => {
            Ok(session_answer(&state, StatusCode::OK, user, &family, None))
        }
        Refreshed::Reused { family, user_id } => {
            tracing::warn!(user = %user_id, "a used-up refresh token came back; the session was ended");
            state.live_sessions.forget(&family);
            tell_alone(&state, Entry::new(AuditEvent::SessionStolen, "").about("user", user_id)).await?;
            Err(ended())
        }
        Refreshed::Refused => Err(ended()),
    }
}
