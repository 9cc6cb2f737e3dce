//! The signature of a request.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::Secret;

/// Signs a request: lower-case hex HMAC-SHA256.
///
/// `path` runs from the first `/` to the end, without host and query. `query` holds decoded values in any order;
/// `sign` and `access_token` are left out of the signature. `body` is exactly what is sent (empty when nothing is);
/// it is left out only when the media type is `multipart/form-data`.
#[must_use]
pub fn sign<K: AsRef<str>, V: AsRef<str>>(
    app_secret: &Secret,
    path: &str,
    query: &[(K, V)],
    content_type: Option<&str>,
    body: &[u8],
) -> String {
    let mut parameters: Vec<(&str, &str)> = query
        .iter()
        .map(|(key, value)| (key.as_ref(), value.as_ref()))
        .filter(|(key, _)| !matches!(*key, "sign" | "access_token"))
        .collect();
    parameters.sort_unstable();

    let secret = app_secret.expose().as_bytes();
    let mut mac = keyed(app_secret);
    mac.update(secret);
    mac.update(path.as_bytes());
    for (key, value) in parameters {
        mac.update(key.as_bytes());
        mac.update(value.as_bytes());
    }
    if !content_type.is_some_and(is_multipart) {
        mac.update(body);
    }
    mac.update(secret);
    hex::encode(mac.finalize().into_bytes())
}

/// Whether a presented digest is the expected one, in constant time. Upper-case hex is refused, as TikTok does.
#[must_use]
pub fn matches(expected: &str, presented: &str) -> bool {
    expected.as_bytes().ct_eq(presented.as_bytes()).into()
}

pub(crate) fn keyed(app_secret: &Secret) -> Hmac<Sha256> {
    Hmac::new_from_slice(app_secret.expose().as_bytes()).expect("HMAC takes a key of any length")
}

fn is_multipart(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("multipart/form-data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multipart_body_is_not_signed() {
        let secret = Secret::new("s");
        let query = [("app_key", "k")];

        let upload = sign(&secret, "/p", &query, Some("Multipart/Form-Data; boundary=x"), b"image");

        assert_eq!(upload, sign(&secret, "/p", &query, None, b""));
        assert_ne!(upload, sign(&secret, "/p", &query, Some("application/json"), b"image"));
    }
}
