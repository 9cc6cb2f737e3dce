use chrono::{DateTime, TimeDelta, Utc};
use database::actions::{self, Ending};
use database::connections::ConnectionRecord;
use database::import_intents::{self, Step};
use database::issues::{self, Found, Retry};
use database::orders::{self, OrderSnapshot, Recorded, RecordedOrder};
use database::recipients::Kept;
use database::sync_runs::{self, RunOutcome};
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr};
use job_queue::{Leased, NewJob, Outcome};
use shared::{
    ActionId, ActionKind, ActionRequest, ActionState, ChannelStatus, EventKind, FulfillmentType,
    IMPORT_ISSUES, ImportState, IssueCode, IssueFacts, OrderId, TikTokOrderId, channel_order_status,
};
use tiktok_shop::{CancelStatus, ReadOrder};

use super::cancellation::cancellations_of;
use super::write_back::CANCELED_IN_STORE;
use super::{
    JobError, channel_outcome, connection_of, import_order, push_store_state, push_store_tracking,
    worth_telling,
};
use crate::attempts;
use crate::breaker::Down;
use crate::channel::ChannelFailure;
use crate::engine::Engine;
use crate::issue_of::{CHANNEL_ISSUES, REFUSED_BY_CHANNEL, of_channel_in};
use crate::mapping::{Choice, ImportDecision, import_decision, snapshot_of};
use crate::shipping::{CORRECTION_ISSUES, SHIPPING_ISSUES};

/// An order that TikTok Shop does not show yet is asked for this often: its search runs ahead of its reads.
const TRIES_UNTIL_GONE: i32 = 3;

/// Whoever asked for the order's status hears after so many failures that TikTok Shop does not tell it; the job goes on.
const TRIES_UNTIL_TOLD: i32 = 3;

