//! Stores that are set up in ways of their own: what is sold arrives all the same, once and to the cent, or it is said why
//! not before anything is made.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::EngineLab;

use crate::asking::{do_to, let_time_pass};
use crate::labs::labs;
use crate::store_faults::{assert_one_right_store_order, until_imported};
use crate::store_side::look_again;

/// An order with a fee for its shipping.
async fn order_with_fee(lab: &EngineLab) -> Result<String> {
    let order = json!({
        "country": "FR", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }], "shipping_fee": "4.99",
    });
    let ids = lab.sandboxes.place(&json!({ "order": order })).await?;
    lab.poll().await?;
    ids.into_iter().next().context("no order was placed")
}

/// The sandbox writes numbers as texts or as numbers.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn entities(lab: &EngineLab, resource: &str) -> Result<Vec<Value>> {
    let rows = lab.sandboxes.store_control.get(&format!("/entities/{resource}")).await?;
    rows.as_array().cloned().context("no list")
}

async fn store_order(lab: &EngineLab, id: &str) -> Result<Value> {
    let orders = lab.sandboxes.store_orders_of(id).await?;
    orders.into_iter().next().context("no store order")
}

#[tokio::test]
async fn a_store_that_answers_each_write_with_its_own_warnings_gets_each_order_at_once() -> Result<()> {
    for lab in labs().await {
        let database = lab.database_name();
        let customers_before = entities(&lab, "customers").await?.len();
        lab.sandboxes.store_control.patch("/settings", &json!({ "reports_deprecations": true })).await?;

        let ids = lab.sandboxes.place_random(4, 61, "plain").await?;
        lab.poll().await?;
        // The product for shipping and fees is found again by its reference only with the next try.
        let_time_pass(&lab, &[1]).await?;

        for id in &ids {
            assert_eq!(lab.order(id).await?.import_state, "imported", "{database}");
            assert_one_right_store_order(&lab, id, database).await?;
        }
        let customers = entities(&lab, "customers").await?.len() - customers_before;
        assert_eq!(customers, ids.len(), "{database}: nobody was made twice");
        assert!(entities(&lab, "specific_prices").await?.is_empty(), "{database}: no price is left behind");
    }
    Ok(())
}

#[tokio::test]
async fn a_web_server_that_lets_only_get_and_post_through_gets_tracking_numbers_too() -> Result<()> {
    for lab in labs().await {
        let database = lab.database_name();
        lab.sandboxes.store_control.patch("/settings", &json!({ "blocks_methods": true })).await?;
        let id = order_with_fee(&lab).await?;
        assert_one_right_store_order(&lab, &id, database).await?;

        do_to(&lab, &id, "ship", &json!({ "tracking_number": "JX0000000061" })).await?;
        look_again(&lab).await?;

        assert_eq!(store_order(&lab, &id).await?["tracking_number"], "JX0000000061", "{database}");
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{database}");
    }
    Ok(())
}

#[tokio::test]
async fn a_carrier_that_was_edited_in_the_back_office_carries_the_next_order() -> Result<()> {
    for lab in labs().await {
        let database = lab.database_name();
        let first = order_with_fee(&lab).await?;
        let used = text(&store_order(&lab, &first).await?["id_carrier"]);
        let carriers = entities(&lab, "carriers").await?;
        let used = carriers.iter().find(|carrier| text(&carrier["id"]) == used);
        let mut edited = used.context("the order has a carrier")?.clone();
        // An edit makes a new carrier, with the reference of the old one.
        let old = edited.as_object_mut().and_then(|carrier| carrier.remove("id")).context("no id")?;
        let made = lab.sandboxes.store_control.post("/entities/carriers", &edited).await?;
        let path = format!("/entities/carriers/{old}");
        lab.sandboxes.store_control.patch(&path, &json!({ "deleted": "1" })).await?;

        // What is known of a carrier is soon read again.
        let_time_pass(&lab, &[1]).await?;
        let second = order_with_fee(&lab).await?;

        assert_one_right_store_order(&lab, &second, database).await?;
        let carrier = text(&store_order(&lab, &second).await?["id_carrier"]);
        assert_eq!(carrier, text(&made["id"]), "{database}");
    }
    Ok(())
}

