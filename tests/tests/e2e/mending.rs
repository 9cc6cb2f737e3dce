//! What only a person can put right: which store order is meant, what is dealt with, what is to be sent once more.

use anyhow::{Context, Result};
use serde_json::json;
use tests::browser::{button, css};

use crate::looks::{pictures_here, pictures_of};
use crate::sides::CANCELED;
use crate::stage::{Stage, journey};

/// A store order that somebody typed in for an order that could not be imported; returns its number.
async fn entered_by_hand(stage: &Stage, like: &str, total: &str) -> Result<i64> {
    let control = &stage.run.sandboxes.store_control;
    let mut order = stage.store_order(like).await?;
    let fields = order.as_object_mut().context("no order")?;
    let parts = ["id", "rows", "histories", "carriers", "invoices", "payments"];
    fields.retain(|name, value| !parts.contains(&name.as_str()) && !value.is_object() && !value.is_array());
    for (name, value) in [("gift_message", ""), ("reference", "BYHANDXYZ"), ("total_paid", total)] {
        fields.insert(name.to_owned(), value.into());
    }
    let made = control.post("/entities/orders", &order).await?;
    made["id"].as_i64().context("no number")
}

#[tokio::test]
async fn an_order_that_was_typed_in_by_hand_takes_over_that_store_order() -> Result<()> {
    journey("adopt", async |stage| {
        let browser = &stage.browser;
        let imported = stage.place("MUG-STONE-BLU").await?;
        let order = stage.place("POSTER-MAP-A2").await?;
        let id = order.tiktok_order_id.0.as_str();
        let number = entered_by_hand(stage, &imported.tiktok_order_id.0, "25.000000").await?;
        stage.enter("/orders").await?;
        let menu = button(&format!("Actions for order {}", order.id));

        browser.click(menu.clone()).await?;
        browser.click(button("Use an existing store order…")).await?;
        browser.sees("Nothing is made in your store").await?;
        browser.fill("Number of the store order", "999999").await?;
        pictures_here(browser, "adopt-desk", ".action-form").await?;
        browser.click(button("Use this one")).await?;
        browser.sees("The store has no order #999999.").await?;

        browser.click(menu).await?;
        browser.click(button("Use an existing store order…")).await?;
        browser.fill("Number of the store order", &format!("#{number}")).await?;
        browser.click(button("Use this one")).await?;
        browser.sees(&format!("Took over #{number}.")).await?;
        browser
            .until("the row names the store order", async || {
                Ok(browser.text_of(&format!("#order-{} td.store-order", order.id)).await?
                    == number.to_string())
            })
            .await?;
        browser
            .until("nothing is wrong with it any more", async || {
                Ok(browser.count(&format!("#order-{} .error-button", order.id)).await? == 0)
            })
            .await?;

        // Nothing was made, and what happens to the order happens to that store order.
        assert_eq!(stage.run.sandboxes.store_orders_of(id).await?.len(), 0);
        assert_eq!(stage.run.sandboxes.store_orders().await?.len(), 2);
        stage.happens(id, "cancel", &json!({ "by": "buyer" })).await?;
        let canceled = stage.store_state(CANCELED).await?;
        browser
            .until("the store order is canceled", async || {
                let path = format!("/orders/{number}");
                let order = stage.run.sandboxes.store_control.get(&path).await?;
                Ok(order["current_state"] == canceled.as_str())
            })
            .await
    })
    .await
}

#[tokio::test]
async fn a_parcel_that_left_before_the_cancellation_is_recalled_and_marked_as_handled() -> Result<()> {
    journey("handled", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("CANDLE-FIG").await?;
        let id = order.tiktok_order_id.0.as_str();
        for step in ["ship", "collect"] {
            stage.happens(id, step, &json!({})).await?;
        }
        stage.store_says(id, "PS_OS_SHIPPING").await?;
        stage.happens(id, "cancel", &json!({ "by": "system" })).await?;
        stage.store_says(id, CANCELED).await?;
        stage.enter(&format!("/orders/{}", order.id)).await?;

        browser.sees("Canceled on TikTok but shipped in your store.").await?;
        browser.sees("Recall the parcel, then mark it as handled.").await?;
        pictures_of(browser, "handled", "#issues").await?;
        browser.click(button("Mark as handled")).await?;
        browser.sees("1 resolved issue").await?;
        browser.sees("Marked as handled: Canceled after shipment.").await?;

        browser.reload().await?;
        browser.sees("1 resolved issue").await?;
        assert_eq!(stage.truth(id).await?["status"], "CANCELLED");
        stage.store_says(id, CANCELED).await
    })
    .await
}

#[tokio::test]
async fn a_shipment_that_tiktok_refused_is_sent_once_more() -> Result<()> {
    journey("resend", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.enter(&format!("/orders/{}?show=ship", order.id)).await?;
        browser.choose("Carrier", "DHL").await?;
        browser.fill("Tracking number", "JX808001").await?;
        // The buyer asks to cancel while somebody fills in the form, and no webhook tells of it.
        let webhooks = json!({ "webhooks": { "enabled": false } });
        stage.run.sandboxes.channel_control.put("/switches", &webhooks).await?;
        stage.happens(id, "request-cancel", &json!({})).await?;
        browser.click(button("Mark as shipped")).await?;
        browser.sees("Cannot be shipped now").await?;
        assert!(stage.parcels(id).await?.is_empty(), "it left all the same");

        stage.happens(id, "withdraw-request", &json!({})).await?;
        browser.click(button("Sync status")).await?;
        browser.click(css("#more-actions")).await?;
        browser
            .until("the shipment may be sent again", async || {
                browser
                    .script::<bool>(
                        "return [...document.querySelectorAll('#row-menu [role=menuitem]')]
                            .some(it => it.textContent.includes('Resend shipping') && !it.ariaDisabled)",
                    )
                    .await
            })
            .await?;
        browser.click(button("Resend shipping")).await?;
        stage.tiktok_says(id, "AWAITING_COLLECTION").await?;
        assert_eq!(stage.parcels(id).await?.into_keys().collect::<Vec<_>>(), ["JX808001"]);
        browser
            .until("the store has the number", async || Ok(stage.store_number(id).await? == "JX808001"))
            .await?;
        browser.sees("Awaiting Collection").await?;
        browser.sees("No open issues").await
    })
    .await
}
