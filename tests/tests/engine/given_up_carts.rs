//! Carts that no order is made from: what was pinned to them does not stay among the merchant's prices.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::EngineLab;

use crate::asking::let_time_pass;
use crate::catalogue::shown::{mugs_to, place, rows};
use crate::labs::labs;

/// The carts that carry the order's key, and how many prices are pinned to any cart.
async fn left_in_store(lab: &EngineLab, id: &str) -> Result<(Vec<Value>, usize)> {
    let key = format!("tiktok:{id}");
    let carts = rows(lab, "carts", &[("gift_message", &key)]).await?;
    let prices = rows(lab, "specific_prices", &[]).await?;
    Ok((carts, prices.iter().filter(|price| price["id_cart"] != "0").count()))
}

/// The order is in the store once, with its cart, and nothing else is left of the tries before.
async fn assert_tidy(lab: &EngineLab, id: &str, case: &str) -> Result<()> {
    let case = format!("{} {case}: {:?}", lab.database_name(), lab.open_issues(id).await?);
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    assert_eq!(store_orders.len(), 1, "{case}");
    let (carts, prices) = left_in_store(lab, id).await?;
    let numbers: Vec<_> = carts.iter().map(|cart| cart["id"].to_string()).collect();
    assert_eq!(numbers, [store_orders[0]["id_cart"].as_str().context("no cart")?], "{case}");
    assert_eq!(prices, 0, "{case}");
    Ok(())
}

async fn break_once(lab: &EngineLab, resource: &str, method: &str, kind: &str) -> Result<()> {
    let fault = json!({ "resource": resource, "method": method, "kind": kind, "times": 1 });
    lab.sandboxes.break_store(&fault).await
}

#[tokio::test]
async fn a_cart_whose_prices_are_not_certain_is_taken_back() -> Result<()> {
    for lab in labs().await {
        for kind in ["empty500_after", "empty500_before", "cut_after"] {
            break_once(&lab, "specific_prices", "POST", kind).await?;
            let id = place(&lab, &mugs_to("FR")).await?;
            let_time_pass(&lab, &[1, 3, 5]).await?;

            assert_tidy(&lab, &id, kind).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_cart_that_the_store_makes_no_order_of_is_taken_back_however_often_that_breaks_off() -> Result<()> {
    for lab in labs().await {
        for (resource, kind) in [
            ("specific_prices", "cut_before"),
            ("specific_prices", "cut_after"),
            ("carts", "cut_before"),
            ("carts", "cut_after"),
        ] {
            break_once(&lab, "orders", "POST", "empty500_before").await?;
            break_once(&lab, resource, "DELETE", kind).await?;
            let id = place(&lab, &mugs_to("FR")).await?;
            let_time_pass(&lab, &[1, 3, 15, 45]).await?;

            assert_tidy(&lab, &id, &format!("{kind} on {resource}")).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_lets_nothing_be_deleted_keeps_no_order_back() -> Result<()> {
    for lab in labs().await {
        break_once(&lab, "orders", "POST", "empty500_before").await?;
        lab.sandboxes
            .break_store(&json!({ "resource": "specific_prices", "method": "DELETE", "kind": "too_many429" }))
            .await?;
        let id = place(&lab, &mugs_to("FR")).await?;
        let_time_pass(&lab, &[1, 3]).await?;

        assert_eq!(lab.sandboxes.store_orders_of(&id).await?.len(), 1, "{}", lab.database_name());
        let (carts, _) = left_in_store(&lab, &id).await?;
        assert_eq!(carts.len(), 2, "{}", lab.database_name());
    }
    Ok(())
}
