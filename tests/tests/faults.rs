//! Short runs of the fault lab with fixed seeds; `cargo xtask faults` runs it for longer and with any seed.

use std::time::Duration;

use anyhow::Result;
use sync::crash_points::{CrashPoint, OutsideWrite};
use test_database::TestDatabase;
use tests::{Experiment, FaultOptions, FaultReport, Mutation, run_faults};

/// The points of an import; the others are walked on the other database.
fn is_of_import(point: &CrashPoint) -> bool {
    point.write <= OutsideWrite::ShippingProduct
}

async fn run(
    database: &TestDatabase,
    crash_points: Vec<CrashPoint>,
    experiment: Option<Experiment>,
) -> Result<FaultReport> {
    let folder = tempfile::tempdir()?;
    let options = FaultOptions {
        data_dir: folder.path().to_owned(),
        processes: 1,
        seed: 20_261_123,
        duration: Duration::from_secs(12),
        orders: 30,
        rest_limit: Duration::from_secs(if experiment.is_some_and(|tried| tried.broken) { 15 } else { 240 }),
        crash_points,
        experiment,
    };
    let report = run_faults(&options, database).await?;
    println!("{report}");
    Ok(report)
}

#[tokio::test]
async fn whatever_breaks_nothing_is_lost_twice_or_silently_different() -> Result<()> {
    let report =
        run(&test_database::sqlite(), CrashPoint::all().filter(is_of_import).collect(), None).await?;

    assert_eq!(report.complaints, Vec::<String>::new(), "seed {}", report.seed);
    assert!(report.comparison.imported > 0);
    Ok(())
}

#[tokio::test]
async fn whatever_breaks_on_postgresql_nothing_is_lost_twice_or_silently_different() -> Result<()> {
    let Some(database) = test_database::postgres().await else { return Ok(()) };
    let report =
        run(&database, CrashPoint::all().filter(|point| !is_of_import(point)).collect(), None).await?;

    assert_eq!(report.complaints, Vec::<String>::new(), "seed {}", report.seed);
    assert!(report.comparison.imported > 0);
    Ok(())
}

#[tokio::test]
async fn an_intent_that_is_forgotten_is_noticed() -> Result<()> {
    let tried = |broken| Some(Experiment { mutation: Mutation::IntentForgotten, broken });

    let broken = run(&test_database::sqlite(), Vec::new(), tried(true)).await?;
    let sound = run(&test_database::sqlite(), Vec::new(), tried(false)).await?;

    assert!(broken.comparison.duplicates > 0, "{:?}", broken.complaints);
    assert_eq!(sound.complaints, Vec::<String>::new(), "seed {}", sound.seed);
    Ok(())
}
