//! A job that panics is a fault of ours: its order says so, with a reference that leads to the log, and it is tried again.

use database::issues::{self, Found, Retry};
use database::orders;
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr};
use job_queue::{Leased, Outcome, Panicked};
use shared::{ConnectionId, IssueCode, OrderId, TikTokOrderId};

use super::{EXPORT, export, id_of};
use crate::engine::Engine;

/// Opens the issue on the job's order, if it has one, and says when the job is tried again.
pub(crate) async fn after_panic(engine: &Engine, job: &Leased, panic: &Panicked) -> Outcome {
    if job.kind == EXPORT {
        return export::after_panic(engine, job, panic).await.unwrap_or_else(|error| {
            tracing::error!(job = job.id, %error, "an export that panics could not be given up");
            panic.retry(job)
        });
    }
    let outcome = panic.retry(job);
    if let Err(error) = tell(engine, job, panic, &outcome).await {
        tracing::error!(job = job.id, kind = %job.kind, %error, "cannot tell that a job panicked");
    }
    outcome
}

/// A job that failed before has gone well.
pub(super) async fn after_success(engine: &Engine, job: &Leased) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    if let Some(order_id) = order_of(&txn, job).await?
        && issues::resolve_about(&txn, order_id, IssueCode::Internal, &job.kind, now).await?
    {
        orders::derive_status(&txn, order_id, now).await?;
    }
    txn.commit().await
}

async fn tell(engine: &Engine, job: &Leased, panic: &Panicked, outcome: &Outcome) -> Result<(), DbErr> {
    let txn = engine.database().begin().await?;
    let Some(order_id) = order_of(&txn, job).await? else { return Ok(()) };
    let Ok(connection_id) = id_of(job, "connection_id").map(ConnectionId) else { return Ok(()) };
    let next_at = match outcome {
        Outcome::RetryAt { at, .. } => Some(*at),
        _ => None,
    };
    // One for each kind of job, or the success of one would end the issue of another.
    let found = Found::new(IssueCode::Internal).with("reference", &panic.reference).about(&job.kind);
    let retry = Retry { attempts: job.attempts + 1, next_at };
    if issues::open(&txn, connection_id, order_id, &found, retry, panic.at).await? {
        let entry = Entry::ours("issue", found.code.sentence(&found.facts)).with("code", found.code);
        timeline::record(&txn, order_id, entry, panic.at).await?;
    }
    orders::derive_status(&txn, order_id, panic.at).await?;
    txn.commit().await
}

/// The order that a job is about, where there is one and it is recorded.
async fn order_of(txn: &DatabaseTransaction, job: &Leased) -> Result<Option<OrderId>, DbErr> {
    if let Ok(id) = id_of(job, "order_id") {
        return Ok(orders::find_locked(txn, OrderId(id)).await?.map(|order| OrderId(order.id)));
    }
    let tiktok_order_id = job.payload.get("tiktok_order_id").and_then(serde_json::Value::as_str);
    let (Some(id), Ok(connection_id)) = (tiktok_order_id, id_of(job, "connection_id")) else {
        return Ok(None);
    };
    let id = TikTokOrderId(id.to_owned());
    let order = orders::find_for_update(txn, ConnectionId(connection_id), &id).await?;
    Ok(order.map(|order| OrderId(order.id)))
}
