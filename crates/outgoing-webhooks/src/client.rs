use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
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
        match status {
            status if status.is_success() => Ok(Delivered { status: status.as_u16() }),
            StatusCode::GONE => Err(Error::Gone),
            status => Err(Error::Refused { status: status.as_u16(), retry_after: retry_after(&response) }),
        }
    }
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}
