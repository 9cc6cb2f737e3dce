use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::sessions;

use crate::app::AppState;
use crate::auth::{RefreshCookie, expired_cookie, token_hash};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// Sign out
///
/// Ends the session for good, wherever its tokens are. Needs the header `X-Orderbridge: 1`.
#[utoipa::path(
    tag = "session",
    operation_id = "signOut",
    params(("X-Orderbridge" = String, Header, description = "`1`: shows that no foreign page has sent the request")),
    responses((status = 204, description = "Signed out"), Refusals),
    security(("refresh_cookie" = []))
)]
#[delete("/session")]
pub async fn sign_out(state: Data<AppState>, cookie: RefreshCookie) -> Result<HttpResponse, ApiError> {
    if let Some(token) = cookie.0 {
        let now = state.clock().now();
        if let Some(family) = sessions::end(state.database.writer(), &token_hash(&token), now).await? {
            state.live_sessions.forget(&family);
        }
    }
    Ok(HttpResponse::NoContent().cookie(expired_cookie(&state.config)).finish())
}
