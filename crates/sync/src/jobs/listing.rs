//! Walking through TikTok Shop's list of orders: what a poll, a run of "fetch orders" and the nightly comparison have in
//! common.

use std::collections::HashMap;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use database::connections::{self, ConnectionRecord};
use database::{DbErr, orders, sync_runs};
use futures::{StreamExt, TryStreamExt};
use job_queue::NewJob;
use shared::TikTokOrderId;
use tiktok_shop::{OrderListEntry, OrderSearch};

use super::{FROM_THE_PAST, JobError, refresh_order};
use crate::channel::ChannelFailure;
use crate::engine::Engine;

/// So many orders are looked up and enqueued in one transaction: a page of TikTok Shop's list.
pub(super) const CHUNK: usize = 100;

/// Nobody knows how long a time a search may span, nor how deep its pages go.
const LONGEST_WINDOW: TimeDelta = TimeDelta::hours(12);

/// What is older than this by our clock is over on TikTok Shop's too: it answers no call of a clock that is ahead by more
/// than half a minute.
const OVER: TimeDelta = TimeDelta::minutes(2);

/// TikTok Shop sells since 2021; nothing in its list is older.
const FIRST_SALES: DateTime<Utc> = DateTime::from_timestamp(1_609_459_200, 0).expect("it is a time");

/// A stretch of TikTok Shop's list, by when the orders were updated, that one search covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    from: DateTime<Utc>,
    /// Exclusive; `None` is open-ended.
    until: Option<DateTime<Utc>>,
}

/// The windows of a walk that begins at `now`, oldest first; without an `until` the last one is open-ended.
pub(super) fn windows(
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> impl Iterator<Item = Window> {
    // What an open-ended walk reaches in closed windows: only what is over can be walked whole.
    let closed_until = until.unwrap_or(now - OVER);
    let window_from = move |from: DateTime<Utc>| {
        let is_last = until.unwrap_or(now) - from <= LONGEST_WINDOW;
        let end = if is_last { until } else { Some((from + LONGEST_WINDOW).min(closed_until)) };
        until.is_none_or(|until| from < until).then_some(Window { from, until: end })
    };
    iter::successors(window_from(from.max(FIRST_SALES)), move |last| window_from(last.until?))
}

/// Lists the orders of a window, oldest change first, a page at a time, for as long as `take` wants more; `false` when it
/// did not. A renewed token begins the window anew.
pub(super) async fn list_window<R, E>(
    engine: &Engine,
    connection: &ConnectionRecord,
    window: Window,
    take: impl Fn(Vec<OrderListEntry>) -> R,
) -> Result<bool, E>
where
    R: Future<Output = Result<bool, E>>,
    E: From<ChannelFailure>,
{
    let take = &take;
    engine
        .in_shop(connection, |shop| async move {
            let search = OrderSearch {
                update_time_ge: Some(window.from),
                update_time_lt: window.until,
                ..OrderSearch::default()
            };
            let mut chunks = shop.search_orders(search).try_ready_chunks(CHUNK);
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.map_err(|error| error.1)?;
                let is_whole = chunk.len() == CHUNK;
                match take(chunk).await {
                    Ok(true) => {}
                    ended => return Ok(ended),
                }
                if is_whole {
                    engine.page_came(connection).await;
                }
            }
            Ok(Ok(true))
        })
        .await?
}

/// Which of the listed orders are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those that are new, newer than what is recorded, or in another status; and those that changed at this time or
    /// later, whatever is recorded of them.
    Changed { read_again_from: Option<DateTime<Utc>> },
    /// Every one, noted in this run.
    All(shared::SyncRunId),
}

/// Asks for a refresh of every wanted order that was updated in a time, oldest change first. What follows from a poll is
/// where the next one begins.
pub(super) async fn refresh_listed(
    engine: &Engine,
    connection: &ConnectionRecord,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    wanted: Wanted,
) -> Result<(), JobError> {
    let began_at = engine.clock().now();
    for window in windows(from, until, began_at) {
        // A window may be empty, and so may many in a row.
        if let Wanted::All(run_id) = wanted
            && sync_runs::is_canceled(engine.database().reader(), run_id).await?
        {
            break;
        }
        let undated = &AtomicBool::new(false);
        let take = |chunk: Vec<OrderListEntry>| async move {
            if chunk.iter().any(|entry| entry.update_time.is_none()) {
                undated.store(true, Ordering::Relaxed);
            }
            let goes_on = store_chunk(engine, connection, &chunk, window, wanted).await?;
            engine.wake();
            Ok::<_, JobError>(goes_on)
        };
        if !list_window(engine, connection, window, take).await? {
            // Somebody has stopped the run.
            break;
        }
        if let Wanted::Changed { .. } = wanted {
            // Where TikTok Shop does not say when its orders changed, nothing else moves the cursor.
            let undated = undated.load(Ordering::Relaxed).then_some(began_at - OVER);
            if let Some(walked_until) = window.until.or(undated) {
                let writer = engine.database().writer();
                connections::move_poll_cursor(writer, connection.id, walked_until).await?;
            }
        }
    }
    Ok(())
}

