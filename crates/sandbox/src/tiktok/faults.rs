//! What goes wrong on request: for the next calls or by chance, before a call has taken effect or after it.

use chrono::{DateTime, TimeDelta};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reply::Reply;

/// The ways to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// HTTP 429 with 36009002; see `retry_after`.
    RateLimited,
    /// 36009003 with HTTP 200, or with `status`.
    InternalError,
    /// 36009007 with HTTP 408.
    Timeout,
    /// A bare HTTP 503, or `status`, without any code.
    Overload,
    /// The right answer, `delay_ms` late.
    Slow,
    /// The connection ends without an answer.
    Cut,
    /// No answer ever comes, though the connection stays.
    Silent,
    /// The connection ends in the middle of the answer.
    Truncated,
    /// The right answer, a few bytes at a time, for about a second.
    Trickled,
    /// The right answer, followed by forty megabytes of blanks.
    HugeBody,
    /// A page of HTML with HTTP 200, or with `status`.
    Html,
    /// HTTP 200 with no body at all.
    Empty,
    /// 105002, although the token is good.
    TokenExpired,
    /// 105005, although the scope is there.
    ScopeMissing,
    /// 36009033: the caller's address is not on the app's list.
    IpRefused,
}

impl FaultKind {
    /// Whether the answer is the right one, however it arrives.
    #[must_use]
    pub fn is_right(self) -> bool {
        matches!(self, Self::Slow | Self::Truncated | Self::Trickled | Self::HugeBody)
    }
}

/// Whether the call takes effect although it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    #[default]
    Before,
    /// The write happened, the answer is lost.
    After,
}

/// What `Retry-After` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RetryAfter {
    Seconds(u32),
    /// `date`: two seconds from now, written as an HTTP date.
    Form(String),
}

/// A fault as ordered by `POST /control/faults`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(default)]
    pub id: u64,
    /// Part of the path; empty for every call.
    #[serde(default)]
    pub path: String,
    /// `GET`, `POST`, ...; `null` for all.
    #[serde(default)]
    pub method: Option<String>,
    pub kind: FaultKind,
    #[serde(default)]
    pub when: When,
    /// How often it happens; `null` for ever.
    #[serde(default)]
    pub times: Option<u32>,
    /// Chance per call, between 0 and 1; `null` for every call.
    #[serde(default)]
    pub rate: Option<f64>,
    #[serde(default)]
    pub status: Option<u16>,
    #[serde(default)]
    pub retry_after: Option<RetryAfter>,
    #[serde(default)]
    pub delay_ms: Option<u64>,
}

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    list: Vec<Fault>,
    last_id: u64,
}

impl Faults {
    /// Puts a fault in force and answers its id.
    ///
    /// # Errors
    /// Says what does not fit.
    pub fn add(&mut self, mut fault: Fault) -> Result<u64, &'static str> {
        if fault.rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
            return Err("rate must be between 0 and 1");
        }
        if fault.status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err("status must be a final HTTP status");
        }
        self.last_id += 1;
        fault.id = self.last_id;
        self.list.push(fault);
        Ok(self.last_id)
    }

    /// Ends all faults.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// All faults in force.
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// The fault that hits this call, if any; used up ones leave the list.
    pub fn hit(&mut self, method: &str, path: &str, random: &mut StdRng) -> Option<Fault> {
        let index = self.list.iter().position(|fault| {
            path.contains(&fault.path)
                && fault.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && fault.times != Some(0)
                && fault.rate.is_none_or(|rate| random.random_bool(rate))
        })?;
        let fault = self.list[index].clone();
        if let Some(times) = &mut self.list[index].times {
            *times -= 1;
            if *times == 0 {
                self.list.remove(index);
            }
        }
        Some(fault)
    }
}

impl Fault {
    /// The name in the book of calls.
    pub fn name(&self) -> String {
        let kind = json!(self.kind);
        let when = if self.when == When::After { " after the effect" } else { "" };
        format!("{}{when}", kind.as_str().unwrap_or("fault"))
    }

    /// The answer in place of the right one; `None` for faults of the connection.
    pub fn reply(&self, request_id: &str, machine_s: i64) -> Option<Reply> {
        let failure = |status: u16, code: i64, message: &str| {
            let body = json!({ "code": code, "message": message, "request_id": request_id, "data": null });
            Some(Reply::json(self.status.unwrap_or(status), &body))
        };
        match self.kind {
            FaultKind::RateLimited => {
                let mut reply = failure(429, 36_009_002, "Too many requests.")?;
                match &self.retry_after {
                    Some(RetryAfter::Seconds(seconds)) => {
                        reply.headers.push(("retry-after", seconds.to_string()));
                    }
                    Some(RetryAfter::Form(_)) => {
                        let at = DateTime::from_timestamp(machine_s, 0).unwrap_or_default()
                            + TimeDelta::seconds(2);
                        let date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
                        reply.headers.push(("retry-after", date));
                    }
                    None => {}
                }
                Some(reply)
            }
            FaultKind::InternalError => failure(200, 36_009_003, "Internal error. Please try again later."),
            FaultKind::Timeout => failure(408, 36_009_007, "Request timeout."),
            FaultKind::TokenExpired => failure(401, 105_002, "access token is expired, please refresh it"),
            FaultKind::ScopeMissing => {
                failure(401, 105_005, "The app or the token does not have this scope.")
            }
            FaultKind::IpRefused => failure(
                200,
                36_009_033,
                "Your IP address is not in the IP allow list configured for this app.",
            ),
            FaultKind::Overload => Some(Reply::text(self.status.unwrap_or(503), "upstream connect error")),
            FaultKind::Html => Some(Reply::html(
                self.status.unwrap_or(200),
                "<html><head><title>We'll be right back</title></head><body>Maintenance</body></html>",
            )),
            FaultKind::Empty => Some(Reply::typed(self.status.unwrap_or(200), "application/json", b"")),
            FaultKind::Slow
            | FaultKind::Cut
            | FaultKind::Silent
            | FaultKind::Truncated
            | FaultKind::Trickled
            | FaultKind::HugeBody => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn fault(text: &str) -> Fault {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_fault_hits_as_often_as_ordered_and_only_its_path() {
        let mut faults = Faults::default();
        let mut random = StdRng::seed_from_u64(1);
        faults.add(fault(r#"{"path":"/orders/search","kind":"rate_limited","times":2}"#)).unwrap();

        let hits: Vec<bool> = ["/shops", "/order/202309/orders/search", "/orders/search", "/orders/search"]
            .iter()
            .map(|path| faults.hit("POST", path, &mut random).is_some())
            .collect();

        assert_eq!(hits, [false, true, true, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_retry_date_is_an_http_date() {
        let fault = fault(r#"{"kind":"rate_limited","retry_after":"date"}"#);

        let reply = fault.reply("1", 784_111_775).unwrap();

        assert!(reply.headers.contains(&("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned())));
    }
}
