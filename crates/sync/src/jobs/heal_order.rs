use chrono::{DateTime, TimeDelta, Utc};
use database::actions::{self, Ending};
use database::connections::ConnectionRecord;
use database::issues;
use database::orders::{self, OrderRow};
use database::timeline::{self, Entry};
use job_queue::{Leased, NewJob, Outcome, backoff};
use shared::{ActionKind, ActionState, HEALABLE, ImportState, IssueCode, OrderId, TikTokOrderId};

use super::failure::Failure;
use super::push_store_state::give_newest_address;
use super::reconcile::{StoreSide, compare};
use super::refresh_order::{record, waiting_syncs};
use super::{JobError, PUSH_STORE_STATE, channel_outcome, order_of, push_store_state};
use crate::actions::ASKED_FOR_BY_A_PERSON;
use crate::channel::ChannelFailure;
use crate::engine::Engine;
use crate::issue_of::of_store;

/// Whoever asked hears after so many failures that a side does not answer; the difference stays open.
const TRIES: i32 = 3;

/// How often it is looked whether the store order was moved.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// Brings both sides of an order together, as somebody asked: reads TikTok Shop again, has the store order moved forward
/// where it may, and compares. What only a person can put right stays open and is named.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let (connection, order) = match order_of(engine, job).await? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    let id = OrderId(order.id);
    let healed = heal(engine, job, &connection, &order).await;
    let now = engine.clock().now();
    match healed {
        Ok(Step::Waits { until }) => {
            let reason = "the store order is moved first".to_owned();
            Ok(Outcome::WaitUntil { at: until, reason })
        }
        Ok(Step::Compared { obstacle }) => {
            end(engine, id, Ok(obstacle.as_deref())).await?;
            engine.wake();
            Ok(Outcome::Done)
        }
        Err(Failure::Job(JobError::Channel(failure @ ChannelFailure::Channel(_)))) => {
            let outcome = channel_outcome(&failure, job, now);
            if !matches!(outcome, Outcome::RetryAt { .. }) || job.attempts + 1 < TRIES {
                return Ok(outcome);
            }
            end(engine, id, Err("TikTok Shop does not answer; nothing was healed.")).await?;
            Ok(Outcome::Done)
        }
        Err(Failure::Job(error)) => Err(error),
        Err(Failure::Store(error)) if job.attempts + 1 < TRIES => {
            let delay = backoff::delay(job.attempts, &mut rand::rng());
            let at = now + delay.unwrap_or(TimeDelta::hours(6));
            Ok(Outcome::RetryAt { at, error: format!("{}: {error}", of_store(&error).code) })
        }
        Err(Failure::Store(error)) => {
            let title = of_store(&error).code.kind().title;
            end(engine, id, Err(&format!("{title}; nothing was healed."))).await?;
            Ok(Outcome::Done)
        }
    }
}

enum Step {
    /// The job that moves the store order is at work; it comes again then.
    Waits { until: DateTime<Utc> },
    /// Both sides were compared. Where the recipient's newest address cannot be written, the sentence says why.
    Compared { obstacle: Option<String> },
}

async fn heal(
    engine: &Engine,
    job: &Leased,
    connection: &ConnectionRecord,
    order: &OrderRow,
) -> Result<Step, Failure> {
    let id = OrderId(order.id);
    let writer = engine.database().writer();
    if begin(engine, connection, order).await? {
        return Ok(Step::Waits { until: engine.clock().now() });
    }
    if let Some(until) = moved_by(engine, id).await? {
        return Ok(Step::Waits { until });
    }
    let nothing = Step::Compared { obstacle: None };
    let Some(order) = orders::find(writer, id).await? else { return Ok(nothing) };
    let mut obstacle = None;
    if is_in_store(&order) {
        let open = issues::open_of(writer, id).await?;
        if open.iter().any(|issue| issue.code == IssueCode::AddressChanged.as_str()) {
            obstacle = give_newest_address(engine, job, connection, &order).await?;
        }
    }
    let store = engine.store(connection).map_err(|error| Failure::Job(error.into()))?;
    let (facts, client) = store.facts(engine.clock().now()).await?;
    let side = StoreSide { engine, connection, facts: &facts, client: &client };
    let Some(order) = orders::find(writer, id).await? else { return Ok(nothing) };
    compare(&side, vec![order]).await?;
    Ok(Step::Compared { obstacle })
}

