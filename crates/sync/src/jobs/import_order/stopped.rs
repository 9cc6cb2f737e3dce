//! What becomes of an order and its job when an import did not end with a store order.

use chrono::{DateTime, TimeDelta, Utc};
use database::actions::Ending;
use database::connections::ConnectionRecord;
use database::import_intents::{self, Step};
use database::issues::{self, Found, Retry};
use database::orders;
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr};
use job_queue::{Leased, Outcome};
use shared::{IMPORT_ISSUES, ImportState, IssueCode, OrderId, TikTokOrderId};

use super::{Stop, begin_under, end_differences, end_imports, end_unwanted, kept_out, not_imported};
use crate::attempts;
use crate::engine::Engine;
use crate::issue_of::{next_step, of_store};
use crate::jobs::{JobError, refresh_order};
use crate::mapping::ImportDecision;

/// A store order that may have been made, and is not wanted any more, is looked for this often.
const LOOK_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);

/// Notes why an import stopped, and decides about the job; nothing for a job that another worker has taken over.
pub(super) async fn stopped(
    engine: &Engine,
    job: &Leased,
    connection: &ConnectionRecord,
    order_id: OrderId,
    tiktok_order_id: &TikTokOrderId,
    stop: Stop,
) -> Result<Outcome, JobError> {
    let now = engine.clock().now();
    // Whatever it meets, it counts as a try, unless the store was not asked.
    let tries = i32::from(!matches!(stop, Stop::Down(_)));
    let (found, mut fixed) = match stop {
        Stop::Job(error) => return Err(error),
        Stop::LeaseLost => return Ok(Outcome::AlreadyFinished),
        Stop::Overtaken => {
            end_unwanted(engine, order_id).await?;
            return Ok(Outcome::Done);
        }
        Stop::Withdrawn(decision) => {
            let Some(txn) = begin_under(engine, job, order_id).await? else {
                return Ok(Outcome::AlreadyFinished);
            };
            withdraw(&txn, order_id, &decision, now).await?;
            txn.commit().await?;
            return Ok(Outcome::Done);
        }
        Stop::Busy(pause) => {
            return Ok(Outcome::WaitUntil {
                at: now + pause,
                reason: "another process creates orders in this store".to_owned(),
            });
        }
        Stop::Outdated => {
            return Ok(Outcome::WaitUntil {
                at: now,
                reason: "TikTok Shop or the store changed meanwhile what the order was planned from"
                    .to_owned(),
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
            (vec![found], Some((Outcome::WaitUntil { at: look_again_at, reason }, look_again_at)))
        }
        Stop::Down(down) => {
            let found = Found::new(IssueCode::StoreUnreachable).with("reason", &down.reason);
            (vec![found], Some((down.outcome, down.next_try_at)))
        }
    };
    if tries > 0 {
        attempts::failed(found.first().map(|found| found.code));
    }
    let Some(txn) = begin_under(engine, job, order_id).await? else { return Ok(Outcome::AlreadyFinished) };
    let order = orders::find_locked(&txn, order_id).await?;
    if let Some(decision) = order.as_ref().and_then(kept_out)
        && fixed.is_none()
    {
        let intent = import_intents::find(&txn, order_id).await?;
        if intent.is_none_or(|intent| intent.step != Step::Posting) {
            withdraw(&txn, order_id, &decision, now).await?;
            txn.commit().await?;
            return Ok(Outcome::Done);
        }
        // The store may have made it before it was kept out. Nobody else looks for it, so whatever keeps it from being
        // found must not end the search.
        let outcome = Outcome::WaitUntil {
            at: now + LOOK_AGAIN_AFTER,
            reason: "the store may have made an order that is not wanted any more".to_owned(),
        };
        fixed = Some((outcome, now + LOOK_AGAIN_AFTER));
    }
    let before = issues::open_of(&txn, order_id).await?;
    // Another cause begins anew: a day of one must not use up the tries of the next.
    let attempts = before
        .iter()
        .filter(|issue| found.iter().any(|found| found.code.as_str() == issue.code))
        .map(|issue| issue.attempts)
        .max()
        .unwrap_or(0)
        + tries;
    let (outcome, retry) = match fixed {
        Some((outcome, at)) => (outcome, Retry { attempts, next_at: Some(at) }),
        None => next_step(connection.id, &found, attempts, now),
    };
    let met = |code| found.iter().any(|found| found.code == code);
    // What TikTok Shop hid or got wrong, it may tell by now.
    let ask_again_at = if met(IssueCode::AddressMasked) || met(IssueCode::PaymentIncoherent) {
        Some(retry.next_at.unwrap_or(now + TimeDelta::hours(6)))
    } else {
        // Whoever tries it once more has entered the SKU in TikTok Shop, or seen it arrive with another order.
        (met(IssueCode::SkuMissing) && attempts > 1).then_some(now)
    };
    if let Some(at) = ask_again_at {
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
    // Whoever asked hears why; an import that only waits is still on its way.
    if let (Some(first), false) = (found.first(), matches!(outcome, Outcome::WaitUntil { .. })) {
        let ending = Ending::failed(first.code, first.code.sentence(&first.facts));
        end_imports(&txn, order_id, &ending, now).await?;
    }
    orders::derive_status(&txn, order_id, now).await?;
    txn.commit().await?;
    Ok(outcome)
}

async fn withdraw(
    txn: &DatabaseTransaction,
    order_id: OrderId,
    decision: &ImportDecision,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    orders::set_import_state(txn, order_id, decision.state(), now).await?;
    issues::resolve(txn, order_id, IMPORT_ISSUES, now).await?;
    end_differences(txn, order_id, now).await?;
    let reason = match decision {
        ImportDecision::Skip(reason) => reason,
        ImportDecision::Wait | ImportDecision::Import => {
            "TikTok Shop has not released it, or it was deleted here."
        }
    };
    end_imports(txn, order_id, &not_imported(format!("Not imported. {reason}")), now).await?;
    orders::derive_status(txn, order_id, now).await?;
    Ok(())
}
