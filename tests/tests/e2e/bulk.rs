use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::browser::{button, css};

use crate::looks::pictures_here;
use crate::sides::{IN_PREPARATION, PAID};
use crate::stage::{Stage, journey, order_of};

const SELECT_PAGE: &str = "input[aria-label='Select all orders of this page']";

/// Waits until the run over many orders has this many of an outcome.
async fn counts(stage: &Stage, outcome: &str, wanted: usize) -> Result<()> {
    let selector = format!(".bulk-panel .outcome.{outcome} strong");
    stage
        .browser
        .until(format!("{wanted} are {outcome}"), async || {
            Ok(stage.browser.text_of(&selector).await? == wanted.to_string())
        })
        .await
}

#[tokio::test]
async fn all_orders_that_match_are_synced_beyond_the_page() -> Result<()> {
    journey("bulk-sync", async |stage| {
        let browser = &stage.browser;
        let orders = stage.place_many(28, "plain").await?;
        // Seller Center ships two, one of them far down, and no webhook tells of it.
        stage.webhooks(false).await?;
        let shipped = [&orders[0], &orders[27]].map(|order| order.tiktok_order_id.0.as_str());
        for (number, id) in shipped.iter().enumerate() {
            let body = json!({ "tracking_number": format!("JX55500{number}") });
            stage.happens(id, "ship", &body).await?;
        }
        stage.enter("/orders").await?;
        browser.sees("1–25 of 28").await?;

        browser.click(css(SELECT_PAGE)).await?;
        browser.sees("25 selected").await?;
        browser.sees("All 25 orders of this page are selected; 28 match.").await?;
        pictures_here(browser, "bulk-bar-desk", ".bulk-bar").await?;
        browser.click(button("Select all of them")).await?;
        browser.sees("All 28 orders that match are selected").await?;
        browser.click(button("Sync")).await?;
        browser.sees("Sync status · 28 orders").await?;
        counts(stage, "done", 28).await?;
        browser.sees_no("28 selected").await?;

        for (number, id) in shipped.iter().enumerate() {
            stage.store_says(id, IN_PREPARATION).await?;
            let number = format!("JX55500{number}");
            browser
                .until("the store has the number", async || Ok(stage.store_number(id).await? == number))
                .await?;
        }
        stage.store_says(&orders[1].tiktok_order_id.0, PAID).await?;
        browser.click(css(".tabs a[href='/orders?status=awaiting_collection']")).await?;
        browser.sees("1–2 of 2").await
    })
    .await
}

#[tokio::test]
async fn an_import_of_many_says_for_which_it_was_not_possible_and_why() -> Result<()> {
    journey("bulk-import", async |stage| {
        let browser = &stage.browser;
        let plain = stage.place_many(2, "plain").await?;
        let mut blocked = Vec::new();
        for _ in 0..2 {
            blocked.push(stage.place("POSTER-MAP-A2").await?);
        }
        blocked.push(stage.place("CLOCK-OAK-1").await?);
        stage.enter("/orders").await?;
        browser.sees("1–5 of 5").await?;

        stage.give_reference("NOTEBOOK-A5", "POSTER-MAP-A2").await?;
        browser.click(css(SELECT_PAGE)).await?;
        browser.click(button("Import / Retry")).await?;
        browser.sees("Import / Retry · 5 orders").await?;
        counts(stage, "refused", 2).await?;
        counts(stage, "done", 2).await?;
        counts(stage, "failed", 1).await?;
        browser.click(css(".outcome.refused")).await?;
        browser.sees("The order is already in your store.").await?;
        pictures_here(browser, "bulk-refused-desk", ".bulk-panel").await?;
        browser.click(css(".outcome.failed")).await?;
        browser.sees("CLOCK-OAK-1").await?;
        for order in plain.iter().chain(&blocked[..2]) {
            stage.store_order(&order.tiktok_order_id.0).await?;
        }
        let short = blocked[2].tiktok_order_id.0.as_str();
        assert_eq!(stage.run.sandboxes.store_orders_of(short).await?.len(), 0);

        // The reason is gone; the run is repeated for those that it did not help.
        let stock = json!({ "sku": "CLOCK-OAK-1", "quantity": 5 });
        stage.run.sandboxes.store_control.post("/stock", &stock).await?;
        browser.click(button("Retry the unsuccessful ones")).await?;
        browser.sees("Import / Retry · 3 orders").await?;
        counts(stage, "done", 1).await?;
        counts(stage, "refused", 2).await?;
        stage.store_order(short).await?;
        browser.click(css(".bulk-panel .icon-button")).await?;
        browser.until("the result is put away", async || Ok(browser.count(".bulk-panel").await? == 0)).await
    })
    .await
}

