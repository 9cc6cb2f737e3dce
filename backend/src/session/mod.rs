//! Signing in and out: one endpoint per file.

mod get;
mod refresh;
pub mod set_up;
mod setup_state;
pub mod sign_in;
pub mod sign_out;

pub use get::get_session;
pub use refresh::refresh_session;
pub use setup_state::get_setup_state;

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use chrono::{DateTime, Utc};
use database::sessions::{self, NewToken};
use database::{ConnectionTrait, DbErr, users};
use shared::{Session, User};

use crate::app::AppState;
use crate::auth::{new_token, refresh_cookie, token_hash, user_agent};

/// A session that has just begun.
pub struct Opened {
    family: String,
    refresh_token: String,
    expires_at: DateTime<Utc>,
}

impl Opened {
    /// The answer that carries the new session's access token and cookie.
    #[must_use]
    pub fn answer(self, state: &AppState, status: StatusCode, user: User) -> HttpResponse {
        let cookie = cookie_of(state, self.refresh_token, self.expires_at);
        session_answer(state, status, user, &self.family, Some(cookie))
    }
}

/// Begins a session for somebody who has proved to be this user.
pub async fn open_session(
    db: &impl ConnectionTrait,
    user: &User,
    request: &HttpRequest,
    now: DateTime<Utc>,
) -> Result<Opened, DbErr> {
    let family = uuid::Uuid::new_v4().to_string();
    let refresh_token = new_token();
    let token_hash = token_hash(&refresh_token);
    let user_agent = user_agent::shortened(request.headers());
    let token = NewToken { family: &family, token_hash: &token_hash, user_agent: user_agent.as_deref() };
    let expires_at = sessions::open(db, user.id, token, now).await?;
    users::signed_in(db, user.id, now).await?;
    Ok(Opened { family, refresh_token, expires_at })
}

fn cookie_of(state: &AppState, refresh_token: String, expires_at: DateTime<Utc>) -> Cookie<'static> {
    refresh_cookie(&state.config, refresh_token, expires_at - state.clock().now())
}

/// The answer that carries an access token, and the cookie if there is a new one.
fn session_answer(
    state: &AppState,
    status: StatusCode,
    user: User,
    family: &str,
    cookie: Option<Cookie<'_>>,
) -> HttpResponse {
    let (access_token, expires_at) = state.access_tokens.issue(user.id, family, state.clock().now());
    let mut answer = HttpResponse::build(status);
    if let Some(cookie) = cookie {
        answer.cookie(cookie);
    }
    answer
        .insert_header((CACHE_CONTROL, "no-store"))
        // Compressed, the length of the answer could tell something of the token.
        .insert_header((CONTENT_ENCODING, "identity"))
        .json(Session { access_token, expires_at, user })
}

/// Where a request comes from.
pub fn address_of(state: &AppState, request: &HttpRequest) -> Option<IpAddr> {
    if state.config.trust_proxy {
        let info = request.connection_info();
        let forwarded = info.realip_remote_addr().and_then(|address| address.parse().ok());
        if forwarded.is_some() {
            return forwarded;
        }
    }
    request.peer_addr().map(|peer| peer.ip())
}
