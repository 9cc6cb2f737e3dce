//! The worker, on every database.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use job_queue::{
    Handler, Leased, NewJob, Outcome, Panicked, WakeUp, Worker, WorkerSettings, cancel, depth, live,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::test_queue::{TestQueue, job, queues, start};

/// A clock that stands until it is moved.
#[derive(Debug)]
struct StandingClock(Mutex<DateTime<Utc>>);

impl StandingClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(start())))
    }

    fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Does what the subject says, and notes it.
#[derive(Debug, Clone)]
struct Script {
    runs: Arc<Mutex<Vec<String>>>,
    /// One permit per job that has begun.
    begun: Arc<Semaphore>,
    /// A job called `wait` takes one.
    may_end: Arc<Semaphore>,
    clock: Arc<StandingClock>,
}

impl Script {
    fn new(clock: &Arc<StandingClock>) -> Self {
        Self {
            runs: Arc::default(),
            begun: Arc::new(Semaphore::new(0)),
            may_end: Arc::new(Semaphore::new(0)),
            clock: Arc::clone(clock),
        }
    }

    fn runs(&self) -> Vec<String> {
        self.runs.lock().unwrap().clone()
    }
}

impl Handler for Script {
    async fn run(&self, job: &Leased) -> Outcome {
        self.runs.lock().unwrap().push(job.subject.clone());
        self.begun.add_permits(1);
        match job.subject.as_str() {
            "wait" => self.may_end.acquire().await.unwrap().forget(),
            "fail once" if job.attempts == 0 => {
                let at = self.clock.now() + TimeDelta::seconds(30);
                return Outcome::RetryAt { at, error: "timeout".into() };
            }
            "panic" | "panic for a reason" | "panic twice" => panic!("a fault of the handler"),
            _ => {}
        }
        Outcome::Done
    }

    async fn panicked(&self, job: &Leased, panic: &Panicked) -> Outcome {
        match job.subject.as_str() {
            "panic for a reason" => {
                Outcome::Park { cause: "reason".into(), error: panic.reference.clone(), at: None }
            }
            "panic twice" => panic!("a fault of the decision"),
            _ => panic.retry(job),
        }
    }
}

fn worker(queue: &TestQueue, clock: &Arc<StandingClock>, script: &Script) -> Worker<Script> {
    let settings = WorkerSettings {
        // Long enough to notice a worker that polls where it should have been pinged.
        poll_pause: Duration::from_secs(600),
        stop_within: Duration::from_millis(50),
        ..WorkerSettings::new("worker")
    };
    Worker::new(queue.db.clone(), Arc::clone(clock) as _, script.clone(), WakeUp::default(), settings)
}

#[tokio::test]
async fn everything_due_is_run_and_the_rest_when_its_time_has_come() {
    for queue in queues().await {
        let (clock, tomorrow) = (StandingClock::new(), start() + TimeDelta::days(1));
        let script = Script::new(&clock);
        let worker = worker(&queue, &clock, &script);
        queue.enqueue(job("a", "now")).await;
        queue.enqueue(job("a", "fail once")).await;
        queue.enqueue(NewJob { run_at: tomorrow, ..job("a", "tomorrow") }).await;

        assert_eq!(worker.run_due_once().await.unwrap(), 2, "{}", queue.name);
        assert_eq!(worker.run_due_once().await.unwrap(), 0);
        clock.advance(TimeDelta::seconds(30));
        assert_eq!(worker.run_due_once().await.unwrap(), 1);
        clock.advance(TimeDelta::days(1));
        assert_eq!(worker.run_due_once().await.unwrap(), 1);

        assert_eq!(script.runs(), ["now", "fail once", "fail once", "tomorrow"]);
    }
}

#[tokio::test]
async fn a_panic_is_retried_and_its_message_is_kept_out_of_the_table() {
    for queue in queues().await {
        let clock = StandingClock::new();
        let worker = worker(&queue, &clock, &Script::new(&clock));
        queue.enqueue(job("a", "panic")).await;
        queue.enqueue(job("a", "other")).await;

        assert_eq!(worker.run_due_once().await.unwrap(), 2, "{}", queue.name);

        let status = live(&queue.db, "refresh", "panic").await.unwrap().unwrap();
        assert_eq!((status.attempts, status.run_at), (1, Some(start() + TimeDelta::seconds(30))));
        let error = status.last_error.unwrap();
        assert!(error.contains("reference") && !error.contains("fault of the handler"), "{error}");
    }
}