/// Whether the walk goes on: a run may have been stopped meanwhile.
async fn store_chunk(
    engine: &Engine,
    connection: &ConnectionRecord,
    chunk: &[OrderListEntry],
    window: Window,
    wanted: Wanted,
) -> Result<bool, DbErr> {
    let now = engine.clock().now();
    let ids: Vec<_> = chunk.iter().map(|entry| TikTokOrderId(entry.id.clone())).collect();
    let txn = engine.database().begin().await?;
    if let Wanted::All(run_id) = wanted
        && sync_runs::is_canceled(&txn, run_id).await?
    {
        return Ok(false);
    }
    let known: HashMap<String, (i64, String)> = orders::known_updates(&txn, connection.id, &ids)
        .await?
        .into_iter()
        .map(|(id, updated_at, status)| (id, (updated_at, status)))
        .collect();
    let is_wanted = |entry: &&OrderListEntry| match wanted {
        Wanted::All(_) => true,
        Wanted::Changed { read_again_from } => match (known.get(&entry.id), entry.update_time) {
            (Some((recorded, status)), Some(listed)) => {
                database::to_ms(listed) > *recorded
                    || read_again_from.is_some_and(|from| listed >= from)
                    || entry.status.as_ref().is_some_and(|listed| listed.as_str() != status)
            }
            _ => true,
        },
    };
    let wanted_entries: Vec<_> = chunk.iter().filter(is_wanted).collect();
    if let Wanted::All(run_id) = wanted {
        sync_runs::list_orders(&txn, run_id, &ids).await?;
    }
    let priority = match wanted {
        Wanted::Changed { .. } => 0,
        Wanted::All(_) => FROM_THE_PAST,
    };
    let jobs = wanted_entries
        .iter()
        .map(|entry| NewJob {
            priority,
            ..refresh_order(connection.id, &TikTokOrderId(entry.id.clone()), now)
        })
        .collect::<Vec<_>>();
    // The list goes up, so everything before this chunk is stored: a walk that breaks off goes on from here.
    let latest = chunk.iter().filter_map(|entry| entry.update_time).max();
    if let (Wanted::Changed { .. }, Some(latest)) = (wanted, latest) {
        // What changes while it is listed bears a time beyond the window, and what lies between has not been listed yet.
        // A date that has not come yet would hide all that changes until then.
        let reached = latest.min(window.until.unwrap_or(now)).min(now);
        connections::move_poll_cursor(&txn, connection.id, reached).await?;
    }
    job_queue::enqueue_all(&txn, jobs, now).await?;
    txn.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        FIRST_SALES + TimeDelta::hours(hours)
    }

    #[test]
    fn a_walk_is_cut_into_windows_that_join_and_are_never_longer_than_one_may_be() {
        let now = at(1_000);
        for (from, until) in
            [(at(990), None), (at(988), None), (at(987), None), (at(3), None), (at(3), Some(at(50)))]
        {
            let walk: Vec<_> = windows(from, until, now).collect();

            assert_eq!(walk[0].from, from);
            assert_eq!(walk.last().unwrap().until, until);
            for pair in walk.windows(2) {
                assert_eq!(pair[0].until, Some(pair[1].from), "{from}");
            }
            for window in &walk {
                let span = window.until.unwrap_or(now) - window.from;
                assert!(span > TimeDelta::zero() && span <= LONGEST_WINDOW, "{from}: {window:?}");
            }
        }
        assert_eq!(windows(DateTime::UNIX_EPOCH, Some(at(5)), now).count(), 1, "nothing is older");
        assert_eq!(windows(DateTime::UNIX_EPOCH, Some(at(0)), now).count(), 0, "nothing is older");
    }

    #[test]
    fn only_what_is_over_is_walked_whole() {
        let now = at(1_000);

        for hours in 1..40 {
            let walk = windows(now - TimeDelta::hours(hours), None, now);
            assert!(walk.filter_map(|window| window.until).all(|until| until <= now - OVER), "{hours}");
        }
    }
}
