//! Long work that somebody stops ends at its next page, and says so.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::{reconciliations, sync_runs};
use serde_json::json;
use shared::{FetchOrders, ReconciliationState, SyncRunState};
use sync::{jobs, reconciling};
use tests::EngineLab;

use crate::labs::labs;

/// More than one page of TikTok Shop's list, and less than three.
const ORDERS: u32 = 130;
/// A page of it.
const PAGE: i64 = 100;

/// Orders that are in nobody's way, and a list whose pages come so slowly that there is time to stop after the first.
async fn slow_list(lab: &EngineLab) -> Result<()> {
    lab.sandboxes.place_random(ORDERS, 3, "plain").await?;
    lab.advance(TimeDelta::minutes(3)).await?;
    let slow = json!({ "path": "/orders/search", "kind": "slow", "delay_ms": 1_000 });
    lab.sandboxes.break_channel(&slow).await
}

#[tokio::test]
async fn a_run_that_is_stopped_lists_no_further_page_and_reads_what_it_listed() -> Result<()> {
    for lab in labs().await {
        slow_list(&lab).await?;
        let now = lab.database.clock.now();
        let txn = lab.database.begin().await?;
        let all = FetchOrders { updated_since: Some(now - TimeDelta::hours(6)), updated_before: None };
        let id = sync_runs::create(&txn, lab.connection_id, &all, now).await?;
        job_queue::enqueue(&txn, jobs::fetch_orders(lab.connection_id, id, now), now).await?;
        txn.commit().await?;

        let stop = async {
            loop {
                let run = sync_runs::find(lab.database.reader(), id).await?.context("no run")?;
                if run.seen > 0 {
                    return anyhow::Ok(sync_runs::cancel(lab.database.writer(), id, now).await?);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let (ran, stopped) = tokio::join!(lab.run_due(), stop);
        ran?;

        assert!(stopped?, "{}: it went on", lab.database_name());
        let run = sync_runs::find(lab.database.reader(), id).await?.context("no run")?;
        let case = format!("{}: {run:?}", lab.database_name());
        assert_eq!((run.state, run.seen), (SyncRunState::Canceled, PAGE), "{case}");
        assert_eq!((run.new, run.pending), (PAGE, 0), "{case}");
        assert!(run.finished_at.is_some() && run.error.is_none(), "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn a_comparison_that_is_stopped_ends_at_its_next_page_and_keeps_what_it_found() -> Result<()> {
    for lab in labs().await {
        slow_list(&lab).await?;
        let now = lab.database.clock.now();
        let connection = lab.connection().await?;
        let txn = lab.database.begin().await?;
        let id = reconciling::start(&txn, &connection, "ada@example.com", 1, now).await?;
        txn.commit().await?;

        let stop = async {
            loop {
                let found = reconciliations::find(lab.database.reader(), id).await?.context("no receipt")?;
                if found.seen_on_tiktok > 0 {
                    return anyhow::Ok(reconciliations::cancel(lab.database.writer(), id, now).await?);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let (ran, stopped) = tokio::join!(lab.run_due(), stop);
        ran?;

        assert!(stopped?, "{}: it went on", lab.database_name());
        let receipt = reconciliations::find(lab.database.reader(), id).await?.context("no receipt")?;
        let case = format!("{}: {receipt:?}", lab.database_name());
        assert_eq!((receipt.state, receipt.clean), (ReconciliationState::Canceled, false), "{case}");
        assert_eq!((receipt.seen_on_tiktok, receipt.missing_here), (PAGE, PAGE), "{case}");
        assert!(receipt.ended_at.is_some() && receipt.error.is_none(), "{case}");
        assert_eq!(reconciliations::next_waiting(lab.database.reader(), lab.connection_id).await?, None);
    }
    Ok(())
}
