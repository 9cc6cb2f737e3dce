use chrono::{DateTime, TimeDelta, Utc};
use database::connections::ConnectionRecord;
use database::issues::{self, Found, Retry};
use database::orders::{self, Recorded, RecordedOrder};
use database::recipients::Kept;
use database::sync_runs::{self, RunOutcome};
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr};
use job_queue::{Leased, Outcome};
use shared::{
    ChannelStatus, EventKind, ImportState, IssueCode, OrderId, TikTokOrderId, channel_order_status,
};
use tiktok_shop::ReadOrder;

use super::{JobError, channel_outcome, connection_of, import_order, push_store_state};
use crate::channel::ChannelFailure;
use crate::engine::Engine;
use crate::issue_of::{CHANNEL_ISSUES, IMPORT_ISSUES, of_channel};
use crate::mapping::{ImportDecision, import_decision, snapshot_of};

/// An order that TikTok Shop does not show yet is asked for this often: its search runs ahead of its reads.
const TRIES_UNTIL_GONE: i32 = 3;

/// Fetches one TikTok order whole and records it, with everything that follows from it.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let id =
        job.payload.get("tiktok_order_id").and_then(serde_json::Value::as_str).ok_or(JobError::Payload)?;
    let tiktok_order_id = TikTokOrderId(id.to_owned());
    match engine.read_order(&connection, id).await {
        Ok(Some(read)) => {
            record(engine, &connection, &read).await?;
            engine.wake();
            Ok(Outcome::Done)
        }
        Ok(None) | Err(ChannelFailure::Channel(tiktok_shop::Error::NotFound { .. })) => {
            not_shown(engine, &connection, &tiktok_order_id, job).await
        }
        Err(failure) => {
            let outcome = channel_outcome(&failure, job, engine.clock().now());
            if let ChannelFailure::Channel(error) = &failure {
                note_failure(engine, &connection, &tiktok_order_id, error, job, &outcome).await?;
            }
            Ok(outcome)
        }
    }
}

async fn not_shown(
    engine: &Engine,
    connection: &ConnectionRecord,
    tiktok_order_id: &TikTokOrderId,
    job: &Leased,
) -> Result<Outcome, JobError> {
    let now = engine.clock().now();
    if job.attempts + 1 < TRIES_UNTIL_GONE {
        let error = "TikTok Shop does not show the order".to_owned();
        return Ok(Outcome::RetryAt { at: now + TimeDelta::seconds(5), error });
    }
    let database = engine.database();
    sync_runs::note_outcome(database.writer(), connection.id, tiktok_order_id, RunOutcome::Gone).await?;
    Ok(Outcome::Done)
}

/// Opens the issue of a failed read on an order that is already in the grid; a first failure that passes is not worth
/// an alarm.
async fn note_failure(
    engine: &Engine,
    connection: &ConnectionRecord,
    tiktok_order_id: &TikTokOrderId,
    error: &tiktok_shop::Error,
    job: &Leased,
    outcome: &Outcome,
) -> Result<(), DbErr> {
    let next_at = match outcome {
        Outcome::RetryAt { at, .. } if job.attempts > 0 => Some(*at),
        Outcome::Park { at, .. } => *at,
        _ => return Ok(()),
    };
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    if let Some(order) = orders::find_for_update(&txn, connection.id, tiktok_order_id).await? {
        let id = OrderId(order.id);
        let retry = Retry { attempts: job.attempts + 1, next_at };
        issues::set(&txn, connection.id, id, CHANNEL_ISSUES, &[of_channel(error)], retry, now).await?;
        orders::derive_status(&txn, id, now).await?;
    }
    txn.commit().await
}

async fn record(engine: &Engine, connection: &ConnectionRecord, read: &ReadOrder) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let database = engine.database();
    let snapshot = snapshot_of(read, connection.settings.money_basis);
    let txn = database.begin().await?;
    let recorded = orders::record_snapshot(&txn, &database.vault, connection, &snapshot, now).await?;
    if recorded.recorded != Recorded::Older {
        note_channel_issues(&txn, connection, &recorded, read, &snapshot.channel_status, now).await?;
        tell_story(&txn, &recorded, &snapshot.channel_status, now).await?;
        follow_up(&txn, connection, &recorded, read, now).await?;
        orders::derive_status(&txn, recorded.id, now).await?;
    }
    let outcome = match recorded.recorded {
        Recorded::New => RunOutcome::New,
        Recorded::Updated { .. } => RunOutcome::Updated,
        Recorded::Unchanged | Recorded::Older => RunOutcome::Unchanged,
    };
    if sync_runs::note_outcome(&txn, connection.id, &snapshot.tiktok_order_id, outcome).await? {
        database::events::record(&txn, EventKind::SyncRunUpdated, connection.id, None, now).await?;
    }
    txn.commit().await
}

