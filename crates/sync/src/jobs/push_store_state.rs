use chrono::{DateTime, TimeDelta, Utc};
use database::connections::ConnectionRecord;
use database::issues::{self, Found, Retry};
use database::orders::{self, OrderRow};
use database::store_shipments::{self, StoreShipment};
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr, snapshots, store_states};
use job_queue::{Leased, Outcome, backoff};
use prestashop::{OrderState, OrderStateId};
use shared::{ChannelStatus, IssueCode, OrderId, OrderStatus, REASON, channel_order_status};
use tiktok_shop::ReadOrder;

use super::failure::Failure;
use super::may_write::may_write;
use super::write_back::{note_deleted, store_order_id};
use super::{JobError, order_of};
use crate::attempts;
use crate::crash_points::{OutsideWrite, around, recorded};
use crate::engine::Engine;
use crate::issue_of::{cause, next_step, of_store};
use crate::mapping::{MissingState, StoreStates, Target};
use crate::store_facts::StoreFacts;

mod address;

/// Moves the store order forward to the state that the shown status stands for. Never backwards, never over what a
/// person did; canceled can be reached until delivered. An order that was made during the hold first waits in a state that
/// counts as not paid, and gets the recipient's address before it leaves that.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let (connection, order) = match order_of(engine, job).await? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(order.id);
    let Some(store_order_id) = order.store_order_id.and_then(|id| u64::try_from(id).ok()) else {
        return Ok(Outcome::Done);
    };
    let status = channel_order_status(&ChannelStatus::from(order.channel_status.as_str()));
    let Some(status) = status else { return Ok(Outcome::Done) };
    let now = engine.clock().now();
    let delay = backoff::delay(job.attempts, &mut rand::rng());
    let at = now + delay.unwrap_or(TimeDelta::hours(6));
    let retry = Retry { attempts: job.attempts + 1, next_at: Some(at) };
    match push(engine, job, &connection, &order, prestashop::OrderId(store_order_id), status, retry).await {
        Ok(Pushed::Settled) => Ok(Outcome::Done),
        Ok(Pushed::Outdated) => Ok(Outcome::WaitUntil {
            at: now,
            reason: "TikTok Shop told something new of the order meanwhile".to_owned(),
        }),
        Ok(Pushed::AddressMissing(found)) => {
            let (Outcome::Park { cause, error, .. }, _) =
                next_step(connection.id, &found, retry.attempts, now)
            else {
                return Ok(Outcome::RetryAt { at, error: "the address is not there".to_owned() });
            };
            // What only a person can put right is put right in the store, which does not tell.
            Ok(Outcome::Park { cause, error, at: Some(at) })
        }
        // Another choice in the settings wakes it; whether the state is there again is looked at from time to time.
        Ok(Pushed::StateMissing) => {
            let code = IssueCode::StateUnmapped;
            attempts::failed(code);
            Ok(Outcome::Park { cause: cause(connection.id, code, ""), error: code.to_string(), at: Some(at) })
        }
        Err(Failure::Job(error)) => Err(error),
        // Whether an unknown write arrived shows when the next try reads the order's state first.
        Err(Failure::Store(error)) => {
            let found = of_store(&error);
            attempts::failed(found.code);
            if job.attempts > 0 {
                let txn = orders::begin_locked(engine.database(), order_id).await?;
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

/// Gives the store order the address that TikTok Shop told last, as a part of another job. Returns why that cannot be, in
/// a sentence.
pub(super) async fn give_newest_address(
    engine: &Engine,
    job: &Leased,
    connection: &ConnectionRecord,
    order: &OrderRow,
) -> Result<Option<String>, Failure> {
    let Some(store_order_id) = store_order_id(order).filter(|_| !order.store_deleted) else {
        return Ok(None);
    };
    let store = engine.store(connection).map_err(|error| Failure::Job(error.into()))?;
    let (facts, client) = store.facts(engine.clock().now()).await?;
    let push = Push { engine, job, connection, order, facts: &facts, retry: Retry::default() };
    push.give_newest_address(&store, &client, store_order_id).await
}

/// The issues of a store that does not take a state.
const PUSH_ISSUES: &[IssueCode] = &[
    IssueCode::StoreUnreachable,
    IssueCode::StoreAuth,
    IssueCode::StoreRateLimited,
    IssueCode::StoreRefused,
    IssueCode::Internal,
];

/// How a push ended that the store served.
enum Pushed {
    /// The store order is where it belongs.
    Settled,
    /// The order went on while its store order was looked at; where that belongs has to be worked out anew.
    Outdated,
    /// The state that the merchant chose is gone.
    StateMissing,
    /// TikTok Shop has released the order, and the recipient's address cannot be given to the store order.
    AddressMissing(Vec<Found>),
}

async fn push(
    engine: &Engine,
    job: &Leased,
    connection: &ConnectionRecord,
    order: &OrderRow,
    store_order_id: prestashop::OrderId,
    status: OrderStatus,
    retry: Retry,
) -> Result<Pushed, Failure> {
    let store = engine.store(connection).map_err(|error| Failure::Job(error.into()))?;
    let (facts, client) = store.facts(engine.clock().now()).await?;
    save_states(engine, connection, &facts).await?;
    let states = StoreStates::from(&*facts);
    let push = Push { engine, job, connection, order, facts: &facts, retry };
    let known = store_shipments::find(engine.database().reader(), push.id()).await?;
    let held = status == OrderStatus::OnHold;
    let released = !matches!(status, OrderStatus::Unpaid | OrderStatus::OnHold | OrderStatus::Canceled);
    if released {
        let missing = push.put_address_right(&store, &client).await?;
        if !missing.is_empty() {
            return Ok(Pushed::AddressMissing(missing));
        }
    }
    let target = match states.target_of(status, &connection.settings) {
        Target::Unchanged if released => states.released_from(known.written_state_id),
        target => target,
    };
    // What is told of a cancellation does not hang on where the store order goes.
    let canceled = status == OrderStatus::Canceled;
    if !canceled && !matches!(target, Target::State(_)) {
        return push.stay(target).await;
    }
    let current = match client.order(store_order_id).await {
        Ok(stored) => stored.current_state,
        Err(error) if error.is_not_found() => {
            note_deleted(engine, connection, order).await?;
            return push.settle(None).await.map(|()| Pushed::Settled);
        }
        Err(error) => return Err(error.into()),
    };
    // A state that the merchant has made since the states were read is no reason to leave the order where it is.
    let newer;
    let states = if current.is_some_and(|current| states.find(current).is_none()) {
        store.facts.forget().await;
        (newer, _) = store.facts(engine.clock().now()).await?;
        StoreStates::from(&*newer)
    } else {
        states
    };
    let current_state = current.and_then(|current| states.find(current));
    if canceled {
        push.warn_of_parcels(current_state.is_some_and(|state| state.shipped)).await?;
    }
    let Target::State(target) = target else { return push.stay(target).await };
    let moves = if held {
        states.may_wait(current_state, target, known.written_state_id)
    } else {
        states.may_move(current_state, target, status, &connection.settings)
    };
    if moves {
        let Some(announced_at) = push.announce(target).await? else { return Ok(Pushed::Outdated) };
        push.require_may_write(announced_at).await?;
        around(OutsideWrite::StoreState, client.add_order_history(store_order_id, target)).await?;
        push.note_moved(current_state, target).await?;
        recorded(OutsideWrite::StoreState);
    } else {
        push.note_state(current).await?;
        push.settle(None).await?;
    }
    Ok(Pushed::Settled)
}

async fn save_states(
    engine: &Engine,
    connection: &ConnectionRecord,
    facts: &StoreFacts,
) -> Result<(), DbErr> {
    let known = store_states::of_connection(engine.database().reader(), connection.id).await?;
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

/// One order on the way to another store state.
struct Push<'a> {
    engine: &'a Engine,
    /// Under whose lease the store is written to.
    job: &'a Leased,
    connection: &'a ConnectionRecord,
    order: &'a OrderRow,
    facts: &'a StoreFacts,
    /// When it is tried again, should something stand in the way.
    retry: Retry,
}

impl Push<'_> {
    fn id(&self) -> OrderId {
        OrderId(self.order.id)
    }

    /// Begins a transaction that holds the order.
    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        orders::begin_locked(self.engine.database(), self.id()).await
    }

    /// Leaves the store order where it is, and says so where the state that it belongs into is gone.
    async fn stay(&self, target: Target) -> Result<Pushed, Failure> {
        let (missing, pushed) = match target {
            Target::Missing(state) => (Some(state), Pushed::StateMissing),
            Target::Unchanged | Target::State(_) => (None, Pushed::Settled),
        };
        self.settle(missing).await.map(|()| pushed)
    }

    /// To be called directly before a write that was decided on at this time of the database's.
    async fn require_may_write(&self, decided_at: DateTime<Utc>) -> Result<(), JobError> {
        if may_write(self.engine, self.job, decided_at).await? { Ok(()) } else { Err(JobError::Late) }
    }

    /// Writes down what is about to be written, so that reading it back is no news, and returns the database's time. `None`
    /// when the order has gone on: of two writers, the one that knows less must not be the last.
    async fn announce(&self, target: OrderStateId) -> Result<Option<DateTime<Utc>>, Failure> {
        let txn = self.engine.database().begin().await?;
        let order = orders::find_locked(&txn, self.id()).await?;
        if order.is_none_or(|order| order.channel_status != self.order.channel_status) {
            return Ok(None);
        }
        let announced_at = job_queue::database_time(&txn).await?;
        let known = store_shipments::find(&txn, self.id()).await?;
        let written_state_id = i64::try_from(target.0).ok();
        store_shipments::save(&txn, StoreShipment { written_state_id, ..known }).await?;
        txn.commit().await?;
        Ok(Some(announced_at))
    }

    /// Says once that a canceled order has parcels that have left, by what either side shows: a status that came and went
    /// between two looks is not missed. Told before the store order moves, or a crash would swallow it.
    async fn warn_of_parcels(&self, shipped_in_store: bool) -> Result<(), Failure> {
        let now = self.engine.clock().now();
        let database = self.engine.database();
        let txn = database.begin().await?;
        if orders::find_locked(&txn, self.id()).await?.is_none() {
            return Ok(());
        }
        let raw = snapshots::latest(&txn, &database.vault, self.id()).await?;
        let collected = raw.is_some_and(was_collected);
        let found = if collected {
            Found::new(IssueCode::CanceledAfterShipment).with(REASON, "the carrier has had a parcel")
        } else if shipped_in_store {
            Found::new(IssueCode::CancelStoreConflict)
        } else {
            // What was made ready and not collected has not left.
            return Ok(());
        };
        // One of the two is enough, also after it was marked as handled and the store order has moved.
        for code in [IssueCode::CancelStoreConflict, IssueCode::CanceledAfterShipment] {
            if issues::was_ever_open(&txn, self.id(), code).await? {
                return Ok(());
            }
        }
        issues::open(&txn, self.connection.id, self.id(), &found, Retry::default(), now).await?;
        let entry = Entry::ours("issue", found.code.sentence(&found.facts)).with("code", found.code);
        timeline::record(&txn, self.id(), entry, now).await?;
        orders::derive_status(&txn, self.id(), now).await?;
        txn.commit().await?;
        Ok(())
    }

    async fn note_moved(&self, before: Option<&OrderState>, target: OrderStateId) -> Result<(), Failure> {
        let now = self.engine.clock().now();
        let name = |state| self.facts.order_state_name(state);
        let entry = Entry::ours("store state", format!("The store order was moved to “{}”.", name(target)))
            .with("from", before.map(|state| name(state.id)).unwrap_or_default());
        let txn = self.begin().await?;
        orders::set_store_state(&txn, self.id(), i64::try_from(target.0).ok(), false).await?;
        timeline::record(&txn, self.id(), entry, now).await?;
        self.settle_in(txn, None).await
    }

    /// Notes the state that the store order was found in, unless the reader of changes has more to say about it.
    async fn note_state(&self, current: Option<OrderStateId>) -> Result<(), Failure> {
        let state_id = current.and_then(|state| i64::try_from(state.0).ok());
        let known = store_shipments::find(self.engine.database().reader(), self.id()).await?;
        if state_id != self.order.store_state_id && state_id == known.written_state_id {
            let writer = self.engine.database().writer();
            orders::set_store_state(writer, self.id(), state_id, false).await?;
        }
        Ok(())
    }

    async fn settle(&self, missing: Option<MissingState>) -> Result<(), Failure> {
        self.settle_in(self.begin().await?, missing).await
    }

    /// Ends what the new status has overtaken; `missing` is a state that the merchant chose and that is gone.
    async fn settle_in(
        &self,
        txn: DatabaseTransaction,
        missing: Option<MissingState>,
    ) -> Result<(), Failure> {
        let now = self.engine.clock().now();
        let id = self.id();
        let Some(order) = orders::find_locked(&txn, id).await? else { return Ok(()) };
        let unmapped = missing.map(MissingState::found);
        let unmapped = unmapped.as_slice();
        let topic = &[IssueCode::StateUnmapped];
        issues::set(&txn, self.connection.id, id, topic, unmapped, self.retry, now).await?;
        issues::resolve(&txn, id, PUSH_ISSUES, now).await?;
        let channel_status = ChannelStatus::from(order.channel_status.as_str());
        let waits = [ChannelStatus::AwaitingShipment, ChannelStatus::PartiallyShipping];
        let shipment = store_shipments::find(&txn, id).await?;
        if shipment.shipped_seen_at.is_some() && !waits.contains(&channel_status) {
            let overtaken = [IssueCode::ShipTrackingMissing, IssueCode::ShipProviderUnmapped];
            issues::resolve(&txn, id, &overtaken, now).await?;
            store_shipments::save(&txn, StoreShipment { shipped_seen_at: None, ..shipment }).await?;
        }
        if channel_status == ChannelStatus::Cancelled {
            // Nobody needs another store order any more.
            issues::resolve(&txn, id, &[IssueCode::StoreOrderDeleted], now).await?;
        }
        orders::derive_status(&txn, id, now).await?;
        txn.commit().await?;
        Ok(())
    }
}

/// Whether the carrier had the parcel, by TikTok Shop's answer.
fn was_collected(raw: serde_json::Value) -> bool {
    ReadOrder::from_raw(raw).is_ok_and(|read| read.order.times.collection_time.is_some())
}
