#![doc = include_str!("../README.md")]

pub mod backoff;
mod claim;
mod database_clock;
mod finish;
mod job;
mod queue;
mod table;
mod worker;

pub use claim::{Claim, claim};
pub use database_clock::{database_now, database_time};
pub use finish::{LeaseState, confirm, finish, release, renew};
pub use job::{Depth, Enqueued, JobStatus, Leased, NewJob, Outcome, ParkedJob};
pub use queue::{
    cancel, depth, depth_of_lane, depths, enqueue, enqueue_all, live, parked, pull_back, wake, wake_lane,
};
pub use table::{add_timed_at, create_table};
pub use worker::{Handler, Panicked, WakeUp, Worker, WorkerSettings};
