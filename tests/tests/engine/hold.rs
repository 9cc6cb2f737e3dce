//! Orders that are imported while TikTok Shop holds them: nobody takes them for paid, and they go on with their address
//! when they are released, or end where the order ends.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{HoldPolicy, OrderStatus};
use tests::{EngineLab, LabOptions};

use crate::asking::{be_in_the_making, do_to, let_time_pass, truth};
use crate::labs::decimal;
use crate::store_side::{change_settings, look_again, set_state, store_role, story};

const PAID: &str = "PS_OS_WS_PAYMENT";

/// Labs whose connection imports held orders; the hold lasts for two days, unless it is ended by hand.
async fn labs() -> Result<Vec<EngineLab>> {
    let mut labs = Vec::new();
    for database in test_database::databases().await {
        let mut options = LabOptions::default();
        options.tiktok.hold_seconds = 2 * 24 * 3_600;
        options.settings.hold_policy = HoldPolicy::DuringHold;
        labs.push(EngineLab::start(database, options).await?);
    }
    Ok(labs)
}

async fn place_held(lab: &EngineLab) -> Result<String> {
    let order = json!({ "start": "held", "order": {
        "country": "FR", "shipping_fee": "4.99",
        "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }],
    } });
    lab.sandboxes.place(&order).await?.into_iter().next().context("no order was placed")
}

async fn held_in_store(lab: &EngineLab) -> Result<String> {
    let id = place_held(lab).await?;
    lab.poll().await?;
    assert_waits(lab, &id, lab.database_name()).await?;
    Ok(id)
}

async fn release(lab: &EngineLab, id: &str) -> Result<()> {
    do_to(lab, id, "release", &json!({})).await?;
    look_again(lab).await
}

async fn one_store_order(lab: &EngineLab, id: &str, case: &str) -> Result<Value> {
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    assert_eq!(store_orders.len(), 1, "{case}: orders in the store\n{}", story(lab, id).await?);
    Ok(store_orders[0].clone())
}

/// One row of the store's.
pub async fn row(lab: &EngineLab, resource: &str, id: &Value) -> Result<Value> {
    let rows = lab.sandboxes.store_control.get(&format!("/entities/{resource}")).await?;
    let id: u64 = id.as_str().context("no id")?.parse()?;
    let row = rows.as_array().into_iter().flatten().find(|row| row["id"] == id);
    row.cloned().with_context(|| format!("no {resource} {id}"))
}

/// In the store once, right to the cent, in a state that no picker looks at, and addressed to nobody.
async fn assert_waits(lab: &EngineLab, id: &str, case: &str) -> Result<()> {
    let order = one_store_order(lab, id, case).await?;
    let told = story(lab, id).await?;
    let state = row(lab, "order_states", &order["current_state"]).await?;
    for flag in ["paid", "logable", "shipped", "delivery"] {
        assert_eq!(state[flag], "0", "{case}: {flag} in {}\n{told}", state["name"]);
    }
    assert_ne!(store_role(lab, id).await?.as_deref(), Some("PS_OS_CANCELED"), "{case}\n{told}");
    let worth = decimal(&truth(lab, id).await?["payment"]["worth_to_seller"]);
    assert_eq!(decimal(&order["total_paid"]), worth, "{case}");
    let recipient = &truth(lab, id).await?["recipient"];
    let address = row(lab, "addresses", &order["id_address_delivery"]).await?;
    assert_ne!(address["address1"], recipient["address_lines"][0], "{case}");
    assert_eq!(lab.order(id).await?.status, OrderStatus::OnHold.as_str(), "{case}\n{told}");
    assert_eq!(lab.open_issues(id).await?, Vec::<String>::new(), "{case}");
    Ok(())
}

