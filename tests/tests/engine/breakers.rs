//! A side that does not answer is left alone: no call for each order, no attempt lost, and everything goes on by itself.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::circuit_breakers;
use job_queue::NewJob;
use serde_json::json;
use shared::{ActionRequest, ActionState, OrderId, Side, TikTokOrderId};
use sync::jobs;
use tests::EngineLab;

use crate::asking::{action, ask, assert_done, assert_failed, imported_order};
use crate::labs::labs;
use crate::shipping::ship;

/// Calls that reached the store so far.
async fn store_calls(lab: &EngineLab) -> Result<u64> {
    let counters = lab.sandboxes.store_control.get("/counters").await?;
    let calls = counters["calls"].as_object().context("no calls")?;
    Ok(calls.values().filter_map(serde_json::Value::as_u64).sum())
}

/// Calls that reached TikTok Shop so far.
async fn channel_calls(lab: &EngineLab) -> Result<u64> {
    let calls = lab.sandboxes.channel_control.get("/calls?limit=0").await?;
    let by_endpoint = calls["by_endpoint"].as_object().context("no calls")?;
    let outcomes = by_endpoint.values().filter_map(serde_json::Value::as_object);
    Ok(outcomes.flat_map(|outcomes| outcomes.values()).filter_map(serde_json::Value::as_u64).sum())
}

async fn is_open(lab: &EngineLab, side: Side) -> Result<bool> {
    let breaker = circuit_breakers::find(lab.database.reader(), lab.connection_id, side).await?;
    Ok(breaker.opened_at.is_some())
}