/// Fetches one TikTok order whole and records it, with everything that follows from it.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let id =
        job.payload.get("tiktok_order_id").and_then(serde_json::Value::as_str).ok_or(JobError::Payload)?;
    let tiktok_order_id = TikTokOrderId(id.to_owned());
    let asked = waiting_syncs(engine, &connection, &tiktok_order_id).await?;
    match engine.read_order(&connection, id).await {
        Ok(Some(read)) => {
            record(engine, &connection, &read, &asked, job.priority).await?;
            engine.wake();
            Ok(Outcome::Done)
        }
        Ok(None) | Err(ChannelFailure::Channel(tiktok_shop::Error::NotFound { .. })) => {
            not_shown(engine, &connection, &tiktok_order_id, job, &asked).await
        }
        Err(failure) => {
            let outcome = channel_outcome(&failure, job, engine.clock().now());
            if let ChannelFailure::Channel(error) = &failure {
                note_failure(engine, &connection, &tiktok_order_id, error, job, &outcome).await?;
                if will_not_tell(error, job) {
                    let found = of_channel_in(&connection, error);
                    let ending = Ending::failed(found.code, found.code.sentence(&found.facts));
                    fail_syncs(engine, &connection, &tiktok_order_id, &ending, &asked).await?;
                }
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
    asked: &[ActionId],
) -> Result<Outcome, JobError> {
    let now = engine.clock().now();
    attempts::failed(None);
    if job.attempts + 1 < TRIES_UNTIL_GONE {
        let error = "TikTok Shop does not show the order".to_owned();
        return Ok(Outcome::RetryAt { at: now + TimeDelta::seconds(5), error });
    }
    let database = engine.database();
    sync_runs::note_outcome(database.writer(), connection.id, tiktok_order_id, RunOutcome::Gone).await?;
    let sentence = "TikTok Shop does not show this order.".to_owned();
    let ending = Ending { state: ActionState::Failed, result: sentence, code: None };
    fail_syncs(engine, connection, tiktok_order_id, &ending, asked).await?;
    Ok(Outcome::Done)
}

/// Whether there is no point in letting anybody wait for an answer.
fn will_not_tell(error: &tiktok_shop::Error, job: &Leased) -> bool {
    use tiktok_shop::Error;
    match error {
        Error::RateLimited { .. } => false,
        Error::TokenExpired { .. }
        | Error::ClockSkew { .. }
        | Error::Transient { .. }
        | Error::Unreachable { .. }
        | Error::OutcomeUnknown { .. }
        | Error::TooManyPages { .. }
        | Error::Unexpected { .. } => job.attempts + 1 >= TRIES_UNTIL_TOLD,
        Error::ReauthorizationNeeded { .. }
        | Error::ScopeMissing { .. }
        | Error::NotFound { .. }
        | Error::Denied { .. }
        | Error::Rejected { .. }
        | Error::Misconfigured { .. }
        | Error::InvalidRequest { .. } => true,
    }
}

async fn fail_syncs(
    engine: &Engine,
    connection: &ConnectionRecord,
    tiktok_order_id: &TikTokOrderId,
    ending: &Ending,
    asked: &[ActionId],
) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    if let Some(order) = orders::find_for_update(&txn, connection.id, tiktok_order_id).await? {
        let id = OrderId(order.id);
        if end_syncs(&txn, id, ending, asked, now).await? {
            timeline::record(&txn, id, Entry::ours("sync", &ending.result), now).await?;
            orders::derive_status(&txn, id, now).await?;
        }
    }
    txn.commit().await
}

/// The requests for the order's status that are there before TikTok Shop is asked. By their ids, not by their times: the clock
/// of the process that took a request may be ahead of this one's.
pub(super) async fn waiting_syncs(
    engine: &Engine,
    connection: &ConnectionRecord,
    tiktok_order_id: &TikTokOrderId,
) -> Result<Vec<ActionId>, DbErr> {
    let reader = engine.database().reader();
    actions::queued_ids(reader, connection.id, tiktok_order_id, ActionKind::Sync).await
}

/// Ends the requests for the order's status that were there when TikTok Shop was asked; later ones are served by the run
/// that they caused. `true` when there was one.
async fn end_syncs(
    txn: &DatabaseTransaction,
    id: OrderId,
    ending: &Ending,
    asked: &[ActionId],
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let mut any = false;
    for action in actions::queued(txn, id, &[ActionKind::Sync]).await? {
        if asked.contains(&action.id) {
            actions::end(txn, action.id, ending, now).await?;
            any = true;
        }
    }
    Ok(any)
}

/// Opens the issue of a failed read on an order that is in the grid; a first failure that passes is not worth an alarm. An
/// order that is new and cannot be read comes into the grid with as much of it as can be.
async fn note_failure(
    engine: &Engine,
    connection: &ConnectionRecord,
    tiktok_order_id: &TikTokOrderId,
    error: &tiktok_shop::Error,
    job: &Leased,
    outcome: &Outcome,
) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let next_at = worth_telling(outcome, job, now);
    if next_at.is_none() {
        return Ok(());
    }
    let outline = match error {
        tiktok_shop::Error::Unexpected { .. } => outline_of(engine, connection, tiktok_order_id).await,
        _ => None,
    };
    let txn = engine.database().begin().await?;
    let mut known = orders::find_for_update(&txn, connection.id, tiktok_order_id).await?;
    let is_new = known.is_none();
    if let (true, Some(outline)) = (is_new, &outline) {
        record_outline(engine, &txn, connection, outline, now).await?;
        known = orders::find_for_update(&txn, connection.id, tiktok_order_id).await?;
    }
    if let Some(order) = known {
        let id = OrderId(order.id);
        let retry = Retry { attempts: job.attempts + 1, next_at };
        let found = if outline.is_some() { unreadable(error) } else { of_channel_in(connection, error) };
        issues::set(&txn, connection.id, id, CHANNEL_ISSUES, &[found], retry, now).await?;
        orders::derive_status(&txn, id, now).await?;
    }
    txn.commit().await?;
    keep_id(engine, is_new && outline.is_some()).await
}

