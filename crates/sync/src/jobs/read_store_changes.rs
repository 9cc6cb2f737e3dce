use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use database::connections::{self, ConnectionRecord};
use database::orders;
use database::timeline::{self, Entry};
use database::{DbErr, store_states};
use futures::TryStreamExt;
use job_queue::{Leased, Outcome};
use prestashop::OrderChange;
use shared::OrderId;

use super::push_store_state::store_state_rows;
use super::{JobError, connection_of};
use crate::engine::Engine;
use crate::store_facts::StoreFacts;

/// The pause between two looks at the store.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// Dates of the store have whole seconds, so each look begins a little before the last one's end.
const OVERLAP: TimeDelta = TimeDelta::seconds(5);

/// Store orders that changed within this time before the first look are read at once.
const FIRST_LOOK: TimeDelta = TimeDelta::days(2);

/// Reads which store orders changed since the last look, and notes the states that ours are in now.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let read = read_changes(engine, &connection).await?;
    let now = engine.clock().now();
    if let Err(error) = read {
        tracing::warn!(connection = %connection.id, %error, "the store's changes could not be read");
        let pause = PAUSE * (job.attempts + 1).clamp(1, 10);
        return Ok(Outcome::RetryAt { at: now + pause, error: error.to_string() });
    }
    Ok(Outcome::Again { at: now + PAUSE })
}

async fn read_changes(
    engine: &Engine,
    connection: &ConnectionRecord,
) -> Result<Result<(), prestashop::Error>, JobError> {
    let now = engine.clock().now();
    let store = engine.store(connection)?;
    let (facts, client) = match store.facts(now).await {
        Ok(facts) => facts,
        Err(error) => return Ok(Err(error)),
    };
    store_states::save(engine.database().writer(), store_state_rows(connection, &facts)).await?;
    // The cursor is the store's own time, which has no zone; its clock may be any hours away from ours.
    let from = connection.store_cursor.unwrap_or(now - FIRST_LOOK).naive_utc() - OVERLAP;
    let until = (now + TimeDelta::days(2)).naive_utc();
    let mut changes = std::pin::pin!(client.orders_changed(from, until));
    let mut latest: Option<NaiveDateTime> = None;
    loop {
        let change = match changes.try_next().await {
            Ok(Some(change)) => change,
            Ok(None) => break,
            Err(error) => return Ok(Err(error)),
        };
        latest = latest.max(change.date_upd);
        note_change(engine, connection, &change, &facts, now).await?;
    }
    if let Some(latest) = latest {
        connections::store_read(engine.database().writer(), connection.id, latest.and_utc()).await?;
    }
    Ok(Ok(()))
}

async fn note_change(
    engine: &Engine,
    connection: &ConnectionRecord,
    change: &OrderChange,
    facts: &StoreFacts,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let Ok(store_order_id) = i64::try_from(change.id.0) else { return Ok(()) };
    let known = orders::of_store_order(engine.database().reader(), connection.id, store_order_id).await?;
    let Some(order) = known else { return Ok(()) };
    let state_id = change.current_state.and_then(|state| i64::try_from(state.0).ok());
    if order.store_state_id == state_id && !order.store_deleted {
        return Ok(());
    }
    let id = OrderId(order.id);
    let txn = engine.database().begin().await?;
    orders::set_store_state(&txn, id, state_id, false).await?;
    let name = change.current_state.map(|state| facts.order_state_name(state)).unwrap_or_default();
    timeline::record(
        &txn,
        id,
        Entry::by("store", "store state", format!("The store order is now in “{name}”.")),
        now,
    )
    .await?;
    orders::derive_status(&txn, id, now).await?;
    txn.commit().await
}
