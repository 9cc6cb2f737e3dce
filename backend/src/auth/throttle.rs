//! Slows down those who guess passwords, by account and by address, without locking anybody out of an account.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use shared::UserId;

use crate::error::ApiError;

/// How strict to be.
#[derive(Debug, Clone)]
pub struct ThrottlePolicy {
    /// Attempts that cost no time.
    pub free: u32,
    /// The pause before the attempt after those; it doubles with each one.
    pub first_pause: Duration,
    pub longest_pause: Duration,
    /// An address with this many attempts is refused until they are forgotten. An account never is: whoever knows the
    /// address of somebody could lock them out.
    pub refused_after: u32,
    /// Attempts are forgotten after this time without one.
    pub forgotten_after: TimeDelta,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self {
            free: 5,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(4),
            refused_after: 100,
            forgotten_after: TimeDelta::minutes(15),
        }
    }
}

/// So many codes of one person are looked at: of a million, three are good at a time.
const CODES: u32 = 10;

/// Beyond this many names, the old ones are forgotten, so that inventing names does not fill the memory.
const MAX_NAMES: usize = 50_000;

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Go on after this pause.
    After(Duration),
    /// Too many; try again after this time.
    Refused { retry_after_s: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    Account([u8; 16]),
    Address(IpAddr),
    /// Codes of somebody's second factor.
    Codes(UserId),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    attempts: u32,
    last_at: DateTime<Utc>,
}

/// Counts attempts. Each process counts for itself.
#[derive(Debug)]
pub struct Throttle {
    policy: ThrottlePolicy,
    counts: Mutex<HashMap<Name, Count>>,
}

impl Throttle {
    #[must_use]
    pub fn new(policy: ThrottlePolicy) -> Self {
        Self { policy, counts: Mutex::default() }
    }

    /// Counts an attempt before it is made, so that many at once count too.
    pub fn attempt(&self, account: &str, address: Option<IpAddr>, now: DateTime<Utc>) -> Attempt {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_NAMES {
            counts.retain(|_, count| now - count.last_at < self.policy.forgotten_after);
            if counts.len() >= MAX_NAMES {
                counts.clear();
            }
        }
        let mut count = |name: Name| {
            let entry = counts.entry(name).or_insert(Count { attempts: 0, last_at: now });
            if now - entry.last_at >= self.policy.forgotten_after {
                entry.attempts = 0;
            }
            entry.attempts = entry.attempts.saturating_add(1);
            entry.last_at = now;
            entry.attempts
        };
        let of_account = count(account_name(account));
        let of_address = address.map_or(0, |address| count(Name::Address(network(address))));
        if of_address > self.policy.refused_after {
            let retry_after_s = self.policy.forgotten_after.num_seconds().unsigned_abs().max(1);
            return Attempt::Refused { retry_after_s };
        }
        Attempt::After(self.pause(of_account.max(of_address)))
    }

    /// Forgets an account's attempts after one has succeeded. The address's stay: its other attempts may be guesses.
    pub fn succeeded(&self, account: &str) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&account_name(account));
    }

    /// Counts an attempt at somebody's second factor. Too many are refused: whoever comes so far knows the password, so that
    /// strangers lock nobody out.
    ///
    /// # Errors
    /// When there were too many.
    pub fn attempt_code(&self, user: UserId, now: DateTime<Utc>) -> Result<(), ApiError> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(Name::Codes(user)).or_insert(Count { attempts: 0, last_at: now });
        if now - count.last_at >= self.policy.forgotten_after {
            count.attempts = 0;
        }
        if count.attempts >= CODES {
            let left = self.policy.forgotten_after - (now - count.last_at);
            return Err(ApiError::TooManyAttempts {
                retry_after_s: left.num_seconds().unsigned_abs().max(1),
            });
        }
        count.attempts += 1;
        count.last_at = now;
        Ok(())
    }

    /// Forgets the attempts at somebody's second factor after one has succeeded.
    pub fn code_succeeded(&self, user: UserId) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&Name::Codes(user));
    }

    fn pause(&self, attempts: u32) -> Duration {
        let Some(doublings) = attempts.checked_sub(self.policy.free + 1) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.policy.first_pause.saturating_mul(factor).min(self.policy.longest_pause)
    }
}

fn account_name(account: &str) -> Name {
    let digest = Sha256::digest(database::users::normal_email(account));
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    Name::Account(short)
}

/// Whoever has one IPv6 address has all 2^64 of the same network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_422_307 + seconds, 0).unwrap()
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    fn pause_of(attempt: Attempt) -> Duration {
        match attempt {
            Attempt::After(pause) => pause,
            Attempt::Refused { .. } => panic!("refused"),
        }
    }

    #[test]
    fn attempts_on_an_account_slow_down_wherever_they_come_from() {
        let throttle = Throttle::new(ThrottlePolicy::default());

        let pauses: Vec<_> =
            (0..12).map(|n| pause_of(throttle.attempt("a@b.co", address(n), at(0))).as_millis()).collect();

        assert_eq!(pauses, [0, 0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 4000, 4000]);
        assert_eq!(pause_of(throttle.attempt("A@b.co ", None, at(0))).as_secs(), 4, "another spelling");
        assert_eq!(pause_of(throttle.attempt("other@b.co", None, at(0))).as_secs(), 0);
        throttle.succeeded("a@b.co");
        assert_eq!(pause_of(throttle.attempt("a@b.co", None, at(0))).as_secs(), 0);
    }

    #[test]
    fn an_address_is_refused_in_the_end_and_forgiven_later() {
        let throttle = Throttle::new(ThrottlePolicy::default());
        for n in 0..100 {
            assert!(matches!(throttle.attempt(&format!("{n}@b.co"), address(1), at(0)), Attempt::After(_)));
        }

        assert_eq!(throttle.attempt("x@b.co", address(1), at(1)), Attempt::Refused { retry_after_s: 900 });
        assert_eq!(throttle.attempt("x@b.co", address(2), at(1)), Attempt::After(Duration::ZERO));
        assert_eq!(throttle.attempt("y@b.co", address(1), at(1 + 900)), Attempt::After(Duration::ZERO));
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        assert_eq!(network("2001:db8::1".parse().unwrap()), network("2001:db8::ffff:2".parse().unwrap()));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
