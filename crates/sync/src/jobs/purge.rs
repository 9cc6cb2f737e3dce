use chrono::{DateTime, TimeDelta, Utc};
use database::erasure::RawPosition;
use database::{
    DbErr, Reach, alerts, attempts, audit, connections, erasure, events, exports, idempotency, inbox,
    reconciliations, shipping_labels, tombstones, webhook_messages,
};
use job_queue::Outcome;
use shared::{AuditEvent, RESTORE_DAYS};

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
/// Receipts of comparisons and closed alerts tell how a year went.
const KEEP_RECEIPTS: TimeDelta = TimeDelta::days(400);

/// What was tried longer ago helps nobody.
const KEEP_ATTEMPTS: TimeDelta = TimeDelta::days(30);

/// So many orders lose their data in one run; the rest follows at once, after others have had their turn.
const TOMBSTONES: u64 = 200;

/// So many orders of a connection forget their buyers in one run.
const FORGOTTEN: u64 = 200;

/// So many of TikTok Shop's answers are looked at in one statement.
const RAW_PAGE: u64 = 500;

/// TikTok Shop gives 30 days after a shop has left; this leaves a day for a program that does not run.
const ERASED_AFTER_LEAVING: TimeDelta = TimeDelta::days(29);

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
    reconciliations::purge(writer, now - KEEP_RECEIPTS).await?;
    alerts::purge(writer, now - KEEP_RECEIPTS).await?;
    let made = make_tombstones(engine, now).await?;
    let forgotten = forget_buyers(engine, now).await?;
    let pause = if made < TOMBSTONES && !forgotten { TimeDelta::hours(1) } else { TimeDelta::zero() };
    Ok(Outcome::Again { at: now + pause })
}

/// Forgets buyers and raw data as long after as each connection says, and everything of a shop that has left; `true` when there
/// is more to do at once.
async fn forget_buyers(engine: &Engine, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let database = engine.database();
    let mut forgotten = 0;
    let mut more = false;
    for connection in connections::list(database.reader(), &database.vault, &Reach::All).await? {
        let settings = &connection.settings;
        let has_left = connection.deauthorized_at.is_some_and(|at| now - at >= ERASED_AFTER_LEAVING);
        let due = if has_left {
            erasure::left(database.reader(), connection.id, FORGOTTEN).await?
        } else {
            let before = now - TimeDelta::days(settings.keep_buyer_days.into());
            erasure::due(database.reader(), connection.id, before, FORGOTTEN).await?
        };
        more |= due.len() as u64 == FORGOTTEN;
        for order_id in due {
            let txn = database.begin().await?;
            if erasure::erase(&txn, order_id, audit::ORDERBRIDGE, now).await? {
                forgotten += 1;
            }
            txn.commit().await?;
        }
        let before = now - TimeDelta::days(settings.keep_raw_days.into());
        let mut after = Some(RawPosition::BEGINNING);
        while let Some(position) = after {
            let writer = database.writer();
            after = erasure::purge_raw(writer, connection.id, before, position, RAW_PAGE).await?;
        }
    }
    if forgotten > 0 {
        let txn = database.begin().await?;
        let entry = audit::Entry::new(AuditEvent::BuyerErased, audit::ORDERBRIDGE).with("orders", forgotten);
        audit::append(&txn, &database.vault, entry, now).await?;
        txn.commit().await?;
    }
    Ok(more)
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
