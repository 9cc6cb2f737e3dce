use anyhow::{Context, Result};
use rust_decimal::Decimal;
use serde_json::json;
use shared::{HoldPolicy, IdentityRule};
use tests::browser::{button, css, field, link, summary};

use crate::looks::pictures_of;
use crate::sides::SHIPPED;
use crate::stage::journey;

#[tokio::test]
async fn chosen_states_and_write_back_work_in_both_directions() -> Result<()> {
    journey("settings", async |stage| {
        let browser = &stage.browser;
        let (store, channel) = (&stage.run.sandboxes.store_control, &stage.run.sandboxes.channel_control);
        let first = stage.place("MUG-STONE-BLU").await?;
        let second = stage.place("CANDLE-FIG").await?;
        let id = first.tiktok_order_id.0.as_str();
        // TikTok Shop's carriers are known once somebody has looked at an order that can be shipped.
        stage.enter(&format!("/orders/{}?show=ship", first.id)).await?;
        browser.choose("Carrier", "DHL").await?;

        browser.open(&format!("/connections/{}", stage.run.connection_id)).await?;
        browser.click(summary("Choose other states")).await?;
        browser.choose("Awaiting Collection", "Shipped").await?;
        pictures_of(browser, "status-mapping", ".mapping").await?;
        browser.click(summary("Carriers, tracking, reason")).await?;
        browser.click(button("Add a carrier")).await?;
        browser.choose("Store carrier", "Marketplace delivery").await?;
        browser.choose("TikTok Shop carrier", "UPS").await?;
        browser.click(field("Canceled in the store: cancel on TikTok Shop")).await?;
        browser.fill("Days to keep a buyer's name and address", "45").await?;
        browser.fill("Days to keep TikTok Shop's own answers", "14").await?;
        pictures_of(browser, "write-back", ".map-field[aria-label='Carriers of the store at TikTok Shop']")
            .await?;
        browser.click(button("Save")).await?;
        browser.sees("Saved.").await?;

        browser.reload().await?;
        browser.click(summary("Choose other states")).await?;
        browser.click(summary("Carriers, tracking, reason")).await?;
        let kept = "const chosen = label => [...document.querySelectorAll('label')]
                .find(it => it.querySelector('span')?.textContent.trim() === label)
                ?.querySelector('select')?.selectedOptions[0]?.textContent.trim();
            return [chosen('Awaiting Collection'), chosen('Store carrier'), chosen('TikTok Shop carrier'),
                String([...document.querySelectorAll('label.switch')]
                    .find(it => it.textContent.includes('Canceled in the store'))?.querySelector('input').checked)]";
        browser
            .until("the settings are kept", async || {
                let kept: Vec<Option<String>> = browser.script(kept).await?;
                let kept: Vec<_> = kept.into_iter().flatten().collect();
                Ok(kept == ["Shipped", "Marketplace delivery", "UPS", "true"])
            })
            .await?;

        let settings = &stage.run.api.connections().await?.remove(0).settings;
        assert_eq!((settings.keep_buyer_days, settings.keep_raw_days), (45, 14));

        // Somebody ships the first order in the store.
        let store_order = stage.store_order(id).await?["id"].clone();
        let store_order = store_order.as_str().map_or_else(|| store_order.to_string(), str::to_owned);
        let number = json!({ "number": "1Z31415926", "touch_order": true });
        store.post(&format!("/orders/{store_order}/tracking"), &number).await?;
        let state: u64 = stage.store_state(SHIPPED).await?.parse()?;
        store.post(&format!("/orders/{store_order}/state"), &json!({ "state": state })).await?;
        browser.open(&format!("/orders/{}", first.id)).await?;
        stage.tiktok_says(id, "AWAITING_COLLECTION").await?;
        let truth = stage.truth(id).await?;
        assert_eq!(stage.parcels(id).await?.into_keys().collect::<Vec<_>>(), ["1Z31415926"]);
        let carrier = truth["packages"][0]["shipping_provider_id"].as_str().context("no carrier")?;
        assert_eq!(carrier, "6671484739372728321", "UPS, as the settings say");
        browser.sees("Awaiting Collection").await?;
        browser.sees("1Z31415926").await?;

        // The second one is shipped in Seller Center, and the store follows the chosen state.
        channel.post(&format!("/orders/{}/ship", second.tiktok_order_id), &json!({})).await?;
        stage.store_says(&second.tiktok_order_id.0, SHIPPED).await?;
        browser.click(css(".order-header .back")).await?;
        browser.find(link(&format!("View order {}", second.id))).await.map(drop)
    })
    .await
}

#[tokio::test]
async fn what_is_chosen_for_customers_and_money_shows_in_the_store_order() -> Result<()> {
    journey("settings-customer", async |stage| {
        let browser = &stage.browser;
        stage.enter(&format!("/connections/{}", stage.run.connection_id)).await?;
        browser.click(field("Import orders that TikTok's warehouse packs")).await?;
        browser.click(summary("When to ask and to import")).await?;
        browser.choose("Orders that TikTok Shop holds", "Import at once, as not paid").await?;
        browser.choose("E-mail address of store customers", "One address of yours for everybody").await?;
        browser.fill("E-mail address", "orders@shop.example").await?;
        browser.choose("Identity number, where a country needs one", "Always the same number").await?;
        browser.fill("Identity number", "12345678Z").await?;
        browser.choose("Total of the store order", "What the buyer paid").await?;
        browser.click(summary("Carriers, tracking, reason")).await?;
        browser.fill("Minutes to wait for a tracking number", "45").await?;
        browser.click(button("Save")).await?;
        browser.sees("Saved.").await?;
        let settings = &stage.run.api.connections().await?.remove(0).settings;
        assert_eq!((settings.hold_policy, settings.tracking_delay_min), (HoldPolicy::DuringHold, 45));
        // What no order to France shows.
        assert_eq!(settings.identity_rule, IdentityRule::Fixed);
        assert_eq!(settings.identity_number.as_deref(), Some("12345678Z"));

        let body = json!({ "order": {
            "country": "FR",
            "fulfilled_by_tiktok": true,
            "shipped_by_tiktok": true,
            "lines": [{ "seller_sku": "MUG-STONE-BLU", "price": "20.00", "platform_discount": "3.00" }],
        } });
        let id = stage.run.sandboxes.place(&body).await?.remove(0);
        let order = stage.settled(&id).await?;
        let stored = stage.store_order(&id).await?;
        let customer = stage.row_of("customers", &stored["id_customer"]).await?;
        assert_eq!(customer["email"], "orders@shop.example");
        let paid = stage.truth(&id).await?["payment"]["total_amount"].clone();
        let paid: Decimal = paid.as_str().context("nothing was paid")?.parse()?;
        let total = stored["total_paid"].as_str().context("no total")?.parse::<Decimal>()?;
        assert_eq!(total, paid, "what TikTok pays itself is left out");

        browser.open(&format!("/orders/{}", order.id)).await?;
        browser
            .until("both sides agree on what the buyer paid", async || {
                let whole = format!("Total in store€{paid:.2}€{paid:.2}None");
                Ok(browser.text_of(".compared tbody tr:last-child").await? == whole)
            })
            .await
    })
    .await
}
