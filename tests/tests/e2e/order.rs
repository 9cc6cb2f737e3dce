use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::browser::{Browser, button, css, link};

use crate::stage::{Stage, journey};

/// How many orders a tab counts.
async fn counted(browser: &Browser, label: &str) -> Result<String> {
    let script = format!(
        "return [...document.querySelectorAll('.tabs a')]
            .find(it => it.firstChild.textContent.trim() === {})?.querySelector('.count').textContent ?? ''",
        json!(label)
    );
    browser.script(&script).await
}

/// Gives a product of the store another reference.
async fn give_reference(stage: &Stage, from: &str, to: &str) -> Result<()> {
    let control = &stage.run.sandboxes.store_control;
    let products = control.get("/entities/products").await?;
    let is_it = |product: &&Value| product["reference"] == from;
    let product = products.as_array().and_then(|all| all.iter().find(is_it)).context("no such product")?;
    let path = format!(
        "/entities/products/{}",
        product["id"].as_str().map_or_else(|| product["id"].to_string(), str::to_owned)
    );
    control.patch(&path, &json!({ "reference": to })).await.map(drop)
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

        let compared = browser.text_of(".compare tbody").await?;
        assert_eq!(compared, format!("€{worth}€{worth}None"), "expected, in the store, difference");

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

        give_reference(stage, "NOTEBOOK-A5", "POSTER-MAP-A2").await?;
        browser.click(button("Retry import")).await?;
        browser.sees(&format!("Order {}: the import", order.id)).await?;
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
                Ok(browser.text_of(".compare tbody").await? == "€29.99€29.99None")
            })
            .await?;

        browser.click(css(".order-header .back")).await?;
        sees_no_error(browser, "1").await
    })
    .await
}

#[tokio::test]
async fn many_orders_are_synced_at_once_and_a_row_has_a_menu() -> Result<()> {
    journey("bulk", async |stage| {
        let browser = &stage.browser;
        let orders = stage.place_many(3, "plain").await?;
        stage.enter("/orders").await?;
        browser.click(css("input[aria-label='Select all orders of this page']")).await?;
        browser.sees("3 selected").await?;
        browser.click(css(".bulk-bar button")).await?;
        browser.sees("Sync status: 3 started.").await?;
        browser.sees_no("3 selected").await?;

        browser.click(button(&format!("Actions for order {}", orders[0].id))).await?;
        browser.sees("Open in Seller Center").await?;
        browser.picture("row-menu").await?;
        browser.click(css("#row-menu button[role=menuitem]")).await?;
        browser.sees(&format!("Order {}: asking TikTok Shop for its state.", orders[0].id)).await
    })
    .await
}
