use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clock::SharedClock;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::backoff;
use crate::claim::{Claim, claim};
use crate::finish::{LeaseState, finish, release, renew};
use crate::job::{Leased, Outcome};

/// The most jobs that [`Worker::run_due_once`] runs before it takes them for an endless loop.
const RUNS_PER_DRAIN: u64 = 100_000;

/// How often the result of a job is written before it is left to its lease; the job then simply runs again.
const TRIES_TO_FINISH: u32 = 5;

/// Between the tries of a job that has panicked for a day.
const PAUSE_OF_THE_HOPELESS: TimeDelta = TimeDelta::hours(6);

/// Does the work of every kind of job.
pub trait Handler: Send + Sync + 'static {
    /// Runs one job, perhaps not for the first time, and says what shall happen next. Must bear being dropped at any
    /// point.
    fn run(&self, job: &Leased) -> impl Future<Output = Outcome> + Send;

    /// Says what shall happen to a job whose run panicked, perhaps after telling whoever must know: by default it is
    /// tried again as any failed job. Runs under the job's lease; should it panic too, the default is taken.
    fn panicked(&self, job: &Leased, panic: &Panicked) -> impl Future<Output = Outcome> + Send {
        std::future::ready(panic.retry(job))
    }
}

/// A run that panicked. What it said stays in the log of this process, where the reference leads to it: it may hold
/// anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panicked {
    /// Names the run to people and in the log.
    pub reference: String,
    /// When it was noticed.
    pub at: DateTime<Utc>,
}

impl Panicked {
    /// Another try after the usual delays; when they are used up, a try every six hours, because the next release may
    /// have the remedy.
    #[must_use]
    pub fn retry(&self, job: &Leased) -> Outcome {
        let delay = backoff::nominal_delay(job.attempts).unwrap_or(PAUSE_OF_THE_HOPELESS);
        let error = format!("internal error (reference: {})", self.reference);
        Outcome::RetryAt { at: self.at + delay, error }
    }
}

/// Wakes the workers of this process at once; clone it to whoever enqueues, who pings it after the commit.
///
/// A lost ping costs one poll pause, never a job.
#[derive(Debug, Clone, Default)]
pub struct WakeUp(Arc<Notify>);

impl WakeUp {
    /// Tells the worker that there may be something to do.
    pub fn ping(&self) {
        self.0.notify_one();
    }

    async fn pinged(&self) {
        self.0.notified().await;
    }
}

/// How a worker works. Start from [`WorkerSettings::new`].
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Unique among all workers on the database.
    pub owner: String,
    /// Jobs at the same time.
    pub concurrency: u32,
    /// Of these, jobs of one lane, counted over all workers of the kinds; see [`Claim::lane_limit`] for how exactly.
    pub lane_concurrency: u32,
    /// How long a crashed worker's jobs wait for another one. Renewed at a third of it.
    pub lease: Duration,
    /// The pause between two looks at the table when nobody pings.
    pub poll_pause: Duration,
    /// How long a stopping worker waits for the jobs that run.
    pub stop_within: Duration,
    /// Only these kinds; empty for all.
    pub kinds: Vec<&'static str>,
}

impl WorkerSettings {
    /// Eight jobs at once, of whichever lanes, leases of a minute, a look every half second, ten seconds to stop, all kinds.
    #[must_use]
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            concurrency: 8,
            lane_concurrency: u32::MAX,
            lease: Duration::from_secs(60),
            poll_pause: Duration::from_millis(500),
            stop_within: Duration::from_secs(10),
            kinds: Vec::new(),
        }
    }
}

/// Claims due jobs and runs them through one [`Handler`].
#[derive(Debug)]
pub struct Worker<H> {
    shared: Arc<Shared<H>>,
    settings: WorkerSettings,
    wake_up: WakeUp,
}

/// What each running job needs.
#[derive(Debug)]
struct Shared<H> {
    database: DatabaseConnection,
    clock: SharedClock,
    handler: Arc<H>,
    lease: Duration,
    poll_pause: Duration,
}

impl<H: Handler> Worker<H> {
    /// A worker that writes through `database`: for SQLite the one writer connection.
    pub fn new(
        database: DatabaseConnection,
        clock: SharedClock,
        handler: H,
        wake_up: WakeUp,
        settings: WorkerSettings,
    ) -> Self {
        let shared = Shared {
            database,
            clock,
            handler: Arc::new(handler),
            lease: settings.lease,
            poll_pause: settings.poll_pause,
        };
        Self { shared: Arc::new(shared), settings, wake_up }
    }

    /// What pings this worker.
    #[must_use]
    pub fn wake_up(&self) -> WakeUp {
        self.wake_up.clone()
    }

