//! Sends one request, reads one bounded answer, and takes the envelope off.

use std::error::Error as _;
use std::time::{Duration, Instant};

use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Effect, Refusal, one_line};
use crate::wire::{self, Unreadable};
use crate::{Error, Exchange, Observer, Secret, Verdict};

/// The most bytes read of one answer: a page of 100 orders has about 1 MiB.
pub const ANSWER_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// The longest pause believed of a `Retry-After` header.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const OVERALL_TIMEOUT: Duration = Duration::from_secs(30);

/// An HTTP client fit for this crate: one attempt, no redirects (they would carry the token elsewhere), no proxy from
/// the environment, 10 s to connect and 30 s in all. A process-wide TLS provider must be installed before.
///
/// # Errors
/// When the TLS set-up of the process does not work.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(OVERALL_TIMEOUT)
        .user_agent(concat!("tiktok-shop/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Reads `data` of a whole answer that came in another way, as from a fuzzer.
///
/// # Errors
/// As the call that it answers, when that only reads.
pub fn read_answer<T: serde::de::DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, Error> {
    unwrap_envelope(body, status, None, Effect::Read, &[])?.read()
}

/// A successful answer.
pub(crate) struct Answer {
    /// `data` of the envelope; `null` if it has none.
    pub data: Value,
    status: u16,
    request_id: Option<String>,
    effect: Effect,
}

impl Answer {
    /// Reads `data` into a type.
    pub fn read<T: serde::de::DeserializeOwned>(self) -> Result<T, Error> {
        let Self { data, status, request_id, effect } = self;
        // `{}` and nothing are used alike, and every type here has defaults for what may be missing.
        let data = if data.is_null() || data == "" { Value::Object(serde_json::Map::new()) } else { data };
        wire::read(data, "data").map_err(|unreadable| unexpected(unreadable, status, request_id, effect))
    }

    /// The first failure of a batch, which comes with success as its own code.
    pub fn first_failure(&self) -> Result<Option<Error>, Error> {
        let failures = serde_json::json!({ "errors": self.data.get("errors") });
        let failures: Failures =
            wire::read(failures, "data").map_err(|unreadable| self.unreadable(unreadable))?;
        Ok(failures.errors.into_iter().next().map(|failure| {
            let message = failure.message.unwrap_or_default();
            Refusal {
                status: self.status,
                code: failure.code.parse().ok(),
                message: &message,
                request_id: self.request_id.as_deref(),
                retry_after: None,
                effect: self.effect,
            }
            .into_error()
        }))
    }

    /// The error of an answer whose `data` was taken apart by the caller.
    pub fn unreadable(&self, unreadable: Unreadable) -> Error {
        unexpected(unreadable, self.status, self.request_id.clone(), self.effect)
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "wire::optional_integer")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    message: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    request_id: Option<String>,
}

#[derive(Deserialize)]
struct Failures {
    #[serde(default)]
    errors: Vec<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    /// A number in one endpoint, a text in another.
    #[serde(deserialize_with = "wire::text")]
    code: String,
    #[serde(default, deserialize_with = "wire::optional_text")]
    message: Option<String>,
}

/// Sends a request once. `secrets` are cut out of whatever TikTok says about it.
pub(crate) async fn send(
    http: &reqwest::Client,
    request: reqwest::RequestBuilder,
    effect: Effect,
    secrets: &[&Secret],
    observer: Option<&Observer>,
) -> Result<Answer, Error> {
    let request = request.build().map_err(|error| not_sent(&error.without_url()))?;
    let (method, url) = (request.method().clone(), request.url().clone());
    let body = request.body().and_then(reqwest::Body::as_bytes);
    let sent = observer.and(body).map(<[u8]>::to_vec);
    let started = Instant::now();

    let mut heard = Heard::default();
    let mut result = exchange(http, request, effect, secrets, &mut heard).await;
    // TikTok's own words do not name it.
    if let Err(Error::ScopeMissing { message, .. }) = &mut result {
        scope_of(url.path()).clone_into(message);
    }
    let (path, status) = (url.path(), heard.status);
    match &result {
        Ok(answer) => {
            tracing::debug!(%method, path, status, request_id = answer.request_id, "tiktok answered")
        }
        Err(error) => tracing::debug!(%method, path, status, %error, "tiktok refused"),
    }
    if let Some(observer) = observer {
        observer.tell(&Exchange {
            method: method.as_str(),
            url: &url,
            sent: sent.as_deref(),
            status,
            duration: started.elapsed(),
            request_id: match &result {
                Ok(answer) => answer.request_id.as_deref(),
                Err(error) => error.request_id(),
            },
            answered: &heard.body,
            verdict: Verdict::of(&result),
        });
    }
    result
}

/// What came back, as far as it came.
#[derive(Default)]
struct Heard {
    status: Option<u16>,
    body: Vec<u8>,
}

async fn exchange(
    http: &reqwest::Client,
    request: reqwest::Request,
    effect: Effect,
    secrets: &[&Secret],
    heard: &mut Heard,
) -> Result<Answer, Error> {
    let response = http.execute(request).await.map_err(|error| lost(&error.without_url(), effect))?;
    let status = response.status().as_u16();
    heard.status = Some(status);
    let retry_after = retry_after(response.headers());
    read_body(response, effect, &mut heard.body).await?;
    unwrap_envelope(&heard.body, status, retry_after, effect, secrets)
}

/// The scope that the endpoint at this path asks for.
fn scope_of(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("order") if path.contains("/external_order") => "seller.order.ext_ref",
        Some("order") => "seller.order.info",
        Some("fulfillment") => "seller.fulfillment.basic",
        Some("logistics") => "seller.logistics",
        Some("return_refund") => "seller.return_refund.basic",
        _ => "seller.authorization.info",
    }
}

async fn read_body(mut response: reqwest::Response, effect: Effect, body: &mut Vec<u8>) -> Result<(), Error> {
    let status = response.status().as_u16();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error.without_url(), effect))? {
        if body.len() + chunk.len() > ANSWER_LIMIT_BYTES {
            let problem = format!("longer than {ANSWER_LIMIT_BYTES} bytes");
            return Err(unexpected(Unreadable { path: "$".to_owned(), problem }, status, None, effect));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(())
}

pub(crate) fn unwrap_envelope(
    body: &[u8],
    status: u16,
    retry_after: Option<Duration>,
    effect: Effect,
    secrets: &[&Secret],
) -> Result<Answer, Error> {
    let is_success_status = (200..=299).contains(&status);
    let refusal = Refusal { status, code: None, message: "", request_id: None, retry_after, effect };

    let mut value = match wire::parse(body) {
        Ok(value @ Value::Object(_)) => value,
        Ok(_) if is_success_status => {
            let unreadable = Unreadable { path: "$".to_owned(), problem: "not an object".to_owned() };
            return Err(unexpected(unreadable, status, None, effect));
        }
        Err(unreadable) if is_success_status => return Err(unexpected(unreadable, status, None, effect)),
        // A page of a gateway; its text is nobody's message.
        Ok(_) | Err(_) => return Err(refusal.into_error()),
    };
    let data = value.get_mut("data").map(Value::take).unwrap_or_default();
    let envelope: Envelope = match wire::read(value, "") {
        Ok(envelope) => envelope,
        Err(unreadable) if is_success_status => return Err(unexpected(unreadable, status, None, effect)),
        Err(_) => return Err(refusal.into_error()),
    };

    match envelope.code {
        Some(0) if is_success_status => {
            Ok(Answer { data, status, request_id: envelope.request_id.as_deref().map(one_line), effect })
        }
        None if is_success_status => {
            let unreadable = Unreadable { path: "code".to_owned(), problem: "missing".to_owned() };
            Err(unexpected(unreadable, status, envelope.request_id, effect))
        }
        code => {
            let message = without_secrets(envelope.message.unwrap_or_default(), secrets);
            let request_id = envelope.request_id.as_deref();
            Err(Refusal { code, message: &message, request_id, ..refusal }.into_error())
        }
    }
}

/// What is shorter is no secret of TikTok's, and stands inside common words: a sentence without it could not be read.
const SHORTEST_SECRET: usize = 8;

fn without_secrets(message: String, secrets: &[&Secret]) -> String {
    secrets
        .iter()
        .filter(|secret| secret.expose().len() >= SHORTEST_SECRET)
        .fold(message, |message, secret| message.replace(secret.expose(), "[redacted]"))
}

/// The request could not even be built.
pub(crate) fn not_sent(error: &reqwest::Error) -> Error {
    Error::InvalidRequest { code: None, message: chain_of(error), request_id: None }
}

/// The connection failed before, or the answer was lost after, the request was sent.
fn lost(error: &reqwest::Error, effect: Effect) -> Error {
    let cause = chain_of(error);
    let status = error.status().map(|status| status.as_u16());
    if error.is_connect() {
        return Error::Unreachable { cause };
    }
    match effect {
        Effect::Read => Error::Transient { code: None, status, cause, request_id: None },
        Effect::Write => Error::OutcomeUnknown { code: None, status, cause, request_id: None },
    }
}

/// An unreadable answer; to a write it may still mean that the write was done.
fn unexpected(unreadable: Unreadable, status: u16, request_id: Option<String>, effect: Effect) -> Error {
    let Unreadable { path, problem } = unreadable;
    let request_id = request_id.as_deref().map(one_line);
    match effect {
        Effect::Read => Error::Unexpected { status, path, problem, request_id },
        Effect::Write => {
            let cause = format!("unreadable answer at {path}: {problem}");
            Error::OutcomeUnknown { code: None, status: Some(status), cause, request_id }
        }
    }
}

/// An error and what caused it, in one line.
fn chain_of(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    one_line(&text)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &reqwest::header::HeaderValue| value.to_str().ok());
    pause_asked(text(RETRY_AFTER)?, text(DATE))
}

