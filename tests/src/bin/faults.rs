//! `cargo xtask faults`: everything that can break breaks while orders come in; then the three sides are compared.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use tests::{FaultOptions, run_faults};

/// Breaks things while orders come in, and proves that nothing is lost, twice or silently different.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask faults")]
struct Options {
    /// Seed of everything random, or a range such as 1..20
    #[arg(long, default_value = "1")]
    seed: String,
    /// How long orders come in and things break, for each seed
    #[arg(long, default_value_t = 3.0)]
    minutes: f64,
    #[arg(long, value_enum, default_value_t = Kind::Sqlite)]
    database: Kind,
    /// Processes of orderbridge on the one database; more than one needs PostgreSQL
    #[arg(long, default_value_t = 1)]
    processes: usize,
    /// Orders for each seed
    #[arg(long, default_value_t = 200)]
    orders: u32,
    /// How long the sides may take to come to rest, in seconds; an unclear creation alone waits for 130
    #[arg(long, default_value_t = 420)]
    rest: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Options::parse();
    if options.processes > 1 && options.database == Kind::Sqlite {
        bail!("several processes need one server: add --database postgres");
    }
    let mut failed = Vec::new();
    for seed in seeds(&options.seed)? {
        if !run_seed(&options, seed).await? {
            failed.push(seed);
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("failed with the seeds {failed:?}; run one again with --seed");
    Ok(ExitCode::FAILURE)
}

async fn run_seed(options: &Options, seed: u64) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let database = match options.database {
        Kind::Sqlite => None,
        Kind::Postgres => Some(test_database::postgres().await.context("PostgreSQL is not installed")?),
    };
    let report = run_faults(&FaultOptions {
        data_dir: folder.path().to_owned(),
        database_url: database.as_ref().map(|database| database.url.clone()),
        processes: options.processes,
        seed,
        duration: Duration::from_secs_f64(options.minutes * 60.0),
        orders: options.orders,
        rest_limit: Duration::from_secs(options.rest),
    })
    .await?;
    for complaint in report.complaints.iter().take(20) {
        eprintln!("  {complaint}");
    }
    println!("{report}");
    if !report.is_clean() {
        // Kept for whoever looks into it.
        let kept: PathBuf = folder.keep();
        eprintln!("logs and data of seed {seed}: {}", kept.display());
    }
    Ok(report.is_clean())
}

fn seeds(text: &str) -> Result<Vec<u64>> {
    let number = |text: &str| text.trim().parse::<u64>().with_context(|| format!("“{text}” is not a seed"));
    match text.split_once("..") {
        Some((first, last)) => Ok((number(first)?..=number(last)?).collect()),
        None => Ok(vec![number(text)?]),
    }
}
