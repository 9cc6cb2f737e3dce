//! One call of an endpoint, after the gateway has let it through.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answer::ApiError;

/// What an endpoint may look at.
#[derive(Debug, Clone)]
pub struct Call {
    /// Placeholders of the path, such as `order_id` and `version`.
    pub path: BTreeMap<&'static str, String>,
    /// Decoded query; of a repeated key only the first value, as the platform does.
    pub query: BTreeMap<String, String>,
    /// The JSON body; an empty object when nothing was sent.
    pub body: Value,
    /// The shop that `shop_cipher` stands for; empty on calls that take none.
    pub shop_id: String,
    /// The region of that shop.
    pub market: String,
    /// The authorization that the token belongs to.
    pub grant: usize,
    /// Business time in unix seconds.
    pub now: i64,
    /// Where the server itself is reached, without a slash at the end.
    pub base_url: String,
}

impl Call {
    /// A placeholder of the path.
    pub fn at(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A query parameter that is there and not empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A body field that is there, not `null` and not an empty text.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// An optional text of the body.
    ///
    /// # Errors
    /// 36009004 when it is something else than a text.
    pub fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        self.field(name)
            .map(|value| value.as_str().map(str::to_owned).ok_or_else(|| ApiError::wrong_type(name)))
            .transpose()
    }

    /// A text of the body that must be there.
    ///
    /// # Errors
    /// 36009004 when it is missing or something else than a text.
    pub fn required_text(&self, name: &str) -> Result<String, ApiError> {
        self.text(name)?.ok_or_else(|| ApiError::missing_field(name))
    }

    /// An optional whole number of the body.
    ///
    /// # Errors
    /// 36009004 when it is something else.
    pub fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.field(name).map(|value| value.as_i64().ok_or_else(|| ApiError::wrong_type(name))).transpose()
    }

    /// An optional truth value of the body.
    ///
    /// # Errors
    /// 36009004 when it is something else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        self.field(name).map(|value| value.as_bool().ok_or_else(|| ApiError::wrong_type(name))).transpose()
    }

    /// A list of texts of the body, empty when it is not there.
    ///
    /// # Errors
    /// 36009004 when it is something else.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let Some(value) = self.field(name) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| ApiError::wrong_type(name))?;
        items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| ApiError::wrong_type(name)))
            .collect()
    }
}
