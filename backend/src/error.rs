//! The one place where failures become `application/problem+json`.

use std::error::Error;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use database::DbErr;
use shared::{FieldError, Problem};

use crate::problem_types;

/// The kind of problem that draft-ietf-httpapi-ratelimit-headers registers.
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// Why a request was not done.
#[derive(Debug)]
pub enum ApiError {
    /// The request itself is wrong; the code says in which way.
    BadRequest {
        code: &'static str,
        detail: String,
        errors: Vec<FieldError>,
    },
    /// The request is well formed, but some of its values are not acceptable.
    Invalid(Vec<FieldError>),
    /// There is no valid session; the sentence says what is wrong with it.
    Unauthorized(&'static str),
    /// The password is right, and a code of the authenticator app is needed too.
    SecondFactorNeeded,
    /// The code is wrong, or was used before.
    SecondFactorWrong,
    /// The caller lacks a right; the sentence says which.
    Forbidden(String),
    /// The role needs a second factor, and the person has not set one up.
    SecondFactorMissing,
    /// A page of another origin has sent the request.
    ForeignOrigin,
    /// The one-time link was used, replaced, or never was.
    SetupLinkInvalid,
    /// The invitation was accepted, withdrawn, has ended, or never was.
    InvitationInvalid,
    NotFound,
    MethodNotAllowed {
        allowed: String,
    },
    /// The state of things does not allow it now.
    Conflict {
        code: &'static str,
        detail: String,
    },
    /// The `Idempotency-Key` is that of a request that is being answered.
    KeyInUse,
    /// The `Idempotency-Key` is that of another request.
    KeyReused,
    /// `If-Match` names another version than the current one.
    Stale,
    /// `If-Match` is missing.
    VersionMissing,
    TooLarge {
        limit_bytes: usize,
    },
    NotJson,
    TooManyAttempts {
        retry_after_s: u64,
    },
    /// A budget of requests is used up: which one, by name.
    QuotaExceeded {
        violated: &'static str,
        retry_after_s: u64,
    },
    /// It was there and is not any more.
    Gone {
        code: &'static str,
        detail: String,
    },
    Overloaded {
        detail: &'static str,
    },
    /// Our own failure: told to the log in full, and to the caller as a reference.
    Internal(Box<dyn Error + Send + Sync>),
}

impl ApiError {
    /// A request that is wrong in one way.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::BadRequest { code, detail: detail.into(), errors: Vec::new() }
    }

