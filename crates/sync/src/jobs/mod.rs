//! One file for each kind of job. A job carries ids only, looks up what it needs, and may run twice.

mod adopt_store_order;
mod answer_cancellation;
mod cancel_order;
mod cancellation;
mod check_store_orders;
mod deliver_webhook;
mod export;
mod failure;
mod fetch_labels;
mod fetch_orders;
mod heal_order;
pub(crate) mod import_order;
mod listing;
mod may_write;
pub(crate) mod panicked;
mod poll_orders;
mod purge;
mod push_store_state;
mod push_store_tracking;
mod read_action_options;
mod read_store_changes;
mod reconcile;
mod refresh_order;
mod register_reference;
mod run_bulk;
mod ship_packages;
mod tell_webhook;
mod unadmitted;
mod unserved;
mod wake_sleepers;
mod watch_deadlines;
mod watch_health;
mod write_back;

use chrono::{DateTime, TimeDelta, Utc};
use database::connections::ConnectionRecord;
use database::orders::{self, OrderRow};
use database::{ConnectionTrait, DbErr};
use job_queue::{Leased, NewJob, Outcome, backoff};
use serde_json::{Value, json};
use shared::{BulkRunId, ConnectionId, ConnectionState, ExportId, OrderId, Side, SyncRunId, TikTokOrderId};

use crate::attempts;
use crate::breaker::{self, Admission, LONGEST_SLEEP};
use crate::channel::ChannelFailure;
use crate::engine::Engine;
use crate::issue_of::of_channel;

pub const REFRESH_ORDER: &str = "refresh_order";
pub const POLL_ORDERS: &str = "poll_orders";
pub const FETCH_ORDERS: &str = "fetch_orders";
pub const IMPORT_ORDER: &str = "import_order";
pub const PUSH_STORE_STATE: &str = "push_store_state";
pub const READ_STORE_CHANGES: &str = "read_store_changes";
pub const CHECK_STORE_ORDERS: &str = "check_store_orders";
pub const REGISTER_REFERENCE: &str = "register_reference";
pub const SHIP_PACKAGES: &str = "ship_packages";
pub const FETCH_LABELS: &str = "fetch_labels";
pub const PUSH_STORE_TRACKING: &str = "push_store_tracking";
pub const CANCEL_ORDER: &str = "cancel_order";
pub const ANSWER_CANCELLATION: &str = "answer_cancellation";
pub const READ_ACTION_OPTIONS: &str = "read_action_options";
pub const WATCH_DEADLINES: &str = "watch_deadlines";
pub const WATCH_HEALTH: &str = "watch_health";
pub const ADOPT_STORE_ORDER: &str = "adopt_store_order";
pub const RUN_BULK: &str = "run_bulk";
pub const BEGIN_NIGHT: &str = "begin_night";
pub const RECONCILE: &str = "reconcile";
pub const HEAL_ORDER: &str = "heal_order";
pub const EXPORT: &str = "export";
pub const PURGE: &str = "purge";
pub const WAKE_SLEEPERS: &str = "wake_sleepers";
pub use database::webhook_messages::{DELIVER_WEBHOOK, TELL_WEBHOOK, deliver_webhook};

/// The lane of jobs that belong to no connection.
const NO_LANE: &str = "orderbridge";

/// News of TikTok Shop goes before what a poll or a comparison finds, and that before what somebody fetches from the past.
pub const NEWS: i16 = 3;
pub const FROM_THE_PAST: i16 = -5;

fn job(
    kind: &'static str,
    subject: String,
    connection_id: ConnectionId,
    payload: Value,
    now: DateTime<Utc>,
) -> NewJob {
    NewJob { kind, subject, lane: connection_id.to_string(), payload, priority: 0, run_at: now }
}

