//! A whole run: both sandboxes, orderbridge as one or more processes, orders, perhaps murders, and the comparison.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use clock::SystemClock;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::api::Api;
use crate::comparison::{Comparison, read_sides};
use crate::process::{Duties, Orderbridge, ProcessOptions, create_login, free_address};
use crate::sandboxes::Sandboxes;

/// What runs and how long.
#[derive(Debug, Clone)]
pub struct RunOptions {
    pub data_dir: PathBuf,
    pub database_url: Option<String>,
    /// Where the first process serves; a free port unless given.
    pub port: Option<u16>,
    /// What each process does; the first one serves.
    pub processes: Vec<Duties>,
    pub seed: u64,
    /// The market of each of the seller's shops on TikTok Shop; one French shop unless given.
    pub markets: Vec<&'static str>,
    pub hold_seconds: i64,
    /// How long the store takes to create an order, in milliseconds.
    pub order_post_ms: u64,
    pub poll_interval_s: u32,
    /// Whether what is canceled in the store is canceled on TikTok Shop too.
    pub write_back_canceled: bool,
    /// Variables for every process.
    pub environment: BTreeMap<&'static str, String>,
}

impl RunOptions {
    /// One process on SQLite in this folder, on a free port, with a store that answers at once.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>, seed: u64) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            port: None,
            processes: vec![Duties::All],
            seed,
            markets: Vec::new(),
            hold_seconds: 0,
            order_post_ms: 0,
            poll_interval_s: 10,
            write_back_canceled: false,
            environment: BTreeMap::new(),
        }
    }
}

/// Everything up, connected, and waiting for orders.
pub struct Run {
    pub sandboxes: Sandboxes,
    pub processes: Vec<Orderbridge>,
    pub api: Arc<Api>,
    pub connection_id: String,
    /// For each process the file that says by how many seconds its clock is ahead; a debug build obeys it.
    pub clocks: Vec<PathBuf>,
}

