//! What is sold: products that the store cannot tell, does not sell or does not have, and amounts that do not add up.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shared::IssueCode;
use tests::EngineLab;

use super::shown::{
    change_row, imported_once, not_in_store, place, place_as, retry_import, row, rows, shown, sync,
    wait_for_retry,
};
use crate::asking::{do_to, truth};

fn one_of(sku: &str) -> Value {
    json!({ "country": "FR", "lines": [{ "seller_sku": sku }] })
}

pub async fn sku_not_found(lab: &EngineLab) -> Result<()> {
    let id = place(lab, &one_of("CANDLE-PINE")).await?;
    shown(lab, &id, IssueCode::SkuNotFound).await?;
    not_in_store(lab, &id).await?;

    let candle = row(lab, "products", "reference", "CANDLE-CEDAR").await?;
    change_row(lab, "products", &candle, &json!({ "reference": "CANDLE-PINE" })).await?;
    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::SkuNotFound).await
}

pub async fn sku_ambiguous(lab: &EngineLab) -> Result<()> {
    let id = place(lab, &one_of("TEA-TWIN-1")).await?;
    shown(lab, &id, IssueCode::SkuAmbiguous).await?;
    not_in_store(lab, &id).await?;

    let twin = rows(lab, "products", &[("reference", "TEA-TWIN-1")]).await?.pop().context("no twin")?;
    change_row(lab, "products", &twin, &json!({ "reference": "TEA-TWIN-2" })).await?;
    retry_import(lab, &id).await?;
    imported_once(lab, &id, IssueCode::SkuAmbiguous).await
}

pub async fn sku_missing(lab: &EngineLab) -> Result<()> {
    let id = place(lab, &one_of("")).await?;
    shown(lab, &id, IssueCode::SkuMissing).await?;
    not_in_store(lab, &id).await?;

    do_to(lab, &id, "sku", &json!({ "seller_sku": "CANDLE-FIG" })).await?;
    sync(lab, &id).await?;
    imported_once(lab, &id, IssueCode::SkuMissing).await
}

pub async fn product_inactive(lab: &EngineLab) -> Result<()> {
    let id = place(lab, &one_of("LAMP-RETRO-0")).await?;
    shown(lab, &id, IssueCode::ProductInactive).await?;
    not_in_store(lab, &id).await?;

    let lamp = row(lab, "products", "reference", "LAMP-RETRO-0").await?;
    change_row(lab, "products", &lamp, &json!({ "active": "1" })).await?;
    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::ProductInactive).await
}

pub async fn stock_short(lab: &EngineLab) -> Result<()> {
    let id = place(lab, &one_of("CLOCK-OAK-1")).await?;
    let issue = shown(lab, &id, IssueCode::StockShort).await?;
    assert_eq!(issue.sentence, "“CLOCK-OAK-1”: 1 needed, 0 in stock.");
    not_in_store(lab, &id).await?;

    lab.sandboxes.store_control.post("/stock", &json!({ "sku": "CLOCK-OAK-1", "quantity": 5 })).await?;
    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::StockShort).await
}

/// One cancelled unit leaves the payment, the next one does not: no figure of TikTok Shop is that of what is still sold.
pub async fn payment_incoherent(lab: &EngineLab) -> Result<()> {
    let order = json!({ "country": "FR", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 4 }] });
    let id = place_as(lab, "held", &order).await?;
    let lines = truth(lab, &id).await?["lines"].as_array().cloned().context("no lines")?;
    let cancel = async |unit: usize, leaves_the_payment: bool| {
        let switches = json!({ "partial_cancellation_shrinks_payment": leaves_the_payment });
        lab.sandboxes.channel_control.put("/switches", &switches).await?;
        do_to(lab, &id, "cancel", &json!({ "by": "buyer", "order_line_item_ids": [lines[unit]["id"]] })).await
    };
    cancel(0, true).await?;
    cancel(1, false).await?;
    do_to(lab, &id, "release", &json!({})).await?;
    lab.poll().await?;
    shown(lab, &id, IssueCode::PaymentIncoherent).await?;
    not_in_store(lab, &id).await?;

    // TikTok Shop works its figures out anew.
    cancel(2, true).await?;
    sync(lab, &id).await?;
    lab.sandboxes
        .channel_control
        .put("/switches", &json!({ "partial_cancellation_shrinks_payment": false }))
        .await?;
    imported_once(lab, &id, IssueCode::PaymentIncoherent).await
}
