//! On PostgreSQL nobody waits for somebody who waits for them: each test holds one side of what was a circle.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use database::bulk_runs::{self, Created, Members, NewRun};
use database::timeline::{self, Entry};
use database::{ConnectionTrait, Reach, orders, webhooks};
use sea_orm::{DbBackend, Statement};
use serde_json::json;
use shared::{ActionRequest, CreateWebhook, OrderId};
use sync::jobs;
use tests::{EngineLab, LabOptions};

use crate::asking::{ask, imported_order, placed_order};

/// Longer than anything takes that waits for nobody.
const LONG: Duration = Duration::from_secs(5);

async fn postgres_lab() -> Option<EngineLab> {
    let database = test_database::postgres().await?;
    Some(EngineLab::start(database, LabOptions::default()).await.expect("the lab starts"))
}

/// Waits until a transaction waits for a lock of another.
async fn until_somebody_waits(lab: &EngineLab) -> Result<()> {
    let sql = "SELECT COUNT(*) AS n FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..200 {
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = lab.database.reader().query_one_raw(statement).await?.context("a count")?;
        if row.try_get::<i64>("", "n")? > 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("nobody waits")
}

#[tokio::test]
async fn an_import_and_whoever_asks_for_it_do_not_wait_for_each_other() -> Result<()> {
    let Some(lab) = postgres_lab().await else { return Ok(()) };
    lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;
    let id = placed_order(&lab).await?;
    lab.poll().await?;
    let order_id = OrderId(lab.order(&id).await?.id);
    ask(&lab, &id, ActionRequest::Import {}).await?;

    let holds_the_order = orders::begin_locked(&lab.database, order_id).await?;
    let engine = lab.engine.clone();
    let importing = tokio::spawn(async move { engine.run_due().await });
    until_somebody_waits(&lab).await?;
    let now = lab.database.clock.now();
    let asked =
        job_queue::enqueue(&holds_the_order, jobs::import_order(lab.connection_id, order_id, now), now);
    asked.await?;
    holds_the_order.commit().await?;
    importing.await??;

    let job = job_queue::live(lab.database.reader(), jobs::IMPORT_ORDER, &order_id.to_string()).await?;
    let error = job.context("it waits for the store")?.last_error.unwrap_or_default();
    assert!(!error.contains("deadlock"), "{error}");
    Ok(())
}

#[tokio::test]
async fn what_belongs_to_an_order_is_added_while_somebody_holds_it() -> Result<()> {
    let Some(lab) = postgres_lab().await else { return Ok(()) };
    let order_id = OrderId(lab.order(&imported_order(&lab).await?).await?.id);

    let held = orders::begin_locked(&lab.database, order_id).await?;
    let entry = Entry::ours("note", "Meanwhile.");
    let now = lab.database.clock.now();
    let added =
        tokio::time::timeout(LONG, timeline::record(lab.database.writer(), order_id, entry, now)).await;

    added.context("it waits for who holds the order")??;
    held.rollback().await?;
    Ok(())
}

#[tokio::test]
async fn orders_whose_changes_one_webhook_is_told_of_do_not_wait_for_each_other() -> Result<()> {
    let Some(lab) = postgres_lab().await else { return Ok(()) };
    let first = OrderId(lab.order(&imported_order(&lab).await?).await?.id);
    let second = OrderId(lab.order(&imported_order(&lab).await?).await?.id);
    let (vault, now) = (&lab.database.vault, lab.database.clock.now());
    let new: CreateWebhook = serde_json::from_value(json!({ "url": "https://receiver.example/" }))?;
    let secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    webhooks::create(lab.database.writer(), vault, "uid", &new, secret, now).await?;

    let changes_the_first = orders::begin_locked(&lab.database, first).await?;
    orders::derive_status(&changes_the_first, first, now).await?;
    let changes_the_second = orders::begin_locked(&lab.database, second).await?;
    let derived = tokio::time::timeout(LONG, orders::derive_status(&changes_the_second, second, now)).await;

    derived.context("it waits for the other order")??;
    changes_the_second.commit().await?;
    changes_the_first.commit().await?;
    Ok(())
}

#[tokio::test]
async fn a_run_over_many_orders_holds_one_at_a_time() -> Result<()> {
    let Some(lab) = postgres_lab().await else { return Ok(()) };
    let first = OrderId(lab.order(&imported_order(&lab).await?).await?.id);
    let second = OrderId(lab.order(&imported_order(&lab).await?).await?.id);
    let (database, now) = (&lab.database, lab.database.clock.now());
    let request = ActionRequest::Tag { add: vec!["gift".to_owned()], remove: Vec::new() };
    let txn = database.begin().await?;
    let run = NewRun { request: &request, actor: "ada@example.com" };
    let members = Members::Named { ids: &[first, second], reach: &Reach::All };
    let Created::Run(run_id, 2) = bulk_runs::create(&txn, &database.vault, run, members, now).await? else {
        bail!("a run over two orders");
    };
    job_queue::enqueue(&txn, jobs::run_bulk(run_id, now), now).await?;
    txn.commit().await?;

    let holds_the_second = orders::begin_locked(database, second).await?;
    let engine = lab.engine.clone();
    let running = tokio::spawn(async move { engine.run_due().await });
    until_somebody_waits(&lab).await?;
    let first_one = tokio::time::timeout(LONG, orders::begin_locked(database, first)).await;

    first_one.context("the run holds the first one while it waits for the second")??.rollback().await?;
    holds_the_second.commit().await?;
    running.await??;
    assert_eq!(bulk_runs::find(database.reader(), run_id).await?.context("the run")?.done, 2);
    Ok(())
}
