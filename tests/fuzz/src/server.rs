//! The targets that need the server.

use backend::untrusted;
use shared::{ActionRequest, AlertRules, CreateConnection, CreateWebhook, UpdateConnection};

/// A cursor as a stranger sends it, and the position in it as if it were signed.
pub fn cursor(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        // Nobody guesses a signature.
        assert!(!untrusted::reads_cursor(text));
        let pairs = url::form_urlencoded::parse(data).into_owned().collect();
        if let Some(limit) = untrusted::page_limit(pairs) {
            assert!((1..=100).contains(&limit));
        }
    }
    untrusted::position_survives(data);
}

/// A token that nobody has signed.
pub fn access_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert!(!untrusted::reads_access_token(text));
}

/// The headers of a request, one value a line.
pub fn idempotency_key(data: &[u8]) {
    let values: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    if let Some(key) = untrusted::idempotency_key(&values) {
        assert!((1..=255).contains(&key.len()));
        assert!(key.bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(values.len(), 1);
    }
}

/// The body of a request: the first byte chooses what is asked for.
pub fn json_body(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    match first % 5 {
        0 => untrusted::body_survives::<ActionRequest>(body),
        1 => untrusted::body_survives::<CreateConnection>(body),
        2 => untrusted::body_survives::<UpdateConnection>(body),
        3 => untrusted::body_survives::<AlertRules>(body),
        _ => untrusted::body_survives::<CreateWebhook>(body),
    }
}
