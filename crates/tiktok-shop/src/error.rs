//! Which decision a failed call leaves to its caller.

use std::time::Duration;

use crate::Rejection;

/// Why a call failed. Each variant is a decision: what shall happen next.
///
/// No variant carries a secret, a URL or buyers' data; `message` is TikTok's own sentence, on one line and cut short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The access token is expired or not accepted: refresh it once and repeat once.
    #[error("tiktok does not accept the access token{}", reference(*code, request_id))]
    TokenExpired { code: Option<i64>, request_id: Option<String> },

    /// The authorization is gone, or does not cover this shop: ask the seller to authorize again; do not retry.
    #[error("tiktok asks for a new authorization: {message}{}", reference(Some(*code), request_id))]
    ReauthorizationNeeded { code: i64, message: String, request_id: Option<String> },

    /// The app or the token lacks a scope, which `message` names: authorize again with it.
    #[error("tiktok has not granted the scope for this call: {message}{}", reference(None, request_id))]
    ScopeMissing { message: String, request_id: Option<String> },

    /// Our clock is more than 30 seconds ahead or five minutes behind: correct the clock, then repeat.
    #[error(
        "tiktok refuses the time of the request, is the clock right? {message}{}",
        reference(None, request_id)
    )]
    ClockSkew { message: String, request_id: Option<String> },

    /// Too many requests, none of it done: wait as told, or else with growing pauses.
    #[error("tiktok limits the rate of requests{}", reference(None, request_id))]
    RateLimited { retry_after: Option<Duration>, request_id: Option<String> },

    /// TikTok could not answer a reading call now: try again later.
    #[error("tiktok could not answer: {cause}{}", reference(*code, request_id))]
    Transient { code: Option<i64>, status: Option<u16>, cause: String, request_id: Option<String> },

    /// No connection came about, so nothing was done: try again later.
    #[error("tiktok cannot be reached: {cause}")]
    Unreachable { cause: String },

    /// A writing call may or may not have been carried out: look first, then decide.
    #[error("tiktok may or may not have done it: {cause}{}", reference(*code, request_id))]
    OutcomeUnknown { code: Option<i64>, status: Option<u16>, cause: String, request_id: Option<String> },

    /// The thing asked for does not exist in this shop.
    #[error("tiktok does not know it: {message}{}", reference(*code, request_id))]
    NotFound { code: Option<i64>, message: String, request_id: Option<String> },

    /// The thing belongs to another shop, or this shop may not touch it: stop.
    #[error("tiktok denies access: {message}{}", reference(*code, request_id))]
    Denied { code: Option<i64>, message: String, request_id: Option<String> },

    /// A definite refusal for a business reason; nothing was changed.
    #[error("tiktok refused: {message}{}", reference(Some(*code), request_id))]
    Rejected { reason: Rejection, code: i64, message: String, request_id: Option<String> },

    /// A setting of the app, here or in Partner Center, is wrong: a person must correct it.
    #[error("tiktok refuses the app's configuration: {message}{}", reference(*code, request_id))]
    Misconfigured { setting: Setting, code: Option<i64>, message: String, request_id: Option<String> },

    /// We asked in a wrong way: a defect of the program, which repeating does not mend.
    #[error("tiktok does not understand the request: {message}{}", reference(*code, request_id))]
    InvalidRequest { code: Option<i64>, message: String, request_id: Option<String> },

    /// The list has more pages than the caller allowed: ask for a narrower window.
    #[error("the list is longer than {pages} pages")]
    TooManyPages { pages: usize },

    /// An answer we cannot read. `path` is the place in the JSON, `problem` says what is wrong there, not what it holds.
    #[error(
        "unexpected answer from tiktok (status {status}) at {path}: {problem}{}",
        reference(None, request_id)
    )]
    Unexpected { status: u16, path: String, problem: String, request_id: Option<String> },
}

