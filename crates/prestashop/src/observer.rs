//! What a client tells about each of its calls, without a word of what was said.

use std::time::Duration;

use crate::error::Error;
use crate::resource::{Method, Resource};

/// Told about every call once it has ended.
pub type Observer = dyn Fn(&CallRecord) + Send + Sync;

/// One call: what it was and how it went. It never holds bodies, queries, headers or ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// What was to be done.
    pub method: Method,
    /// To what.
    pub resource: Resource,
    /// The HTTP status; `None` when nothing was answered.
    pub status: Option<u16>,
    /// From before connecting until the answer was read.
    pub duration: Duration,
    /// What the answer proved.
    pub verdict: Verdict,
}

/// What an answer proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was done.
    Success,
    /// It was not done.
    Refused,
    /// Nothing.
    OutcomeUnknown,
}

impl Verdict {
    pub(crate) fn of<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Success,
            Err(Error::Refused(_)) => Self::Refused,
            Err(Error::OutcomeUnknown(_)) => Self::OutcomeUnknown,
        }
    }
}
