//! What was tried for an order, with the calls that were made: one row for each run of a job with an effect. Nothing here
//! may make a job fail or wait for long.

use std::any::Any;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use database::attempts::{self, Attempt, Call};
use database::{DbErr, orders};
use futures::FutureExt;
use job_queue::{Leased, Outcome};
use shared::{AttemptOutcome, CallSide, ConnectionId, IssueCode, OrderId, TikTokOrderId};
use url::Url;

use crate::engine::Engine;
use crate::jobs::{self, id_of};

mod recorder;
mod redaction;

use recorder::{Heard, Notes, Recorder};
pub(crate) use recorder::{RawCall, apart, asked_by, channel_observer, failed, heard, met, store_observer};

/// The jobs whose runs are kept, beside refreshes that fail.
const KEPT: &[&str] = &[
    jobs::IMPORT_ORDER,
    jobs::PUSH_STORE_STATE,
    jobs::PUSH_STORE_TRACKING,
    jobs::SHIP_PACKAGES,
    jobs::CANCEL_ORDER,
    jobs::ANSWER_CANCELLATION,
    jobs::REGISTER_REFERENCE,
    jobs::ADOPT_STORE_ORDER,
    jobs::FETCH_LABELS,
];

/// A database that takes longer to keep an attempt loses it.
const WRITE_WITHIN: Duration = Duration::from_secs(5);

/// What would be kept of a call.
pub(crate) fn kept_of(
    side: CallSide,
    url: Url,
    sent: &[u8],
    answered: &[u8],
    only_order: Option<&str>,
) -> Call {
    redaction::call(&Heard::of(side, url, sent, answered, only_order))
}

/// Runs a job, and keeps what was tried.
pub(crate) async fn run(engine: &Engine, job: &Leased) -> Outcome {
    // On the heap: the job with everything around it would take more stack than a thread has in a debug build.
    let work = Box::pin(jobs::run(engine, job));
    if job.kind != jobs::REFRESH_ORDER && !KEPT.contains(&job.kind.as_str()) {
        return work.await;
    }
    let recorder = Arc::new(Recorder::default());
    let (started_at, started) = (engine.clock().now(), Instant::now());
    let work = recorder::listening(Arc::clone(&recorder), work);
    let ran = AssertUnwindSafe(work).catch_unwind().await;
    let duration = started.elapsed();
    if let Some((outcome, code)) = worth_keeping(job, &recorder, &ran) {
        keep(engine, job, recorder.take(), started_at, duration, outcome, code).await;
    }
    ran.unwrap_or_else(|panic| resume_unwind(panic))
}

/// How the attempt ended, unless nothing was tried that anybody has to know of.
fn worth_keeping(
    job: &Leased,
    recorder: &Recorder,
    ran: &Result<Outcome, Box<dyn Any + Send>>,
) -> Option<(AttemptOutcome, Option<IssueCode>)> {
    let Ok(ran) = ran else { return Some((AttemptOutcome::Failed, Some(IssueCode::Internal))) };
    recorder.read(|notes| {
        let outcome = outcome_of(notes, ran);
        let tried = !notes.calls.is_empty() || notes.code.is_some();
        let went_wrong = matches!(outcome, AttemptOutcome::Failed | AttemptOutcome::Unknown);
        (tried && (went_wrong || job.kind != jobs::REFRESH_ORDER)).then_some((outcome, notes.code))
    })
}

fn outcome_of(notes: &Notes, ran: &Outcome) -> AttemptOutcome {
    if notes.code == Some(IssueCode::StoreWriteUnknown) {
        return AttemptOutcome::Unknown;
    }
    match ran {
        Outcome::WaitUntil { .. } => AttemptOutcome::Waiting,
        Outcome::RetryAt { .. } if notes.write_unknown => AttemptOutcome::Unknown,
        // Another worker has taken the job over, and knows how it ended.
        Outcome::RetryAt { .. } | Outcome::Park { .. } | Outcome::AlreadyFinished => AttemptOutcome::Failed,
        Outcome::Done | Outcome::Again { .. } if notes.failed => AttemptOutcome::Failed,
        Outcome::Done | Outcome::Again { .. } => AttemptOutcome::Succeeded,
    }
}

