//! The front of the API: checks every call in the platform's order, then lets the endpoint answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{Answer, ApiError};
use super::call::Call;
use super::reply::Reply;
use super::routes::{self, Found, Route};
use super::sign::request_signature;
use super::tokens::{self, TokenState};
use super::world::World;

/// A call may be this old, and this far ahead.
const OLDEST_S: i64 = 300;
const NEWEST_S: i64 = 30;

/// What arrived.
#[derive(Clone)]
pub struct Incoming {
    pub method: String,
    /// Path as sent, still percent-encoded.
    pub path: String,
    /// Decoded query; of a repeated key the first value only.
    pub query: BTreeMap<String, String>,
    pub media_type: Option<String>,
    /// `x-tts-access-token`.
    pub access_token: Option<String>,
    pub body: Vec<u8>,
}

/// The clocks of one call.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Business time in unix seconds: orders, tokens, codes.
    pub now: i64,
    /// Machine time in unix seconds: `timestamp`, rate limits.
    pub machine: i64,
}

/// An answer and the endpoint that it came from, for the book of calls.
pub struct Served {
    pub reply: Reply,
    pub endpoint: String,
}

/// Answers a call of the API, of the token host, of the consent page, or for a document.
pub fn serve(world: &mut World, incoming: &Incoming, moment: Moment, base_url: &str) -> Served {
    world.advance(moment.now);
    let endpoint = endpoint_of(incoming);
    let reply = match incoming.path.as_str() {
        path @ ("/api/v2/token/get" | "/api/v2/token/refresh") if incoming.method == "GET" => {
            tokens::serve(world, path, &incoming.query, moment.now)
        }
        "/api/v2/token/get" | "/api/v2/token/refresh" => Reply::text(404, "404 page not found"),
        path @ ("/open/authorize" | "/oauth/authorize") if incoming.method == "GET" => {
            tokens::consent(world, path, &incoming.query, moment.now)
        }
        path if path.starts_with("/documents/") && incoming.method == "GET" => document(path, moment.now),
        _ => serve_api(world, incoming, moment, base_url),
    };
    Served { reply, endpoint }
}

/// The name of the endpoint that a call is for: the path with its placeholders.
pub fn endpoint_of(incoming: &Incoming) -> String {
    match routes::find(&incoming.method, &incoming.path) {
        Found::Endpoint(route, _) => route.pattern.to_owned(),
        _ if incoming.path.starts_with("/documents/") => "/documents/{document}".to_owned(),
        _ => incoming.path.clone(),
    }
}

fn serve_api(world: &mut World, incoming: &Incoming, moment: Moment, base_url: &str) -> Reply {
    let request_id = world.next_request_id(moment.now);
    match answer_api(world, incoming, moment, base_url) {
        Ok(data) => Reply::json(
            200,
            &json!({ "code": 0, "message": "Success", "request_id": request_id, "data": data }),
        ),
        Err(error) => {
            let unknown = world.switches.unknown_error_status.filter(|_| !error.status_is_known);
            let body = json!({ "code": error.code, "message": error.message, "request_id": request_id, "data": null });
            let mut reply = Reply::json(unknown.unwrap_or(error.status), &body);
            if error.code == RATE_LIMITED && world.switches.rate_limit_says_when {
                reply.headers.push(("retry-after", "1".to_owned()));
            }
            reply
        }
    }
}

const RATE_LIMITED: i64 = 36_009_002;

/// The checks, in order: path, app, method, time, signature, token, scope, shop, body; then the rules.
fn answer_api(world: &mut World, incoming: &Incoming, moment: Moment, base_url: &str) -> Answer {
    let (route, path) = match routes::find(&incoming.method, &incoming.path) {
        Found::Nothing => return Err(ApiError::no_such_path()),
        found => {
            check_app(world, incoming)?;
            match found {
                Found::Endpoint(route, path) => (route, path),
                Found::OtherVersion => {
                    return Err(unknown_status(36_009_014, "Invalid version. This version does not exist."));
                }
                Found::OtherMethod | Found::Nothing => {
                    return Err(unknown_status(
                        36_009_010,
                        "Invalid method. The HTTP method is not allowed.",
                    ));
                }
            }
        }
    };
    check_time(world, incoming, moment)?;
    check_signature(world, incoming)?;
    let limit = world.switches.rate_limit_per_second;
    let shop_key = incoming.query.get("shop_cipher").map_or("", String::as_str);
    if !world.limiter.admit(route.pattern, shop_key, limit, moment.machine) {
        return Err(ApiError::gateway(RATE_LIMITED, 429, "Too many requests."));
    }
    let grant = check_token(world, incoming, moment.now)?;
    check_scope(world, route, grant)?;
    let (shop_id, market) = check_shop(world, route, incoming, grant)?;
    let body = body_of(incoming)?;
    let call = Call {
        path,
        query: incoming.query.clone(),
        body,
        shop_id,
        market,
        grant,
        now: moment.now,
        base_url: base_url.to_owned(),
    };
    (route.handler)(world, &call)
}

fn unknown_status(code: i64, message: &str) -> ApiError {
    ApiError { status_is_known: false, ..ApiError::gateway(code, 400, message) }
}

fn check_app(world: &World, incoming: &Incoming) -> Result<(), ApiError> {
    if incoming.query.get("app_key") == Some(&world.settings.app_key) {
        Ok(())
    } else {
        Err(ApiError::gateway(36_009_004, 400, "Invalid credentials. Invalid 'app_key' query parameter."))
    }
}

