//! What strangers send, read as the handlers read it, for those who try any bytes on it.

use actix_web::http::header::{HeaderMap, HeaderValue};
use clock::{Clock, SystemClock};
use database::MasterKey;
use database::page::Position;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::AccessTokens;
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::{extract, idempotency};

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
            let again = extract::parse::<T>(written.as_bytes()).ok();
            assert_eq!(again.map(|again| json(&again)).as_ref(), Some(&written));
        }
        Err(ApiError::BadRequest { code: "bad_body", errors, .. }) => {
            let is_pointer = |pointer: &str| pointer.is_empty() || pointer.starts_with('/');
            assert!(errors.iter().all(|error| is_pointer(&error.pointer) && !error.detail.is_empty()));
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