/// The pause that a `Retry-After` header asks for, in seconds or as a date, which is measured against the server's own `Date`.
#[must_use]
pub fn pause_asked(retry_after: &str, date: Option<&str>) -> Option<Duration> {
    let asked = retry_after.trim();
    let pause = match asked.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(asked).ok()?;
            let now = DateTime::parse_from_rfc2822(date?).ok()?;
            (until - now).to_std().unwrap_or_default()
        }
    };
    Some(pause.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        let table = [
            (None, None, None),
            (Some("7"), None, Some(7)),
            (Some(" 0 "), None, Some(0)),
            (Some("999999999"), None, Some(3600)),
            (Some("-3"), None, None),
            (Some("soon"), Some(date), None),
            (Some("Wed, 21 Oct 2026 07:28:30 GMT"), Some(date), Some(30)),
            (Some("Wed, 21 Oct 2026 07:27:00 GMT"), Some(date), Some(0)),
            (Some("Wed, 21 Oct 2026 07:28:30 GMT"), None, None),
        ];

        for (asked, now, expected_s) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in [(RETRY_AFTER, asked), (DATE, now)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            assert_eq!(retry_after(&headers), expected_s.map(Duration::from_secs), "{asked:?} {now:?}");
        }
    }

    #[test]
    fn secrets_are_cut_out_of_messages() {
        let secrets = [&Secret::new("GCP_abcd"), &Secret::new("a"), &Secret::new("")];

        let message = without_secrets("Invalid: no record of GCP_abcd".to_owned(), &secrets);

        assert_eq!(message, "Invalid: no record of [redacted]");
    }
}
