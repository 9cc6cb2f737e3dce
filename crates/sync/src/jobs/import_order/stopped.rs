//! What becomes of an order and its job when an import did not end with a store order.

use chrono::TimeDelta;
use database::connections::ConnectionRecord;
use database::issues::{self, Found, Retry};
use database::orders;
use database::timeline::{self, Entry};
use job_queue::Outcome;
use shared::{ChannelStatus, ImportState, IssueCode, OrderId, TikTokOrderId};

use super::Stop;
use crate::engine::Engine;
use crate::issue_of::{IMPORT_ISSUES, next_step, of_store};
use crate::jobs::{JobError, refresh_order};

/// Notes why an import stopped, and decides about the job.
pub(super) async fn stopped(
    engine: &Engine,
    connection: &ConnectionRecord,
    order_id: OrderId,
    tiktok_order_id: &TikTokOrderId,
    stop: Stop,
) -> Result<Outcome, JobError> {
    let now = engine.clock().now();
    let (found, fixed_outcome) = match stop {
        Stop::Job(error) => return Err(error),
        Stop::LeaseLost => return Ok(Outcome::AlreadyFinished),
        Stop::Withdrawn(decision) => {
            let txn = engine.database().begin().await?;
            orders::set_import_state(&txn, order_id, decision.state(), now).await?;
            issues::resolve(&txn, order_id, IMPORT_ISSUES, now).await?;
            orders::derive_status(&txn, order_id, now).await?;
            txn.commit().await?;
            return Ok(Outcome::Done);
        }
        Stop::Busy => {
            let at = now + TimeDelta::seconds(1);
            return Ok(Outcome::WaitUntil {
                at,
                reason: "another process creates orders in this store".to_owned(),
            });
        }
        Stop::Blocked(found) => {
            // A person may be putting it right at this moment, so the next try looks afresh.
            if let Ok(store) = engine.store(connection) {
                store.facts.forget().await;
            }
            (found, None)
        }
        Stop::Store(error) => (vec![of_store(&error)], None),
        Stop::Unknown { look_again_at, reason } => {
            let found = Found::new(IssueCode::StoreWriteUnknown).with("reason", &reason);
            (vec![found], Some(Outcome::WaitUntil { at: look_again_at, reason }))
        }
    };
    let txn = engine.database().begin().await?;
    let order = orders::find(&txn, order_id).await?;
    let withdrawn = order
        .is_some_and(|order| ChannelStatus::from(order.channel_status.as_str()) == ChannelStatus::Cancelled);
    if withdrawn && fixed_outcome.is_none() {
        orders::set_import_state(&txn, order_id, ImportState::Skipped, now).await?;
        issues::resolve(&txn, order_id, IMPORT_ISSUES, now).await?;
        orders::derive_status(&txn, order_id, now).await?;
        txn.commit().await?;
        return Ok(Outcome::Done);
    }
    let before = issues::open_of(&txn, order_id).await?;
    // Another cause begins anew: a day of one must not use up the tries of the next.
    let attempts = before
        .iter()
        .filter(|issue| found.iter().any(|found| found.code.as_str() == issue.code))
        .map(|issue| issue.attempts)
        .max()
        .unwrap_or(0)
        + 1;
    let (outcome, retry) = match fixed_outcome {
        Some(Outcome::WaitUntil { at, reason }) => {
            (Outcome::WaitUntil { at, reason }, Retry { attempts, next_at: Some(at) })
        }
        Some(outcome) => (outcome, Retry { attempts, next_at: None }),
        None => next_step(connection.id, &found, attempts, now),
    };
    // What TikTok Shop hid or got wrong, it may tell by now.
    let ask_again = found
        .iter()
        .any(|found| matches!(found.code, IssueCode::AddressMasked | IssueCode::PaymentIncoherent));
    if ask_again {
        let at = retry.next_at.unwrap_or(now + TimeDelta::hours(6));
        let refresh = refresh_order(connection.id, tiktok_order_id, at);
        job_queue::enqueue(&txn, refresh, now).await?;
    }
    orders::set_import_state(&txn, order_id, ImportState::Blocked, now).await?;
    let changes = issues::set(&txn, connection.id, order_id, IMPORT_ISSUES, &found, retry, now).await?;
    if !changes.opened.is_empty() {
        for issue in found.iter().filter(|found| changes.opened.contains(&found.code)) {
            let mut entry = Entry::ours("import", issue.code.sentence(&issue.facts));
            entry.facts.clone_from(&issue.facts);
            timeline::record(&txn, order_id, entry.with("code", issue.code), now).await?;
        }
    }
    orders::derive_status(&txn, order_id, now).await?;
    txn.commit().await?;
    Ok(outcome)
}