/// In the store once, in the state of this role, paid once, to the recipient that TikTok Shop told.
async fn assert_released(lab: &EngineLab, id: &str, role: &str, case: &str) -> Result<()> {
    let order = one_store_order(lab, id, case).await?;
    let told = story(lab, id).await?;
    assert_eq!(store_role(lab, id).await?.as_deref(), Some(role), "{case}\n{told}");
    let recipient = &truth(lab, id).await?["recipient"];
    let address = row(lab, "addresses", &order["id_address_delivery"]).await?;
    assert_eq!(address["address1"], recipient["address_lines"][0], "{case}\n{told}");
    assert_eq!(address["postcode"], recipient["postal_code"], "{case}");
    let paid: Vec<_> = order["payments"].as_array().into_iter().flatten().collect();
    assert_eq!(paid.len(), 1, "{case}: payments");
    assert_eq!(decimal(&paid[0]["amount"]), decimal(&order["total_paid"]), "{case}");
    assert_eq!(order["invoices"].as_array().map(Vec::len), Some(1), "{case}: invoices");
    assert_eq!(lab.open_issues(id).await?, Vec::<String>::new(), "{case}\n{told}");
    Ok(())
}

/// How many mugs can be sold.
async fn stock(lab: &EngineLab) -> Result<i64> {
    let stock = lab.sandboxes.store_control.get("/stock").await?;
    let mug = stock.as_array().into_iter().flatten().find(|row| row["sku"] == "MUG-STONE-BLU");
    mug.and_then(|mug| mug["quantity"].as_i64()).with_context(|| format!("no stock of mugs: {stock}"))
}