#[tokio::test]
async fn fees_do_not_put_orders_on_back_order() -> Result<()> {
    for lab in labs().await {
        let configuration = json!({ "PS_STOCK_MANAGEMENT": "1", "PS_ENABLE_BACKORDER_STATUS": "1" });
        lab.sandboxes.store_control.patch("/configurations", &configuration).await?;
        for _ in 0..2 {
            let id = order_with_fee(&lab).await?;

            assert_one_right_store_order(&lab, &id, lab.database_name()).await?;
            let state = text(&store_order(&lab, &id).await?["current_state"]);
            assert_eq!(state, "11", "{}: paid, and not on back order", lab.database_name());
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_discount_of_every_customer_group_is_told_before_anything_is_made() -> Result<()> {
    for lab in labs().await {
        let database = lab.database_name();
        let groups = entities(&lab, "groups").await?;
        let set_reduction = async |reduction: &str| -> Result<()> {
            for group in &groups {
                let path = format!("/entities/groups/{}", group["id"]);
                lab.sandboxes.store_control.patch(&path, &json!({ "reduction": reduction })).await?;
            }
            Ok(())
        };
        set_reduction("5.00").await?;

        let id = order_with_fee(&lab).await?;

        assert_eq!(lab.open_issues(&id).await?, ["STORE_TOTAL_MISMATCH"], "{database}");
        assert!(lab.sandboxes.store_orders_of(&id).await?.is_empty(), "{database}");

        set_reduction("0.00").await?;
        crate::asking::ask(&lab, &id, shared::ActionRequest::Import {}).await?;
        until_imported(&lab, &id).await?;
        assert_one_right_store_order(&lab, &id, database).await?;
    }
    Ok(())
}

/// An order that the store has made after its gateway had given up, and that nobody has looked for since.
async fn order_made_unheard(lab: &EngineLab) -> Result<String> {
    let fault = json!({
        "resource": "orders", "method": "POST", "kind": "still_running", "times": 1, "delay_ms": 200,
    });
    lab.sandboxes.break_store(&fault).await?;
    let id = order_with_fee(lab).await?;
    for _ in 0..100 {
        if lab.sandboxes.store_orders_of(&id).await?.len() == 1 {
            assert_ne!(lab.order(&id).await?.import_state, "imported");
            return Ok(id);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the store never made the order");
}

#[tokio::test]
async fn an_order_that_is_found_only_later_is_compared_to_the_piece_too() -> Result<()> {
    for lab in labs().await {
        let id = order_made_unheard(&lab).await?;
        let number = text(&store_order(&lab, &id).await?["id"]);
        let rows = entities(&lab, "order_details").await?;
        let row = rows.iter().find(|row| text(&row["id_order"]) == number).context("the order has rows")?;
        let path = format!("/entities/order_details/{}", row["id"]);
        lab.sandboxes.store_control.patch(&path, &json!({ "product_quantity": "1" })).await?;

        let_time_pass(&lab, &[1, 3]).await?;

        assert_eq!(lab.order(&id).await?.import_state, "imported", "{}", lab.database_name());
        assert_eq!(lab.open_issues(&id).await?, ["STORE_TOTAL_MISMATCH"], "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn what_the_store_makes_in_parts_is_told_and_no_part_is_canceled() -> Result<()> {
    for lab in labs().await {
        let database = lab.database_name();
        let id = order_made_unheard(&lab).await?;
        let number = text(&store_order(&lab, &id).await?["id"]);
        let orders = entities(&lab, "orders").await?;
        let mut part =
            orders.iter().find(|order| text(&order["id"]) == number).context("the order is there")?.clone();
        part.as_object_mut().context("it has fields")?.remove("id");
        lab.sandboxes.store_control.post("/entities/orders", &part).await?;

        let_time_pass(&lab, &[1, 3]).await?;

        let states: Vec<_> = lab
            .sandboxes
            .store_orders_of(&id)
            .await?
            .iter()
            .map(|order| text(&order["current_state"]))
            .collect();
        assert_eq!(states, ["11", "11"], "{database}");
        assert_eq!(lab.open_issues(&id).await?, ["DRIFT_DETECTED"], "{database}");
    }
    Ok(())
}
