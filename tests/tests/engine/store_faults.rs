//! The store lies, breaks off, or is set up wrongly: nothing is lost, nothing is made twice, and the merchant is told.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::EngineLab;

use crate::asking::do_to;
use crate::labs::{decimal, labs};
use crate::store_side::look_again;

/// Lets time pass in steps, so that every retry comes up, until the order is imported or a day is over.
pub async fn until_imported(lab: &EngineLab, id: &str) -> Result<()> {
    for minutes in [0, 1, 3, 5, 15, 45, 180, 600] {
        lab.advance(TimeDelta::minutes(minutes)).await?;
        lab.run_due().await?;
        if lab.order(id).await.is_ok_and(|order| order.import_state == "imported") {
            return Ok(());
        }
    }
    anyhow::bail!("{} order {id} is not imported: {:?}", lab.database_name(), lab.open_issues(id).await)
}

pub async fn assert_one_right_store_order(lab: &EngineLab, id: &str, case: &str) -> Result<()> {
    let truth = lab.sandboxes.channel_control.get(&format!("/orders/{id}")).await?;
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    let live: Vec<_> = store_orders.iter().filter(|order| order["current_state"] != "6").collect();
    assert_eq!(store_orders.len(), 1, "{case}: {} orders in the store", store_orders.len());
    let worth = decimal(&truth["payment"]["worth_to_seller"]);
    assert_eq!(decimal(&live[0]["total_paid"]), worth, "{case}");
    assert_eq!(lab.open_issues(id).await?, Vec::<String>::new(), "{case}");
    Ok(())
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_or_lies_makes_exactly_one_order() -> Result<()> {
    let kinds = [
        "empty500_before",
        "empty500_after",
        "html200_after",
        "php_errors500_after",
        "code86_after",
        "cut_before",
        "cut_after",
        "truncated",
        "trickled",
        "too_many429",
        "maintenance_page",
        "json_garbage",
        "redirect302",
        "unavailable503",
    ];
    for lab in labs().await {
        for (index, kind) in kinds.into_iter().enumerate() {
            for resource in ["orders", "carts", "specific_prices", "addresses", "customers"] {
                let case = format!("{} {kind} on {resource}", lab.database_name());
                let fault = json!({ "resource": resource, "method": "POST", "kind": kind, "times": 1 });
                lab.sandboxes.break_store(&fault).await?;
                let seed = 1_000 + index as u64;
                let ids = lab.sandboxes.place_random(1, seed, "plain").await?;

                lab.poll().await?;
                until_imported(&lab, &ids[0]).await?;

                assert_one_right_store_order(&lab, &ids[0], &case).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_read_that_fails_delays_and_loses_nothing() -> Result<()> {
    for lab in labs().await {
        for kind in [
            "empty500_before",
            "cut_before",
            "truncated",
            "trickled",
            "json_garbage",
            "huge_body",
            "maintenance_page",
        ] {
            for resource in ["orders", "products", "stock_availables", "countries"] {
                let fault = json!({ "resource": resource, "method": "GET", "kind": kind, "times": 1 });
                lab.sandboxes.break_store(&fault).await?;
                let ids = lab.sandboxes.place_random(1, 2_000, "plain").await?;

                lab.poll().await?;
                until_imported(&lab, &ids[0]).await?;

                let case = format!("{} {kind} on reading {resource}", lab.database_name());
                assert_one_right_store_order(&lab, &ids[0], &case).await?;
                lab.sandboxes.store_control.delete("/faults").await?;
            }
        }
    }
    Ok(())
}

/// What stands in the way, the issue that the merchant reads, and what puts it right.
struct Obstacle {
    code: &'static str,
    method: &'static str,
    path: String,
    wrong: Value,
    right: Value,
}

#[tokio::test]
async fn what_is_set_up_wrongly_in_the_store_is_named_and_the_order_follows_when_it_is_mended() -> Result<()>
{
    for lab in labs().await {
        let sandboxes = &lab.sandboxes;
        let key = sandboxes.store.key.clone();
        let countries = sandboxes.store_control.get("/entities/countries").await?;
        let france =
            countries.as_array().unwrap().iter().find(|country| country["iso_code"] == "FR").unwrap();
        let france = format!("/entities/countries/{}", france["id"]);
        let currencies = sandboxes.store_control.get("/entities/currencies").await?;
        let euro =
            currencies.as_array().unwrap().iter().find(|currency| currency["iso_code"] == "EUR").unwrap();
        let euro = format!("/entities/currencies/{}", euro["id"]);
        let obstacles = [
            Obstacle {
                code: "COUNTRY_INACTIVE",
                method: "PATCH",
                path: france,
                wrong: json!({ "active": "0" }),
                right: json!({ "active": "1" }),
            },
            Obstacle {
                code: "CURRENCY_UNAVAILABLE",
                method: "PATCH",
                path: euro,
                wrong: json!({ "active": "0" }),
                right: json!({ "active": "1" }),
            },
            Obstacle {
                code: "PAYMENT_MODULE_OFF",
                method: "POST",
                path: "/payment-modules".to_owned(),
                wrong: json!({ "name": "ps_wirepayment" }),
                right: json!({ "name": "ps_wirepayment", "display_name": "Bank wire" }),
            },
            Obstacle {
                code: "STORE_AUTH",
                method: "POST",
                path: "/keys".to_owned(),
                wrong: json!({ "key": key, "active": false }),
                right: json!({ "key": key, "active": true }),
            },
            Obstacle {
                code: "STOCK_SHORT",
                method: "POST",
                path: "/stock".to_owned(),
                wrong: json!({ "sku": "MUG-STONE-BLU", "quantity": 0 }),
                right: json!({ "sku": "MUG-STONE-BLU", "quantity": 50 }),
            },
        ];
        for obstacle in obstacles {
            change(&lab, &obstacle, &obstacle.wrong).await?;
            // What the engine knows of the store is older than it believes in.
            lab.advance(TimeDelta::minutes(11)).await?;
            let placed = json!({ "order": { "country": "FR", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }] } });
            let ids = sandboxes.place(&placed).await?;

            lab.poll().await?;

            let case = format!("{} {}", lab.database_name(), obstacle.code);
            assert_eq!(lab.open_issues(&ids[0]).await?, [obstacle.code], "{case}");
            assert_eq!(lab.order(&ids[0]).await?.status, "error", "{case}");
            assert!(sandboxes.store_orders_of(&ids[0]).await?.is_empty(), "{case}");

            change(&lab, &obstacle, &obstacle.right).await?;
            until_imported(&lab, &ids[0]).await?;
            assert_one_right_store_order(&lab, &ids[0], &case).await?;
        }
    }
    Ok(())
}

async fn change(lab: &EngineLab, obstacle: &Obstacle, body: &Value) -> Result<()> {
    let control = &lab.sandboxes.store_control;
    if obstacle.method == "PATCH" {
        control.patch(&obstacle.path, body).await?;
    } else {
        control.post(&obstacle.path, body).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_down_opens_an_issue_and_delays_no_other_order_for_good() -> Result<()> {
    for lab in labs().await {
        lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;
        let ids = lab.sandboxes.place_random(3, 77, "plain").await?;

        lab.poll().await?;
        for id in &ids {
            assert_eq!(lab.open_issues(id).await?, ["STORE_UNREACHABLE"], "{}", lab.database_name());
        }

        lab.sandboxes.store_control.delete("/faults").await?;
        for id in &ids {
            until_imported(&lab, id).await?;
            assert_one_right_store_order(&lab, id, lab.database_name()).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_is_canceled_while_its_creation_is_unknown_ends_canceled_on_both_sides() -> Result<()> {
    for lab in labs().await {
        let sandboxes = &lab.sandboxes;
        sandboxes
            .break_store(&json!({ "resource": "orders", "method": "POST", "kind": "cut_after", "times": 1 }))
            .await?;
        // The look-up that follows fails too; the reader of changes and the look before the creation pass.
        sandboxes.break_store(&json!({ "resource": "orders", "method": "GET", "kind": "cut_before", "skip": 2, "times": 1 })).await?;
        let ids = sandboxes.place_random(1, 31, "plain").await?;
        lab.poll().await?;
        assert_eq!(lab.open_issues(&ids[0]).await?, ["STORE_WRITE_UNKNOWN"], "{}", lab.database_name());

        let cancel = json!({ "by": "seller" });
        sandboxes.channel_control.post(&format!("/orders/{}/cancel", ids[0]), &cancel).await?;
        // So do the first ones after the cancellation.
        let no_look = json!({ "resource": "orders", "method": "GET", "kind": "cut_before", "times": 4 });
        sandboxes.break_store(&no_look).await?;
        for minutes in [1, 3, 10, 20] {
            lab.advance(TimeDelta::minutes(minutes)).await?;
            lab.poll().await?;
        }

        let store_orders = sandboxes.store_orders_of(&ids[0]).await?;
        assert_eq!(store_orders.len(), 1, "{}", lab.database_name());
        assert_eq!(store_orders[0]["current_state"], "6", "{}", lab.database_name());
        assert_eq!(lab.order(&ids[0]).await?.status, "canceled");
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_does_not_take_a_state_is_told_and_takes_it_later() -> Result<()> {
    for lab in labs().await {
        let ids = lab.sandboxes.place_random(1, 32, "plain").await?;
        lab.poll().await?;
        let fault = json!({ "resource": "order_histories", "method": "POST", "kind": "empty500_before" });
        lab.sandboxes.break_store(&fault).await?;

        let cancel = json!({ "by": "seller" });
        lab.sandboxes.channel_control.post(&format!("/orders/{}/cancel", ids[0]), &cancel).await?;
        for minutes in [1, 2, 5, 60, 600] {
            lab.advance(TimeDelta::minutes(minutes)).await?;
            lab.poll().await?;
        }
        // The comparison of the night may have told of the difference, too.
        let told = |issues: Vec<String>| issues.iter().any(|code| code == "STORE_UNREACHABLE");
        assert!(told(lab.open_issues(&ids[0]).await?), "{}", lab.database_name());

        lab.sandboxes.store_control.delete("/faults").await?;
        lab.advance(TimeDelta::hours(7)).await?;
        lab.poll().await?;
        assert!(!told(lab.open_issues(&ids[0]).await?), "{}", lab.database_name());
        assert_eq!(lab.sandboxes.store_orders_of(&ids[0]).await?[0]["current_state"], "6");
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_the_store_made_by_half_is_told_and_never_moved_on() -> Result<()> {
    for lab in labs().await {
        let fault = json!({ "resource": "orders", "method": "POST", "kind": "half_made500", "times": 1 });
        lab.sandboxes.break_store(&fault).await?;
        let id = lab.sandboxes.place_random(1, 33, "plain").await?.remove(0);
        lab.poll().await?;

        assert_eq!(lab.order(&id).await?.import_state, "imported", "{}", lab.database_name());
        assert_eq!(lab.open_issues(&id).await?, ["STORE_TOTAL_MISMATCH"], "{}", lab.database_name());

        for step in ["ship", "collect"] {
            do_to(&lab, &id, step, &json!({})).await?;
            look_again(&lab).await?;
        }
        let store_orders = lab.sandboxes.store_orders_of(&id).await?;
        assert_eq!(store_orders.len(), 1, "{}", lab.database_name());
        assert_eq!(store_orders[0]["current_state"], "0", "{}", lab.database_name());
        assert_eq!(lab.open_issues(&id).await?, ["STORE_TOTAL_MISMATCH"], "{}", lab.database_name());
    }
    Ok(())
}
