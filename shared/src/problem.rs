use serde::{Deserialize, Serialize};

/// Why a request was not done, as `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A stable address of the kind of problem.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(example = "/problems/unknown-filter"))]
    pub kind: String,
    /// The kind of problem in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and the remedy.
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
    /// A stable code for programs, such as `unknown_filter`.
    #[cfg_attr(feature = "openapi", schema(example = "unknown_filter"))]
    pub code: String,
    /// Name it when asking for help; the same id is in the `x-request-id` header and in the log.
    pub request_id: String,
    /// Whether the very same request may succeed later.
    pub retryable: bool,
    /// Which parts of the request are wrong, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Which budgets are used up, by the names in `RateLimit-Policy`.
    #[serde(default, rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(example = json!(["caller"])))]
    pub violated_policies: Vec<String>,
}

/// One part of a request that is wrong, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The query parameter's name, or a JSON pointer into the body.
    #[cfg_attr(feature = "openapi", schema(example = "/webservice_key"))]
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl FieldError {
    #[must_use]
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}
