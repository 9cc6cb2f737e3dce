//! The import, exactly once. PrestaShop has no unique field and no lock, and its answers lie, so the whole burden is
//! here: look first, write down the intent, create in single file, look again.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use database::DbErr;
use database::connections::ConnectionRecord;
use database::import_intents::{self, ImportIntent, Step};
use database::issues::Found;
use database::orders::{self, OrderRow};
use job_queue::{Leased, Outcome};
use prestashop::{CartId, Client, OrderSummary};
use shared::{ImportState, OrderId, TikTokOrderId};

use super::{JobError, connection_of, id_of};
use crate::engine::Engine;
use crate::mapping::{ImportDecision, order_key};
use crate::store::{CREATION_LIMIT, Store};
use crate::store_facts::StoreFacts;

mod create;
mod finish;
mod plan;
mod prepare;
mod read_back;
mod shipping_product;
mod stopped;

use stopped::stopped;

/// What comes on top of the store's time limit before an order that was not found counts as not made.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

/// Why an import did not end with a store order.
enum Stop {
    /// The order cannot be made as it is; every reason at once.
    Blocked(Vec<Found>),
    /// The store could not be asked or refused.
    Store(prestashop::Error),
    /// The order may be on its way; to be looked for at this time.
    Unknown {
        look_again_at: DateTime<Utc>,
        reason: String,
    },
    /// Somebody else creates orders in this store right now.
    Busy,
    /// TikTok Shop has withdrawn the order meanwhile, or the settings leave it out now.
    Withdrawn(ImportDecision),
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
struct Import<'a> {
    engine: &'a Engine,
    connection: &'a ConnectionRecord,
    order_id: OrderId,
    tiktok_order_id: TikTokOrderId,
    store: Arc<Store>,
    facts: Arc<StoreFacts>,
    client: Client,
}

/// Creates the store order of a TikTok order, or finds the one that exists.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(id_of(job, "order_id")?);
    let Some(order) = orders::find(engine.database().writer(), order_id).await? else {
        return Ok(Outcome::Done);
    };
    let intent = import_intents::find(engine.database().writer(), order_id).await?;
    let may_exist = intent.is_some_and(|intent| intent.step == Step::Posting);
    let wanted = match orders::import_state(&order) {
        ImportState::Imported => false,
        // Withdrawn, but a creation may be under way: it has to be found, so that it can be canceled.
        ImportState::Skipped | ImportState::Waiting => may_exist,
        ImportState::Pending | ImportState::Importing | ImportState::Blocked => true,
    };
    if !wanted {
        return Ok(Outcome::Done);
    }
    match import(engine, job, &connection, &order).await {
        Ok(()) => {
            engine.wake();
            Ok(Outcome::Done)
        }
        Err(stop) => {
            let tiktok_order_id = TikTokOrderId(order.tiktok_order_id.clone());
            stopped(engine, &connection, order_id, &tiktok_order_id, stop).await
        }
    }
}

async fn import(
    engine: &Engine,
    job: &Leased,
    connection: &ConnectionRecord,
    order: &OrderRow,
) -> Result<(), Stop> {
    let now = engine.clock().now();
    let store = engine.store(connection).map_err(|error| Stop::Job(error.into()))?;
    let (facts, client) = store.facts(now).await?;
    let import = Import {
        engine,
        connection,
        order_id: OrderId(order.id),
        tiktok_order_id: TikTokOrderId(order.tiktok_order_id.clone()),
        store,
        facts,
        client,
    };
    let database = engine.database();
    let intent = import_intents::find(database.writer(), import.order_id).await?;
    let mut intent = intent.unwrap_or_else(|| ImportIntent::new(import.order_id));
    if let Some(found) = import.look(&intent).await? {
        return import.finish_first(&found, None).await;
    }
    if intent.step == Step::Posting {
        let until = intent.posted_at.map_or(now, |posted_at| posted_at + CREATION_LIMIT + MARGIN);
        if now < until {
            return Err(Stop::Unknown {
                look_again_at: until,
                reason: "the store may still be creating it".to_owned(),
            });
        }
        // Its time is over and it is not there: the cart was never ordered and may be used.
        intent.step = Step::Cart;
    }
    let plan = import.plan(order).await?;
    orders::set_import_state(database.writer(), import.order_id, ImportState::Importing, now).await?;
    let cart_id = import.prepare(&mut intent, &plan).await?;
    import.create(&mut intent, &plan, cart_id, job).await?;
    Ok(())
}

impl Import<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.engine.clock().now()
    }

    /// Looks for orders that carry our key, and for one made from the cart that we wrote down.
    async fn look(&self, intent: &ImportIntent) -> Result<Option<Vec<OrderSummary>>, Stop> {
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

    async fn save(&self, intent: &ImportIntent) -> Result<(), DbErr> {
        import_intents::save(self.engine.database().writer(), intent, self.now()).await
    }
}

fn cart_of(intent: &ImportIntent) -> Option<CartId> {
    intent.cart_id.and_then(|id| u64::try_from(id).ok()).map(CartId)
}

fn signed(id: u64) -> Option<i64> {
    i64::try_from(id).ok()
}
