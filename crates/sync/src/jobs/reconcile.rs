//! The comparison of TikTok Shop's list, our record and the store's orders: lists on both sides, a hundred orders at a
//! time, never a call for each order.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use database::connections::ConnectionRecord;
use database::deadlines::{self, TO_SHIP};
use database::orders::OrderRow;
use database::reconciliations::{self, Findings};
use database::{drifts, events, to_ms};
use job_queue::{Leased, NewJob, Outcome};
use shared::{ChannelStatus, EventKind, OrderId, Reconciliation, ReconciliationId, TikTokOrderId};
use tiktok_shop::OrderListEntry;
use tokio::sync::Mutex;

use super::failure::Failure;
use super::listing::{CHUNK, list_window, windows};
use super::{FROM_THE_PAST, JobError, connection_of, refresh_order};
use crate::engine::Engine;
use crate::issue_of::of_store;
use crate::reconciling;

mod compare;

pub(super) use compare::{StoreSide, compare, is_ignored};

/// A comparison that met a failure so often is given up; the next night comes.
const TRIES: i32 = 5;

/// Orders outside the window whose difference is still open are looked at again, so many pages of them at most.
const PAGES_OF_OLDER: usize = 20;

/// Asks for tonight's comparison, and comes again tomorrow.
pub(super) async fn begin_night(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    let days = connection.settings.reconcile_days;
    let until = now - reconciling::ON_ITS_WAY;
    // While a side is down they would pile up; the one that waits since then makes up for all of them.
    if !reconciliations::prolong(&txn, connection.id, reconciling::EVERY_NIGHT, until).await? {
        reconciling::start(&txn, &connection, reconciling::EVERY_NIGHT, days, now).await?;
    }
    txn.commit().await?;
    engine.wake();
    Ok(Outcome::Again { at: reconciling::next_night(connection.id, now) })
}

/// Makes the comparison that has been waiting longest.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let database = engine.database();
    let Some(reconciliation) = reconciliations::next_waiting(database.writer(), connection.id).await? else {
        return Ok(Outcome::Done);
    };
    reconciliations::begin(database.writer(), reconciliation.id, engine.clock().now()).await?;
    let found = walk(engine, &connection, &reconciliation).await;
    let now = engine.clock().now();
    let found = match found {
        Ok(findings) => Ok(findings),
        Err(Failure::Job(error)) if job.attempts < TRIES => return Err(error),
        Err(Failure::Store(error)) if job.attempts < TRIES => {
            let at = now + TimeDelta::minutes(2) * (job.attempts + 1);
            return Ok(Outcome::RetryAt { at, error: error.to_string() });
        }
        Err(Failure::Job(error)) => Err(error.to_string()),
        Err(Failure::Store(error)) => Err(of_store(&error).code.kind().title.to_owned()),
    };
    let txn = database.begin().await?;
    let found = found.as_ref().copied().map_err(String::as_str);
    reconciliations::end(&txn, reconciliation.id, found, now).await?;
    events::record(&txn, EventKind::ReconciliationUpdated, connection.id, None, now).await?;
    txn.commit().await?;
    engine.wake();
    // Somebody may have asked for another one meanwhile.
    let more = reconciliations::next_waiting(database.writer(), connection.id).await?.is_some();
    Ok(if more { Outcome::Again { at: now } } else { Outcome::Done })
}

/// Walks through everything that TikTok Shop changed in the time that is compared, then through older orders that have yet to
/// be shipped, or whose difference is open.
async fn walk(
    engine: &Engine,
    connection: &ConnectionRecord,
    reconciliation: &Reconciliation,
) -> Result<Findings, Failure> {
    let now = engine.clock().now();
    let store = engine.store(connection).map_err(|error| Failure::Job(error.into()))?;
    let (facts, client) = store.facts(now).await?;
    let side = StoreSide { engine, connection, facts: &facts, client: &client };
    let walk = Mutex::new(Walk {
        id: reconciliation.id,
        side,
        until: reconciliation.until,
        seen: HashSet::new(),
        findings: Findings::default(),
    });
    for window in windows(reconciliation.from, Some(reconciliation.until), now) {
        let walk = &walk;
        let take = |chunk: Vec<OrderListEntry>| async move {
            let mut walk = walk.lock().await;
            walk.chunk(chunk).await?;
            walk.goes_on().await
        };
        if !list_window(engine, connection, window, take).await? {
            return Ok(walk.lock().await.findings);
        }
    }
    let mut walk = walk.into_inner();
    walk.unpacked().await?;
    walk.older().await?;
    Ok(walk.findings)
}

/// One walk and what it has found so far.
struct Walk<'a> {
    id: ReconciliationId,
    side: StoreSide<'a>,
    until: DateTime<Utc>,
    /// TikTok Shop's ids, for an order may be listed twice. As numbers: a hundred thousand of them take a few megabytes.
    seen: HashSet<u64>,
    findings: Findings,
}