/// From now on people and tools know an order that is new by its id, which must never become another's.
async fn keep_id(engine: &Engine, is_new: bool) -> Result<(), DbErr> {
    if is_new { engine.database().make_durable().await } else { Ok(()) }
}

/// As much as can be read of an order that cannot be read whole; nothing when it is not the order that is unreadable, but
/// whatever stands between TikTok Shop and us.
async fn outline_of(
    engine: &Engine,
    connection: &ConnectionRecord,
    tiktok_order_id: &TikTokOrderId,
) -> Option<ReadOrder> {
    let id = tiktok_order_id.as_str();
    engine.in_shop(connection, |shop| async move { shop.order_outline(id).await }).await.unwrap_or_default()
}

/// Records an order of which no more is known than an outline, as it was when it was placed: older than anything that is read
/// of it later. Nothing follows from it: it is neither imported nor told as a change.
async fn record_outline(
    engine: &Engine,
    txn: &DatabaseTransaction,
    connection: &ConnectionRecord,
    outline: &ReadOrder,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let snapshot = OrderSnapshot {
        // Wherever it belongs, it must be seen.
        placed_at: outline.order.times.create_time.unwrap_or(now),
        ..snapshot_of(outline, connection.settings.money_basis)
    };
    let vault = &engine.database().vault;
    let recorded = orders::record_snapshot(txn, vault, connection, &snapshot, now).await?;
    let sentence = "The order was received, but what TikTok Shop says of it cannot be read.";
    timeline::record(txn, recorded.id, Entry::by("tiktok", "status", sentence), now).await
}

/// The issue of an order that TikTok Shop shows and that cannot be read.
fn unreadable(error: &tiktok_shop::Error) -> Found {
    Found::new(IssueCode::Internal)
        .with("reference", "what TikTok Shop says of the order cannot be read")
        .with("reason", error)
        .about(REFUSED_BY_CHANNEL)
}

/// Ends what somebody asked for while TikTok Shop does not answer; the reading itself waits.
pub(super) async fn wait(engine: &Engine, job: &Leased, down: Down) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let id =
        job.payload.get("tiktok_order_id").and_then(serde_json::Value::as_str).ok_or(JobError::Payload)?;
    let code = IssueCode::ChannelUnreachable;
    let ending = Ending::failed(code, code.sentence(&IssueFacts::new()));
    let tiktok_order_id = TikTokOrderId(id.to_owned());
    let asked = waiting_syncs(engine, &connection, &tiktok_order_id).await?;
    fail_syncs(engine, &connection, &tiktok_order_id, &ending, &asked).await?;
    Ok(down.outcome)
}

/// Records what was read, with everything that follows from it, as urgently as it was asked for, and ends the requests that
/// had asked for it.
pub(super) async fn record(
    engine: &Engine,
    connection: &ConnectionRecord,
    read: &ReadOrder,
    asked: &[ActionId],
    priority: i16,
) -> Result<(), DbErr> {
    let deadline = request_deadline(engine, connection, read).await?;
    let now = engine.clock().now();
    let database = engine.database();
    let snapshot = snapshot_of(read, connection.settings.money_basis);
    let status = &snapshot.channel_status;
    let txn = database.begin().await?;
    let recorded = orders::record_snapshot(&txn, &database.vault, connection, &snapshot, now).await?;
    if !matches!(recorded.recorded, Recorded::Older | Recorded::Purged) {
        note_channel_issues(&txn, connection, &recorded, &snapshot, deadline, now).await?;
        tell_story(&txn, &recorded, status, now).await?;
        tell_parcels_of_others(&txn, &recorded, &snapshot, now).await?;
        follow_up(&txn, connection, &recorded, read, priority, now).await?;
        orders::derive_status(&txn, recorded.id, now).await?;
    } else if recorded.recorded == Recorded::Older {
        // An answer that brings nothing is an answer all the same.
        issues::resolve(&txn, recorded.id, CHANNEL_ISSUES, now).await?;
        orders::derive_status(&txn, recorded.id, now).await?;
    }
    if recorded.recorded != Recorded::New {
        let ending = Ending::done(news(&recorded.recorded, status));
        end_syncs(&txn, recorded.id, &ending, asked, now).await?;
    }
    let outcome = match recorded.recorded {
        Recorded::New => RunOutcome::New,
        Recorded::Updated { .. } => RunOutcome::Updated,
        Recorded::Unchanged | Recorded::Older | Recorded::Purged => RunOutcome::Unchanged,
    };
    if sync_runs::note_outcome(&txn, connection.id, &snapshot.tiktok_order_id, outcome).await? {
        database::events::record(&txn, EventKind::SyncRunUpdated, connection.id, None, now).await?;
    }
    txn.commit().await?;
    keep_id(engine, recorded.recorded == Recorded::New).await
}

