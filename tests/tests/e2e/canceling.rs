use anyhow::{Context, Result};
use serde_json::{Value, json};
use shared::{ActionState, OrderSummary};
use tests::browser::{button, css, link};

use crate::looks::{pictures_here, pictures_of};
use crate::sides::{CANCELED, PAID};
use crate::stage::{Stage, journey, journey_in, offer};

/// Opens the menu of an order's row.
async fn open_menu(stage: &Stage, order: &OrderSummary) -> Result<()> {
    stage.browser.click(button(&format!("Actions for order {}", order.id))).await
}

/// Chooses the reason in the open form of a cancellation and sends it.
async fn cancel(stage: &Stage) -> Result<()> {
    stage.browser.choose("Reason", "Out of stock").await?;
    stage.browser.click(button("Cancel order")).await
}

/// How many calls that cancel this order came to TikTok Shop.
async fn cancellations(stage: &Stage) -> Result<usize> {
    let calls = stage.run.sandboxes.channel_control.get("/calls?limit=500").await?;
    let latest = calls["latest"].as_array().context("no calls")?;
    let is_one = |call: &&Value| {
        call["method"] == "POST"
            && call["path"].as_str().is_some_and(|path| path.ends_with("/return_refund/202309/cancellations"))
    };
    Ok(latest.iter().filter(is_one).count())
}

/// Waits until a buyer's request can be seen on the order's page.
async fn request_of(stage: &Stage, sku: &str) -> Result<OrderSummary> {
    let order = stage.place(sku).await?;
    stage.happens(&order.tiktok_order_id.0, "request-cancel", &json!({})).await?;
    Ok(order)
}

#[tokio::test]
async fn a_cancellation_can_be_taken_back_for_a_while_and_then_reaches_both_sides() -> Result<()> {
    journey("cancel", async |stage| {
        let browser = &stage.browser;
        let in_stock = stage.stock("BOOK-BREAD").await?;
        let kept = stage.place("CANDLE-FIG").await?;
        let order = stage.place("BOOK-BREAD").await?;
        let id = order.tiktok_order_id.0.as_str();
        assert_eq!(stage.stock("BOOK-BREAD").await?, in_stock - 1);
        stage.enter("/orders").await?;

        open_menu(stage, &kept).await?;
        browser.click(button("Cancel order…")).await?;
        browser.sees(&format!("Cancel order {} ({})?", kept.id, kept.tiktok_order_id)).await?;
        browser.sees("lower your shop's rating on TikTok").await?;
        pictures_here(browser, "cancel-desk", ".action-form").await?;
        cancel(stage).await?;
        browser.sees("being canceled.").await?;
        browser.click(offer("Undo")).await?;
        browser.sees(&format!("Order {}: taken back; nothing was sent.", kept.id)).await?;
        assert_eq!(stage.actions(kept.id).await?[0].state, ActionState::Undone);

        browser.click(link(&format!("View order {}", order.id))).await?;
        browser.click(css("#more-actions")).await?;
        browser.click(button("Cancel order…")).await?;
        cancel(stage).await?;
        browser.sees(&format!("Order {}: being canceled.", order.id)).await?;
        browser.sees("Canceled the order on TikTok Shop.").await?;
        stage.tiktok_says(id, "CANCELLED").await?;
        stage.store_says(id, CANCELED).await?;
        assert_eq!(stage.stock("BOOK-BREAD").await?, in_stock);
        browser
            .until("the page says so", async || {
                Ok(browser.text_of(".order-state").await?.contains("Canceled"))
            })
            .await?;

        // The one that was taken back would have left before this one.
        assert_eq!(cancellations(stage).await?, 1);
        assert_eq!(stage.truth(&kept.tiktok_order_id.0).await?["status"], "AWAITING_SHIPMENT");
        stage.store_says(&kept.tiktok_order_id.0, PAID).await
    })
    .await
}

#[tokio::test]
async fn a_buyer_who_wants_to_cancel_gets_what_was_asked_for() -> Result<()> {
    journey("accept", async |stage| {
        let browser = &stage.browser;
        let in_stock = stage.stock("BOOK-GARDEN").await?;
        let order = request_of(stage, "BOOK-GARDEN").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.enter(&format!("/orders/{}", order.id)).await?;

        browser.click(link("Answer the buyer")).await?;
        browser.sees("The buyer says:").await?;
        browser.sees("left to answer.").await?;
        pictures_of(browser, "request", "#request").await?;
        browser.click(css("#answer-accept_cancellation")).await?;
        browser.click(button("Accept")).await?;
        browser.sees("accepting the buyer's cancellation.").await?;

        stage.tiktok_says(id, "CANCELLED").await?;
        stage.store_says(id, CANCELED).await?;
        assert_eq!(stage.stock("BOOK-GARDEN").await?, in_stock);
        browser.sees("No open issues").await?;
        browser.sees_no("The buyer wants to cancel").await
    })
    .await
}

#[tokio::test]
async fn a_buyer_who_wants_to_cancel_too_late_hears_why_not() -> Result<()> {
    journey("reject", async |stage| {
        let browser = &stage.browser;
        let order = request_of(stage, "BOOK-GARDEN").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.enter("/orders?special=cancellation_requested").await?;

        browser.click(link(&format!("View order {}", order.id))).await?;
        browser.click(link("Answer the buyer")).await?;
        browser.click(css("#answer-reject_cancellation")).await?;
        browser.choose("Reason", "Product has been packed").await?;
        browser.fill("Comment (optional)", "It leaves this evening.").await?;
        pictures_of(browser, "reject", "#request").await?;
        browser.click(button("Reject")).await?;

        browser
            .until("TikTok Shop has the answer", async || {
                Ok(stage.truth(id).await?["is_buyer_request_cancel"] == json!(false))
            })
            .await?;
        browser.sees("No open issues").await?;
        browser.sees_no("The buyer wants to cancel").await?;
        assert_eq!(stage.truth(id).await?["status"], "AWAITING_SHIPMENT");
        stage.store_says(id, PAID).await?;
        browser.find(link("Ship the order")).await.map(drop)
    })
    .await
}

#[tokio::test]
async fn where_the_market_allows_it_a_single_unit_is_canceled() -> Result<()> {
    journey_in(Some("GB"), "cancel-unit", async |stage| {
        let browser = &stage.browser;
        let body = json!({ "order": {
            "country": "GB", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }],
        } });
        let id = stage.run.sandboxes.place(&body).await?.remove(0);
        let order = stage.settled(&id).await?;
        stage.enter(&format!("/orders/{}", order.id)).await?;
        browser.click(css("#more-actions")).await?;
        browser.click(button("Cancel order…")).await?;
        browser.sees("Only some of it").await?;
        pictures_here(browser, "cancel-unit", ".action-form").await?;
        browser.click(css(".action-form .checked-group input")).await?;
        cancel(stage).await?;
        browser.sees("Canceled one unit on TikTok Shop.").await?;

        let truth = stage.truth(&id).await?;
        let lines = truth["lines"].as_array().context("no lines")?;
        let canceled = lines.iter().filter(|line| line["display_status"] == "CANCELLED").count();
        assert_eq!((canceled, lines.len()), (1, 2));
        assert_eq!(truth["status"], "AWAITING_SHIPMENT");
        browser.sees("Store and TikTok disagree on items canceled on TikTok Shop").await
    })
    .await
}