#[tokio::test]
async fn the_handler_decides_about_a_panic_and_may_panic_there_too() {
    for queue in queues().await {
        let clock = StandingClock::new();
        let worker = worker(&queue, &clock, &Script::new(&clock));
        queue.enqueue(job("a", "panic for a reason")).await;
        queue.enqueue(job("a", "panic twice")).await;

        assert_eq!(worker.run_due_once().await.unwrap(), 2, "{}", queue.name);

        let parked = live(&queue.db, "refresh", "panic for a reason").await.unwrap().unwrap();
        assert_eq!(parked.parked_cause.as_deref(), Some("reason"));
        let retried = live(&queue.db, "refresh", "panic twice").await.unwrap().unwrap();
        assert_eq!((retried.attempts, retried.run_at), (1, Some(start() + TimeDelta::seconds(30))));
    }
}

#[tokio::test]
async fn a_job_that_panics_for_days_is_tried_for_ever() {
    for queue in queues().await {
        let clock = StandingClock::new();
        let script = Script::new(&clock);
        let worker = worker(&queue, &clock, &script);
        queue.enqueue(job("a", "panic")).await;

        for _ in 0..12 {
            worker.run_due_once().await.unwrap();
            clock.advance(TimeDelta::hours(6));
        }

        assert_eq!(script.runs().len(), 12, "{}", queue.name);
    }
}

#[tokio::test]
async fn a_ping_wakes_the_worker_at_once() {
    for queue in queues().await {
        let clock = StandingClock::new();
        let script = Script::new(&clock);
        let worker = worker(&queue, &clock, &script);
        let (wake_up, shutdown) = (worker.wake_up(), CancellationToken::new());
        let stopped = shutdown.clone();
        let running = tokio::spawn(async move { worker.run(stopped).await });

        for subject in ["first", "second"] {
            queue.enqueue(job("a", subject)).await;
            wake_up.ping();
            script.begun.acquire().await.unwrap().forget();
        }
        shutdown.cancel();
        running.await.unwrap();

        assert_eq!(script.runs(), ["first", "second"], "{}", queue.name);
        assert_eq!(
            depth(&queue.db, start()).await.unwrap().due,
            0,
            "running jobs end before the worker does"
        );
    }
}

#[tokio::test]
async fn a_job_that_does_not_end_in_time_is_given_back() {
    for queue in queues().await {
        let clock = StandingClock::new();
        let script = Script::new(&clock);
        let worker = worker(&queue, &clock, &script);
        let shutdown = CancellationToken::new();
        let stopped = shutdown.clone();
        queue.enqueue(job("a", "wait")).await;
        let running = tokio::spawn(async move { worker.run(stopped).await });
        script.begun.acquire().await.unwrap().forget();

        shutdown.cancel();
        running.await.unwrap();

        let status = live(&queue.db, "refresh", "wait").await.unwrap().unwrap();
        assert!(!status.running, "{}", queue.name);
        assert_eq!((status.attempts, status.run_at), (0, Some(start())));
    }
}

#[tokio::test]
async fn a_long_job_keeps_its_lease_and_stops_when_it_is_lost() {
    for queue in queues().await {
        let clock = StandingClock::new();
        let script = Script::new(&clock);
        let settings = WorkerSettings { lease: Duration::from_millis(60), ..WorkerSettings::new("worker") };
        let database = queue.db.clone();
        let worker =
            Worker::new(database, Arc::clone(&clock) as _, script.clone(), WakeUp::default(), settings);
        queue.enqueue(job("a", "wait")).await;
        let running = tokio::spawn(async move { worker.run_due_once().await });
        script.begun.acquire().await.unwrap().forget();

        cancel(&queue.db, "refresh", "wait").await.unwrap();

        // The handler waits for ever: only the renewal that finds the lease lost ends the run.
        assert_eq!(running.await.unwrap().unwrap(), 1, "{}", queue.name);
        assert_eq!(script.may_end.available_permits(), 0);
    }
}

#[tokio::test]
async fn more_jobs_than_slots_are_all_run() {
    for queue in queues().await {
        let clock = StandingClock::new();
        let script = Script::new(&clock);
        let worker = worker(&queue, &clock, &script);
        let shutdown = CancellationToken::new();
        let stopped = shutdown.clone();
        for number in 0..100_u32 {
            queue.enqueue(job(["a", "b"][number as usize % 2], &number.to_string())).await;
        }
        let running = tokio::spawn(async move { worker.run(stopped).await });

        script.begun.acquire_many(100).await.unwrap().forget();
        shutdown.cancel();
        running.await.unwrap();

        assert_eq!(script.runs().len(), 100, "{}", queue.name);
        assert_eq!(depth(&queue.db, start()).await.unwrap().due, 0);
    }
}
