use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::audit::Entry;
use database::sessions;
use shared::AuditEvent;

use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{RefreshCookie, expired_cookie, token_hash};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// Sign out
///
/// Ends the session for good, wherever its tokens are; without a session there is nothing to do. Needs the header
/// `X-Orderbridge: 1`.
#[utoipa::path(
    tag = "session",
    operation_id = "signOut",
    params((
        "X-Orderbridge" = String, Header, pattern = "^1$", example = "1",
        description = "`1`: shows that no foreign page has sent the request"
    )),
    responses((status = 204, description = "Signed out"), Refusals),
    security(("refresh_cookie" = []), ())
)]
#[delete("/session")]
pub async fn sign_out(state: Data<AppState>, cookie: RefreshCookie) -> Result<HttpResponse, ApiError> {
    if let Some(token) = cookie.0 {
        let now = state.clock().now();
        let txn = state.database.begin().await?;
        if let Some((family, owner)) = sessions::end(&txn, &token_hash(&token), now).await? {
            let entry = Entry::new(AuditEvent::SessionEnded, &owner.email).about("user", owner.id);
            tell(&state, &txn, entry).await?;
            txn.commit().await?;
            state.live_sessions.forget(&family);
        }
    }
    Ok(HttpResponse::NoContent().cookie(expired_cookie(&state.config)).finish())
}