impl Error {
    /// TikTok Shop's code of the refusal, if it gave one.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::ReauthorizationNeeded { code, .. } | Self::Rejected { code, .. } => Some(*code),
            Self::TokenExpired { code, .. }
            | Self::Transient { code, .. }
            | Self::OutcomeUnknown { code, .. }
            | Self::NotFound { code, .. }
            | Self::Denied { code, .. }
            | Self::Misconfigured { code, .. }
            | Self::InvalidRequest { code, .. } => *code,
            Self::ScopeMissing { .. }
            | Self::ClockSkew { .. }
            | Self::RateLimited { .. }
            | Self::Unreachable { .. }
            | Self::TooManyPages { .. }
            | Self::Unexpected { .. } => None,
        }
    }

    /// What TikTok Shop calls the request, if it was answered with that.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::TokenExpired { request_id, .. }
            | Self::ReauthorizationNeeded { request_id, .. }
            | Self::ScopeMissing { request_id, .. }
            | Self::ClockSkew { request_id, .. }
            | Self::RateLimited { request_id, .. }
            | Self::Transient { request_id, .. }
            | Self::OutcomeUnknown { request_id, .. }
            | Self::NotFound { request_id, .. }
            | Self::Denied { request_id, .. }
            | Self::Rejected { request_id, .. }
            | Self::Misconfigured { request_id, .. }
            | Self::InvalidRequest { request_id, .. }
            | Self::Unexpected { request_id, .. } => request_id.as_deref(),
            Self::Unreachable { .. } | Self::TooManyPages { .. } => None,
        }
    }
}

/// A setting of the app that TikTok does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The app has a list of addresses that may call, and ours is not on it.
    AllowedAddresses,
    AppKey,
    /// What is signed with the secret is not what TikTok computes.
    AppSecret,
    /// The service is not at the address where it was asked.
    ServiceAddress,
}

/// Whether a call changes anything on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Read,
    Write,
}

/// What is known about an answer that is not a success.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    pub status: u16,
    /// `code` of the envelope; `None` when the body is not an envelope.
    pub code: Option<i64>,
    pub message: &'a str,
    pub request_id: Option<&'a str>,
    pub retry_after: Option<Duration>,
    pub effect: Effect,
}

