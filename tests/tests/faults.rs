//! Short runs of the fault lab with fixed seeds; `cargo xtask faults` runs it for longer and with any seed.

use std::time::Duration;

use anyhow::Result;
use sync::crash_points::{CrashPoint, OutsideWrite};
use test_database::TestDatabase;
use tests::{Experiment, FaultOptions, FaultReport, Mutation, run_experiment, run_faults};

/// The points that every import passes. The others need luck or time; `cargo xtask faults` walks them all.
fn is_of_import(point: &CrashPoint) -> bool {
    point.write < OutsideWrite::ShippingProduct
}

/// Far more than a quiet machine needs.
const REST_LIMIT: Duration = Duration::from_secs(600);
const SEED: u64 = 20_261_123;

async fn run(
    database: &TestDatabase,
    crash_points: Vec<CrashPoint>,
    power_cuts: bool,
) -> Result<FaultReport> {
    let folder = tempfile::tempdir()?;
    let options = FaultOptions {
        data_dir: folder.path().to_owned(),
        processes: 1,
        seed: SEED,
        duration: Duration::from_secs(12),
        orders: 30,
        rest_limit: REST_LIMIT,
        crash_points,
        power_cuts,
        experiment: None,
    };
    let report = run_faults(&options, database).await?;
    println!("{report}");
    Ok(report)
}

#[tokio::test]
async fn whatever_breaks_nothing_is_lost_twice_or_silently_different() -> Result<()> {
    let points = CrashPoint::all().filter(is_of_import).collect();
    let report = run(&test_database::sqlite(), points, false).await?;

    assert_eq!(report.complaints, Vec::<String>::new(), "seed {}", report.seed);
    assert!(report.comparison.imported > 0);
    Ok(())
}

#[tokio::test]
async fn whatever_breaks_where_each_end_is_a_power_cut_nothing_is_lost_twice_or_silently_different()
-> Result<()> {
    let points = CrashPoint::all().filter(is_of_import).collect();
    let report = run(&test_database::sqlite(), points, true).await?;

    assert_eq!(report.complaints, Vec::<String>::new(), "seed {}", report.seed);
    assert!(report.comparison.imported > 0);
    Ok(())
}

#[tokio::test]
async fn whatever_breaks_on_postgresql_nothing_is_lost_twice_or_silently_different() -> Result<()> {
    let Some(database) = test_database::postgres().await else { return Ok(()) };
    let report = run(&database, Vec::new(), false).await?;

    assert_eq!(report.complaints, Vec::<String>::new(), "seed {}", report.seed);
    assert!(report.comparison.imported > 0);
    Ok(())
}

/// Breaks orderbridge itself: the lab must notice just that.
async fn is_noticed(mutation: Mutation) -> Result<()> {
    let database = match test_database::postgres().await {
        Some(postgres) if mutation.needs_postgres() => postgres,
        None if mutation.needs_postgres() => return Ok(()),
        _ => test_database::sqlite(),
    };
    let report = run_experiment(Experiment { mutation, broken: true }, SEED, REST_LIMIT, &database).await?;

    assert!(mutation.is_noticed_in(&report), "{mutation}: {report}\n{:#?}", report.complaints);
    Ok(())
}

#[tokio::test]
async fn an_intent_that_is_not_kept_is_noticed() -> Result<()> {
    is_noticed(Mutation::IntentForgotten).await
}

#[tokio::test]
async fn a_unique_key_that_was_dropped_is_noticed() -> Result<()> {
    is_noticed(Mutation::UniqueKeyDropped).await
}

#[tokio::test]
async fn a_lease_without_a_fence_is_noticed() -> Result<()> {
    is_noticed(Mutation::LeaseNotKept).await
}
