//! What people ask of imports: skip, delete, restore, adopt, try again, look ahead. Whatever they choose and whenever, an
//! order has at most one store order, and the merchant knows of it.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::{orders, to_ms};
use job_queue::{Handler, Outcome, Panicked};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::{
    ActionRequest, ActionState, ConnectionSettings, ImportPreview, ImportState, IssueCode, OrderId,
    StoreOrderId,
};
use sync::{jobs, preview_import};
use tests::{EngineLab, LabOptions};

use crate::asking::{
    action, after_undo_time, ask, assert_done, assert_failed, be_in_the_making, do_to, imported_order,
    let_time_pass, placed_order, truth, try_to_ask,
};
use crate::labs::{decimal, labs};
use crate::store_side::{look_again, store_role, story};

/// Labs whose orders wait an hour before they are imported.
async fn patient_labs() -> Vec<EngineLab> {
    let mut labs = Vec::new();
    for database in test_database::databases().await {
        let defaults = LabOptions::default();
        let settings = ConnectionSettings { import_delay_min: 60, ..defaults.settings };
        let options = LabOptions { settings, ..defaults };
        labs.push(EngineLab::start(database, options).await.expect("the lab starts"));
    }
    labs
}

/// An order that a store that is down keeps from being imported.
async fn blocked_order(lab: &EngineLab) -> Result<String> {
    lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;
    let id = placed_order(lab).await?;
    lab.poll().await?;
    assert_eq!(lab.open_issues(&id).await?, ["STORE_UNREACHABLE"], "{}", lab.database_name());
    Ok(id)
}

async fn assert_one_store_order(lab: &EngineLab, id: &str) -> Result<Value> {
    let case = format!("{} order {id}: {:?}", lab.database_name(), lab.open_issues(id).await?);
    let mut store_orders = lab.sandboxes.store_orders_of(id).await?;
    assert_eq!(store_orders.len(), 1, "{case}");
    let order = lab.order(id).await?;
    assert_eq!(order.import_state, "imported", "{case}");
    let store_order = store_orders.remove(0);
    assert_eq!(Some(number(&store_order["id"])), order.store_order_id, "{case}");
    Ok(store_order)
}

fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{value} is a number"))
}

async fn previewed(lab: &EngineLab, id: &str) -> Result<ImportPreview> {
    let order_id = OrderId(lab.order(id).await?.id);
    preview_import(&lab.engine, order_id).await?.context("the order is known")
}

