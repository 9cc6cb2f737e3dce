//! The fault lab: real processes between both sandboxes, a seeded life of orders, and everything that can break breaking
//! while it goes on. In the end nothing may be lost, twice or silently different.

mod disturbance;
mod life;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use shared::{OrderCounts, OrderSummary, Page, TimelineEntry};

use crate::comparison::{Comparison, Told, read_sides};
use crate::whole_run::{Run, RunOptions};

use disturbance::Disturbance;
use life::Life;

/// How one run of the lab goes.
#[derive(Debug, Clone)]
pub struct FaultOptions {
    pub data_dir: PathBuf,
    pub database_url: Option<String>,
    pub processes: usize,
    pub seed: u64,
    /// How long orders come in and things break.
    pub duration: Duration,
    pub orders: u32,
    /// How long the sides may take to come to rest once nothing breaks any more.
    pub rest_limit: Duration,
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
        write!(f, "seed={} rest_s={} {}", self.seed, self.rest_s, self.comparison)
    }
}

/// Runs the lab once.
///
/// # Errors
/// When a part cannot be started, or does not answer although nothing is broken any more.
pub async fn run_faults(options: &FaultOptions) -> Result<FaultReport> {
    let mut run = Run::start(&RunOptions {
        database_url: options.database_url.clone(),
        processes: options.processes,
        hold_seconds: 5,
        ..RunOptions::new(&options.data_dir, options.seed)
    })
    .await?;
    let over_seconds = options.duration.as_secs() * 2 / 3;
    let placing =
        json!({ "count": options.orders, "seed": options.seed, "mix": "all", "over_seconds": over_seconds });
    run.sandboxes.place(&placing).await?;
    let (disturbances, mut events) = break_things(&mut run, options).await?;
    disturbance::heal(&mut run).await?;
    let begun = Instant::now();
    let (comparison, authorizations) = rest(&run, options).await?;
    events.insert("authorize again", authorizations);
    let mut complaints = comparison.complaints.clone();
    complaints.extend(other_complaints(&run).await?);
    if let Some(story) = story_of_first(&run, &complaints).await? {
        complaints.push(story);
    }
    let rest_s = begun.elapsed().as_secs();
    Ok(FaultReport { seed: options.seed, comparison, disturbances, events, rest_s, complaints })
}

type Counts = BTreeMap<&'static str, u32>;

/// Lets life go on and things break, turn by turn, until the time is over.
async fn break_things(run: &mut Run, options: &FaultOptions) -> Result<(Counts, Counts)> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let (mut disturbances, mut events) = (Counts::new(), Counts::new());
    let life = Life::new(run).await?;
    let begun = Instant::now();
    while begun.elapsed() < options.duration {
        tokio::time::sleep(Duration::from_millis(random.random_range(50..600))).await;
        if random.random_bool(0.6) {
            if let Some(name) = life.go_on(run, &mut random).await {
                *events.entry(name).or_default() += 1;
            }
        } else {
            let disturbance = Disturbance::draw(&mut random);
            disturbance.strike(run, &mut random).await?;
            *disturbances.entry(disturbance.name()).or_default() += 1;
        }
    }
    Ok((disturbances, events))
}

/// Waits until the sides agree, or the limit is over; then says what is wrong, and how often the merchant had to help.
async fn rest(run: &Run, options: &FaultOptions) -> Result<(Comparison, u32)> {
    let begun = Instant::now();
    let mut authorizations = 0;
    loop {
        authorizations += u32::from(disturbance::authorize_again(run).await?);
        let sides = read_sides(&run.sandboxes, &run.api, &run.connection_id).await;
        if begun.elapsed() > options.rest_limit {
            return Ok((sides?.compare_with(Told::Excuses), authorizations));
        }
        if let Ok(sides) = sides {
            let comparison = sides.compare_with(Told::Excuses);
            let all_there = sides.count() >= options.orders as usize && sides.settled();
            if all_there && comparison.is_clean() && other_complaints(run).await?.is_empty() {
                return Ok((comparison, authorizations));
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// What the comparison of the three sides does not see: counts, jobs that stay, issues whose cause is gone.
async fn other_complaints(run: &Run) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let filter = format!("connection={}", run.connection_id);
    let orders = run.api.all_orders(&filter).await?;
    let counts: OrderCounts = run.api.get(&format!("/orders/counts?{filter}")).await?;
    for counted in &counts.by_status {
        let full = orders.iter().filter(|order| order.status == counted.status).count();
        if i64::try_from(full) != Ok(counted.count) {
            complaints
                .push(format!("{} orders are {}, the tab says {}", full, counted.status, counted.count));
        }
    }
    let health = run.api.health().await?;
    if health.queue_depth > 0 {
        complaints.push(format!("{} jobs are due and not done", health.queue_depth));
    }
    complaints.extend(orders.iter().filter_map(stale_issue));
    Ok(complaints)
}

/// An issue that says that somebody does not answer, on an order that has come through all the same.
fn stale_issue(order: &OrderSummary) -> Option<String> {
    use shared::IssueCode::{
        ChannelAuthExpired, ChannelClockSkew, ChannelRateLimited, ChannelUnreachable, Internal,
        StoreRateLimited, StoreUnreachable, StoreWriteUnknown,
    };
    let issue = order.first_issue.as_ref()?;
    let passing = [
        ChannelAuthExpired,
        ChannelClockSkew,
        ChannelRateLimited,
        ChannelUnreachable,
        Internal,
        StoreRateLimited,
        StoreUnreachable,
        StoreWriteUnknown,
    ];
    let stale = passing.contains(&issue.code);
    stale.then(|| format!("{}: still says {}", order.tiktok_order_id, issue.code))
}

/// The story of the first order that a complaint names.
async fn story_of_first(run: &Run, complaints: &[String]) -> Result<Option<String>> {
    let Some((tiktok_order_id, _)) = complaints.iter().find_map(|complaint| complaint.split_once(':')) else {
        return Ok(None);
    };
    if !tiktok_order_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let found: Page<Value> = run.api.get(&format!("/orders?tiktok_order_id={tiktok_order_id}")).await?;
    let Some(id) = found.items.first().map(|order| order["id"].to_string()) else { return Ok(None) };
    let story: Page<TimelineEntry> = run.api.get(&format!("/orders/{id}/timeline?limit=100")).await?;
    let told = story.items.iter().rev().map(|entry| {
        let at = entry.at.format("%H:%M:%S%.3f");
        format!("    {at} {} [{}] {} {:?}", entry.actor, entry.topic, entry.sentence, entry.facts)
    });
    Ok(Some(format!("the story of {tiktok_order_id}:\n{}", told.collect::<Vec<_>>().join("\n"))))
}
