use job_queue::{Leased, Outcome};
use shared::WebhookId;

use super::{JobError, deliver_webhook, id_of};
use crate::engine::Engine;

/// Has the messages of a webhook sent, now that they are there to be seen.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let (id, now) = (WebhookId(id_of(job, "webhook_id")?), engine.clock().now());
    job_queue::enqueue(engine.database().writer(), deliver_webhook(id, now), now).await?;
    engine.wake();
    Ok(Outcome::Done)
}
