use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::dns::Resolve;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use url::Url;

use crate::{Error, Secret, signatures};

/// An attempt takes no longer, however slowly the receiver answers.
pub const ATTEMPT_LIMIT: Duration = Duration::from_secs(15);

/// The longest pause believed of a `Retry-After` header.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// One message; every attempt to deliver it has the same id, by which the receiver knows a repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    /// JSON.
    pub body: String,
}

/// The receiver took the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    pub status: u16,
}

/// Sends messages. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
}

/// An HTTP client fit for this crate: one attempt, no redirects (they could lead anywhere), no proxy from the environment,
/// and names that `names` resolves. A process-wide TLS provider must be installed before.
///
/// # Errors
/// When the TLS set-up of the process does not work.
pub fn http_client(names: Arc<dyn Resolve>) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .dns_resolver(names)
        .timeout(ATTEMPT_LIMIT)
        .user_agent(concat!("orderbridge-webhooks/", env!("CARGO_PKG_VERSION")))
        .build()
}

impl Client {
    /// `http` is best made by [`http_client`].
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self { http }
    }

    /// Signs a message with each secret and sends it once. `now` is the time of this attempt, which the receiver compares with
    /// its own.
    ///
    /// # Errors
    /// When the receiver did not take it, or nobody can tell.
    pub async fn send(
        &self,
        url: &Url,
        message: &Message,
        secrets: &[Secret],
        now: DateTime<Utc>,
    ) -> Result<Delivered, Error> {
        let timestamp = now.timestamp();
        let signature = signatures(secrets, &message.id, timestamp, message.body.as_bytes());
        let began = Instant::now();
        let request = self
            .http
            .post(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(message.body.clone());
        // Whatever the body of the answer says is dropped unread: it could be endless.
        let response = request.send().await?;
        let status = response.status();
        tracing::debug!(id = message.id, status = status.as_u16(), duration = ?began.elapsed(), "webhook answered");
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        read_answer(status.as_u16(), retry_after)
    }
}

/// What an answer means, of which nothing but its status and its `Retry-After` header counts.
///
/// # Errors
/// When the receiver did not take the message.
pub fn read_answer(status: u16, retry_after: Option<&str>) -> Result<Delivered, Error> {
    match status {
        200..=299 => Ok(Delivered { status }),
        410 => Err(Error::Gone),
        _ => Err(Error::Refused { status, retry_after: retry_after.and_then(pause_asked) }),
    }
}

fn pause_asked(retry_after: &str) -> Option<Duration> {
    let seconds = retry_after.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}
