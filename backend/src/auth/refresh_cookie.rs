//! The refresh token's cookie, and the checks that keep other pages from using it.

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use rand::Rng;
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};

use crate::app::AppState;
use crate::config::Config;
use crate::error::ApiError;

/// The name of the cookie.
pub const COOKIE_NAME: &str = "orderbridge_refresh";
/// The only addresses that it is sent to.
const PATH: &str = "/api/v1/session";
/// A header that no form and no foreign page can send without being asked about it first.
const CSRF_HEADER: &str = "x-orderbridge";
/// 32 random bytes are 43 characters.
const LONGEST_TOKEN: usize = 64;

/// A random token of 256 bits, fit for a cookie or a link.
#[must_use]
pub fn new_token() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a token.
#[must_use]
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// The cookie that carries a refresh token for this long.
#[must_use]
pub fn refresh_cookie(config: &Config, token: String, lives: TimeDelta) -> Cookie<'static> {
    Cookie::build(COOKIE_NAME, token)
        .path(PATH)
        .http_only(true)
        .secure(config.is_https())
        .same_site(SameSite::Strict)
        .max_age(CookieDuration::seconds(lives.num_seconds().max(0)))
        .finish()
}

/// The cookie that takes the refresh token away.
#[must_use]
pub fn expired_cookie(config: &Config) -> Cookie<'static> {
    refresh_cookie(config, String::new(), TimeDelta::zero())
}

/// The refresh token of a request that came from one of our own pages; `None` when there is no cookie.
#[derive(Clone)]
pub struct RefreshCookie(pub Option<String>);

impl FromRequest for RefreshCookie {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(state) = request.app_data::<Data<AppState>>() else {
            return ready(Err(ApiError::internal("the app has no state")));
        };
        if !is_from_our_page(request.headers(), state.config.public_origin()) {
            return ready(Err(ApiError::ForeignOrigin));
        }
        let token = request.cookie(COOKIE_NAME).map(|cookie| cookie.value().to_owned());
        ready(Ok(Self(token.filter(|token| !token.is_empty() && token.len() <= LONGEST_TOKEN))))
    }
}

/// Browsers name the page's origin in such requests; without one, it is no browser.
pub(crate) fn is_from_our_page(headers: &HeaderMap, public_origin: &str) -> bool {
    if headers.get(CSRF_HEADER).is_none_or(|value| value != "1") {
        return false;
    }
    let text = |value: &HeaderValue| value.to_str().map(str::to_ascii_lowercase).unwrap_or_default();
    let site = headers.get("sec-fetch-site").map(text);
    if site.as_deref().is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN).map(text) else { return true };
    let host = headers.get(HOST).map(text).unwrap_or_default();
    let is_host =
        origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")) == Some(host.as_str());
    origin == public_origin || is_host
}
