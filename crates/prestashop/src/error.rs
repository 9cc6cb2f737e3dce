//! How a call can fail: definitely refused, or with an outcome nobody knows. There is no third reading.

use std::fmt;

use crate::ids::ShopId;
use crate::resource::{Method, Resource};

/// Why a call brought no proven success.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing was done, for certain. The same call will fail again until something is changed, except for
    /// [`RefusalKind::NotReached`] and [`RefusalKind::WebserviceDisabled`], which may pass by themselves.
    #[error("{0}")]
    Refused(Refusal),
    /// A write may have been done, wholly or in part: look by key before doing anything, and never repeat blindly.
    /// For a read it only means that there is no usable answer.
    #[error("{0}")]
    OutcomeUnknown(Unknown),
}

impl Error {
    /// Whether the shop said that there is no such entity.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(Refusal { kind: RefusalKind::NotFound, .. }))
    }

    /// A refusal that this client pronounces itself, before anything is sent.
    pub(crate) fn refused_here(kind: RefusalKind) -> Self {
        Self::Refused(Refusal { kind, status: None, errors: Vec::new() })
    }

    pub(crate) fn unknown(status: Option<u16>, reason: UnknownReason) -> Self {
        Self::OutcomeUnknown(Unknown { status, reason, errors: Vec::new() })
    }
}

/// A definite no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it means for the caller.
    pub kind: RefusalKind,
    /// The HTTP status; `None` when nothing was answered.
    pub status: Option<u16>,
    /// What the shop said, PHP's own messages last.
    pub errors: Vec<WebserviceError>,
}

/// What a definite no means for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalKind {
    /// No connection came about, so nothing was sent.
    NotReached {
        /// Where it failed.
        failure: ConnectionFailure,
    },
    /// The key is missing on arrival, malformed, unknown or switched off; the shop does not tell these apart.
    KeyRejected,
    /// The key is good, but may not do this.
    PermissionMissing {
        /// The resource that was asked.
        resource: Resource,
        /// The method that was used.
        method: Method,
    },
    /// The webservice is switched off in the shop.
    WebserviceDisabled,
    /// The shop redirects: this is not its configured address, or the id of the shop is unknown.
    WrongAddress {
        /// The host it points to.
        location_host: Option<String>,
    },
    /// The shop that every call is to be about is not there, deleted or switched off.
    ShopMissing {
        /// Which one.
        shop: ShopId,
    },
    /// The installation has not exactly one shop in use, and nobody has said which one calls are about.
    ShopNotChosen,
    /// There is no such entity, or not in this shop.
    NotFound,
    /// A required field is missing. Merchants can make further fields required.
    FieldRequired {
        /// The field's name as the shop says it.
        field: String,
    },
    /// A field's value breaks a rule of the shop (or of this client, when there is no status).
    FieldInvalid {
        /// The field's name as the shop says it, empty if it did not say.
        field: String,
    },
    /// Anything else the shop refuses; see the codes.
    Other,
}

/// Where a connection failed to come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionFailure {
    /// The host's name is not known.
    Dns,
    /// The certificate or the handshake is bad.
    Tls,
    /// Nobody answered in time.
    TimedOut,
    /// Nobody listens there, or the way is blocked.
    Refused,
}

/// An answer, or the lack of one, that proves neither success nor refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The HTTP status; `None` when nothing was answered.
    pub status: Option<u16>,
    /// What was wrong with the answer.
    pub reason: UnknownReason,
    /// What the shop said, if it said it in its own format.
    pub errors: Vec<WebserviceError>,
}

