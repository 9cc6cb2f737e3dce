//! Runs over so many orders that somebody watches them, and tries again what failed.

use anyhow::{Context, Result};
use serde_json::json;
use tests::browser::{Browser, PHONE, button, css};

use crate::looks::pictures_here;
use crate::stage::{Stage, journey, order_of};

const SELECT_PAGE: &str = "input[aria-label='Select all orders of this page']";

/// The number beside an outcome of the run.
async fn counted(browser: &Browser, outcome: &str) -> Result<u64> {
    let number = browser.text_of(&format!(".bulk-panel .outcome.{outcome} strong")).await?;
    number.replace(',', "").parse().with_context(|| number.clone())
}

async fn counts(browser: &Browser, outcome: &str, wanted: u64) -> Result<()> {
    browser
        .until(format!("{wanted} are {outcome}"), async || Ok(counted(browser, outcome).await? == wanted))
        .await
}

/// Waits until the run has come so far, and still has something before it.
async fn is_on_its_way(browser: &Browser, done: u64) -> Result<()> {
    browser
        .until(format!("{done} are done and some are not"), async || {
            Ok(counted(browser, "done").await? >= done && counted(browser, "pending").await? > 0)
        })
        .await
}

/// Places orders of one product all at once; returns their ids as soon as each has become what it can.
async fn place_many_of(stage: &Stage, sku: &str, number: usize) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for _ in 0..number {
        ids.extend(stage.run.sandboxes.place(&order_of(sku)).await?);
    }
    for id in &ids {
        stage.settled(id).await?;
    }
    Ok(ids)
}

/// How many of these orders the store has; none may be there twice.
async fn in_store(stage: &Stage, ids: &[String]) -> Result<u64> {
    let keys: Vec<_> = stage
        .run
        .sandboxes
        .store_orders()
        .await?
        .iter()
        .filter_map(|order| Some(order["gift_message"].as_str()?.to_owned()))
        .collect();
    let mut found = 0;
    for id in ids {
        let times = keys.iter().filter(|key| **key == format!("tiktok:{id}")).count();
        assert!(times <= 1, "{id} is in the store {times} times");
        found += times as u64;
    }
    Ok(found)
}

/// Lets the store take its time over each order, so that there is something to watch.
async fn slow_store(stage: &Stage) -> Result<()> {
    let fault = json!({ "resource": "orders", "method": "POST", "kind": "slow", "delay_ms": 300 });
    stage.run.sandboxes.break_store(&fault).await
}

