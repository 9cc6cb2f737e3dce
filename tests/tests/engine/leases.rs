//! Whoever has slept through a lease goes no further: it makes nothing in the store and writes over nobody.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use clock::SystemClock;
use database::leases::{acquire, extend, release};
use database::{ConnectionTrait, Database, MasterKey, Vault, import_intents, store_shipments};
use sea_orm::{DbBackend, Statement};
use serde_json::json;
use shared::OrderId;
use tests::EngineLab;

use crate::asking::{do_to, imported_order};
use crate::labs::labs;
use crate::store_side::store_role;

const LENGTH: TimeDelta = TimeDelta::seconds(60);

async fn databases() -> Vec<(test_database::TestDatabase, Database)> {
    let mut databases = Vec::new();
    for test_database in test_database::databases().await {
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&test_database.url, vault, SystemClock::shared()).await;
        databases.push((test_database, database.expect("it is new and empty")));
    }
    databases
}

async fn execute(database: &Database, sql: &str) -> Result<()> {
    database.writer().execute_unprepared(sql).await?;
    Ok(())
}

#[tokio::test]
async fn a_lease_is_one_holders_until_it_runs_out_or_is_given_back() -> Result<()> {
    for (kept, database) in databases().await {
        let db = database.writer();
        let first = acquire(db, "turn", "a", LENGTH).await?.expect("it is free");
        assert_eq!(acquire(db, "turn", "b", LENGTH).await?, None, "{}", kept.name);
        assert!(acquire(db, "another turn", "b", LENGTH).await?.is_some());

        execute(&database, "UPDATE leases SET until = until - 61000").await?;
        assert!(extend(db, &first, LENGTH).await?, "nobody has taken it since");
        assert_eq!(acquire(db, "turn", "b", LENGTH).await?, None, "{}", kept.name);

        execute(&database, "UPDATE leases SET until = until - 61000").await?;
        let second = acquire(db, "turn", "b", LENGTH).await?.expect("it has run out");
        assert!(second.fence > first.fence);
        assert!(!extend(db, &first, LENGTH).await?, "{}", kept.name);
        release(db, &first).await?;
        assert_eq!(acquire(db, "turn", "a", LENGTH).await?, None, "only its holder gives it back");

        release(db, &second).await?;
        assert!(acquire(db, "turn", "a", LENGTH).await?.is_some(), "{}", kept.name);
    }
    Ok(())
}

#[tokio::test]
async fn a_holder_that_comes_again_voids_what_it_held_before() -> Result<()> {
    for (kept, database) in databases().await {
        let db = database.writer();
        let first = acquire(db, "turn", "a", LENGTH).await?.expect("it is free");
        let again = acquire(db, "turn", "a", LENGTH).await?.expect("it is its own");

        assert!(!extend(db, &first, LENGTH).await?, "{}", kept.name);
        assert!(extend(db, &again, LENGTH).await?);
    }
    Ok(())
}