async fn keep(
    engine: &Engine,
    job: &Leased,
    notes: Notes,
    started_at: DateTime<Utc>,
    duration: Duration,
    outcome: AttemptOutcome,
    code: Option<IssueCode>,
) {
    let (kind, asked_by) = (job.kind.clone(), notes.asked_by.clone());
    // Apart from the work of other jobs, and if it panicked on what nobody foresaw, from this one.
    let redacted = tokio::task::spawn_blocking(move || notes.calls.iter().map(redaction::call).collect());
    let Ok(calls) = redacted.await else {
        tracing::error!(job = job.id, kind, "the calls of an attempt could not be redacted");
        return;
    };
    let duration_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let attempt = Attempt { kind, started_at, duration_ms, outcome, code, asked_by, calls };
    match tokio::time::timeout(WRITE_WITHIN, write(engine, job, &attempt)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(job = job.id, kind = job.kind, %error, "an attempt was not kept"),
        Err(_) => tracing::warn!(job = job.id, kind = job.kind, "an attempt was not kept in time"),
    }
}

async fn write(engine: &Engine, job: &Leased, attempt: &Attempt) -> Result<(), DbErr> {
    let database = engine.database();
    match order_of(engine, job).await? {
        Some(order_id) => attempts::record(database.writer(), &database.vault, order_id, attempt).await,
        None => Ok(()),
    }
}

/// The order of a job; a refresh knows it only by the name that TikTok Shop gave it.
async fn order_of(engine: &Engine, job: &Leased) -> Result<Option<OrderId>, DbErr> {
    if let Ok(id) = id_of(job, "order_id") {
        return Ok(Some(OrderId(id)));
    }
    let name = job.payload.get("tiktok_order_id").and_then(serde_json::Value::as_str);
    let (Some(name), Ok(connection_id)) = (name, id_of(job, "connection_id")) else { return Ok(None) };
    let writer = engine.database().writer();
    let name = TikTokOrderId(name.to_owned());
    let order = orders::find_for_update(writer, ConnectionId(connection_id), &name).await?;
    Ok(order.map(|order| OrderId(order.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_an_attempt_ended_follows_from_what_it_met_and_what_becomes_of_the_job() {
        let at = DateTime::UNIX_EPOCH;
        let retry = || Outcome::RetryAt { at, error: String::new() };
        let wait = || Outcome::WaitUntil { at, reason: String::new() };
        let park = || Outcome::Park { cause: String::new(), error: String::new(), at: None };
        let met = |code: Option<IssueCode>, failed: bool| Notes { code, failed, ..Notes::default() };
        let unknown_write = || Notes { write_unknown: true, ..Notes::default() };

        let table = [
            (Notes::default(), Outcome::Done, AttemptOutcome::Succeeded),
            (met(Some(IssueCode::StoreTotalMismatch), false), Outcome::Done, AttemptOutcome::Succeeded),
            (met(Some(IssueCode::CancelRefused), true), Outcome::Done, AttemptOutcome::Failed),
            (met(None, true), Outcome::Done, AttemptOutcome::Failed),
            (met(Some(IssueCode::SkuNotFound), true), park(), AttemptOutcome::Failed),
            (met(Some(IssueCode::StoreWriteUnknown), true), wait(), AttemptOutcome::Unknown),
            (met(Some(IssueCode::ChannelRateLimited), true), wait(), AttemptOutcome::Waiting),
            (Notes::default(), retry(), AttemptOutcome::Failed),
            (unknown_write(), retry(), AttemptOutcome::Unknown),
            (unknown_write(), park(), AttemptOutcome::Failed),
            (unknown_write(), Outcome::Done, AttemptOutcome::Succeeded),
        ];

        for (notes, ran, expected) in table {
            assert_eq!(outcome_of(&notes, &ran), expected, "{notes:?} {ran:?}");
        }
    }
}
