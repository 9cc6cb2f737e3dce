use chrono::TimeDelta;
use database::connections;
use job_queue::{Leased, Outcome};
use shared::ConnectionState;
use tiktok_shop::OrderSearch;

use super::listing::{Wanted, refresh_listed};
use super::{JobError, channel_outcome, connection_of};
use crate::channel::ChannelFailure;
use crate::engine::Engine;

/// The pause after a poll that failed for a reason that may pass.
const PAUSE_AFTER_FAILURE: TimeDelta = TimeDelta::seconds(15);

/// Lists what TikTok Shop changed since the cursor, with an overlap, and asks for refreshes. The cursor is a time that
/// TikTok Shop itself wrote, so our clock does not matter, and it moves only after what was listed is stored.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let overlap = TimeDelta::seconds(connection.settings.poll_overlap_s.into());
    let cursor = connection.poll_cursor.unwrap_or_else(|| connection.import_placed_since());
    let search = OrderSearch { update_time_ge: Some(cursor - overlap), ..OrderSearch::default() };
    let listed =
        refresh_listed(engine, &connection, &search, Wanted::Changed { read_again_from: cursor }).await;
    let now = engine.clock().now();
    match listed {
        Ok(()) => {
            let txn = engine.database().begin().await?;
            connections::move_poll_cursor(&txn, connection.id, cursor).await?;
            connections::polled(&txn, connection.id, now).await?;
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
            match channel_outcome(&failure, job, now) {
                Outcome::RetryAt { error, .. } => {
                    Ok(Outcome::RetryAt { at: now + PAUSE_AFTER_FAILURE, error })
                }
                outcome => Ok(outcome),
            }
        }
        Err(error) => Err(error),
    }
}