fn is_in_store(order: &OrderRow) -> bool {
    orders::import_state(order) == ImportState::Imported && !order.store_deleted
}

/// Reads TikTok Shop and asks for the job that moves the store order, once for each request; `true` when there was one. Two
/// jobs that moved it at once would each add to its history and have the buyer told.
async fn begin(engine: &Engine, connection: &ConnectionRecord, order: &OrderRow) -> Result<bool, Failure> {
    let id = OrderId(order.id);
    let database = engine.database();
    let mut new = Vec::new();
    for action in actions::queued(database.writer(), id, &[ActionKind::Heal]).await? {
        if !actions::was_sent(database.writer(), action.id).await? {
            new.push(action.id);
        }
    }
    if new.is_empty() {
        return Ok(false);
    }
    let asked = waiting_syncs(engine, connection, &TikTokOrderId(order.tiktok_order_id.clone())).await?;
    let read = engine.read_order(connection, &order.tiktok_order_id).await;
    if let Some(read) = read.map_err(|failure| Failure::Job(failure.into()))? {
        record(engine, connection, &read, &asked, ASKED_FOR_BY_A_PERSON).await?;
    }
    let now = engine.clock().now();
    let txn = database.begin().await?;
    let Some(order) = orders::find_locked(&txn, id).await? else { return Ok(false) };
    if is_in_store(&order) {
        // Before this job comes again.
        let priority = ASKED_FOR_BY_A_PERSON + 1;
        let push = NewJob { priority, ..push_store_state(connection.id, id, now) };
        job_queue::enqueue(&txn, push, now).await?;
    }
    for action in new {
        actions::set_sent(&txn, action, now).await?;
    }
    txn.commit().await?;
    engine.wake();
    Ok(true)
}

/// Until when to wait for the job that moves the store order; `None` when it has ended, sleeps, or fails too often.
async fn moved_by(engine: &Engine, id: OrderId) -> Result<Option<DateTime<Utc>>, Failure> {
    let push = job_queue::live(engine.database().writer(), PUSH_STORE_STATE, &id.to_string()).await?;
    let at_work = push.filter(|push| push.parked_cause.is_none() && push.attempts < TRIES);
    let soonest = engine.clock().now() + PAUSE;
    Ok(at_work.map(|push| push.run_at.unwrap_or(soonest).max(soonest)))
}

/// Tells whoever asked what came out: what still differs, with what stands in the way of the address, or why nothing could be
/// done.
async fn end(engine: &Engine, id: OrderId, healed: Result<Option<&str>, &str>) -> Result<(), JobError> {
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    if orders::find_locked(&txn, id).await?.is_none() {
        return Ok(());
    }
    let open = issues::open_of(&txn, id).await?;
    let left: Vec<_> = open
        .iter()
        .filter_map(|issue| Some((*HEALABLE.iter().find(|code| code.as_str() == issue.code)?, issue)))
        .collect();
    let ending = match (healed, left.first()) {
        (Err(sentence), _) => Ending { state: ActionState::Failed, result: sentence.to_owned(), code: None },
        (Ok(_), None) => Ending::done("Both sides agree.".to_owned()),
        (Ok(obstacle), Some((first, _))) => {
            let names: Vec<_> = left.iter().map(|(code, issue)| name_of(*code, &issue.subject)).collect();
            let mut sentence =
                format!("Still different, for only a person can change it: {}.", names.join(", "));
            if let Some(obstacle) = obstacle {
                sentence = format!("{sentence} {obstacle}");
            }
            Ending { state: ActionState::Failed, result: sentence, code: Some(*first) }
        }
    };
    for action in actions::queued(&txn, id, &[ActionKind::Heal]).await? {
        actions::end(&txn, action.id, &ending, now).await?;
        timeline::record(&txn, id, Entry::ours("issue", &ending.result), now).await?;
    }
    orders::derive_status(&txn, id, now).await?;
    txn.commit().await?;
    Ok(())
}

/// What differs, in the midst of a sentence.
fn name_of(code: IssueCode, subject: &str) -> &str {
    match (code, subject) {
        (IssueCode::AddressChanged, _) => "the address",
        (_, "") => "the order",
        (_, subject) => subject,
    }
}
