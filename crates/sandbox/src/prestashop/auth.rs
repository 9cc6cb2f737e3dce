//! Keys of the webservice and what they may do.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::answer::Refusal;

/// The methods that a key can be allowed.
pub const METHODS: [&str; 6] = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"];

/// A key of the webservice.
#[derive(Clone, Serialize, Deserialize)]
pub struct Key {
    /// The key itself.
    pub key: String,
    /// Whether it works.
    #[serde(default = "yes")]
    pub active: bool,
    /// Allowed methods per resource; none means everything.
    #[serde(default)]
    pub permissions: Option<BTreeMap<String, Vec<String>>>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Key")
            .field("active", &self.active)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}

fn yes() -> bool {
    true
}

impl Key {
    /// A key that may do everything.
    #[must_use]
    pub fn full(key: &str) -> Self {
        Self { key: key.to_owned(), active: true, permissions: None }
    }

    /// Whether the key sees a resource at all.
    #[must_use]
    pub fn sees(&self, resource: &str) -> bool {
        self.permissions.as_ref().is_none_or(|permissions| permissions.contains_key(resource))
    }

    /// Whether the key may use a method on a resource.
    #[must_use]
    pub fn allows(&self, resource: &str, method: &str) -> bool {
        self.permissions.as_ref().is_none_or(|permissions| {
            permissions
                .get(resource)
                .is_some_and(|methods| methods.iter().any(|allowed| allowed.eq_ignore_ascii_case(method)))
        })
    }
}

/// What a request brought to prove who it is.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// The key, if any was sent.
    key: Option<String>,
}

impl Credentials {
    /// Reads `Authorization: Basic` or the `ws_key` parameter.
    #[must_use]
    pub fn from(authorization: Option<&str>, parameter: Option<&str>) -> Self {
        let from_header = authorization
            .and_then(|value| value.strip_prefix("Basic ").or_else(|| value.strip_prefix("basic ")))
            .and_then(|encoded| BASE64_STANDARD.decode(encoded.trim()).ok())
            .and_then(|decoded| String::from_utf8(decoded).ok())
            .map(|pair| pair.split(':').next().unwrap_or_default().to_owned());
        Self { key: from_header.or_else(|| parameter.map(str::to_owned)) }
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn are_missing(&self) -> bool {
        self.key.is_none()
    }

    /// Finds the key among the shop's.
    ///
    /// # Errors
    /// 16, 17, 18 for no, an empty and a misshapen key; 20 with 21 for an unknown or inactive one.
    pub fn check<'a>(&self, keys: &'a [Key]) -> Result<&'a Key, Refusal> {
        let Some(sent) = &self.key else {
            return Err(Refusal::new(
                401,
                16,
                "Please enter the authentication key as the login. No password required",
            ));
        };
        if sent.is_empty() {
            return Err(Refusal::new(401, 17, "Authentication key is empty"));
        }
        let known = keys.iter().find(|key| key.key == *sent);
        // The shop of the recordings has keys that are shorter than 32 characters in their scrubbed form.
        if known.is_none() && sent.chars().count() != 32 {
            return Err(Refusal::new(401, 18, "Invalid authentication key format"));
        }
        known.filter(|key| key.active).ok_or_else(|| {
            Refusal::new(401, 20, "Authentification key is not active")
                .and(21, "No permission for this authentication key")
        })
    }
}
