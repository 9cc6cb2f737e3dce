//! Processes whose clocks differ: each order is made once, and nobody works while its own clock is wrong.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use clock::{Clock, ShiftedClock, SystemClock};
use database::import_intents::{self, ImportIntent, Step};
use database::webhook_messages::{self, About};
use database::{ConnectionTrait, Database, MasterKey, Vault, actions, circuit_breakers, webhooks};
use sea_orm::Statement;
use serde_json::json;
use shared::{
    ActionKind, ActionRequest, ActionState, CreateWebhook, OrderId, Side, TikTokOrderId, WebhookEvent,
};
use sync::{Engine, jobs};
use tests::{EngineLab, LabOptions};
use tokio_util::sync::CancellationToken;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::asking::{imported_order, try_to_ask_at};
use crate::labs::labs;

/// A clock that is off by this much.
fn off_by(by: TimeDelta) -> Arc<ShiftedClock> {
    let clock = ShiftedClock::default();
    clock.advance(by);
    Arc::new(clock)
}

/// Places orders that are recorded, and whose import is due by every clock.
async fn importable(lab: &EngineLab, count: u32) -> Result<Vec<String>> {
    lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;
    let ids = lab.sandboxes.place_random(count, 3, "plain").await?;
    lab.poll().await?;
    lab.sandboxes.store_control.delete("/faults").await?;
    lab.sandboxes.store_control.delete("/counters").await?;
    let long_ago = SystemClock.now() - TimeDelta::minutes(20);
    for id in &ids {
        let order_id = OrderId(lab.order(id).await?.id);
        let import = jobs::import_order(lab.connection_id, order_id, long_ago);
        job_queue::enqueue(lab.database.writer(), import, long_ago).await?;
    }
    Ok(ids)
}

/// As many jobs at once as a process would run; here a few.
async fn work(engine: &Engine) -> Result<()> {
    tokio::try_join!(engine.run_due(), engine.run_due(), engine.run_due())?;
    Ok(())
}

#[tokio::test]
async fn two_processes_whose_clocks_differ_make_each_order_once() -> Result<()> {
    for lab in labs().await {
        let name = lab.database_name();
        let ids = importable(&lab, 30).await?;
        // Long enough for the other process to come by after the store has looked and before the order is there.
        lab.sandboxes.store_control.patch("/settings", &json!({ "order_post_ms": 300 })).await?;
        let ahead = lab.engine_with("ahead", off_by(TimeDelta::minutes(10))).await?;
        let behind = lab.engine_with("behind", off_by(-TimeDelta::minutes(10))).await?;

        let mut waiting = ids.clone();
        for _ in 0..60 {
            tokio::try_join!(work(&ahead), work(&behind))?;
            let mut still_waiting = Vec::new();
            for id in waiting {
                if lab.order(&id).await?.import_state != "imported" {
                    still_waiting.push(id);
                }
            }
            waiting = still_waiting;
            if waiting.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }

        assert_eq!(waiting, Vec::<String>::new(), "{name}: not imported");
        for id in &ids {
            assert_eq!(lab.sandboxes.store_orders_of(id).await?.len(), 1, "{name}: {id}");
        }
        assert_eq!(lab.sandboxes.store_orders().await?.len(), ids.len(), "{name}");
        let counters = lab.sandboxes.store_control.get("/counters").await?;
        assert_eq!(counters["order_posts_at_once"], 1, "{name}: they are made in single file");
    }
    Ok(())
}

