//! Short runs of the fault lab with fixed seeds; `cargo xtask faults` runs it for longer and with any seed.

use std::time::Duration;

use anyhow::Result;
use sync::crash_points::{CrashPoint, OutsideWrite};
use test_database::TestDatabase;
use tests::{FaultOptions, FaultReport, run_faults};

/// The points that every import passes. The others need luck or time; `cargo xtask faults` walks them all.
fn is_of_import(point: &CrashPoint) -> bool {
    point.write < OutsideWrite::ShippingProduct
}

async fn run(database: &TestDatabase, crash_points: Vec<CrashPoint>) -> Result<FaultReport> {
    let folder = tempfile::tempdir()?;
    let options = FaultOptions {
        data_dir: folder.path().to_owned(),
        processes: 1,
        seed: 20_261_123,
        duration: Duration::from_secs(12),
        orders: 30,
        rest_limit: Duration::from_secs(300),
        crash_points,
        experiment: None,
    };
    let report = run_faults(&options, database).await?;
    println!("{report}");
    Ok(report)
}

#[tokio::test]
async fn whatever_breaks_nothing_is_lost_twice_or_silently_different() -> Result<()> {
    let report = run(&test_database::sqlite(), CrashPoint::all().filter(is_of_import).collect()).await?;

    assert_eq!(report.complaints, Vec::<String>::new(), "seed {}", report.seed);
    assert!(report.comparison.imported > 0);
    Ok(())
}

#[tokio::test]
async fn whatever_breaks_on_postgresql_nothing_is_lost_twice_or_silently_different() -> Result<()> {
    let Some(database) = test_database::postgres().await else { return Ok(()) };
    let report = run(&database, Vec::new()).await?;

    assert_eq!(report.complaints, Vec::<String>::new(), "seed {}", report.seed);
    assert!(report.comparison.imported > 0);
    Ok(())
}
