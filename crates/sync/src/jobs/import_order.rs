//! The import, exactly once. PrestaShop has no unique field and no lock, and its answers lie, so the whole burden is
//! here: look first, write down the intent, create in single file, look again.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use database::actions::{self, Ending};
use database::connections::ConnectionRecord;
use database::import_intents::{self, ImportIntent, Step};
use database::issues::{self, Found};
use database::orders::{self, OrderRow};
use database::{DatabaseTransaction, DbErr};
use job_queue::{LeaseState, Leased, Outcome};
use prestashop::{CartId, Client, OrderSummary};
use shared::{ActionKind, ActionState, ChannelStatus, ImportState, IssueCode, OrderId, TikTokOrderId};

use super::{JobError, order_of};
use crate::attempts;
use crate::breaker::Down;
use crate::engine::Engine;
use crate::jobs::refresh_order::CANCELED_ITEMS;
use crate::mapping::{CANCELED_BEFORE, Choice, ImportDecision, StoreOrderPlan, order_key};
use crate::store::Store;
use crate::store_facts::StoreFacts;

mod create;
mod finish;
mod given_up;
pub(crate) mod plan;
mod prepare;
mod read_back;
mod shipping_product;
mod stopped;

use stopped::stopped;

/// What comes on top of the store's time limit before an order that was not found counts as not made. The request leaves
/// within it after its intent was written down, or not at all: `may_write` gives it no longer.
pub(crate) const MARGIN: TimeDelta = TimeDelta::seconds(10);

/// How an order came to its store order.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'p> {
    /// The import made it.
    Created(&'p StoreOrderPlan),
    /// It was there, with the order's key; with what it was to be, where that is still known.
    Found(Option<&'p StoreOrderPlan>),
    /// A person named it.
    Adopted,
}

impl<'p> Origin<'p> {
    fn plan(self) -> Option<&'p StoreOrderPlan> {
        match self {
            Self::Created(plan) | Self::Found(Some(plan)) => Some(plan),
            Self::Found(None) | Self::Adopted => None,
        }
    }
}

/// Why an import did not end with a store order.
pub(crate) enum Stop {
    /// The order cannot be made as it is; every reason at once.
    Blocked(Vec<Found>),
    /// The store could not be asked or refused.
    Store(prestashop::Error),
    /// The order may be on its way; to be looked for at this time.
    Unknown {
        look_again_at: DateTime<Utc>,
        reason: String,
    },
    /// The store does not answer anybody; it was not asked.
    Down(Down),
    /// Somebody else creates orders in this store right now; to be tried again after the pause.
    Busy(TimeDelta),
    /// TikTok Shop told something new of the order while it was planned and prepared, or its carrier is gone; to be planned
    /// anew.
    Outdated,
    /// TikTok Shop has withdrawn the order meanwhile, somebody keeps it out, or the settings leave it out now.
    Withdrawn(ImportDecision),
    /// The order got its store order in another way meanwhile.
    Overtaken,
    /// Another worker has taken over this job.
    LeaseLost,
    Job(JobError),
}

impl From<prestashop::Error> for Stop {
    fn from(error: prestashop::Error) -> Self {
        Self::Store(error)
    }
}

impl From<DbErr> for Stop {
    fn from(error: DbErr) -> Self {
        Self::Job(error.into())
    }
}

/// What an import works with.
pub(crate) struct Import<'a> {
    pub engine: &'a Engine,
    /// Whose lease everything is written under; a look needs none.
    pub job: Option<&'a Leased>,
    pub connection: &'a ConnectionRecord,
    pub order_id: OrderId,
    pub tiktok_order_id: TikTokOrderId,
    pub store: Arc<Store>,
    pub facts: Arc<StoreFacts>,
    pub client: Client,
}

/// Creates the store order of a TikTok order, or finds the one that exists.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let (connection, order) = match order_of(engine, job).await? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(order.id);
    let intent = import_intents::find(engine.database().writer(), order_id).await?;
    let may_exist = intent.is_some_and(|intent| intent.step == Step::Posting);
    let wanted = match orders::import_state(&order) {
        ImportState::Imported => false,
        // Withdrawn, but a creation may be under way: it has to be found, so that it can be canceled.
        ImportState::Skipped | ImportState::Waiting => may_exist,
        ImportState::Pending | ImportState::Importing | ImportState::Blocked => true,
    };
    if !wanted {
        end_unwanted(engine, order_id).await?;
        return Ok(Outcome::Done);
    }
    match import(engine, job, &connection, &order).await {
        Ok(()) => {
            engine.wake();
            Ok(Outcome::Done)
        }
        Err(stop) => {
            let tiktok_order_id = TikTokOrderId(order.tiktok_order_id.clone());
            stopped(engine, job, &connection, order_id, &tiktok_order_id, stop).await
        }
    }
}

