use chrono::TimeDelta;
use database::issues::{self, Found, Retry};
use database::orders::{self, OrderRow};
use database::timeline::{self, Entry};
use database::{DbErr, store_states};
use job_queue::{Leased, Outcome, backoff};
use prestashop::{OrderState, OrderStateId};
use shared::{ChannelStatus, IssueCode, OrderId, OrderStatus, channel_order_status};

use super::{JobError, connection_of, id_of};
use crate::engine::Engine;
use crate::issue_of::of_store;
use crate::store_facts::StoreFacts;
use database::connections::ConnectionRecord;

/// Where a store order goes for a shown status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Unchanged,
    State(OrderStateId),
    /// The merchant chose a state that the store no longer has.
    Missing(i64),
}

/// Moves the store order forward to the state that the shown status stands for. Never backwards, never over what a
/// person did; canceled can be reached until delivered.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(id_of(job, "order_id")?);
    let Some(order) = orders::find(engine.database().writer(), order_id).await? else {
        return Ok(Outcome::Done);
    };
    let Some(store_order_id) = order.store_order_id.and_then(|id| u64::try_from(id).ok()) else {
        return Ok(Outcome::Done);
    };
    let status = channel_order_status(&ChannelStatus::from(order.channel_status.as_str()));
    let Some(status) = status else { return Ok(Outcome::Done) };
    match push(engine, &connection, &order, prestashop::OrderId(store_order_id), status).await {
        Ok(()) => Ok(Outcome::Done),
        Err(Failure::Job(error)) => Err(error),
        // Whether an unknown write arrived shows when the next try reads the order's state first.
        Err(Failure::Store(error)) => {
            let now = engine.clock().now();
            let delay = backoff::delay(job.attempts, &mut rand::rng());
            let at = now + delay.unwrap_or(TimeDelta::hours(6));
            let found = of_store(&error);
            if job.attempts > 0 {
                let retry = Retry { attempts: job.attempts + 1, next_at: Some(at) };
                let txn = engine.database().begin().await?;
                issues::set(
                    &txn,
                    connection.id,
                    order_id,
                    PUSH_ISSUES,
                    std::slice::from_ref(&found),
                    retry,
                    now,
                )
                .await?;
                orders::derive_status(&txn, order_id, now).await?;
                txn.commit().await?;
            }
            Ok(Outcome::RetryAt { at, error: format!("{}: {error}", found.code) })
        }
    }
}

/// The issues of a store that does not take a state.
const PUSH_ISSUES: &[IssueCode] =
    &[IssueCode::StoreUnreachable, IssueCode::StoreAuth, IssueCode::StoreRateLimited, IssueCode::Internal];

enum Failure {
    Store(prestashop::Error),
    Job(JobError),
}

impl From<prestashop::Error> for Failure {
    fn from(error: prestashop::Error) -> Self {
        Self::Store(error)
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Job(error.into())
    }
}

async fn push(
    engine: &Engine,
    connection: &ConnectionRecord,
    order: &OrderRow,
    store_order_id: prestashop::OrderId,
    status: OrderStatus,
) -> Result<(), Failure> {
    let now = engine.clock().now();
    let store = engine.store(connection).map_err(|error| Failure::Job(error.into()))?;
    let (facts, client) = store.facts(now).await?;
    save_states(engine, connection, &facts).await?;
    let target = target_of(status, connection, &facts);
    let id = OrderId(order.id);
    let mut unmapped = Vec::new();
    if let Target::Missing(state) = target {
        unmapped.push(Found::new(IssueCode::StateUnmapped).with("state", format!("#{state}")));
    }
    if let Target::State(target) = target {
        let current = client.order(store_order_id).await?.current_state;
        let current_state =
            current.and_then(|current| facts.order_states.iter().find(|state| state.id == current));
        let payment_error = current.is_some() && current == facts.settings.order_states.payment_error;
        // Leaving the payment error state through the history would book the payment twice; a person decides.
        if !payment_error && may_move(current_state, target, status, connection, &facts) {
            client.add_order_history(store_order_id, target).await?;
            note_moved(engine, connection, order, current_state, target, &facts).await?;
            return Ok(());
        }
        let state = current.and_then(|state| i64::try_from(state.0).ok());
        orders::set_store_state(engine.database().writer(), id, state, false).await?;
    }
    let txn = engine.database().begin().await?;
    issues::set(&txn, connection.id, id, &[IssueCode::StateUnmapped], &unmapped, Retry::default(), now)
        .await?;
    issues::resolve(&txn, id, PUSH_ISSUES, now).await?;
    orders::derive_status(&txn, id, now).await?;
    txn.commit().await?;
    Ok(())
}

