//! `cargo xtask faults`: everything that can break breaks while orders come in; then the three sides are compared.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use sync::crash_points::CrashPoint;
use test_database::TestDatabase;
use tests::{Experiment, FaultOptions, Mutation, run_experiment, run_faults};

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
    /// How long the sides may take to come to rest, in seconds
    #[arg(long, default_value_t = 420)]
    rest: u64,
    /// Break orderbridge on purpose instead, and expect that it is noticed; give it once for each mutation
    #[arg(long, value_enum)]
    mutation: Vec<Mutation>,
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
    if !options.mutation.is_empty() {
        return try_mutations(&options).await;
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
    let database = database_of(options.database).await?;
    let faults = FaultOptions {
        data_dir: folder.path().to_owned(),
        processes: options.processes,
        seed,
        duration: Duration::from_secs_f64(options.minutes * 60.0),
        orders: options.orders,
        rest_limit: Duration::from_secs(options.rest),
        crash_points: CrashPoint::all().collect(),
        power_cuts: seed.is_multiple_of(3),
        experiment: None,
    };
    let report = run_faults(&faults, &database).await?;
    for complaint in report.complaints.iter().take(20) {
        eprintln!("  {complaint}");
    }
    if let Some(story) =
        report.complaints.iter().skip(20).find(|complaint| complaint.starts_with("the story"))
    {
        eprintln!("  {story}");
    }
    println!("{report}");
    if !report.is_clean() {
        // Kept for whoever looks into it.
        eprintln!("logs of seed {seed}: {}; database: {}", folder.keep().display(), database.url);
        std::mem::forget(database);
    }
    Ok(report.is_clean())
}

/// Shows each mutation once: broken it is noticed, sound it is not.
async fn try_mutations(options: &Options) -> Result<ExitCode> {
    let seed = seeds(&options.seed)?.first().copied().unwrap_or(1);
    let mut all_right = true;
    for &mutation in &options.mutation {
        let postgres = mutation.needs_postgres() || options.database == Kind::Postgres;
        for broken in [true, false] {
            let database = database_of(if postgres { Kind::Postgres } else { Kind::Sqlite }).await?;
            let experiment = Experiment { mutation, broken };
            let report =
                run_experiment(experiment, seed, Duration::from_secs(options.rest), &database).await?;
            let right = if broken { mutation.is_noticed_in(&report) } else { report.is_clean() };
            let what = if broken { "broken" } else { "sound" };
            let said = report.complaints.first().map_or("nothing", String::as_str);
            println!("{mutation}, {what}, seed {seed}: {} complaints: {said}", report.complaints.len());
            if !right {
                for complaint in report.complaints.iter().take(20) {
                    eprintln!("  {complaint}");
                }
            }
            all_right &= right;
        }
    }
    Ok(if all_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn database_of(kind: Kind) -> Result<TestDatabase> {
    match kind {
        Kind::Sqlite => Ok(test_database::sqlite()),
        Kind::Postgres => test_database::postgres().await.context("PostgreSQL is not installed"),
    }
}

fn seeds(text: &str) -> Result<Vec<u64>> {
    let number = |text: &str| text.trim().parse::<u64>().with_context(|| format!("“{text}” is not a seed"));
    match text.split_once("..") {
        Some((first, last)) => Ok((number(first)?..=number(last)?).collect()),
        None => Ok(vec![number(text)?]),
    }
}