/// Says on the order that its import waits for a store that does not answer; no call is made and no try counted.
pub(super) async fn wait(engine: &Engine, job: &Leased, down: Down) -> Result<Outcome, JobError> {
    let (connection, order) = match order_of(engine, job).await? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(order.id);
    if orders::import_state(&order) == ImportState::Imported {
        end_unwanted(engine, order_id).await?;
        return Ok(Outcome::Done);
    }
    let tiktok_order_id = TikTokOrderId(order.tiktok_order_id.clone());
    if !matches!(
        orders::import_state(&order),
        ImportState::Pending | ImportState::Importing | ImportState::Blocked
    ) {
        return Ok(down.outcome);
    }
    stopped(engine, job, &connection, order_id, &tiktok_order_id, Stop::Down(down)).await
}

async fn import(
    engine: &Engine,
    job: &Leased,
    connection: &ConnectionRecord,
    order: &OrderRow,
) -> Result<(), Stop> {
    let now = engine.clock().now();
    let import = Import::of(engine, connection, order).await?.under(job);
    let database = engine.database();
    let intent = import_intents::find(database.writer(), import.order_id).await?;
    let mut intent = intent.unwrap_or_else(|| ImportIntent::new(import.order_id));
    if let Some(found) = import.look(&intent).await? {
        let plan = import.plan_of(&intent).await;
        return import.finish_first(&found, Origin::Found(plan.as_ref())).await;
    }
    if intent.step == Step::Posting {
        let rest = import.time_left(&intent, database.time().await?);
        if rest > TimeDelta::zero() {
            return Err(Stop::Unknown {
                look_again_at: now + rest,
                reason: "the store may still be creating it".to_owned(),
            });
        }
        // Its time is over and it is not there: the cart was never ordered and may be used.
        import.save_as_never_made(&mut intent).await?;
    }
    let planned = import.plan(order).await?;
    let txn = import.begin().await?;
    orders::set_import_state(&txn, import.order_id, ImportState::Importing, now).await?;
    txn.commit().await?;
    let cart_id = import.prepare(&mut intent, &planned.plan).await?;
    import.create(&mut intent, &planned, cart_id, job).await?;
    Ok(())
}

/// What keeps the order out of the store, whatever else stands in its way.
fn kept_out(order: &OrderRow) -> Option<ImportDecision> {
    if ChannelStatus::from(order.channel_status.as_str()) == ChannelStatus::Cancelled {
        return Some(ImportDecision::Skip(CANCELED_BEFORE));
    }
    Choice::of(order.skipped_by_person, order.archived_at.is_some()).decision()
}

/// Whoever asked for an import that is not to be, or no longer has to be, hears so.
async fn end_unwanted(engine: &Engine, order_id: OrderId) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    if let Some(order) = orders::find_locked(&txn, order_id).await? {
        let ending = match (orders::import_state(&order), order.store_order_id) {
            (ImportState::Imported, Some(store_order_id)) => Ending::done(imported_as(store_order_id)),
            _ => {
                let intent = import_intents::find(&txn, order_id).await?;
                if intent.is_none_or(|intent| intent.step != Step::Posting) {
                    end_differences(&txn, order_id, now).await?;
                }
                not_imported("Not imported: the order is not to be imported any more.")
            }
        };
        end_imports(&txn, order_id, &ending, now).await?;
    }
    txn.commit().await
}

/// Ends what was said of a store order that an earlier request was perhaps making, once there is none, or another one is asked
/// for.
async fn end_differences(
    txn: &DatabaseTransaction,
    order_id: OrderId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let address = issues::resolve(txn, order_id, &[IssueCode::AddressChanged], now).await?;
    let items = issues::resolve_about(txn, order_id, IssueCode::DriftDetected, CANCELED_ITEMS, now).await?;
    if items || !address.is_empty() {
        orders::derive_status(txn, order_id, now).await?;
    }
    Ok(())
}