#[tokio::test]
async fn a_skipped_order_is_recorded_and_never_imported_until_that_is_taken_back() -> Result<()> {
    for lab in labs().await {
        let id = blocked_order(&lab).await?;

        ask(&lab, &id, ActionRequest::Skip {}).await?;
        lab.sandboxes.store_control.delete("/faults").await?;
        let_time_pass(&lab, &[1, 10, 60]).await?;
        do_to(&lab, &id, "touch", &json!({})).await?;
        lab.poll().await?;

        let order = lab.order(&id).await?;
        assert_eq!((order.import_state.as_str(), order.status.as_str()), ("skipped", "awaiting_shipment"));
        assert!(
            lab.open_issues(&id).await?.is_empty() && lab.sandboxes.store_orders_of(&id).await?.is_empty()
        );
        let refusal = try_to_ask(&lab, &id, ActionRequest::Import {}).await?.unwrap_err();
        assert_eq!(refusal, "The order is skipped; take that back first.");

        ask(&lab, &id, ActionRequest::Unskip {}).await?;
        lab.run_due().await?;
        assert_one_store_order(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn deleting_an_order_that_the_store_is_making_leaves_both_in_step_and_is_told() -> Result<()> {
    for lab in labs().await {
        let id = placed_order(&lab).await?;
        be_in_the_making(&lab, &id).await?;

        ask(&lab, &id, ActionRequest::Archive {}).await?;
        let_time_pass(&lab, &[0, 1, 3, 15]).await?;

        assert_one_store_order(&lab, &id).await?;
        let order = lab.order(&id).await?;
        assert!(order.archived_at.is_some() && order.store_order_id.is_some(), "{}", lab.database_name());
        assert!(lab.open_issues(&id).await?.is_empty(), "{:?}", lab.open_issues(&id).await?);
        assert!(story(&lab, &id).await?.contains("deleted here while the store was making"));
        do_to(&lab, &id, "cancel", &json!({ "by": "buyer" })).await?;
        look_again(&lab).await?;
        assert_eq!(store_role(&lab, &id).await?.as_deref(), Some("PS_OS_CANCELED"));
    }
    Ok(())
}

#[tokio::test]
async fn skipping_an_order_that_the_store_is_making_comes_too_late_and_is_told() -> Result<()> {
    for lab in labs().await {
        let id = placed_order(&lab).await?;
        be_in_the_making(&lab, &id).await?;

        ask(&lab, &id, ActionRequest::Skip {}).await?;
        assert_eq!(lab.order(&id).await?.import_state, "skipped");
        let_time_pass(&lab, &[0, 1, 3, 15]).await?;

        assert_one_store_order(&lab, &id).await?;
        assert!(!lab.order(&id).await?.skipped_by_person, "{}", lab.database_name());
        assert_eq!(lab.open_issues(&id).await?, ["DRIFT_DETECTED"], "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn a_deleted_order_is_recorded_and_imported_only_after_it_is_restored() -> Result<()> {
    for lab in labs().await {
        let blocked = blocked_order(&lab).await?;
        let held =
            lab.sandboxes.place(&json!({ "count": 1, "seed": 5, "mix": "plain", "start": "held" })).await?;
        let held = held.first().context("an order was placed")?;
        lab.poll().await?;

        for id in [&blocked, held] {
            ask(&lab, id, ActionRequest::Archive {}).await?;
        }
        lab.sandboxes.store_control.delete("/faults").await?;
        do_to(&lab, held, "release", &json!({})).await?;
        let_time_pass(&lab, &[1, 15, 60]).await?;
        lab.poll().await?;

        for id in [&blocked, held] {
            let order = lab.order(id).await?;
            assert_eq!(order.import_state, "waiting", "{}", lab.database_name());
            assert_eq!(order.channel_status, "AWAITING_SHIPMENT", "it is recorded all the same");
            assert!(lab.sandboxes.store_orders_of(id).await?.is_empty());
            assert!(lab.open_issues(id).await?.is_empty());
        }

        for id in [&blocked, held] {
            ask(&lab, id, ActionRequest::Restore {}).await?;
            lab.run_due().await?;
            assert_one_store_order(&lab, id).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_import_waits_as_long_as_the_connection_wants_or_until_somebody_asks() -> Result<()> {
    for lab in patient_labs().await {
        let ids = [placed_order(&lab).await?, placed_order(&lab).await?];
        lab.poll().await?;
        let importable_at = lab.order(&ids[1]).await?.importable_at;
        let_time_pass(&lab, &[30, 25]).await?;
        do_to(&lab, &ids[1], "touch", &json!({})).await?;
        lab.poll().await?;
        for id in &ids {
            assert_eq!(lab.order(id).await?.import_state, "pending", "{}", lab.database_name());
        }
        let order = lab.order(&ids[1]).await?;
        assert_eq!(
            order.importable_at,
            importable_at,
            "{}: another look changes nothing",
            lab.database_name()
        );
        assert!(order.importable_at > Some(to_ms(lab.database.clock.now())), "{}", lab.database_name());

        let asked = ask(&lab, &ids[0], ActionRequest::Import {}).await?;
        lab.run_due().await?;
        let store_order = assert_one_store_order(&lab, &ids[0]).await?;
        let sentence = format!("Imported as #{}.", number(&store_order["id"]));
        assert_eq!(assert_done(&lab, asked).await?, sentence);
        assert_eq!(lab.order(&ids[1]).await?.import_state, "pending");

        let_time_pass(&lab, &[6]).await?;
        assert_one_store_order(&lab, &ids[1]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn whoever_asks_for_an_import_hears_what_came_of_it() -> Result<()> {
    for lab in labs().await {
        let id = blocked_order(&lab).await?;

        let refused = ask(&lab, &id, ActionRequest::Import {}).await?;
        lab.run_due().await?;
        assert_eq!(assert_failed(&lab, refused).await?, "Your store is not answering.");
        assert_eq!(action(&lab, refused).await?.code, Some(IssueCode::StoreUnreachable));

        lab.sandboxes.store_control.delete("/faults").await?;
        let asked = ask(&lab, &id, ActionRequest::Import {}).await?;
        lab.run_due().await?;
        assert!(assert_done(&lab, asked).await?.starts_with("Imported as #"));
        assert_one_store_order(&lab, &id).await?;

        let canceled = blocked_order(&lab).await?;
        let late = ask(&lab, &canceled, ActionRequest::Import {}).await?;
        do_to(&lab, &canceled, "cancel", &json!({ "by": "buyer" })).await?;
        lab.poll().await?;
        assert_eq!(action(&lab, late).await?.state, ActionState::Failed);
        lab.sandboxes.store_control.delete("/faults").await?;
    }
    Ok(())
}

#[tokio::test]
async fn whoever_asks_for_the_status_hears_what_is_new() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let sync = |lab| ask(lab, &id, ActionRequest::Sync {});

        let nothing_new = sync(&lab).await?;
        lab.run_due().await?;
        assert_eq!(assert_done(&lab, nothing_new).await?, "Already up to date.");

        do_to(&lab, &id, "ship", &json!({})).await?;
        let moved = sync(&lab).await?;
        lab.run_due().await?;
        let sentence = "TikTok Shop moved the order from AWAITING_SHIPMENT to AWAITING_COLLECTION.";
        assert_eq!(assert_done(&lab, moved).await?, sentence);

        lab.sandboxes
            .break_channel(&json!({ "path": "/orders", "kind": "scope_missing", "times": 1 }))
            .await?;
        let refused = sync(&lab).await?;
        lab.run_due().await?;
        assert_failed(&lab, refused).await?;
        assert_eq!(action(&lab, refused).await?.code, Some(IssueCode::ChannelScopeMissing));

        let_time_pass(&lab, &[1]).await?;
        lab.sandboxes.break_channel(&json!({ "path": "/orders", "kind": "cut" })).await?;
        let unanswered = sync(&lab).await?;
        let_time_pass(&lab, &[0, 1, 3]).await?;
        assert_failed(&lab, unanswered).await?;
        assert_eq!(action(&lab, unanswered).await?.code, Some(IssueCode::ChannelUnreachable));
        assert_eq!(lab.open_issues(&id).await?, ["CHANNEL_UNREACHABLE"], "{}", lab.database_name());

        lab.sandboxes.channel_control.delete("/faults").await?;
        let_time_pass(&lab, &[15, 60]).await?;
        assert!(lab.open_issues(&id).await?.is_empty(), "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn a_store_order_is_adopted_only_if_it_can_be_this_orders() -> Result<()> {
    for lab in labs().await {
        let database = lab.database.writer();
        let (id, other) = (imported_order(&lab).await?, imported_order(&lab).await?);
        let store_order = lab.order(&id).await?.store_order_id.context("it is imported")?;
        let others = lab.order(&other).await?.store_order_id.context("it is imported")?;
        // As if we had never heard of the store order, and it had been entered by hand.
        let order_id = OrderId(lab.order(&id).await?.id);
        orders::forget_store_order(database, order_id, ImportState::Waiting).await?;
        let path = format!("/entities/orders/{store_order}");
        let adopt = |number| ActionRequest::Adopt { store_order_id: StoreOrderId(number) };
        let refused = async |number: i64| -> Result<String> {
            let asked = ask(&lab, &id, adopt(number)).await?;
            lab.run_due().await?;
            assert_failed(&lab, asked).await
        };

        assert_eq!(refused(999_999).await?, "The store has no order #999999.");
        assert_eq!(
            refused(others).await?,
            format!("The store order #{others} belongs to the TikTok order {other}.")
        );
        lab.sandboxes.store_control.patch(&path, &json!({ "gift_message": "tiktok:123" })).await?;
        assert_eq!(
            refused(store_order).await?,
            format!("The store order #{store_order} carries the key of the TikTok order 123.")
        );
        lab.sandboxes
            .store_control
            .patch(&path, &json!({ "gift_message": "", "current_state": "8" }))
            .await?;
        assert_eq!(
            refused(store_order).await?,
            format!("The store order #{store_order} is in the store's payment error state.")
        );
        assert_eq!(lab.order(&id).await?.import_state, "waiting");
        let before = lab.sandboxes.store_control.get("/counters").await?;

        lab.sandboxes.store_control.patch(&path, &json!({ "current_state": "2" })).await?;
        let asked = ask(&lab, &id, adopt(store_order)).await?;
        lab.run_due().await?;

        assert_eq!(assert_done(&lab, asked).await?, format!("Took over #{store_order}."));
        let order = lab.order(&id).await?;
        assert_eq!((order.import_state.as_str(), order.store_order_id), ("imported", Some(store_order)));
        assert!(lab.open_issues(&id).await?.is_empty(), "{:?}", lab.open_issues(&id).await?);
        let after = lab.sandboxes.store_control.get("/counters").await?;
        assert_eq!(writes(&before), writes(&after), "{}: the store is only read", lab.database_name());
        let refusal = try_to_ask(&lab, &id, adopt(store_order)).await?.unwrap_err();
        assert_eq!(refusal, "The order is already in your store.");
    }
    Ok(())
}

/// The calls that changed the store.
fn writes(counters: &Value) -> Vec<(String, Value)> {
    let calls = counters["calls"].as_object().cloned().unwrap_or_default();
    calls.into_iter().filter(|(call, _)| !call.starts_with("GET") && !call.starts_with("HEAD")).collect()
}

#[tokio::test]
async fn a_preview_is_the_order_that_the_import_makes_and_names_every_blocker() -> Result<()> {
    for lab in patient_labs().await {
        lab.sandboxes.place_random(60, 23, "all").await?;
        lab.poll().await?;
        let before = lab.sandboxes.store_control.get("/counters").await?;
        let mut previews = Vec::new();
        for truth in lab.sandboxes.channel_orders().await? {
            let id = truth["id"].as_str().context("an order has an id")?.to_owned();
            previews.push((id.clone(), previewed(&lab, &id).await?));
        }
        let after = lab.sandboxes.store_control.get("/counters").await?;
        assert_eq!(writes(&before), writes(&after), "{}: a preview writes nothing", lab.database_name());

        let_time_pass(&lab, &[61]).await?;

        for (id, preview) in previews {
            let case = format!("{} order {id}: {preview:#?}", lab.database_name());
            let order = lab.order(&id).await?;
            let codes: Vec<String> =
                preview.checks.iter().filter_map(|check| check.code).map(|code| code.to_string()).collect();
            let mut issues = lab.open_issues(&id).await?;
            issues.retain(|code| !code.starts_with("CHANNEL") && !code.starts_with("SHIP_BY"));
            match order.import_state.as_str() {
                "imported" => {
                    assert!(preview.ready, "{case}");
                    assert_same_order(&preview, &assert_one_store_order(&lab, &id).await?, &case);
                }
                "blocked" => {
                    assert!(!preview.ready && preview.store_order.is_none(), "{case}");
                    let (mut codes, mut issues) = (codes, issues);
                    codes.sort();
                    issues.sort();
                    assert_eq!(codes, issues, "{case}");
                }
                _ => assert!(!preview.ready, "{case}"),
            }
        }
    }
    Ok(())
}

fn assert_same_order(preview: &ImportPreview, store_order: &Value, case: &str) {
    let planned = preview.store_order.as_ref().unwrap_or_else(|| panic!("{case}"));
    assert_eq!(planned.total.amount, decimal(&store_order["total_paid"]), "{case}");
    assert_eq!(planned.total, planned.expected_total, "{case}");
    let row = |sku: &str, quantity: i64, total: Decimal| (sku.to_owned(), quantity, total.round_dp(2));
    let mut previewed: Vec<_> = planned
        .rows
        .iter()
        .map(|it| row(it.sku.as_deref().unwrap_or_default(), it.quantity, it.total.amount))
        .collect();
    let rows = store_order["rows"].as_array().unwrap_or_else(|| panic!("{store_order:#}"));
    let mut made: Vec<_> = rows
        .iter()
        .map(|it| {
            let sku = it["product_reference"].as_str().unwrap_or_default();
            row(sku, number(&it["product_quantity"]), decimal(&it["total_price_tax_incl"]))
        })
        .collect();
    previewed.sort();
    made.sort();
    assert_eq!(previewed, made, "{case} {store_order:#}");
}

#[tokio::test]
async fn a_preview_of_a_store_that_does_not_answer_says_so() -> Result<()> {
    for lab in labs().await {
        let id = blocked_order(&lab).await?;

        let preview = previewed(&lab, &id).await?;

        assert!(!preview.ready && preview.store_order.is_none());
        assert_eq!(preview.checks[0].code, Some(IssueCode::StoreUnreachable), "{preview:?}");
    }
    Ok(())
}

#[tokio::test]
async fn units_that_are_canceled_after_the_import_are_a_difference_to_be_healed() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let unit = truth(&lab, &id).await?["lines"][0]["id"].as_str().context("it has units")?.to_owned();

        do_to(&lab, &id, "cancel", &json!({ "by": "seller", "order_line_item_ids": [unit] })).await?;
        ask(&lab, &id, ActionRequest::Sync {}).await?;
        lab.run_due().await?;

        assert_eq!(lab.open_issues(&id).await?, ["DRIFT_DETECTED"], "{}", lab.database_name());
        let order_id = OrderId(lab.order(&id).await?.id);
        let open = database::issues::open_of(lab.database.writer(), order_id).await?;
        assert!(open[0].facts.contains("items canceled on TikTok Shop"), "{}", open[0].facts);
        assert_eq!(lab.order(&id).await?.status, "awaiting_shipment");
        after_undo_time(&lab).await?;
        assert_one_store_order(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn deadlines_are_told_before_and_after_they_pass_until_the_order_is_shipped() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let ship_by = lab.order(&id).await?.ship_by.context("it has a deadline")?;
        let left = ship_by - lab.database.clock.now().timestamp_millis();
        assert!(lab.open_issues(&id).await?.is_empty());

        lab.advance(TimeDelta::milliseconds(left) - TimeDelta::minutes(150)).await?;
        lab.run_due().await?;
        assert_eq!(lab.open_issues(&id).await?, ["SHIP_BY_SOON"], "{}", lab.database_name());
        lab.advance(TimeDelta::minutes(160)).await?;
        lab.run_due().await?;
        assert_eq!(lab.open_issues(&id).await?, ["SHIP_BY_LATE"], "{}", lab.database_name());

        do_to(&lab, &id, "ship", &json!({})).await?;
        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;
        assert!(lab.open_issues(&id).await?.is_empty(), "{:?}", lab.open_issues(&id).await?);
    }
    Ok(())
}

#[tokio::test]
async fn a_job_that_panicked_is_told_on_its_order_and_tried_again() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let order = lab.order(&id).await?;
        let refresh = jobs::refresh_order(
            lab.connection_id,
            &shared::TikTokOrderId(id.clone()),
            lab.database.clock.now(),
        );
        let payload = refresh.payload.clone();
        let leased = job_queue::Leased {
            priority: 0,
            id: 7,
            kind: refresh.kind.to_owned(),
            subject: refresh.subject.clone(),
            lane: refresh.lane.clone(),
            payload,
            attempts: 0,
            fence: 1,
            created_at: lab.database.clock.now(),
        };
        let panic = Panicked { reference: "job 7, run 1".to_owned(), at: lab.database.clock.now() };

        let outcome = Handler::panicked(&lab.engine, &leased, &panic).await;

        assert!(matches!(outcome, Outcome::RetryAt { .. }), "{outcome:?}");
        assert_eq!(lab.open_issues(&id).await?, ["INTERNAL"], "{}", lab.database_name());
        assert_eq!(lab.order(&id).await?.status, "error");

        let second_try = job_queue::Leased { attempts: 1, ..leased };
        assert_eq!(Handler::run(&lab.engine, &second_try).await, Outcome::Done);
        assert!(lab.open_issues(&id).await?.is_empty(), "{}", lab.database_name());
        assert_eq!(lab.order(&id).await?.status, order.status);
    }
    Ok(())
}
