//! Both signatures against the published vectors, and against those of another file named in
//! `TIKTOK_SIGNING_VECTORS`.

use std::collections::BTreeMap;

use serde::Deserialize;
use tiktok_shop::{Secret, sign, webhook};

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Vector {
    Request {
        name: String,
        app_secret: String,
        path: String,
        query: BTreeMap<String, String>,
        content_type: Option<String>,
        body: Option<String>,
        expected: String,
        presented_sign: String,
        should_match: bool,
    },
    Webhook {
        name: String,
        app_key: String,
        app_secret: String,
        body: String,
        authorization_header: String,
        expected: String,
        should_match: bool,
    },
}

impl Vector {
    /// What speaks against our signatures, if anything.
    fn failure(&self) -> Option<String> {
        let (name, digest, expected, accepted, should_match) = match self {
            Self::Request {
                name,
                app_secret,
                path,
                query,
                content_type,
                body,
                expected,
                presented_sign,
                should_match,
                ..
            } => {
                let query: Vec<_> = query.iter().collect();
                let body = body.as_deref().unwrap_or_default().as_bytes();
                let secret = Secret::from(app_secret.as_str());
                let digest = sign::sign(&secret, path, &query, content_type.as_deref(), body);
                let accepted = sign::matches(&digest, presented_sign);
                (name, digest, expected, accepted, *should_match)
            }
            Self::Webhook {
                name,
                app_key,
                app_secret,
                body,
                authorization_header,
                expected,
                should_match,
            } => {
                let secret = Secret::from(app_secret.as_str());
                let digest = webhook::sign(app_key, &secret, body.as_bytes());
                let accepted =
                    webhook::verify(app_key, &secret, authorization_header, body.as_bytes()).is_ok();
                (name, digest, expected, accepted, *should_match)
            }
        };
        if digest != *expected {
            return Some(format!("{name}: signed {digest}, expected {expected}"));
        }
        (accepted != should_match).then(|| format!("{name}: accepted {accepted}, should be {should_match}"))
    }
}

fn check_file(path: &str) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let vectors: Vec<Vector> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));

    let failures: Vec<String> = vectors.iter().filter_map(Vector::failure).collect();

    assert!(!vectors.is_empty(), "{path} holds no vectors");
    assert!(failures.is_empty(), "{path}:\n{}", failures.join("\n"));
}

#[test]
fn the_published_vectors_are_reproduced_and_the_negative_ones_refused() {
    check_file(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/tiktok-signing-vectors.json"));
}

#[test]
fn further_vectors_are_reproduced_when_a_file_of_them_is_named() {
    if let Ok(path) = std::env::var("TIKTOK_SIGNING_VECTORS") {
        check_file(&path);
    }
}
