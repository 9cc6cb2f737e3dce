//! The fault lab: real processes between both sandboxes, a seeded life of orders, and everything that can break breaking
//! while it goes on. In the end nothing may be lost, twice or silently different.

mod back_office;
mod crash_walk;
mod database_fault;
mod disturbance;
mod life;
mod mutation;
mod power_cut;
mod receiver;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use clock::{Clock, SystemClock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use serde_json::{Value, json};
use shared::{Page, TimelineEntry};
use sync::crash_points::{self, CrashPoint};
use sync::jobs::BEGIN_NIGHT;
use test_database::TestDatabase;

use crate::comparison::{Comparison, Deeds, Excused, read_sides};
use crate::process::Duties;
use crate::whole_run::{Run, RunOptions};

use crash_walk::CrashWalk;
use disturbance::Disturbance;
use life::Life;
use power_cut::PowerCuts;
use receiver::Receiver;

pub use mutation::Mutation;

/// How long the store may work on one order, in seconds: short, so that what is unclear becomes clear soon. No fault of
/// the lab lets it take longer.
const STORE_TIME_LIMIT_S: u32 = 5;

/// How one run of the lab goes.
#[derive(Debug, Clone)]
pub struct FaultOptions {
    pub data_dir: PathBuf,
    pub processes: usize,
    pub seed: u64,
    /// How long orders come in and things break.
    pub duration: Duration,
    pub orders: u32,
    /// How long the sides may take to come to rest once nothing breaks any more.
    pub rest_limit: Duration,
    /// Where the processes end themselves, each point once.
    pub crash_points: Vec<CrashPoint>,
    /// Whether each end of a process is a power cut; only of SQLite, and only of one process.
    pub power_cuts: bool,
    /// What is put to the test instead of everything else that breaks.
    pub experiment: Option<Experiment>,
}

/// A deliberately broken orderbridge, or the sound one under the same burden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Experiment {
    pub mutation: Mutation,
    pub broken: bool,
}

/// What a run has come to.
#[derive(Debug, Clone)]
pub struct FaultReport {
    pub seed: u64,
    pub comparison: Comparison,
    /// How often each kind of disturbance struck.
    pub disturbances: BTreeMap<&'static str, u32>,
    /// What buyers, carriers and merchants did.
    pub events: BTreeMap<&'static str, u32>,
    /// How often a process was started again.
    pub restarts: u32,
    /// At how many named points a process ended.
    pub crash_points: usize,
    /// Seconds from the end of the disturbances until everything had come to rest.
    pub rest_s: u64,
    /// Everything that is wrong, and the story of the first order concerned.
    pub complaints: Vec<String>,
}

impl FaultReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.comparison.is_clean() && self.complaints.is_empty()
    }
}

impl fmt::Display for FaultReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |counts: &BTreeMap<&'static str, u32>| {
            let parts: Vec<_> = counts.iter().map(|(name, count)| format!("{name}:{count}")).collect();
            parts.join(" ")
        };
        writeln!(f, "disturbances {}", list(&self.disturbances))?;
        writeln!(f, "events {}", list(&self.events))?;
        let Self { seed, restarts, crash_points, rest_s, comparison, .. } = self;
        write!(f, "seed={seed} restarts={restarts} crash_points={crash_points} rest_s={rest_s} {comparison}")
    }
}

/// A mutation shows within this, or not at all.
const EXPERIMENT: Duration = Duration::from_secs(20);
const ORDERS_OF_EXPERIMENT: u32 = 30;
/// What is broken never comes to rest.
const REST_OF_THE_BROKEN: Duration = Duration::from_secs(40);

/// Puts a mutation to the test, or the sound orderbridge under the same burden.
///
/// # Errors
/// As [`run_faults`].
pub async fn run_experiment(
    experiment: Experiment,
    seed: u64,
    rest_limit: Duration,
    database: &TestDatabase,
) -> Result<FaultReport> {
    let folder = tempfile::tempdir()?;
    let options = FaultOptions {
        data_dir: folder.path().to_owned(),
        processes: if experiment.mutation.needs_postgres() { 3 } else { 1 },
        seed,
        duration: EXPERIMENT,
        orders: ORDERS_OF_EXPERIMENT,
        rest_limit: if experiment.broken { REST_OF_THE_BROKEN } else { rest_limit },
        crash_points: Vec::new(),
        power_cuts: false,
        experiment: Some(experiment),
    };
    run_faults(&options, database).await
}

