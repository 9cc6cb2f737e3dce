use database::actions;
use database::issues::{self, Found, Retry};
use database::orders;
use database::timeline::{self, Entry};
use job_queue::{Leased, Outcome};
use shared::{ActionKind, IssueCode, OrderId, Side, TikTokOrderId};

use super::{
    ADOPT_STORE_ORDER, ANSWER_CANCELLATION, CANCEL_ORDER, FETCH_LABELS, HEAL_ORDER, JobError, SHIP_PACKAGES,
    order_of, refresh_order, ship_packages,
};
use crate::breaker::Down;
use crate::engine::Engine;
use crate::issue_of::CHANNEL_ISSUES;
use crate::side::sentence_name;

/// The actions that a kind of job carries out and that wait for as long as a side does not answer, and their topic in the
/// story.
fn waiting_for(kind: &str) -> Option<(&'static [ActionKind], &'static str)> {
    Some(match kind {
        SHIP_PACKAGES => (ship_packages::KINDS, "shipping"),
        FETCH_LABELS => (&[ActionKind::FetchLabel], "shipping"),
        CANCEL_ORDER => (&[ActionKind::Cancel], "cancellation"),
        ANSWER_CANCELLATION => {
            (&[ActionKind::AcceptCancellation, ActionKind::RejectCancellation], "cancellation")
        }
        ADOPT_STORE_ORDER => (&[ActionKind::Adopt], "import"),
        HEAL_ORDER => (&[ActionKind::Heal], "issue"),
        _ => return None,
    })
}

/// Says why what somebody asked for waits while a side does not answer, on the actions and, where it is TikTok Shop, on the
/// order; no call is made and no try counted.
pub(super) async fn wait(engine: &Engine, job: &Leased, down: Down) -> Result<Outcome, JobError> {
    let Some((kinds, topic)) = waiting_for(&job.kind) else { return Ok(down.outcome) };
    let (connection, order) = match order_of(engine, job).await? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    let id = OrderId(order.id);
    let now = engine.clock().now();
    let txn = orders::begin_locked(engine.database(), id).await?;
    let mut due = actions::queued(&txn, id, kinds).await?;
    due.retain(|action| action.leaves_at <= now);
    if due.is_empty() {
        return Ok(down.outcome);
    }
    // Later tries do not make it untrue.
    let why = format!(
        "{} does not answer; it is asked again from {} on, and this follows as soon as it answers.",
        sentence_name(down.side),
        down.next_try_at.format("%Y-%m-%d %H:%M UTC"),
    );
    let mut is_told = true;
    for action in due {
        is_told &= !actions::say_why_it_waits(&txn, action.id, &why).await?;
    }
    if !is_told {
        timeline::record(&txn, id, Entry::ours(topic, &why), now).await?;
    }
    if down.side == Side::Channel {
        let found = Found::new(IssueCode::ChannelUnreachable);
        let retry = Retry { attempts: 0, next_at: Some(down.next_try_at) };
        issues::set(&txn, connection.id, id, CHANNEL_ISSUES, &[found], retry, now).await?;
        // The look that follows ends the issue, also when somebody takes the action back meanwhile.
        let look = refresh_order(connection.id, &TikTokOrderId(order.tiktok_order_id), now);
        job_queue::enqueue(&txn, look, now).await?;
    }
    orders::derive_status(&txn, id, now).await?;
    txn.commit().await?;
    engine.wake();
    Ok(down.outcome)
}