impl Refusal<'_> {
    /// Classifies the answer: by `code` first, then by HTTP status.
    #[must_use]
    pub fn into_error(self) -> Error {
        let message = one_line(self.message);
        let request_id = self.request_id.map(one_line);
        if is_address_not_allowed(&message) {
            let setting = Setting::AllowedAddresses;
            return Error::Misconfigured { setting, code: self.code, message, request_id };
        }
        match self.code {
            Some(code) if code != 0 => self.by_code(code, message, request_id),
            _ => self.by_status(message, request_id),
        }
    }

    fn by_code(self, code: i64, message: String, request_id: Option<String>) -> Error {
        let known = Some(code);
        match code {
            36009002 => Error::RateLimited { retry_after: self.retry_after, request_id },
            36009004 => self.by_message(code, message, request_id),
            36009033 => {
                Error::Misconfigured { setting: Setting::AllowedAddresses, code: known, message, request_id }
            }
            106001 => Error::Misconfigured { setting: Setting::AppSecret, code: known, message, request_id },
            // 105001, 105003 and 105004 are named by third parties only; a refresh answers whether they mean more.
            105001..=105004 => Error::TokenExpired { code: known, request_id },
            105005 => Error::ScopeMissing { message, request_id },
            36004004 | 36004005 | 101000 => Error::ReauthorizationNeeded { code, message, request_id },
            25007006 | 36020001 => Error::NotFound { code: known, message, request_id },
            10006402 | 21008111 | 21011028 | 25020005 => Error::Denied { code: known, message, request_id },
            _ if is_invalid_request(code) => Error::InvalidRequest { code: known, message, request_id },
            _ if is_transient(code) => self.unanswered(message, request_id),
            // A code nobody has listed says less than the status it comes with.
            _ if Rejection::of_code(code) == Rejection::Other
                && !matches!(self.status, 200..=299 | 400 | 422) =>
            {
                self.by_status(message, request_id)
            }
            _ => Error::Rejected { reason: Rejection::of_code(code), code, message, request_id },
        }
    }

    /// Code 36009004 has many meanings; the texts quote names with back-ticks or apostrophes.
    fn by_message(self, code: i64, message: String, request_id: Option<String>) -> Error {
        let text = message.to_lowercase();
        let known = Some(code);
        if text.contains("required signature") {
            Error::InvalidRequest { code: known, message, request_id }
        } else if text.contains("invalid timestamp") {
            Error::ClockSkew { message, request_id }
        } else if text.contains("access_token") || text.contains("access-token") {
            Error::TokenExpired { code: known, request_id }
        } else if text.contains("app_key") {
            Error::Misconfigured { setting: Setting::AppKey, code: known, message, request_id }
        } else {
            Error::InvalidRequest { code: known, message, request_id }
        }
    }

    fn by_status(self, message: String, request_id: Option<String>) -> Error {
        let Self { status, code, .. } = self;
        match status {
            429 => Error::RateLimited { retry_after: self.retry_after, request_id },
            401 => Error::TokenExpired { code, request_id },
            403 => Error::Denied { code, message, request_id },
            404 | 405 => Error::InvalidRequest { code, message, request_id },
            300..=399 => {
                let message = format!("answered with a redirect (status {status}); is the address right?");
                Error::Misconfigured { setting: Setting::ServiceAddress, code, message, request_id }
            }
            408 | 500..=599 => self.unanswered(message, request_id),
            _ => {
                let problem = if message.is_empty() { "no success code".to_owned() } else { message };
                Error::Unexpected { status, path: "code".to_owned(), problem, request_id }
            }
        }
    }

    fn unanswered(self, message: String, request_id: Option<String>) -> Error {
        let Self { status, code, effect, .. } = self;
        let cause = if message.is_empty() { format!("status {status}") } else { message };
        let status = Some(status);
        match effect {
            Effect::Read => Error::Transient { code, status, cause, request_id },
            Effect::Write => Error::OutcomeUnknown { code, status, cause, request_id },
        }
    }
}

/// Codes of a wrong request: path, method, version, body, parameters.
fn is_invalid_request(code: i64) -> bool {
    matches!(
        code,
        36009009 | 36009010 | 36009014 | 36009021
            ..=36009023 | 106013 | 98001004 | 98001006 | 21001001 | 11050001 | 25001001
    )
}

/// Codes of a passing inability: internal errors, timeouts, and a label that is still being made.
fn is_transient(code: i64) -> bool {
    matches!(
        code,
        36009003 | 36009007 | 10002014 | 10002015 | 10037002
            ..=10037004
                | 11001027
                | 11001031
                | 21001008
                | 21001011
                | 21001043
                | 21001055
                | 21022029
                | 11034037
    )
}

/// Refused by the app's list of allowed addresses; the token host says so under changing codes.
fn is_address_not_allowed(message: &str) -> bool {
    let text = message.to_lowercase();
    text.contains("ip allow list") || text.contains("ip allowlist") || text.contains("ip whitelist")
}

/// What to name when asking TikTok about it, as the end of a message.
fn reference(code: Option<i64>, request_id: &Option<String>) -> String {
    match (code, request_id) {
        (Some(code), Some(request_id)) => format!(" (code {code}, request {request_id})"),
        (Some(code), None) => format!(" (code {code})"),
        (None, Some(request_id)) => format!(" (request {request_id})"),
        (None, None) => String::new(),
    }
}

