use chrono::TimeDelta;
use database::actions::{self, Ending};
use database::connections::ConnectionRecord;
use database::orders::{self, OrderRow};
use database::timeline::{self, Entry};
use job_queue::{Leased, Outcome, backoff};
use prestashop::{Refusal, RefusalKind};
use shared::{ActionKind, ActionRequest, ActionState, IssueCode, OrderAction, OrderId, StoreOrderId};

use super::import_order::{Import, Origin, Stop};
use super::{JobError, connection_of, id_of};
use crate::attempts;
use crate::engine::Engine;
use crate::issue_of::of_store;
use crate::mapping::order_key;

/// What every key of an order begins with.
const KEY_PREFIX: &str = "tiktok:";

/// Whoever named a store order hears after so many failures that the store does not answer.
const TRIES: i32 = 3;

/// Takes an existing store order for an order's, as somebody asked. The store is only read.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(id_of(job, "order_id")?);
    let writer = engine.database().writer();
    for action in actions::queued(writer, order_id, &[ActionKind::Adopt]).await? {
        let ActionRequest::Adopt { store_order_id } = action.request else { continue };
        attempts::asked_by(&action.actor);
        let Some(order) = orders::find(writer, order_id).await? else { return Ok(Outcome::Done) };
        let adopted = adopt(engine, job, &connection, &order, store_order_id).await;
        if let Some(outcome) = ended(engine, job, &action, adopted).await? {
            return Ok(outcome);
        }
        engine.wake();
    }
    Ok(Outcome::Done)
}

/// Why a store order is not this order's.
enum NotAdopted {
    /// In a sentence for the merchant.
    Unfit(String),
    Stopped(Stop),
}

impl<E: Into<Stop>> From<E> for NotAdopted {
    fn from(error: E) -> Self {
        Self::Stopped(error.into())
    }
}

async fn adopt(
    engine: &Engine,
    job: &Leased,
    connection: &ConnectionRecord,
    order: &OrderRow,
    wanted: StoreOrderId,
) -> Result<(), NotAdopted> {
    let unfit = |sentence: String| Err(NotAdopted::Unfit(sentence));
    if let Some(other) = orders::of_store_order(engine.database().writer(), connection.id, wanted.0).await?
        && other.id != order.id
    {
        let other = other.tiktok_order_id;
        return unfit(format!("The store order #{wanted} belongs to the TikTok order {other}."));
    }
    let missing = || format!("The store has no order #{wanted}.");
    let Ok(id) = u64::try_from(wanted.0).map(prestashop::OrderId) else { return unfit(missing()) };
    let import = Import::of(engine, connection, order).await?.under(job);
    let stored = match import.client.order(id).await {
        Err(prestashop::Error::Refused(Refusal { kind: RefusalKind::NotFound, .. })) => {
            return unfit(missing());
        }
        stored => stored?,
    };
    let key = order_key(&import.tiktok_order_id);
    if let Some(other) = stored.gift_message.strip_prefix(KEY_PREFIX).filter(|_| stored.gift_message != key) {
        return unfit(format!("The store order #{wanted} carries the key of the TikTok order {other}."));
    }
    let states = &import.facts.settings.order_states;
    if stored.current_state.is_some() && stored.current_state == states.payment_error {
        return unfit(format!("The store order #{wanted} is in the store's payment error state."));
    }
    let keyed = import.client.orders_by_gift_message(&key).await?;
    let live = |found: &&prestashop::OrderSummary| {
        found.id != id && (states.canceled.is_none() || found.current_state != states.canceled)
    };
    if let Some(other) = keyed.iter().find(live) {
        let other = other.id;
        return unfit(format!("The store order #{other} was made for this order; adopt that one."));
    }
    Ok(import.finish(id, Origin::Adopted).await?)
}

/// Ends the action, unless the job has to come again.
async fn ended(
    engine: &Engine,
    job: &Leased,
    action: &OrderAction,
    adopted: Result<(), NotAdopted>,
) -> Result<Option<Outcome>, JobError> {
    let now = engine.clock().now();
    let failed =
        |code: Option<IssueCode>, result: String| Ending { state: ActionState::Failed, result, code };
    let ending = match adopted {
        // The action ended together with what it did.
        Ok(()) => return Ok(None),
        Err(NotAdopted::Unfit(sentence)) => failed(None, sentence),
        Err(NotAdopted::Stopped(stop)) => match stop {
            Stop::Job(error) => return Err(error),
            Stop::Unknown { look_again_at: at, reason } => {
                return Ok(Some(Outcome::WaitUntil { at, reason }));
            }
            Stop::Overtaken => {
                failed(None, "The order got its store order in another way meanwhile.".to_owned())
            }
            Stop::Store(error) if job.attempts + 1 < TRIES => {
                attempts::failed(of_store(&error).code);
                let delay = backoff::delay(job.attempts, &mut rand::rng());
                let at = now + delay.unwrap_or(TimeDelta::minutes(10));
                return Ok(Some(Outcome::RetryAt { at, error: error.to_string() }));
            }
            Stop::Store(error) => {
                let found = of_store(&error);
                failed(Some(found.code), found.code.sentence(&found.facts))
            }
            Stop::Blocked(_)
            | Stop::Busy(_)
            | Stop::Outdated
            | Stop::Down(_)
            | Stop::Withdrawn(_)
            | Stop::LeaseLost => {
                let at = now + TimeDelta::seconds(5);
                return Ok(Some(Outcome::RetryAt { at, error: "the order could not be read".to_owned() }));
            }
        },
    };
    attempts::failed(ending.code);
    let txn = orders::begin_locked(engine.database(), action.order_id).await?;
    actions::end(&txn, action.id, &ending, now).await?;
    timeline::record(&txn, action.order_id, Entry::ours("import", &ending.result), now).await?;
    orders::derive_status(&txn, action.order_id, now).await?;
    txn.commit().await?;
    Ok(None)
}
