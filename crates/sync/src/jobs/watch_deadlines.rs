use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use chrono::{DateTime, TimeDelta, Utc};
use database::connections::ConnectionRecord;
use database::deadlines::{self, Deadline};
use database::issues::{self, Found, Retry};
use database::{DbErr, orders};
use futures::TryStreamExt;
use job_queue::{Leased, Outcome};
use shared::{IssueCode, OrderId, TikTokOrderId};
use tiktok_shop::{CancelStatus, CancelType, Cancellation, CancellationSearch};

use super::{JobError, connection_of, refresh_order};
use crate::channel::ChannelFailure;
use crate::engine::Engine;
use crate::issue_of::CHANNEL_ISSUES;

/// The pause between two looks.
const PAUSE: TimeDelta = TimeDelta::minutes(10);

/// Orders in one page, and at most so many pages in one look: the most urgent come first.
const PAGE: u64 = 200;
const MAX_PAGES: usize = 50;

const SHIP_BY_ISSUES: &[IssueCode] = &[IssueCode::ShipBySoon, IssueCode::ShipByLate];

/// At most so many buyers' requests are looked through.
const MAX_REQUEST_PAGES: NonZeroUsize = NonZeroUsize::new(20).expect("not zero");
const MAX_REQUESTS: u64 = 1_000;

/// At most so many orders are read again in one look because they say that TikTok Shop does not answer.
const MAX_UNSERVED: u64 = 1_000;

/// Warns of orders that are to be shipped soon, or are late, and takes the warnings back; finds the buyers' requests whose
/// webhook was lost; and reads again what says that TikTok Shop does not answer although nothing tries it any more.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let now = engine.clock().now();
    // An order that is to be shipped within this time is worth a warning; one that is late always is.
    let soon = now + TimeDelta::hours(connection.settings.alerts.ship_by_hours.into());
    warn(engine, &connection, soon, now).await?;
    take_back(engine, &connection, soon, now).await?;
    read_unserved_again(engine, &connection, now).await?;
    if let Err(failure) = find_requests(engine, &connection, now).await {
        // The next look comes soon enough: buyers' requests wait for a day or longer.
        tracing::warn!(connection = %connection.id, %failure, "buyers' requests could not be listed");
    }
    Ok(Outcome::Again { at: now + PAUSE })
}

async fn warn(
    engine: &Engine,
    connection: &ConnectionRecord,
    soon: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let reader = engine.database().reader();
    let mut after: Option<Deadline> = None;
    for _ in 0..MAX_PAGES {
        let due = deadlines::due_before(reader, connection.id, soon, after, PAGE).await?;
        let Some(last) = due.last() else { break };
        after = Some(*last);
        let ids: Vec<_> = due.iter().map(|deadline| deadline.order_id).collect();
        let known = deadlines::warnings_of(reader, &ids).await?;
        for deadline in due {
            let found = warning_of(deadline.ship_by, now);
            let known = known.get(&deadline.order_id);
            // Only what reads otherwise by now is written: the words change once an hour.
            if known.is_none_or(|(code, facts)| *code != found.code.as_str() || *facts != found.facts) {
                set(engine, connection, deadline.order_id, Some(found), now).await?;
            }
        }
    }
    Ok(())
}

async fn take_back(
    engine: &Engine,
    connection: &ConnectionRecord,
    soon: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for _ in 0..MAX_PAGES {
        let reader = engine.database().writer();
        let past = deadlines::no_longer_due(reader, connection.id, soon, PAGE).await?;
        if past.is_empty() {
            break;
        }
        for order_id in past {
            set(engine, connection, order_id, None, now).await?;
        }
    }
    Ok(())
}

/// What waited for TikTok Shop may have been taken back, or ended otherwise, before it answered.
async fn read_unserved_again(
    engine: &Engine,
    connection: &ConnectionRecord,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let database = engine.database();
    let (id, codes) = (connection.id, CHANNEL_ISSUES);
    let unserved = issues::past_their_next_try(database.reader(), id, codes, now, MAX_UNSERVED).await?;
    let refreshes = unserved.iter().map(|order| refresh_order(id, order, now));
    job_queue::enqueue_all(database.writer(), refreshes, now).await?;
    engine.wake();
    Ok(())
}

/// A request moves no order's update time, so that a poll does not see it. Every order is read again that has one here and
/// not there, or there and not here.
async fn find_requests(
    engine: &Engine,
    connection: &ConnectionRecord,
    now: DateTime<Utc>,
) -> Result<(), ChannelFailure> {
    let search = CancellationSearch {
        cancel_types: vec![CancelType::BuyerCancel],
        cancel_status: vec![CancelStatus::Pending],
        max_pages: MAX_REQUEST_PAGES,
        ..CancellationSearch::default()
    };
    let search = &search;
    let listed: Vec<Cancellation> = engine
        .in_shop(
            connection,
            |shop| async move { shop.search_cancellations(search.clone()).try_collect().await },
        )
        .await?;
    let there: BTreeSet<_> = listed.into_iter().map(|request| TikTokOrderId(request.order_id)).collect();
    let database = engine.database();
    let here = deadlines::with_open_request(database.reader(), connection.id, MAX_REQUESTS).await?;
    let here: BTreeSet<_> = here.into_iter().collect();
    let refreshes = here.symmetric_difference(&there).map(|id| refresh_order(connection.id, id, now));
    job_queue::enqueue_all(database.writer(), refreshes, now).await?;
    engine.wake();
    Ok(())
}

async fn set(
    engine: &Engine,
    connection: &ConnectionRecord,
    order_id: OrderId,
    found: Option<Found>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let txn = engine.database().begin().await?;
    let order = orders::find_locked(&txn, order_id).await?;
    // It may have left since it was listed.
    let found = found.filter(|_| order.is_some_and(|order| order.ship_by.is_some()));
    let retry = Retry::default();
    issues::set(&txn, connection.id, order_id, SHIP_BY_ISSUES, found.as_slice(), retry, now).await?;
    orders::derive_status(&txn, order_id, now).await?;
    txn.commit().await
}

fn warning_of(ship_by: DateTime<Utc>, now: DateTime<Utc>) -> Found {
    if ship_by > now {
        Found::new(IssueCode::ShipBySoon).with("time_left", in_words(ship_by - now))
    } else {
        Found::new(IssueCode::ShipByLate).with("time_over", in_words(now - ship_by))
    }
}

/// A span of time as people say it, rounded down.
fn in_words(span: TimeDelta) -> String {
    match (span.num_days(), span.num_hours()) {
        (days @ 2.., _) => format!("{days} days"),
        (_, hours @ 2..) => format!("{hours} hours"),
        (_, 1) => "1 hour".to_owned(),
        _ => "less than an hour".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_told_in_words_that_change_once_an_hour() {
        let now = DateTime::from_timestamp(1_795_422_307, 0).unwrap();
        let table = [
            (TimeDelta::hours(23) + TimeDelta::minutes(59), "Ship within 23 hours."),
            (TimeDelta::minutes(61), "Ship within 1 hour."),
            (TimeDelta::minutes(5), "Ship within less than an hour."),
            (TimeDelta::zero(), "Late by less than an hour."),
            (-TimeDelta::hours(47), "Late by 47 hours."),
            (-TimeDelta::days(3), "Late by 3 days."),
        ];

        for (left, sentence) in table {
            let found = warning_of(now + left, now);
            assert_eq!(found.code.sentence(&found.facts), sentence);
        }
    }
}