/// Text from outside, made fit for an error: one line, without control characters, at most 300 characters.
pub(crate) fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: Option<i64>, message: &str, effect: Effect) -> Error {
        Refusal { status, code, message, request_id: None, retry_after: None, effect }.into_error()
    }

    /// The variant's name, and the reason of a rejection.
    fn decision(error: &Error) -> String {
        let debug = format!("{error:?}");
        let variant = debug.split([' ', '{']).next().unwrap_or_default();
        match error {
            Error::Rejected { reason, .. } => format!("{variant} {reason:?}"),
            _ => variant.to_owned(),
        }
    }

    #[test]
    fn platform_codes_lead_to_decisions() {
        use Effect::{Read, Write};
        let table = [
            (429, Some(36009002), "Too many requests", Read, "RateLimited"),
            (429, Some(36009002), "Too many requests", Write, "RateLimited"),
            (200, Some(36009003), "Internal error", Read, "Transient"),
            (200, Some(36009003), "Internal error", Write, "OutcomeUnknown"),
            (500, Some(36009003), "Internal error", Write, "OutcomeUnknown"),
            (408, Some(36009007), "Timeout", Read, "Transient"),
            (408, Some(36009007), "Timeout", Write, "OutcomeUnknown"),
            (404, Some(36009009), "Invalid path", Read, "InvalidRequest"),
            (400, Some(36009010), "method", Read, "InvalidRequest"),
            (200, Some(36009014), "version", Read, "InvalidRequest"),
            (200, Some(36009022), "body format", Write, "InvalidRequest"),
            (403, Some(36009033), "IP", Read, "Misconfigured"),
            (200, Some(101000), "shop_cipher does not match", Read, "ReauthorizationNeeded"),
            (401, Some(105002), "access token is expired, please refresh it", Write, "TokenExpired"),
            (200, Some(105002), "access token is expired, please refresh it", Read, "TokenExpired"),
            (401, Some(105005), "Access denied", Read, "ScopeMissing"),
            (401, Some(106001), "Invalid sign", Read, "Misconfigured"),
            (400, Some(106013), "shop_cipher missing", Read, "InvalidRequest"),
            (200, Some(98001004), "Value Out Of Range", Read, "InvalidRequest"),
            (200, Some(10006402), "permission denied", Read, "Denied"),
            (200, Some(21008111), "not of this shop", Read, "Denied"),
            (200, Some(36004004), "invalid auth code", Write, "ReauthorizationNeeded"),
            (200, Some(36004005), "can not find related auth record", Write, "ReauthorizationNeeded"),
            (
                200,
                Some(36004004),
                "Your IP address is not in the IP allow list configured for this app",
                Write,
                "Misconfigured",
            ),
            (200, Some(10037003), "busy", Read, "Transient"),
            (200, Some(11034037), "label is being made", Read, "Transient"),
            (200, Some(36020001), "invalid order id", Write, "NotFound"),
            (503, None, "", Read, "Transient"),
            (503, None, "", Write, "OutcomeUnknown"),
            (502, Some(77), "unlisted", Write, "OutcomeUnknown"),
            (200, Some(77), "unlisted", Write, "Rejected Other"),
            (429, None, "", Write, "RateLimited"),
            (401, None, "", Read, "TokenExpired"),
            (403, None, "", Read, "Denied"),
            (404, None, "404 page not found", Read, "InvalidRequest"),
            (302, None, "", Read, "Misconfigured"),
            (418, None, "", Read, "Unexpected"),
            (500, Some(0), "Success", Write, "OutcomeUnknown"),
        ];

        for (status, code, message, effect, expected) in table {
            let error = refusal(status, code, message, effect);
            assert_eq!(decision(&error), expected, "{status} {code:?} {message} {effect:?}");
        }
    }

    #[test]
    fn code_36009004_is_decided_by_its_message() {
        let table = [
            ("The request does not include a required signature.", "InvalidRequest"),
            ("Invalid timestamp. The timestamp is earlier than 5 minutes", "ClockSkew"),
            (
                "Invalid credentials. Invalid 'timestamp'. Invalid timestamp: exceed by 30 seconds",
                "ClockSkew",
            ),
            ("Invalid credentials. The `x-tts-access-token` header is invalid.", "TokenExpired"),
            ("Invalid 'access_token' query parameter", "TokenExpired"),
            (
                "Invalid credentials. Invalid 'app_key' query parameter. For more details: https://m.tiktok.shop/s/x",
                "Misconfigured",
            ),
            ("The 'shop_cipher' query parameter is not required", "InvalidRequest"),
            ("Invalid shop_id", "InvalidRequest"),
            ("PageSize is a required field", "InvalidRequest"),
            ("SortOrder is invalid, allowed values: ASC,DESC.", "InvalidRequest"),
            ("param order_status type invalid", "InvalidRequest"),
            ("param body.address is missing", "InvalidRequest"),
        ];

        for (message, expected) in table {
            let error = refusal(400, Some(36009004), message, Effect::Read);
            assert_eq!(decision(&error), expected, "{message}");
        }
    }

    #[test]
    fn refusals_of_shipping_and_cancelling_are_told_apart() {
        use Rejection::*;
        let table: &[(Rejection, &[i64])] = &[
            (AlreadyShipped, &[21011006, 21011020, 21042056, 21008099, 11006021, 21011040, 25001045]),
            (ReverseRequestOpen, &[21011007]),
            (OnHold, &[21011044]),
            (FulfilledByTikTok, &[21008025, 21008043]),
            (NotAllowed, &[21008044, 21011003, 21011008, 10007002, 25001003]),
            (ProviderWrong, &[21011022, 21008116]),
            (TrackingRejected, &[21004012, 21004015, 21004016, 11028006]),
            (TrackingAlreadyUsed, &[21011025, 21034012, 21011026]),
            (LinesNotInPackage, &[21011029, 21011048]),
            (CannotSplit, &[21011033, 21011036, 21011046]),
            (RegionNotSupported, &[21008106]),
            (AddressRefused, &[21021010, 11021010, 11021024]),
            (SizeOrWeightRefused, &[11021014, 11021022]),
            (ChangeLimitReached, &[21011049, 21011050, 21011051, 21011052]),
            (NotShippedYet, &[21011043, 21023035, 21042104]),
            (AlreadyDelivered, &[21011027, 21011030]),
            (AlreadyCancelled, &[25001011, 25001051, 21011041, 21011042, 21023059]),
            (ReasonWrong, &[25001021, 25001014, 25001015, 25001020, 25001016, 25001057]),
            (PartialNotAllowed, &[25005010, 25005011]),
            (Locked, &[25001028]),
            (RiskControl, &[25001046]),
            (RequestNotOpen, &[25011011, 25011012, 25020009]),
            (AlreadyApproved, &[25020010]),
            (DecisionWrong, &[25020003, 25020004]),
        ];

        for (reason, codes) in table {
            for code in *codes {
                // A definite refusal stays one whatever status carries it.
                for status in [200, 400, 500] {
                    let error = refusal(status, Some(*code), "no", Effect::Write);
                    assert_eq!(decision(&error), format!("Rejected {reason:?}"), "{code} {status}");
                }
            }
        }
    }

    #[test]
    fn the_request_id_and_the_pause_survive() {
        let error = Refusal {
            status: 429,
            code: None,
            message: "",
            request_id: Some("2026"),
            retry_after: Some(Duration::from_secs(7)),
            effect: Effect::Read,
        }
        .into_error();

        let expected = Error::RateLimited {
            retry_after: Some(Duration::from_secs(7)),
            request_id: Some("2026".to_owned()),
        };
        assert_eq!(error, expected);
    }

    #[test]
    fn messages_name_code_and_request() {
        let refusal = |request_id| {
            let message = "shipped before";
            Refusal {
                status: 200,
                code: Some(21011006),
                message,
                request_id,
                retry_after: None,
                effect: Effect::Write,
            }
        };

        let named = refusal(Some("2026")).into_error().to_string();
        let unnamed = refusal(None).into_error().to_string();

        assert_eq!(named, "tiktok refused: shipped before (code 21011006, request 2026)");
        assert_eq!(unnamed, "tiktok refused: shipped before (code 21011006)");
    }

    #[test]
    fn messages_are_one_short_line() {
        assert_eq!(one_line(" no\nway \u{7}\n"), "no way");
        assert_eq!(one_line(&"x".repeat(1000)).len(), 300);
    }
}
