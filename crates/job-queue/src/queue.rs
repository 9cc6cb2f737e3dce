use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Value};

use crate::claim::ready;
use crate::job::{Depth, Enqueued, JobStatus, NewJob, ParkedJob};
use crate::table::{milliseconds, statement, time_of};

const PARAMETERS_OF_A_JOB: usize = 8;

/// Rows per statement of [`enqueue_all`]: with their parameters they stay far below both databases' limits.
const ROWS_PER_INSERT: usize = 500;

/// The most jobs that [`parked`] lists.
const PARKED_LIMIT: usize = 1_000;

/// Makes sure that a job of this kind and subject runs at `job.run_at` or earlier.
///
/// Joins the live job if there is one: an idle one is moved forward to the earlier time and woken if it was parked; a
/// running one runs once more after it ends. Call it on the transaction that causes the job, and ping the
/// [`WakeUp`](crate::WakeUp) after the commit.
pub async fn enqueue(db: &impl ConnectionTrait, job: NewJob, now: DateTime<Utc>) -> Result<Enqueued, DbErr> {
    let rows = upsert(db, std::slice::from_ref(&job), now).await?;
    rows.into_iter().next().ok_or(DbErr::RecordNotInserted)
}

/// Enqueues many jobs at once and says how many of them are new; the rest joined a live job or one another.
pub async fn enqueue_all(
    db: &impl ConnectionTrait,
    jobs: impl IntoIterator<Item = NewJob>,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    // PostgreSQL refuses a statement that touches a row twice. Sorted, because two transactions that lock the same
    // rows in different orders would wait for each other.
    let mut distinct: BTreeMap<(&'static str, String), NewJob> = BTreeMap::new();
    for mut job in jobs {
        let key = (job.kind, job.subject.clone());
        if let Some(earlier) = distinct.remove(&key) {
            job.run_at = job.run_at.min(earlier.run_at);
            job.priority = job.priority.max(earlier.priority);
        }
        distinct.insert(key, job);
    }

    let distinct: Vec<NewJob> = distinct.into_values().collect();
    let mut new = 0;
    for chunk in distinct.chunks(ROWS_PER_INSERT) {
        new += upsert(db, chunk, now).await?.iter().filter(|enqueued| !enqueued.joined).count() as u64;
    }
    Ok(new)
}

async fn upsert(
    db: &impl ConnectionTrait,
    jobs: &[NewJob],
    now: DateTime<Utc>,
) -> Result<Vec<Enqueued>, DbErr> {
    let mut values: Vec<Value> = Vec::with_capacity(jobs.len() * PARAMETERS_OF_A_JOB);
    let mut rows = Vec::with_capacity(jobs.len());
    for job in jobs {
        rows.push(format!("({})", placeholders(values.len() + 1, PARAMETERS_OF_A_JOB)));
        values.extend([
            job.kind.into(),
            job.subject.as_str().into(),
            job.lane.as_str().into(),
            job.payload.to_string().into(),
            job.priority.into(),
            milliseconds(job.run_at).into(),
            Value::from(milliseconds(now)),
            Value::from(milliseconds(now)),
        ]);
    }
    let sql = format!(
        "INSERT INTO jobs (kind, subject, lane, payload, priority, run_at, created_at, timed_at)
         VALUES {rows}
         ON CONFLICT (kind, subject) DO UPDATE SET
            requests = jobs.requests + 1,
            lane = excluded.lane,
            payload = excluded.payload,
            priority = CASE WHEN excluded.priority > jobs.priority THEN excluded.priority ELSE jobs.priority END,
            -- Idle: the earlier of both times, and awake.
            run_at = CASE WHEN jobs.lease_owner IS NULL AND (jobs.run_at IS NULL OR excluded.run_at < jobs.run_at)
                     THEN excluded.run_at ELSE jobs.run_at END,
            attempts = CASE WHEN jobs.lease_owner IS NULL AND jobs.parked_cause IS NOT NULL
                       THEN 0 ELSE jobs.attempts END,
            parked_cause = CASE WHEN jobs.lease_owner IS NULL THEN NULL ELSE jobs.parked_cause END,
            -- Running: once more after this run.
            rerun_at = CASE WHEN jobs.lease_owner IS NULL THEN NULL
                            WHEN jobs.rerun_at < excluded.run_at THEN jobs.rerun_at
                            ELSE excluded.run_at END,
            timed_at = CASE WHEN excluded.timed_at > jobs.timed_at THEN excluded.timed_at ELSE jobs.timed_at END
         RETURNING id, requests",
        rows = rows.join(", ")
    );
    let returned = db.query_all_raw(statement(db, sql, values)).await?;
    returned
        .iter()
        .map(|row| {
            Ok(Enqueued { id: row.try_get("", "id")?, joined: row.try_get::<i64>("", "requests")? > 1 })
        })
        .collect()
}

/// Makes every job run now that was timed by a clock which was ahead of `now` by more than `most`, and says how many there
/// were: it would sleep until that time has come.
pub async fn pull_back(db: &DatabaseConnection, most: TimeDelta, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let earlier = |column: &str| format!("{column} = CASE WHEN {column} > $2 THEN $2 ELSE {column} END");
    let changes = format!("{}, {}, timed_at = $2", earlier("run_at"), earlier("rerun_at"));
    let latest = milliseconds(now + most);
    change_each(db, "timed_at > $1", &[latest.into()], &changes, &[milliseconds(now).into()]).await
}

/// Makes every parked job of a lane run now, whatever its cause, and says how many there were: for when what changed may
/// be the remedy of any of them. To be called after the commit of the change, as [`wake`] is.
pub async fn wake_lane(db: &DatabaseConnection, lane: &str, now: DateTime<Utc>) -> Result<u64, DbErr> {
    mark_running_as_woken(db).await?;
    let asleep = "lane = $1 AND parked_cause IS NOT NULL AND lease_owner IS NULL";
    change_each(db, asleep, &[lane.into()], AWAKE, &[milliseconds(now).into()]).await
}

/// Makes every job that is parked for this cause run now, with its attempts counted anew, and says how many there were.
///
/// A job that runs at this moment and is about to park may have looked before the cause was gone: it is run once more
/// instead of being parked. So this is to be called after the commit that ends the cause: a job that is claimed before it
/// looks at what was before. It takes no transaction, because a running job of its own may hold what others wait for.
pub async fn wake(db: &DatabaseConnection, cause: &str, now: DateTime<Utc>) -> Result<u64, DbErr> {
    mark_running_as_woken(db).await?;
    let asleep = "parked_cause = $1 AND lease_owner IS NULL";
    change_each(db, asleep, &[cause.into()], AWAKE, &[milliseconds(now).into()]).await
}

const AWAKE: &str = "parked_cause = NULL, attempts = 0, run_at = $2, timed_at = $2";

/// Before those are woken that sleep, or a job that falls asleep between the two would be neither.
async fn mark_running_as_woken(db: &DatabaseConnection) -> Result<(), DbErr> {
    change_each(db, "lease_owner IS NOT NULL AND NOT woken", &[], "woken = TRUE", &[]).await?;
    Ok(())
}

/// Changes every job that fulfils a condition, which the change must end, and says how many there were. The values of the
/// condition are counted before those of the change.
///
/// On PostgreSQL whoever waits here for a job holds no other one. A transaction that has asked for several jobs holds them
/// all, in whichever order it asked, so the two could otherwise wait for each other.
pub(crate) async fn change_each(
    db: &DatabaseConnection,
    condition: &str,
    of_condition: &[Value],
    changes: &str,
    of_changes: &[Value],
) -> Result<u64, DbErr> {
    let values = [of_condition, of_changes].concat();
    let change = async |jobs: &str, values: Vec<Value>| {
        let sql = format!("UPDATE jobs SET {changes} WHERE {jobs}");
        Ok::<_, DbErr>(db.execute_raw(statement(db, sql, values)).await?.rows_affected())
    };
    if db.get_database_backend() != DbBackend::Postgres {
        return change(condition, values).await;
    }
    let free = format!("id IN (SELECT id FROM jobs WHERE {condition} FOR UPDATE SKIP LOCKED)");
    let mut changed = change(&free, values.clone()).await?;
    let rest = format!("SELECT id FROM jobs WHERE {condition} ORDER BY id");
    let one = format!("{condition} AND id = ${}", values.len() + 1);
    for row in db.query_all_raw(statement(db, rest, of_condition.to_vec())).await? {
        let id = Value::from(row.try_get::<i64>("", "id")?);
        changed += change(&one, [values.as_slice(), &[id]].concat()).await?;
    }
    Ok(changed)
}

/// The jobs that sleep for this cause, oldest first, at most 1,000.
pub async fn parked(db: &impl ConnectionTrait, cause: &str) -> Result<Vec<ParkedJob>, DbErr> {
    let sql = format!(
        "SELECT id, kind, subject, lane, last_error FROM jobs
         WHERE parked_cause = $1 ORDER BY id LIMIT {PARKED_LIMIT}"
    );
    let rows = db.query_all_raw(statement(db, sql, [cause.into()])).await?;
    rows.iter()
        .map(|row| {
            Ok(ParkedJob {
                id: row.try_get("", "id")?,
                kind: row.try_get("", "kind")?,
                subject: row.try_get("", "subject")?,
                lane: row.try_get("", "lane")?,
                last_error: row.try_get("", "last_error")?,
            })
        })
        .collect()
}

/// The live job of this kind and subject, if there is one.
pub async fn live(db: &impl ConnectionTrait, kind: &str, subject: &str) -> Result<Option<JobStatus>, DbErr> {
    let sql = "SELECT id, run_at, attempts, lease_owner, parked_cause, last_error FROM jobs
               WHERE kind = $1 AND subject = $2";
    let row = db.query_one_raw(statement(db, sql, [kind.into(), subject.into()])).await?;
    row.map(|row| {
        Ok(JobStatus {
            id: row.try_get("", "id")?,
            run_at: optional_time(&row, "run_at")?,
            attempts: row.try_get("", "attempts")?,
            running: row.try_get::<Option<String>>("", "lease_owner")?.is_some(),
            parked_cause: row.try_get("", "parked_cause")?,
            last_error: row.try_get("", "last_error")?,
        })
    })
    .transpose()
}

/// How many jobs are due and not running, and since when.
pub async fn depth(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Depth, DbErr> {
    let ready = ready(db.get_database_backend());
    let sql = format!("SELECT COUNT(*) AS due, MIN(run_at) AS oldest_due_at FROM jobs WHERE {ready}");
    let row = db.query_one_raw(statement(db, sql, [milliseconds(now).into()])).await?;
    depth_of(&row.ok_or_else(|| DbErr::RecordNotFound("a count returned no row".to_owned()))?)
}

/// The same for each lane that has such jobs.
pub async fn depths(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<BTreeMap<String, Depth>, DbErr> {
    let ready = ready(db.get_database_backend());
    let sql = format!(
        "SELECT lane, COUNT(*) AS due, MIN(run_at) AS oldest_due_at FROM jobs WHERE {ready} GROUP BY lane"
    );
    let rows = db.query_all_raw(statement(db, sql, [milliseconds(now).into()])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "lane")?, depth_of(row)?))).collect()
}

