//! How many requests a caller, and all callers together about one connection, may send in a minute, and what the answers say of
//! it (draft-ietf-httpapi-ratelimit-headers). Counted in the memory of each process: behind several processes everybody may send
//! as many times more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use chrono::{DateTime, TimeDelta, Utc};

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
}

/// The budgets that a request was counted in, for the headers of its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budgets(Vec<Budget>);

impl RateLimits {
    #[must_use]
    pub fn new(quotas: Quotas) -> Self {
        Self { quotas, windows: Mutex::default() }
    }

    /// Counts a request of a caller at a path, whatever becomes of it.
    ///
    /// # Errors
    /// When a budget is used up; the budgets say which, and until when.
    pub fn count(&self, caller: &str, path: &str, now: DateTime<Utc>) -> (Budgets, Result<(), ApiError>) {
        let of_connection = connection_of(path).map(|id| format!("connection:{id}"));
        let wanted = [
            self.quotas.caller.map(|quota| ("caller", quota, caller.to_owned())),
            self.quotas.connection.zip(of_connection).map(|(quota, key)| ("connection", quota, key)),
        ];
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MAX_REMEMBERED {
            windows.retain(|_, window| !window.is_over(now));
        }
        let mut budgets = Vec::new();
        let mut violated = Vec::new();
        let mut retry_after_s = 0;
        for (policy, quota, key) in wanted.into_iter().flatten() {
            let window = windows.entry(key).or_insert(Window { began_at: now, used: 0 });
            if window.is_over(now) {
                *window = Window { began_at: now, used: 0 };
            }
            let reset_s = window.reset_s(now);
            if window.used >= quota {
                violated.push(policy);
                retry_after_s = retry_after_s.max(reset_s);
            }
            window.used = window.used.saturating_add(1).min(quota);
            budgets.push(Budget { policy, quota, remaining: quota - window.used, reset_s });
        }
        let outcome = if violated.is_empty() {
            Ok(())
        } else {
            Err(ApiError::QuotaExceeded { violated, retry_after_s: retry_after_s.unsigned_abs() })
        };
        (Budgets(budgets), outcome)
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

/// The connection that a path is about.
fn connection_of(path: &str) -> Option<&str> {
    let id = path.strip_prefix("/api/v1/connections/")?.split('/').next()?;
    (!id.is_empty() && id.len() <= 19 && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RateLimits {
        RateLimits::new(Quotas { caller: Some(3), connection: Some(2) })
    }

    fn headers(budgets: &Budgets) -> (String, String) {
        let mut headers = HeaderMap::new();
        budgets.write(&mut headers);
        let text = |name: HeaderName| headers.get(name).unwrap().to_str().unwrap().to_owned();
        (text(POLICY), text(LIMIT))
    }

    #[test]
    fn a_budget_is_used_up_and_comes_back_whole() {
        let limits = limits();
        let began_at = DateTime::UNIX_EPOCH;
        let count = |second| limits.count("user:1", "/api/v1/orders", began_at + TimeDelta::seconds(second));

        for second in 0..3 {
            assert!(count(second).1.is_ok());
        }
        let (budgets, outcome) = count(10);
        let Err(ApiError::QuotaExceeded { violated, retry_after_s }) = outcome else {
            panic!("the budget is used up")
        };
        assert_eq!((violated, retry_after_s), (vec!["caller"], 50));
        let expected = ("\"caller\";q=3;w=60".to_owned(), "\"caller\";r=0;t=50".to_owned());
        assert_eq!(headers(&budgets), expected);
        assert!(limits.count("user:2", "/api/v1/orders", began_at).1.is_ok(), "everybody has one");
        let (budgets, outcome) = count(60);
        assert!(outcome.is_ok());
        assert_eq!(headers(&budgets).1, "\"caller\";r=2;t=60");
    }

    #[test]
    fn a_connection_has_a_budget_for_all_callers() {
        let limits = limits();
        let count = |caller| limits.count(caller, "/api/v1/connections/7/test", DateTime::UNIX_EPOCH);

        assert!(count("user:1").1.is_ok());
        let (budgets, outcome) = count("user:2");
        assert!(outcome.is_ok());
        assert_eq!(headers(&budgets).1, "\"caller\";r=2;t=60, \"connection\";r=0;t=60");
        assert!(
            matches!(count("user:3").1, Err(ApiError::QuotaExceeded { violated, .. }) if violated == ["connection"])
        );
        assert!(limits.count("user:3", "/api/v1/connections/8", DateTime::UNIX_EPOCH).1.is_ok());
    }

    #[test]
    fn without_a_quota_nothing_is_counted() {
        let limits = RateLimits::new(Quotas { caller: None, connection: None });

        let (budgets, outcome) = limits.count("user:1", "/api/v1/connections/7", DateTime::UNIX_EPOCH);

        assert!(outcome.is_ok());
        let mut headers = HeaderMap::new();
        budgets.write(&mut headers);
        assert!(headers.is_empty());
    }
}