#[tokio::test]
async fn a_process_that_is_ahead_leaves_a_creation_alone_that_another_one_has_begun() -> Result<()> {
    for lab in labs().await {
        let ids = importable(&lab, 1).await?;
        // The store looks at the cart at once and has the order only half a second later.
        lab.sandboxes.store_control.patch("/settings", &json!({ "order_post_ms": 1_200 })).await?;
        let ahead = lab.engine_with("ahead", off_by(TimeDelta::minutes(10))).await?;
        let behind = lab.engine_with("behind", off_by(-TimeDelta::minutes(10))).await?;

        let creating = async { anyhow::Ok(behind.run_due().await?) };
        let passing_by = async {
            let order_id = OrderId(lab.order(&ids[0]).await?.id);
            let has_begun = |intent: ImportIntent| intent.step == Step::Posting;
            while !import_intents::find(lab.database.reader(), order_id).await?.is_some_and(has_begun) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            anyhow::Ok(ahead.run_due().await?)
        };
        tokio::try_join!(creating, passing_by)?;

        assert_eq!(lab.order(&ids[0]).await?.import_state, "imported", "{}", lab.database_name());
        assert_eq!(lab.sandboxes.store_orders_of(&ids[0]).await?.len(), 1, "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn a_process_knows_how_far_its_clock_is_off() -> Result<()> {
    for test_database in test_database::databases().await {
        for minutes in [-10, 0, 10] {
            let expected = TimeDelta::minutes(minutes);
            let vault = Vault::new(&MasterKey::new([7; 32]));
            let database = Database::connect(&test_database.url, vault, off_by(expected)).await?;

            let skew = database.clock_skew().await?;

            assert!((skew - expected).abs() < TimeDelta::seconds(5), "{}: {skew}", test_database.name);
        }
    }
    Ok(())
}

async fn jobs_of(lab: &EngineLab) -> Result<i64> {
    let db = lab.database.writer();
    let count = Statement::from_string(db.get_database_backend(), "SELECT COUNT(*) AS jobs FROM jobs");
    let row = db.query_one_raw(count).await?.expect("a count is one row");
    Ok(row.try_get("", "jobs")?)
}

#[tokio::test]
async fn nothing_is_done_while_the_clock_is_wrong() -> Result<()> {
    for lab in labs().await {
        for (seconds, works) in [(31, false), (-31, false), (20, true)] {
            let engine = lab.engine_with("off", off_by(TimeDelta::seconds(seconds))).await?;
            let shutdown = CancellationToken::new();
            let stopped = shutdown.clone();
            let running = tokio::spawn(async move { engine.run(stopped).await });
            tokio::time::sleep(Duration::from_millis(500)).await;
            shutdown.cancel();
            running.await??;

            assert_eq!(jobs_of(&lab).await? > 0, works, "{} {seconds}", lab.database_name());
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_was_written_while_a_clock_was_ahead_waits_for_no_time_to_come() -> Result<()> {
    for database in test_database::databases().await {
        let options = LabOptions { in_real_time: true, ..LabOptions::default() };
        let lab = EngineLab::start(database, options).await?;
        let ids = lab.sandboxes.place_random(1, 3, "plain").await?;
        lab.poll().await?;
        let order_id = OrderId(lab.order(&ids[0]).await?.id);
        let ahead = off_by(TimeDelta::minutes(10)).now();
        let push = jobs::push_store_state(lab.connection_id, order_id, ahead);
        let writer = lab.database.writer();
        job_queue::enqueue(writer, push, ahead).await?;
        let (store, next_try_at) = (Side::Store, ahead + TimeDelta::seconds(30));
        circuit_breakers::open(writer, lab.connection_id, store, "no answer", next_try_at, ahead).await?;
        circuit_breakers::limit(writer, lab.connection_id, store, ahead, ahead).await?;
        let cancel = ActionRequest::Cancel {
            reason: "seller_cancel_reason_out_of_stock".to_owned(),
            line_item_ids: Vec::new(),
        };
        let cancel = try_to_ask_at(&lab, &ids[0], cancel, ahead).await?.expect("it may be canceled");

        let shutdown = CancellationToken::new();
        let (engine, stopped) =
            (lab.engine_with("right", off_by(TimeDelta::zero())).await?, shutdown.clone());
        let running = tokio::spawn(async move { engine.run(stopped).await });
        let subject = order_id.to_string();
        let has_run = async {
            while job_queue::live(lab.database.reader(), jobs::PUSH_STORE_STATE, &subject).await?.is_some() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let waits = [ActionKind::Cancel];
            while !actions::queued(lab.database.reader(), order_id, &waits).await?.is_empty() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(Duration::from_secs(60), has_run).await??;
        let canceled = actions::find(lab.database.reader(), cancel.id).await?.expect("it is kept");
        assert_eq!(canceled.state, ActionState::Done, "{}: {canceled:?}", lab.database_name());
        shutdown.cancel();
        running.await??;
    }
    Ok(())
}

#[tokio::test]
async fn a_look_ends_what_a_process_whose_clock_is_a_little_ahead_was_asked() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let ahead = lab.database.clock.now() + TimeDelta::seconds(20);
        let asked =
            try_to_ask_at(&lab, &id, ActionRequest::Sync {}, ahead).await?.expect("it is always possible");

        let now = lab.database.clock.now();
        let look = jobs::refresh_order(lab.connection_id, &TikTokOrderId(id), now);
        job_queue::enqueue(lab.database.writer(), look, now).await?;
        lab.run_due().await?;

        let ended = actions::find(lab.database.reader(), asked.id).await?.expect("it is kept");
        assert_eq!(ended.state, ActionState::Done, "{}: {ended:?}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn a_receiver_is_told_at_once_what_happened_while_a_clock_was_ahead() -> Result<()> {
    for lab in labs().await {
        let receiver = MockServer::start().await;
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(204)).mount(&receiver).await;
        let ahead = off_by(TimeDelta::minutes(10)).now();
        let (writer, vault) = (lab.database.writer(), &lab.database.vault);
        let new: CreateWebhook = serde_json::from_value(json!({ "url": receiver.uri() }))?;
        let secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        webhooks::create(writer, vault, "uid", &new, secret, ahead).await?;
        let about = About::connection(lab.connection_id);
        webhook_messages::record(writer, WebhookEvent::ConnectionDegraded, about, ahead).await?;

        let shutdown = CancellationToken::new();
        let (engine, stopped) =
            (lab.engine_with("right", off_by(TimeDelta::zero())).await?, shutdown.clone());
        let running = tokio::spawn(async move { engine.run(stopped).await });
        let is_told = async {
            while receiver.received_requests().await.unwrap_or_default().is_empty() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), is_told).await?;
        shutdown.cancel();
        running.await??;
    }
    Ok(())
}
