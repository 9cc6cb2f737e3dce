//! A store order that somebody entered by hand is taken over instead of making a second one.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shared::OrderSummary;
use tests::browser::{Browser, button};

use crate::looks::pictures_here;
use crate::sides::{CANCELED, PAID};
use crate::stage::{Stage, journey, order_of};

/// Enters a store order by hand: the goods of another one, without any key of ours. Returns its number.
async fn entered_by_hand(stage: &Stage, like: &str) -> Result<String> {
    let control = &stage.run.sandboxes.store_control;
    let model = stage.store_order(like).await?;
    let rows = control.get("/entities/orders").await?;
    let mut row = rows
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["reference"] == model["reference"]))
        .cloned()
        .context("the store has no such row")?;
    let fields = row.as_object_mut().context("a row has fields")?;
    fields.remove("associations");
    fields.remove("id");
    row["gift_message"] = "".into();
    row["reference"] = "BYHANDONE".into();
    control.post("/entities/orders", &row).await?;
    let made = by_reference(stage, "BYHANDONE").await?;
    Ok(number_of(&made))
}

/// Places an order that comes to the same total, whichever product it is of.
async fn placed(stage: &Stage, sku: &str) -> Result<OrderSummary> {
    let mut order = order_of(sku);
    order["order"]["shipping_fee"] = "4.90".into();
    let id = stage.run.sandboxes.place(&order).await?.remove(0);
    stage.settled(&id).await
}

async fn by_reference(stage: &Stage, reference: &str) -> Result<Value> {
    let orders = stage.run.sandboxes.store_orders().await?;
    orders.into_iter().find(|order| order["reference"] == reference).context("it is not in the store")
}

/// The number of a store order.
fn number_of(order: &Value) -> String {
    order["id"].as_str().map_or_else(|| order["id"].to_string(), str::to_owned)
}

/// Names a store order in the form, which is opened from the row's menu.
async fn name(browser: &Browser, order: impl std::fmt::Display, number: &str) -> Result<()> {
    browser.click(button(&format!("Actions for order {order}"))).await?;
    browser.click(button("Use an existing store order…")).await?;
    browser.fill("Number of the store order", number).await?;
    browser.click(button("Use this one")).await
}

#[tokio::test]
async fn a_store_order_entered_by_hand_is_taken_over_and_kept_in_step() -> Result<()> {
    journey("adopt", async |stage| {
        let browser = &stage.browser;
        let other = placed(stage, "MUG-STONE-BLU").await?;
        let order = placed(stage, "POSTER-MAP-A2").await?;
        let id = order.tiktok_order_id.0.as_str();
        let others = number_of(&stage.store_order(&other.tiktok_order_id.0).await?);
        let by_hand = entered_by_hand(stage, &other.tiktok_order_id.0).await?;
        let before = stage.run.sandboxes.store_orders().await?.len();
        stage.enter("/orders").await?;

        browser.click(button(&format!("Actions for order {}", order.id))).await?;
        browser.click(button("Use an existing store order…")).await?;
        browser.sees("Nothing is made in your store").await?;
        pictures_here(browser, "adopt-desk", ".action-form").await?;
        browser.click(button("Not now")).await?;

        name(browser, order.id, "#999999").await?;
        browser.sees("The store has no order #999999.").await?;
        name(browser, order.id, &others).await?;
        browser
            .sees(&format!(
                "The store order #{others} belongs to the TikTok order {}.",
                other.tiktok_order_id
            ))
            .await?;
        browser.sees("Not created").await?;

        name(browser, order.id, &by_hand).await?;
        browser.sees(&format!("Took over #{by_hand}.")).await?;
        browser
            .until("its row shows the store order", async || {
                Ok(browser.text_of(&format!("#order-{}", order.id)).await?.contains(&by_hand)
                    && browser.count(&format!("#order-{} .error-button", order.id)).await? == 0)
            })
            .await?;
        assert_eq!(stage.run.sandboxes.store_orders().await?.len(), before, "no second one was made");

        // From now on the two are kept in step: a cancellation on TikTok Shop reaches the store order.
        stage.happens(id, "cancel", &json!({ "by": "system" })).await?;
        let canceled = stage.store_state(CANCELED).await?;
        browser
            .until("the store order is canceled", async || {
                Ok(by_reference(stage, "BYHANDONE").await?["current_state"] == canceled.as_str())
            })
            .await?;
        assert_eq!(stage.run.sandboxes.store_orders_of(id).await?.len(), 0, "none was made under its key");
        stage.store_says(&other.tiktok_order_id.0, PAID).await
    })
    .await
}
