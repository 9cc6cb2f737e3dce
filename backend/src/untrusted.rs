//! What strangers send, read as the handlers read it, for those who try any bytes on it.

use std::net::IpAddr;

use actix_web::FromRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, ORIGIN,
    USER_AGENT,
};
use actix_web::test::TestRequest;
use clock::{Clock, SystemClock};
use database::page::Position;
use database::{MasterKey, Reach};
use public_address::Destinations;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{ActionRequest, CreateConnection, FieldError, StartBulkRun, StartExport, UpdateConnection};
use sync::actions;
use url::Url;

use crate::auth::{AccessTokens, api_key, bearer_token, is_from_our_page, totp, user_agent};
use crate::connections::{store_address, values};
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::extract::{KnownVersions, Pairs, VersionsToChange};
use crate::orders::shape::Shape;
use crate::{
    api_docs, audit, auth, bulk_runs, events, exports, extract, idempotency, issues, middleware, orders,
    outgoing_webhooks, session,
};

const KEY: [u8; 32] = [7; 32];

/// Whether a text passes for a cursor of ours.
#[must_use]
pub fn reads_cursor(text: &str) -> bool {
    Cursors::new(KEY).read(text, "orders").is_ok()
}

/// The limit of a query that asks for a page, if it is understood.
#[must_use]
pub fn page_limit(pairs: Vec<(String, String)>) -> Option<u32> {
    Some(Cursors::page_parameters(pairs).ok()?.0.limit)
}

/// A position in whatever form comes back from its cursor as it went in.
///
/// # Panics
/// When it does not.
pub fn position_survives(json: &[u8]) {
    let Ok(position) = serde_json::from_slice::<Position>(json) else { return };
    let cursors = Cursors::new(KEY);
    let cursor = cursors.write(&position, "orders");
    assert_eq!(cursors.read(&cursor, "orders").ok(), Some(position));
    assert!(cursors.read(&cursor, "notes").is_err(), "a cursor of another list was taken");
}

