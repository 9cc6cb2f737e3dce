//! One reader of the events table for each process, and its listeners.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use database::clock_skew::MOST_CLOCK_SKEW;
use database::{Database, DbErr, events};
use shared::LiveEvent;
use tokio::sync::{Notify, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

/// How often the table is read for what other processes did.
const POLL_PAUSE: Duration = Duration::from_millis(500);
/// Events in one reading.
const BATCH: u64 = 1_000;
/// A listener that is this far behind is cut off; it resumes from the table.
pub(super) const BUFFER: usize = 4_096;
/// Streams that may be open at once.
pub const MAX_STREAMS: usize = 1_000;
/// PostgreSQL gives out ids when rows are written and shows them when transactions end, so a lower id may appear after a
/// higher one. Transactions of ours end well within this time.
const OUT_OF_ORDER: Duration = Duration::from_secs(10);

/// Passes events on to the streams that are open.
#[derive(Debug, Clone)]
pub struct LiveEvents {
    sender: broadcast::Sender<LiveEvent>,
    wake: Arc<Notify>,
    places: Arc<Semaphore>,
}

impl Default for LiveEvents {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(BUFFER).0,
            wake: Arc::default(),
            places: Arc::new(Semaphore::new(MAX_STREAMS)),
        }
    }
}

impl LiveEvents {
    /// Tells that this process has committed something, so that nobody waits for the next reading.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Events from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<LiveEvent> {
        self.sender.subscribe()
    }

    /// The places of open streams.
    #[must_use]
    pub fn places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.places)
    }

    /// Reads the table until `shutdown` is cancelled.
    pub async fn run(&self, database: Database, shutdown: CancellationToken) {
        let beginning = if in_order(&database) {
            events::last_id(database.reader()).await
        } else {
            all_shown_before(&database, database.clock.now()).await
        };
        let mut seen = match beginning {
            Ok(id) => Seen::from(id),
            Err(error) => {
                tracing::warn!(%error, "cannot read events yet");
                Seen::from(0)
            }
        };
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(POLL_PAUSE) => {}
            }
            if let Err(error) = self.read(&database, &mut seen).await {
                tracing::warn!(%error, "cannot read events");
            }
            seen.forget(if in_order(&database) { Duration::ZERO } else { OUT_OF_ORDER });
        }
    }

    async fn read(&self, database: &Database, seen: &mut Seen) -> Result<(), DbErr> {
        let mut after = seen.floor;
        loop {
            let batch = events::after(database.reader(), after, BATCH).await?;
            let is_last = (batch.len() as u64) < BATCH;
            let Some(last) = batch.last() else { return Ok(()) };
            after = last.id;
            for event in batch {
                if seen.note(event.id) {
                    // Nobody may be listening, which is fine.
                    drop(self.sender.send(event));
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

fn in_order(database: &Database) -> bool {
    database.backend() == sea_orm::DbBackend::Sqlite
}

/// The id up to which every event could be seen at a time.
async fn all_shown_before(database: &Database, time: DateTime<Utc>) -> Result<i64, DbErr> {
    // Whoever wrote them may have had another clock.
    let longest = OUT_OF_ORDER + MOST_CLOCK_SKEW.to_std().unwrap_or_default();
    events::last_id_before(database.reader(), time - longest).await
}

/// From where on to read for somebody who has seen an event last: what has a lower id may have appeared after it.
pub(super) async fn resume_after(database: &Database, seen: i64) -> Result<i64, DbErr> {
    if in_order(database) {
        return Ok(seen);
    }
    match events::time_of(database.reader(), seen).await? {
        Some(time) => all_shown_before(database, time).await,
        None => Ok(seen),
    }
}

/// Which events have been passed on: all up to `floor`, and some above.
#[derive(Debug)]
struct Seen {
    floor: i64,
    /// Ascending ids above the floor, each with the time when it was first seen.
    above: VecDeque<(i64, Instant)>,
}

impl Seen {
    fn from(floor: i64) -> Self {
        Self { floor, above: VecDeque::new() }
    }

    /// Whether the event is new.
    fn note(&mut self, id: i64) -> bool {
        match self.above.binary_search_by_key(&id, |(known, _)| *known) {
            Ok(_) => false,
            Err(place) => {
                self.above.insert(place, (id, Instant::now()));
                true
            }
        }
    }

    /// Raises the floor over the events below which nothing new can appear any more.
    fn forget(&mut self, after: Duration) {
        while let Some((id, _)) = self.above.front().filter(|(_, since)| since.elapsed() >= after) {
            self.floor = *id;
            self.above.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_appears_late_is_new_once() {
        let mut seen = Seen::from(10);

        assert!(seen.note(12));
        assert!(seen.note(13));
        assert!(seen.note(11), "its transaction ended last");
        assert!(!seen.note(11) && !seen.note(12) && !seen.note(13));
        seen.forget(Duration::from_secs(10));
        assert_eq!(seen.floor, 10);
        seen.forget(Duration::ZERO);
        assert_eq!((seen.floor, seen.above.len()), (13, 0));
    }
}
