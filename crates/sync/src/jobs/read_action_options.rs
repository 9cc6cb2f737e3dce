use chrono::{DateTime, Utc};
use database::channel_lists;
use database::connections::ConnectionRecord;
use database::orders::{self, OrderRow};
use futures::TryStreamExt;
use job_queue::{Leased, Outcome};
use serde::Serialize;
use shared::{
    ActionKind, CancellationRequest, ChannelCarrier, ChannelReason, ChannelStatus, OrderId, TikTokOrderId,
    action_refusal,
};
use tiktok_shop::{CancelStatus, CancellationSearch, Eligibility, Order, WarehouseKind};

use super::unserved::refusal_of;
use super::{JobError, channel_outcome, connection_of, id_of, refresh_order};
use crate::action_options::{
    CancelReasons, Route, WAREHOUSES, WarehouseRegion, cancel_reasons_name, cancellation_name, carriers_for,
    needs_carriers, reason_text, warehouses,
};
use crate::channel::ChannelFailure;
use crate::engine::Engine;

/// After so many tries nobody waits for the form any more; who opens it again asks again.
const TRIES: i32 = 4;

/// The language of the texts that TikTok Shop sends with its reasons.
const LOCALE: &str = "en-US";

/// Reads what the forms of an order's actions offer, and tells the pages that are open.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(id_of(job, "order_id")?);
    let Some(row) = orders::find(engine.database().reader(), order_id).await? else {
        return Ok(Outcome::Done);
    };
    let reading = Reading { engine, connection: &connection, now: engine.clock().now() };
    match reading.read(&row).await {
        Ok(()) => Ok(Outcome::Done),
        Err(Failure::Job(error)) => Err(error),
        Err(Failure::Channel(failure)) if job.attempts + 1 >= TRIES => {
            tracing::info!(order = %order_id, %failure, "the lists for the forms could not be read");
            Ok(Outcome::Done)
        }
        Err(Failure::Channel(failure)) => Ok(channel_outcome(&failure, job, reading.now)),
    }
}

enum Failure {
    Channel(ChannelFailure),
    Job(JobError),
}

impl From<ChannelFailure> for Failure {
    fn from(failure: ChannelFailure) -> Self {
        Self::Channel(failure)
    }
}

impl From<database::DbErr> for Failure {
    fn from(error: database::DbErr) -> Self {
        Self::Job(error.into())
    }
}

struct Reading<'a> {
    engine: &'a Engine,
    connection: &'a ConnectionRecord,
    now: DateTime<Utc>,
}

impl Reading<'_> {
    async fn read(&self, row: &OrderRow) -> Result<(), Failure> {
        let (engine, connection) = (self.engine, self.connection);
        let id = OrderId(row.id);
        let tiktok_order_id = TikTokOrderId(row.tiktok_order_id.clone());
        let read = match engine.read_order(connection, tiktok_order_id.as_str()).await {
            Ok(Some(read)) => read,
            Ok(None) | Err(ChannelFailure::Channel(tiktok_shop::Error::NotFound { .. })) => return Ok(()),
            Err(failure) => return Err(failure.into()),
        };
        let order = &read.order;
        let channel_status = ChannelStatus::from(order.status.as_str());
        let mut facts = orders::action_facts(row, &channel_status);
        facts.cancellation_requested = order.is_buyer_request_cancel;
        if needs_carriers(&facts) {
            self.read_carriers(order).await?;
        }
        if action_refusal(ActionKind::Cancel, &facts).is_none() {
            let status = order.status.as_str().to_owned();
            let reasons = cancel_reasons(engine, connection, &order.id, status).await?;
            self.save(&cancel_reasons_name(id), &reasons).await?;
        }
        if order.is_buyer_request_cancel {
            let request = self.cancellation_request(order).await?;
            self.save(&cancellation_name(id), &request).await?;
        }
        let txn = orders::begin_locked(engine.database(), id).await?;
        if channel_status.as_str() != row.channel_status {
            job_queue::enqueue(&txn, refresh_order(connection.id, &tiktok_order_id, self.now), self.now)
                .await?;
        }
        orders::derive_status(&txn, id, self.now).await?;
        txn.commit().await?;
        engine.wake();
        Ok(())
    }

    async fn save(&self, name: &str, list: &(impl Serialize + Sync)) -> Result<(), Failure> {
        let database = self.engine.database();
        Ok(channel_lists::save(database.writer(), self.connection.id, name, list, self.now).await?)
    }

    async fn read_carriers(&self, order: &Order) -> Result<(), Failure> {
        let database = self.engine.database();
        if carriers_for(database.reader(), self.connection, order, self.now).await?.is_some() {
            return Ok(());
        }
        let warehouses = self.warehouses().await?;
        let Some(route) = Route::of(order, &warehouses, self.connection) else { return Ok(()) };
        let asked = &route;
        let answer = self
            .engine
            .in_shop(self.connection, |shop| async move {
                let (from, to) = (asked.from.as_deref(), asked.to.as_deref());
                shop.shipping_providers(&asked.delivery_option_id, from, to).await
            })
            .await;
        let carriers: Vec<ChannelCarrier> = or_nothing(answer)?
            .into_iter()
            .map(|carrier| ChannelCarrier { id: carrier.id, name: carrier.name })
            .collect();
        self.save(&route.list_name(), &carriers).await
    }

    async fn warehouses(&self) -> Result<Vec<WarehouseRegion>, Failure> {
        if let Some(known) = warehouses(self.engine.database().reader(), self.connection.id, self.now).await?
        {
            return Ok(known);
        }
        let answer =
            self.engine.in_shop(self.connection, |shop| async move { shop.warehouses().await }).await;
        let warehouses: Vec<WarehouseRegion> = or_nothing(answer)?
            .into_iter()
            .filter(|warehouse| warehouse.kind != Some(WarehouseKind::Return))
            .map(|warehouse| WarehouseRegion {
                id: warehouse.id,
                region: warehouse.address.and_then(|address| address.region_code),
                is_default: warehouse.is_default,
            })
            .collect();
        self.save(WAREHOUSES, &warehouses).await?;
        Ok(warehouses)
    }

    async fn cancellation_request(&self, order: &Order) -> Result<Option<CancellationRequest>, Failure> {
        let id = order.id.as_str();
        let answer = self
            .engine
            .in_shop(self.connection, |shop| async move {
                let search = CancellationSearch {
                    order_ids: vec![id.to_owned()],
                    locale: Some(LOCALE.to_owned()),
                    ..CancellationSearch::default()
                };
                shop.search_cancellations(search).try_collect::<Vec<_>>().await
            })
            .await;
        let open = or_nothing(answer)?.into_iter().rev().find(|cancellation| {
            cancellation.order_id == id && cancellation.cancel_status == Some(CancelStatus::Pending)
        });
        let Some(open) = open else { return Ok(None) };
        let cancel_id = open.cancel_id.as_str();
        let answer = self
            .engine
            .in_shop(
                self.connection,
                |shop| async move { shop.reject_reasons(cancel_id, Some(LOCALE)).await },
            )
            .await;
        let reject_reasons = or_nothing(answer)?.into_iter().map(|reason| ChannelReason {
            text: reason.text.unwrap_or_else(|| reason_text(&reason.name)),
            key: reason.name,
        });
        Ok(Some(CancellationRequest {
            reject_reasons: reject_reasons.collect(),
            deadline: open.answer_deadline(),
            reason: open.cancel_reason_text.or_else(|| open.cancel_reason.as_deref().map(reason_text)),
            id: open.cancel_id,
        }))
    }
}

