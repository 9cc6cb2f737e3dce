use chrono::{DateTime, TimeDelta, Utc};
use database::bulk_runs::{self, Noted};
use database::{DatabaseTransaction, DbErr};
use job_queue::{Leased, Outcome};
use sea_orm::TransactionTrait;
use shared::{BulkRun, BulkRunId, BulkRunState, OrderId, UNDO_SECONDS};

use super::{JobError, id_of};
use crate::actions::{self, Asker, Refused};
use crate::engine::Engine;

/// So many orders are asked before others have their turn.
const CHUNK: u64 = 100;

/// Of one run, at most so many actions wait for their work: the other jobs of the connection have their turn, and a stop
/// finds most orders untouched. TikTok Shop's pace does not empty this within [`SHORTEST_WAIT`].
const MOST_QUEUED: i64 = 200;

/// A run with orders left is looked at again after so long; one that only waits for its last actions more and more rarely.
const SHORTEST_WAIT: TimeDelta = TimeDelta::seconds(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(30);

/// Actions that have not ended by then wait for something that no run can wait for, such as a connection that is paused.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(24);

/// Gives an action to the next orders of a run, and lets others have their turn.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let run_id = BulkRunId(id_of(job, "run_id")?);
    let now = engine.clock().now();
    let writer = engine.database().writer();
    let Some(run) = bulk_runs::find(writer, run_id).await? else { return Ok(Outcome::Done) };
    if run.state != BulkRunState::Running {
        return Ok(Outcome::Done);
    }
    let waits = run.queued >= MOST_QUEUED || (run.pending == 0 && run.queued > 0);
    if waits && now - run.created_at < GIVEN_UP_AFTER {
        let longest = if run.pending > 0 { SHORTEST_WAIT } else { LONGEST_WAIT };
        let pause = ((now - run.created_at) / 20).clamp(SHORTEST_WAIT, longest);
        return Ok(Outcome::Again { at: now + pause });
    }
    if run.pending == 0 {
        bulk_runs::finish(writer, run_id, now).await?;
        return Ok(Outcome::Done);
    }
    let mut asked = 0;
    while asked < CHUNK && ask_next(engine, &run, now).await? {
        asked += 1;
    }
    engine.wake();
    Ok(Outcome::Again { at: now })
}

/// Asks one order; `false` when there is none left, or the run was stopped. What was asked is noted in the same
/// transaction, so that a crash neither leaves an order out nor asks it twice. It holds no second order.
async fn ask_next(engine: &Engine, run: &BulkRun, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let txn = engine.database().begin().await?;
    if !bulk_runs::is_running_locked(&txn, run.id).await? {
        return Ok(false);
    }
    let Some(order_id) = bulk_runs::next_pending(&txn, run.id).await? else { return Ok(false) };
    let noted = ask(&txn, run, order_id, now).await?;
    bulk_runs::note(&txn, run.id, order_id, noted).await?;
    txn.commit().await?;
    Ok(true)
}

async fn ask(
    txn: &DatabaseTransaction,
    run: &BulkRun,
    order_id: OrderId,
    now: DateTime<Utc>,
) -> Result<Noted, DbErr> {
    let asker = Asker {
        actor: &run.actor,
        bulk_run_id: Some(run.id),
        // Whoever started the run may stop it.
        undo: TimeDelta::seconds(UNDO_SECONDS),
    };
    // What refuses must leave nothing behind but the note that it did.
    let attempt = txn.begin().await?;
    let sentence = match actions::request(&attempt, order_id, &run.request, asker, now).await {
        Ok(Some(action)) => {
            attempt.commit().await?;
            return Ok(Noted::Asked(action.id, action.state));
        }
        Ok(None) => "The order does not exist.".to_owned(),
        Err(Refused::NotNow(sentence)) => sentence,
        Err(Refused::Invalid(errors)) => {
            let errors: Vec<_> = errors.iter().map(|error| error.detail.as_str()).collect();
            format!("Not possible for this order: {}.", errors.join("; "))
        }
        Err(Refused::Database(error)) => return Err(error),
    };
    attempt.rollback().await?;
    Ok(Noted::Refused(sentence))
}