#[tokio::test]
async fn a_held_order_waits_unpaid_and_goes_on_with_its_address_when_it_is_released() -> Result<()> {
    for lab in labs().await? {
        let before = stock(&lab).await?;
        let id = held_in_store(&lab).await?;
        assert_eq!(stock(&lab).await?, before - 2, "what is held is reserved");
        look_again(&lab).await?;
        assert_waits(&lab, &id, "after more looks").await?;

        release(&lab, &id).await?;

        assert_released(&lab, &id, PAID, lab.database_name()).await?;
        assert_eq!(stock(&lab).await?, before - 2, "{}", lab.database_name());
        do_to(&lab, &id, "ship", &json!({})).await?;
        look_again(&lab).await?;
        assert_released(&lab, &id, "PS_OS_PREPARATION", lab.database_name()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_held_order_that_is_canceled_is_canceled_in_the_store_and_restocked() -> Result<()> {
    for lab in labs().await? {
        let before = stock(&lab).await?;
        let id = held_in_store(&lab).await?;

        do_to(&lab, &id, "cancel", &json!({ "by": "buyer" })).await?;
        look_again(&lab).await?;

        one_store_order(&lab, &id, lab.database_name()).await?;
        assert_eq!(store_role(&lab, &id).await?.as_deref(), Some("PS_OS_CANCELED"));
        assert_eq!(stock(&lab).await?, before, "{}", lab.database_name());
        assert_eq!(lab.order(&id).await?.status, OrderStatus::Canceled.as_str());
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new());
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_lost_after_any_write_leaves_one_order_that_waits_and_goes_on() -> Result<()> {
    let writes = [
        ("customers", "POST"),
        ("addresses", "POST"),
        ("carts", "POST"),
        ("specific_prices", "POST"),
        ("orders", "POST"),
        ("order_histories", "POST"),
    ];
    for lab in labs().await? {
        for kind in ["cut_after", "empty500_after"] {
            for (resource, method) in writes {
                let case = format!("{} {kind} on {method} {resource}", lab.database_name());
                let fault = json!({ "resource": resource, "method": method, "kind": kind, "times": 1 });
                lab.sandboxes.break_store(&fault).await?;
                let id = place_held(&lab).await?;
                lab.poll().await?;
                let_time_pass(&lab, &[1, 3, 5, 15]).await?;
                assert_waits(&lab, &id, &case).await?;

                release(&lab, &id).await?;
                assert_released(&lab, &id, PAID, &case).await?;
            }
            for (resource, method) in [("addresses", "PATCH"), ("order_histories", "POST")] {
                let case = format!("{} {kind} on {method} {resource} at release", lab.database_name());
                let id = held_in_store(&lab).await?;
                let fault = json!({ "resource": resource, "method": method, "kind": kind, "times": 1 });
                lab.sandboxes.break_store(&fault).await?;

                release(&lab, &id).await?;
                let_time_pass(&lab, &[1, 3, 5, 15]).await?;

                assert_released(&lab, &id, PAID, &case).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn whatever_happens_while_the_early_order_is_being_made_both_sides_agree() -> Result<()> {
    for lab in labs().await? {
        for (step, body, role) in
            [("release", json!({}), PAID), ("cancel", json!({ "by": "buyer" }), "PS_OS_CANCELED")]
        {
            let id = place_held(&lab).await?;
            be_in_the_making(&lab, &id).await?;

            do_to(&lab, &id, step, &body).await?;
            lab.advance(TimeDelta::seconds(31)).await?;
            lab.poll().await?;
            let_time_pass(&lab, &[1, 3, 5]).await?;

            let case = format!("{} {step}", lab.database_name());
            if step == "release" {
                assert_released(&lab, &id, role, &case).await?;
            } else {
                one_store_order(&lab, &id, &case).await?;
                assert_eq!(store_role(&lab, &id).await?.as_deref(), Some(role), "{case}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_person_who_moves_the_order_during_the_hold_is_not_overridden() -> Result<()> {
    for lab in labs().await? {
        let id = held_in_store(&lab).await?;
        set_state(&lab, &id, "PS_OS_PREPARATION").await?;
        look_again(&lab).await?;
        assert_eq!(store_role(&lab, &id).await?.as_deref(), Some("PS_OS_PREPARATION"));

        release(&lab, &id).await?;

        // It has its address all the same.
        assert_released(&lab, &id, "PS_OS_PREPARATION", lab.database_name()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_address_that_the_store_does_not_take_keeps_the_released_order_unpaid_until_it_does() -> Result<()>
{
    for lab in labs().await? {
        let id = held_in_store(&lab).await?;
        let countries = lab.sandboxes.store_control.get("/entities/countries").await?;
        let france = countries.as_array().unwrap().iter().find(|row| row["iso_code"] == "FR").unwrap();
        let france = format!("/entities/countries/{}", france["id"]);
        lab.sandboxes.store_control.patch(&france, &json!({ "active": "0" })).await?;
        lab.advance(TimeDelta::minutes(11)).await?;

        release(&lab, &id).await?;

        assert_eq!(lab.open_issues(&id).await?, ["COUNTRY_INACTIVE"]);
        let order = one_store_order(&lab, &id, "not released").await?;
        assert_eq!(row(&lab, "order_states", &order["current_state"]).await?["paid"], "0");
        lab.sandboxes.store_control.patch(&france, &json!({ "active": "1" })).await?;
        let_time_pass(&lab, &[1, 3, 11]).await?;
        assert_released(&lab, &id, PAID, lab.database_name()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn without_a_state_that_counts_as_not_paid_nothing_is_made_before_the_release() -> Result<()> {
    for lab in labs().await? {
        let roles = lab.sandboxes.store_control.get("/entities/configurations").await?;
        let shipped = roles.as_array().unwrap().iter().find(|row| row["name"] == "PS_OS_SHIPPING").unwrap();
        let shipped: i64 = shipped["value"].as_str().unwrap().parse()?;
        change_settings(&lab, |settings| {
            settings.status_mapping.insert(OrderStatus::OnHold, Some(shipped));
        })
        .await?;
        let id = place_held(&lab).await?;

        lab.poll().await?;

        assert_eq!(lab.open_issues(&id).await?, ["STATE_UNMAPPED"]);
        assert!(lab.sandboxes.store_orders_of(&id).await?.is_empty());
        change_settings(&lab, |settings| {
            settings.status_mapping.remove(&OrderStatus::OnHold);
        })
        .await?;
        let_time_pass(&lab, &[1, 3]).await?;
        assert_waits(&lab, &id, lab.database_name()).await?;
        // Whoever changes their mind has the order go on all the same.
        change_settings(&lab, |settings| settings.hold_policy = HoldPolicy::AfterRelease).await?;
        release(&lab, &id).await?;
        assert_released(&lab, &id, PAID, lab.database_name()).await?;
    }
    Ok(())
}