async fn save_states(
    engine: &Engine,
    connection: &ConnectionRecord,
    facts: &StoreFacts,
) -> Result<(), DbErr> {
    let known = store_states::list(engine.database().reader(), Some(connection.id)).await?;
    let current = store_state_rows(connection, facts);
    if current.iter().all(|state| known.contains(state)) {
        return Ok(());
    }
    store_states::save(engine.database().writer(), current).await
}

/// The store's states as rows of our table.
pub(super) fn store_state_rows(
    connection: &ConnectionRecord,
    facts: &StoreFacts,
) -> Vec<database::entities::store_states::Model> {
    let rows = facts.order_states.iter().filter_map(|state| {
        Some(database::entities::store_states::Model {
            connection_id: connection.id.0,
            state_id: i64::try_from(state.id.0).ok()?,
            name: facts.order_state_name(state.id),
            color: Some(state.color.clone()).filter(|color| !color.is_empty()),
            paid: state.paid,
            shipped: state.shipped,
            delivered: facts.settings.order_states.delivered == Some(state.id),
        })
    });
    rows.collect()
}

/// The state for a status: the merchant's choice, or PrestaShop's own state of that meaning.
fn target_of(status: OrderStatus, connection: &ConnectionRecord, facts: &StoreFacts) -> Target {
    if let Some(chosen) = connection.settings.status_mapping.get(&status) {
        return match chosen {
            None => Target::Unchanged,
            Some(id) => match u64::try_from(*id).ok().map(OrderStateId) {
                Some(state) if facts.order_state(state).is_some() => Target::State(state),
                _ => Target::Missing(*id),
            },
        };
    }
    let roles = &facts.settings.order_states;
    let state = match status {
        OrderStatus::Canceled => roles.canceled,
        OrderStatus::Delivered => roles.delivered,
        OrderStatus::InTransit => roles.shipping,
        OrderStatus::AwaitingCollection | OrderStatus::PartiallyShipped => roles.preparation,
        OrderStatus::AwaitingShipment
        | OrderStatus::Completed
        | OrderStatus::OnHold
        | OrderStatus::Unpaid
        | OrderStatus::Error => None,
    };
    state.map_or(Target::Unchanged, Target::State)
}

/// How far a store order has come in a state: not paid, paid, preparing, shipped, delivered.
fn progress(state: &OrderState, facts: &StoreFacts) -> u8 {
    let roles = &facts.settings.order_states;
    if roles.delivered == Some(state.id) {
        4
    } else if state.shipped {
        3
    } else if roles.preparation == Some(state.id) || state.delivery {
        2
    } else {
        u8::from(state.paid)
    }
}

/// Whether the store order may go to the target: only forward, and never out of an end.
fn may_move(
    current: Option<&OrderState>,
    target: OrderStateId,
    status: OrderStatus,
    connection: &ConnectionRecord,
    facts: &StoreFacts,
) -> bool {
    let Some(current) = current else { return true };
    let Some(target) = facts.order_state(target) else { return false };
    let roles = &facts.settings.order_states;
    let ended = [roles.canceled, roles.refund].contains(&Some(current.id));
    if current.id == target.id || ended {
        return false;
    }
    let (now, then) = (progress(current, facts), progress(target, facts));
    if status == OrderStatus::Canceled {
        return now < 4;
    }
    // A state that the merchant chose may be as far on as the one that the creation sets by itself.
    let as_created = [roles.webservice_payment, roles.out_of_stock_paid].contains(&Some(current.id));
    then > now || (then == now && as_created && connection.settings.status_mapping.contains_key(&status))
}

async fn note_moved(
    engine: &Engine,
    connection: &ConnectionRecord,
    order: &OrderRow,
    before: Option<&OrderState>,
    target: OrderStateId,
    facts: &StoreFacts,
) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let id = OrderId(order.id);
    let txn = engine.database().begin().await?;
    orders::set_store_state(&txn, id, i64::try_from(target.0).ok(), false).await?;
    let entry = Entry::ours(
        "store state",
        format!("The store order was moved to “{}”.", facts.order_state_name(target)),
    )
    .with("from", before.map(|state| facts.order_state_name(state.id)).unwrap_or_default());
    timeline::record(&txn, id, entry, now).await?;
    let canceled = ChannelStatus::from(order.channel_status.as_str()) == ChannelStatus::Cancelled;
    let mut found = Vec::new();
    if canceled && before.is_some_and(|state| state.shipped) {
        found.push(Found::new(IssueCode::CanceledAfterShipment));
    }
    if !found.is_empty() {
        issues::open(&txn, connection.id, id, &found[0], Retry::default(), now).await?;
    }
    issues::resolve(&txn, id, &[IssueCode::StateUnmapped], now).await?;
    issues::resolve(&txn, id, PUSH_ISSUES, now).await?;
    orders::derive_status(&txn, id, now).await?;
    txn.commit().await
}
