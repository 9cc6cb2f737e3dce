//! The main job, stepped by hand between both sandboxes, on both databases.

use anyhow::{Context, Result};
use database::order_detail;
use database::orders::OrderRow;
use rust_decimal::Decimal;
use serde_json::json;
use shared::OrderId;
use tests::EngineLab;

use crate::labs::{decimal, labs};

#[tokio::test]
async fn a_released_order_becomes_one_store_order_right_to_the_cent() -> Result<()> {
    for lab in labs().await {
        let ids = lab.sandboxes.place_random(1, 7, "plain").await?;

        lab.poll().await?;

        let truth = lab.sandboxes.channel_control.get(&format!("/orders/{}", ids[0])).await?;
        let order = lab.order(&ids[0]).await?;
        let issues = lab.open_issues(&ids[0]).await?;
        assert_eq!(order.import_state, "imported", "{issues:?} {truth:#}");
        let store_orders = lab.sandboxes.store_orders_of(&ids[0]).await?;
        assert_eq!(store_orders.len(), 1);
        assert_eq!(decimal(&store_orders[0]["total_paid"]), decimal(&truth["payment"]["worth_to_seller"]));
        assert_eq!(
            decimal(&store_orders[0]["total_paid_real"]),
            decimal(&truth["payment"]["worth_to_seller"])
        );
        assert!(issues.is_empty(), "{issues:?}");
    }
    Ok(())
}

#[tokio::test]
async fn every_shape_of_order_ends_where_it_must() -> Result<()> {
    for lab in labs().await {
        lab.sandboxes.place_random(120, 11, "all").await?;

        lab.poll().await?;

        let mut wrong = Vec::new();
        for truth in lab.sandboxes.channel_orders().await? {
            let id = truth["id"].as_str().unwrap();
            let order = lab.order(id).await?;
            let issues = lab.open_issues(id).await?;
            let store_orders = lab.sandboxes.store_orders_of(id).await?;
            if truth["is_optional"] == json!(true) && store_orders.len() <= 1 {
                continue;
            }
            let expected_state = match truth["expected"].as_str().unwrap() {
                "import" => "imported",
                other => other,
            };
            let worth = decimal(&truth["payment"]["worth_to_seller"]);
            if expected_state == "imported" {
                compare_line_by_line(&lab, &order).await?;
            }
            let right = order.import_state == expected_state
                && store_orders.len() == usize::from(expected_state == "imported")
                && (order.open_errors > 0) == (expected_state == "blocked")
                && store_orders.iter().all(|store_order| decimal(&store_order["total_paid"]) == worth);
            if !right {
                let totals: Vec<_> = store_orders.iter().map(|order| &order["total_paid"]).collect();
                wrong.push(format!(
                    "{} {} {}: {}, expected {expected_state} {}, {issues:?}, store {totals:?}, worth {worth}",
                    truth["shape"], id, truth["country"], order.import_state, truth["reason"]
                ));
            }
        }
        assert!(wrong.is_empty(), "{}: {wrong:#?}", lab.database_name());
    }
    Ok(())
}

/// Each line comes to the same on both sides, and the lines make the whole.
async fn compare_line_by_line(lab: &EngineLab, order: &OrderRow) -> Result<()> {
    let database = &lab.database;
    let shown = order_detail::find(database.reader(), &database.vault, OrderId(order.id), false).await?;
    let payment = shown.context("it is not shown")?.payment;
    let case = format!("{} {}: {:#?}", lab.database_name(), order.tiktok_order_id, payment.compared);
    assert!(!payment.compared.is_empty(), "{case}");
    for line in &payment.compared {
        let difference = line.difference.as_ref().with_context(|| case.clone())?;
        assert!(difference.amount.is_zero(), "{case}");
    }
    let sum: Decimal =
        payment.compared.iter().filter_map(|line| line.store.as_ref()).map(|it| it.amount).sum();
    assert_eq!(Some(sum), payment.store_total.map(|total| total.amount), "{case}");
    Ok(())
}