    /// Works until `shutdown` is cancelled, then waits for the running jobs up to the bound and gives the rest back.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut running: JoinSet<()> = JoinSet::new();
        let mut lane_served_last = String::new();
        while !shutdown.is_cancelled() {
            let running_now = u32::try_from(running.len()).unwrap_or(u32::MAX);
            let free = self.settings.concurrency.saturating_sub(running_now);
            let claimed = match self.claim(free, &lane_served_last).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::error!(%error, "cannot claim jobs; trying again after the poll pause");
                    Vec::new()
                }
            };
            let has_free_slots = claimed.len() < free as usize;
            for job in claimed {
                lane_served_last.clone_from(&job.lane);
                let shared = Arc::clone(&self.shared);
                running.spawn(async move { shared.run_job(job).await });
            }
            // With every slot taken only the end of a job can bring news. A ping that comes meanwhile is kept.
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(_) = running.join_next() => {}
                () = self.wake_up.pinged(), if has_free_slots => {}
                () = sleep(self.settings.poll_pause), if has_free_slots => {}
            }
            while running.try_join_next().is_some() {}
        }
        self.stop(running).await;
    }

    async fn stop(&self, mut running: JoinSet<()>) {
        let all_ended = async { while running.join_next().await.is_some() {} };
        if timeout(self.settings.stop_within, all_ended).await.is_err() {
            tracing::warn!(jobs = running.len(), "jobs still run after the time to stop; giving them back");
            running.shutdown().await;
        }
        match release(&self.shared.database, &self.settings.owner).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "gave unfinished jobs back"),
            Err(error) => tracing::error!(%error, "cannot give jobs back; their leases will run out"),
        }
    }

    /// Runs everything that is due now, one job after the other, without waiting, and says how many runs there were.
    ///
    /// For tests: move the clock and call it again for what is due later.
    ///
    /// # Panics
    /// When the jobs never come to an end, after 100,000 runs.
    pub async fn run_due_once(&self) -> Result<u64, DbErr> {
        let mut lane_served_last = String::new();
        for runs in 0..RUNS_PER_DRAIN {
            let Some(job) = self.claim(1, &lane_served_last).await?.pop() else {
                return Ok(runs);
            };
            lane_served_last.clone_from(&job.lane);
            self.shared.run_job(job).await;
        }
        panic!("jobs are still due after {RUNS_PER_DRAIN} runs: one of them runs again and again");
    }

    async fn claim(&self, limit: u32, after_lane: &str) -> Result<Vec<Leased>, DbErr> {
        let WorkerSettings { owner, kinds, lease, lane_concurrency, .. } = &self.settings;
        let request = Claim { owner, kinds, limit, lane_limit: *lane_concurrency, lease: *lease, after_lane };
        claim(&self.shared.database, &request, self.shared.clock.now()).await
    }
}

impl<H: Handler> Shared<H> {
    /// Runs the job under its lease, and stops it when the lease is lost or could not be renewed in time.
    async fn run_job(&self, job: Leased) {
        let job = Arc::new(job);
        let work = tokio::spawn(work(Arc::clone(&self.handler), Arc::clone(&job), Arc::clone(&self.clock)));
        // Whoever drops this future stops the work too.
        let mut work = AbortOnDropHandle::new(work);
        let renewal = (self.lease / 3).max(Duration::from_millis(1));
        let mut renewals = interval_at(Instant::now() + renewal, renewal);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The claim came before this, so this is a little late; the fence is what counts where it matters.
        let mut surely_held_until = Instant::now() + self.lease;
        let outcome = loop {
            tokio::select! {
                result = &mut work => break result,
                _ = renewals.tick() => {
                    let asked_at = Instant::now();
                    let renewed = timeout(renewal, renew(&self.database, &job, self.lease)).await;
                    match renewed.unwrap_or_else(|_| Err(DbErr::Custom("no answer in time".to_owned()))) {
                        Ok(LeaseState::Held) => surely_held_until = asked_at + self.lease,
                        Ok(LeaseState::Lost) => {
                            tracing::warn!(job = job.id, kind = job.kind, "stopped a job whose lease was lost");
                            return;
                        }
                        Err(error) if Instant::now() < surely_held_until => {
                            tracing::warn!(job = job.id, %error, "cannot renew a lease");
                        }
                        Err(error) => {
                            let kind = &job.kind;
                            tracing::error!(job = job.id, kind, %error, "stopped a job whose lease has run out");
                            return;
                        }
                    }
                }
            }
        };
        // Only a runtime that shuts down ends the work without an outcome; then the lease runs out.
        if let Ok(Some(outcome)) = outcome {
            self.finish(&job, outcome).await;
        }
    }

    async fn finish(&self, job: &Leased, outcome: Outcome) {
        tracing::debug!(job = job.id, kind = job.kind, ?outcome, "job ended");
        for _ in 0..TRIES_TO_FINISH {
            match finish(&self.database, job, outcome.clone(), self.clock.now()).await {
                Ok(LeaseState::Held) => return,
                Ok(LeaseState::Lost) => {
                    tracing::warn!(job = job.id, kind = job.kind, "the result came after the lease was lost");
                    return;
                }
                Err(error) => {
                    tracing::error!(job = job.id, kind = job.kind, %error, "cannot write the result of a job");
                    sleep(self.poll_pause).await;
                }
            }
        }
    }
}

/// Runs the job and, should that panic, asks what shall become of it; `None` when the runtime shuts down.
async fn work<H: Handler>(handler: Arc<H>, job: Arc<Leased>, clock: SharedClock) -> Option<Outcome> {
    let run = tokio::spawn({
        let (handler, job) = (Arc::clone(&handler), Arc::clone(&job));
        async move { handler.run(&job).await }
    });
    match AbortOnDropHandle::new(run).await {
        Ok(outcome) => return Some(outcome),
        Err(error) if !error.is_panic() => return None,
        Err(_) => {}
    }
    let panic = Panicked { reference: format!("job {}, run {}", job.id, job.fence), at: clock.now() };
    tracing::error!(reference = panic.reference, kind = job.kind, subject = job.subject, "a job panicked");
    let decision = tokio::spawn({
        let (job, panic) = (Arc::clone(&job), panic.clone());
        async move { handler.panicked(&job, &panic).await }
    });
    match AbortOnDropHandle::new(decision).await {
        Ok(outcome) => Some(outcome),
        Err(error) if !error.is_panic() => None,
        Err(_) => {
            tracing::error!(reference = panic.reference, "deciding about a job that panicked panicked too");
            Some(panic.retry(&job))
        }
    }
}
