//! Problems that somebody has to do something about: marked as handled, sent again, corrected.

use anyhow::Result;
use serde_json::json;
use tests::browser::{button, css};

use crate::looks::{pictures_here, pictures_of};
use crate::sides::{CANCELED, IN_PREPARATION, SHIPPED};
use crate::stage::journey;

#[tokio::test]
async fn a_parcel_that_was_called_back_is_marked_as_handled() -> Result<()> {
    journey("handled", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.happens(id, "ship", &json!({ "tracking_number": "JX808001" })).await?;
        stage.store_says(id, IN_PREPARATION).await?;
        stage.happens(id, "collect", &json!({})).await?;
        stage.store_says(id, SHIPPED).await?;
        // The carrier loses it, and TikTok Shop cancels.
        stage.happens(id, "cancel", &json!({ "by": "system" })).await?;
        stage.store_says(id, CANCELED).await?;

        stage.enter(&format!("/orders/{}", order.id)).await?;
        browser.sees("1 open issue").await?;
        browser.sees("Reason: the carrier has had a parcel").await?;
        pictures_of(browser, "handled", "#issues").await?;
        browser.click(button("Mark as handled")).await?;
        browser.sees("No open issues").await?;
        browser.sees("1 resolved issue").await?;

        // A look at TikTok Shop does not bring it back.
        browser.click(css("#more-actions")).await?;
        browser.click(button("Sync status")).await?;
        browser.find(css(".toast.good")).await?;
        browser.reload().await?;
        browser.sees("No open issues").await?;
        assert_eq!(stage.truth(id).await?["status"], "CANCELLED");
        stage.store_says(id, CANCELED).await
    })
    .await
}

#[tokio::test]
async fn a_store_order_that_differs_is_told_why_and_marked_as_handled() -> Result<()> {
    journey("differs", async |stage| {
        let browser = &stage.browser;
        let fault = json!({ "resource": "orders", "method": "POST", "kind": "half_made500", "times": 1 });
        stage.run.sandboxes.break_store(&fault).await?;
        let order = stage.place("MUG-STONE-BLU").await?;

        stage.enter(&format!("/orders/{}", order.id)).await?;
        browser.sees("The total is right, but the store broke off while making the order").await?;
        pictures_of(browser, "differs", "#issues").await?;
        assert_eq!(browser.count(".fixes [id$=import]").await?, 0, "it is in the store already");
        browser.click(button("Mark as handled")).await?;
        browser.sees("No open issues").await
    })
    .await
}

#[tokio::test]
async fn a_shipment_that_failed_is_sent_again_and_corrected_once() -> Result<()> {
    journey("resend", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("BOOK-BREAD").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.enter(&format!("/orders/{}?show=ship", order.id)).await?;
        browser.choose("Carrier", "DHL").await?;
        // The buyer asks to cancel, and nobody here has heard of it yet.
        stage.webhooks(false).await?;
        stage.happens(id, "request-cancel", &json!({})).await?;
        browser.fill("Tracking number", "JX606001").await?;
        browser.click(button("Mark as shipped")).await?;
        browser.sees("Cannot be shipped now: the buyer wants to cancel").await?;
        pictures_of(browser, "resend", "#issues").await?;
        assert_eq!(stage.parcels(id).await?.len(), 0, "nothing has left");
        assert_eq!(browser.count("[id$=resend_shipping]").await?, 0, "it would be refused again");

        stage.happens(id, "withdraw-request", &json!({})).await?;
        browser.click(button("Sync status")).await?;
        browser.click(button("Resend shipping")).await?;
        browser.sees("No open issues").await?;
        stage.tiktok_says(id, "AWAITING_COLLECTION").await?;
        assert_eq!(stage.parcels(id).await?.into_keys().collect::<Vec<_>>(), ["JX606001"]);

        browser.click(button("Correct…")).await?;
        browser.sees("One correction is left").await?;
        browser.choose("Carrier", "UPS").await?;
        browser.fill("Tracking number", "1Z606002").await?;
        browser.click(button("Send correction")).await?;
        browser.sees("Corrected on TikTok Shop: UPS, tracking number 1Z606002.").await?;
        browser.sees("No correction is left").await?;
        pictures_of(browser, "corrected", ".packages").await?;
        assert_eq!(browser.count("[id^=correct-]").await?, 0, "no second one is offered");
        assert_eq!(stage.parcels(id).await?.into_keys().collect::<Vec<_>>(), ["1Z606002"]);
        browser
            .until("the store has the right number", async || Ok(stage.store_number(id).await? == "1Z606002"))
            .await
    })
    .await
}

#[tokio::test]
async fn an_address_that_the_buyer_changed_is_given_to_the_store_order() -> Result<()> {
    journey("address", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.enter(&format!("/orders/{}", order.id)).await?;

        stage.happens(id, "address", &json!({ "country": "FR" })).await?;
        browser.sees("New address since import.").await?;
        pictures_of(browser, "address-changed", "#issues").await?;
        browser.sees("Before the change").await?;
        pictures_here(browser, "address-before-and-after", ".addresses").await?;
        browser.click(button("Update the address in the store")).await?;
        browser.sees("No open issues").await?;
        browser.sees("The store order got the recipient's newest address.").await?;

        let store_order = stage.store_order(id).await?;
        let stored = stage.row_of("addresses", &store_order["id_address_delivery"]).await?;
        assert_eq!(stored["address1"], stage.truth(id).await?["recipient"]["address_lines"][0]);
        Ok(())
    })
    .await
}
