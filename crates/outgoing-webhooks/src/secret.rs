use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rand::Rng;
use subtle::ConstantTimeEq;

const PREFIX: &str = "whsec_";
/// The specification asks for 24 to 64 bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
const OUR_LENGTH: usize = 32;

/// What sender and receiver share; shows itself only when asked to.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

/// A text that is not a secret of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is whsec_ and 24 to 64 bytes in base64")]
pub struct NotASecret;

impl Secret {
    /// A new one, from this source of randomness.
    pub fn generate(rng: &mut impl Rng) -> Self {
        let mut bytes = vec![0; OUR_LENGTH];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// When it is written otherwise.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(NotASecret)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| NotASecret)?;
        if LENGTHS.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(NotASecret) }
    }

    /// The secret as the receiver is told it.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_shown() {
        let secret = Secret::generate(&mut rand::rng());

        assert_eq!(Secret::parse(&secret.expose()), Ok(secret.clone()));
        assert_ne!(Secret::generate(&mut rand::rng()), secret);
        assert_eq!(format!("{secret:?}"), "[redacted]");
    }

    #[test]
    fn other_texts_are_none() {
        for text in ["", "whsec_", "whsec_AAAA", "whsec_!!!!", &BASE64_STANDARD.encode([7; 32])] {
            assert_eq!(Secret::parse(text), Err(NotASecret), "{text}");
        }
    }
}
