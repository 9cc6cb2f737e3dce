//! What happens around every handler: request id, log line, headers, and problems instead of bare errors.

use std::borrow::Cow;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL,
    CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use database::audit::Entry;
use shared::{AuditEvent, FieldError};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};
use url::form_urlencoded;

use crate::app::AppState;
use crate::audit::tell_alone;
use crate::auth::{Identity, api_key, caller_of};
use crate::error::ApiError;
use crate::extract::MOST_PARAMETERS;
use crate::rate_limits::Budgets;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const YEAR_OF_HTTPS: &str = "max-age=31536000; includeSubDomains";
/// Swagger UI draws its icons from data, sets style attributes, and colours its logo with one style sheet in the page.
const SWAGGER_POLICY: &str = "default-src 'self'; script-src 'self'; \
     style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; style-src-attr 'unsafe-inline'; \
     img-src 'self' data:; frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'self'";
/// Answers for programs are no pages: whoever opens one in a browser runs and loads nothing.
const NO_PAGE_POLICY: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// What every answer says, whatever it is.
const ALWAYS: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
         microphone=(), midi=(), payment=(), usb=()",
    ),
];

/// Names each request in the log. Queries are left out, for what somebody searched for is nobody else's business.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request_id(request);
        tracing::info_span!("request", %id, method = %request.method(), path = %shown(request.path()))
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        // Health checks would fill the log with nothing.
        if status.is_success() {
            tracing::debug!(parent: &span, status = status.as_u16(), "answered");
        } else {
            tracing::info!(parent: &span, status = status.as_u16(), "answered");
        }
    }
}

/// No id and no word of our addresses is longer; keys and tokens are.
const LONGEST_SEGMENT: usize = 40;

/// A path as it may be logged and answered: whoever sends a key or a token in it finds it in neither.
pub fn shown(path: &str) -> Cow<'_, str> {
    let is_secret = |segment: &str| segment.contains(api_key::PREFIX) || segment.len() > LONGEST_SEGMENT;
    if !path.split('/').any(is_secret) {
        return Cow::Borrowed(path);
    }
    let segments = path.split('/').map(|segment| if is_secret(segment) { "[redacted]" } else { segment });
    Cow::Owned(segments.collect::<Vec<_>>().join("/"))
}

fn request_id(request: &ServiceRequest) -> String {
    let id = request.extensions().get::<RequestId>().copied();
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// Finds out who sends a request below `/api`, before its handler asks.
///
/// # Errors
/// Those of the inner service.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = request.app_data::<Data<AppState>>().cloned();
    let state = state.ok_or_else(|| ApiError::internal("the app has no state"))?;
    if [request.path(), request.query_string()].iter().any(|part| part.contains(api_key::PREFIX)) {
        // Whoever logs addresses has it now.
        let detail = "An API key was sent in an address, where logs keep it: revoke it, and send its successor as a \
            bearer token.";
        return Ok(request.error_response(ApiError::bad_request("key_in_address", detail)));
    }
    // Whoever watches the server's health may well add something that no cache knows.
    let is_api = request.path().starts_with("/api/");
    if is_api && state.routes.is_without_query(request.method().as_str(), request.path()) {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes()).take(MOST_PARAMETERS);
        let unknown = |(name, _): (Cow<'_, str>, _)| {
            let name: String = name.chars().take(64).collect();
            FieldError::new(name, "unknown filter; this address takes none")
        };
        if let Err(error) = ApiError::refuse_filter(pairs.map(unknown).collect()) {
            return Ok(request.error_response(error));
        }
    }
    if is_api && let Some(error) = state.routes.refusal_of_words(request.method().as_str(), request.path()) {
        return Ok(request.error_response(error));
    }
    let identity = match Identity::of(&state, request.headers()).await {
        Ok(identity) => identity,
        Err(error) => return Ok(request.error_response(error)),
    };
    let budget = match &identity {
        Identity::Known(caller) if is_api => {
            state.rate_limits.count_caller(&caller.account(), state.clock().now())
        }
        _ => None,
    };
    request.extensions_mut().insert(identity);
    let allowed = Budgets::add(&mut request.extensions_mut(), budget);
    if let Err(error) = allowed {
        return Ok(request.error_response(error));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Answers what has changed something only when that outlives a power cut.
///
/// # Errors
/// Those of the inner service.
pub async fn keep_promises(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_change = request.path().starts_with("/api/") && !request.method().is_safe();
    let state = request.app_data::<Data<AppState>>().filter(|_| is_change).cloned();
    let response = next.call(request).await?.map_into_boxed_body();
    if let Some(state) = state
        && response.status().is_success()
        && let Err(error) = state.database.make_durable().await
    {
        return Ok(response.error_response(ApiError::from(error)));
    }
    Ok(response)
}

/// Turns every error below `/api` into a problem that names path and request, and logs what is our own fault.
///
/// # Errors
/// Those of the inner service, which handlers and their arguments never cause.
pub async fn problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = request_id(&request);
    let path = shown(request.path()).into_owned();
    let response = next.call(request).await?.map_into_boxed_body();
    let Some(error) = response.response().error() else { return Ok(response) };
    let answer = if let Some(error) = error.as_error::<ApiError>() {
        match error {
            ApiError::Internal(cause) => {
                tracing::error!(error = %causes(cause.as_ref()), "request failed");
            }
            ApiError::Forbidden(_) => tell_refusal(response.request(), &path).await,
            _ => {}
        }
        error.answer(&path, &id)
    } else if path.starts_with("/api") {
        framework_error(response.status(), error).answer(&path, &id)
    } else {
        return Ok(response);
    };
    let (request, _) = response.into_parts();
    Ok(ServiceResponse::new(request, answer))
}

