//! Whole runs of the real program: killed at random, several at once, without webhooks; then the three sides are compared.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tests::{Run, RunOptions};

fn options(folder: &tempfile::TempDir) -> RunOptions {
    RunOptions { hold_seconds: 3, ..RunOptions::new(folder.path(), 4_711) }
}

/// Places the orders over some seconds, kills now and then, and says what is wrong in the end.
async fn complaints(options: &RunOptions, orders: u32, kills: u32, webhooks: bool) -> Result<Vec<String>> {
    let mut run = Run::start(options).await?;
    if !webhooks {
        let lost = json!({ "webhooks": { "loss_rate": 1.0 } });
        run.sandboxes.channel_control.put("/switches", &lost).await?;
    }
    let placing = json!({ "count": orders, "seed": options.seed, "mix": "all", "over_seconds": 5 });
    run.sandboxes.place(&placing).await?;
    run.kill_at_random(kills, Duration::from_secs(8), options.seed).await?;
    let comparison = run.settle(orders, Duration::from_secs(240)).await?;
    println!("{comparison}");
    assert_eq!(comparison.placed, orders as usize);
    assert!(comparison.imported > 0);
    Ok(comparison.complaints)
}

#[tokio::test]
async fn a_process_that_is_killed_again_and_again_loses_and_doubles_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;

    let complaints = complaints(&options(&folder), 90, 4, true).await?;

    assert_eq!(complaints, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn three_processes_on_one_postgresql_share_the_work_and_double_nothing() -> Result<()> {
    let Some(database) = test_database::postgres().await else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let several = RunOptions { database_url: Some(database.url.clone()), processes: 3, ..options(&folder) };

    let complaints = complaints(&several, 90, 3, true).await?;

    assert_eq!(complaints, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn without_a_single_webhook_every_order_arrives_by_polling() -> Result<()> {
    let folder = tempfile::tempdir()?;

    let complaints = complaints(&options(&folder), 80, 0, false).await?;

    assert_eq!(complaints, Vec::<String>::new());
    Ok(())
}
