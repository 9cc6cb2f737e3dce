//! Slows down those who guess passwords, by account and by address, without locking anybody out of an account.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// Beyond this many accounts or addresses, the oldest are forgotten, so that inventing names does not fill the memory.
const MAX_NAMES: usize = 50_000;

#[derive(Debug, Clone, Copy)]
struct Count {
    attempts: u32,
    last_at: DateTime<Utc>,
}

/// Attempts by name.
#[derive(Debug)]
struct Counts<Name>(HashMap<Name, Count>);

impl<Name> Default for Counts<Name> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<Name: Eq + Hash> Counts<Name> {
    /// The attempts so far, without those that are forgotten.
    fn of(&mut self, name: Name, now: DateTime<Utc>, forgotten_after: TimeDelta) -> &mut Count {
        if self.0.len() >= MAX_NAMES {
            self.make_room(now, forgotten_after);
        }
        let count = self.0.entry(name).or_insert(Count { attempts: 0, last_at: now });
        if now - count.last_at >= forgotten_after {
            count.attempts = 0;
        }
        count
    }

    /// Counts one more; says how many there are.
    fn add(&mut self, name: Name, now: DateTime<Utc>, forgotten_after: TimeDelta) -> u32 {
        let count = self.of(name, now, forgotten_after);
        count.attempts = count.attempts.saturating_add(1);
        count.last_at = now;
        count.attempts
    }

    fn make_room(&mut self, now: DateTime<Utc>, forgotten_after: TimeDelta) {
        self.0.retain(|_, count| now - count.last_at < forgotten_after);
        if self.0.len() >= MAX_NAMES {
            let mut times: Vec<_> = self.0.values().map(|count| count.last_at).collect();
            let (_, middle, _) = times.select_nth_unstable(MAX_NAMES / 2);
            let middle = *middle;
            self.0.retain(|_, count| count.last_at > middle);
        }
    }
}

#[derive(Debug, Default)]
struct Attempts {
    /// By a digest of the name.
    accounts: Counts<[u8; 16]>,
    addresses: Counts<IpAddr>,
    /// At somebody's second factor. Only people have one, so that nobody can crowd these out.
    codes: Counts<UserId>,
}

/// Counts attempts. Each process counts for itself.
#[derive(Debug)]
pub struct Throttle {
    policy: ThrottlePolicy,
    attempts: Mutex<Attempts>,
}

impl Throttle {
    #[must_use]
    pub fn new(policy: ThrottlePolicy) -> Self {
        Self { policy, attempts: Mutex::default() }
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an attempt before it is made, so that many at once count too. It goes on after the pause.
    ///
    /// # Errors
    /// When there were too many from the address.
    pub fn attempt(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Duration, ApiError> {
        let mut attempts = self.attempts();
        // What is refused is no attempt at the account, and leaves no trace of the names that it makes up.
        let of_address = self.count_address(&mut attempts, address, now)?;
        let of_account = attempts.accounts.add(account_name(account), now, self.policy.forgotten_after);
        Ok(self.pause(of_account.max(of_address)))
    }

    /// Counts an attempt with the token of a link, which nobody guesses: there is no pause.
    ///
    /// # Errors
    /// When there were too many from the address.
    pub fn attempt_link(&self, address: Option<IpAddr>, now: DateTime<Utc>) -> Result<(), ApiError> {
        self.count_address(&mut self.attempts(), address, now).map(drop)
    }

    fn count_address(
        &self,
        attempts: &mut Attempts,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<u32, ApiError> {
        let ThrottlePolicy { forgotten_after, refused_after, .. } = self.policy;
        let Some(address) = address else { return Ok(0) };
        let count = attempts.addresses.add(network(address), now, forgotten_after);
        if count > refused_after {
            let retry_after_s = forgotten_after.num_seconds().unsigned_abs().max(1);
            return Err(ApiError::TooManyAttempts { retry_after_s });
        }
        Ok(count)
    }

    /// Forgets an account's attempts after one has succeeded. The address's stay: its other attempts may be guesses.
    pub fn succeeded(&self, account: &str) {
        self.attempts().accounts.0.remove(&account_name(account));
    }

    /// Counts an attempt at somebody's second factor. Too many are refused: whoever comes so far knows the password, so that
    /// strangers lock nobody out.
    ///
    /// # Errors
    /// When there were too many.
    pub fn attempt_code(&self, user: UserId, now: DateTime<Utc>) -> Result<(), ApiError> {
        let mut attempts = self.attempts();
        let count = attempts.codes.of(user, now, self.policy.forgotten_after);
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
        self.attempts().codes.0.remove(&user);
    }

    fn pause(&self, attempts: u32) -> Duration {
        let Some(doublings) = attempts.checked_sub(self.policy.free + 1) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.policy.first_pause.saturating_mul(factor).min(self.policy.longest_pause)
    }
}

fn account_name(account: &str) -> [u8; 16] {
    let digest = Sha256::digest(database::users::normal_email(account));
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
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

    fn pause_of(attempt: Result<Duration, ApiError>) -> Duration {
        attempt.expect("not refused")
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
            assert!(throttle.attempt(&format!("{n}@b.co"), address(1), at(0)).is_ok());
        }

        let refused = throttle.attempt("x@b.co", address(1), at(1));
        assert!(matches!(refused, Err(ApiError::TooManyAttempts { retry_after_s: 900 })), "{refused:?}");
        assert!(throttle.attempt_link(address(1), at(1)).is_err());
        assert_eq!(pause_of(throttle.attempt("x@b.co", address(2), at(1))), Duration::ZERO);
        assert_eq!(pause_of(throttle.attempt("y@b.co", address(1), at(1 + 900))), Duration::ZERO);
    }

    #[test]
    fn invented_names_crowd_nobody_out() {
        let throttle = Throttle::new(ThrottlePolicy::default());
        for _ in 0..CODES {
            throttle.attempt_code(UserId(1), at(0)).unwrap();
        }
        for n in 0..MAX_NAMES {
            let _ = throttle.attempt(&format!("{n}@b.co"), address(1), at(1));
        }
        assert_eq!(throttle.attempts().accounts.0.len(), 100, "what is refused is not remembered");

        for n in 0..=MAX_NAMES {
            let _ = throttle.attempt(&format!("{n}@b.co"), None, at(2 + i64::try_from(n).unwrap() / 1_000));
        }

        assert!(throttle.attempts().accounts.0.len() <= MAX_NAMES);
        assert!(throttle.attempt("x@b.co", address(1), at(60)).is_err());
        assert!(throttle.attempt_code(UserId(1), at(60)).is_err());
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        assert_eq!(network("2001:db8::1".parse().unwrap()), network("2001:db8::ffff:2".parse().unwrap()));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
