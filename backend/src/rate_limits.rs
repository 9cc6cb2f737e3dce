//! How many requests a caller, and all callers together about one connection, may send in a minute, and what the answers say of
//! it (draft-ietf-httpapi-ratelimit-headers). Counted in the memory of each process: behind several processes everybody may send
//! as many times more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::dev::Extensions;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use chrono::{DateTime, TimeDelta, Utc};
use shared::ConnectionId;

use crate::error::ApiError;

pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

const WINDOW_S: i64 = 60;
/// Beyond this many, windows that have ended are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// Requests in a minute; `None` where nothing is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    pub caller: Option<u32>,
    pub connection: Option<u32>,
}

/// Counts requests in windows of a minute, each beginning with its first request.
#[derive(Debug)]
pub struct RateLimits {
    quotas: Quotas,
    windows: Mutex<HashMap<String, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began_at: DateTime<Utc>,
    used: u32,
}

/// What is left of one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    policy: &'static str,
    quota: u32,
    remaining: u32,
    /// Seconds until the whole quota is there again.
    reset_s: i64,
    is_violated: bool,
}

/// The budgets that a request was counted in, for the headers of its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budgets(Vec<Budget>);

impl RateLimits {
    #[must_use]
    pub fn new(quotas: Quotas) -> Self {
        Self { quotas, windows: Mutex::default() }
    }

    /// Counts a request of a caller, whatever becomes of it.
    pub fn count_caller(&self, caller: &str, now: DateTime<Utc>) -> Option<Budget> {
        self.count("caller", self.quotas.caller?, caller.to_owned(), now)
    }

    /// Counts a request about a connection that its caller reaches.
    pub fn count_connection(&self, connection: ConnectionId, now: DateTime<Utc>) -> Option<Budget> {
        self.count("connection", self.quotas.connection?, format!("connection:{connection}"), now)
    }

    fn count(&self, policy: &'static str, quota: u32, key: String, now: DateTime<Utc>) -> Option<Budget> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MAX_REMEMBERED {
            windows.retain(|_, window| !window.is_over(now));
        }
        let window = windows.entry(key).or_insert(Window { began_at: now, used: 0 });
        if window.is_over(now) {
            *window = Window { began_at: now, used: 0 };
        }
        let is_violated = window.used >= quota;
        window.used = window.used.saturating_add(1).min(quota);
        Some(Budget {
            policy,
            quota,
            remaining: quota - window.used,
            reset_s: window.reset_s(now),
            is_violated,
        })
    }
}

impl Budget {
    fn allow(&self) -> Result<(), ApiError> {
        if self.is_violated {
            let retry_after_s = self.reset_s.unsigned_abs();
            return Err(ApiError::QuotaExceeded { violated: self.policy, retry_after_s });
        }
        Ok(())
    }
}

impl Window {
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        // A clock that was set back would lock everybody out until it catches up.
        now < self.began_at || now - self.began_at >= TimeDelta::seconds(WINDOW_S)
    }

    fn reset_s(&self, now: DateTime<Utc>) -> i64 {
        let left_ms = WINDOW_S * 1_000 - (now - self.began_at).num_milliseconds();
        (left_ms + 999).div_euclid(1_000).clamp(1, WINDOW_S)
    }
}

impl Budgets {
    /// Keeps a budget for the headers of the answer, and refuses the request if there was nothing left for it.
    ///
    /// # Errors
    /// When the budget is used up; says until when.
    pub fn add(request: &mut Extensions, budget: Option<Budget>) -> Result<(), ApiError> {
        let Some(budget) = budget else { return Ok(()) };
        let allowed = budget.allow();
        match request.get_mut::<Self>() {
            Some(budgets) => budgets.0.push(budget),
            None => drop(request.insert(Self(vec![budget]))),
        }
        allowed
    }

    /// Writes both fields as lists of structured fields (RFC 9651).
    pub fn write(&self, headers: &mut HeaderMap) {
        let list = |item: &dyn Fn(&Budget) -> String| {
            let text = self.0.iter().map(item).collect::<Vec<_>>().join(", ");
            HeaderValue::from_str(&text).ok().filter(|_| !self.0.is_empty())
        };
        let policy = list(&|budget| format!("\"{}\";q={};w={WINDOW_S}", budget.policy, budget.quota));
        let limit =
            list(&|budget| format!("\"{}\";r={};t={}", budget.policy, budget.remaining, budget.reset_s));
        if let (Some(policy), Some(limit)) = (policy, limit) {
            headers.insert(POLICY, policy);
            headers.insert(LIMIT, limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RateLimits {
        RateLimits::new(Quotas { caller: Some(3), connection: Some(2) })
    }

    fn headers(budgets: Vec<Budget>) -> (String, String) {
        let mut headers = HeaderMap::new();
        Budgets(budgets).write(&mut headers);
        let text = |name: HeaderName| headers.get(name).unwrap().to_str().unwrap().to_owned();
        (text(POLICY), text(LIMIT))
    }

    #[test]
    fn a_budget_is_used_up_and_comes_back_whole() {
        let limits = limits();
        let began_at = DateTime::UNIX_EPOCH;
        let count = |second| limits.count_caller("user:1", began_at + TimeDelta::seconds(second)).unwrap();

        for second in 0..3 {
            assert!(count(second).allow().is_ok());
        }
        let budget = count(10);
        let Err(ApiError::QuotaExceeded { violated, retry_after_s }) = budget.allow() else {
            panic!("the budget is used up")
        };
        assert_eq!((violated, retry_after_s), ("caller", 50));
        let expected = ("\"caller\";q=3;w=60".to_owned(), "\"caller\";r=0;t=50".to_owned());
        assert_eq!(headers(vec![budget]), expected);
        assert!(limits.count_caller("user:2", began_at).unwrap().allow().is_ok(), "everybody has one");
        let budget = count(60);
        assert!(budget.allow().is_ok());
        assert_eq!(headers(vec![budget]).1, "\"caller\";r=2;t=60");
    }

    #[test]
    fn a_connection_has_a_budget_of_its_own() {
        let limits = limits();
        let count = |id| limits.count_connection(ConnectionId(id), DateTime::UNIX_EPOCH).unwrap();

        assert!(count(7).allow().is_ok());
        let budgets = vec![limits.count_caller("user:1", DateTime::UNIX_EPOCH).unwrap(), count(7)];
        assert_eq!(headers(budgets).1, "\"caller\";r=2;t=60, \"connection\";r=0;t=60");
        assert!(matches!(count(7).allow(), Err(ApiError::QuotaExceeded { violated: "connection", .. })));
        assert!(count(8).allow().is_ok());
    }

    #[test]
    fn without_a_quota_nothing_is_counted() {
        let limits = RateLimits::new(Quotas { caller: None, connection: None });

        assert_eq!(limits.count_caller("user:1", DateTime::UNIX_EPOCH), None);
        assert_eq!(limits.count_connection(ConnectionId(7), DateTime::UNIX_EPOCH), None);
        let mut headers = HeaderMap::new();
        Budgets::default().write(&mut headers);
        assert!(headers.is_empty());
    }
}
