//! TikTok Shop tells something new while an order is on its way into the store: what is made is what was told last, or the
//! difference is told.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::import_intents::{self, Step};
use database::order_detail;
use serde_json::json;
use shared::{ActionRequest, OrderId, TikTokOrderId};
use sync::jobs;
use tests::EngineLab;

use crate::asking::{ask, assert_done, assert_failed, do_to, imported_order, truth};
use crate::hold::row;
use crate::labs::labs;
use crate::store_side::story;

/// Lets one of the store's answers take its time, and another process hear of a new address as soon as the import has
/// come so far.
async fn address_changes(lab: &EngineLab, slow: &str, from: Step) -> Result<String> {
    let fault = json!({ "resource": slow, "method": "POST", "kind": "slow", "delay_ms": 1_500, "times": 1 });
    lab.sandboxes.break_store(&fault).await?;
    let id = lab.sandboxes.place_random(1, 7, "plain").await?.remove(0);
    let other = lab.another_engine("other").await?;
    let change = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let Ok(order) = lab.order(&id).await else { continue };
            let intent = import_intents::find(lab.database.reader(), OrderId(order.id)).await?;
            if intent.is_some_and(|intent| intent.step >= from) {
                break;
            }
        }
        do_to(lab, &id, "address", &json!({ "country": "FR" })).await?;
        let now = lab.database.clock.now();
        let job = jobs::refresh_order(lab.connection_id, &TikTokOrderId(id.clone()), now);
        job_queue::enqueue(lab.database.writer(), job, now).await?;
        other.run_due().await?;
        anyhow::Ok(())
    };
    tokio::try_join!(lab.poll(), change)?;
    // Whatever waits for the other one has its turn.
    lab.advance(TimeDelta::seconds(10)).await?;
    lab.run_due().await?;
    Ok(id)
}

/// Where the store sends the order, and where TikTok Shop wants it to go.
async fn both_addresses(lab: &EngineLab, id: &str) -> Result<(String, String)> {
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    assert_eq!(store_orders.len(), 1, "{}", lab.database_name());
    let address = row(lab, "addresses", &store_orders[0]["id_address_delivery"]).await?;
    let wanted = truth(lab, id).await?["recipient"]["address_lines"][0].clone();
    Ok((address["address1"].to_string(), wanted.to_string()))
}

#[tokio::test]
async fn an_address_that_changes_before_the_order_is_made_is_the_one_it_gets() -> Result<()> {
    for lab in labs().await {
        let id = address_changes(&lab, "carts", Step::Address).await?;

        let (in_store, wanted) = both_addresses(&lab, &id).await?;
        assert_eq!(in_store, wanted, "{}: {}", lab.database_name(), story(&lab, &id).await?);
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn an_address_that_changes_while_the_order_is_made_is_told() -> Result<()> {
    for lab in labs().await {
        let id = address_changes(&lab, "orders", Step::Posting).await?;

        let (in_store, wanted) = both_addresses(&lab, &id).await?;
        assert_ne!(in_store, wanted, "{}", lab.database_name());
        assert_eq!(lab.open_issues(&id).await?, ["ADDRESS_CHANGED"], "{}", lab.database_name());

        let order_id = OrderId(lab.order(&id).await?.id);
        let database = &lab.database;
        let revealed = order_detail::reveal_recipient(
            database.writer(),
            &database.vault,
            order_id,
            "ana",
            lab.database.clock.now(),
        );
        let revealed = revealed.await?.context("no recipient")?;
        assert_eq!(json!(revealed.lines[0]).to_string(), wanted, "what TikTok Shop tells");
        let previous = revealed.previous.context("the store's address is not told")?;
        assert_eq!(json!(previous.lines[0]).to_string(), in_store, "what the store order was made with");

        let heal = ask(&lab, &id, ActionRequest::Heal {}).await?;
        lab.run_due().await?;
        assert_done(&lab, heal).await?;
        let shown = order_detail::find(database.reader(), &database.vault, order_id, true).await?;
        let recipient = shown.context("gone")?.shipping.recipient.context("no recipient")?;
        assert!(recipient.masked && recipient.previous.is_none(), "{}", lab.database_name());
        let (in_store, wanted) = both_addresses(&lab, &id).await?;
        assert_eq!(in_store, wanted, "{}: {}", lab.database_name(), story(&lab, &id).await?);
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn an_address_that_changed_while_no_order_was_made_is_not_told() -> Result<()> {
    for lab in labs().await {
        let fault = json!({ "resource": "orders", "method": "POST", "kind": "cut_before", "times": 1 });
        lab.sandboxes.break_store(&fault).await?;
        let id = lab.sandboxes.place_random(1, 7, "plain").await?.remove(0);
        lab.poll().await?;
        do_to(&lab, &id, "address", &json!({ "country": "FR" })).await?;
        ask(&lab, &id, ActionRequest::Sync {}).await?;
        lab.run_due().await?;
        let before = lab.open_issues(&id).await?;
        assert!(before.contains(&"ADDRESS_CHANGED".to_owned()), "it may be made still: {before:?}");

        do_to(&lab, &id, "cancel", &json!({ "by": "buyer" })).await?;
        ask(&lab, &id, ActionRequest::Sync {}).await?;
        lab.advance(TimeDelta::minutes(20)).await?;
        lab.run_due().await?;

        assert!(lab.sandboxes.store_orders_of(&id).await?.is_empty(), "{}", lab.database_name());
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{}", story(&lab, &id).await?);
    }
    Ok(())
}

#[tokio::test]
async fn an_address_that_somebody_else_gave_the_store_order_is_left_alone() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let other = imported_order(&lab).await?;
        let foreign = lab.sandboxes.store_orders_of(&other).await?[0]["id_address_delivery"].clone();
        let store_order = lab.order(&id).await?.store_order_id.context("not in the store")?;
        let change = json!({ "id_address_delivery": foreign });
        lab.sandboxes.store_control.patch(&format!("/entities/orders/{store_order}"), &change).await?;
        let (before, _) = both_addresses(&lab, &id).await?;
        do_to(&lab, &id, "address", &json!({ "country": "FR" })).await?;
        ask(&lab, &id, ActionRequest::Sync {}).await?;
        lab.run_due().await?;
        assert_eq!(lab.open_issues(&id).await?, ["ADDRESS_CHANGED"], "{}", lab.database_name());

        let heal = ask(&lab, &id, ActionRequest::Heal {}).await?;
        lab.run_due().await?;

        let result = assert_failed(&lab, heal).await?;
        assert!(result.contains("an address that orderbridge did not make"), "{result}");
        let (after, wanted) = both_addresses(&lab, &id).await?;
        assert_eq!(after, before, "{}", lab.database_name());
        assert_ne!(after, wanted, "{}", lab.database_name());
        assert_eq!(lab.open_issues(&id).await?, ["ADDRESS_CHANGED"], "{}", lab.database_name());
    }
    Ok(())
}