/// Ends every request for the import of an order.
async fn end_imports(
    txn: &DatabaseTransaction,
    order_id: OrderId,
    ending: &Ending,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for action in actions::queued(txn, order_id, &[ActionKind::Import]).await? {
        attempts::asked_by(&action.actor);
        actions::end(txn, action.id, ending, now).await?;
    }
    Ok(())
}

fn imported_as(store_order_id: i64) -> String {
    format!("Imported as #{store_order_id}.")
}

fn not_imported(sentence: impl Into<String>) -> Ending {
    Ending { state: ActionState::Failed, result: sentence.into(), code: None }
}

impl<'a> Import<'a> {
    /// An import of this order, with what is known of its store.
    pub(crate) async fn of(
        engine: &'a Engine,
        connection: &'a ConnectionRecord,
        order: &OrderRow,
    ) -> Result<Self, Stop> {
        let store = engine.store(connection).map_err(|error| Stop::Job(error.into()))?;
        let (facts, client) = store.facts(engine.clock().now()).await?;
        Ok(Self {
            engine,
            job: None,
            connection,
            order_id: OrderId(order.id),
            tiktok_order_id: TikTokOrderId(order.tiktok_order_id.clone()),
            store,
            facts,
            client,
        })
    }
}

impl<'a> Import<'a> {
    /// The same, with every write under the lease of this job.
    pub(crate) fn under(self, job: &'a Leased) -> Self {
        Self { job: Some(job), ..self }
    }
}

impl Import<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.engine.clock().now()
    }

    /// Looks for orders that carry our key, and for one made from the cart that we wrote down.
    pub(crate) async fn look(&self, intent: &ImportIntent) -> Result<Option<Vec<OrderSummary>>, Stop> {
        let key = order_key(&self.tiktok_order_id);
        let mut found = self.client.orders_by_gift_message(&key).await?;
        if found.is_empty()
            && let (Step::Posting, Some(cart_id)) = (intent.step, cart_of(intent))
        {
            for order in self.client.orders_by_cart(cart_id).await? {
                // After a restore the store may have given the cart's number to somebody else.
                if self.client.order(order.id).await?.gift_message == key {
                    found.push(order);
                }
            }
        }
        found.sort_by_key(|order| order.id.0);
        Ok(Some(found).filter(|found| !found.is_empty()))
    }

    /// How long after its intent an order that is not there counts as not made.
    fn longest_creation(&self) -> TimeDelta {
        self.engine.settings().store_time_limit + MARGIN
    }

    /// How long the store may still be creating the order that the intent was written for; nothing or less when its time
    /// is over. `now` is the database's time, as the intent's is.
    fn time_left(&self, intent: &ImportIntent, now: DateTime<Utc>) -> TimeDelta {
        intent.posted_at.map_or(TimeDelta::zero(), |posted_at| posted_at + self.longest_creation() - now)
    }

    async fn save(&self, intent: &ImportIntent) -> Result<(), Stop> {
        let txn = self.begin().await?;
        import_intents::save(&txn, intent, self.now()).await?;
        txn.commit().await?;
        Ok(())
    }

    /// Notes that the store has not made the order, and cannot be making it: it is planned anew.
    async fn save_as_never_made(&self, intent: &mut ImportIntent) -> Result<(), Stop> {
        intent.step = Step::Cart;
        intent.posted_at = None;
        self.save(intent).await
    }

    /// Begins a transaction that holds the order, under the job's lease.
    async fn begin(&self) -> Result<DatabaseTransaction, Stop> {
        match self.job {
            Some(job) => begin_under(self.engine, job, self.order_id).await?.ok_or(Stop::LeaseLost),
            None => Ok(orders::begin_locked(self.engine.database(), self.order_id).await?),
        }
    }
}

/// Begins a transaction that holds the order and in which nobody else can take over the job; `None` when somebody has. A
/// worker that slept through its lease must not write over what its successor knows.
async fn begin_under(
    engine: &Engine,
    job: &Leased,
    order_id: OrderId,
) -> Result<Option<DatabaseTransaction>, DbErr> {
    let txn = orders::begin_locked(engine.database(), order_id).await?;
    let state = job_queue::confirm(&txn, job).await?;
    Ok((state == LeaseState::Held).then_some(txn))
}

fn cart_of(intent: &ImportIntent) -> Option<CartId> {
    intent.cart_id.and_then(|id| u64::try_from(id).ok()).map(CartId)
}

pub(crate) fn signed(id: u64) -> Option<i64> {
    i64::try_from(id).ok()
}
