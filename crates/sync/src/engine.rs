//! The engine: what every job needs, and which job does what.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use clock::SharedClock;
use database::connections::{self, ConnectionRecord};
use database::{Database, DbErr, Reach};
use job_queue::{Handler, Leased, Outcome, Panicked, WakeUp, Worker, WorkerSettings};
use public_address::{Destinations, Refused, Resolver};
use shared::{ConnectionId, ConnectionState, MAX_WEBHOOKS, Side};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::attempts;
use crate::channel::OrderReader;
use crate::jobs;
use crate::side::{Answer, Pulse};
use crate::store::Store;

/// Where TikTok Shop is, and who we are among the processes.
#[derive(Clone)]
pub struct EngineSettings {
    pub tiktok_api_url: Url,
    pub tiktok_auth_url: Url,
    /// Unique among all processes on the database; not to be used again by a later process.
    pub instance: String,
    /// How long a request that creates an order may run on in a store after we stopped waiting for it.
    pub store_time_limit: TimeDelta,
    /// Where stores and the receivers of webhooks may be.
    pub destinations: Destinations,
    /// Asked for the address of a store or a receiver for each connection that is made; keeps to the destinations.
    pub names: Resolver,
    /// Told about every call to a store, for who counts them.
    pub store_observer: Option<Arc<prestashop::Observer>>,
}

/// Keeps both sides in step. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

struct Parts {
    database: Database,
    settings: EngineSettings,
    tiktok_http: reqwest::Client,
    store_http: reqwest::Client,
    webhooks: outgoing_webhooks::Client,
    wake_ups: [WakeUp; WORKERS.len()],
    token_turn: tokio::sync::Mutex<()>,
    readers: Mutex<HashMap<ConnectionId, Arc<OrderReader>>>,
    stores: Mutex<HashMap<ConnectionId, Arc<Store>>>,
    pulses: Mutex<HashMap<(ConnectionId, Side), Arc<Pulse>>>,
    /// By store, for two connections may share one.
    creations: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// The jobs of a worker.
struct Work {
    kinds: &'static [&'static str],
    /// At once of one connection, in all processes.
    of_one: u32,
    /// At once in this process: what hangs in some connections leaves places for the others.
    of_all: u32,
}

const fn work(kinds: &'static [&'static str], of_one: u32, of_all: u32) -> Work {
    Work { kinds, of_one, of_all }
}

/// Reading is cheap and travels together; imports run ahead of the single file of creations; everything else must never
/// wait behind a backlog of either.
const WORKERS: [Work; 7] = [
    work(&[jobs::REFRESH_ORDER], 50, 200),
    work(&[jobs::IMPORT_ORDER], 6, 36),
    work(
        &[
            jobs::POLL_ORDERS,
            jobs::FETCH_ORDERS,
            jobs::PUSH_STORE_STATE,
            jobs::PUSH_STORE_TRACKING,
            jobs::READ_STORE_CHANGES,
            jobs::CHECK_STORE_ORDERS,
            jobs::REGISTER_REFERENCE,
            jobs::CANCEL_ORDER,
            jobs::ANSWER_CANCELLATION,
            jobs::ADOPT_STORE_ORDER,
            jobs::WATCH_DEADLINES,
            jobs::WATCH_HEALTH,
            jobs::RUN_BULK,
            jobs::BEGIN_NIGHT,
            jobs::RECONCILE,
            jobs::HEAL_ORDER,
            jobs::READ_ACTION_OPTIONS,
            jobs::PURGE,
        ],
        8,
        32,
    ),
    // Thousands at once when somebody ships in bulk.
    work(&[jobs::SHIP_PACKAGES, jobs::FETCH_LABELS], 8, 32),
    // They call nobody, and others wait for them.
    work(&[jobs::WAKE_SLEEPERS, jobs::TELL_WEBHOOK], u32::MAX, 4),
    // Long, and nobody waits for the next line.
    work(&[jobs::EXPORT], u32::MAX, 2),
    // A place for each webhook that there can be: a receiver that lets us wait keeps no other waiting.
    work(&[jobs::DELIVER_WEBHOOK], u32::MAX, MAX_WEBHOOKS as u32),
];

/// A job is taken over by another worker when its holder has not been heard of for this long.
const JOB_LEASE: Duration = Duration::from_secs(30);

