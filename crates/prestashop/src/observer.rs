//! What a client tells about each of its calls.

use std::time::Duration;

use url::Url;

use crate::error::Error;
use crate::resource::{Method, Resource};

/// Told about every call once it has ended.
pub type Observer = dyn Fn(&Exchange<'_>) + Send + Sync;

/// One call as it went over the wire, without the headers, and so without the key. The rest is all there, buyers' data
/// too: whoever keeps any of it takes that out first.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// What can be kept as it is.
    pub record: &'a CallRecord,
    /// Where the request went, with its query.
    pub url: &'a Url,
    /// The body of the request.
    pub sent: Option<&'a str>,
    /// The body of the answer, as far as it came.
    pub answered: &'a [u8],
    /// What the shop, or what stands before it, calls the request.
    pub request_id: Option<&'a str>,
}

/// What a call was and how it went. It never holds bodies, queries, headers or ids.
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