/// Fetches one order whole from TikTok Shop and records it.
#[must_use]
pub fn refresh_order(
    connection_id: ConnectionId,
    tiktok_order_id: &TikTokOrderId,
    now: DateTime<Utc>,
) -> NewJob {
    let subject = format!("{connection_id}:{tiktok_order_id}");
    let payload = json!({ "connection_id": connection_id, "tiktok_order_id": tiktok_order_id });
    job(REFRESH_ORDER, subject, connection_id, payload, now)
}

/// Lists what TikTok Shop changed since the cursor, and asks for refreshes; goes on for ever.
#[must_use]
pub fn poll_orders(connection_id: ConnectionId, now: DateTime<Utc>) -> NewJob {
    of_connection(POLL_ORDERS, connection_id, now)
}

/// Reads which store orders changed; goes on for ever.
#[must_use]
pub fn read_store_changes(connection_id: ConnectionId, now: DateTime<Utc>) -> NewJob {
    of_connection(READ_STORE_CHANGES, connection_id, now)
}

/// Looks whether the store orders are still there, and for what the store reports as no change; goes on for ever.
#[must_use]
pub fn check_store_orders(connection_id: ConnectionId, at: DateTime<Utc>) -> NewJob {
    of_connection(CHECK_STORE_ORDERS, connection_id, at)
}

/// Warns of orders that are to be shipped soon, or are late; goes on for ever.
#[must_use]
pub fn watch_deadlines(connection_id: ConnectionId, now: DateTime<Utc>) -> NewJob {
    of_connection(WATCH_DEADLINES, connection_id, now)
}

/// Opens and closes the alerts of a connection; goes on for ever.
#[must_use]
pub fn watch_health(connection_id: ConnectionId, now: DateTime<Utc>) -> NewJob {
    of_connection(WATCH_HEALTH, connection_id, now)
}

/// Asks for the comparison of the three sides, every night.
#[must_use]
pub fn begin_night(connection_id: ConnectionId, at: DateTime<Utc>) -> NewJob {
    of_connection(BEGIN_NIGHT, connection_id, at)
}

/// Makes the comparisons of a connection that wait, one after the other.
#[must_use]
pub fn reconcile(connection_id: ConnectionId, now: DateTime<Utc>) -> NewJob {
    of_connection(RECONCILE, connection_id, now)
}

fn of_connection(kind: &'static str, connection_id: ConnectionId, now: DateTime<Utc>) -> NewJob {
    job(kind, connection_id.to_string(), connection_id, json!({ "connection_id": connection_id }), now)
}

/// Lists the orders of a run of "fetch orders", and asks for a refresh of each.
#[must_use]
pub fn fetch_orders(connection_id: ConnectionId, run_id: SyncRunId, now: DateTime<Utc>) -> NewJob {
    let payload = json!({ "connection_id": connection_id, "run_id": run_id });
    job(FETCH_ORDERS, run_id.to_string(), connection_id, payload, now)
}

/// Creates the store order, at most once.
#[must_use]
pub fn import_order(connection_id: ConnectionId, order_id: OrderId, now: DateTime<Utc>) -> NewJob {
    of_order(IMPORT_ORDER, connection_id, order_id, now)
}

/// Moves the store order forward to the state that the shown status stands for.
#[must_use]
pub fn push_store_state(connection_id: ConnectionId, order_id: OrderId, now: DateTime<Utc>) -> NewJob {
    of_order(PUSH_STORE_STATE, connection_id, order_id, now)
}

/// Tells TikTok Shop the number of the store order.
#[must_use]
pub fn register_reference(connection_id: ConnectionId, order_id: OrderId, now: DateTime<Utc>) -> NewJob {
    of_order(REGISTER_REFERENCE, connection_id, order_id, now)
}

/// Sends the shipments and corrections of an order that wait.
#[must_use]
pub fn ship_packages(connection_id: ConnectionId, order_id: OrderId, now: DateTime<Utc>) -> NewJob {
    of_order(SHIP_PACKAGES, connection_id, order_id, now)
}

/// Gets the labels of an order's packages that somebody asked for.
#[must_use]
pub fn fetch_labels(connection_id: ConnectionId, order_id: OrderId, now: DateTime<Utc>) -> NewJob {
    of_order(FETCH_LABELS, connection_id, order_id, now)
}

