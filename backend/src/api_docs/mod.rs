//! Swagger UI and the document that it shows: for admins, or for everybody where the configuration says so.
//!
//! A browser asks for pages without its access token, which only the page's memory holds. So the first visit answers
//! with a page that turns the session into a pass: a cookie that opens these addresses, and nothing else, for as long as
//! an access token lives.

use std::sync::{Arc, LazyLock};

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use database::MasterKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use utoipa_swagger_ui::Config;

use crate::app::AppState;
use crate::auth::{DocsRead, May};
use crate::error::ApiError;
use crate::openapi;

mod admit;

pub use admit::admit_to_api_docs;

const COOKIE_NAME: &str = "orderbridge_api_docs";
const INDEX: &str = "index.html";
const GATE: &str = include_str!("gate.html");
const GATE_SCRIPT: &str = include_str!("gate.js");
const INITIALIZER: &str = include_str!("initializer.js");
const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";

static SWAGGER: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/api-docs/openapi.json")));

/// The addresses beside those of the API.
pub fn routes(config: &mut ServiceConfig) {
    config.service(api_document).service(web::redirect("/swagger-ui", "/swagger-ui/")).service(swagger_ui);
}

#[get("/api-docs/openapi.json")]
async fn api_document(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if !is_admitted(&state, &request).await {
        return Err(ApiError::Unauthorized(
            "The document is for admins: send an access token, or open /swagger-ui/.",
        ));
    }
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(openapi::DOCUMENT_TEXT.as_str()))
}

#[get("/swagger-ui/{file:.*}")]
async fn swagger_ui(
    state: Data<AppState>,
    file: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let name = if file.is_empty() { INDEX } else { file.as_str() };
    if name == "gate.js" {
        return Ok(script(GATE_SCRIPT));
    }
    if !is_admitted(&state, &request).await {
        return match name {
            INDEX => Ok(HttpResponse::Unauthorized()
                .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
                .insert_header((CACHE_CONTROL, "no-store"))
                .body(GATE)),
            _ => Err(ApiError::NotFound),
        };
    }
    if name == "swagger-initializer.js" {
        return Ok(script(INITIALIZER));
    }
    let found = utoipa_swagger_ui::serve(name, SWAGGER.clone())
        .map_err(|error| ApiError::internal(error.to_string()))?;
    let found = found.ok_or(ApiError::NotFound)?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, found.content_type))
        .insert_header((CACHE_CONTROL, if name == INDEX { "no-store" } else { "private, max-age=3600" }));
    if found.gzpipped {
        answer.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(answer.body(found.bytes.into_owned()))
}

fn script(text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, SCRIPT_TYPE))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}

async fn is_admitted(state: &AppState, request: &HttpRequest) -> bool {
    if state.config.open_api_docs {
        return true;
    }
    let pass = request.cookie(COOKIE_NAME);
    if pass.is_some_and(|pass| is_valid(pass.value(), &state.config.master_key, state.clock().now())) {
        return true;
    }
    May::<DocsRead>::extract(request).await.is_ok()
}

/// The cookie that opens Swagger UI until this time.
fn pass_cookie(state: &AppState, ends_at: DateTime<Utc>) -> Cookie<'static> {
    let lives = (ends_at - state.clock().now()).num_seconds().max(0);
    Cookie::build(COOKIE_NAME, pass_until(ends_at, &state.config.master_key))
        .path("/")
        .http_only(true)
        .secure(state.config.is_https())
        .same_site(SameSite::Strict)
        .max_age(CookieDuration::seconds(lives))
        .finish()
}

fn pass_until(ends_at: DateTime<Utc>, key: &MasterKey) -> String {
    let ends_at = ends_at.timestamp().to_string();
    format!("{ends_at}.{}", hex::encode(mac_of(&ends_at, key).finalize().into_bytes()))
}

pub(crate) fn is_valid(pass: &str, key: &MasterKey, now: DateTime<Utc>) -> bool {
    let Some((ends_at, mac)) = pass.split_once('.') else { return false };
    let is_ours = hex::decode(mac).is_ok_and(|mac| mac_of(ends_at, key).verify_slice(&mac).is_ok());
    is_ours && ends_at.parse::<i64>().is_ok_and(|ends_at| now.timestamp() < ends_at)
}

fn mac_of(ends_at: &str, key: &MasterKey) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&key.derive("api-docs")).expect("HMAC takes keys of any length");
    mac.update(ends_at.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_422_307 + seconds, 0).unwrap()
    }

    #[test]
    fn a_pass_is_good_until_its_end_and_with_our_key_alone() {
        let key = MasterKey::new([1; 32]);
        let pass = pass_until(at(600), &key);

        assert!(is_valid(&pass, &key, at(599)));
        assert!(!is_valid(&pass, &key, at(600)));
        assert!(!is_valid(&pass, &MasterKey::new([2; 32]), at(0)));
        let (ends_at, mac) = pass.split_once('.').unwrap();
        let later = ends_at.parse::<i64>().unwrap() + 1;
        for forged in [format!("{later}.{mac}"), format!("{ends_at}."), ends_at.to_owned(), String::new()] {
            assert!(!is_valid(&forged, &key, at(0)), "{forged}");
        }
    }
}
