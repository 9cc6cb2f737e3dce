use database::{events, sync_runs};
use job_queue::{Leased, Outcome};
use shared::{EventKind, SyncRunId, SyncRunState};

use super::listing::{Wanted, refresh_listed};
use super::{JobError, connection_of, id_of};
use crate::channel::ChannelFailure;
use crate::engine::Engine;

/// Lists the orders of a run's range and asks for a refresh of each, whether or not it has changed.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let run_id = SyncRunId(id_of(job, "run_id")?);
    let database = engine.database();
    let Some(sync_run) = sync_runs::find(database.reader(), run_id).await? else { return Ok(Outcome::Done) };
    let now = engine.clock().now();
    if !sync_runs::set_state(database.writer(), run_id, SyncRunState::Running, None, now).await? {
        // Somebody stopped it before its turn came.
        return Ok(Outcome::Done);
    }
    let since =
        sync_run.updated_since.or(connection.poll_cursor).unwrap_or_else(|| connection.import_placed_since());
    let overlap = chrono::TimeDelta::seconds(connection.settings.poll_overlap_s.into());
    let from = if sync_run.updated_since.is_some() { since } else { since - overlap };
    let listed =
        refresh_listed(engine, &connection, from, sync_run.updated_before, Wanted::All(run_id)).await;
    let (state, error) = match listed {
        Ok(()) => (SyncRunState::Done, None),
        Err(JobError::Channel(ChannelFailure::Channel(
            error @ (tiktok_shop::Error::RateLimited { .. } | tiktok_shop::Error::Transient { .. }),
        ))) if job.attempts < 5 => return Err(ChannelFailure::Channel(error).into()),
        Err(JobError::Channel(ChannelFailure::Channel(error))) => {
            (SyncRunState::Failed, Some(error.to_string()))
        }
        Err(error) => return Err(error),
    };
    let now = engine.clock().now();
    let txn = database.begin().await?;
    sync_runs::set_state(&txn, run_id, state, error, now).await?;
    events::record(&txn, EventKind::SyncRunUpdated, connection.id, None, now).await?;
    txn.commit().await?;
    Ok(Outcome::Done)
}
