//! The two versions of the shop that there are recordings of.

use std::fmt;
use std::str::FromStr;

/// A version of the shop's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// 8.1.0.
    V8_1_0,
    /// 9.1.4.
    V9_1_4,
}

impl Version {
    /// Whether it is a 9.x shop.
    #[must_use]
    pub fn is_nine(self) -> bool {
        self == Self::V9_1_4
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::V8_1_0 => "8.1.0",
            Self::V9_1_4 => "9.1.4",
        })
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "8.1.0" => Ok(Self::V8_1_0),
            "9.1.4" => Ok(Self::V9_1_4),
            other => Err(format!("unknown version {other}: there are 9.1.4 and 8.1.0")),
        }
    }
}
