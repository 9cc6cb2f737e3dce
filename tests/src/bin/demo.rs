//! `cargo xtask demo`: orderbridge between both sandboxes, for a person to look at, or as a proof that ends by itself.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use clock::{Clock, SystemClock};
use serde_json::json;
use tests::{Duties, LOGIN_EMAIL, LOGIN_PASSWORD, Run, RunOptions};

/// Runs orderbridge beside simulators of TikTok Shop and PrestaShop.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask demo")]
struct Options {
    /// Orders that are there at the start
    #[arg(long, default_value_t = 80)]
    orders: u32,
    /// End when all orders have settled, print one line about the three sides, and fail when anything is lost, twice or different
    #[arg(long)]
    exit: bool,
    /// The database; SQLite in data/demo unless given
    #[arg(long)]
    database_url: Option<String>,
    /// Seed of everything random; another one each time unless given
    #[arg(long)]
    seed: Option<u64>,
    /// Where the page is served
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Orders per minute that arrive by themselves
    #[arg(long, default_value_t = 6.0)]
    orders_per_minute: f64,
    /// Processes of orderbridge on the one database; more than one needs PostgreSQL
    #[arg(long, default_value_t = 1)]
    processes: usize,
    /// Kill a process at so many random moments while the orders come in
    #[arg(long, default_value_t = 0)]
    kills: u32,
    /// How long the store takes to create an order, in milliseconds
    #[arg(long, default_value_t = 0)]
    order_post_ms: u64,
    /// Lose every webhook, so that only polling finds the orders
    #[arg(long)]
    lose_webhooks: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let data_dir = PathBuf::from("data/demo");
    forget_earlier_run(&data_dir).context("cannot clear data/demo")?;
    let seed = options.seed.unwrap_or_else(|| SystemClock.now().timestamp_millis().unsigned_abs());
    let run_options = RunOptions {
        database_url: options.database_url.clone(),
        port: Some(options.port),
        processes: vec![Duties::All; options.processes],
        seed,
        hold_seconds: if options.exit { 5 } else { 60 },
        order_post_ms: options.order_post_ms,
        environment: [("ORDERBRIDGE_OPEN_API_DOCS", "true".to_owned())].into(),
        ..RunOptions::new(data_dir, seed)
    };
    let mut run = Run::start(&run_options).await?;
    if options.lose_webhooks {
        let lost = json!({ "webhooks": { "loss_rate": 1.0 } });
        run.sandboxes.channel_control.put("/switches", &lost).await?;
    }
    if options.exit { prove(&mut run, &options, seed).await } else { show(&run, &options, seed).await }
}

/// The sandboxes forget everything when they end, so what an earlier run knew of them is of no use. The encryption key
/// stays, for a database on a server may still hold what was encrypted with it.
fn forget_earlier_run(data_dir: &Path) -> std::io::Result<()> {
    if !data_dir.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(data_dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("orderbridge.db") || name.ends_with(".log") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Places the orders, waits, compares, and says it in one line.
async fn prove(run: &mut Run, options: &Options, seed: u64) -> Result<ExitCode> {
    let begun = Instant::now();
    // Orders come in over a while, as they do in life, so that kills meet every kind of work.
    let over_seconds = (options.orders / 20).clamp(2, 300);
    let placing =
        json!({ "count": options.orders, "seed": seed, "mix": "all", "over_seconds": over_seconds });
    run.sandboxes.place(&placing).await?;
    let limit = Duration::from_secs(u64::from(options.orders) + 180);
    if options.kills > 0 {
        run.kill_at_random(options.kills, Duration::from_secs(u64::from(over_seconds) + 10), seed).await?;
    }
    let comparison = run.settle(options.orders, limit).await?;
    for complaint in comparison.complaints.iter().take(20) {
        eprintln!("  {complaint}");
    }
    eprintln!("settled after {:.1} s, seed {seed}", begun.elapsed().as_secs_f64());
    println!("{comparison}");
    Ok(if comparison.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets orders trickle in until Ctrl-C.
async fn show(run: &Run, options: &Options, seed: u64) -> Result<ExitCode> {
    let placing =
        json!({ "count": options.orders, "seed": seed, "mix": "all", "spread_seconds": 3 * 86_400 });
    run.sandboxes.place(&placing).await?;
    let trickle = json!({ "orders_per_minute": options.orders_per_minute });
    run.sandboxes.channel_control.put("/trickle", &trickle).await?;
    println!();
    println!("  orderbridge      {}/", run.processes[0].url());
    println!("  sign in with     {LOGIN_EMAIL}");
    println!("  password         {LOGIN_PASSWORD}");
    println!(
        "  TikTok Shop      {} (sandbox, control {})",
        run.sandboxes.channel.api_url, run.sandboxes.channel.control_url
    );
    println!(
        "  PrestaShop       {} (sandbox, control {})",
        run.sandboxes.store.shop_url, run.sandboxes.store.control_url
    );
    println!();
    println!(
        "  {} orders are there, {} more arrive each minute. Ctrl-C ends it.",
        options.orders, options.orders_per_minute
    );
    tokio::signal::ctrl_c().await?;
    Ok(ExitCode::SUCCESS)
}
