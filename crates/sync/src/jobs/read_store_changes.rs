use chrono::{NaiveDateTime, TimeDelta, Timelike};
use database::connections::{self, ConnectionRecord};
use database::{channel_lists, store_orders, store_states};
use futures::TryStreamExt;
use job_queue::{Leased, Outcome};
use prestashop::OrderChange;
use shared::OrderId;

use super::failure::Failure;
use super::push_store_state::store_state_rows;
use super::write_back::{Look, Seen, SeenState};
use super::{JobError, connection_of};
use crate::engine::Engine;
use crate::store_lists;

/// The pause between two looks at the store.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// Dates of the store have whole seconds, so that the last one seen may have gone on.
const OVERLAP: TimeDelta = TimeDelta::seconds(5);

/// Dates of the store have no zone: when its clocks go back, what changes in that hour lies an hour before what was seen
/// last. So now and then a look goes back further; what says nothing new is dropped.
const LONG_OVERLAP: TimeDelta = TimeDelta::minutes(65);

/// The looks in the first of so many minutes go back further: too much would be read each time.
const MINUTES_BETWEEN_LONG_LOOKS: u32 = 10;

/// Store orders that changed within this time before the first look are read at once.
const FIRST_LOOK: TimeDelta = TimeDelta::days(2);

/// Changes that are noted together.
const CHANGES_AT_ONCE: usize = 100;

/// At most this many orders that wait for a tracking number are looked at each time; more of them take turns.
const WAITING_AT_ONCE: usize = 100;

/// Where the turn of those that wait has come to.
const TURN: &str = "store-orders-ahead";

/// Reads which store orders changed since the last look, notes the states that ours are in now, and asks of TikTok Shop
/// what follows from them.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let read = read_changes(engine, &connection).await;
    let now = engine.clock().now();
    match read {
        Ok(()) => Ok(Outcome::Again { at: now + PAUSE }),
        Err(Failure::Job(error)) => Err(error),
        Err(Failure::Store(error)) => {
            tracing::warn!(connection = %connection.id, %error, "the store's changes could not be read");
            let pause = PAUSE * (job.attempts + 1).clamp(1, 10);
            Ok(Outcome::RetryAt { at: now + pause, error: error.to_string() })
        }
    }
}

async fn read_changes(engine: &Engine, connection: &ConnectionRecord) -> Result<(), Failure> {
    let now = engine.clock().now();
    let store = engine.store(connection).map_err(|error| Failure::Job(error.into()))?;
    let (facts, client) = store.facts(now).await?;
    store_states::save(engine.database().writer(), store_state_rows(connection, &facts)).await?;
    store_lists::save_carriers(engine.database().writer(), connection.id, &facts, now).await?;
    let look = Look { engine, connection, facts: &facts, client: &client };
    // The cursor is the store's own time, which has no zone; its clock may be any hours away from ours.
    let is_long = now.minute().is_multiple_of(MINUTES_BETWEEN_LONG_LOOKS);
    let overlap = if is_long { LONG_OVERLAP } else { OVERLAP };
    let from = connection.store_cursor.unwrap_or(now - FIRST_LOOK).naive_utc() - overlap;
    let until = (now + TimeDelta::days(2)).naive_utc();
    let changes = client.orders_changed(from, until).try_chunks(CHANGES_AT_ONCE);
    let mut changes = std::pin::pin!(changes);
    let mut latest: Option<NaiveDateTime> = None;
    while let Some(chunk) = changes.try_next().await.map_err(|error| error.1)? {
        latest = chunk.iter().map(|change| change.date_upd).fold(latest, Option::max);
        look.at(&ours(engine, connection, &chunk).await?).await?;
    }
    let known = connection.store_cursor.map(|cursor| cursor.naive_utc());
    if let Some(latest) = latest.filter(|latest| known != Some(*latest)) {
        connections::store_read(engine.database().writer(), connection.id, latest.and_utc()).await?;
    }
    look.at(&waiting(engine, connection).await?).await
}

/// Our orders among those that changed in the store.
async fn ours(
    engine: &Engine,
    connection: &ConnectionRecord,
    changes: &[OrderChange],
) -> Result<Vec<Seen>, Failure> {
    let ids: Vec<_> = changes.iter().filter_map(|change| i64::try_from(change.id.0).ok()).collect();
    let known = store_orders::of_ids(engine.database().reader(), connection.id, &ids).await?;
    let seen = known.into_iter().filter_map(|order| {
        let id = super::write_back::store_order_id(&order)?;
        let change = changes.iter().find(|change| change.id == id)?;
        Some(Seen { order, state: SeenState::Read(change.current_state) })
    });
    Ok(seen.collect())
}

/// Orders that are shipped in the store and not on TikTok Shop. A tracking number is no change of the order, so the
/// store does not report it; and what kept the shipment back may be gone.
async fn waiting(engine: &Engine, connection: &ConnectionRecord) -> Result<Vec<Seen>, Failure> {
    let database = engine.database();
    let turn = channel_lists::find::<i64>(database.reader(), connection.id, TURN).await?;
    let after = turn.map_or(0, |(after, _)| after);
    let limit = WAITING_AT_ONCE as u64;
    let waiting = store_orders::ahead(database.reader(), connection.id, OrderId(after), limit).await?;
    let more = waiting.last().filter(|_| waiting.len() >= WAITING_AT_ONCE);
    let next = more.map_or(0, |last| last.id);
    if next != after {
        channel_lists::save(database.writer(), connection.id, TURN, &next, engine.clock().now()).await?;
    }
    Ok(waiting.into_iter().map(|order| Seen { order, state: SeenState::AsRecorded }).collect())
}
