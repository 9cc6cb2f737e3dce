//! A short run of the fault lab with a fixed seed; `cargo xtask faults` runs it for longer and with any seed.

use std::time::Duration;

use anyhow::Result;
use tests::{FaultOptions, run_faults};

#[tokio::test]
async fn whatever_breaks_nothing_is_lost_twice_or_silently_different() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let report = run_faults(&FaultOptions {
        data_dir: folder.path().to_owned(),
        database_url: None,
        processes: 1,
        seed: 20_261_123,
        duration: Duration::from_secs(25),
        orders: 50,
        rest_limit: Duration::from_secs(300),
    })
    .await?;

    println!("{report}");
    assert_eq!(report.complaints, Vec::<String>::new(), "seed {}", report.seed);
    assert!(report.comparison.imported > 0);
    Ok(())
}
