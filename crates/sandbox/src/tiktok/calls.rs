//! Counts what was called and how it went, so that tests can prove how few calls were made.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

/// How many of the latest calls are kept one by one.
const KEPT: usize = 2_000;

/// One call, without its query: that carries secrets.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Business time in unix seconds.
    pub at: i64,
    pub method: String,
    pub path: String,
    /// The endpoint with placeholders, such as `/order/{version}/orders`.
    pub endpoint: String,
    pub http_status: u16,
    /// TikTok's code; `None` when the answer carried none.
    pub code: Option<i64>,
    /// The fault that was played, if any.
    pub fault: Option<String>,
}

/// The book of calls.
#[derive(Debug, Default)]
pub struct Calls {
    by_endpoint: BTreeMap<String, BTreeMap<String, u64>>,
    latest: VecDeque<Call>,
    total: u64,
}

impl Calls {
    /// Enters a call.
    pub fn record(&mut self, call: Call) {
        let outcome = match (&call.fault, call.code) {
            (Some(fault), _) => format!("fault {fault}"),
            (None, Some(0)) => "ok".to_owned(),
            (None, Some(code)) => format!("code {code}"),
            (None, None) => format!("http {}", call.http_status),
        };
        let endpoint = format!("{} {}", call.method, call.endpoint);
        *self.by_endpoint.entry(endpoint).or_default().entry(outcome).or_default() += 1;
        self.total += 1;
        self.latest.push_back(call);
        if self.latest.len() > KEPT {
            self.latest.pop_front();
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The book as JSON; `latest` limits the list of single calls.
    pub fn to_json(&self, latest: usize) -> serde_json::Value {
        let skipped = self.latest.len().saturating_sub(latest);
        let latest: Vec<&Call> = self.latest.iter().skip(skipped).collect();
        serde_json::json!({ "total": self.total, "by_endpoint": self.by_endpoint, "latest": latest })
    }
}