/// A server for tests is in no hurry to write; here it is ended in the midst of its work.
async fn keep_what_is_committed(db: &DatabaseConnection) -> Result<()> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    db.execute_unprepared(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$",
    )
    .await?;
    Ok(())
}

/// Runs the lab once.
///
/// # Errors
/// When a part cannot be started, or does not answer although nothing is broken any more.
pub async fn run_faults(options: &FaultOptions, database: &TestDatabase) -> Result<FaultReport> {
    let db = database.connect().await;
    keep_what_is_committed(&db).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let time_limit = ("ORDERBRIDGE_STORE_TIME_LIMIT", STORE_TIME_LIMIT_S.to_string());
    let folder = options.data_dir.join("crash-points");
    std::fs::create_dir_all(&folder)?;
    let crash_points = (crash_points::VARIABLE, folder.display().to_string());
    let power_cuts = options.power_cuts.then(|| database.file()).flatten();
    let power_cuts = power_cuts.map(|file| PowerCuts::new(&file, &options.data_dir));
    let disk = power_cuts.as_ref().map(|power| (power_cut::VARIABLE, power.copy.display().to_string()));
    let mut processes = vec![Duties::All; options.processes];
    if let [_, .., last] = processes.as_mut_slice() {
        *last = Duties::Work;
    }
    let connecting = RunOptions {
        database_url: Some(database.url.clone()),
        processes,
        hold_seconds: 5,
        write_back_canceled: options.seed.is_multiple_of(2),
        environment: [time_limit, crash_points].into_iter().chain(disk).collect(),
        markets: vec!["FR", "DE"],
        ..RunOptions::new(&options.data_dir, options.seed)
    };
    let run = Run::start(&connecting).await?;
    let of_second = sandbox::prestashop::Options {
        version: sandbox::prestashop::Version::V8_1_0,
        seed: options.seed,
        ..sandbox::prestashop::Options::default()
    };
    let second = run.connect_second_shop(&connecting, of_second).await?;
    // It is dead until nothing else breaks any more, and nobody waits for it.
    second.sandboxes.store_control.patch("/settings", &json!({ "webservice_enabled": false })).await?;
    let (life, receiver) = (Life::new(&run).await?, Receiver::start(&run).await?);
    let points = options.crash_points.iter().copied();
    let mut walk = CrashWalk::new(points, db.clone(), power_cuts, folder, options.processes, &mut random);
    walk.arm()?;
    if let Some(experiment) = options.experiment {
        experiment.begin(database).await?;
    }
    let over_seconds = options.duration.as_secs() * 2 / 3;
    let placing =
        json!({ "count": options.orders, "seed": options.seed, "mix": "all", "over_seconds": over_seconds });
    run.sandboxes.place(&placing).await?;
    let few =
        json!({ "count": orders_of_second(options), "seed": options.seed, "over_seconds": over_seconds });
    second.sandboxes.place(&few).await?;
    let mut lab = Lab { run, second, walk, random, database, db, life, receiver, authorizations: 0 };
    let (disturbances, mut events) = lab.break_things(options).await?;
    disturbance::heal(&lab.run).await?;
    disturbance::heal(&lab.second).await?;
    lab.walk.arm_all()?;
    lab.restart_all().await?;
    let mut complaints = lab.walk_on(options.rest_limit).await?;
    lab.walk.disarm()?;
    lab.restart_all().await?;
    life::take_back(&lab.run).await?;
    let begun = Instant::now();
    let (comparison, wrong) = lab.rest(options).await?;
    events.insert("authorize again", lab.authorizations);
    complaints.extend(comparison.complaints.clone());
    complaints.extend(wrong);
    complaints.extend(std::mem::take(&mut lab.walk.unasked));
    // They pass, but each is two places that hold the same in different orders.
    for process in &lab.run.processes {
        complaints.extend(process.lines_with("deadlock detected")?);
    }
    if let Some(story) = story_of_first(&lab.run, &complaints).await? {
        complaints.push(story);
    }
    let rest_s = begun.elapsed().as_secs();
    lab.db.close().await?;
    let (restarts, crash_points) = (lab.walk.restarts, lab.walk.struck());
    let seed = options.seed;
    Ok(FaultReport { seed, comparison, disturbances, events, restarts, crash_points, rest_s, complaints })
}

