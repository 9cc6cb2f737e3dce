use chrono::{DateTime, Utc};

/// A job to be enqueued: what to do (`kind`) with what (`subject`).
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// What the handler dispatches on, such as `refresh_order`.
    pub kind: &'static str,
    /// What the job is about; with the kind it names at most one live job.
    pub subject: String,
    /// The fairness group: lanes take turns.
    pub lane: String,
    /// A JSON object of ids. Where jobs join, the newest payload wins, so whatever must not be replaced belongs into
    /// the subject.
    pub payload: serde_json::Value,
    /// Higher runs first within a lane; 0 is ordinary.
    pub priority: i16,
    /// The earliest time to run, kept to the millisecond.
    pub run_at: DateTime<Utc>,
}

/// The live job that an [`enqueue`](crate::enqueue) led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enqueued {
    pub id: i64,
    /// There was a live job of this kind and subject already.
    pub joined: bool,
}

/// A job that this worker holds until the lease ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    pub id: i64,
    pub kind: String,
    pub subject: String,
    pub lane: String,
    pub payload: serde_json::Value,
    /// What it was enqueued with; jobs that follow from it may inherit it.
    pub priority: i16,
    /// Runs that failed before this one since the job last succeeded or was woken: what
    /// [`backoff::delay`](crate::backoff::delay) asks for.
    pub attempts: i32,
    /// Grows with each claim of the job; proves that a result comes from the latest holder.
    pub fence: i64,
    pub created_at: DateTime<Utc>,
}

/// What shall happen next to a job that has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do: the job is deleted, unless it was asked for again meanwhile.
    Done,
    /// It went well and goes on at this time, for work that never ends; attempts are counted anew.
    Again { at: DateTime<Utc> },
    /// It failed and is tried again; counts an attempt.
    RetryAt { at: DateTime<Utc>, error: String },
    /// It could not start (a rate limit, a lease of another worker); counts no attempt.
    WaitUntil { at: DateTime<Utc>, reason: String },
    /// It sleeps until [`wake`](crate::wake) names its cause or somebody enqueues it again.
    ///
    /// `at` is a time to look again all the same. Give one wherever the cause may vanish without a `wake`.
    Park { cause: String, error: String, at: Option<DateTime<Utc>> },
    /// The handler has called [`finish`](crate::finish) itself, inside its own transaction.
    AlreadyFinished,
}

/// What is known of a live job from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStatus {
    pub id: i64,
    /// The next run; `None` for a job that sleeps until it is woken.
    pub run_at: Option<DateTime<Utc>>,
    pub attempts: i32,
    /// A worker holds it, perhaps one that has died and whose lease has not been taken over yet.
    pub running: bool,
    pub parked_cause: Option<String>,
    /// The error or the reason of the latest run that did not end in `Done`.
    pub last_error: Option<String>,
}

/// A job that sleeps for a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedJob {
    pub id: i64,
    pub kind: String,
    pub subject: String,
    pub lane: String,
    pub last_error: Option<String>,
}

/// How far the workers are behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Jobs that could run now and do not.
    pub due: u64,
    /// Since when the longest waiting of them is due.
    pub oldest_due_at: Option<DateTime<Utc>>,
}
