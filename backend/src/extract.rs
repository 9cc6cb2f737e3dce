//! What handlers take from a request: parsed once, refused as a problem.

use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, EntityTag, Header, HeaderMap, IF_MATCH, IF_NONE_MATCH, IfMatch};
use actix_web::web::{BytesMut, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use database::Reach;
use database::reach::Named;
use futures::future::LocalBoxFuture;
use futures::{FutureExt, StreamExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::FieldError;
use tokio::time::timeout;

use crate::app::AppState;
use crate::auth::caller_of;
use crate::error::ApiError;
use crate::rate_limits::Budgets;
use crate::strict_json::Strict;

/// No request of ours comes near it.
const BODY_LIMIT_BYTES: usize = 64 * 1024;
/// More than there are filters.
pub(crate) const MOST_PARAMETERS: usize = 64;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request.headers());
        let time_limit = request.app_data::<Data<AppState>>().map(|state| state.config.body_time_limit);
        let payload = payload.take();
        async move {
            let time_limit = time_limit.ok_or_else(|| ApiError::internal("the app has no state"))?;
            if !is_json {
                return Err(ApiError::NotJson);
            }
            let bytes = read_all(payload, BODY_LIMIT_BYTES, time_limit).await?;
            parse(&bytes).map(Self)
        }
        .boxed_local()
    }
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// Reads a body up to a limit, and no longer than this.
///
/// # Errors
/// When it is longer, ends early, or comes too slowly.
pub async fn read_all(
    payload: Payload,
    limit_bytes: usize,
    time_limit: Duration,
) -> Result<BytesMut, ApiError> {
    let too_slow = |_| ApiError::bad_request("body_too_slow", "The body did not come in time.");
    timeout(time_limit, read_up_to(payload, limit_bytes)).await.map_err(too_slow)?
}

async fn read_up_to(mut payload: Payload, limit_bytes: usize) -> Result<BytesMut, ApiError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ApiError::bad_request("bad_body", "The body ended early."))?;
        if bytes.len() + chunk.len() > limit_bytes {
            return Err(ApiError::TooLarge { limit_bytes });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(Strict::new(&mut json));
    let parsed = parsed.map_err(|error| {
        let pointer = json_pointer(error.path());
        ApiError::BadRequest {
            code: "bad_body",
            detail: "The body is not what this address expects.".to_owned(),
            errors: vec![FieldError::new(pointer, error.inner().to_string())],
        }
    })?;
    json.end().map_err(|_| ApiError::bad_request("bad_body", "The body goes on after its JSON value."))?;
    refuse_unstorable(bytes)?;
    Ok(parsed)
}

const UNSTORABLE: &str = "must not contain the character U+0000";

/// PostgreSQL has no text with the character U+0000 in it, for which JSON has one spelling.
fn refuse_unstorable(json: &[u8]) -> Result<(), ApiError> {
    const SPELLING: &[u8] = br"\u0000";
    if !json.windows(SPELLING.len()).any(|window| window == SPELLING) {
        return Ok(());
    }
    let mut errors = Vec::new();
    note_unstorable("", &serde_json::from_slice(json).map_err(ApiError::internal)?, &mut errors);
    ApiError::refuse_values(errors)
}

fn note_unstorable(pointer: &str, value: &Value, errors: &mut Vec<FieldError>) {
    match value {
        Value::String(text) if text.contains('\0') => errors.push(FieldError::new(pointer, UNSTORABLE)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                note_unstorable(&format!("{pointer}/{index}"), item, errors);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                if name.contains('\0') {
                    errors.push(FieldError::new(pointer, UNSTORABLE));
                }
                note_unstorable(
                    &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")),
                    value,
                    errors,
                );
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    });
    segments.map(|segment| format!("/{segment}")).collect()
}

/// The parameters of a query, decoded, in the order in which they were sent.
pub struct Pairs(pub Vec<(String, String)>);

impl FromRequest for Pairs {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        let pairs: Vec<_> = pairs.take(MOST_PARAMETERS + 1).collect();
        if pairs.len() > MOST_PARAMETERS {
            let detail = format!("A query has at most {MOST_PARAMETERS} parameters.");
            return ready(Err(ApiError::bad_request("too_many_parameters", detail)));
        }
        // PostgreSQL has no text with that character in it.
        let unstorable = pairs.iter().filter(|(_, value)| value.contains('\0'));
        let errors = unstorable.map(|(name, _)| FieldError::new(&**name, UNSTORABLE));
        if let Err(error) = ApiError::refuse_filter(errors.collect()) {
            return ready(Err(error));
        }
        let owned = pairs.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned()));
        ready(Ok(Self(owned.collect())))
    }
}

/// The words of a parameter that is a list, separated by commas. What is not among the known ones is an error, and so is a
/// list of none: it would narrow nothing.
pub fn words<T: Copy + Display>(
    name: &str,
    value: &str,
    known: &[T],
    errors: &mut Vec<FieldError>,
) -> Vec<T> {
    let mut words = Vec::new();
    let mut sent = value.split(',').map(str::trim).filter(|word| !word.is_empty()).peekable();
    if sent.peek().is_none() {
        errors.push(FieldError::new(name, "empty; leave it out"));
    }
    for word in sent {
        match known.iter().find(|known| known.to_string() == word) {
            Some(known) => words.push(*known),
            None => {
                let word: String = word.chars().take(64).collect();
                let known = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                errors.push(FieldError::new(name, format!("unknown “{word}”; known are {known}")));
            }
        }
    }
    words
}

/// What a path names, within the caller's reach. What is no id names nothing, and what lies beyond the reach is not there
/// either.
pub struct Id<T>(pub T);