/// Warnings that follow from what TikTok Shop said; reading it at all ends the issues of not reaching it.
async fn note_channel_issues(
    txn: &DatabaseTransaction,
    connection: &ConnectionRecord,
    recorded: &RecordedOrder,
    read: &ReadOrder,
    status: &ChannelStatus,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let id = recorded.id;
    issues::resolve(txn, id, CHANNEL_ISSUES, now).await?;
    let mut unknown = Vec::new();
    if channel_order_status(status).is_none() {
        unknown.push(Found::new(IssueCode::ChannelStatusUnknown).with("channel_status", status));
    }
    let retry = Retry::default();
    issues::set(txn, connection.id, id, &[IssueCode::ChannelStatusUnknown], &unknown, retry, now).await?;
    if let Recorded::Updated { before } = &recorded.recorded
        && before.regresses_to(status)
    {
        let found =
            Found::new(IssueCode::ChannelStatusRegressed).with("before", before).with("after", status);
        issues::open(txn, connection.id, id, &found, retry, now).await?;
    }
    let mut request = Vec::new();
    if read.order.is_buyer_request_cancel && *status != ChannelStatus::Cancelled {
        // TikTok Shop accepts by itself what is not answered within two days, in the US within one.
        let asked = read.order.times.request_cancel_time.or(read.order.times.update_time).unwrap_or(now);
        let us = connection.region.as_deref() == Some("US");
        let deadline = asked + TimeDelta::hours(if us { 24 } else { 48 });
        request.push(
            Found::new(IssueCode::CancelRequestOpen).with("deadline", deadline.format("%Y-%m-%d %H:%M UTC")),
        );
    }
    issues::set(txn, connection.id, id, &[IssueCode::CancelRequestOpen], &request, retry, now).await?;
    if recorded.address == Some(Kept::Changed) && recorded.import_state == ImportState::Imported {
        let found = Found::new(IssueCode::AddressChanged);
        issues::open(txn, connection.id, id, &found, retry, now).await?;
    }
    Ok(())
}

async fn tell_story(
    txn: &DatabaseTransaction,
    recorded: &RecordedOrder,
    status: &ChannelStatus,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let entry = match &recorded.recorded {
        Recorded::New => {
            Entry::by("tiktok", "status", format!("The order was received; TikTok Shop says {status}."))
        }
        Recorded::Updated { before } if before != status => {
            Entry::by("tiktok", "status", format!("TikTok Shop moved the order from {before} to {status}."))
        }
        Recorded::Updated { .. } => {
            Entry::by("tiktok", "status", "TikTok Shop changed details of the order.")
        }
        Recorded::Unchanged | Recorded::Older => return Ok(()),
    };
    timeline::record(txn, recorded.id, entry, now).await
}

/// What the new facts ask of the importer and of the store order.
async fn follow_up(
    txn: &DatabaseTransaction,
    connection: &ConnectionRecord,
    recorded: &RecordedOrder,
    read: &ReadOrder,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let id = recorded.id;
    let decision = import_decision(&read.order, &connection.settings, connection.import_placed_since());
    match (recorded.import_state, &decision) {
        (ImportState::Imported, _) => {
            if matches!(recorded.recorded, Recorded::Updated { .. }) {
                job_queue::enqueue(txn, push_store_state(connection.id, id, now), now).await?;
            }
        }
        // The running import looks at the facts itself before it creates anything; if it has died, this one takes over.
        (ImportState::Importing, _) => {
            job_queue::enqueue(txn, import_order(connection.id, id, now), now).await?;
        }
        // It stays blocked until an import has succeeded; what is new may be the remedy.
        (ImportState::Blocked, ImportDecision::Import) => {
            if matches!(recorded.recorded, Recorded::Updated { .. }) {
                job_queue::enqueue(txn, import_order(connection.id, id, now), now).await?;
            }
        }
        (_, ImportDecision::Import) => {
            orders::set_import_state(txn, id, ImportState::Pending, now).await?;
            job_queue::enqueue(txn, import_order(connection.id, id, now), now).await?;
        }
        (before, ImportDecision::Wait | ImportDecision::Skip(_)) => {
            let state = decision.state();
            issues::resolve(txn, id, IMPORT_ISSUES, now).await?;
            orders::set_import_state(txn, id, state, now).await?;
            // A creation that was under way must be found and canceled.
            if before == ImportState::Blocked {
                job_queue::enqueue(txn, import_order(connection.id, id, now), now).await?;
            }
            if let (ImportDecision::Skip(reason), true) = (&decision, before != state) {
                timeline::record(txn, id, Entry::ours("import", format!("Not imported. {reason}")), now)
                    .await?;
            }
        }
    }
    Ok(())
}
