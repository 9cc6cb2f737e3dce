use std::error::Error as _;
use std::time::Duration;

/// Why a message did not arrive, or may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The receiver wants no messages any more.
    #[error("the receiver answered 410 Gone")]
    Gone,
    /// The receiver answered, but not with success.
    #[error("the receiver answered {status}")]
    Refused {
        status: u16,
        /// The pause that it asked for.
        retry_after: Option<Duration>,
    },
    /// No connection came about: nobody is there, TLS failed, or the address may not be reached.
    #[error("no connection to the receiver: {cause}")]
    Unreachable { cause: String },
    /// No whole answer came in time; the message may have arrived.
    #[error("no answer from the receiver: {cause}")]
    NoAnswer { cause: String },
    /// The request could not even be made.
    #[error("not a request: {cause}")]
    Impossible { cause: String },
}

impl Error {
    /// The status that the receiver answered with, if it did.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Gone => Some(410),
            Self::Refused { status, .. } => Some(*status),
            Self::Unreachable { .. } | Self::NoAnswer { .. } | Self::Impossible { .. } => None,
        }
    }
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        // The address may hold a token of the receiver's.
        let error = error.without_url();
        let cause = chain_of(&error);
        if error.is_connect() {
            Self::Unreachable { cause }
        } else if error.is_builder() {
            Self::Impossible { cause }
        } else {
            Self::NoAnswer { cause }
        }
    }
}

const LONGEST_CAUSE: usize = 300;

/// An error and what caused it, in one line.
fn chain_of(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_CAUSE).collect()
}