impl Run {
    /// Starts everything and connects the shops through the API, as a merchant does.
    ///
    /// # Errors
    /// When a part does not start.
    pub async fn start(options: &RunOptions) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        std::fs::create_dir_all(&options.data_dir)?;
        let tiktok = sandbox::tiktok::Options {
            seed: options.seed,
            hold_seconds: options.hold_seconds,
            ..sandbox::tiktok::Options::default()
        };
        let tiktok = if options.markets.is_empty() {
            tiktok
        } else {
            let shops = options.markets.iter().map(|market| (*market).to_owned()).collect();
            sandbox::tiktok::Options { shops, ..tiktok }
        };
        let prestashop = sandbox::prestashop::Options {
            seed: options.seed,
            order_post_ms: options.order_post_ms,
            ..sandbox::prestashop::Options::default()
        };
        let sandboxes = Sandboxes::start(tiktok, prestashop).await?;
        let (mut processes, mut clocks) = (Vec::new(), Vec::new());
        for (number, &duties) in options.processes.iter().enumerate() {
            let address = match options.port.filter(|_| number == 0) {
                Some(port) => ([127, 0, 0, 1], port).into(),
                None => free_address()?,
            };
            let clock = options.data_dir.join(format!("clock-{number}"));
            let mut environment = options.environment.clone();
            environment.insert("ORDERBRIDGE_CLOCK_AHEAD_FILE", clock.display().to_string());
            let process = ProcessOptions {
                duties,
                address,
                data_dir: options.data_dir.clone(),
                database_url: options.database_url.clone(),
                tiktok_url: sandboxes.channel.api_url.clone(),
                log: options.data_dir.join(format!("orderbridge-{number}.log")),
                environment,
            };
            clocks.push(clock);
            if number == 0 {
                create_login(&process)?;
            }
            processes.push(Orderbridge::start(process).await?);
        }
        let urls = processes.iter().filter(|process| process.serves()).map(Orderbridge::url);
        let api = Arc::new(Api::of_any(urls, options.seed));
        api.pause_connections().await?;
        let auth_code = json!(sandboxes.tiktok_options.auth_code);
        let connection_id = connect(&api, &sandboxes, options, &auth_code).await?;
        let run = Self { sandboxes, processes, api, connection_id, clocks };
        run.notify(&run.processes[0]).await?;
        Ok(run)
    }

    /// Connects the seller's second shop to a store of its own. The processes stay with this run.
    ///
    /// # Errors
    /// When the store cannot be started, or orderbridge refuses.
    pub async fn connect_second_shop(
        &self,
        options: &RunOptions,
        store: sandbox::prestashop::Options,
    ) -> Result<Self> {
        let sandboxes = self.sandboxes.of_second_shop(store).await?;
        let consent = sandboxes.channel_control.post("/authorize", &json!({})).await?;
        let connection_id = connect(&self.api, &sandboxes, options, &consent["auth_code"]).await?;
        let api = Arc::clone(&self.api);
        Ok(Self { sandboxes, processes: Vec::new(), api, connection_id, clocks: Vec::new() })
    }

    /// Lets TikTok Shop send its notifications to this process from now on.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn notify(&self, process: &Orderbridge) -> Result<()> {
        let targets = json!({ "targets": [format!("{}/webhooks/tiktok", process.url())] });
        self.sandboxes.channel_control.put("/webhooks/targets", &targets).await.map(drop)
    }

    /// One of the processes that serve.
    ///
    /// # Panics
    /// When there is none.
    pub fn any_serving(&self, random: &mut StdRng) -> &Orderbridge {
        let serving: Vec<_> = self.processes.iter().filter(|process| process.serves()).collect();
        serving.choose(random).expect("the first process serves")
    }

    /// Kills a random process at random moments, starting it again each time.
    ///
    /// # Errors
    /// When a process cannot be started again.
    pub async fn kill_at_random(&mut self, times: u32, within: Duration, seed: u64) -> Result<()> {
        let mut random = StdRng::seed_from_u64(seed);
        let pause = within.as_millis() as u64 / u64::from(times.max(1));
        for _ in 0..times {
            tokio::time::sleep(Duration::from_millis(random.random_range(0..=pause * 2))).await;
            let victim = random.random_range(0..self.processes.len());
            self.processes[victim].kill()?;
            self.processes[victim].start_again().await?;
        }
        Ok(())
    }

    /// Waits until so many orders have come and each has ended up somewhere, then compares the sides.
    ///
    /// # Errors
    /// When a side does not answer at all.
    pub async fn settle(&self, placed: u32, limit: Duration) -> Result<Comparison> {
        let begun = Instant::now();
        loop {
            let sides = read_sides(&self.sandboxes, &self.api, &self.connection_id).await;
            if let Ok(sides) = sides
                && (sides.count() >= placed as usize && sides.settled() && sides.compare().is_clean()
                    || begun.elapsed() > limit)
            {
                let mut comparison = sides.compare();
                let health = self.api.health().await?;
                let of_ours = |health: &&shared::ConnectionHealth| {
                    health.connection_id.to_string() == self.connection_id
                };
                let health =
                    health.connections.iter().find(of_ours).context("the connection has no health")?;
                comparison.p50_ms = health.order_to_store_p50_ms;
                comparison.p95_ms = health.order_to_store_p95_ms;
                return Ok(comparison);
            }
            anyhow::ensure!(begun.elapsed() < limit * 2, "the sides cannot be read");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Connects a shop to its store, and returns the connection's id.
async fn connect(
    api: &Api,
    sandboxes: &Sandboxes,
    options: &RunOptions,
    auth_code: &Value,
) -> Result<String> {
    let tiktok = &sandboxes.tiktok_options;
    let body = json!({
        "name": "Maison Lumière",
        "tiktok": {
            "app_key": tiktok.app_key,
            "app_secret": tiktok.app_secret.0,
            "auth_code": auth_code,
            "shop_id": sandboxes.shop_id,
        },
        "store": { "url": sandboxes.store.shop_url, "webservice_key": sandboxes.store.key },
        "settings": {
            // Before all that the sandbox places; the first poll walks through it all.
            "import_placed_since": SystemClock::shared().now() - TimeDelta::days(30),
            "poll_interval_s": options.poll_interval_s,
            "write_back_canceled": options.write_back_canceled,
        },
    });
    let connection: Value = api.post("/connections", &body).await?;
    Ok(connection["id"].to_string())
}