async fn minutes_pass(lab: &EngineLab, minutes: i64) -> Result<()> {
    for _ in 0..minutes {
        lab.advance(TimeDelta::minutes(1)).await?;
        lab.run_due().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_down_is_left_alone_and_its_orders_follow_when_it_is_back() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        let ids = lab.sandboxes.place_random(40, 21, "plain").await?;
        lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;

        lab.poll().await?;

        let calls = store_calls(&lab).await?;
        assert!(calls <= 10, "{case}: {calls} calls for 40 orders");
        assert!(is_open(&lab, Side::Store).await?, "{case}");
        let mut uncounted = 0;
        for id in &ids {
            assert_eq!(lab.open_issues(id).await?, ["STORE_UNREACHABLE"], "{case}");
            let order = OrderId(lab.order(id).await?.id);
            let issue = database::issues::open_of(lab.database.writer(), order).await?.remove(0);
            assert!(issue.next_retry_at.is_some(), "{case}: the next try is shown");
            uncounted += usize::from(issue.attempts == 0);
        }
        assert!(uncounted >= 30, "{case}: {uncounted} orders wait without a try");

        lab.sandboxes.store_control.delete("/counters").await?;
        minutes_pass(&lab, 30).await?;
        let calls = store_calls(&lab).await?;
        assert!((3..=12).contains(&calls), "{case}: {calls} tries in half an hour");
        for id in &ids {
            let row = lab.order(id).await?;
            let next_at = database::from_ms(row.first_issue_next_retry_at.context("no next try")?);
            assert!(next_at > lab.database.clock.now() - TimeDelta::minutes(1), "{case}: it is out of date");
        }

        lab.sandboxes.store_control.delete("/faults").await?;
        minutes_pass(&lab, 6).await?;
        assert!(!is_open(&lab, Side::Store).await?, "{case}");
        for id in &ids {
            assert_eq!(lab.open_issues(id).await?, Vec::<String>::new(), "{case}");
            assert_eq!(lab.sandboxes.store_orders_of(id).await?.len(), 1, "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_process_sees_that_a_store_is_down() -> Result<()> {
    for lab in labs().await {
        lab.sandboxes.place_random(10, 22, "plain").await?;
        lab.sandboxes.break_store(&json!({ "kind": "maintenance_page" })).await?;
        lab.poll().await?;
        assert!(is_open(&lab, Side::Store).await?);
        lab.sandboxes.store_control.delete("/counters").await?;
        lab.sandboxes.place_random(10, 23, "plain").await?;

        let other = lab.another_engine("other").await?;
        let now = lab.database.clock.now();
        job_queue::enqueue(lab.database.writer(), jobs::poll_orders(lab.connection_id, now), now).await?;
        other.run_due().await?;

        assert_eq!(store_calls(&lab).await?, 0, "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn a_tiktok_shop_that_is_down_is_left_alone_and_read_to_the_end_afterwards() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        let first = imported_order(&lab).await?;
        lab.sandboxes.break_channel(&json!({ "kind": "overload" })).await?;
        let ids = lab.sandboxes.place_random(20, 24, "plain").await?;
        let now = lab.database.clock.now();
        // As if webhooks had told of them.
        for id in &ids {
            let id = TikTokOrderId(id.clone());
            let refresh = jobs::refresh_order(lab.connection_id, &id, now);
            job_queue::enqueue(lab.database.writer(), refresh, now).await?;
        }
        let before = channel_calls(&lab).await?;

        lab.run_due().await?;
        let sync = ask(&lab, &first, shared::ActionRequest::Sync {}).await?;
        minutes_pass(&lab, 30).await?;

        let calls = channel_calls(&lab).await? - before;
        assert!(calls <= 40, "{case}: {calls} calls in half an hour");
        assert!(is_open(&lab, Side::Channel).await?, "{case}");
        assert!(assert_failed(&lab, sync).await?.contains("not answering"), "whoever asked hears");

        lab.sandboxes.channel_control.delete("/faults").await?;
        minutes_pass(&lab, 6).await?;
        assert!(!is_open(&lab, Side::Channel).await?, "{case}");
        for id in &ids {
            assert_eq!(lab.order(id).await?.import_state, "imported", "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_limit_holds_for_all_jobs_of_the_side_not_only_for_the_one_that_met_it() -> Result<()> {
    for lab in labs().await {
        imported_order(&lab).await?;
        let limited = json!({ "kind": "rate_limited", "retry_after": 90, "times": 1 });
        lab.sandboxes.break_channel(&limited).await?;
        let id = lab.sandboxes.place_random(1, 25, "plain").await?.remove(0);
        lab.poll().await?;
        let calls = channel_calls(&lab).await?;

        minutes_pass(&lab, 1).await?;
        assert_eq!(channel_calls(&lab).await?, calls, "{}: nobody calls meanwhile", lab.database_name());

        minutes_pass(&lab, 2).await?;
        assert_eq!(lab.order(&id).await?.import_state, "imported", "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_is_told_of_goes_before_a_backlog_from_the_past() -> Result<()> {
    for lab in labs().await {
        let backlog = lab.sandboxes.place_random(15, 26, "plain").await?;
        let new = lab.sandboxes.place_random(1, 27, "plain").await?.remove(0);
        let now = lab.database.clock.now();
        let refresh = |id: &str, priority, run_at| NewJob {
            priority,
            ..jobs::refresh_order(lab.connection_id, &TikTokOrderId(id.to_owned()), run_at)
        };
        let writer = lab.database.writer();
        for id in &backlog {
            let old = refresh(id, jobs::FROM_THE_PAST, now - TimeDelta::hours(1));
            job_queue::enqueue(writer, old, now).await?;
        }
        job_queue::enqueue(writer, refresh(&new, jobs::NEWS, now), now).await?;

        lab.run_due().await?;

        let first = lab.order(&new).await?.store_order_id.context("it is imported")?;
        for id in &backlog {
            let other = lab.order(id).await?.store_order_id.context("it is imported")?;
            assert!(first < other, "{}: #{first} came after #{other}", lab.database_name());
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_somebody_asks_for_while_tiktok_shop_is_down_says_why_it_waits_and_follows() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        let id = imported_order(&lab).await?;
        let other = imported_order(&lab).await?;
        lab.sandboxes.break_channel(&json!({ "kind": "overload" })).await?;
        for placed in lab.sandboxes.place_random(10, 28, "plain").await? {
            let now = lab.database.clock.now();
            let refresh = jobs::refresh_order(lab.connection_id, &TikTokOrderId(placed), now);
            job_queue::enqueue(lab.database.writer(), refresh, now).await?;
        }
        lab.run_due().await?;
        assert!(is_open(&lab, Side::Channel).await?, "{case}");
        let before = channel_calls(&lab).await?;

        let shipment = ask(&lab, &id, ship("JX20001", &[])).await?;
        let taken_back = ask(&lab, &other, ship("JX20002", &[])).await?;
        lab.run_due().await?;

        assert_eq!(channel_calls(&lab).await?, before, "{case}: nobody calls");
        for id in [&id, &other] {
            assert_eq!(lab.open_issues(id).await?, ["CHANNEL_UNREACHABLE"], "{case}");
            let next_at = lab.order(id).await?.first_issue_next_retry_at;
            assert!(next_at.is_some(), "{case}: the next try is shown");
        }
        let waiting = action(&lab, shipment).await?;
        assert_eq!(waiting.state, ActionState::Queued, "{case}");
        let why = waiting.result.context("it says nothing")?;
        assert!(why.starts_with("TikTok Shop does not answer"), "{case}: {why}");

        minutes_pass(&lab, 20).await?;
        let next_at = lab.order(&id).await?.first_issue_next_retry_at.context("no next try")?;
        let now = lab.database.clock.now();
        assert!(database::from_ms(next_at) > now - TimeDelta::minutes(1), "{case}: it is out of date");
        let undone = database::actions::undo(lab.database.writer(), taken_back, now).await?;
        assert!(undone, "{case}: it has not left");

        lab.sandboxes.channel_control.delete("/faults").await?;
        minutes_pass(&lab, 6).await?;
        assert!(assert_done(&lab, shipment).await?.contains("JX20001"), "{case}");
        for id in [&id, &other] {
            assert_eq!(lab.open_issues(id).await?, Vec::<String>::new(), "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_store_order_to_adopt_says_why_it_waits_for_a_store_that_is_down() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;
        let id = lab.sandboxes.place_random(20, 29, "plain").await?.remove(0);
        lab.poll().await?;
        assert!(is_open(&lab, Side::Store).await?, "{case}");

        let adopt = ActionRequest::Adopt { store_order_id: shared::StoreOrderId(987_654) };
        let adopt = ask(&lab, &id, adopt).await?;
        lab.run_due().await?;

        let why = action(&lab, adopt).await?.result.context("it says nothing")?;
        assert!(why.starts_with("The store does not answer"), "{case}: {why}");
        assert_eq!(lab.open_issues(&id).await?, ["STORE_UNREACHABLE"], "{case}");

        lab.sandboxes.store_control.delete("/faults").await?;
        minutes_pass(&lab, 6).await?;
        assert_ne!(action(&lab, adopt).await?.state, ActionState::Queued, "{case}");
    }
    Ok(())
}
