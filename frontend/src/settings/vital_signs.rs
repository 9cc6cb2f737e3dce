//! What is measured of a connection, and from when on it is worrying.

use chrono::TimeDelta;
use shared::{BreakerState, ConnectionHealth, SideHealth};

use crate::components::money::count;
use crate::components::time::{coarse, duration};
use crate::text;

/// How worrying a sign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Good,
    Warning,
    Bad,
}

impl Level {
    /// Of something that is worse the more there is.
    const fn above(value: i64, warning: i64, bad: i64) -> Self {
        if value >= bad {
            Self::Bad
        } else if value >= warning {
            Self::Warning
        } else {
            Self::Good
        }
    }
}

/// One thing that is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    pub name: &'static str,
    pub value: String,
    pub level: Level,
}

/// Orders are promised to be in the store within five minutes.
const PROMISED_S: i64 = 300;
/// Three times that is no delay any more.
const TOO_LONG_S: i64 = 900;
/// Whole days before TikTok Shop's authorization ends.
const RENEW_SOON_DAYS: i64 = 30;
const RENEW_NOW_DAYS: i64 = 3;

impl Sign {
    const fn new(name: &'static str, value: String, level: Level) -> Self {
        Self { name, value, level }
    }

    /// Everything that is measured of a connection, in the order in which it is shown.
    pub fn all_of(health: &ConnectionHealth) -> Vec<Self> {
        let age = |seconds: i64| coarse(TimeDelta::seconds(seconds));
        let lag = Level::above(health.poll_lag_s, PROMISED_S, TOO_LONG_S);
        let waiting = health
            .oldest_waiting_order_s
            .map_or(Level::Good, |waited| Level::above(waited, PROMISED_S, TOO_LONG_S));
        let success =
            health.import_success_percent.map_or(Level::Good, |percent| Level::above(100 - percent, 5, 20));
        let slow = health
            .order_to_store_p95_ms
            .map_or(Level::Good, |took| Level::above(took / 1_000, PROMISED_S, i64::MAX));
        let days = health.token_days_left;
        let token = Level::above(-days, -RENEW_SOON_DAYS, -RENEW_NOW_DAYS);
        let speed = match (health.order_to_store_p50_ms, health.order_to_store_p95_ms) {
            (Some(half), Some(most)) => text::order_to_store(&duration(half), &duration(most)),
            _ => text::NO_IMPORTS_YET.to_owned(),
        };
        let webhook = health.webhook_age_s.map_or_else(|| text::NEVER.to_owned(), |s| text::ago(&age(s)));
        let percent =
            health.import_success_percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
        vec![
            Self::new(text::LAST_SYNC, text::ago(&age(health.poll_lag_s)), lag),
            Self::new(text::LAST_WEBHOOK, webhook, Level::Good),
            Self::new(text::QUEUE, count(health.queue_depth), Level::Good),
            Self::new(text::WAITING_FOR_IMPORT, count(health.waiting_for_import), waiting),
            Self::new(text::IMPORT_SUCCESS, percent, success),
            Self::new(text::ORDER_TO_STORE, speed, slow),
            Self::new(text::TIKTOK_AUTHORIZATION, text::days_left(days), token),
            Self::side(text::TIKTOK_SHOP, &health.tiktok),
            Self::side(text::PRESTASHOP, &health.store),
        ]
    }

    fn side(name: &'static str, side: &SideHealth) -> Self {
        match side.breaker {
            BreakerState::Open => Self::new(name, text::DOES_NOT_ANSWER.to_owned(), Level::Bad),
            BreakerState::HalfOpen => Self::new(name, text::IS_TRIED_AGAIN.to_owned(), Level::Warning),
            BreakerState::Closed if side.limited_until.is_some() => {
                Self::new(name, text::SLOWED_DOWN.to_owned(), Level::Warning)
            }
            BreakerState::Closed => Self::new(name, text::ANSWERS.to_owned(), Level::Good),
        }
    }
}

/// How the worst of the signs is.
pub fn worst(signs: &[Sign]) -> Level {
    signs.iter().map(|sign| sign.level).max().unwrap_or(Level::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_turn_amber_and_red_at_their_limits() {
        let cases = [(299, Level::Good), (300, Level::Warning), (899, Level::Warning), (900, Level::Bad)];
        for (lag_s, level) in cases {
            assert_eq!(Level::above(lag_s, PROMISED_S, TOO_LONG_S), level, "{lag_s} s");
        }
        for (days, level) in [(31, Level::Good), (30, Level::Warning), (4, Level::Warning), (3, Level::Bad)] {
            assert_eq!(Level::above(-days, -RENEW_SOON_DAYS, -RENEW_NOW_DAYS), level, "{days} days");
        }
    }
}
