use chrono::{DateTime, TimeDelta, Utc};
use database::{
    DbErr, attempts, events, exports, idempotency, inbox, shipping_labels, tombstones, webhook_messages,
};
use job_queue::Outcome;
use shared::RESTORE_DAYS;

use super::JobError;
use crate::engine::Engine;

/// A page that was away for longer asks for everything anew.
const KEEP_EVENTS: TimeDelta = TimeDelta::days(1);

/// TikTok Shop repeats a webhook for the last time about sixteen hours after the first.
const KEEP_NOTIFICATIONS: TimeDelta = TimeDelta::days(7);

/// For so long it is told that an export was made.
const KEEP_EXPORTS: TimeDelta = TimeDelta::days(30);

/// For so long a message to a webhook can be sent again.
const KEEP_MESSAGES: TimeDelta = TimeDelta::days(30);

/// What was tried longer ago helps nobody.
const KEEP_ATTEMPTS: TimeDelta = TimeDelta::days(30);

/// So many orders lose their data in one run; the rest follows at once, after others have had their turn.
const TOMBSTONES: u64 = 200;

/// Removes rows that have served their time.
pub(super) async fn run(engine: &Engine) -> Result<Outcome, JobError> {
    let now = engine.clock().now();
    let writer = engine.database().writer();
    events::purge(writer, now - KEEP_EVENTS).await?;
    inbox::purge(writer, now - KEEP_NOTIFICATIONS).await?;
    attempts::purge(writer, now - KEEP_ATTEMPTS).await?;
    shipping_labels::purge(writer, now).await?;
    idempotency::purge(writer, now).await?;
    exports::purge(writer, now, now - KEEP_EXPORTS).await?;
    webhook_messages::purge(writer, now - KEEP_MESSAGES).await?;
    let made = make_tombstones(engine, now).await?;
    let pause = if made < TOMBSTONES { TimeDelta::hours(1) } else { TimeDelta::zero() };
    Ok(Outcome::Again { at: now + pause })
}

/// Takes the data of orders that can no longer be restored; how many there were.
async fn make_tombstones(engine: &Engine, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let before = now - TimeDelta::days(RESTORE_DAYS);
    let due = tombstones::due(engine.database().reader(), before, TOMBSTONES).await?;
    let mut made = 0;
    for order_id in due {
        let txn = engine.database().begin().await?;
        tombstones::make(&txn, order_id, before, now).await?;
        txn.commit().await?;
        made += 1;
    }
    Ok(made)
}
