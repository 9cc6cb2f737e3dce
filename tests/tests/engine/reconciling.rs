//! The nightly comparison: nothing that TikTok Shop never told of is lost, and what people change in the store is told.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::reconciliations;
use job_queue::Claim;
use serde_json::{Value, json};
use shared::{
    ActionRequest, ActionState, IssueCode, IssueFacts, OrderId, OrderStatus, Reconciliation,
    ReconciliationState,
};
use sync::{jobs, reconciling};
use tests::EngineLab;

use crate::asking::{action, ask, assert_done, assert_failed, do_to, imported_order};
use crate::labs::labs;
use crate::polling::refuse_long_searches;
use crate::store_side::{delete, set_state, store_order_of, store_role};

/// Compares the sides as they are, after what has just changed has settled.
async fn compared(lab: &EngineLab) -> Result<Reconciliation> {
    compared_days(lab, 7).await
}

/// Compares what TikTok Shop changed in so many days.
async fn compared_days(lab: &EngineLab, days: u32) -> Result<Reconciliation> {
    lab.advance(TimeDelta::minutes(3)).await?;
    let now = lab.database.clock.now();
    let connection = lab.connection().await?;
    let txn = lab.database.begin().await?;
    let id = reconciling::start(&txn, &connection, "ada@example.com", days, now).await?;
    txn.commit().await?;
    lab.run_due().await?;
    let receipt = reconciliations::find(lab.database.writer(), id).await?.context("no receipt")?;
    assert_eq!(receipt.state, ReconciliationState::Done, "{}: {receipt:?}", lab.database_name());
    assert!(receipt.started_at.is_some() && receipt.ended_at.is_some());
    Ok(receipt)
}

/// The facts of the open difference about a subject.
/// The facts of the open difference of an order about this.
pub async fn drift(lab: &EngineLab, id: &str, subject: &str) -> Result<Option<IssueFacts>> {
    let order = OrderId(lab.order(id).await?.id);
    let open = database::issues::open_of(lab.database.writer(), order).await?;
    let drift = open.iter().find(|it| it.code == IssueCode::DriftDetected.as_str() && it.subject == subject);
    Ok(drift.map(|it| serde_json::from_str(&it.facts)).transpose()?)
}

async fn change_store_order(lab: &EngineLab, id: &str, fields: &Value) -> Result<()> {
    let store_order = store_order_of(lab, id).await?;
    lab.sandboxes.store_control.patch(&format!("/entities/orders/{store_order}"), fields).await.map(drop)
}

async fn store_total(lab: &EngineLab, id: &str) -> Result<String> {
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    Ok(store_orders[0]["total_paid"].as_str().context("no total")?.to_owned())
}

