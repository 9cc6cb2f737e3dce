//! An HTTP answer before it is sent, so that faults can still spoil it.

use serde_json::Value;

/// Status, headers and body.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// TikTok's code, for the book of calls.
    pub code: Option<i64>,
}

impl Reply {
    /// JSON, with the code taken from it.
    pub fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: serde_json::to_vec(value).expect("a value is JSON"),
            code: value.get("code").and_then(Value::as_i64),
        }
    }

    /// A page for people.
    pub fn html(status: u16, page: &str) -> Self {
        Self::typed(status, "text/html; charset=utf-8", page.as_bytes())
    }

    /// Plain text.
    pub fn text(status: u16, text: &str) -> Self {
        Self::typed(status, "text/plain; charset=utf-8", text.as_bytes())
    }

    /// Bytes of some media type.
    pub fn typed(status: u16, media_type: &str, body: &[u8]) -> Self {
        Self {
            status,
            headers: vec![("content-type", media_type.to_owned())],
            body: body.to_vec(),
            code: None,
        }
    }

    /// 302 to another place.
    pub fn redirect(location: &str) -> Self {
        Self { status: 302, headers: vec![("location", location.to_owned())], body: Vec::new(), code: None }
    }
}
