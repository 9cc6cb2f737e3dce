//! The version of a shop.

use std::fmt;
use std::str::FromStr;

/// A version as in the header `PSWS-Version`: `9.1.4`, `1.7.8.11`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(Vec<u32>);

/// A text that is no version. The shop says `0` to whoever it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a version of prestashop")]
pub struct NotAVersion;

impl Version {
    /// Whether single fields can be changed. Before 8.0 an entity can only be replaced as a whole.
    #[must_use]
    pub fn supports_patch(&self) -> bool {
        self.0[0] >= 8
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let numbers = text.trim().split('.').map(str::parse).collect::<Result<Vec<u32>, _>>();
        match numbers {
            Ok(numbers) if numbers[0] > 0 && numbers.len() <= 6 => Ok(Self(numbers)),
            _ => Err(NotAVersion),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patch_is_supported_since_8_0() {
        for (text, supports_patch) in
            [("9.1.4", true), ("8.1.0", true), ("8.0.0", true), ("1.7.8.11", false), ("1.6.1.23", false)]
        {
            let version: Version = text.parse().expect(text);
            assert_eq!((version.supports_patch(), version.to_string().as_str()), (supports_patch, text));
        }
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        let version = |text: &str| text.parse::<Version>().expect(text);
        assert!(version("1.7.10.0") > version("1.7.9.9"));
        assert!(version("9.1.4") > version("9.1"));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "0", "0.0", "nine", "9.x", "9..1"] {
            assert_eq!(text.parse::<Version>(), Err(NotAVersion), "{text}");
        }
    }
}
