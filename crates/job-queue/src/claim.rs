use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Value};

use crate::database_clock::database_now;
use crate::job::Leased;
use crate::queue::placeholders;
use crate::table::{length, milliseconds, statement, time_of};

/// Which jobs a worker asks for.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// Who holds the leases; unique among all processes on the database.
    pub owner: &'a str,
    /// Only these kinds; empty for all.
    pub kinds: &'a [&'a str],
    /// At most so many jobs.
    pub limit: u32,
    /// At most so many jobs of these kinds run at once in a lane, over all workers: what hangs in one lane leaves places
    /// for the others. On PostgreSQL workers that claim at the same moment do not see what the others are claiming, and may
    /// pass it together by as much as each of them asks for; nobody claims more in the lane before they are below it again.
    pub lane_limit: u32,
    /// How long the leases last unless renewed.
    pub lease: Duration,
    /// The lane served last by this worker: between equals, the lanes after it come first.
    pub after_lane: &'a str,
}

/// Leases up to `limit` due jobs, fairly: the lane with the fewest running jobs of these kinds first, then lane by lane; within a lane
/// by priority and time. Jobs whose lease has run out count as due.
///
/// Whether a job is due is measured by `now`, the asking process's clock; whether its lease has run out, by the database's.
///
/// The cost depends on the number of lanes, of kinds in each of them, and on the limit, not on how many jobs wait, be they of
/// these kinds or of others.
pub async fn claim(
    db: &impl ConnectionTrait,
    request: &Claim<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Leased>, DbErr> {
    if request.limit == 0 {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = vec![
        milliseconds(now).into(),
        length(request.lease).into(),
        request.owner.into(),
        request.after_lane.into(),
        i64::from(request.limit).into(),
        // Another worker may be locking the first few at this very moment: have as many again to fall back on.
        (i64::from(request.limit) * 2).into(),
        i64::from(request.lane_limit).into(),
    ];
    let of_kinds = if request.kinds.is_empty() {
        String::new()
    } else {
        format!("AND kind IN ({})", placeholders(values.len() + 1, request.kinds.len()))
    };
    values.extend(request.kinds.iter().map(|&kind| Value::from(kind)));

    let sql = claim_sql(db.get_database_backend(), &of_kinds);
    let rows = db.query_all_raw(statement(db, sql, values)).await?;
    let mut claimed = rows.iter().map(leased).collect::<Result<Vec<_>, DbErr>>()?;
    claimed.sort_by_key(|(place, _)| *place);
    Ok(claimed.into_iter().map(|(_, job)| job).collect())
}

/// One statement on both databases. `$1` now, `$2` length of the lease, `$3` owner, `$4` lane served last, `$5` limit,
/// `$6` candidates, `$7` most jobs of a lane.
fn claim_sql(backend: DbBackend, of_kinds: &str) -> String {
    const IN_TURN: &str = "turn, job.priority DESC, \
                           CASE WHEN job.lane > $4 THEN 0 ELSE 1 END, job.lane, job.run_at, job.id";
    let lease_clock = database_now(backend);
    let ready = ready(backend);
    let heads_of_group = |columns: &str| {
        format!(
            "SELECT {columns} FROM jobs
             WHERE lane = groups.lane AND priority = groups.priority AND kind = groups.kind AND {ready}
             ORDER BY run_at, id LIMIT $6"
        )
    };
    // SQLite knows no LATERAL; PostgreSQL would read the whole table for a correlated IN.
    let (heads, skip_locked) = match backend {
        DbBackend::Postgres => (
            format!("CROSS JOIN LATERAL ({}) AS job", heads_of_group("id, lane, priority, run_at")),
            "FOR UPDATE OF job SKIP LOCKED",
        ),
        _ => (format!("CROSS JOIN jobs AS job ON job.id IN ({})", heads_of_group("id")), ""),
    };
    format!(
        "WITH RECURSIVE
         -- Every (lane, priority, kind) there is, by one index step each.
         groups (lane, priority, kind) AS (
            SELECT lane, priority, kind FROM (
                SELECT lane, priority, kind FROM jobs WHERE run_at IS NOT NULL
                ORDER BY lane, priority, kind LIMIT 1
            ) AS first_group
            UNION ALL
            SELECT following.lane, following.priority, following.kind FROM groups
            CROSS JOIN jobs AS following
            WHERE following.id = COALESCE(
                -- One after the other, for SQLite uses only the first column of the index for (…, …, …) > (…, …, …).
                (SELECT id FROM jobs WHERE run_at IS NOT NULL AND lane = groups.lane
                 AND priority = groups.priority AND kind > groups.kind ORDER BY kind LIMIT 1),
                (SELECT id FROM jobs WHERE run_at IS NOT NULL AND lane = groups.lane
                 AND priority > groups.priority ORDER BY priority, kind LIMIT 1),
                (SELECT id FROM jobs WHERE run_at IS NOT NULL AND lane > groups.lane
                 ORDER BY lane, priority, kind LIMIT 1)
            )
         ),
         -- Apart from the kinds, for SQLite would look for these in the index of all jobs, waiting ones too.
         leased (lane, kind) AS MATERIALIZED (
            SELECT lane, kind FROM jobs WHERE lease_owner IS NOT NULL AND lease_until > {lease_clock}
         ),
         running (lane, jobs) AS (
            SELECT lane, COUNT(*) FROM leased WHERE TRUE {of_kinds} GROUP BY lane
         ),
         ranked (id, lane, priority, run_at, turn) AS (
            SELECT job.id, job.lane, job.priority, job.run_at,
                COALESCE((SELECT running.jobs FROM running WHERE running.lane = job.lane), 0) + ROW_NUMBER() OVER (
                    PARTITION BY job.lane ORDER BY job.priority DESC, job.run_at, job.id
                )
                AS turn
            FROM (SELECT lane, priority, kind FROM groups WHERE TRUE {of_kinds}) AS groups {heads}
         ),
         candidates (id, turn) AS (
            SELECT job.id, job.turn FROM ranked AS job WHERE job.turn <= $7 ORDER BY {IN_TURN} LIMIT $6
         ),
         -- Ready is asked again, for PostgreSQL checks only this level when a row changed while it waited for it.
         chosen (id) AS MATERIALIZED (
            SELECT job.id FROM candidates CROSS JOIN jobs AS job
            WHERE job.id = candidates.id AND {ready}
            ORDER BY {IN_TURN} LIMIT $5 {skip_locked}
         )
         UPDATE jobs SET
            lease_owner = $3, lease_until = {lease_clock} + $2, fence = fence + 1, woken = FALSE,
            -- This run answers every request up to now.
            rerun_at = CASE WHEN rerun_at > $1 THEN rerun_at ELSE NULL END
         WHERE id IN (SELECT id FROM chosen)
         RETURNING id, kind, subject, lane, payload, priority, run_at, attempts, fence, created_at"
    )
}

/// The condition of a job that may be claimed at `$1`, the asking process's time.
pub(crate) fn ready(backend: DbBackend) -> String {
    format!("run_at <= $1 AND (lease_until IS NULL OR lease_until <= {})", database_now(backend))
}

/// The job and its place among the claimed: neither database returns the rows in an order.
type Place = (std::cmp::Reverse<i16>, i64, i64);

fn leased(row: &QueryResult) -> Result<(Place, Leased), DbErr> {
    let payload: String = row.try_get("", "payload")?;
    let job = Leased {
        id: row.try_get("", "id")?,
        kind: row.try_get("", "kind")?,
        subject: row.try_get("", "subject")?,
        lane: row.try_get("", "lane")?,
        payload: serde_json::from_str(&payload).map_err(|error| DbErr::Json(error.to_string()))?,
        priority: row.try_get("", "priority")?,
        attempts: row.try_get("", "attempts")?,
        fence: row.try_get("", "fence")?,
        created_at: time_of(row.try_get("", "created_at")?)?,
    };
    let place = (std::cmp::Reverse(job.priority), row.try_get("", "run_at")?, job.id);
    Ok((place, job))
}

#[cfg(test)]
mod tests {
    use sea_orm::DatabaseConnection;
    use test_database::databases;

    use super::*;
    use crate::{NewJob, add_timed_at, create_table, enqueue_all};

    /// A job that is asked for in each lane, behind so many of other kinds.
    async fn backlog(db: &DatabaseConnection, now: DateTime<Utc>, others: usize) {
        let table = create_table(db.get_database_backend()).into_iter();
        for statement in table.chain(add_timed_at().map(str::to_owned)) {
            db.execute_unprepared(&statement).await.unwrap();
        }
        let job = |kind, number: usize| NewJob {
            kind,
            subject: number.to_string(),
            lane: format!("lane {}", number % 2),
            payload: serde_json::json!({}),
            priority: i16::from(number.is_multiple_of(4)),
            run_at: now,
        };
        let others = (0..others).map(|number| job(["export", "import", "ship"][number % 3], number));
        let wanted = (0..2).map(|number| job("refresh", number));
        enqueue_all(db, others.chain(wanted), now).await.unwrap();
        db.execute_unprepared("ANALYZE jobs").await.unwrap();
    }

    async fn plan(db: &DatabaseConnection, explain: &str, column: &str, now: DateTime<Utc>) -> Vec<String> {
        let sql = claim_sql(db.get_database_backend(), "AND kind IN ($8)");
        let values: Vec<Value> = vec![
            milliseconds(now).into(),
            60_000_i64.into(),
            "worker".into(),
            "".into(),
            10_i64.into(),
            20_i64.into(),
            10_i64.into(),
            "refresh".into(),
        ];
        let rows = db.query_all_raw(statement(db, format!("{explain} {sql}"), values)).await.unwrap();
        rows.iter().map(|row| row.try_get("", column).unwrap()).collect()
    }

    #[tokio::test]
    async fn jobs_of_other_kinds_are_passed_by_without_being_read() {
        for database in databases().await {
            let db = database.connect().await;
            let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
            backlog(&db, now, 6_000).await;

            if db.get_database_backend() == DbBackend::Sqlite {
                let plan = plan(&db, "EXPLAIN QUERY PLAN", "detail", now).await;
                let head = "jobs_of_lane (lane=? AND priority=? AND kind=? AND run_at<?)";
                assert!(plan.iter().any(|step| step.contains(head)), "{plan:#?}");
                // The walk begins with the first of its index; what runs is counted in an index of its own.
                let scans: Vec<_> = plan.iter().filter(|step| step.starts_with("SCAN jobs")).collect();
                let expected =
                    ["SCAN jobs USING COVERING INDEX jobs_of_lane", "SCAN jobs USING INDEX jobs_leased"];
                assert_eq!(scans, expected, "{plan:#?}");
            } else {
                let plan = plan(&db, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)", "QUERY PLAN", now).await;
                assert!(!plan.iter().any(|step| step.contains("Seq Scan on jobs")), "{plan:#?}");
                let removed = |step: &String| step.split("Removed by Filter: ").nth(1)?.parse::<u64>().ok();
                let removed: u64 = plan.iter().filter_map(removed).sum();
                assert!(removed < 100, "{removed} rows were read in vain: {plan:#?}");
            }
        }
    }
}
