use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Value};

use crate::database_clock::database_now;
use crate::job::{Leased, Outcome};
use crate::queue::change_each;
use crate::table::{length, milliseconds, statement};

/// Whether the worker that asks still holds the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a worker that lost its lease must not act on the job any more"]
pub enum LeaseState {
    Held,
    /// Another worker has claimed the job since, or it was cancelled or finished. Nothing was changed.
    Lost,
}

impl LeaseState {
    fn of(changed_rows: u64) -> Self {
        if changed_rows == 0 { Self::Lost } else { Self::Held }
    }
}

/// The latest claim of this job. An ended lease that nobody has taken over still counts as held.
const HELD: &str = "id = $1 AND fence = $2 AND lease_owner IS NOT NULL";

/// At `$3`, unless somebody has asked meanwhile for an earlier time.
const AT_OR_EARLIER: &str = "run_at = CASE WHEN rerun_at < $3 THEN rerun_at ELSE $3 END";

fn held(job: &Leased) -> Vec<Value> {
    vec![job.id.into(), job.fence.into()]
}

/// Makes the lease last for `lease` from now.
pub async fn renew(db: &impl ConnectionTrait, job: &Leased, lease: Duration) -> Result<LeaseState, DbErr> {
    let mut values = held(job);
    values.push(length(lease).into());
    let now = database_now(db.get_database_backend());
    let sql = format!("UPDATE jobs SET lease_until = {now} + $3 WHERE {HELD}");
    let changed = db.execute_raw(statement(db, sql, values)).await?;
    Ok(LeaseState::of(changed.rows_affected()))
}

/// Asks whether the worker still holds the job. On a transaction the answer holds until it ends: nobody can take the job
/// over before.
pub async fn confirm(db: &impl ConnectionTrait, job: &Leased) -> Result<LeaseState, DbErr> {
    // A change that changes nothing, for it waits for a claim that is under way and keeps the next one out.
    let sql = format!("UPDATE jobs SET fence = fence WHERE {HELD}");
    let changed = db.execute_raw(statement(db, sql, held(job))).await?;
    Ok(LeaseState::of(changed.rows_affected()))
}

/// Records how the job ended, and ends the lease.
///
/// A handler may call it on the transaction that writes the job's results, so that both commit or neither does; it
/// rolls back when the lease is lost, and returns [`Outcome::AlreadyFinished`] when it is not.
pub async fn finish(
    db: &impl ConnectionTrait,
    job: &Leased,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<LeaseState, DbErr> {
    let mut values = held(job);
    match outcome {
        Outcome::AlreadyFinished => Ok(LeaseState::Held),
        Outcome::Done => {
            let delete = format!("DELETE FROM jobs WHERE {HELD} AND rerun_at IS NULL");
            let deleted = db.execute_raw(statement(db, delete, values.clone())).await?;
            if deleted.rows_affected() > 0 {
                return Ok(LeaseState::Held);
            }
            let again = "run_at = rerun_at, attempts = 0, parked_cause = NULL, last_error = NULL";
            end_lease(db, again, values, now).await
        }
        Outcome::Again { at } => {
            values.push(milliseconds(at).into());
            let again = format!("{AT_OR_EARLIER}, attempts = 0, parked_cause = NULL, last_error = NULL");
            end_lease(db, &again, values, now).await
        }
        Outcome::RetryAt { at, error } => {
            values.extend([milliseconds(at).into(), error.into()]);
            let retry =
                format!("{AT_OR_EARLIER}, attempts = attempts + 1, parked_cause = NULL, last_error = $4");
            end_lease(db, &retry, values, now).await
        }
        Outcome::WaitUntil { at, reason } => {
            values.extend([milliseconds(at).into(), reason.into()]);
            let wait = format!("{AT_OR_EARLIER}, parked_cause = NULL, last_error = $4");
            end_lease(db, &wait, values, now).await
        }
        Outcome::Park { cause, error, at } => {
            values.extend([
                at.map(milliseconds).into(),
                error.into(),
                cause.into(),
                Value::from(milliseconds(now)),
            ]);
            // Asked for again, or a cause vanished, while it ran: look once more rather than sleep through it.
            let park = "run_at = CASE WHEN woken THEN $6 WHEN rerun_at IS NOT NULL THEN rerun_at ELSE $3 END,
                        parked_cause = CASE WHEN woken OR rerun_at IS NOT NULL THEN NULL ELSE $5 END,
                        last_error = $4";
            end_lease(db, park, values, now).await
        }
    }
}

async fn end_lease(
    db: &impl ConnectionTrait,
    changes: &str,
    mut values: Vec<Value>,
    now: DateTime<Utc>,
) -> Result<LeaseState, DbErr> {
    values.push(milliseconds(now).into());
    let timed_at = values.len();
    let sql = format!(
        "UPDATE jobs SET {changes}, lease_owner = NULL, lease_until = NULL, rerun_at = NULL, woken = FALSE,
            timed_at = CASE WHEN timed_at < ${timed_at} THEN ${timed_at} ELSE timed_at END
         WHERE {HELD}"
    );
    let changed = db.execute_raw(statement(db, sql, values)).await?;
    Ok(LeaseState::of(changed.rows_affected()))
}

/// Gives back every job that this owner holds, to run at once somewhere else, and says how many there were.
///
/// For a worker that has stopped. No attempt is counted.
pub async fn release(db: &DatabaseConnection, owner: &str) -> Result<u64, DbErr> {
    let idle = "lease_owner = NULL, lease_until = NULL";
    change_each(db, "lease_owner = $1", &[owner.into()], idle, &[]).await
}
