//! What the clients tell about each of their calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::Error;

/// Told about every call once it has ended. Cheap to clone.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&Exchange<'_>) + Send + Sync>);

impl Observer {
    /// Whatever is done with a call.
    pub fn new(tell: impl Fn(&Exchange<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(crate) fn tell(&self, exchange: &Exchange<'_>) {
        (self.0)(exchange);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// One call as it went over the wire, without the headers, and so without the access token. The rest is all there,
/// signatures, secrets of token calls and buyers' data too: whoever keeps any of it takes that out first.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// `GET` and the like.
    pub method: &'a str,
    /// Where the request went, with its query.
    pub url: &'a Url,
    /// The body of the request.
    pub sent: Option<&'a [u8]>,
    /// The HTTP status; `None` when nothing was answered.
    pub status: Option<u16>,
    /// From before connecting until the answer was read.
    pub duration: Duration,
    /// What TikTok Shop calls the request.
    pub request_id: Option<&'a str>,
    /// The body of the answer, as far as it came.
    pub answered: &'a [u8],
    /// What the answer proved.
    pub verdict: Verdict,
}

/// What an answer proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was done.
    Success,
    /// It was not done, or could not be read.
    Refused,
    /// Nothing, of something that was to be changed.
    OutcomeUnknown,
}

impl Verdict {
    pub(crate) fn of<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Success,
            Err(Error::OutcomeUnknown { .. }) => Self::OutcomeUnknown,
            Err(_) => Self::Refused,
        }
    }
}