/// For which reasons TikTok Shop lets the seller cancel an order, in the status that it is known to be in.
pub(super) async fn cancel_reasons(
    engine: &Engine,
    connection: &ConnectionRecord,
    tiktok_order_id: &str,
    channel_status: String,
) -> Result<CancelReasons, ChannelFailure> {
    let answer = engine
        .in_shop(connection, |shop| async move { shop.aftersale_eligibility(tiktok_order_id).await })
        .await;
    Ok(match answer.map_err(refusal_of) {
        Ok(units) => reasons_of(channel_status, &units),
        Err(Ok(refusal)) => {
            CancelReasons { channel_status, reasons: Vec::new(), not_cancelable: Some(refusal.message) }
        }
        Err(Err(failure)) => return Err(failure),
    })
}

/// A list, empty when TikTok Shop says that there is none to be had.
fn or_nothing<T>(answer: Result<Vec<T>, ChannelFailure>) -> Result<Vec<T>, ChannelFailure> {
    match answer.map_err(refusal_of) {
        Ok(list) => Ok(list),
        Err(Ok(refusal)) => {
            tracing::info!(message = %refusal.message, "TikTok Shop has no list for the forms");
            Ok(Vec::new())
        }
        Err(Err(failure)) => Err(failure),
    }
}

/// The reasons that fit all units of an order, for the whole of it is canceled.
fn reasons_of(channel_status: String, units: &[Eligibility]) -> CancelReasons {
    let of_cancel = |unit: &&Eligibility| unit.request_type.as_deref().is_none_or(|kind| kind == "CANCEL");
    let units: Vec<&Eligibility> = units.iter().filter(of_cancel).collect();
    let refused = units.iter().find(|unit| !unit.eligible);
    let words = |unit: &&Eligibility| unit.ineligible_reason.clone();
    let not_cancelable = match (units.first(), refused) {
        (None, _) => Some("TikTok Shop offers no cancellation.".to_owned()),
        (_, Some(unit)) => {
            Some(words(unit).unwrap_or_else(|| "TikTok Shop offers no cancellation.".to_owned()))
        }
        (_, None) => None,
    };
    let mut reasons: Vec<ChannelReason> = Vec::new();
    if not_cancelable.is_none()
        && let Some((first, others)) = units.split_first()
    {
        let everywhere = |key: &&String| others.iter().all(|unit| unit.available_reason_names.contains(key));
        reasons.extend(
            first
                .available_reason_names
                .iter()
                .filter(everywhere)
                .map(|key| ChannelReason { key: key.clone(), text: reason_text(key) }),
        );
    }
    CancelReasons { channel_status, reasons, not_cancelable }
}
