//! The workers work only while the clock of this process agrees with the database's, and put right what a clock that did
//! not has written.

use std::time::Duration;

use database::clock_skew::MOST_CLOCK_SKEW;
use database::webhook_messages::deliver_webhook;
use database::{DbErr, actions, circuit_breakers, webhook_deliveries};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;

/// How often a wrong clock is looked at again, and a right one.
const PAUSE_WHILE_WRONG: Duration = Duration::from_secs(10);
const PAUSE_WHILE_RIGHT: Duration = Duration::from_secs(5);

impl Engine {
    /// Waits until the clock is right; false when the process is to stop before that.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn clock_is_right(&self, shutdown: &CancellationToken) -> Result<bool, DbErr> {
        while !shutdown.is_cancelled() {
            let skew = self.database().clock_skew().await?;
            if skew.abs() <= MOST_CLOCK_SKEW {
                self.pull_back().await?;
                return Ok(true);
            }
            let (skew_ms, most_ms) = (skew.num_milliseconds(), MOST_CLOCK_SKEW.num_milliseconds());
            tracing::error!(
                skew_ms,
                most_ms,
                "this machine's clock differs from the database's; nothing is done until it is set right"
            );
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = sleep(PAUSE_WHILE_WRONG) => {}
            }
        }
        Ok(false)
    }

    /// Cancels `working` when the clock goes wrong; ends when it is cancelled.
    pub(crate) async fn stop_when_the_clock_is_wrong(&self, working: &CancellationToken) {
        loop {
            tokio::select! {
                () = working.cancelled() => return,
                () = sleep(PAUSE_WHILE_RIGHT) => {}
            }
            match self.database().clock_skew().await {
                Ok(skew) if skew.abs() <= MOST_CLOCK_SKEW => {
                    if let Err(error) = self.pull_back().await {
                        tracing::warn!(%error, "what a wrong clock has put off could not be corrected");
                    }
                }
                Ok(skew) => {
                    let skew_ms = skew.num_milliseconds();
                    tracing::error!(skew_ms, "this machine's clock has moved away from the database's");
                    working.cancel();
                }
                Err(error) => tracing::warn!(%error, "the clocks could not be compared"),
            }
        }
    }

    /// What a clock that was ahead has put off runs now, whichever process it was and also when it was this machine's.
    async fn pull_back(&self) -> Result<(), DbErr> {
        let now = self.clock().now();
        let latest = now + MOST_CLOCK_SKEW;
        let writer = self.database().writer();
        // Before the jobs that they are for.
        let actions = actions::pull_back(writer, latest, now).await?;
        let jobs = job_queue::pull_back(writer, MOST_CLOCK_SKEW, now).await?;
        let sides = circuit_breakers::pull_back(writer, latest, now).await?;
        if jobs == 0 && sides == 0 && actions == 0 {
            return Ok(());
        }
        // Whoever sets the time of a message asks for a job with it.
        let webhooks = webhook_deliveries::pull_back(writer, latest, now).await?;
        job_queue::enqueue_all(writer, webhooks.iter().map(|id| deliver_webhook(*id, now)), now).await?;
        let messages_of = webhooks.len();
        tracing::warn!(
            actions,
            jobs,
            sides,
            messages_of,
            "had been put off by a clock that was ahead; it is their turn now"
        );
        self.wake();
        Ok(())
    }
}
