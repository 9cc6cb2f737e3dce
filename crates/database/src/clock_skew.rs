//! How far this process's clock is from the one that all processes on the database share.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;

use crate::Database;

/// A process whose clock is further than this from the database's must not work: it would run jobs too early, write
/// times that others wait for, and sign requests that TikTok Shop refuses.
pub const MOST_CLOCK_SKEW: TimeDelta = TimeDelta::seconds(30);

impl Database {
    /// The time on the database's clock, which alone decides about leases.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn time(&self) -> Result<DateTime<Utc>, DbErr> {
        job_queue::database_time(self.writer()).await
    }

    /// How far this process's clock is ahead of the database's, as well as it can be told across a connection: the
    /// error is half the time that the database takes to answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clock_skew(&self) -> Result<TimeDelta, DbErr> {
        let asked_at = self.clock.now();
        let theirs = job_queue::database_time(self.reader()).await?;
        let ours = asked_at + (self.clock.now() - asked_at) / 2;
        Ok(ours - theirs)
    }
}
