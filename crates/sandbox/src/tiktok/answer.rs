//! What an endpoint answers: data, or one of TikTok Shop's numbered errors.

use serde_json::Value;

/// The outcome of an endpoint.
pub type Answer = Result<Value, ApiError>;

/// Appended to the messages of the gateway, as real ones are.
const MORE_DETAILS: &str = " For more details: https://m.tiktok.shop/s/AIu6dbFhs2XW";

/// An error of TikTok Shop: the code decides, the HTTP status is decoration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The number in `code`.
    pub code: i64,
    /// The text in `message`; callers look for keywords in it.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Whether the status is known for this code; an unknown one follows the switch `unknown_error_status`.
    pub status_is_known: bool,
}

impl ApiError {
    /// A refusal by the rules of a resource; such errors are seen with HTTP 200.
    pub fn business(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: 200, status_is_known: false }
    }

    /// A refusal by the gateway whose HTTP status is known.
    pub fn gateway(code: i64, status: u16, message: &str) -> Self {
        Self { code, message: format!("{message}{MORE_DETAILS}"), status, status_is_known: true }
    }

    /// 36009004 for a parameter, a header or a credential; the message says which.
    pub fn parameter(message: &str) -> Self {
        Self { status_is_known: false, ..Self::gateway(36_009_004, 400, message) }
    }

    /// 36009004 for a body field that is missing.
    pub fn missing_field(name: &str) -> Self {
        Self::parameter(&format!("param body.{name} is missing"))
    }

    /// 36009004 for a body field of another type than documented.
    pub fn wrong_type(name: &str) -> Self {
        Self::parameter(&format!("param {name} type invalid"))
    }

    /// 36009022: the body is not JSON.
    pub fn body_format() -> Self {
        Self {
            status_is_known: false,
            ..Self::gateway(36_009_022, 400, "Invalid request body. The body is not a valid JSON object.")
        }
    }

    /// 36009009: nothing is served at this path.
    pub fn no_such_path() -> Self {
        Self::gateway(36_009_009, 404, "Invalid path. The requested path does not exist.")
    }

    /// 36009003: the other side failed, and does not say whether it did what was asked.
    pub fn internal() -> Self {
        Self::business(36_009_003, "Internal error. Please try again later.")
    }
}
