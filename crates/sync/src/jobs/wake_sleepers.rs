use job_queue::{Leased, Outcome};
use serde_json::Value;

use super::JobError;
use crate::engine::Engine;

/// Wakes the jobs that sleep for a cause that has ended, or all that sleep in a lane.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let (database, now) = (engine.database(), engine.clock().now());
    let text = |name: &str| job.payload.get(name).and_then(Value::as_str);
    let woken = match (text("cause"), text("lane")) {
        (Some(cause), _) => job_queue::wake(database.writer(), cause, now).await?,
        (None, Some(lane)) => job_queue::wake_lane(database.writer(), lane, now).await?,
        (None, None) => return Err(JobError::Payload),
    };
    if woken > 0 {
        tracing::info!(
            jobs = woken,
            subject = job.subject,
            "what these jobs slept for has ended; they go on"
        );
        engine.wake();
    }
    Ok(Outcome::Done)
}