#[tokio::test]
async fn a_lease_that_is_extended_in_a_transaction_cannot_be_taken_before_it_ends() -> Result<()> {
    for (kept, database) in databases().await {
        let lease = acquire(database.writer(), "turn", "a", LENGTH).await?.expect("it is free");
        execute(&database, "UPDATE leases SET until = 0").await?;

        let transaction = database.begin().await?;
        assert!(extend(&transaction, &lease, LENGTH).await?);
        let other = database.clone();
        let taken = tokio::spawn(async move { acquire(other.writer(), "turn", "b", LENGTH).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!taken.is_finished(), "{}: it waits", kept.name);
        transaction.commit().await?;

        assert_eq!(taken.await??, None, "{}", kept.name);
    }
    Ok(())
}

/// Lets this happen once, at the moment at which the intent of creating an order is written down.
async fn when_the_intent_is_written(lab: &EngineLab, sqlite: &str, postgres: &str) -> Result<()> {
    when_written(lab, "import_intents", "NEW.step = 'posting'", sqlite, postgres).await
}

/// Lets this happen once, at the moment at which a row of a table becomes one that fulfils a condition.
async fn when_written(
    lab: &EngineLab,
    table: &str,
    condition: &str,
    sqlite: &str,
    postgres: &str,
) -> Result<()> {
    let database = &lab.database;
    execute(database, "CREATE TABLE pauses (id INTEGER)").await?;
    execute(database, "INSERT INTO pauses VALUES (1)").await?;
    if database.backend() == DbBackend::Postgres {
        let function = format!(
            "CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT 1 FROM pauses) THEN {postgres}; DELETE FROM pauses; END IF;
                RETURN NULL;
             END $$"
        );
        execute(database, &function).await?;
        let trigger = format!(
            "CREATE TRIGGER pause AFTER UPDATE ON {table}
             FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION pause()"
        );
        return execute(database, &trigger).await;
    }
    let trigger = format!(
        "CREATE TRIGGER pause AFTER UPDATE ON {table}
         WHEN {condition} AND EXISTS (SELECT 1 FROM pauses)
         BEGIN {sqlite}; DELETE FROM pauses; END"
    );
    execute(database, &trigger).await
}

async fn store_orders(lab: &EngineLab, id: &str) -> Result<usize> {
    Ok(lab.sandboxes.store_orders_of(id).await?.len())
}

async fn assert_imported_once(lab: &EngineLab, id: &str) -> Result<()> {
    let name = lab.database_name();
    assert_eq!(lab.order(id).await?.import_state, "imported", "{name}: {:?}", lab.open_issues(id).await?);
    assert_eq!(store_orders(lab, id).await?, 1, "{name}");
    assert_eq!(lab.open_issues(id).await?, Vec::<String>::new(), "{name}");
    Ok(())
}

#[tokio::test]
async fn a_turn_that_is_lost_before_the_request_makes_nothing() -> Result<()> {
    for lab in labs().await {
        let taken = "UPDATE leases SET fence = fence + 1, holder = 'another process', until = 0";
        when_the_intent_is_written(&lab, taken, taken).await?;
        let ids = lab.sandboxes.place_random(1, 7, "plain").await?;

        lab.poll().await?;
        assert_eq!(store_orders(&lab, &ids[0]).await?, 0, "{}", lab.database_name());

        // Nothing was asked for, so there is nothing to wait for.
        lab.advance(TimeDelta::seconds(2)).await?;
        lab.run_due().await?;
        assert_imported_once(&lab, &ids[0]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_job_that_is_lost_before_the_request_makes_nothing() -> Result<()> {
    for lab in labs().await {
        let taken = "UPDATE jobs SET fence = fence + 1, lease_owner = 'another process',
                     lease_until = lease_until + 600000 WHERE kind = 'import_order'";
        when_the_intent_is_written(&lab, taken, taken).await?;
        let ids = lab.sandboxes.place_random(1, 7, "plain").await?;

        lab.poll().await?;
        assert_eq!(store_orders(&lab, &ids[0]).await?, 0, "{}", lab.database_name());

        // The other process dies; its successor cannot know that nothing was asked for.
        lab.advance(TimeDelta::minutes(11)).await?;
        execute(&lab.database, "UPDATE import_intents SET posted_at = posted_at + 600000").await?;
        lab.run_due().await?;
        assert_eq!(store_orders(&lab, &ids[0]).await?, 0, "{}", lab.database_name());
        lab.advance(TimeDelta::seconds(131)).await?;
        lab.run_due().await?;
        assert_imported_once(&lab, &ids[0]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_order_is_not_moved_by_who_has_lost_the_job_meanwhile() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let order_id = OrderId(lab.order(&id).await?.id);
        let known = store_shipments::find(lab.database.writer(), order_id).await?;
        store_shipments::save(lab.database.writer(), known).await?;
        let announced = "NEW.written_state_id <> COALESCE(OLD.written_state_id, 0)";
        let taken = "UPDATE jobs SET fence = fence + 1, lease_owner = 'another process',
                     lease_until = lease_until + 600000 WHERE kind = 'push_store_state'";
        when_written(&lab, "store_shipments", announced, taken, taken).await?;
        do_to(&lab, &id, "ship", &json!({})).await?;
        let before = store_role(&lab, &id).await?;

        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;
        assert_eq!(store_role(&lab, &id).await?, before, "{}", lab.database_name());

        lab.advance(TimeDelta::minutes(11)).await?;
        lab.run_due().await?;
        let moved = store_role(&lab, &id).await?;
        assert_eq!(moved.as_deref(), Some("PS_OS_PREPARATION"), "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_would_come_too_late_is_not_sent() -> Result<()> {
    for lab in labs().await {
        if lab.database.backend() != DbBackend::Postgres {
            // SQLite has no way to take long for a commit.
            continue;
        }
        when_the_intent_is_written(&lab, "", "PERFORM pg_sleep(5.5)").await?;
        let ids = lab.sandboxes.place_random(1, 7, "plain").await?;

        lab.poll().await?;
        assert_eq!(store_orders(&lab, &ids[0]).await?, 0);

        lab.advance(TimeDelta::seconds(2)).await?;
        lab.run_due().await?;
        assert_imported_once(&lab, &ids[0]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_a_late_worker_knows_is_left_to_its_successor() -> Result<()> {
    for lab in labs().await {
        let slow =
            json!({ "resource": "orders", "method": "POST", "kind": "slow", "delay_ms": 2_000, "times": 1 });
        lab.sandboxes.break_store(&slow).await?;
        let ids = lab.sandboxes.place_random(1, 7, "plain").await?;
        let successor = lab.another_engine("successor").await?;

        let late = lab.poll();
        let overtaking = async {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let Ok(order) = lab.order(&ids[0]).await else { continue };
                let intent = import_intents::find(lab.database.reader(), OrderId(order.id)).await?;
                if intent.is_some_and(|intent| intent.step == import_intents::Step::Posting) {
                    break;
                }
            }
            execute(&lab.database, "UPDATE jobs SET lease_until = 0 WHERE kind = 'import_order'").await?;
            successor.run_due().await?;
            anyhow::Ok(())
        };
        tokio::try_join!(late, overtaking)?;

        lab.advance(TimeDelta::seconds(131)).await?;
        successor.run_due().await?;
        assert_imported_once(&lab, &ids[0]).await?;
        let by_whom =
            "SELECT sentence FROM timeline WHERE topic = 'import' AND sentence LIKE 'The store order%'";
        let by_whom = Statement::from_string(lab.database.backend(), by_whom);
        let rows = lab.database.writer().query_all_raw(by_whom).await?;
        assert_eq!(rows.len(), 1, "{}", lab.database_name());
        let sentence: String = rows[0].try_get("", "sentence")?;
        assert!(sentence.contains("found in the store"), "{}: {sentence}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn nobody_makes_another_order_while_the_store_may_work_on_one() -> Result<()> {
    for lab in labs().await {
        let name = lab.database_name();
        let slow =
            json!({ "resource": "orders", "method": "POST", "kind": "slow", "delay_ms": 2_000, "times": 1 });
        lab.sandboxes.break_store(&slow).await?;
        let ids = lab.sandboxes.place_random(2, 7, "plain").await?;
        let successor = lab.another_engine("successor").await?;

        // The first process sleeps in the midst of its request, and its turn runs out.
        let sleeping = lab.poll();
        let overtaking = async {
            let posting = "SELECT 1 FROM import_intents WHERE step = 'posting'";
            let posting = Statement::from_string(lab.database.backend(), posting);
            while lab.database.reader().query_one_raw(posting.clone()).await?.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            execute(&lab.database, "UPDATE leases SET until = 0 WHERE name NOT LIKE '%:request'").await?;
            successor.run_due().await?;
            let orders = lab.sandboxes.store_orders().await?;
            assert!(orders.len() <= 1, "{name}: another order was made meanwhile");
            anyhow::Ok(())
        };
        tokio::try_join!(sleeping, overtaking)?;

        lab.advance(TimeDelta::seconds(6)).await?;
        successor.run_due().await?;
        for id in &ids {
            assert_imported_once(&lab, id).await?;
        }
        let counters = lab.sandboxes.store_control.get("/counters").await?;
        assert_eq!(counters["order_posts_at_once"], 1, "{name}");
    }
    Ok(())
}
