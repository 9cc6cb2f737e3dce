//! Polls where TikTok Shop tells little, or much has happened since the last one.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::sync_runs;
use serde_json::json;
use shared::{FetchOrders, SyncRunState};
use sync::jobs;
use tests::EngineLab;

use crate::asking::{do_to, placed_order};
use crate::channel::{reads, until};
use crate::labs::labs;

/// The longest time that one search spans, and a moment, for our clock is read before TikTok Shop's.
const LONGEST_SEARCH_S: i64 = 12 * 3_600 + 60;

/// Lets TikTok Shop refuse every search that spans more.
pub async fn refuse_long_searches(lab: &EngineLab) -> Result<()> {
    let limit = json!({ "longest_search_s": LONGEST_SEARCH_S });
    lab.sandboxes.channel_control.put("/switches", &limit).await.map(drop)
}

/// Orders that nobody has fetched, over several days.
async fn placed_over_days(lab: &EngineLab) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for hours in [7, 30, 13, 1] {
        ids.push(placed_order(lab).await?);
        lab.advance(TimeDelta::hours(hours)).await?;
    }
    Ok(ids)
}

#[tokio::test]
async fn after_a_long_pause_everything_arrives_by_searches_of_hours() -> Result<()> {
    for lab in labs().await {
        refuse_long_searches(&lab).await?;
        let ids = placed_over_days(&lab).await?;

        lab.poll().await?;

        let case = lab.database_name();
        let connection = lab.connection().await?;
        let now = lab.database.clock.now();
        assert!(connection.last_sync_at.is_some_and(|last| now - last < TimeDelta::minutes(1)), "{case}");
        for id in &ids {
            assert_eq!(
                lab.order(id).await?.import_state,
                "imported",
                "{case}: {:?}",
                lab.open_issues(id).await
            );
        }

        // Nothing happens for long, and the cursor follows all the same.
        lab.advance(TimeDelta::hours(20)).await?;
        lab.poll().await?;
        let cursor = lab.connection().await?.poll_cursor.context("there is no cursor")?;
        let behind = lab.database.clock.now() - cursor;
        assert!(behind < TimeDelta::hours(12), "{case}: {behind}");
        let late = placed_order(&lab).await?;
        until(&lab, &late, "imported").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_run_through_the_past_searches_by_hours_too() -> Result<()> {
    for lab in labs().await {
        refuse_long_searches(&lab).await?;
        let placed = i64::try_from(placed_over_days(&lab).await?.len())?;
        let now = lab.database.clock.now();
        let range = FetchOrders {
            updated_since: Some(now - TimeDelta::days(4)),
            updated_before: Some(now - TimeDelta::minutes(5)),
        };
        let txn = lab.database.begin().await?;
        let id = sync_runs::create(&txn, lab.connection_id, &range, now).await?;
        job_queue::enqueue(&txn, jobs::fetch_orders(lab.connection_id, id, now), now).await?;
        txn.commit().await?;

        lab.run_due().await?;

        let run = sync_runs::find(lab.database.reader(), id).await?.context("no run")?;
        assert_eq!((run.state, run.seen), (SyncRunState::Done, placed), "{}: {run:?}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn orders_that_are_listed_without_a_time_are_not_read_with_every_poll() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        lab.sandboxes.channel_control.put("/switches", &json!({ "search_entries": "ids" })).await?;
        let id = placed_order(&lab).await?;
        until(&lab, &id, "imported").await?;
        let first = lab.connection().await?.poll_cursor.context("there is no cursor")?;

        // Until the overlap is over it may have changed unseen.
        lab.advance(TimeDelta::minutes(10)).await?;
        lab.poll().await?;
        lab.advance(TimeDelta::minutes(10)).await?;
        lab.poll().await?;
        let settled = reads(&lab).await?;
        for _ in 0..3 {
            lab.advance(TimeDelta::minutes(2)).await?;
            lab.poll().await?;
        }

        assert_eq!(reads(&lab).await?, settled, "{case}");
        let cursor = lab.connection().await?.poll_cursor.context("there is no cursor")?;
        assert!(cursor - first >= TimeDelta::minutes(7), "{case}: from {first} to {cursor}");
        do_to(&lab, &id, "ship", &json!({})).await?;
        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;
        assert_eq!(lab.order(&id).await?.channel_status, "AWAITING_COLLECTION", "{case}");
    }
    Ok(())
}
