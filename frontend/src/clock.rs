//! The page's idea of now: it ticks, and it follows the server's clock where the two differ.

use crate::prelude::*;
use chrono::{DateTime, TimeDelta, Utc};
use leptos::task::spawn_local;

use crate::browser;

/// Ages on the page are at most this stale.
const TICK_MS: i32 = 10_000;

thread_local! {
    static NOW: ArcRwSignal<DateTime<Utc>> = ArcRwSignal::new(browser::now());
    /// Server time less browser time.
    static AHEAD: ArcRwSignal<TimeDelta> = ArcRwSignal::new(TimeDelta::zero());
}

/// The time, as a signal.
pub fn now() -> DateTime<Utc> {
    NOW.with(ArcRwSignal::get)
}

/// The time, without listening to its changes.
pub fn now_untracked() -> DateTime<Utc> {
    browser::now() + AHEAD.with(ArcRwSignal::get_untracked)
}

/// Notes what the server takes for now; differences that a slow answer explains are ignored.
pub fn set_server_time(server: DateTime<Utc>) {
    let ahead = server - browser::now();
    let ahead = if ahead.num_seconds().abs() < 5 { TimeDelta::zero() } else { ahead };
    AHEAD.with(|it| it.set(ahead));
    NOW.with(|now| now.set(now_untracked()));
}

/// Lets the clock tick; to be called once, when the page starts.
pub fn start() {
    spawn_local(async {
        loop {
            browser::sleep(TICK_MS).await;
            NOW.with(|now| now.set(now_untracked()));
        }
    });
}