/// Notes in the audit log that a right was missing.
async fn tell_refusal(request: &HttpRequest, path: &str) {
    let (Some(state), Ok(caller)) = (request.app_data::<Data<AppState>>(), caller_of(request)) else {
        return;
    };
    let address = format!("{} {}", request.method(), request.match_pattern().as_deref().unwrap_or(path));
    if !state.refusal_notes.is_new(caller.actor(), &address, state.clock().now()) {
        return;
    }
    let entry = Entry::new(AuditEvent::AccessRefused, caller.actor()).with("operation", &address);
    if let Err(error) = tell_alone(state, entry).await {
        tracing::error!(%error, "a refusal could not be told to the audit log");
    }
}

/// The chain of causes in one line.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

/// What actix-web itself refuses, in our words.
fn framework_error(status: StatusCode, error: &Error) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => ApiError::NotFound,
        status if status.is_client_error() => ApiError::bad_request("bad_request", error.to_string()),
        _ => ApiError::internal(error.to_string()),
    }
}

/// Sets the headers that every answer carries, and answers for the origins that may call from other pages.
///
/// # Errors
/// Those of the inner service.
pub async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = request.app_data::<Data<AppState>>().cloned();
    let state = state.ok_or_else(|| ApiError::internal("the app has no state"))?;
    let id = request_id(&request);
    let area = request.path().split('/').nth(1).unwrap_or_default().to_owned();
    let area = area.as_str();
    let is_api = area == "api";
    let origin = request.headers().get(ORIGIN).cloned();
    let foreign_origin = origin.filter(|origin| is_api && state.config.allows_origin(origin));

    let is_head = is_api && *request.method() == Method::HEAD;
    let is_preflight = *request.method() == Method::OPTIONS
        && foreign_origin.is_some()
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight {
        request.into_response(HttpResponse::NoContent().finish())
    } else {
        let mut request = request;
        // Handlers answer GET; the server itself leaves the body of an answer to HEAD out.
        if is_head {
            request.head_mut().method = Method::GET;
        }
        next.call(request).await?.map_into_boxed_body()
    };
    // It would run to its end all the same, and a stream of events has none.
    if is_head && response.response().body().size() == BodySize::Stream {
        response = response.map_body(|_, _| BoxBody::new(actix_web::body::None::new()));
    }
    let budgets = response.request().extensions().get::<Budgets>().cloned();
    // Whatever no route has taken is the page's: some of its addresses begin like those of programs.
    let policy = match area {
        "swagger-ui" => HeaderValue::from_static(SWAGGER_POLICY),
        "api" | "api-docs" => HeaderValue::from_static(NO_PAGE_POLICY),
        _ if response.request().match_pattern().is_some() => HeaderValue::from_static(NO_PAGE_POLICY),
        _ => state.page.policy(),
    };

    let headers = response.headers_mut();
    // It told the compression to leave the answer alone, and says nothing to the client.
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding == "identity") {
        headers.remove(CONTENT_ENCODING);
    }
    if let Some(budgets) = budgets {
        budgets.write(headers);
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    if state.config.is_https() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(YEAR_OF_HTTPS));
    }
    if is_api && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(origin) = foreign_origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(VARY, HeaderValue::from_static("origin"));
        let exposed = HeaderValue::from_static(
            "etag, x-request-id, retry-after, idempotent-replayed, ratelimit, ratelimit-policy, content-disposition",
        );
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        if is_preflight {
            let allowed = HeaderValue::from_static(
                "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id",
            );
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
            headers
                .insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PATCH, DELETE"));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tokens_are_cut_out_of_paths_and_nothing_else_is() {
        let key = api_key::new_key().key;
        let encoded = key.replace('_', "%5F");
        let token = format!("eyJhbGciOiJFZERTQSJ9.{}.c2ln", "e".repeat(40));

        for secret in [&key, &key[..20], &encoded, &token] {
            assert_eq!(shown(&format!("/api/v1/orders/{secret}/raw")), "/api/v1/orders/[redacted]/raw");
        }
        for path in ["/api/v1/sessions/8e03978e-40d5-43e8-bc93-6894a57f9324", "/api/v1/orders/1207", "/"] {
            assert_eq!(shown(path), path);
        }
    }
}