/// Gives the store order the tracking number that TikTok Shop holds.
#[must_use]
pub fn push_store_tracking(connection_id: ConnectionId, order_id: OrderId, now: DateTime<Utc>) -> NewJob {
    of_order(PUSH_STORE_TRACKING, connection_id, order_id, now)
}

/// Cancels an order on TikTok Shop, as somebody asked, at `at` or later.
#[must_use]
pub fn cancel_order(connection_id: ConnectionId, order_id: OrderId, at: DateTime<Utc>) -> NewJob {
    of_order(CANCEL_ORDER, connection_id, order_id, at)
}

/// Answers a buyer's request to cancel, as somebody decided, at `at` or later.
#[must_use]
pub fn answer_cancellation(connection_id: ConnectionId, order_id: OrderId, at: DateTime<Utc>) -> NewJob {
    of_order(ANSWER_CANCELLATION, connection_id, order_id, at)
}

/// Reads what the forms of an order's actions offer: carriers, reasons, the buyer's request.
#[must_use]
pub fn read_action_options(connection_id: ConnectionId, order_id: OrderId, now: DateTime<Utc>) -> NewJob {
    of_order(READ_ACTION_OPTIONS, connection_id, order_id, now)
}

/// Takes an existing store order for this order's, as somebody asked.
#[must_use]
pub fn adopt_store_order(connection_id: ConnectionId, order_id: OrderId, now: DateTime<Utc>) -> NewJob {
    of_order(ADOPT_STORE_ORDER, connection_id, order_id, now)
}

/// Brings both sides of an order together, as somebody asked.
#[must_use]
pub fn heal_order(connection_id: ConnectionId, order_id: OrderId, now: DateTime<Utc>) -> NewJob {
    of_order(HEAL_ORDER, connection_id, order_id, now)
}

/// Gives an action to the orders of a bulk run, some at a time.
#[must_use]
pub fn run_bulk(run_id: BulkRunId, now: DateTime<Utc>) -> NewJob {
    NewJob {
        kind: RUN_BULK,
        subject: run_id.to_string(),
        lane: NO_LANE.to_owned(),
        payload: json!({ "run_id": run_id }),
        priority: 0,
        run_at: now,
    }
}

fn of_order(
    kind: &'static str,
    connection_id: ConnectionId,
    order_id: OrderId,
    now: DateTime<Utc>,
) -> NewJob {
    let payload = json!({ "connection_id": connection_id, "order_id": order_id });
    job(kind, order_id.to_string(), connection_id, payload, now)
}

/// Writes a file of orders, part by part.
#[must_use]
pub fn export(export_id: ExportId, now: DateTime<Utc>) -> NewJob {
    NewJob {
        kind: EXPORT,
        subject: export_id.to_string(),
        lane: NO_LANE.to_owned(),
        payload: json!({ "export_id": export_id }),
        priority: 0,
        run_at: now,
    }
}

/// Removes rows that have served their time; goes on for ever.
#[must_use]
pub fn purge(now: DateTime<Utc>) -> NewJob {
    NewJob {
        kind: PURGE,
        subject: String::new(),
        lane: NO_LANE.to_owned(),
        payload: json!({}),
        priority: 0,
        run_at: now,
    }
}

/// Wakes the jobs that sleep for a cause; belongs into the transaction that ends it. It works after the commit, for a job
/// that looked before would fall asleep again, and it is a job so that no crash lets them sleep on.
#[must_use]
pub fn wake_sleepers(cause: &str, now: DateTime<Utc>) -> NewJob {
    wake(format!("cause {cause}"), json!({ "cause": cause }), now)
}

/// The same for all jobs of a connection, whatever they sleep for.
fn wake_all_of(connection_id: ConnectionId, now: DateTime<Utc>) -> NewJob {
    let lane = connection_id.to_string();
    wake(format!("lane {lane}"), json!({ "lane": lane }), now)
}