/// What a look at TikTok Shop brought, in a sentence.
fn news(recorded: &Recorded, status: &ChannelStatus) -> String {
    match recorded {
        Recorded::New => format!("The order was received; TikTok Shop says {status}."),
        Recorded::Updated { before } if before != status => {
            format!("TikTok Shop moved the order from {before} to {status}.")
        }
        Recorded::Updated { .. } => "TikTok Shop changed details of the order.".to_owned(),
        Recorded::Unchanged | Recorded::Older => "Already up to date.".to_owned(),
        Recorded::Purged => "The order was deleted for good; nothing about it is kept.".to_owned(),
    }
}

/// By when a buyer's request to cancel must be answered, for people to read; `None` when there is no request. TikTok Shop
/// is asked once for each request.
async fn request_deadline(
    engine: &Engine,
    connection: &ConnectionRecord,
    read: &ReadOrder,
) -> Result<Option<String>, DbErr> {
    let order = &read.order;
    if !order.is_buyer_request_cancel || order.status == tiktok_shop::OrderStatus::Cancelled {
        return Ok(None);
    }
    let tiktok_order_id = TikTokOrderId(order.id.clone());
    let writer = engine.database().writer();
    if let Some(known) = orders::find_for_update(writer, connection.id, &tiktok_order_id).await? {
        let open = issues::open_of(writer, OrderId(known.id)).await?;
        let open = open.iter().find(|issue| issue.code == IssueCode::CancelRequestOpen.as_str());
        let facts = open.and_then(|issue| serde_json::from_str::<IssueFacts>(&issue.facts).ok());
        if let Some(deadline) = facts.and_then(|mut facts| facts.remove("deadline")) {
            return Ok(Some(deadline));
        }
    }
    let asked = match cancellations_of(engine, connection, &tiktok_order_id).await {
        Ok(cancellations) => cancellations
            .iter()
            .filter(|cancellation| cancellation.cancel_status == Some(CancelStatus::Pending))
            .find_map(tiktok_shop::Cancellation::answer_deadline),
        // An estimate will do: nothing is decided by it here.
        Err(error) => {
            tracing::warn!(connection = %connection.id, %error, "the deadline of a request is not known");
            None
        }
    };
    let deadline = asked.unwrap_or_else(|| {
        // TikTok Shop accepts by itself what is not answered within two days, in the US within one.
        let times = &order.times;
        let asked = times.request_cancel_time.or(times.update_time).unwrap_or(engine.clock().now());
        let us = connection.region.as_deref() == Some("US");
        asked + TimeDelta::hours(if us { 24 } else { 48 })
    });
    Ok(Some(deadline.format("%Y-%m-%d %H:%M UTC").to_string()))
}

/// What a difference is about when units of an order were canceled after it went into the store.
pub(super) const CANCELED_ITEMS: &str = "canceled items";

