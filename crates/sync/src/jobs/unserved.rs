use database::DbErr;
use database::connections::ConnectionRecord;
use database::issues::{self, Retry};
use database::orders;
use job_queue::{Leased, Outcome};
use shared::OrderId;
use tiktok_shop::{Error, Rejection};

use super::{channel_outcome, worth_telling};
use crate::channel::ChannelFailure;
use crate::engine::Engine;
use crate::issue_of::{CHANNEL_ISSUES, of_channel_in};

/// What becomes of an order's job that TikTok Shop did not serve: it is tried again, and unless that is soon the order says
/// why it waits.
pub(super) async fn unserved(
    engine: &Engine,
    connection: &ConnectionRecord,
    order_id: OrderId,
    failure: &ChannelFailure,
    job: &Leased,
) -> Result<Outcome, DbErr> {
    let now = engine.clock().now();
    let outcome = channel_outcome(failure, job, now);
    let Some(next_at) = worth_telling(&outcome, job, now) else { return Ok(outcome) };
    if let ChannelFailure::Channel(error) = failure
        && !matches!(error, Error::Rejected { .. })
    {
        let txn = orders::begin_locked(engine.database(), order_id).await?;
        let found = of_channel_in(connection, error);
        let retry = Retry { attempts: job.attempts + 1, next_at: Some(next_at) };
        issues::set(&txn, connection.id, order_id, CHANNEL_ISSUES, &[found], retry, now).await?;
        orders::derive_status(&txn, order_id, now).await?;
        txn.commit().await?;
    }
    Ok(outcome)
}

/// Ends what the order says of TikTok Shop's silence, now that it has answered.
pub(super) async fn served(engine: &Engine, order_id: OrderId) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let txn = orders::begin_locked(engine.database(), order_id).await?;
    if !issues::resolve(&txn, order_id, CHANNEL_ISSUES, now).await?.is_empty() {
        orders::derive_status(&txn, order_id, now).await?;
    }
    txn.commit().await
}

/// A definite answer that the thing cannot be done now.
#[derive(Debug)]
pub(super) struct Refusal {
    pub reason: Rejection,
    /// TikTok Shop's number for it, if it gave one.
    pub code: Option<i64>,
    /// TikTok Shop's own words.
    pub message: String,
}

/// Tells a definite refusal from a failure after which the job is tried again.
pub(super) fn refusal_of(failure: ChannelFailure) -> Result<Refusal, ChannelFailure> {
    match failure {
        ChannelFailure::Channel(Error::Rejected { reason, code, message, .. })
            if reason != Rejection::Locked =>
        {
            Ok(Refusal { reason, code: Some(code), message })
        }
        ChannelFailure::Channel(
            Error::NotFound { code, message, .. }
            | Error::Denied { code, message, .. }
            | Error::InvalidRequest { code, message, .. },
        ) => Ok(Refusal { reason: Rejection::Other, code, message }),
        failure => Err(failure),
    }
}