impl Walk<'_> {
    /// Notes what was found so far; `false` when somebody does not want the comparison any more.
    async fn goes_on(&self) -> Result<bool, Failure> {
        Ok(reconciliations::progress(self.side.engine.database().writer(), self.id, self.findings).await?)
    }

    /// Compares some of the orders that TikTok Shop listed.
    async fn chunk(&mut self, mut listed: Vec<OrderListEntry>) -> Result<(), Failure> {
        let until = self.until;
        listed.retain(|entry| {
            // What changed while the list was read has left the window.
            entry.update_time.is_none_or(|updated| updated < until)
                && entry.id.parse().is_ok_and(|number| self.seen.insert(number))
        });
        let StoreSide { engine, connection, .. } = self.side;
        let ids: Vec<_> = listed.iter().map(|entry| TikTokOrderId(entry.id.clone())).collect();
        let rows = drifts::orders_of(engine.database().reader(), connection.id, &ids).await?;
        let known: HashMap<&str, &OrderRow> =
            rows.iter().map(|row| (row.tiktok_order_id.as_str(), row)).collect();
        let (mut to_read, mut to_ship) = (Vec::new(), Vec::new());
        for entry in &listed {
            match known.get(entry.id.as_str()) {
                None => {
                    self.findings.missing_here += 1;
                    to_read.push(TikTokOrderId(entry.id.clone()));
                }
                Some(row) if row.purged_at.is_none() && is_behind(row, entry) => {
                    self.findings.behind += 1;
                    to_read.push(TikTokOrderId(entry.id.clone()));
                }
                Some(row) if row.purged_at.is_none() && is_to_ship(row) => {
                    to_ship.push(TikTokOrderId(entry.id.clone()));
                }
                Some(_) => {}
            }
        }
        self.read_again(to_read.iter().chain(&to_ship)).await?;
        self.findings.seen_on_tiktok += i64::try_from(listed.len()).unwrap_or(i64::MAX);
        // What is read again is compared the next time, for what it is compared by may change.
        let current: Vec<_> =
            rows.into_iter().filter(|row| !to_read.iter().any(|id| id.0 == row.tiktok_order_id)).collect();
        self.findings.add(compare(&self.side, current).await?);
        Ok(())
    }

    /// Asks for a refresh of the orders that somebody has yet to pack and that TikTok Shop has not changed since.
    async fn unpacked(&self) -> Result<(), Failure> {
        let StoreSide { engine, connection, .. } = self.side;
        for status in deadlines::SHOWN_TO_SHIP {
            let mut after = None;
            loop {
                let reader = engine.database().reader();
                let page =
                    deadlines::to_ship(reader, connection.id, status, after.as_ref(), CHUNK as u64).await?;
                if page.is_empty() {
                    break;
                }
                self.read_again(
                    page.iter().map(|order| &order.tiktok_order_id).filter(|id| !self.has_seen(id)),
                )
                .await?;
                after = page.into_iter().last();
                if !self.goes_on().await? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Asks for a refresh of orders, behind all that is new.
    async fn read_again(&self, ids: impl Iterator<Item = &TikTokOrderId>) -> Result<(), Failure> {
        let StoreSide { engine, connection, .. } = self.side;
        let now = engine.clock().now();
        let refreshes: Vec<_> = ids
            .map(|id| NewJob { priority: FROM_THE_PAST, ..refresh_order(connection.id, id, now) })
            .collect();
        job_queue::enqueue_all(engine.database().writer(), refreshes, now).await?;
        engine.wake();
        Ok(())
    }

    fn has_seen(&self, id: &TikTokOrderId) -> bool {
        id.as_str().parse().is_ok_and(|number| self.seen.contains(&number))
    }

    /// Looks again at the orders whose difference is still open and that TikTok Shop has not changed since.
    async fn older(&mut self) -> Result<(), Failure> {
        let StoreSide { engine, connection, .. } = self.side;
        let mut after = OrderId(0);
        for _ in 0..PAGES_OF_OLDER {
            let reader = engine.database().reader();
            let rows = drifts::orders_with_open(reader, connection.id, after, CHUNK as u64).await?;
            let Some(last) = rows.last() else { break };
            after = OrderId(last.id);
            let unseen: Vec<_> = rows
                .into_iter()
                .filter(|row| !self.has_seen(&TikTokOrderId(row.tiktok_order_id.clone())))
                .collect();
            self.findings.add(compare(&self.side, unseen).await?);
            if !self.goes_on().await? {
                break;
            }
        }
        Ok(())
    }
}

/// Whether somebody has yet to pack the order. A new address does not have to move the time that TikTok Shop lists, so that
/// only its notification, or another look, tells of it.
fn is_to_ship(row: &OrderRow) -> bool {
    TO_SHIP.contains(&ChannelStatus::from(row.channel_status.as_str()))
}

/// Whether TikTok Shop lists an order newer than it is recorded.
fn is_behind(row: &OrderRow, listed: &OrderListEntry) -> bool {
    listed.update_time.is_some_and(|updated| to_ms(updated) > row.channel_updated_at)
        || listed.status.as_ref().is_some_and(|status| status.as_str() != row.channel_status)
}
