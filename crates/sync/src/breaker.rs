//! The circuit breaker of each side of each connection. A side that fails again and again is left alone by all processes:
//! its jobs wait without a call and without counting an attempt, and one call tries it from time to time.
//!
//! That a side is down stands in the database, where every process reads it before each job. The failures that lead there
//! are counted in each process by itself: to count them in the database would cost a write for each call, and a side that
//! is down soon fails often enough wherever it is called from.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use database::circuit_breakers::{self, Breaker};
use database::clock_skew::MOST_CLOCK_SKEW;
use database::{DbErr, events, issues};
use job_queue::{Leased, NewJob, Outcome};
use shared::{ConnectionId, EventKind, IssueCode, Side};

use crate::engine::Engine;
use crate::issue_of::cause;
use crate::jobs;
use crate::side::{FAILURES_IN_A_ROW, Pulse, Seen, name};

/// Pauses before each try, in seconds; the last one comes again.
const PAUSES_S: [i64; 5] = [30, 60, 120, 180, 300];

/// How long a try may take before another process makes one: a creation waits for two minutes.
const LONGEST_TRY: TimeDelta = TimeDelta::seconds(180);

/// A side that asks for fewer calls is left alone for this long at most.
const LONGEST_LIMIT: TimeDelta = TimeDelta::hours(1);

/// What waits for somebody to wake it looks by itself after so long: whoever parks it and whoever wakes it may have missed
/// each other.
pub(crate) const LONGEST_SLEEP: TimeDelta = TimeDelta::hours(1);

/// Jobs of a side that was left alone come back a little after each other.
const SPREAD_MS: i64 = 50;
const SPREAD_OVER: i64 = 40;

/// Whether a job may call the sides that it needs.
pub(crate) enum Admission {
    Go(Admitted),
    /// A side is down; the job is told so.
    Down(Down),
    /// A side asked for fewer calls.
    Later(Outcome),
}

/// Why a job may not run now.
#[derive(Debug, Clone)]
pub(crate) struct Down {
    pub side: Side,
    pub reason: String,
    pub next_try_at: DateTime<Utc>,
    /// What becomes of the job.
    pub outcome: Outcome,
}

/// What has to be looked at when the job has ended.
pub(crate) struct Admitted {
    connection_id: ConnectionId,
    sides: Vec<(Side, Arc<Pulse>, Option<Try>)>,
}

/// This job is the one that tries a side.
struct Try {
    before: Seen,
    failed_tries: i32,
}

/// The jobs that try a side that is down, for they come again and again and are one for each connection.
fn tries(kind: &str, side: Side) -> bool {
    match side {
        Side::Channel => kind == jobs::POLL_ORDERS,
        Side::Store => kind == jobs::READ_STORE_CHANGES,
    }
}

fn try_of(connection_id: ConnectionId, side: Side, at: DateTime<Utc>) -> NewJob {
    match side {
        Side::Channel => jobs::poll_orders(connection_id, at),
        Side::Store => jobs::read_store_changes(connection_id, at),
    }
}

/// Under which name jobs sleep until a side answers again.
fn asleep(connection_id: ConnectionId, side: Side) -> String {
    cause(connection_id, issue_of(side), "")
}

/// What the orders that wait for a side show.
fn issue_of(side: Side) -> IssueCode {
    match side {
        Side::Channel => IssueCode::ChannelUnreachable,
        Side::Store => IssueCode::StoreUnreachable,
    }
}

/// Asks before a job runs whether it may.
pub(crate) async fn admit(engine: &Engine, job: &Leased) -> Result<Admission, DbErr> {
    let sides = jobs::sides_of(&job.kind);
    let connection_id = job.payload.get("connection_id").and_then(serde_json::Value::as_i64);
    let Some(connection_id) = connection_id.map(ConnectionId) else {
        let nobody = Admitted { connection_id: ConnectionId(0), sides: Vec::new() };
        return Ok(Admission::Go(nobody));
    };
    let now = engine.clock().now();
    let mut admitted = Admitted { connection_id, sides: Vec::with_capacity(sides.len()) };
    for &side in sides {
        let breaker = find(engine, connection_id, side, now).await?;
        if let Some(until) = breaker.limited_until.filter(|until| *until > now) {
            admitted.give_up(engine).await?;
            let spread = TimeDelta::milliseconds(job.id.rem_euclid(SPREAD_OVER) * SPREAD_MS);
            let reason = format!("{} asked for fewer calls", name(side));
            return Ok(Admission::Later(Outcome::WaitUntil { at: until + spread, reason }));
        }
        let pulse = engine.pulse(connection_id, side);
        let Some(next_try_at) = breaker.next_try_at else {
            admitted.sides.push((side, pulse, None));
            continue;
        };
        let until = now + LONGEST_TRY;
        let writer = engine.database().writer();
        if next_try_at <= now && circuit_breakers::begin_try(writer, connection_id, side, until, now).await? {
            let begun = Try { before: pulse.seen(), failed_tries: breaker.failed_tries };
            admitted.sides.push((side, pulse, Some(begun)));
            continue;
        }
        admitted.give_up(engine).await?;
        return Ok(Admission::Down(down(connection_id, side, &breaker, next_try_at, job, now)));
    }
    Ok(Admission::Go(admitted))
}