impl Experiment {
    async fn begin(self, database: &TestDatabase) -> Result<()> {
        self.mutation.burden(database).await?;
        if self.broken { self.mutation.apply(database).await } else { Ok(()) }
    }
}

/// Nobody meddles with the second store.
static NONE: Deeds = Deeds::new();

type Counts = BTreeMap<&'static str, u32>;

/// A night comes so long after the one before it.
const NIGHT: Duration = Duration::from_secs(20);

/// How many orders come to the shop whose store is dead.
const fn orders_of_second(options: &FaultOptions) -> u32 {
    options.orders / 10
}

/// A run under way.
struct Lab<'d> {
    run: Run,
    /// The same seller's other shop, with a store of its own.
    second: Run,
    walk: CrashWalk,
    random: StdRng,
    database: &'d TestDatabase,
    /// A session of the lab's own.
    db: DatabaseConnection,
    life: Life,
    receiver: Receiver,
    /// How often the merchant had to authorize again.
    authorizations: u32,
}

impl Lab<'_> {
    /// Lets life go on and things break, turn by turn, until the time is over.
    async fn break_things(&mut self, options: &FaultOptions) -> Result<(Counts, Counts)> {
        let (mut disturbances, mut events) = (Counts::new(), Counts::new());
        let begun = Instant::now();
        while begun.elapsed() < options.duration {
            let pause = self.random.random_range(50..600);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            self.walk.tend(&mut self.run).await?;
            self.run.notify(self.run.any_serving(&mut self.random)).await?;
            if self.random.random_bool(0.6) {
                if let Some(name) = self.life.go_on(&self.run, &mut self.random).await {
                    *events.entry(name).or_default() += 1;
                }
            } else {
                let time_left = options.duration.saturating_sub(begun.elapsed());
                let disturbance = match options.experiment {
                    Some(_) => Disturbance::StillRunning,
                    None => Disturbance::draw(&mut self.random, time_left),
                };
                let Self { run, walk, random, database, receiver, .. } = self;
                let name = disturbance.strike(run, walk, database, receiver, random).await?;
                *disturbances.entry(name).or_default() += 1;
            }
            self.authorize_again().await;
        }
        Ok((disturbances, events))
    }

    async fn restart_all(&mut self) -> Result<()> {
        for process in &mut self.run.processes {
            process.kill()?;
            self.walk.start(process).await?;
        }
        Ok(())
    }

    /// Leads to the points that nothing has reached yet; says which could not be reached.
    async fn walk_on(&mut self, limit: Duration) -> Result<Vec<String>> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            self.walk.tend(&mut self.run).await?;
            self.authorize_again().await;
            let writes: BTreeSet<String> =
                self.walk.left().filter_map(|point| Some(point.split_once(':')?.0.to_owned())).collect();
            if writes.is_empty() {
                break;
            }
            for write in writes {
                self.walk.tend(&mut self.run).await?;
                self.life.lead_to(&write, &self.run, &mut self.random).await;
            }
            self.let_time_pass().await;
        }
        Ok(self.walk.left().map(|point| format!("no process came to the crash point {point}")).collect())
    }

    /// Waits until the sides agree and nothing is wrong, or the limit is over; then says what is.
    async fn rest(&mut self, options: &FaultOptions) -> Result<(Comparison, Vec<String>)> {
        let begun = Instant::now();
        let mut last_night: Option<Instant> = None;
        loop {
            self.authorize_again().await;
            // What no notification told of is found at night; what was read again then is compared the next night.
            if last_night.is_none_or(|night| night.elapsed() > NIGHT)
                && life::compare(&self.run).await.is_ok()
                && life::compare(&self.second).await.is_ok()
            {
                last_night = Some(Instant::now());
            }
            self.let_time_pass().await;
            let compared = self.compare(options).await;
            if begun.elapsed() > options.rest_limit {
                return Ok((compared?.1, self.verdict().await?));
            }
            if let Ok((true, comparison)) = compared
                && last_night.is_some()
                && comparison.is_clean()
                && self.verdict().await.is_ok_and(|wrong| wrong.is_empty())
            {
                return Ok((comparison, Vec::new()));
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// The sides of both connections, and whether every order is there and has ended up somewhere.
    async fn compare(&self, options: &FaultOptions) -> Result<(bool, Comparison)> {
        let connections = [
            (&self.run, options.orders, self.life.deeds()),
            (&self.second, orders_of_second(options), &NONE),
        ];
        let (mut all_there, mut together) = (true, Comparison::default());
        for (run, orders, deeds) in connections {
            let sides = read_sides(&run.sandboxes, &run.api, &run.connection_id).await?;
            all_there &= sides.count() >= orders as usize && sides.settled();
            together = together.and(sides.compare_except(Excused::ToldAndDone(deeds)));
        }
        Ok((all_there, together))
    }

    /// What is wrong now that everything should have come to rest.
    async fn verdict(&self) -> Result<Vec<String>> {
        let mut wrong = verdict::complaints(&self.run, &self.db, self.life.deeds()).await?;
        wrong.extend(verdict::complaints(&self.second, &self.db, &NONE).await?);
        wrong.extend(self.receiver.complaints(&self.run).await?);
        wrong.extend(verdict::forgotten(&self.db, self.life.accepted()).await?);
        Ok(wrong)
    }

    /// What the merchant does when TikTok Shop has ended the tokens; the process may be down at this moment.
    async fn authorize_again(&mut self) {
        let again = disturbance::authorize_again(&self.run).await;
        self.authorizations += u32::from(again.unwrap_or(false));
    }

    /// Jobs that wait for another try have waited for long enough; the processes' clock cannot be moved by hours. No night
    /// begins by that: each would read anew whatever is still to be shipped, and there would be no rest.
    async fn let_time_pass(&self) {
        let now = SystemClock.now().timestamp_millis();
        let jobs = format!(
            "UPDATE jobs SET run_at = {now} WHERE run_at > {now} AND lease_owner IS NULL AND kind <> '{BEGIN_NIGHT}'"
        );
        let messages = format!("UPDATE webhook_deliveries SET next_try_at = {now} WHERE next_try_at > {now}");
        let tries = format!("UPDATE circuit_breakers SET next_try_at = {now} WHERE next_try_at > {now}");
        for sql in [tries, messages, jobs] {
            // The database may be busy.
            drop(self.db.execute_unprepared(&sql).await);
        }
    }
}

/// The story of the first order that a complaint names.
async fn story_of_first(run: &Run, complaints: &[String]) -> Result<Option<String>> {
    let named = complaints.iter().filter_map(|complaint| complaint.split_once(':')).map(|(id, _)| id);
    let Some(tiktok_order_id) = named.into_iter().find(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
    else {
        return Ok(None);
    };
    let found: Page<Value> = run.api.get(&format!("/orders?tiktok_order_id={tiktok_order_id}")).await?;
    let Some(id) = found.items.first().map(|order| order["id"].to_string()) else { return Ok(None) };
    let story: Page<TimelineEntry> = run.api.get(&format!("/orders/{id}/timeline?limit=100")).await?;
    let told = story.items.iter().rev().map(|entry| {
        let at = entry.at.format("%H:%M:%S%.3f");
        format!("    {at} {} [{}] {} {:?}", entry.actor, entry.topic, entry.sentence, entry.facts)
    });
    Ok(Some(format!("the story of {tiktok_order_id}:\n{}", told.collect::<Vec<_>>().join("\n"))))
}

/// The sandboxes write numbers as texts or as numbers.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
