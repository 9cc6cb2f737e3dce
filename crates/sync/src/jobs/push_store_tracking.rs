use chrono::TimeDelta;
use database::connections::ConnectionRecord;
use database::issues::{self, Retry};
use database::orders::{self, OrderRow};
use database::timeline::{self, Entry};
use database::{DbErr, store_shipments};
use job_queue::{Leased, Outcome, backoff};
use prestashop::{OrderCarrier, validate};
use shared::{IssueCode, OrderId, TikTokOrderId};
use tiktok_shop::Error;

use super::failure::Failure;
use super::may_write::may_write;
use super::unserved::{served, unserved};
use super::{JobError, order_of, refresh_order};
use crate::attempts;
use crate::channel::ChannelFailure;
use crate::crash_points::{OutsideWrite, around, recorded};
use crate::engine::Engine;
use crate::issue_of::of_store;
use crate::shipping::tracking_numbers;

/// The issues of a store that does not take a tracking number.
const TRACKING_ISSUES: &[IssueCode] = &[
    IssueCode::StoreUnreachable,
    IssueCode::StoreAuth,
    IssueCode::StoreRateLimited,
    IssueCode::StoreRefused,
    IssueCode::Internal,
];

/// Gives the store order the tracking number of the parcel that TikTok Shop says left last. A number that somebody
/// entered in the store stays.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let (connection, row) = match order_of(engine, job).await? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    let id = OrderId(row.id);
    let store_order = row.store_order_id.filter(|_| !row.store_deleted);
    let Some(store_order) = store_order.and_then(|id| u64::try_from(id).ok()).map(prestashop::OrderId) else {
        return Ok(Outcome::Done);
    };
    let order = match engine.read_order(&connection, &row.tiktok_order_id).await {
        Ok(Some(read)) => read.order,
        Ok(None) | Err(ChannelFailure::Channel(Error::NotFound { .. } | Error::Denied { .. })) => {
            return Ok(Outcome::Done);
        }
        Err(failure) => return Ok(unserved(engine, &connection, id, &failure, job).await?),
    };
    served(engine, id).await?;
    let (Some(number), _) = tracking_numbers(&order) else { return Ok(Outcome::Done) };
    let number = number.trim().to_owned();
    if !validate::is_tracking_number(&number) {
        tracing::info!(order = %id, "the store takes no tracking number of this form");
        return Ok(Outcome::Done);
    }
    // What is read back from the store must be known as TikTok Shop's, so it is recorded first; that asks for this again.
    let recorded = orders::lines_of(engine.database().writer(), id).await?;
    if !recorded.iter().any(|line| line.tracking_number.as_deref().map(str::trim) == Some(number.as_str())) {
        let now = engine.clock().now();
        let refresh = refresh_order(connection.id, &TikTokOrderId(row.tiktok_order_id), now);
        job_queue::enqueue(engine.database().writer(), refresh, now).await?;
        engine.wake();
        return Ok(Outcome::Done);
    }
    match push(engine, job, &connection, &row, store_order, &number).await {
        Ok(()) => Ok(Outcome::Done),
        Err(Failure::Job(error)) => Err(error),
        Err(Failure::Store(error)) => Ok(note_failure(engine, &connection, id, &error, job).await?),
    }
}

async fn push(
    engine: &Engine,
    job: &Leased,
    connection: &ConnectionRecord,
    row: &OrderRow,
    store_order: prestashop::OrderId,
    number: &str,
) -> Result<(), Failure> {
    let now = engine.clock().now();
    let id = OrderId(row.id);
    let store = engine.store(connection).map_err(|error| Failure::Job(error.into()))?;
    let (_, client) = store.facts(now).await?;
    let carriage = client.order_carriers_of(&[store_order]).await?;
    let decided_at = engine.database().time().await?;
    let known = store_shipments::find(engine.database().writer(), id).await?;
    let written = known.written_tracking_number.as_deref();
    match target_of(&carriage, number, written) {
        Target::Nothing => {}
        // It came from the store, and we know.
        Target::Arrived if known.sent_tracking_number.as_deref() == Some(number) => {}
        // Perhaps by a try whose answer was lost.
        Target::Arrived => note_written(engine, id, number, job.attempts > 0).await?,
        Target::Write(row) => {
            // Noted before it leaves, or a look at the store could take it for the merchant's; but not over a number of
            // ours that still stands there, or that one would pass for the merchant's.
            if row.tracking_number.trim().is_empty() {
                note_written(engine, id, number, false).await?;
            }
            if !may_write(engine, job, decided_at).await? {
                return Err(JobError::Late.into());
            }
            around(OutsideWrite::StoreTracking, client.set_tracking_number(row.id, number)).await?;
            note_written(engine, id, number, true).await?;
            recorded(OutsideWrite::StoreTracking);
        }
    }
    let txn = orders::begin_locked(engine.database(), id).await?;
    if !issues::resolve(&txn, id, TRACKING_ISSUES, now).await?.is_empty() {
        orders::derive_status(&txn, id, now).await?;
    }
    txn.commit().await?;
    Ok(())
}