#[tokio::test]
async fn a_clean_night_leaves_a_receipt_and_no_issue() -> Result<()> {
    for lab in labs().await {
        let ids = lab.sandboxes.place_random(7, 11, "plain").await?;
        lab.poll().await?;

        let receipt = compared(&lab).await?;

        let case = format!("{}: {receipt:?}", lab.database_name());
        assert!(receipt.clean, "{case}");
        assert_eq!((receipt.seen_on_tiktok, receipt.seen_in_store, receipt.compared), (7, 7, 7), "{case}");
        for id in ids {
            assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_night_is_compared_once() -> Result<()> {
    for lab in labs().await {
        imported_order(&lab).await?;

        for _ in 0..3 {
            lab.advance(TimeDelta::hours(24)).await?;
            lab.run_due().await?;
        }

        let page = database::page::PageRequest { limit: 100, start: database::page::Start::First };
        let receipts = reconciliations::page(lab.database.reader(), lab.connection_id, &page).await?.items;
        assert_eq!(receipts.len(), 3, "{}: {receipts:?}", lab.database_name());
        assert!(receipts.iter().all(|receipt| receipt.clean && receipt.actor == "orderbridge"));
    }
    Ok(())
}

#[tokio::test]
async fn nights_without_tiktok_shop_are_made_up_for_by_one_comparison() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        imported_order(&lab).await?;
        lab.sandboxes.break_channel(&json!({ "kind": "overload" })).await?;
        for _ in 0..20 {
            lab.advance(TimeDelta::minutes(1)).await?;
            lab.run_due().await?;
        }
        let broken_since = lab.database.clock.now();

        for _ in 0..3 {
            lab.advance(TimeDelta::hours(24)).await?;
            lab.run_due().await?;
        }
        let page = database::page::PageRequest { limit: 100, start: database::page::Start::First };
        let waiting = reconciliations::page(lab.database.reader(), lab.connection_id, &page).await?.items;
        lab.sandboxes.channel_control.delete("/faults").await?;
        for _ in 0..6 {
            lab.advance(TimeDelta::minutes(1)).await?;
            lab.run_due().await?;
        }

        assert_eq!(waiting.len(), 1, "{case}: {waiting:?}");
        assert_eq!(waiting[0].state, ReconciliationState::Queued, "{case}");
        let [made] = &reconciliations::page(lab.database.reader(), lab.connection_id, &page).await?.items[..]
        else {
            anyhow::bail!("{case}: there is more than one");
        };
        assert_eq!((made.id, made.state), (waiting[0].id, ReconciliationState::Done), "{case}: {made:?}");
        assert!(made.from < broken_since, "{case}: {made:?}");
        assert!(made.until > broken_since + TimeDelta::hours(47), "{case}: {made:?}");
    }
    Ok(())
}

#[tokio::test]
async fn orders_that_tiktok_never_told_of_are_found_counted_and_imported() -> Result<()> {
    for lab in labs().await {
        // Neither a webhook nor a poll: the only thing that ever runs is the comparison.
        refuse_long_searches(&lab).await?;
        let ids = lab.sandboxes.place_random(5, 12, "plain").await?;

        let receipt = compared(&lab).await?;

        let case = format!("{}: {receipt:?}", lab.database_name());
        assert_eq!((receipt.seen_on_tiktok, receipt.missing_here, receipt.clean), (5, 5, false), "{case}");
        for id in &ids {
            assert_eq!(lab.order(id).await?.import_state, "imported", "{case}");
            assert_eq!(lab.sandboxes.store_orders_of(id).await?.len(), 1, "{case}");
        }
        assert!(compared(&lab).await?.clean, "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn a_change_that_was_missed_is_counted_and_read() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        do_to(&lab, &id, "cancel", &json!({})).await?;

        let receipt = compared(&lab).await?;

        let case = format!("{}: {receipt:?}", lab.database_name());
        // A poll comes in between, too; whoever was first, the order is right and the next night is clean.
        assert!(receipt.behind <= 1, "{case}");
        assert_eq!(lab.order(&id).await?.channel_status, "CANCELLED", "{case}");
        assert_eq!(store_role(&lab, &id).await?.as_deref(), Some("PS_OS_CANCELED"), "{case}");
        assert!(compared(&lab).await?.clean, "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn a_total_that_somebody_changed_in_the_store_is_told_until_it_agrees_again() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let before = store_total(&lab, &id).await?;
        change_store_order(&lab, &id, &json!({ "total_paid": "1.230000" })).await?;

        let receipt = compared(&lab).await?;

        let case = format!("{}: {receipt:?}", lab.database_name());
        assert_eq!((receipt.differences, receipt.clean), (1, false), "{case}");
        let facts = drift(&lab, &id, "total").await?.context("no drift")?;
        assert_eq!(facts["store"], "1.23 EUR", "{facts:?}");
        assert!(facts["field"].starts_with("the total: 1.23 EUR in the store"), "{facts:?}");
        assert_eq!(lab.order(&id).await?.status, OrderStatus::AwaitingShipment.as_str(), "a warning only");

        // No machine takes money back: healing says what is left to a person.
        let heal = ask(&lab, &id, ActionRequest::Heal {}).await?;
        lab.run_due().await?;
        assert!(assert_failed(&lab, heal).await?.contains("total"));

        change_store_order(&lab, &id, &json!({ "total_paid": before })).await?;
        let receipt = compared(&lab).await?;
        assert_eq!((receipt.healed, receipt.clean), (1, true), "{case}");
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn an_address_that_changed_without_a_word_is_found_at_night() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        // What changed in the last second that a poll saw is read once more, so it is another one.
        lab.advance(TimeDelta::hours(1)).await?;
        imported_order(&lab).await?;
        do_to(&lab, &id, "address", &json!({ "country": "FR" })).await?;
        lab.poll().await?;
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "TikTok Shop lists it as before");

        compared(&lab).await?;

        assert_eq!(lab.open_issues(&id).await?, ["ADDRESS_CHANGED"], "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn whatever_is_yet_to_be_packed_is_looked_at_again_however_long_ago_it_changed() -> Result<()> {
    for lab in labs().await {
        let (waits, left) = (imported_order(&lab).await?, imported_order(&lab).await?);
        do_to(&lab, &left, "ship", &json!({})).await?;
        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;
        // TikTok Shop ends what waits for so long, unless it waits for itself.
        lab.sandboxes.channel_control.post("/pause", &Value::Null).await?;
        lab.advance(TimeDelta::days(3)).await?;
        lab.poll().await?;
        for id in [&waits, &left] {
            do_to(&lab, id, "address", &json!({ "country": "FR" })).await?;
        }

        let day = compared_days(&lab, 1).await?;

        let case = format!("{}: {day:?}", lab.database_name());
        assert_eq!(day.seen_on_tiktok, 0, "{case}");
        assert!(lab.open_issues(&waits).await?.contains(&"ADDRESS_CHANGED".to_owned()), "{case}");
        assert!(!lab.open_issues(&left).await?.contains(&"ADDRESS_CHANGED".to_owned()), "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn an_ignored_difference_stays_quiet_until_it_changes() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        change_store_order(&lab, &id, &json!({ "total_paid": "1.230000" })).await?;
        compared(&lab).await?;

        ask(&lab, &id, ActionRequest::MarkHandled { code: IssueCode::DriftDetected, subject: None }).await?;
        let ignored = compared(&lab).await?;
        change_store_order(&lab, &id, &json!({ "total_paid": "1.240000" })).await?;
        let changed = compared(&lab).await?;

        let case = format!("{}: {ignored:?} {changed:?}", lab.database_name());
        assert_eq!((ignored.differences, ignored.clean), (0, true), "{case}");
        assert_eq!(changed.differences, 1, "{case}");
        assert_eq!(drift(&lab, &id, "total").await?.context("no drift")?["store"], "1.24 EUR", "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn a_store_order_that_was_deleted_or_canceled_by_hand_is_told() -> Result<()> {
    for lab in labs().await {
        let (deleted, canceled) = (imported_order(&lab).await?, imported_order(&lab).await?);
        delete(&lab, &deleted).await?;
        set_state(&lab, &canceled, "PS_OS_CANCELED").await?;

        let receipt = compared(&lab).await?;

        let case = format!("{}: {receipt:?}", lab.database_name());
        assert_eq!((receipt.missing_in_store, receipt.differences), (1, 1), "{case}");
        assert_eq!(lab.open_issues(&deleted).await?, ["STORE_ORDER_DELETED"], "{case}");
        let facts = drift(&lab, &canceled, "status").await?.context("no drift")?;
        assert_eq!(facts["tiktok"], "Awaiting Shipment", "{facts:?}");
        assert_eq!(lab.sandboxes.store_orders_of(&deleted).await?.len(), 0, "never made again by itself");
    }
    Ok(())
}

/// A shipped order whose store order is in the state of one that was paid, as after a backup of the store was put back, behind
/// everybody's back.
async fn order_left_behind(lab: &EngineLab) -> Result<String> {
    let id = imported_order(lab).await?;
    do_to(lab, &id, "ship", &json!({})).await?;
    lab.advance(TimeDelta::minutes(2)).await?;
    lab.poll().await?;
    assert_eq!(store_role(lab, &id).await?.as_deref(), Some("PS_OS_PREPARATION"));
    let paid = lab.sandboxes.store_control.get("/entities/configurations").await?;
    let paid = paid.as_array().context("no configurations")?.iter();
    let mut paid = paid.filter(|row| row["name"] == "PS_OS_WS_PAYMENT");
    let paid = paid.next().context("no such role")?["value"].clone();
    change_store_order(lab, &id, &json!({ "current_state": paid })).await?;
    Ok(id)
}

#[tokio::test]
async fn healing_leaves_the_move_to_the_job_that_is_at_it() -> Result<()> {
    for lab in labs().await {
        let id = order_left_behind(&lab).await?;
        compared(&lab).await?;
        let order_id = OrderId(lab.order(&id).await?.id);
        let (writer, now) = (lab.database.writer(), lab.database.clock.now());
        job_queue::enqueue(writer, jobs::push_store_state(lab.connection_id, order_id, now), now).await?;
        let lease = Duration::from_secs(600);
        let kinds = &[jobs::PUSH_STORE_STATE][..];
        let owner = "another process";
        let claim = Claim { owner, kinds, limit: 1, lane_limit: 1, lease, after_lane: "" };
        assert_eq!(job_queue::claim(writer, &claim, now).await?.len(), 1);

        let heal = ask(&lab, &id, ActionRequest::Heal {}).await?;
        lab.run_due().await?;
        assert_eq!(action(&lab, heal).await?.state, ActionState::Queued, "{}", lab.database_name());
        assert_eq!(store_role(&lab, &id).await?.as_deref(), Some("PS_OS_WS_PAYMENT"));

        job_queue::release(writer, owner).await?;
        lab.advance(TimeDelta::seconds(2)).await?;
        lab.run_due().await?;
        assert_eq!(assert_done(&lab, heal).await?, "Both sides agree.");
        assert_eq!(store_role(&lab, &id).await?.as_deref(), Some("PS_OS_PREPARATION"));
    }
    Ok(())
}

#[tokio::test]
async fn healing_moves_a_store_order_forward_that_was_left_behind() -> Result<()> {
    for lab in labs().await {
        let id = order_left_behind(&lab).await?;
        let receipt = compared(&lab).await?;
        let case = format!("{}: {receipt:?}", lab.database_name());
        assert_eq!(receipt.differences, 1, "{case}");

        let heal = ask(&lab, &id, ActionRequest::Heal {}).await?;
        lab.run_due().await?;

        assert_eq!(assert_done(&lab, heal).await?, "Both sides agree.");
        assert_eq!(store_role(&lab, &id).await?.as_deref(), Some("PS_OS_PREPARATION"), "{case}");
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{case}");
        assert!(compared(&lab).await?.clean, "{case}");
    }
    Ok(())
}
