use chrono::TimeDelta;
use database::{events, inbox};
use job_queue::Outcome;

use super::JobError;
use crate::engine::Engine;

/// A page that was away for longer asks for everything anew.
const KEEP_EVENTS: TimeDelta = TimeDelta::days(1);

/// TikTok Shop repeats a webhook for the last time about sixteen hours after the first.
const KEEP_NOTIFICATIONS: TimeDelta = TimeDelta::days(7);

/// Removes rows that have served their time.
pub(super) async fn run(engine: &Engine) -> Result<Outcome, JobError> {
    let now = engine.clock().now();
    let writer = engine.database().writer();
    events::purge(writer, now - KEEP_EVENTS).await?;
    inbox::purge(writer, now - KEEP_NOTIFICATIONS).await?;
    Ok(Outcome::Again { at: now + TimeDelta::hours(1) })
}