#[tokio::test]
async fn a_cancellation_of_many_that_is_stopped_in_time_cancels_none() -> Result<()> {
    journey("bulk-stop", async |stage| {
        let browser = &stage.browser;
        let mut orders = Vec::new();
        for _ in 0..3 {
            let id = stage.run.sandboxes.place(&order_of("MUG-STONE-BLU")).await?.remove(0);
            orders.push(stage.settled(&id).await?);
        }
        stage.enter("/orders").await?;
        browser.sees("1–3 of 3").await?;

        browser.click(css(SELECT_PAGE)).await?;
        browser.click(button("Cancel…")).await?;
        browser.sees("Cancel 3 orders?").await?;
        browser.choose("Reason", "Out of stock").await?;
        pictures_here(browser, "bulk-cancel-desk", ".action-form").await?;
        browser.click(button("Cancel order")).await?;
        browser.sees("Cancel order · 3 orders").await?;
        browser.click(button("Stop")).await?;
        counts(stage, "left", 3).await?;

        // One that is canceled afterwards leaves after those would have.
        let last = &orders[2];
        browser.click(button(&format!("Actions for order {}", last.id))).await?;
        browser.click(button("Cancel order…")).await?;
        browser.choose("Reason", "Out of stock").await?;
        browser.click(button("Cancel order")).await?;
        stage.tiktok_says(&last.tiktok_order_id.0, "CANCELLED").await?;
        for order in &orders[..2] {
            assert_eq!(stage.truth(&order.tiktok_order_id.0).await?["status"], "AWAITING_SHIPMENT");
            stage.store_says(&order.tiktok_order_id.0, PAID).await?;
        }
        let calls = stage.run.sandboxes.channel_control.get("/calls?limit=500").await?;
        let latest = calls["latest"].as_array().context("no calls")?;
        let is_one = |call: &&Value| {
            call["method"] == "POST" && call["path"].as_str().is_some_and(|it| it.ends_with("/cancellations"))
        };
        assert_eq!(latest.iter().filter(is_one).count(), 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn orders_that_were_skipped_are_taken_in_again_together() -> Result<()> {
    journey("bulk-unskip", async |stage| {
        let browser = &stage.browser;
        let mut blocked = Vec::new();
        for _ in 0..2 {
            blocked.push(stage.place("POSTER-MAP-A2").await?);
        }
        stage.enter("/orders").await?;
        browser.sees("1–2 of 2").await?;
        browser.click(css(SELECT_PAGE)).await?;
        browser.click(button("Skip")).await?;
        counts(stage, "done", 2).await?;
        stage.give_reference("NOTEBOOK-A5", "POSTER-MAP-A2").await?;

        browser.click(css(SELECT_PAGE)).await?;
        browser.click(button("More")).await?;
        pictures_here(browser, "bulk-more", "#bulk-more").await?;
        browser.click(button("Un-skip: import it after all")).await?;
        browser.sees("2 orders").await?;
        for order in &blocked {
            let id = &order.tiktok_order_id.0;
            browser
                .until("it is in the store", async || {
                    Ok(stage.run.sandboxes.store_orders_of(id).await?.len() == 1)
                })
                .await?;
        }
        Ok(())
    })
    .await
}
