use chrono::TimeDelta;
use database::connections::ConnectionRecord;
use database::orders::OrderRow;
use database::{channel_lists, store_orders};
use job_queue::{Leased, Outcome};
use shared::OrderId;

use super::failure::Failure;
use super::write_back::{Look, Seen, SeenState, note_deleted, store_order_id};
use super::{JobError, connection_of};
use crate::engine::Engine;

/// The pause between two rounds.
pub(super) const PAUSE: TimeDelta = TimeDelta::minutes(10);

/// The newest orders are looked at in each round, and as many of the older ones, which take turns.
const ORDERS_AT_ONCE: u64 = 200;

/// A list that leaves an order out is not believed before the store has said of the order itself that it is gone; at
/// most this often in one round.
const QUESTIONS: usize = 50;

/// Where the turn of the older orders has come to.
const TURN: &str = "store-orders-checked";

/// Looks at store orders that report nothing by themselves: a deleted one is in no list of changes, nor is one that was
/// brought back with its old date, or one whose tracking number was corrected.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let checked = check(engine, &connection).await;
    let at = engine.clock().now() + PAUSE;
    match checked {
        Ok(()) => Ok(Outcome::Again { at }),
        Err(Failure::Job(error)) => Err(error),
        Err(Failure::Store(error)) => {
            tracing::warn!(connection = %connection.id, %error, "store orders could not be checked");
            Ok(Outcome::RetryAt { at, error: error.to_string() })
        }
    }
}

async fn check(engine: &Engine, connection: &ConnectionRecord) -> Result<(), Failure> {
    let store = engine.store(connection).map_err(|error| Failure::Job(error.into()))?;
    let (facts, client) = store.facts(engine.clock().now()).await?;
    let look = Look { engine, connection, facts: &facts, client: &client };
    let orders = orders_to_check(engine, connection).await?;
    let ids: Vec<_> = orders.iter().filter_map(store_order_id).collect();
    let found = client.order_changes_of(&ids).await?;
    let mut seen = Vec::with_capacity(orders.len());
    let mut left_out = Vec::new();
    for order in orders {
        let id = store_order_id(&order);
        match found.iter().find(|change| Some(change.id) == id) {
            Some(change) => seen.push(Seen { order, state: SeenState::Read(change.current_state) }),
            None if order.store_deleted => {}
            None => left_out.push(order),
        }
    }
    look.at(&seen).await?;
    for order in left_out.iter().take(QUESTIONS) {
        let Some(id) = store_order_id(order) else { continue };
        match client.order(id).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() => note_deleted(engine, connection, order).await?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The newest orders, and the next of the older ones.
async fn orders_to_check(engine: &Engine, connection: &ConnectionRecord) -> Result<Vec<OrderRow>, Failure> {
    let database = engine.database();
    let mut orders = store_orders::living(database.reader(), connection.id, None, ORDERS_AT_ONCE).await?;
    let Some(oldest) = orders.last().map(|order| order.id) else { return Ok(orders) };
    if (orders.len() as u64) < ORDERS_AT_ONCE {
        return Ok(orders);
    }
    let turn = channel_lists::find::<i64>(database.reader(), connection.id, TURN).await?;
    let before = turn.map_or(oldest, |(turn, _)| turn.min(oldest));
    let older =
        store_orders::living(database.reader(), connection.id, Some(OrderId(before)), ORDERS_AT_ONCE).await?;
    let full = older.len() as u64 >= ORDERS_AT_ONCE;
    // At the end the turn comes back to the newest of the older ones.
    let next = older.last().filter(|_| full).map_or(i64::MAX, |last| last.id);
    channel_lists::save(database.writer(), connection.id, TURN, &next, engine.clock().now()).await?;
    orders.extend(older);
    Ok(orders)
}
