use chrono::{DateTime, TimeDelta, Utc};
use database::bulk_runs::{self, Noted};
use database::{DatabaseTransaction, DbErr};
use job_queue::{Leased, Outcome};
use sea_orm::TransactionTrait;
use shared::{BulkRun, BulkRunId, BulkRunState, OrderId, UNDO_SECONDS};

use super::{JobError, id_of};
use crate::actions::{self, Asker, Refused};
use crate::engine::Engine;

/// So many orders are asked in one transaction: few enough that nobody waits long for the database.
const CHUNK: u64 = 100;

/// A run whose actions have all been asked for is looked at again after so long, and more and more rarely.
const SHORTEST_WAIT: TimeDelta = TimeDelta::seconds(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(30);

/// Actions that have not ended by then wait for something that no run can wait for, such as a connection that is paused.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(24);

/// Gives an action to the next orders of a run. What was asked is noted in the same transaction, so that a crash neither
/// leaves an order out nor asks it twice. Then others have their turn.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let run_id = BulkRunId(id_of(job, "run_id")?);
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    let Some(run) = bulk_runs::find_locked(&txn, run_id).await? else { return Ok(Outcome::Done) };
    if run.state != BulkRunState::Running {
        return Ok(Outcome::Done);
    }
    let pending = bulk_runs::next_pending(&txn, run_id, CHUNK).await?;
    if pending.is_empty() {
        let at = next_look(&run, now);
        if at.is_none() {
            bulk_runs::finish(&txn, run_id, now).await?;
            txn.commit().await?;
        }
        return Ok(at.map_or(Outcome::Done, |at| Outcome::Again { at }));
    }
    for order_id in pending {
        let noted = ask(&txn, &run, order_id, now).await?;
        bulk_runs::note(&txn, run_id, order_id, noted).await?;
    }
    txn.commit().await?;
    engine.wake();
    Ok(Outcome::Again { at: now })
}

/// When to look again whether the actions have ended; `None` when the run is over.
fn next_look(run: &BulkRun, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let age = now - run.created_at;
    if run.queued == 0 || age >= GIVEN_UP_AFTER {
        return None;
    }
    Some(now + (age / 20).clamp(SHORTEST_WAIT, LONGEST_WAIT))
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
    // One order that refuses must leave nothing behind, and the others of the chunk must not notice.
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

#[cfg(test)]
mod tests {
    use shared::ActionRequest;

    use super::*;

    #[test]
    fn a_run_is_over_when_its_actions_are() {
        let now = DateTime::from_timestamp(1_795_422_307, 0).unwrap();
        let run = |queued: i64, age: TimeDelta| BulkRun {
            id: BulkRunId(1),
            request: ActionRequest::Sync {},
            state: BulkRunState::Running,
            actor: "operator@example.com".to_owned(),
            total: 10,
            pending: 0,
            queued,
            done: 10 - queued,
            failed: 0,
            refused: 0,
            left: 0,
            created_at: now - age,
            finished_at: None,
        };

        assert_eq!(next_look(&run(0, TimeDelta::zero()), now), None);
        assert_eq!(next_look(&run(1, TimeDelta::zero()), now), Some(now + TimeDelta::seconds(1)));
        assert_eq!(next_look(&run(1, TimeDelta::hours(2)), now), Some(now + TimeDelta::seconds(30)));
        assert_eq!(next_look(&run(1, TimeDelta::hours(25)), now), None);
    }
}