fn wake(subject: String, payload: Value, now: DateTime<Utc>) -> NewJob {
    NewJob { kind: WAKE_SLEEPERS, subject, lane: NO_LANE.to_owned(), payload, priority: 0, run_at: now }
}

/// What goes on for ever for a connection.
pub(crate) fn periodic(connection_id: ConnectionId, now: DateTime<Utc>) -> Vec<NewJob> {
    vec![
        poll_orders(connection_id, now),
        read_store_changes(connection_id, now),
        watch_deadlines(connection_id, now),
        watch_health(connection_id, now),
        // Not at once: a restart, or somebody who asks for a look, is no reason to go through all orders.
        check_store_orders(connection_id, now + check_store_orders::PAUSE),
        begin_night(connection_id, crate::reconciling::next_night(connection_id, now)),
    ]
}

/// Enqueues what goes on for ever for a connection; belongs into the transaction that makes or resumes it.
///
/// # Errors
/// When the database fails.
pub async fn enqueue_periodic(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    job_queue::enqueue_all(db, periodic(connection_id, now), now).await.map(drop)
}

/// Wakes everything that slept because of the connection itself: it was paused, its access had ended, its store refused
/// the key, or a setting stood in the way. Belongs into the transaction that changed it.
///
/// # Errors
/// When the database fails.
pub async fn connection_changed(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut jobs = periodic(connection_id, now);
    jobs.extend([check_store_orders(connection_id, now), wake_all_of(connection_id, now)]);
    job_queue::enqueue_all(db, jobs, now).await.map(drop)
}

fn paused(connection_id: ConnectionId) -> String {
    format!("paused:{connection_id}")
}

