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

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, LOCATION};
use chrono::{DateTime, Utc};
use database::audit::Entry;
use database::sessions::{self, NewToken};
use database::{ConnectionTrait, DatabaseTransaction, DbErr, users};
use sea_orm::SqlErr;
use shared::{AuditEvent, Role, Session, User};

use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{new_token, refresh_cookie, token_hash, user_agent};
use crate::error::ApiError;
use crate::item::with_secret;

/// A session that has just begun.
pub struct OpenedSession {
    family: String,
    refresh_token: String,
    expires_at: DateTime<Utc>,
}

impl OpenedSession {
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
) -> Result<OpenedSession, DbErr> {
    let family = uuid::Uuid::new_v4().to_string();
    let refresh_token = new_token();
    let token_hash = token_hash(&refresh_token);
    let user_agent = user_agent::shortened(request.headers());
    let token = NewToken { family: &family, token_hash: &token_hash, user_agent: user_agent.as_deref() };
    let expires_at = sessions::open(db, user.id, token, now).await?;
    users::signed_in(db, user.id, now).await?;
    Ok(OpenedSession { family, refresh_token, expires_at })
}

/// Whoever a link lets in.
pub struct Joins<'a> {
    pub email: &'a str,
    pub password_hash: &'a str,
    pub role: Role,
}

/// Makes a user of whoever has used up a link, and begins a session.
///
/// # Errors
/// When somebody has this address already, or the database fails.
pub async fn join(
    state: &AppState,
    txn: &DatabaseTransaction,
    request: &HttpRequest,
    Joins { email, password_hash, role }: Joins<'_>,
) -> Result<(User, OpenedSession), ApiError> {
    let now = state.clock().now();
    let user = users::create(txn, email, password_hash, role, now).await;
    let user = user.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => ApiError::InvitationInvalid,
        _ => error.into(),
    })?;
    let opened = open_session(txn, &user, request, now).await?;
    let joined =
        Entry::new(AuditEvent::UserJoined, &user.email).about("user", user.id).with("role", user.role);
    tell(state, txn, joined).await?;
    Ok((user, opened))
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
    let mut answer = with_secret(status);
    if status == StatusCode::CREATED {
        answer.insert_header((LOCATION, "/api/v1/session"));
    }
    if let Some(cookie) = cookie {
        answer.cookie(cookie);
    }
    answer.json(Session { access_token, expires_at, user })
}

/// Where a request comes from. Behind a trusted proxy it is the last address of `X-Forwarded-For`: the one that the proxy
/// has seen itself. What stands before it was written by whoever sent the request.
pub fn address_of(state: &AppState, request: &HttpRequest) -> Option<IpAddr> {
    let forwarded = if state.config.trust_proxy { forwarded_for(request.headers()) } else { None };
    forwarded.or_else(|| request.peer_addr().map(|peer| peer.ip()))
}

pub(crate) fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").last()?.to_str().ok()?.rsplit(',').next()?;
    address_in(last)
}

/// An address with or without a port.
fn address_in(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = text.parse::<SocketAddr>().map(|address| address.ip());
    with_port.or_else(|_| text.trim_start_matches('[').trim_end_matches(']').parse()).ok()
}
