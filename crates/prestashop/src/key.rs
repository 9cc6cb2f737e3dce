//! The key of the webservice, a password by another name.

use std::fmt;

/// A key of the webservice. It never shows itself, and it is only ever sent in the `Authorization` header: in an
/// address it would end in access logs.
#[derive(Clone, PartialEq, Eq)]
pub struct WebserviceKey(String);

impl WebserviceKey {
    /// Takes a key as the merchant pasted it; whitespace around it is dropped.
    #[must_use]
    pub fn new(key: impl AsRef<str>) -> Self {
        Self(key.as_ref().trim().to_owned())
    }

    /// Whether it looks like a key at all: exactly 32 letters and digits. The shop refuses every other length.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.0.len() == 32 && self.0.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// The key itself, for the header and for whoever stores it encrypted.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebserviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebserviceKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_show_itself() {
        let key = WebserviceKey::new(" ABCDEFGHIJKLMNOPQRSTUVWXYZ123456\n");

        assert!(key.is_well_formed());
        assert_eq!(format!("{key:?}"), "WebserviceKey(redacted)");
        assert!(!WebserviceKey::new("short").is_well_formed());
    }
}
