use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::json;
use tests::browser::{Browser, button, css, link};

use crate::looks::pictures_of;
use crate::sides::IN_PREPARATION;
use crate::stage::{journey, offer};

/// Fills in the form of a parcel and sends it.
async fn send_parcel(browser: &Browser, carrier: &str, number: &str) -> Result<()> {
    browser.choose("Carrier", carrier).await?;
    browser.fill("Tracking number", number).await?;
    browser.click(button("Mark as shipped")).await
}

fn goods(goods: &[(&str, usize)]) -> BTreeMap<String, usize> {
    goods.iter().map(|(sku, units)| ((*sku).to_owned(), *units)).collect()
}

#[tokio::test]
async fn an_order_is_shipped_with_a_carrier_of_tiktoks_list() -> Result<()> {
    journey("ship", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.enter(&format!("/orders/{}", order.id)).await?;
        browser.click(link("Ship the order")).await?;

        send_parcel(browser, "DHL", "JX-12345").await?;
        browser.sees("Letters and digits only, please.").await?;
        pictures_of(browser, "ship", "#ship").await?;
        browser.fill("Tracking number", "JXABCDEF").await?;
        browser.click(button("Mark as shipped")).await?;
        browser.sees("one digit at least").await?;
        assert_eq!(stage.actions(order.id).await?, [], "a wrong number is not sent");
        assert_eq!(stage.truth(id).await?["status"], "AWAITING_SHIPMENT");

        send_parcel(browser, "DHL", "JX 123 456").await?;
        browser.sees("Shipped with DHL, tracking number JX123456: 1 unit.").await?;
        stage.tiktok_says(id, "AWAITING_COLLECTION").await?;
        let parcel = ("JX123456".to_owned(), goods(&[("MUG-STONE-BLU", 1)]));
        assert_eq!(stage.parcels(id).await?, BTreeMap::from([parcel]));
        stage.store_says(id, IN_PREPARATION).await?;
        browser
            .until("the store has the number", async || Ok(stage.store_number(id).await? == "JX123456"))
            .await?;

        browser.sees("Awaiting Collection").await?;
        browser.sees_no("Ship this order").await?;
        browser
            .until("the parcel is on the page", async || {
                Ok(browser.text_of(".packages").await?.contains("JX123456"))
            })
            .await
    })
    .await
}

#[tokio::test]
async fn some_units_leave_first_and_the_rest_follows() -> Result<()> {
    journey("ship-parts", async |stage| {
        let browser = &stage.browser;
        let lines = json!([
            { "seller_sku": "MUG-STONE-BLU", "quantity": 3 },
            { "seller_sku": "CANDLE-FIG", "quantity": 1 },
        ]);
        let body = json!({ "order": { "country": "FR", "lines": lines } });
        let id = stage.run.sandboxes.place(&body).await?.remove(0);
        let order = stage.settled(&id).await?;
        stage.enter(&format!("/orders/{}?show=ship", order.id)).await?;

        browser.click(css("#ship .unit:nth-of-type(2) input[type=checkbox]")).await?;
        let number = browser.find(css("#ship input[type=number]")).await?;
        number.clear().await?;
        number.send_keys("2").await?;
        pictures_of(browser, "ship-parts", "#ship").await?;
        send_parcel(browser, "UPS", "1Z999AA10").await?;
        browser.sees("Shipped with UPS, tracking number 1Z999AA10: 2 units.").await?;
        browser.sees("Partially Shipped").await?;
        stage.tiktok_says(&id, "PARTIALLY_SHIPPING").await?;
        let first = ("1Z999AA10".to_owned(), goods(&[("MUG-STONE-BLU", 2)]));
        assert_eq!(stage.parcels(&id).await?, BTreeMap::from([first.clone()]));

        browser
            .until("two units are left to ship", async || {
                Ok(browser.count("#ship .unit").await? == 2
                    && browser.count("#ship input[type=number]").await? == 0)
            })
            .await?;
        send_parcel(browser, "DHL", "JX777001").await?;
        browser.sees("Shipped with DHL, tracking number JX777001: 2 units.").await?;
        stage.tiktok_says(&id, "AWAITING_COLLECTION").await?;
        let second = ("JX777001".to_owned(), goods(&[("MUG-STONE-BLU", 1), ("CANDLE-FIG", 1)]));
        assert_eq!(stage.parcels(&id).await?, BTreeMap::from([first, second]));
        browser
            .until("the store has the last number", async || Ok(stage.store_number(&id).await? == "JX777001"))
            .await?;
        browser.sees("Awaiting Collection").await?;
        browser.sees_no("Ship this order").await
    })
    .await
}

#[tokio::test]
async fn an_order_on_tiktoks_label_is_shipped_and_its_label_opened() -> Result<()> {
    journey("label", async |stage| {
        let browser = &stage.browser;
        let lines = json!([{ "seller_sku": "CANDLE-FIG", "quantity": 1 }]);
        let body = json!({ "order": { "country": "FR", "shipped_by_tiktok": true, "lines": lines } });
        let id = stage.run.sandboxes.place(&body).await?.remove(0);
        let order = stage.settled(&id).await?;
        stage.enter(&format!("/orders/{}", order.id)).await?;

        browser.click(link("Ship the order")).await?;
        browser.click(css("#ship button[type=submit]")).await?;
        browser.sees("Shipped with TikTok's label: 1 unit.").await?;
        stage.tiktok_says(&id, "AWAITING_COLLECTION").await?;

        browser.click(css("#do-fetch_label")).await?;
        browser.click(offer("Open label")).await?;
        let label = browser.find(css("dialog[open] .labels a")).await?;
        let number = stage.parcels(&id).await?.into_keys().next().context("no parcel left")?;
        browser.sees(&number).await?;
        pictures_of(browser, "labels", "dialog[open] .labels").await?;
        let address = label.attr("href").await?.context("the label has no address")?;
        let answer = reqwest::get(&address).await?;
        assert!(answer.status().is_success(), "{}", answer.status());
        browser
            .until("the store has the label's number", async || Ok(stage.store_number(&id).await? == number))
            .await
    })
    .await
}

#[tokio::test]
async fn a_mistyped_number_is_corrected_once() -> Result<()> {
    journey("correct", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("BOOK-BREAD").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.enter(&format!("/orders/{}?show=ship", order.id)).await?;
        send_parcel(browser, "DHL", "JX000001").await?;
        browser.sees("Awaiting Collection").await?;

        browser.click(button("Correct…")).await?;
        browser.sees("One correction is left").await?;
        browser.choose("Carrier", "UPS").await?;
        browser.fill("Tracking number", "1Z000002").await?;
        pictures_of(browser, "correct", ".packages").await?;
        browser.click(button("Send correction")).await?;
        browser.sees("Corrected on TikTok Shop: UPS, tracking number 1Z000002.").await?;

        assert_eq!(stage.parcels(id).await?.into_keys().collect::<Vec<_>>(), ["1Z000002"]);
        browser
            .until("the store has the right number", async || Ok(stage.store_number(id).await? == "1Z000002"))
            .await?;
        browser
            .until("no second correction is offered", async || {
                Ok(browser.text_of(".packages").await?.contains("1Z000002")
                    && browser.count("[id^=correct-]").await? == 0)
            })
            .await
    })
    .await
}