/// Warnings that follow from what TikTok Shop said; reading it at all ends the issues of not reaching it.
async fn note_channel_issues(
    txn: &DatabaseTransaction,
    connection: &ConnectionRecord,
    recorded: &RecordedOrder,
    snapshot: &OrderSnapshot,
    request_deadline: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let id = recorded.id;
    let status = &snapshot.channel_status;
    issues::resolve(txn, id, &settled_issues(snapshot), now).await?;
    issues::resolve_about(txn, id, IssueCode::Internal, REFUSED_BY_CHANNEL, now).await?;
    if *status == ChannelStatus::Cancelled {
        issues::resolve_about(txn, id, IssueCode::DriftDetected, CANCELED_IN_STORE, now).await?;
    }
    if recorded.shipment_failed && nothing_to_ship(status) {
        orders::set_shipment_failed(txn, id, false).await?;
        issues::resolve(txn, id, SHIPPING_ISSUES, now).await?;
    }
    let mut unknown = Vec::new();
    if channel_order_status(status).is_none() {
        unknown.push(Found::new(IssueCode::ChannelStatusUnknown).with("channel_status", status));
    }
    let retry = Retry::default();
    issues::set(txn, connection.id, id, &[IssueCode::ChannelStatusUnknown], &unknown, retry, now).await?;
    match &recorded.recorded {
        Recorded::Updated { before } if before.regresses_to(status) => {
            let found =
                Found::new(IssueCode::ChannelStatusRegressed).with("before", before).with("after", status);
            issues::open(txn, connection.id, id, &found, retry, now).await?;
        }
        // It goes on from where it had come back to.
        Recorded::Updated { before } if before != status => {
            issues::resolve(txn, id, &[IssueCode::ChannelStatusRegressed], now).await?;
        }
        _ => {}
    }
    let request: Vec<_> = request_deadline
        .map(|deadline| Found::new(IssueCode::CancelRequestOpen).with("deadline", deadline))
        .into_iter()
        .collect();
    issues::set(txn, connection.id, id, &[IssueCode::CancelRequestOpen], &request, retry, now).await?;
    // An order that may be in the store already was made of what was known before.
    let in_store = (recorded.import_state == ImportState::Imported && !recorded.store_deleted)
        || import_intents::find(txn, id).await?.is_some_and(|intent| intent.step == Step::Posting);
    if recorded.address == Some(Kept::Changed) && in_store {
        let found = Found::new(IssueCode::AddressChanged);
        issues::open(txn, connection.id, id, &found, retry, now).await?;
    }
    if in_store && recorded.units.canceled > 0 && *status != ChannelStatus::Cancelled {
        let found = Found::new(IssueCode::DriftDetected)
            .with("field", "items canceled on TikTok Shop")
            .with("units", recorded.units.canceled)
            .about(CANCELED_ITEMS);
        issues::open(txn, connection.id, id, &found, retry, now).await?;
    }
    Ok(())
}

/// Whether a shipment that failed here no longer matters: everything left in another way, or nothing has to.
fn nothing_to_ship(status: &ChannelStatus) -> bool {
    matches!(
        status,
        ChannelStatus::AwaitingCollection
            | ChannelStatus::InTransit
            | ChannelStatus::Delivered
            | ChannelStatus::Completed
            | ChannelStatus::Cancelled
    )
}

/// The issues that a look at TikTok Shop ends, whatever it brought.
fn settled_issues(snapshot: &OrderSnapshot) -> Vec<IssueCode> {
    let mut settled = CHANNEL_ISSUES.to_vec();
    if snapshot.channel_status == ChannelStatus::Cancelled {
        settled.push(IssueCode::CancelRefused);
    }
    if matches!(snapshot.channel_status, ChannelStatus::Cancelled | ChannelStatus::Completed) {
        settled.extend_from_slice(CORRECTION_ISSUES);
        settled.extend_from_slice(SHIPPING_ISSUES);
    }
    if snapshot.ship_by.is_none() {
        settled.extend([IssueCode::ShipBySoon, IssueCode::ShipByLate]);
    }
    settled
}

async fn tell_story(
    txn: &DatabaseTransaction,
    recorded: &RecordedOrder,
    status: &ChannelStatus,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if !matches!(recorded.recorded, Recorded::New | Recorded::Updated { .. }) {
        return Ok(());
    }
    let entry = Entry::by("tiktok", "status", news(&recorded.recorded, status));
    timeline::record(txn, recorded.id, entry, now).await
}