enum Target<'a> {
    /// The store order has no carriage, or a number that is not ours to change.
    Nothing,
    /// The number is there.
    Arrived,
    Write(&'a OrderCarrier),
}

/// Which row of the carriage gets the number: after a split there are several.
fn target_of<'a>(carriage: &'a [OrderCarrier], number: &str, written: Option<&str>) -> Target<'a> {
    let with = |number: &str| carriage.iter().rfind(|row| row.tracking_number.trim() == number);
    if with(number).is_some() {
        return Target::Arrived;
    }
    let empty =
        || carriage.last().filter(|_| carriage.iter().all(|row| row.tracking_number.trim().is_empty()));
    written.and_then(with).or_else(empty).map_or(Target::Nothing, Target::Write)
}

/// Notes that the number in the store is ours, and tells it in the order's story once it has arrived.
async fn note_written(engine: &Engine, id: OrderId, number: &str, arrived: bool) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    if orders::find_locked(&txn, id).await?.is_none() {
        return Ok(());
    }
    let mut shipment = store_shipments::find(&txn, id).await?;
    if shipment.written_tracking_number.as_deref() != Some(number) {
        shipment.written_tracking_number = Some(number.to_owned());
        store_shipments::save(&txn, shipment).await?;
    }
    if arrived {
        let sentence = format!("Wrote the tracking number {number} to the store order.");
        timeline::record(&txn, id, Entry::ours("shipping", sentence), now).await?;
        orders::derive_status(&txn, id, now).await?;
    }
    txn.commit().await
}

/// Says from the second failure on why the store order has no number yet; the next try looks before it writes.
async fn note_failure(
    engine: &Engine,
    connection: &ConnectionRecord,
    id: OrderId,
    error: &prestashop::Error,
    job: &Leased,
) -> Result<Outcome, DbErr> {
    let now = engine.clock().now();
    let delay = backoff::delay(job.attempts, &mut rand::rng());
    let at = now + delay.unwrap_or(TimeDelta::hours(6));
    let found = of_store(error);
    attempts::failed(found.code);
    if job.attempts > 0 {
        let retry = Retry { attempts: job.attempts + 1, next_at: Some(at) };
        let txn = orders::begin_locked(engine.database(), id).await?;
        let issue = std::slice::from_ref(&found);
        issues::set(&txn, connection.id, id, TRACKING_ISSUES, issue, retry, now).await?;
        orders::derive_status(&txn, id, now).await?;
        txn.commit().await?;
    }
    Ok(Outcome::RetryAt { at, error: format!("{}: {error}", found.code) })
}

#[cfg(test)]
mod tests {
    use prestashop::{CarrierId, OrderCarrierId};
    use rust_decimal::Decimal;

    use super::*;

    fn carriage(numbers: &[&str]) -> Vec<OrderCarrier> {
        let row = |(id, number): (u64, &&str)| OrderCarrier {
            id: OrderCarrierId(id),
            order_id: prestashop::OrderId(1),
            carrier_id: CarrierId(1),
            tracking_number: (*number).to_owned(),
            shipping_cost_tax_incl: Decimal::ZERO,
            shipping_cost_tax_excl: Decimal::ZERO,
            date_add: None,
        };
        (1..).zip(numbers).map(row).collect()
    }

    #[test]
    fn a_number_that_somebody_entered_stays() {
        // what stands in the store, what we wrote before, and which row is written
        let table: [(&[&str], Option<&str>, Option<u64>); 8] = [
            (&[""], None, Some(1)),
            (&["JX1"], None, None),
            (&["MINE1"], None, None),
            (&["JX0"], Some("JX0"), Some(1)),
            (&["MINE1"], Some("JX0"), None),
            (&["", ""], None, Some(2)),
            (&["MINE1", ""], None, None),
            (&[], None, None),
        ];

        for (numbers, written, expected) in table {
            let carriage = carriage(numbers);
            let row = match target_of(&carriage, "JX1", written) {
                Target::Write(row) => Some(row.id.0),
                Target::Nothing | Target::Arrived => None,
            };
            assert_eq!(row, expected, "{numbers:?} {written:?}");
        }
    }
}