/// A body that is understood is written as one that means the same, and the other is refused for what is wrong where.
///
/// # Panics
/// When it is not.
pub fn body_survives<T: DeserializeOwned + Serialize>(body: &[u8]) {
    let json = |read: &T| serde_json::to_string(read).expect("what was read from JSON is JSON");
    match extract::parse::<T>(body) {
        Ok(read) => {
            let written = json(&read);
            assert!(is_storable(&serde_json::from_str(&written).expect("it was just written")), "{written}");
            let again = extract::parse::<T>(written.as_bytes()).ok();
            assert_eq!(again.map(|again| json(&again)).as_ref(), Some(&written));
        }
        Err(ApiError::BadRequest { code: "bad_body", errors, .. } | ApiError::Invalid(errors)) => {
            point_somewhere(&errors);
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// Whether every database can keep a document's texts.
fn is_storable(document: &Value) -> bool {
    match document {
        Value::String(text) => !text.contains('\0'),
        Value::Array(items) => items.iter().all(is_storable),
        Value::Object(fields) => fields.values().all(is_storable),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn point_somewhere(errors: &[FieldError]) {
    let is_pointer = |pointer: &str| pointer.is_empty() || pointer.starts_with('/');
    assert!(errors.iter().all(|error| is_pointer(&error.pointer) && !error.detail.is_empty()), "{errors:?}");
}

/// Checks the values of a body that is understood; what is wrong with them points to where it stands.
///
/// # Panics
/// When it does not.
pub fn values_are_judged(body: &[u8]) {
    if let Ok(new) = extract::parse::<CreateConnection>(body) {
        let errors = values::new_connection(&new.name, &new.tiktok, &new.store, &new.settings);
        point_somewhere(&errors);
        if errors.is_empty() {
            assert!(!new.name.trim().is_empty() && new.settings.poll_interval_s >= 10);
        }
    }
    if let Ok(update) = extract::parse::<UpdateConnection>(body) {
        point_somewhere(&values::update(&update));
    }
    if let Ok(action) = extract::parse::<ActionRequest>(body) {
        point_somewhere(&actions::errors_of(&action));
    }
    if let Ok(run) = extract::parse::<StartBulkRun>(body) {
        let errors = bulk_runs::start::errors_of(&run);
        point_somewhere(&errors);
        assert!(!errors.is_empty() || run.filter.is_some() == run.order_ids.is_empty());
    }
    if let Ok(export) = extract::parse::<StartExport>(body) {
        point_somewhere(&exports::start::errors_of(&export));
    }
}

/// The body of a search, which is only read.
pub fn search_is_read(body: &[u8]) {
    match extract::parse::<orders::SearchOrders>(body) {
        Ok(_) => {}
        Err(ApiError::BadRequest { code: "bad_body", errors, .. } | ApiError::Invalid(errors)) => {
            point_somewhere(&errors);
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// The lists whose query has parameters of its own.
#[derive(Debug, Clone, Copy)]
pub enum List {
    Orders,
    Order,
    Timeline,
    Issues,
    BulkRunOrders,
    Audit,
    Deliveries,
    /// Any list without filters.
    Other,
}

impl List {
    pub const ALL: [Self; 8] = [
        Self::Orders,
        Self::Order,
        Self::Timeline,
        Self::Issues,
        Self::BulkRunOrders,
        Self::Audit,
        Self::Deliveries,
        Self::Other,
    ];
}

/// A query is understood, or refused for parameters that it names.
///
/// # Panics
/// When it is refused in another way.
pub fn query_is_judged(list: List, query: &str) {
    let uri = format!("/?{query}");
    // What is no address reaches no handler.
    let Ok(uri) = uri.parse::<actix_web::http::Uri>() else { return };
    let request = TestRequest::default().uri(&uri.to_string()).to_http_request();
    let pairs = Pairs::from_request(&request, &mut Payload::None).into_inner();
    let judged = pairs.and_then(|Pairs(pairs)| {
        assert!(pairs.iter().all(|(_, value)| !value.contains('\0')), "no database keeps this: {pairs:?}");
        if matches!(list, List::Order) {
            return Shape::of_item(pairs).map(drop);
        }
        let (parameters, rest) = Cursors::page_parameters(pairs)?;
        assert!((1..=100).contains(&parameters.limit));
        match list {
            List::Orders => orders::filter_of(&Shape::of_list(rest)?.1).map(drop),
            List::Order | List::Other => Cursors::no_filters(&rest),
            List::Timeline => orders::timeline::topics_of(&rest).map(drop),
            List::Issues => issues::list::filter_of(&rest, Reach::All).map(drop),
            List::BulkRunOrders => bulk_runs::orders::outcomes_of(&rest).map(drop),
            List::Audit => audit::list::filter_of(&rest).map(drop),
            List::Deliveries => outgoing_webhooks::deliveries::states_of(&rest).map(drop),
        }
    });
    match judged {
        Ok(()) | Err(ApiError::BadRequest { code: "too_many_parameters", .. }) => {}
        Err(ApiError::BadRequest { errors, .. }) => {
            assert!(!errors.is_empty() && errors.iter().all(|error| !error.detail.is_empty()), "{errors:?}");
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// Whether a text passes for an access token of ours.
#[must_use]
pub fn reads_access_token(text: &str) -> bool {
    AccessTokens::new(&MasterKey::new(KEY)).read(text, SystemClock.now()).is_some()
}

/// The key that the `Idempotency-Key` headers of a request name, if they are as they should be.
#[must_use]
pub fn idempotency_key(values: &[&[u8]]) -> Option<String> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(idempotency::KEY, HeaderValue::from_bytes(value).ok()?);
    }
    idempotency::key_of(&headers).ok()?
}

fn headers_of(sent: &[(HeaderName, &[u8])]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in sent {
        headers.append(name.clone(), HeaderValue::from_bytes(value).ok()?);
    }
    Some(headers)
}

/// The versions that `If-Match` and `If-None-Match` stand for.
pub struct Versions {
    known: KnownVersions,
    /// Those that may be changed; `None` when the header says none.
    to_change: Option<VersionsToChange>,
}

impl Versions {
    /// Reads both headers; `None` when they cannot be sent.
    #[must_use]
    pub fn read(if_match: &[u8], if_none_match: &[u8]) -> Option<Self> {
        let headers = headers_of(&[(IF_MATCH, if_match), (IF_NONE_MATCH, if_none_match)])?;
        let mut request = TestRequest::default();
        for (name, value) in &headers {
            request = request.insert_header((name.clone(), value.clone()));
        }
        let known = KnownVersions::from_request(&request.to_http_request(), &mut Payload::None);
        let known = known.into_inner().ok()?;
        Some(Self { to_change: known.to_change().ok(), known })
    }

    /// Whether this version may be changed.
    #[must_use]
    pub fn allow(&self, version: i64) -> bool {
        self.to_change.as_ref().is_some_and(|versions| versions.require(version).is_ok())
    }

    /// Whether the caller has what carries this tag.
    #[must_use]
    pub fn has(&self, tag: &str) -> bool {
        self.known.has(tag)
    }
}

/// The number in `Last-Event-ID`, if it is one.
#[must_use]
pub fn last_event_id(value: &[u8]) -> Option<i64> {
    events::last_seen(&headers_of(&[(events::LAST_EVENT_ID, value)])?).ok()?
}

/// Whether the credentials in an `Authorization` header may be a key of ours.
#[must_use]
pub fn bears_key(value: &[u8]) -> bool {
    let headers = headers_of(&[(AUTHORIZATION, value)]).unwrap_or_default();
    bearer_token(&headers)
        .is_some_and(|token| token.starts_with(api_key::PREFIX) && api_key::is_well_formed(token))
}

/// What is kept of a `User-Agent`.
#[must_use]
pub fn user_agent(value: &[u8]) -> Option<String> {
    user_agent::shortened(&headers_of(&[(USER_AGENT, value)])?)
}

/// Where a request comes from by its `X-Forwarded-For` headers.
#[must_use]
pub fn forwarded_for(values: &[&[u8]]) -> Option<IpAddr> {
    let name = HeaderName::from_static("x-forwarded-for");
    let sent: Vec<_> = values.iter().map(|value| (name.clone(), *value)).collect();
    session::forwarded_for(&headers_of(&sent)?)
}

/// Whether a `Content-Type` passes for JSON.
#[must_use]
pub fn is_json(value: &[u8]) -> bool {
    headers_of(&[(CONTENT_TYPE, value)]).is_some_and(|headers| extract::is_json(&headers))
}

/// Whether a request with these headers passes for one of our own pages at `https://bridge.example`.
#[must_use]
pub fn is_from_us(origin: &[u8], host: &[u8]) -> bool {
    let csrf = HeaderName::from_static("x-orderbridge");
    let headers = headers_of(&[(csrf, b"1"), (ORIGIN, origin), (HOST, host)]);
    headers.is_some_and(|headers| is_from_our_page(&headers, "https://bridge.example"))
}

/// Whether a cookie opens the documentation of the API.
#[must_use]
pub fn opens_api_docs(pass: &str) -> bool {
    api_docs::is_valid(pass, &MasterKey::new(KEY), SystemClock.now())
}

/// A path as it is logged and answered.
#[must_use]
pub fn path_shown(path: &str) -> String {
    middleware::shown(path).into_owned()
}

/// Whether a new account may have this address and this password.
#[must_use]
pub fn account_is_accepted(email: &str, password: &str) -> bool {
    auth::check_new_email("/email", email).is_none()
        && auth::check_new_password("/password", password, email).is_none()
}

/// Whether a text passes for a code of an authenticator app.
#[must_use]
pub fn code_is_right(code: &str) -> bool {
    totp::is_code(code) && totp::step_of(&KEY, code, chrono::DateTime::UNIX_EPOCH).is_some()
}

/// The address of a store as it is connected to, if it leads to a public server.
#[must_use]
pub fn store_address(text: &str) -> Option<Url> {
    store_address::parse(text, Destinations::Public).ok()
}