/// Why a job could not go on in a way that is nobody's fault but ours or the database's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    #[error("database: {0}")]
    Database(#[from] DbErr),
    #[error(transparent)]
    Channel(#[from] ChannelFailure),
    #[error("the store's address: {0}")]
    StoreAddress(#[from] public_address::Refused),
    #[error("the job's payload is not readable")]
    Payload,
    #[error("too much time has passed since it was decided what to write")]
    Late,
}

/// The sides that a kind of job calls; it waits while one of them does not answer. What calls a side only by the way is
/// left out.
pub(crate) fn sides_of(kind: &str) -> &'static [Side] {
    match kind {
        REFRESH_ORDER | POLL_ORDERS | FETCH_ORDERS | REGISTER_REFERENCE | SHIP_PACKAGES | FETCH_LABELS
        | CANCEL_ORDER | ANSWER_CANCELLATION | READ_ACTION_OPTIONS => &[Side::Channel],
        IMPORT_ORDER | PUSH_STORE_STATE | PUSH_STORE_TRACKING | READ_STORE_CHANGES | CHECK_STORE_ORDERS
        | ADOPT_STORE_ORDER => &[Side::Store],
        RECONCILE | HEAL_ORDER => &[Side::Channel, Side::Store],
        _ => &[],
    }
}

/// Runs a job, unless a side that it needs does not answer, and says what shall happen next.
pub(crate) async fn run(engine: &Engine, job: &Leased) -> Outcome {
    let admitted = match breaker::admit(engine, job).await {
        Ok(Admission::Go(admitted)) => admitted,
        Ok(Admission::Later(outcome)) => return outcome,
        Ok(Admission::Down(down)) => {
            let waits = match job.kind.as_str() {
                IMPORT_ORDER => import_order::wait(engine, job, down).await,
                REFRESH_ORDER => refresh_order::wait(engine, job, down).await,
                _ => unadmitted::wait(engine, job, down).await,
            };
            return waits.unwrap_or_else(|error| outcome_of(&error, job, engine.clock().now()));
        }
        Err(error) => return outcome_of(&error.into(), job, engine.clock().now()),
    };
    let outcome = carry_out(engine, job).await;
    match admitted.settle(engine, job).await {
        // The job that tries a side comes again when it is to be tried again.
        Ok(Some(next_try_at)) => match outcome {
            Outcome::RetryAt { error, .. } => Outcome::WaitUntil { at: next_try_at, reason: error },
            outcome => outcome,
        },
        Ok(None) => outcome,
        Err(error) => {
            tracing::error!(job = job.id, %error, "how a side answers could not be noted");
            outcome
        }
    }
}

async fn carry_out(engine: &Engine, job: &Leased) -> Outcome {
    let result = match job.kind.as_str() {
        REFRESH_ORDER => refresh_order::run(engine, job).await,
        POLL_ORDERS => poll_orders::run(engine, job).await,
        FETCH_ORDERS => fetch_orders::run(engine, job).await,
        IMPORT_ORDER => import_order::run(engine, job).await,
        PUSH_STORE_STATE => push_store_state::run(engine, job).await,
        READ_STORE_CHANGES => read_store_changes::run(engine, job).await,
        CHECK_STORE_ORDERS => check_store_orders::run(engine, job).await,
        REGISTER_REFERENCE => register_reference::run(engine, job).await,
        CANCEL_ORDER => cancel_order::run(engine, job).await,
        ANSWER_CANCELLATION => answer_cancellation::run(engine, job).await,
        ADOPT_STORE_ORDER => adopt_store_order::run(engine, job).await,
        WATCH_DEADLINES => watch_deadlines::run(engine, job).await,
        WATCH_HEALTH => watch_health::run(engine, job).await,
        RUN_BULK => run_bulk::run(engine, job).await,
        BEGIN_NIGHT => reconcile::begin_night(engine, job).await,
        RECONCILE => reconcile::run(engine, job).await,
        HEAL_ORDER => heal_order::run(engine, job).await,
        SHIP_PACKAGES => ship_packages::run(engine, job).await,
        FETCH_LABELS => fetch_labels::run(engine, job).await,
        PUSH_STORE_TRACKING => push_store_tracking::run(engine, job).await,
        READ_ACTION_OPTIONS => read_action_options::run(engine, job).await,
        TELL_WEBHOOK => tell_webhook::run(engine, job).await,
        DELIVER_WEBHOOK => deliver_webhook::run(engine, job).await,
        EXPORT => export::run(engine, job).await,
        PURGE => purge::run(engine).await,
        WAKE_SLEEPERS => wake_sleepers::run(engine, job).await,
        _ => {
            return Outcome::Park {
                cause: "unknown_kind".to_owned(),
                error: "unknown kind of job".to_owned(),
                at: None,
            };
        }
    };
    if job.attempts > 0 && matches!(result, Ok(Outcome::Done | Outcome::Again { .. })) {
        // It may be that what failed before was a panic.
        if let Err(error) = panicked::after_success(engine, job).await {
            return outcome_of(&error.into(), job, engine.clock().now());
        }
    }
    result.unwrap_or_else(|error| outcome_of(&error, job, engine.clock().now()))
}

fn outcome_of(error: &JobError, job: &Leased, now: DateTime<Utc>) -> Outcome {
    if let JobError::Channel(failure) = error {
        return channel_outcome(failure, job, now);
    }
    if let JobError::Late = error {
        return Outcome::WaitUntil { at: now + TimeDelta::seconds(1), reason: error.to_string() };
    }
    tracing::error!(job = job.id, kind = %job.kind, %error, "job failed");
    let delay = match error {
        // A deadlock or a short loss of the database passes quickly.
        JobError::Database(_) if job.attempts < 3 => Some(TimeDelta::seconds(1)),
        _ => backoff::delay(job.attempts, &mut rand::rng()),
    };
    let periodic = [
        POLL_ORDERS,
        READ_STORE_CHANGES,
        CHECK_STORE_ORDERS,
        WATCH_DEADLINES,
        WATCH_HEALTH,
        BEGIN_NIGHT,
        PURGE,
    ]
    .contains(&job.kind.as_str());
    let longest = if periodic { TimeDelta::minutes(5) } else { TimeDelta::hours(6) };
    let at = now + delay.unwrap_or(longest).min(longest);
    Outcome::RetryAt { at, error: error.to_string() }
}

/// What becomes of a job that TikTok Shop did not serve.
fn channel_outcome(failure: &ChannelFailure, job: &Leased, now: DateTime<Utc>) -> Outcome {
    if let ChannelFailure::Channel(error) = failure {
        attempts::failed(of_channel(error).code);
    }
    match failure {
        ChannelFailure::Gone => Outcome::Done,
        ChannelFailure::Renewing => {
            Outcome::WaitUntil { at: now + TimeDelta::seconds(1), reason: failure.to_string() }
        }
        ChannelFailure::Channel(tiktok_shop::Error::RateLimited { retry_after, .. }) => {
            let pause = retry_after.and_then(|pause| TimeDelta::from_std(pause).ok());
            let at = now + pause.unwrap_or(TimeDelta::seconds(2)).max(TimeDelta::milliseconds(500));
            Outcome::WaitUntil { at, reason: failure.to_string() }
        }
        ChannelFailure::Channel(_) | ChannelFailure::Database(_) => {
            tracing::warn!(job = job.id, kind = %job.kind, attempts = job.attempts, %failure, "TikTok Shop did not serve a job");
            let delay = match job.attempts {
                0 => Some(TimeDelta::seconds(2)),
                attempts => backoff::delay(attempts - 1, &mut rand::rng()),
            };
            Outcome::RetryAt { at: now + delay.unwrap_or(TimeDelta::hours(6)), error: failure.to_string() }
        }
    }
}

/// A limit of TikTok Shop that lasts this long is more than a moment, and so is a job that waits for so long because of
/// many short ones.
const LONG_LIMIT: TimeDelta = TimeDelta::seconds(10);
const LONG_WAIT: TimeDelta = TimeDelta::minutes(1);

/// The next try of a job that TikTok Shop did not serve, if its order is to say why it waits: a first failure that passes,
/// and a limit that is over in a moment, are not worth an alarm.
fn worth_telling(outcome: &Outcome, job: &Leased, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match outcome {
        Outcome::RetryAt { at, .. } => (job.attempts > 0).then_some(*at),
        Outcome::WaitUntil { at, .. } => {
            (*at - now >= LONG_LIMIT || now - job.created_at >= LONG_WAIT).then_some(*at)
        }
        Outcome::Done | Outcome::Again { .. } | Outcome::Park { .. } | Outcome::AlreadyFinished => None,
    }
}

pub(crate) fn id_of(job: &Leased, name: &str) -> Result<i64, JobError> {
    job.payload.get(name).and_then(Value::as_i64).ok_or(JobError::Payload)
}

/// The connection and the order of a job, or what becomes of the job when it may not work now or there is nothing to do.
async fn order_of(
    engine: &Engine,
    job: &Leased,
) -> Result<Result<(ConnectionRecord, OrderRow), Outcome>, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let order = orders::find(engine.database().writer(), OrderId(id_of(job, "order_id")?)).await?;
    Ok(order.map(|order| (connection, order)).ok_or(Outcome::Done))
}

/// A job of a paused connection sleeps until somebody resumes it.
fn until_resumed(id: ConnectionId, now: DateTime<Utc>) -> Outcome {
    let error = "the connection is paused".to_owned();
    Outcome::Park { cause: paused(id), error, at: Some(now + LONGEST_SLEEP) }
}

/// The connection of a job, or what becomes of the job when it may not work now.
async fn connection_of(engine: &Engine, job: &Leased) -> Result<Result<ConnectionRecord, Outcome>, JobError> {
    let id = ConnectionId(id_of(job, "connection_id")?);
    Ok(match engine.connection(id).await? {
        None => Err(Outcome::Done),
        Some(connection) if connection.state == ConnectionState::Paused => {
            Err(until_resumed(id, engine.clock().now()))
        }
        Some(connection) => Ok(connection),
    })
}
