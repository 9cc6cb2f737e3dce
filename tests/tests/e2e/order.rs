use anyhow::{Context, Result};
use serde_json::json;
use tests::browser::{Browser, button, css, link};

use crate::looks::{pictures_here, pictures_of};
use crate::stage::journey;

/// How many orders a tab counts.
async fn counted(browser: &Browser, label: &str) -> Result<String> {
    let script = format!(
        "return [...document.querySelectorAll('.tabs a')]
            .find(it => it.firstChild.textContent.trim() === {})?.querySelector('.count').textContent ?? ''",
        json!(label)
    );
    browser.script(&script).await
}

/// Waits until nothing is wrong any more in the grid.
async fn sees_no_error(browser: &Browser, orders: &str) -> Result<()> {
    browser
        .until("the order has left Error", async || {
            Ok(counted(browser, "Error").await? == "0"
                && counted(browser, "Awaiting Shipment").await? == orders)
        })
        .await
}

#[tokio::test]
async fn an_order_shows_its_goods_its_buyer_its_money_and_its_story() -> Result<()> {
    journey("order", async |stage| {
        let browser = &stage.browser;
        let body = json!({ "order": {
            "country": "FR",
            "shipping_fee": "4.90",
            "lines": [
                { "seller_sku": "MUG-STONE-BLU", "quantity": 2, "price": "14.50", "platform_discount": "1.00" },
                { "seller_sku": "TEA-MINT-100", "quantity": 1, "price": "7.49", "seller_discount": "0.49" },
            ],
        } });
        let id = stage.run.sandboxes.place(&body).await?.remove(0);
        let order = stage.settled(&id).await?;
        let truth = stage.run.sandboxes.channel_control.get(&format!("/orders/{id}")).await?;
        let worth = truth["payment"]["worth_to_seller"].as_str().context("no worth")?;
        let buyer = truth["recipient"]["name"].as_str().context("no buyer")?;
        stage.enter("/orders").await?;
        browser.click(link(&format!("View order {}", order.id))).await?;

        browser.sees(&id).await?;
        for words in ["MUG-STONE-BLU", "Stoneware mug", "TEA-MINT-100"] {
            browser.sees(words).await?;
        }

        let compared = browser.text_of(".compared tbody tr:last-child").await?;
        assert_eq!(compared, format!("Total in store€{worth}€{worth}None"));
        let mugs = browser.text_of(".compared tbody tr:first-child").await?;
        assert!(mugs.starts_with("2 × Stoneware mug") && mugs.ends_with("€29.00€29.00None"), "{mugs}");
        let tea = browser.text_of(".compared tbody tr:nth-child(2)").await?;
        assert!(tea.starts_with("1 × ") && tea.ends_with("€7.00€7.00None"), "{tea}");
        pictures_of(browser, "compared", ".compared").await?;

        let masked = browser.text_of("address").await?;
        assert!(!masked.contains(buyer), "{masked}");
        browser.click(button("Show address")).await?;
        browser.sees(buyer).await?;

        browser.sees("Timeline").await?;
        browser
            .until("the story tells of the import", async || Ok(browser.count(".timeline li").await? >= 2))
            .await?;
        browser.reload().await?;
        browser.until("the reveal is in the story", async || {
            Ok(browser.text_of(".timeline").await?.contains("address"))
        })
        .await
    })
    .await
}

#[tokio::test]
async fn a_product_that_the_store_lacks_is_explained_and_retried_from_the_grid() -> Result<()> {
    journey("unknown-sku", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("POSTER-MAP-A2").await?;
        stage.enter("/orders").await?;
        browser.click(css(".tabs a[href='/orders?status=error']")).await?;
        browser.is_at("status=error").await?;
        browser.sees("Product not found").await?;

        browser.click(css(&format!("#order-{} .error-button", order.id))).await?;
        browser.sees("“POSTER-MAP-A2” is not in your store.").await?;
        browser
            .sees("Give a store product this reference, or correct the SKU of the TikTok product.")
            .await?;

        stage.give_reference("NOTEBOOK-A5", "POSTER-MAP-A2").await?;
        browser.click(button("Retry import")).await?;
        sees_no_error(browser, "1").await?;
        let in_store = stage.run.sandboxes.store_orders_of(&order.tiktok_order_id.0).await?;
        assert_eq!(in_store.len(), 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_order_without_stock_is_retried_from_its_page_once_there_is_some() -> Result<()> {
    journey("stock", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("CLOCK-OAK-1").await?;
        stage.enter(&format!("/orders/{}", order.id)).await?;
        browser.sees("1 open issue").await?;
        browser.sees("“CLOCK-OAK-1”: 1 needed, 0 in stock.").await?;
        browser.sees("Restock the product, or allow back-orders for it.").await?;

        stage
            .run
            .sandboxes
            .store_control
            .post("/stock", &json!({ "sku": "CLOCK-OAK-1", "quantity": 5 }))
            .await?;
        browser.click(button("Retry import")).await?;
        browser.sees("No open issues").await?;
        browser.sees("1 resolved issue").await?;
        browser.sees("Awaiting Shipment").await?;
        browser
            .until("the totals agree", async || {
                Ok(browser.text_of(".compared tbody tr:last-child").await?
                    == "Total in store€29.99€29.99None")
            })
            .await?;

        browser.click(css(".order-header .back")).await?;
        sees_no_error(browser, "1").await
    })
    .await
}

#[tokio::test]
async fn an_import_is_looked_at_before_it_is_done() -> Result<()> {
    journey("preview", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("POSTER-MAP-A2").await?;
        let id = order.tiktok_order_id.0.as_str();
        stage.enter("/orders").await?;
        let menu = button(&format!("Actions for order {}", order.id));

        browser.click(menu.clone()).await?;
        pictures_here(browser, "row-menu", "#row-menu").await?;
        browser.click(button("Preview import")).await?;
        browser.sees("An import would fail now.").await?;
        browser.sees("“POSTER-MAP-A2” is not in your store.").await?;
        pictures_of(browser, "preview-fails", "dialog[open]").await?;
        assert_eq!(browser.count("dialog[open] button.primary").await?, 0, "there is nothing to import yet");
        browser.click(button("Close")).await?;

        stage.give_reference("NOTEBOOK-A5", "POSTER-MAP-A2").await?;
        browser.click(menu).await?;
        browser.click(button("Preview import")).await?;
        browser.sees("An import would succeed now.").await?;
        browser.sees("The store order that would be made").await?;
        pictures_of(browser, "preview-succeeds", "dialog[open]").await?;
        assert_eq!(stage.run.sandboxes.store_orders_of(id).await?.len(), 0, "a preview writes nothing");
        browser.click(css("dialog[open] button.primary")).await?;
        sees_no_error(browser, "1").await?;
        stage.store_order(id).await.map(drop)
    })
    .await
}

#[tokio::test]
async fn a_row_has_a_menu_of_all_that_can_be_done() -> Result<()> {
    journey("row-menu", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        stage.enter("/orders").await?;

        browser.click(button(&format!("Actions for order {}", order.id))).await?;
        browser.sees("Open in Seller Center").await?;
        // What cannot be done now says why.
        browser.sees("The order is already in your store.").await?;
        browser.click(button("Sync status")).await?;
        browser
            .until("TikTok Shop was asked", async || {
                Ok(browser.text_of(".toast.good").await?.contains(&format!("Order {}:", order.id)))
            })
            .await
    })
    .await
}