#[tokio::test]
async fn many_orders_are_imported_and_only_the_failed_ones_retried() -> Result<()> {
    journey("bulk-many", async |stage| {
        let browser = &stage.browser;
        let posters = place_many_of(stage, "POSTER-MAP-A2", 40).await?;
        let clocks = place_many_of(stage, "CLOCK-OAK-1", 3).await?;
        stage.enter("/orders?status=error").await?;
        browser.sees("1–25 of 43").await?;
        stage.give_reference("NOTEBOOK-A5", "POSTER-MAP-A2").await?;
        slow_store(stage).await?;

        browser.click(css(SELECT_PAGE)).await?;
        browser.click(button("Select all of them")).await?;
        browser.click(button("Import / Retry")).await?;
        browser.sees("Import / Retry · 43 orders").await?;
        // What comes now is not in the run, though the filter lets it through.
        let late = stage.run.sandboxes.place(&order_of("CLOCK-OAK-1")).await?;
        is_on_its_way(browser, 3).await?;
        pictures_here(browser, "bulk-under-way-desk", ".bulk-panel").await?;
        counts(browser, "failed", 3).await?;
        counts(browser, "done", 40).await?;
        assert_eq!(in_store(stage, &posters).await?, 40);
        assert_eq!(in_store(stage, &clocks).await?, 0);
        browser.click(css(".outcome.failed")).await?;
        browser.sees("“CLOCK-OAK-1”: 1 needed, 0 in stock.").await?;
        stage.settled(&late[0]).await?;
        assert_eq!(browser.count(".run-orders li a").await?, 3, "the run was frozen when it began");

        let stock = json!({ "sku": "CLOCK-OAK-1", "quantity": 9 });
        stage.run.sandboxes.store_control.post("/stock", &stock).await?;
        browser.click(button("Retry the unsuccessful ones")).await?;
        browser.sees("Import / Retry · 3 orders").await?;
        counts(browser, "done", 3).await?;
        assert_eq!(in_store(stage, &clocks).await?, 3);
        assert_eq!(in_store(stage, &posters).await?, 40, "nothing was imported again");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_that_a_fix_begins_is_followed_on_a_phone() -> Result<()> {
    journey("bulk-phone", async |stage| {
        let browser = &stage.browser;
        let posters = place_many_of(stage, "POSTER-MAP-A2", 16).await?;
        let order = stage.settled(&posters[0]).await?;
        browser.resize(PHONE).await?;
        stage.enter(&format!("/orders/{}", order.id)).await?;
        browser.sees("This fix unblocks 15 other orders.").await?;
        stage.give_reference("NOTEBOOK-A5", "POSTER-MAP-A2").await?;
        slow_store(stage).await?;

        browser.click(button("Retry all")).await?;
        browser.sees("Import / Retry · 16 orders").await?;
        is_on_its_way(browser, 1).await?;
        pictures_here(browser, "bulk-under-way-phone", ".bulk-panel").await?;
        // Another page does not lose it.
        browser.click(css(".order-header .back")).await?;
        browser.sees("Import / Retry · 16 orders").await?;
        counts(browser, "done", 16).await?;
        browser.click(css(".outcome.done")).await?;
        browser
            .until("those that are done are listed", async || {
                Ok(browser.count(".run-orders li a").await? == 16)
            })
            .await?;
        pictures_here(browser, "bulk-results-phone", ".bulk-panel").await?;
        assert_eq!(in_store(stage, &posters).await?, 16);
        browser.click(button("Close")).await?;
        browser.until("the result is put away", async || Ok(browser.count(".bulk-panel").await? == 0)).await
    })
    .await
}

/// A number as the page writes it.
fn thousands(number: u64) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", number / 1_000, number % 1_000) }
}

/// As many orders as one run may be for.
#[tokio::test]
async fn ten_thousand_orders_are_deleted_and_a_stop_leaves_the_rest() -> Result<()> {
    const MANY: u64 = 10_000;
    journey("bulk-ten-thousand", async |stage| {
        let browser = &stage.browser;
        stage.has_known(MANY).await?;
        stage.enter("/orders").await?;
        browser.sees("1–25 of 10,000").await?;
        let delete_all = async || {
            browser.click(css(SELECT_PAGE)).await?;
            browser.click(button("Select all of them")).await?;
            browser.click(button("Delete…")).await?;
            browser.click(button("Delete")).await
        };
        delete_all().await?;
        browser.sees("Delete · 10,000 orders").await?;
        is_on_its_way(browser, 100).await?;
        browser.click(button("Stop")).await?;
        counts(browser, "pending", 0).await?;
        let (done, left) = (counted(browser, "done").await?, counted(browser, "left").await?);
        assert_eq!(done + left, MANY, "each order has one outcome");
        assert!(left > 0, "the stop came too late to tell");

        // What was left is deleted by another run, which outlives the page.
        browser.reload().await?;
        counts(browser, "left", left).await?;
        delete_all().await?;
        browser.sees(&format!("Delete · {} orders", thousands(left))).await?;
        browser.reload().await?;
        // However long it takes: what it must not do is stand still.
        let mut done = 0;
        while done < left {
            browser
                .until(format!("more than {done} are done"), async || {
                    Ok(counted(browser, "done").await? > done)
                })
                .await?;
            done = counted(browser, "done").await?;
        }
        counts(browser, "pending", 0).await?;
        browser.sees("No orders").await?;
        browser.click(css(".outcome.done")).await?;
        let first = "[...document.querySelectorAll('.run-orders li a')].map(it => it.textContent)";
        let listed = async || browser.script::<Vec<String>>(&format!("return {first}")).await;
        browser.until("a hundred are listed", async || Ok(listed().await?.len() == 100)).await?;
        let before = listed().await?;
        browser.click(button("Next 100")).await?;
        browser
            .until("the next ones are listed", async || {
                let now = listed().await?;
                Ok(now.len() == 100 && now.iter().all(|id| !before.contains(id)))
            })
            .await?;
        pictures_here(browser, "bulk-ten-thousand", ".bulk-panel").await
    })
    .await
}
