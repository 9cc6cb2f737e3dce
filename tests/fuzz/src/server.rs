//! The targets that need the server.

use backend::untrusted::{self, List, Versions};
use shared::{
    AcceptInvitation, ActionRequest, AlertRules, ChangePassword, ConfirmPassword, CreateApiKey,
    CreateConnection, CreateInvitation, CreateWebhook, FetchOrders, RotateWebhookSecret, SecondFactorCode,
    SetUp, SignIn, StartBulkRun, StartExport, StartReconciliation, UpdateApiKey, UpdateConnection,
    UpdateUser, UpdateWebhook,
};

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
    match first % 24 {
        0 => untrusted::body_survives::<ActionRequest>(body),
        1 => untrusted::body_survives::<CreateConnection>(body),
        2 => untrusted::body_survives::<UpdateConnection>(body),
        3 => untrusted::body_survives::<AlertRules>(body),
        4 => untrusted::body_survives::<CreateWebhook>(body),
        5 => untrusted::body_survives::<UpdateWebhook>(body),
        6 => untrusted::body_survives::<RotateWebhookSecret>(body),
        7 => untrusted::body_survives::<StartBulkRun>(body),
        8 => untrusted::body_survives::<StartExport>(body),
        9 => untrusted::body_survives::<Option<FetchOrders>>(body),
        10 => untrusted::body_survives::<Option<StartReconciliation>>(body),
        11 => untrusted::body_survives::<CreateApiKey>(body),
        12 => untrusted::body_survives::<UpdateApiKey>(body),
        13 => untrusted::body_survives::<CreateInvitation>(body),
        14 => untrusted::body_survives::<AcceptInvitation>(body),
        15 => untrusted::body_survives::<UpdateUser>(body),
        16 => untrusted::body_survives::<ChangePassword>(body),
        17 => untrusted::body_survives::<ConfirmPassword>(body),
        18 => untrusted::body_survives::<SecondFactorCode>(body),
        19 => untrusted::body_survives::<SignIn>(body),
        20 => untrusted::body_survives::<SetUp>(body),
        21 => untrusted::search_is_read(body),
        _ => untrusted::values_are_judged(body),
    }
}

/// The query of a list: the first byte chooses which.
pub fn list_query(data: &[u8]) {
    let Some((first, query)) = data.split_first() else { return };
    let Ok(query) = std::str::from_utf8(query) else { return };
    untrusted::query_is_judged(List::ALL[usize::from(*first) % List::ALL.len()], query);
}

/// Headers of a request: the first byte chooses which, and where there are two, the second one is below the first.
pub fn request_headers(data: &[u8]) {
    let Some((first, value)) = data.split_first() else { return };
    let (upper, lower) = match value.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&value[..end], &value[end + 1..]),
        None => (value, &b""[..]),
    };
    let text = String::from_utf8_lossy(value);
    match first % 9 {
        0 => {
            let Some(versions) = Versions::read(upper, lower) else { return };
            let (upper, lower) = (String::from_utf8_lossy(upper), String::from_utf8_lossy(lower));
            // Only what is named may be changed, and only what is named is known.
            for version in [1, 7, 42] {
                let is_named = upper.contains(&version.to_string()) || upper.trim() == "*";
                assert!(is_named || !versions.allow(version), "{upper}");
            }
            let tag = "\"7-3f8a\"";
            assert!(lower.contains(tag) || lower.contains('*') || !versions.has(tag), "{lower}");
        }
        1 => {
            if let Some(id) = untrusted::last_event_id(value) {
                assert!(id >= 0);
                assert_eq!(
                    text.trim().trim_start_matches(['+', '-', '0']),
                    id.to_string().trim_start_matches('0')
                );
            }
        }
        2 => assert!(!untrusted::bears_key(value) || value.len() > 60, "{text}"),
        3 => {
            if let Some(kept) = untrusted::user_agent(value) {
                assert!((1..=40).contains(&kept.len()) && !kept.contains(char::is_control), "{kept}");
            }
        }
        4 => {
            let lists: Vec<&[u8]> = value.split(|&byte| byte == b'\n').collect();
            if let Some(address) = untrusted::forwarded_for(&lists) {
                // The proxy writes at the end, and whatever stands before it says nothing.
                let last = String::from_utf8_lossy(lists.last().expect("there is one"));
                let last = last.rsplit(',').next().unwrap_or_default().to_owned();
                assert_eq!(untrusted::forwarded_for(&[last.as_bytes()]), Some(address));
            }
        }
        5 => {
            if untrusted::is_json(value) {
                assert!(text.trim_start().to_ascii_lowercase().starts_with("application/json"), "{text}");
            }
        }
        6 => {
            if untrusted::is_from_us(upper, lower) {
                let (origin, host) = (String::from_utf8_lossy(upper), String::from_utf8_lossy(lower));
                let origin = origin.to_ascii_lowercase();
                let is_named = origin.ends_with(&format!("://{}", host.to_ascii_lowercase()));
                assert!(is_named || origin == "https://bridge.example", "{origin} for {host}");
            }
        }
        7 => assert!(!untrusted::opens_api_docs(&text), "{text}"),
        _ => {
            let shown = untrusted::path_shown(&text);
            assert!(!shown.contains("obk_"), "{shown}");
            assert!(shown.split('/').all(|segment| segment.len() <= 40), "{shown}");
            assert_eq!(untrusted::path_shown(&shown), shown);
        }
    }
}

/// What somebody types who wants an account or signs in: an address, a password and a code, one a line.
pub fn sign_in(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let (email, password) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    if untrusted::account_is_accepted(email, password) {
        assert!((12..=128).contains(&password.chars().count()));
        assert!(email.contains('@') && !email.trim().contains(char::is_whitespace), "{email}");
    }
    let code = lines.next().unwrap_or_default();
    assert!(!untrusted::code_is_right(code) || code.len() == 6, "{code}");
}