/// What was wrong with an answer that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownReason {
    /// No answer in time.
    Timeout,
    /// The connection broke after the request may have left.
    ConnectionCut,
    /// The answer is longer than the limit.
    TooLarge,
    /// The answer has no body.
    Empty,
    /// The answer is a web page.
    Html,
    /// The answer is plain text.
    PlainText,
    /// The answer is not the XML it should be.
    Unparsable,
    /// The answer is well-formed, but what was asked for is not in it.
    Incomplete,
    /// The answer reports errors with a status that says nothing about what was done.
    ErrorsReported,
    /// The answer holds nothing but PHP's own complaints: usually everything was done.
    OnlyPhpMessages,
    /// The shop complained about an unknown association after it saved the entity.
    SavedThenRefused,
    /// One of several entities was refused; those before it are stored.
    PartlyDone,
    /// A field of the answer is missing or has another shape.
    Undecodable {
        /// Where, as `order/total_paid`.
        field: String,
    },
}

/// One `<error>` of the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebserviceError {
    /// The shop's code.
    pub code: u32,
    /// The shop's sentence without any part that repeats the request; at most 300 characters. For finding out what it
    /// means, never to be shown: whoever answers at the shop's address has written it.
    pub message: String,
}

impl WebserviceError {
    /// Whether this is PHP complaining about itself rather than the webservice answering.
    #[must_use]
    pub fn is_from_php(&self) -> bool {
        self.message.starts_with("[PHP ")
    }
}

/// A field of an answer that is missing or unreadable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {path} is missing or unreadable")]
pub struct DecodeError {
    /// Where, as `order/total_paid`.
    pub path: String,
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::unknown(None, UnknownReason::Undecodable { field: error.path })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            RefusalKind::NotReached { failure } => write!(f, "shop not reached: {failure}")?,
            RefusalKind::KeyRejected => f.write_str("webservice key rejected")?,
            RefusalKind::PermissionMissing { resource, method } => {
                write!(f, "webservice key may not {method} {resource}")?;
            }
            RefusalKind::WebserviceDisabled => f.write_str("webservice switched off")?,
            RefusalKind::WrongAddress { location_host: Some(host) } => {
                write!(f, "wrong shop address: redirected to {host}")?;
            }
            RefusalKind::WrongAddress { location_host: None } => {
                f.write_str("wrong shop address: redirected")?
            }
            RefusalKind::ShopMissing { shop } => write!(f, "there is no shop {shop} in use")?,
            RefusalKind::ShopNotChosen => f.write_str("no shop of the installation was chosen")?,
            RefusalKind::NotFound => f.write_str("not found in the shop")?,
            RefusalKind::FieldRequired { field } => write!(f, "field {field} is required")?,
            RefusalKind::FieldInvalid { field } => write!(f, "field {field} is not valid")?,
            RefusalKind::Other => f.write_str("refused by the shop")?,
        }
        write_numbers(f, self.status, &self.errors)
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "outcome unknown: {}", self.reason)?;
        write_numbers(f, self.status, &self.errors)
    }
}

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "no answer in time",
            Self::ConnectionCut => "connection cut",
            Self::TooLarge => "answer too large",
            Self::Empty => "answer without a body",
            Self::Html => "answered with a web page",
            Self::PlainText => "answered with plain text",
            Self::Unparsable => "answer is not readable xml",
            Self::Incomplete => "answer is incomplete",
            Self::ErrorsReported => "errors reported",
            Self::OnlyPhpMessages => "only php messages reported",
            Self::SavedThenRefused => "saved, then refused an association",
            Self::PartlyDone => "one of several entities refused",
            Self::Undecodable { field } => return write!(f, "field {field} is missing or unreadable"),
        })
    }
}

impl fmt::Display for ConnectionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "host name not found",
            Self::Tls => "tls handshake failed",
            Self::TimedOut => "no connection in time",
            Self::Refused => "connection refused",
        })
    }
}

/// The numbers of an answer and none of its words, which may be anybody's and repeat what was sent.
fn write_numbers(f: &mut fmt::Formatter<'_>, status: Option<u16>, errors: &[WebserviceError]) -> fmt::Result {
    match (status, errors.first()) {
        (Some(status), Some(error)) => write!(f, " (status {status}, code {})", error.code),
        (Some(status), None) => write!(f, " (status {status})"),
        (None, Some(error)) => write!(f, " (code {})", error.code),
        (None, None) => Ok(()),
    }
}