/// How the side answers, as far as a right clock has written it: what waits for a time that a wrong one wrote would not
/// know that it may go on.
async fn find(
    engine: &Engine,
    connection_id: ConnectionId,
    side: Side,
    now: DateTime<Utc>,
) -> Result<Breaker, DbErr> {
    let latest = now + MOST_CLOCK_SKEW;
    let breaker = circuit_breakers::find(engine.database().reader(), connection_id, side).await?;
    if breaker.timed_at.is_none_or(|timed_at| timed_at <= latest) {
        return Ok(breaker);
    }
    let writer = engine.database().writer();
    circuit_breakers::pull_back(writer, latest, now).await?;
    circuit_breakers::find(writer, connection_id, side).await
}

fn down(
    connection_id: ConnectionId,
    side: Side,
    breaker: &Breaker,
    next_try_at: DateTime<Utc>,
    job: &Leased,
    now: DateTime<Utc>,
) -> Down {
    let error = format!("{} does not answer", name(side));
    let outcome = if tries(&job.kind, side) {
        // Somebody else tries at this very moment.
        let at = next_try_at.max(now + TimeDelta::seconds(5));
        Outcome::WaitUntil { at, reason: error }
    } else {
        Outcome::Park { cause: asleep(connection_id, side), error, at: Some(now + LONGEST_SLEEP) }
    };
    Down { side, reason: breaker.reason.clone().unwrap_or_default(), next_try_at, outcome }
}

impl Admitted {
    /// The job does not run after all: somebody else may try.
    async fn give_up(&self, engine: &Engine) -> Result<(), DbErr> {
        for (side, _, tried) in &self.sides {
            if tried.is_some() {
                let writer = engine.database().writer();
                circuit_breakers::give_up_try(writer, self.connection_id, *side).await?;
            }
        }
        Ok(())
    }

    /// Draws the conclusions when the job has ended. For the job whose part it is to try a side, and that did so in vain:
    /// when the next try is due. Another one that happened to be the first to try goes its own way.
    pub(crate) async fn settle(self, engine: &Engine, job: &Leased) -> Result<Option<DateTime<Utc>>, DbErr> {
        let id = self.connection_id;
        let mut next_try = None;
        for (side, pulse, tried) in self.sides {
            let now = engine.clock().now();
            if let Some(pause) = pulse.take_complaint() {
                let pause = TimeDelta::from_std(pause).unwrap_or(TimeDelta::minutes(5));
                let until = now + pause.min(LONGEST_LIMIT);
                circuit_breakers::limit(engine.database().writer(), id, side, until, now).await?;
            }
            let seen = pulse.seen();
            match tried {
                Some(tried) if seen.answered_since(&tried.before) => close(engine, id, side).await?,
                Some(tried) if seen.failed_since(&tried.before) => {
                    let next_try_at = now + pause_after(tried.failed_tries + 1);
                    try_failed(engine, id, side, &seen.reason, next_try_at).await?;
                    if tries(&job.kind, side) {
                        next_try = Some(next_try_at);
                    }
                }
                Some(_) => circuit_breakers::give_up_try(engine.database().writer(), id, side).await?,
                None if seen.failures_in_a_row >= FAILURES_IN_A_ROW => {
                    open(engine, id, side, &seen.reason).await?;
                    pulse.forget_failures();
                }
                None => {}
            }
        }
        Ok(next_try)
    }
}

fn pause_after(failed_tries: i32) -> TimeDelta {
    let last = PAUSES_S.len() - 1;
    let index = usize::try_from(failed_tries).unwrap_or(0).min(last);
    TimeDelta::seconds(PAUSES_S[index])
}

async fn open(engine: &Engine, id: ConnectionId, side: Side, reason: &str) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    let next_try_at = now + pause_after(0);
    if circuit_breakers::open(&txn, id, side, reason, next_try_at, now).await? {
        job_queue::enqueue(&txn, try_of(id, side, next_try_at), now).await?;
        tracing::warn!(connection = %id, side = %side, reason, "a side does not answer; its jobs wait");
        events::record(&txn, EventKind::ConnectionUpdated, id, None, now).await?;
    }
    txn.commit().await
}

async fn try_failed(
    engine: &Engine,
    id: ConnectionId,
    side: Side,
    reason: &str,
    next_try_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    // What the orders say about the next try stays true.
    issues::postpone(&txn, id, issue_of(side), next_try_at).await?;
    circuit_breakers::try_failed(&txn, id, side, reason, next_try_at, now).await?;
    job_queue::enqueue(&txn, try_of(id, side, next_try_at), now).await?;
    txn.commit().await
}

async fn close(engine: &Engine, id: ConnectionId, side: Side) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    if circuit_breakers::close(&txn, id, side).await? {
        job_queue::enqueue(&txn, jobs::wake_sleepers(&asleep(id, side), now), now).await?;
        tracing::info!(connection = %id, side = %side, "a side answers again; its jobs go on");
        events::record(&txn, EventKind::ConnectionUpdated, id, None, now).await?;
    }
    txn.commit().await?;
    engine.wake();
    Ok(())
}
