use chrono::{DateTime, TimeDelta, Utc};
use database::{channel_lists, connections};
use job_queue::{Leased, Outcome};
use shared::ConnectionState;
use tiktok_shop::Error;

use super::listing::{Wanted, refresh_listed};
use super::{JobError, channel_outcome, connection_of};
use crate::channel::ChannelFailure;
use crate::engine::Engine;

/// The pause after a poll that failed for a reason that may pass.
const PAUSE_AFTER_FAILURE: TimeDelta = TimeDelta::seconds(15);

/// The pause after TikTok Shop has refused us altogether. A new authorization wakes the poll; anything else is rare, and asking
/// for new tokens sends the app's secret each time.
const PAUSE_WITHOUT_ACCESS: TimeDelta = TimeDelta::minutes(10);

/// So long after a poll the last second that it saw is over on TikTok Shop's clock too.
const SECOND_IS_OVER: TimeDelta = TimeDelta::seconds(2);

/// The name under which the cursor is kept whose second was read again after it was over.
const READ_AGAIN: &str = "poll-read-again";

/// Lists what TikTok Shop changed since the cursor, with an overlap, and asks for refreshes. The cursor moves only after what
/// was listed is stored. It is a time that TikTok Shop itself wrote, so our clock does not matter; where nothing has changed
/// for long, or TikTok Shop tells no times, it is one that is over on both clocks.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let overlap = TimeDelta::seconds(connection.settings.poll_overlap_s.into());
    let cursor = connection.poll_cursor.unwrap_or_else(|| connection.import_placed_since());
    // Update times have whole seconds: what changed in the last one that was seen may have changed once more in it.
    let read_again =
        channel_lists::find::<DateTime<Utc>>(engine.database().reader(), connection.id, READ_AGAIN).await?;
    let is_read_again = read_again.is_some_and(|(second, _)| second == cursor);
    let read_again_from = (!is_read_again).then_some(cursor);
    let is_over = connection.last_sync_at.is_some_and(|last| engine.clock().now() - last >= SECOND_IS_OVER);
    let wanted = Wanted::Changed { read_again_from };
    let listed = refresh_listed(engine, &connection, cursor - overlap, None, wanted).await;
    let now = engine.clock().now();
    match listed {
        Ok(()) => {
            let txn = engine.database().begin().await?;
            connections::move_poll_cursor(&txn, connection.id, cursor).await?;
            connections::polled(&txn, connection.id, now).await?;
            if is_over && !is_read_again {
                channel_lists::save(&txn, connection.id, READ_AGAIN, &cursor, now).await?;
            }
            let (from, to) = (ConnectionState::Unauthorized, ConnectionState::Active);
            connections::set_state(&txn, connection.id, from, to, now).await?;
            if connection.deauthorized_at.is_some() {
                // Such as a notification that came only after the seller had authorized us again.
                connections::set_deauthorized(&txn, connection.id, None).await?;
            }
            txn.commit().await?;
            Ok(Outcome::Again { at: now + TimeDelta::seconds(connection.settings.poll_interval_s.into()) })
        }
        // A poll never gives up: what it waits for may be put right at any time.
        Err(JobError::Channel(failure @ ChannelFailure::Channel(_))) => {
            tracing::warn!(connection = %connection.id, %failure, "poll failed");
            let pause = match &failure {
                ChannelFailure::Channel(Error::ReauthorizationNeeded { .. }) => PAUSE_WITHOUT_ACCESS,
                _ => PAUSE_AFTER_FAILURE,
            };
            match channel_outcome(&failure, job, now) {
                Outcome::RetryAt { error, .. } => Ok(Outcome::RetryAt { at: now + pause, error }),
                outcome => Ok(outcome),
            }
        }
        Err(error) => Err(error),
    }
}