/// Says which parcels of the merchant's were not shipped from here. What was shipped from here is told with its action.
async fn tell_parcels_of_others(
    txn: &DatabaseTransaction,
    recorded: &RecordedOrder,
    snapshot: &OrderSnapshot,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let is_new = recorded.recorded == Recorded::New;
    let numbers = &recorded.units.tracking_numbers;
    if is_new || numbers.is_empty() || snapshot.fulfillment_type == FulfillmentType::TikTok {
        return Ok(());
    }
    let sent = actions::sent(txn, recorded.id, &[ActionKind::Ship, ActionKind::CorrectShipping]).await?;
    let is_ours = |number: &str| {
        sent.iter().any(|request| match request {
            ActionRequest::CorrectShipping { tracking_number, .. }
            | ActionRequest::Ship { tracking_number: Some(tracking_number), .. } => {
                tracking_number.eq_ignore_ascii_case(number)
            }
            // TikTok Shop gives its own label a number.
            _ => true,
        })
    };
    for number in numbers.iter().filter(|number| !is_ours(number)) {
        let sentence = format!("Parcel {number} was shipped in Seller Center or by another tool.");
        let entry = Entry::by("tiktok", "shipping", sentence).with("tracking_number", number);
        timeline::record(txn, recorded.id, entry, now).await?;
    }
    Ok(())
}

/// What the new facts ask of the importer and of the store order.
async fn follow_up(
    txn: &DatabaseTransaction,
    connection: &ConnectionRecord,
    recorded: &RecordedOrder,
    read: &ReadOrder,
    priority: i16,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let id = recorded.id;
    let import_at = |at| NewJob { priority, ..import_order(connection.id, id, at) };
    let choice = Choice::of(recorded.skipped_by_person, recorded.archived);
    let settings = &connection.settings;
    let decision = import_decision(&read.order, choice, settings, connection.import_placed_since());
    match (recorded.import_state, &decision) {
        (ImportState::Imported, _) => {
            if matches!(recorded.recorded, Recorded::Updated { .. }) {
                job_queue::enqueue(txn, push_store_state(connection.id, id, now), now).await?;
            }
            if !recorded.units.tracking_numbers.is_empty() {
                job_queue::enqueue(txn, push_store_tracking(connection.id, id, now), now).await?;
            }
        }
        // The running import looks at the facts itself before it creates anything; if it has died, this one takes over.
        (ImportState::Importing, _) => {
            job_queue::enqueue(txn, import_at(now), now).await?;
        }
        // It stays blocked until an import has succeeded; what is new may be the remedy.
        (ImportState::Blocked, ImportDecision::Import) => {
            if matches!(recorded.recorded, Recorded::Updated { .. }) {
                job_queue::enqueue(txn, import_at(now), now).await?;
            }
        }
        (_, ImportDecision::Import) => {
            // A later look moves an import that waits neither forward nor back.
            let held = read.order.status == tiktok_shop::OrderStatus::OnHold;
            let delay = if held { 0 } else { settings.import_delay_min };
            let at = now + TimeDelta::minutes(delay.into());
            orders::set_import_state(txn, id, ImportState::Pending, at).await?;
            job_queue::enqueue(txn, import_at(at), now).await?;
        }
        (before, ImportDecision::Wait | ImportDecision::Skip(_)) => {
            let state = decision.state();
            issues::resolve(txn, id, IMPORT_ISSUES, now).await?;
            orders::set_import_state(txn, id, state, now).await?;
            // A creation that was under way must be found and canceled.
            if before == ImportState::Blocked {
                job_queue::enqueue(txn, import_at(now), now).await?;
            }
            if let (ImportDecision::Skip(reason), true) = (&decision, before != state) {
                timeline::record(txn, id, Entry::ours("import", format!("Not imported. {reason}")), now)
                    .await?;
            }
        }
    }
    Ok(())
}