/// The same for one lane.
pub async fn depth_of_lane(
    db: &impl ConnectionTrait,
    lane: &str,
    now: DateTime<Utc>,
) -> Result<Depth, DbErr> {
    let sql = depth_of_lane_sql(db.get_database_backend());
    let row = db.query_one_raw(statement(db, sql, [milliseconds(now).into(), lane.into()])).await?;
    depth_of(&row.ok_or_else(|| DbErr::RecordNotFound("a count returned no row".to_owned()))?)
}

fn depth_of_lane_sql(backend: DbBackend) -> String {
    let ready = ready(backend);
    format!("SELECT COUNT(*) AS due, MIN(run_at) AS oldest_due_at FROM jobs WHERE {ready} AND lane = $2")
}

fn depth_of(row: &QueryResult) -> Result<Depth, DbErr> {
    Ok(Depth {
        due: row.try_get::<i64>("", "due")?.unsigned_abs(),
        oldest_due_at: optional_time(row, "oldest_due_at")?,
    })
}

/// Deletes the live job of this kind and subject and says whether there was one.
///
/// A worker that is running it is not stopped at once: it finds its lease lost when it next renews or finishes.
pub async fn cancel(db: &impl ConnectionTrait, kind: &str, subject: &str) -> Result<bool, DbErr> {
    let sql = "DELETE FROM jobs WHERE kind = $1 AND subject = $2";
    let deleted = db.execute_raw(statement(db, sql, [kind.into(), subject.into()])).await?;
    Ok(deleted.rows_affected() > 0)
}

/// `count` placeholders in a row: `$first, $first+1, …`.
pub(crate) fn placeholders(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first + count).map(|number| format!("${number}")).collect();
    names.join(", ")
}

fn optional_time(row: &QueryResult, column: &str) -> Result<Option<DateTime<Utc>>, DbErr> {
    row.try_get::<Option<i64>>("", column)?.map(time_of).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::create_table;

    #[tokio::test]
    async fn a_lane_is_counted_without_reading_the_others() {
        let store = test_database::sqlite();
        let db = store.connect().await;
        for statement in create_table(db.get_database_backend()) {
            db.execute_unprepared(&statement).await.unwrap();
        }

        let sql = format!("EXPLAIN QUERY PLAN {}", depth_of_lane_sql(db.get_database_backend()));
        let plan = db.query_all_raw(statement(&db, sql, [0_i64.into(), "a".into()])).await.unwrap();

        let steps: Vec<String> = plan.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
        assert_eq!(steps, ["SEARCH jobs USING INDEX jobs_of_lane (lane=?)"]);
    }
}
