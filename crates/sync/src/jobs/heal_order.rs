use chrono::TimeDelta;
use database::actions::{self, Ending};
use database::connections::ConnectionRecord;
use database::issues;
use database::orders::{self, OrderRow};
use database::timeline::{self, Entry};
use job_queue::{Leased, Outcome, backoff};
use shared::{ActionKind, ActionState, HEALABLE, ImportState, IssueCode, OrderId};

use super::failure::Failure;
use super::push_store_state::{give_newest_address, push_now};
use super::reconcile::{StoreSide, compare};
use super::refresh_order::record;
use super::{JobError, channel_outcome, order_of};
use crate::actions::ASKED_FOR_BY_A_PERSON;
use crate::channel::ChannelFailure;
use crate::engine::Engine;
use crate::issue_of::of_store;

/// Whoever asked hears after so many failures that a side does not answer; the difference stays open.
const TRIES: i32 = 3;

/// Brings both sides of an order together, as somebody asked: reads TikTok Shop again, moves the store order forward where
/// it may, and compares. What only a person can put right stays open and is named.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let (connection, order) = match order_of(engine, job).await? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    let id = OrderId(order.id);
    let healed = heal(engine, &connection, &order).await;
    let now = engine.clock().now();
    match healed {
        Ok(obstacle) => {
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

/// Returns what stands in the way of the recipient's newest address, where there is one.
async fn heal(
    engine: &Engine,
    connection: &ConnectionRecord,
    order: &OrderRow,
) -> Result<Option<String>, Failure> {
    let began_at = engine.clock().now();
    let read = engine.read_order(connection, &order.tiktok_order_id).await;
    if let Some(read) = read.map_err(|failure| Failure::Job(failure.into()))? {
        record(engine, connection, &read, began_at, ASKED_FOR_BY_A_PERSON).await?;
    }
    let current = |id| orders::find(engine.database().writer(), OrderId(id));
    let Some(order) = current(order.id).await? else { return Ok(None) };
    let mut obstacle = None;
    if orders::import_state(&order) == ImportState::Imported && !order.store_deleted {
        push_now(engine, connection, &order).await?;
        let open = issues::open_of(engine.database().writer(), OrderId(order.id)).await?;
        if open.iter().any(|issue| issue.code == IssueCode::AddressChanged.as_str()) {
            obstacle = give_newest_address(engine, connection, &order).await?;
        }
    }
    let store = engine.store(connection).map_err(|error| Failure::Job(error.into()))?;
    let (facts, client) = store.facts(engine.clock().now()).await?;
    let side = StoreSide { engine, connection, facts: &facts, client: &client };
    let Some(order) = current(order.id).await? else { return Ok(None) };
    compare(&side, vec![order]).await?;
    Ok(obstacle)
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
