//! What goes wrong with one order or one store delays nobody else. The measure is the engine's own record of its work: which
//! runs of which orders came before which, whatever the machine took for them.

use std::collections::HashSet;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::entities::{attempts, orders};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use shared::ConnectionId;
use sync::jobs;
use tests::{EngineLab, LabOptions, Sandboxes};

use crate::labs::labs;

/// The orders whose import was run, in the order in which the runs ended.
async fn imports(lab: &EngineLab) -> Result<Vec<i64>> {
    let runs = attempts::Entity::find()
        .filter(attempts::Column::Kind.eq(jobs::IMPORT_ORDER))
        .order_by_asc(attempts::Column::Id)
        .all(lab.database.reader())
        .await?;
    Ok(runs.into_iter().map(|run| run.order_id).collect())
}

/// The most runs in a row that were of none of these orders, before the last of theirs.
fn longest_wait(runs: &[i64], waiting: &HashSet<i64>) -> usize {
    let last = runs.iter().rposition(|order| waiting.contains(order)).map_or(0, |last| last + 1);
    runs[..last].split(|order| waiting.contains(order)).map(<[i64]>::len).max().unwrap_or(0)
}

async fn numbers(lab: &EngineLab, ids: &[String]) -> Result<HashSet<i64>> {
    let mut numbers = HashSet::new();
    for id in ids {
        numbers.insert(lab.order(id).await?.id);
    }
    Ok(numbers)
}

#[tokio::test]
async fn an_order_that_always_fails_delays_others_by_no_more_than_one_job() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        let unknown = json!({ "country": "FR", "lines": [{ "seller_sku": "CANDLE-PINE" }] });
        let poison = lab.sandboxes.place(&json!({ "order": unknown })).await?.remove(0);
        lab.poll().await?;
        let poisonous = lab.order(&poison).await?.id;

        for round in 0..5_u64 {
            // They come at the very moment at which the one that fails is due again.
            let next_at = lab.order(&poison).await?.first_issue_next_retry_at.context("no next try")?;
            lab.advance(database::from_ms(next_at) - lab.database.clock.now() + TimeDelta::seconds(1))
                .await?;
            let others = lab.sandboxes.place_random(4, 40 + round, "plain").await?;
            let before = imports(&lab).await?.len();

            lab.poll().await?;

            let case = format!("{case}, round {round}");
            for id in &others {
                assert_eq!(lab.order(id).await?.import_state, "imported", "{case}");
            }
            let runs = imports(&lab).await?.split_off(before);
            let tries = runs.iter().filter(|order| **order == poisonous).count();
            assert_eq!(tries, 1, "{case}: the one that fails was due as well: {runs:?}");
            let wait = longest_wait(&runs, &numbers(&lab, &others).await?);
            assert!(wait <= 1, "{case}: {wait} runs of other orders in between: {runs:?}");
        }
        assert_eq!(lab.open_issues(&poison).await?, ["SKU_NOT_FOUND"], "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn a_dead_store_delays_no_order_of_another_connection() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        let options = LabOptions::default();
        let dead = Sandboxes::start(options.tiktok, options.prestashop).await?;
        dead.break_store(&json!({ "kind": "cut_before" })).await?;
        let of_dead = lab.connect_another_store(&dead.store).await?;
        let ids = lab.sandboxes.place_random(15, 50, "plain").await?;

        let now = lab.database.clock.now();
        jobs::enqueue_periodic(lab.database.writer(), of_dead, now).await?;
        lab.poll().await?;

        for id in &ids {
            assert_eq!(lab.order(id).await?.import_state, "imported", "{case}");
        }
        let waiting = numbers(&lab, &ids).await?;
        let runs = imports(&lab).await?;
        let in_vain = runs.iter().filter(|order| !waiting.contains(order)).count();
        assert!(in_vain > 0, "{case}: nobody tried the dead store: {runs:?}");
        let wait = longest_wait(&runs, &waiting);
        assert!(wait <= 1, "{case}: {wait} runs for the dead store in between: {runs:?}");
        assert_eq!(blocked(&lab, of_dead).await?, ids.len(), "{case}: the others wait for their store");
        assert!(dead.store_orders().await?.is_empty(), "{case}");
    }
    Ok(())
}

/// How many orders of a connection wait with an error.
async fn blocked(lab: &EngineLab, connection: ConnectionId) -> Result<usize> {
    let rows = orders::Entity::find()
        .filter(orders::Column::ConnectionId.eq(connection.0))
        .filter(orders::Column::ImportState.eq("blocked"))
        .all(lab.database.reader())
        .await?;
    Ok(rows.len())
}
