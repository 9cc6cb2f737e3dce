use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use database::DbErr;
use job_queue::{LeaseState, Leased};

use crate::engine::Engine;

/// A write leaves within this after it was decided on, or not at all. It is measured in two parts, each of which may take as
/// long: on the database's clock until the database is asked, and here until its answer has come.
const WITHIN: TimeDelta = TimeDelta::seconds(5);

/// Whether a job may write to the outside what it decided on at this time of the database's: nobody has taken it over, and
/// so little time has passed that nobody can have. To be asked directly before the write, for a worker may sleep anywhere,
/// and its successor goes on from what it has found since.
pub(super) async fn may_write(
    engine: &Engine,
    job: &Leased,
    decided_at: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let database = engine.database();
    let asked_at = Instant::now();
    let held = job_queue::confirm(database.writer(), job).await? == LeaseState::Held;
    let late = database.time().await? - decided_at > WITHIN
        || TimeDelta::from_std(asked_at.elapsed()).is_ok_and(|passed| passed > WITHIN);
    if !held || late {
        tracing::warn!(
            job = job.id,
            kind = job.kind,
            held,
            late,
            "held back a write that would have come too late"
        );
    }
    Ok(held && !late)
}
