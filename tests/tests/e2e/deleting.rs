use anyhow::Result;
use shared::{ImportState, OrderSummary};
use tests::browser::{button, css, link};

use crate::looks::{pictures_here, pictures_of};
use crate::sides::PAID;
use crate::stage::{Stage, journey, offer};

/// Chooses from the menu of an order's row.
async fn choose(stage: &Stage, order: &OrderSummary, what: &str) -> Result<()> {
    stage.browser.click(button(&format!("Actions for order {}", order.id))).await?;
    stage.browser.click(button(what)).await
}

/// Waits until an order is in the grid, or is not.
async fn is_in_grid(stage: &Stage, order: &OrderSummary, there: bool) -> Result<()> {
    let row = format!("#order-{}", order.id);
    let wanted = usize::from(there);
    stage
        .browser
        .until(format!("{wanted} rows of order {}", order.id), async || {
            Ok(stage.browser.count(&row).await? == wanted)
        })
        .await
}

async fn delete(stage: &Stage, order: &OrderSummary) -> Result<()> {
    choose(stage, order, "Delete…").await?;
    stage.browser.sees("TikTok and PrestaShop are not touched").await?;
    stage.browser.click(button("Delete")).await?;
    is_in_grid(stage, order, false).await
}

#[tokio::test]
async fn a_deleted_order_comes_back_by_undo_or_from_the_deleted_ones() -> Result<()> {
    journey("delete", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        let other = stage.place("CANDLE-FIG").await?;
        let before = stage.store_order(&order.tiktok_order_id.0).await?;
        stage.enter("/orders").await?;

        choose(stage, &order, "Delete…").await?;
        pictures_here(browser, "delete-desk", ".action-form").await?;
        browser.click(button("Keep it")).await?;
        delete(stage, &order).await?;
        browser.click(offer("Undo")).await?;
        is_in_grid(stage, &order, true).await?;

        delete(stage, &order).await?;
        is_in_grid(stage, &other, true).await?;
        browser.click(css("[popovertarget=views]")).await?;
        browser.click(link("Deleted orders")).await?;
        browser.is_at("archived=true").await?;
        is_in_grid(stage, &order, true).await?;
        is_in_grid(stage, &other, false).await?;
        pictures_of(browser, "deleted-orders", ".filter-bar").await?;
        choose(stage, &order, "Restore").await?;
        is_in_grid(stage, &order, false).await?;
        browser.click(link("Clear filters")).await?;
        is_in_grid(stage, &order, true).await?;

        assert_eq!(stage.truth(&order.tiktok_order_id.0).await?["status"], "AWAITING_SHIPMENT");
        assert_eq!(stage.store_order(&order.tiktok_order_id.0).await?, before);
        stage.store_says(&order.tiktok_order_id.0, PAID).await
    })
    .await
}

#[tokio::test]
async fn a_skipped_order_stays_out_of_the_store_until_it_is_wanted_after_all() -> Result<()> {
    journey("skip", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("POSTER-MAP-A2").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.enter("/orders").await?;

        choose(stage, &order, "Skip: never import").await?;
        browser.find(offer("Undo")).await?;
        browser
            .until("nothing is wrong with it any more", async || {
                Ok(browser.count(&format!("#order-{} .error-button", order.id)).await? == 0)
            })
            .await?;
        stage.give_reference("NOTEBOOK-A5", "POSTER-MAP-A2").await?;
        choose(stage, &order, "Sync status").await?;
        browser
            .until("the order was read again", async || {
                Ok(stage.actions(order.id).await?[0].finished_at.is_some())
            })
            .await?;
        assert_eq!(stage.settled(id).await?.import_state, ImportState::Skipped);
        assert_eq!(stage.run.sandboxes.store_orders_of(id).await?.len(), 0);

        choose(stage, &order, "Un-skip: import it after all").await?;
        browser
            .until("the store has it", async || Ok(stage.run.sandboxes.store_orders_of(id).await?.len() == 1))
            .await?;
        stage.store_says(id, PAID).await?;
        browser
            .until("the row names the store order", async || {
                let number = browser.text_of(&format!("#order-{} td.store-order", order.id)).await?;
                Ok(number == stage.store_order(id).await?["id"].to_string().trim_matches('"'))
            })
            .await
    })
    .await
}