fn check_time(world: &World, incoming: &Incoming, moment: Moment) -> Result<(), ApiError> {
    let text = incoming.query.get("timestamp");
    let timestamp: i64 =
        text.filter(|text| text.len() == 10).and_then(|text| text.parse().ok()).ok_or_else(|| {
            ApiError::parameter("Invalid timestamp. The 'timestamp' query parameter is invalid.")
        })?;
    let gateway_now = moment.machine + world.switches.gateway_clock_ahead_s;
    if timestamp < 0 {
        Err(ApiError::parameter("Invalid timestamp. The 'timestamp' is less than 0."))
    } else if timestamp < gateway_now - OLDEST_S {
        Err(ApiError::parameter("Invalid timestamp. The 'timestamp' is earlier than 5 minutes ago."))
    } else if timestamp > gateway_now + NEWEST_S {
        Err(ApiError::parameter("Invalid timestamp. The 'timestamp' exceeds the current time by 30 seconds."))
    } else {
        Ok(())
    }
}

fn check_signature(world: &World, incoming: &Incoming) -> Result<(), ApiError> {
    let presented =
        incoming.query.get("sign").filter(|sign| !sign.is_empty()).ok_or_else(|| {
            ApiError::parameter("The request does not include a required signature 'sign'.")
        })?;
    let is_multipart =
        incoming.media_type.as_deref().is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let signed_body: &[u8] = if is_multipart { &[] } else { &incoming.body };
    let secret = &world.settings.app_secret;
    if request_signature(secret, &incoming.path, &incoming.query, signed_body) == *presented {
        Ok(())
    } else {
        Err(ApiError::gateway(106_001, 401, "Invalid credentials. The signature is invalid."))
    }
}

fn check_token(world: &World, incoming: &Incoming, now: i64) -> Result<usize, ApiError> {
    let token = incoming.access_token.as_deref().unwrap_or_default();
    match world.grants.check(token, now) {
        TokenState::Good(grant) => Ok(grant),
        TokenState::Expired => {
            Err(ApiError::gateway(105_002, 401, "access token is expired, please refresh it"))
        }
        TokenState::Unknown => {
            Err(ApiError::parameter("Invalid credentials. The 'x-tts-access-token' header is invalid."))
        }
    }
}

fn check_scope(world: &World, route: &Route, grant: usize) -> Result<(), ApiError> {
    let granted = world.grants.grant(grant).map(|grant| grant.scopes.as_slice()).unwrap_or_default();
    if route.scopes.iter().any(|scope| granted.iter().any(|have| have == scope)) {
        Ok(())
    } else {
        Err(ApiError::gateway(105_005, 401, "Access denied. The app or the token does not have this scope."))
    }
}

/// The shop that the cipher stands for: its id and its region.
fn check_shop(
    world: &World,
    route: &Route,
    incoming: &Incoming,
    grant: usize,
) -> Result<(String, String), ApiError> {
    let cipher = incoming.query.get("shop_cipher").filter(|cipher| !cipher.is_empty());
    let Some(cipher) = cipher else {
        return if route.takes_cipher {
            Err(unknown_status(106_013, "Missing 'shop_cipher' query parameter."))
        } else {
            Ok((String::new(), String::new()))
        };
    };
    if !route.takes_cipher {
        return Err(ApiError::parameter("The 'shop_cipher' query parameter is not required."));
    }
    let allowed = world.grants.grant(grant).map(|grant| grant.shop_ids.as_slice()).unwrap_or_default();
    world
        .shops
        .iter()
        .find(|shop| shop.cipher == *cipher && allowed.contains(&shop.id))
        .map(|shop| (shop.id.clone(), shop.region.clone()))
        .ok_or_else(|| {
            unknown_status(101_000, "The access token and the 'shop_cipher' do not belong together.")
        })
}

fn body_of(incoming: &Incoming) -> Result<Value, ApiError> {
    if incoming.body.is_empty() {
        return Ok(json!({}));
    }
    let is_json = incoming.media_type.as_deref().is_some_and(|kind| kind.starts_with("application/json"));
    if !is_json {
        return Err(unknown_status(36_009_023, "Invalid content type. Use 'application/json'."));
    }
    let body: Value = serde_json::from_slice(&incoming.body).map_err(|_| ApiError::body_format())?;
    if body.is_object() { Ok(body) } else { Err(ApiError::body_format()) }
}

/// A label as a one-page PDF; needs no token and vanishes after its time.
fn document(path: &str, now: i64) -> Reply {
    let parts: Vec<&str> =
        path.trim_start_matches("/documents/").trim_end_matches(".pdf").split('/').collect();
    let until = parts.get(2).and_then(|text| text.parse::<i64>().ok());
    match (parts.as_slice(), until) {
        ([package_id, kind, _], Some(until))
            if now < until && package_id.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Reply::typed(200, "application/pdf", &one_page_pdf(&format!("{kind} {package_id}")))
        }
        _ => Reply::text(403, "Request has expired"),
    }
}

fn one_page_pdf(text: &str) -> Vec<u8> {
    let text: String =
        text.chars().filter(|sign| sign.is_ascii_alphanumeric() || " _".contains(*sign)).collect();
    let drawing = format!("BT /F1 12 Tf 20 100 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 298 420] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(pdf.len());
        pdf.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let table = pdf.len();
    pdf.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for offset in offsets {
        pdf.push_str(&format!("{offset:010} 00000 n \n"));
    }
    pdf.push_str(&format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    ));
    pdf.into_bytes()
}