impl<T: FromStr + Named + 'static> FromRequest for Id<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|text| text.parse::<T>().ok());
        let caller = caller_of(request);
        let state = request.app_data::<Data<AppState>>().cloned();
        let request = request.clone();
        async move {
            let reach = caller?.reach;
            let id = id.ok_or(ApiError::NotFound)?;
            let state = state.ok_or_else(|| ApiError::internal("the app has no state"))?;
            if let Reach::Only(connections) = reach
                && !id.is_within(state.database.reader(), &connections).await?
            {
                return Err(ApiError::NotFound);
            }
            if let Some(connection) = id.connection() {
                let budget = state.rate_limits.count_connection(connection, state.clock().now());
                Budgets::add(&mut request.extensions_mut(), budget)?;
            }
            Ok(Self(id))
        }
        .boxed_local()
    }
}

/// The versions that the caller knows of, from `If-None-Match` and `If-Match`.
pub struct KnownVersions {
    none_match: Option<String>,
    if_match: Option<IfMatch>,
}

impl FromRequest for KnownVersions {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let none_match = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let is_sent = request.headers().contains_key(IF_MATCH);
        let if_match = is_sent.then(|| IfMatch::parse(request).unwrap_or(IfMatch::Items(Vec::new())));
        ready(Ok(Self { none_match: none_match.map(ToOwned::to_owned), if_match }))
    }
}

impl KnownVersions {
    /// Those of a caller who knows nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { none_match: None, if_match: None }
    }

    /// Whether the caller has the version with this entity tag already.
    #[must_use]
    pub fn has(&self, tag: &str) -> bool {
        // Compression makes tags weak on the way, so both forms are meant.
        let tags = self.none_match.iter().flat_map(|tags| tags.split(','));
        tags.map(|known| known.trim().trim_start_matches("W/")).any(|known| known == tag || known == "*")
    }

    /// The versions that may be changed, one of which the thing must have.
    ///
    /// # Errors
    /// When they are not said, or not as entity tags.
    pub fn to_change(&self) -> Result<VersionsToChange, ApiError> {
        match self.if_match.as_ref().ok_or(ApiError::VersionMissing)? {
            IfMatch::Any => Ok(VersionsToChange::Any),
            IfMatch::Items(tags) if tags.is_empty() => {
                let detail = "If-Match holds entity tags in their quotes, such as \"7\", or an asterisk.";
                Err(ApiError::bad_request("if_match_invalid", detail))
            }
            IfMatch::Items(tags) => Ok(VersionsToChange::Of(tags.iter().filter_map(version_of).collect())),
        }
    }
}

/// The version that a tag names, if it is one of ours. Weak tags match nothing that is to be changed (RFC 9110, 13.1.1).
fn version_of(tag: &EntityTag) -> Option<i64> {
    // A tag may go on with a digest of what was shown.
    let version = tag.tag().split('-').next().unwrap_or_default();
    version.parse().ok().filter(|_| !tag.weak)
}

/// Which versions of a thing may be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionsToChange {
    /// Whichever it has.
    Any,
    Of(Vec<i64>),
}

impl VersionsToChange {
    /// Refuses to change a thing that has another version.
    ///
    /// # Errors
    /// When it has.
    pub fn require(&self, current: i64) -> Result<(), ApiError> {
        match self {
            Self::Of(versions) if !versions.contains(&current) => Err(ApiError::Stale),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn known(name: &str, value: &str) -> KnownVersions {
        let request = TestRequest::default().insert_header((name, value)).to_http_request();
        KnownVersions::extract(&request).into_inner().unwrap()
    }

    #[test]
    fn entity_tags_are_known_in_all_their_forms() {
        assert!(known("if-none-match", "\"6\", W/\"7\"").has("\"7\""));
        assert!(!known("if-none-match", "\"6\"").has("\"7\""));
        assert!(!KnownVersions::none().has("\"7\""));
    }

    #[test]
    fn a_change_is_of_one_of_the_versions_that_it_names() {
        let allows =
            |value: &str, version| known("if-match", value).to_change().unwrap().require(version).is_ok();

        for value in ["\"7\"", "\"7-1a2b\"", "\"5\", \"7-1a2b\"", "*"] {
            assert!(allows(value, 7), "{value}");
        }
        for value in ["\"6\"", "W/\"7\"", "W/\"7-1a2b\", \"8\"", "\"elsewhere\"", "\"\""] {
            assert!(!allows(value, 7), "{value}");
        }
        for value in ["7", "", "\"7"] {
            let refused = known("if-match", value).to_change();
            assert!(matches!(refused, Err(ApiError::BadRequest { code: "if_match_invalid", .. })), "{value}");
        }
        assert!(matches!(KnownVersions::none().to_change(), Err(ApiError::VersionMissing)));
    }

    #[test]
    fn a_wrong_field_is_named_by_its_pointer() {
        let Err(ApiError::BadRequest { errors, .. }) =
            parse::<shared::CreateConnection>(br#"{"name":"x","store":{"url":1,"webservice_key":"k"}}"#)
        else {
            panic!("the body is wrong")
        };

        assert_eq!(errors[0].pointer, "/store/url");
    }

    #[test]
    fn what_no_database_keeps_is_refused_where_it_stands() {
        let tags = |json: &str| parse::<shared::ActionRequest>(json.as_bytes());

        assert!(tags(r#"{"action":"tag","add":["\\u0000"]}"#).is_ok(), "a backslash and five more");
        let Err(ApiError::Invalid(errors)) = tags(r#"{"action":"tag","add":["a","b\u0000"]}"#) else {
            panic!("the second one cannot be kept")
        };
        assert_eq!(errors[0].pointer, "/add/1");
    }
}
