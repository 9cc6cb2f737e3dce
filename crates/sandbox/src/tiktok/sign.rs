//! Both signatures: of a request to the API, and of a webhook.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The signature that a request must carry in `sign`: lower-case hex HMAC-SHA256.
///
/// `query` holds decoded values; `sign` and `access_token` in it are left out. `body` is what was sent, empty when
/// nothing was, or when the media type is `multipart/form-data`.
pub fn request_signature(secret: &str, path: &str, query: &BTreeMap<String, String>, body: &[u8]) -> String {
    let mut message = format!("{secret}{path}").into_bytes();
    for (key, value) in query.iter().filter(|(key, _)| !matches!(key.as_str(), "sign" | "access_token")) {
        message.extend_from_slice(key.as_bytes());
        message.extend_from_slice(value.as_bytes());
    }
    message.extend_from_slice(body);
    message.extend_from_slice(secret.as_bytes());
    digest(secret, &message)
}

/// The signature that a webhook carries in `Authorization`: over the app key and the raw body, without wrapping.
pub fn webhook_signature(app_key: &str, secret: &str, body: &[u8]) -> String {
    let mut message = app_key.as_bytes().to_vec();
    message.extend_from_slice(body);
    digest(secret, &message)
}

fn digest(secret: &str, message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        kind: String,
        app_key: Option<String>,
        app_secret: String,
        path: Option<String>,
        #[serde(default)]
        query: Option<BTreeMap<String, String>>,
        content_type: Option<String>,
        body: Option<String>,
        expected: String,
        presented_sign: Option<String>,
        authorization_header: Option<String>,
        should_match: bool,
    }

    #[test]
    fn every_vector_gives_its_digest_and_every_forgery_is_refused() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/tiktok-signing-vectors.json");
        let vectors: Vec<Vector> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();

        for vector in &vectors {
            let multipart = vector.content_type.as_deref().is_some_and(|kind| kind.starts_with("multipart/"));
            let body = vector.body.as_deref().filter(|_| !multipart).unwrap_or_default().as_bytes();
            let (digest, presented) = if vector.kind == "webhook" {
                let app_key = vector.app_key.as_deref().unwrap();
                (webhook_signature(app_key, &vector.app_secret, body), &vector.authorization_header)
            } else {
                let query = vector.query.clone().unwrap_or_default();
                let path = vector.path.as_deref().unwrap();
                (request_signature(&vector.app_secret, path, &query, body), &vector.presented_sign)
            };

            assert_eq!(digest, vector.expected, "{}", vector.name);
            assert_eq!(presented.as_deref() == Some(&*digest), vector.should_match, "{}", vector.name);
        }
        assert_eq!(vectors.len(), 36);
    }
}