impl Engine {
    /// An engine on a database.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(database: Database, settings: EngineSettings) -> Result<Self, reqwest::Error> {
        let names = Arc::new(settings.names.clone());
        Ok(Self(Arc::new(Parts {
            database,
            settings,
            tiktok_http: tiktok_shop::http_client()?,
            store_http: prestashop::http_client_resolving(names.clone()),
            webhooks: outgoing_webhooks::Client::new(outgoing_webhooks::http_client(names)?),
            wake_ups: std::array::from_fn(|_| WakeUp::default()),
            token_turn: tokio::sync::Mutex::default(),
            readers: Mutex::default(),
            stores: Mutex::default(),
            pulses: Mutex::default(),
            creations: Mutex::default(),
        })))
    }

    /// The database that all jobs work on.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn settings(&self) -> &EngineSettings {
        &self.0.settings
    }

    pub(crate) fn clock(&self) -> SharedClock {
        Arc::clone(&self.0.database.clock)
    }

    pub(crate) fn tiktok_http(&self) -> reqwest::Client {
        self.0.tiktok_http.clone()
    }

    pub(crate) fn store_http(&self) -> reqwest::Client {
        self.0.store_http.clone()
    }

    pub(crate) fn webhooks(&self) -> &outgoing_webhooks::Client {
        &self.0.webhooks
    }

    pub(crate) fn token_turn(&self) -> &tokio::sync::Mutex<()> {
        &self.0.token_turn
    }

    /// Tells the workers of this process that there may be something to do; call it after the commit.
    pub fn wake(&self) {
        self.0.wake_ups.iter().for_each(WakeUp::ping);
    }

    pub(crate) fn order_reader(&self, id: ConnectionId) -> Arc<OrderReader> {
        let mut readers = self.0.readers.lock().expect("no holder panics");
        Arc::clone(readers.entry(id).or_default())
    }

    /// How one side of a connection answers this process.
    pub(crate) fn pulse(&self, id: ConnectionId, side: Side) -> Arc<Pulse> {
        let mut pulses = self.0.pulses.lock().expect("no holder panics");
        Arc::clone(pulses.entry((id, side)).or_default())
    }

    /// The store of a connection, with what is known of it. Its address was checked when it was entered, but the
    /// configuration may have been another.
    pub(crate) fn store(&self, connection: &ConnectionRecord) -> Result<Arc<Store>, Refused> {
        let mut stores = self.0.stores.lock().expect("no holder panics");
        if let Some(store) = stores.get(&connection.id).filter(|store| store.is_of(connection)) {
            return Ok(Arc::clone(store));
        }
        let url = public_address::parse(&connection.store_url, self.settings().destinations)?;
        let pulse = self.pulse(connection.id, Side::Store);
        let further = attempts::store_observer(self.settings().store_observer.clone());
        let observer: Arc<prestashop::Observer> = Arc::new(move |exchange: &prestashop::Exchange<'_>| {
            pulse.note(Answer::of_store(exchange.record));
            further(exchange);
        });
        let creation = {
            let mut creations = self.0.creations.lock().expect("no holder panics");
            Arc::clone(creations.entry(Store::identity(connection)).or_default())
        };
        let limit = self.settings().store_time_limit;
        let store = Arc::new(Store::new(self.store_http(), url, connection, observer, creation, limit));
        stores.insert(connection.id, Arc::clone(&store));
        Ok(store)
    }

    /// One connection, if it still exists.
    pub(crate) async fn connection(&self, id: ConnectionId) -> Result<Option<ConnectionRecord>, DbErr> {
        connections::find(self.database().reader(), &self.database().vault, id).await
    }

    /// Sees to it that every connection is polled and every store is read, and that old rows go.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ensure_periodic_jobs(&self) -> Result<(), DbErr> {
        let now = self.clock().now();
        let database = self.database();
        let txn = database.begin().await?;
        let connections = connections::list(&txn, &database.vault, &Reach::All).await?;
        let active = connections.iter().filter(|connection| connection.state != ConnectionState::Paused);
        let periodic = active.flat_map(|connection| jobs::periodic(connection.id, now));
        job_queue::enqueue_all(&txn, periodic.chain([jobs::purge(now)]), now).await?;
        txn.commit().await?;
        self.wake();
        Ok(())
    }

    /// Works until `shutdown` is cancelled, and only while the clock agrees with the database's.
    ///
    /// # Errors
    /// When the database fails before the work begins.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), DbErr> {
        while self.clock_is_right(&shutdown).await? {
            self.ensure_periodic_jobs().await?;
            let workers: Vec<_> = (0..WORKERS.len()).map(|index| self.worker(index)).collect();
            let working = shutdown.child_token();
            let work = futures::future::join_all(workers.iter().map(|worker| worker.run(working.clone())));
            tokio::join!(work, self.stop_when_the_clock_is_wrong(&working));
        }
        Ok(())
    }

    fn worker(&self, index: usize) -> Worker<Self> {
        let &Work { kinds, of_one, of_all } = &WORKERS[index];
        let owner = format!("{}/{index}", self.settings().instance);
        let settings = WorkerSettings {
            concurrency: of_all,
            lane_concurrency: of_one,
            lease: JOB_LEASE,
            kinds: kinds.to_vec(),
            ..WorkerSettings::new(owner)
        };
        let database = self.database().writer().clone();
        Worker::new(database, self.clock(), self.clone(), self.0.wake_ups[index].clone(), settings)
    }

    /// Runs everything that is due now, without waiting, until nothing is due: for tests and tools that step by hand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_due(&self) -> Result<u64, DbErr> {
        let mut all = 0;
        loop {
            let mut ran = 0;
            for index in 0..WORKERS.len() {
                ran += self.worker(index).run_due_once().await?;
            }
            if ran == 0 {
                return Ok(all);
            }
            all += ran;
        }
    }
}

impl Handler for Engine {
    async fn run(&self, job: &Leased) -> Outcome {
        attempts::run(self, job).await
    }

    async fn panicked(&self, job: &Leased, panic: &Panicked) -> Outcome {
        jobs::panicked::after_panic(self, job, panic).await
    }
}