    /// Refuses values that are not acceptable, if there are any.
    ///
    /// # Errors
    /// Those values.
    pub fn refuse_values(errors: Vec<FieldError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self::Invalid(errors)) }
    }

    /// Refuses filters that are not understood, if there are any.
    ///
    /// # Errors
    /// Those filters.
    pub fn refuse_filter(errors: Vec<FieldError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self::bad_filter(errors)) }
    }

    /// Parameters of the query that are not understood.
    #[must_use]
    pub fn bad_filter(errors: Vec<FieldError>) -> Self {
        let unknown = errors.iter().any(|error| error.detail.starts_with("unknown filter"));
        let code = if unknown { "unknown_filter" } else { "bad_filter" };
        Self::BadRequest { code, detail: "Some filters are not understood.".to_owned(), errors }
    }

    /// The same, for filters that stand in a body as pairs: pointed to by their places there.
    #[must_use]
    pub fn of_pairs(self, pairs: &[(String, String)]) -> Self {
        self.in_body(|name| {
            let place = pairs.iter().position(|(known, _)| known == name);
            place.map_or_else(|| "/filter".to_owned(), |place| format!("/filter/{place}"))
        })
    }

    /// The same, for parameters that stand in a body: `pointer` says where.
    #[must_use]
    pub fn in_body(mut self, pointer: impl Fn(&str) -> String) -> Self {
        if let Self::BadRequest { errors, .. } = &mut self {
            for error in errors {
                error.pointer = pointer(&error.pointer);
            }
        }
        self
    }

    /// A failure of our own.
    pub fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// What the caller is told; `instance` is the path that was asked for.
    #[must_use]
    pub fn problem(&self, instance: &str, request_id: &str) -> Problem {
        let (code, title, detail) = self.words();
        debug_assert!(
            problem_types::find(code)
                .is_some_and(|known| known.statuses.contains(&self.status_code().as_u16())),
            "the type of {code} leads nowhere"
        );
        let errors = match self {
            Self::BadRequest { errors, .. } | Self::Invalid(errors) => errors.clone(),
            _ => Vec::new(),
        };
        let retryable = matches!(
            self,
            Self::KeyInUse
                | Self::TooManyAttempts { .. }
                | Self::QuotaExceeded { .. }
                | Self::Overloaded { .. }
                | Self::Internal(_)
        );
        let (kind, violated_policies) = match self {
            Self::QuotaExceeded { violated, .. } => (QUOTA_EXCEEDED.to_owned(), vec![(*violated).to_owned()]),
            _ => (format!("/problems/{}", code.replace('_', "-")), Vec::new()),
        };
        Problem {
            kind,
            violated_policies,
            title: title.to_owned(),
            status: self.status_code().as_u16(),
            detail,
            instance: instance.to_owned(),
            code: code.to_owned(),
            request_id: request_id.to_owned(),
            retryable,
            errors,
        }
    }

    /// Code, title and sentence.
    fn words(&self) -> (&'static str, &'static str, String) {
        match self {
            Self::BadRequest { code, detail, .. } => (code, "Request not understood", detail.clone()),
            Self::Invalid(_) => {
                ("invalid_values", "Values not acceptable", "Some values are not acceptable.".to_owned())
            }
            Self::Unauthorized(detail) => ("unauthorized", "Not signed in", (*detail).to_owned()),
            Self::SecondFactorNeeded => (
                "second_factor_needed",
                "Second factor needed",
                "Send a code of your authenticator app, or a recovery code, too.".to_owned(),
            ),
            Self::SecondFactorWrong => (
                "second_factor_wrong",
                "Second factor wrong",
                "The code is wrong or was used before; wait for the next one.".to_owned(),
            ),
            Self::Forbidden(detail) => ("forbidden", "Not allowed", detail.clone()),
            Self::SecondFactorMissing => (
                "second_factor_missing",
                "Second factor missing",
                "Your role needs an authenticator app; set it up in your profile first.".to_owned(),
            ),
            Self::ForeignOrigin => (
                "foreign_origin",
                "Not allowed",
                "The request does not come from a page of this server.".to_owned(),
            ),
            Self::SetupLinkInvalid => (
                "setup_link_invalid",
                "Link not valid",
                "The setup link is not valid any more; the server prints a new one when it starts."
                    .to_owned(),
            ),
            Self::InvitationInvalid => (
                "invitation_invalid",
                "Link not valid",
                "The invitation is not valid any more; ask for a new one.".to_owned(),
            ),
            Self::NotFound => ("not_found", "Not found", "There is nothing at this address.".to_owned()),
            Self::MethodNotAllowed { allowed } => {
                ("method_not_allowed", "Method not allowed", format!("This address answers to {allowed}."))
            }
            Self::Conflict { code, detail } => (code, "Not possible now", detail.clone()),
            Self::KeyInUse => (
                "idempotency_key_in_use",
                "Being answered",
                "The request with this Idempotency-Key is being answered; repeat it in a moment.".to_owned(),
            ),
            Self::KeyReused => (
                "idempotency_key_reused",
                "Key used before",
                "This Idempotency-Key was sent with another request; send a new key with each request."
                    .to_owned(),
            ),
            Self::Stale => (
                "stale_version",
                "Changed meanwhile",
                "Somebody else has changed this; load it again and repeat your change.".to_owned(),
            ),
            Self::VersionMissing => (
                "version_missing",
                "Version missing",
                "Send the ETag of the version that you change as If-Match.".to_owned(),
            ),
            Self::TooLarge { limit_bytes } => {
                ("too_large", "Request too large", format!("At most {limit_bytes} bytes are read."))
            }
            Self::NotJson => (
                "not_json",
                "Content type not supported",
                "Send a JSON body with the content type application/json.".to_owned(),
            ),
            Self::TooManyAttempts { retry_after_s } => (
                "too_many_attempts",
                "Too many attempts",
                format!("Too many attempts; try again in {retry_after_s} seconds."),
            ),
            Self::QuotaExceeded { retry_after_s, .. } => (
                "quota_exceeded",
                "Too many requests",
                format!("The budget of requests is used up; go on in {retry_after_s} seconds."),
            ),
            Self::Gone { code, detail } => (code, "Gone", detail.clone()),
            Self::Overloaded { detail } => ("overloaded", "Busy", (*detail).to_owned()),
            Self::Internal(_) => {
                ("internal", "Our fault", "Something went wrong on our side; name the request id.".to_owned())
            }
        }
    }

    /// The whole answer.
    #[must_use]
    pub fn answer(&self, instance: &str, request_id: &str) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        answer
            .insert_header((CONTENT_TYPE, "application/problem+json"))
            .insert_header((CACHE_CONTROL, "no-store"));
        match self {
            Self::Unauthorized(_) | Self::SecondFactorNeeded | Self::SecondFactorWrong => {
                answer.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Self::MethodNotAllowed { allowed } => {
                answer.insert_header((ALLOW, allowed.as_str()));
            }
            Self::TooManyAttempts { retry_after_s } | Self::QuotaExceeded { retry_after_s, .. } => {
                answer.insert_header((RETRY_AFTER, retry_after_s.to_string()));
            }
            Self::KeyInUse => {
                answer.insert_header((RETRY_AFTER, "1"));
            }
            Self::Overloaded { .. } => {
                answer.insert_header((RETRY_AFTER, "5"));
            }
            _ => {}
        }
        let problem = self.problem(instance, request_id);
        answer.body(serde_json::to_vec(&problem).expect("a problem has text keys only"))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().2)
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Internal(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Self::Invalid(_) | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthorized(_) | Self::SecondFactorNeeded | Self::SecondFactorWrong => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden(_)
            | Self::SecondFactorMissing
            | Self::ForeignOrigin
            | Self::SetupLinkInvalid
            | Self::InvitationInvalid => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict { .. } | Self::KeyInUse => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::VersionMissing => StatusCode::PRECONDITION_REQUIRED,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyAttempts { .. } | Self::QuotaExceeded { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Gone { .. } => StatusCode::GONE,
            Self::Overloaded { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Without path and request id, which `middleware::problems` fills in.
    fn error_response(&self) -> HttpResponse {
        self.answer("", "")
    }
}

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        if let DbErr::ConnectionAcquire(_) = error {
            tracing::warn!(error = %error, "no database connection became free in time");
            return Self::Overloaded { detail: "The database is busy; try again in a moment." };
        }
        if database::gave_way(&error) {
            tracing::warn!(error = %error, "a transaction gave way to another");
            let detail = "Others were changing the same at this moment, so nothing was done; try again.";
            return Self::Overloaded { detail };
        }
        Self::internal(error)
    }
}
