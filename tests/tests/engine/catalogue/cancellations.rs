//! Cancellations that one side does not take, or that come when the parcel has left.

use anyhow::{Result, ensure};
use serde_json::json;
use shared::{ActionRequest, IssueCode, OrderStatus};
use tests::EngineLab;

use super::shown::{cleared, mark_handled, shown, sync};
use crate::asking::{
    after_undo_time, ask, assert_done, assert_failed, cancel, do_to, imported_order, reject, truth,
};
use crate::store_side::{look_again, set_state, store_role};

const CANCELED: &str = "PS_OS_CANCELED";

/// The reason does not fit; another one does.
pub async fn refused(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let wrong = ActionRequest::Cancel {
        reason: "seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed".to_owned(),
        line_item_ids: Vec::new(),
    };
    let refused = ask(lab, &id, wrong).await?;
    after_undo_time(lab).await?;
    assert_failed(lab, refused).await?;
    shown(lab, &id, IssueCode::CancelRefused).await?;

    let asked = ask(lab, &id, cancel()).await?;
    after_undo_time(lab).await?;
    assert_done(lab, asked).await?;
    cleared(lab, &id, IssueCode::CancelRefused, OrderStatus::Canceled).await?;
    in_store_as(lab, &id, CANCELED).await
}

pub async fn request_open(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    do_to(lab, &id, "request-cancel", &json!({})).await?;
    sync(lab, &id).await?;
    shown(lab, &id, IssueCode::CancelRequestOpen).await?;

    let rejected = ask(lab, &id, reject()).await?;
    lab.run_due().await?;
    assert_done(lab, rejected).await?;
    cleared(lab, &id, IssueCode::CancelRequestOpen, OrderStatus::AwaitingShipment).await?;
    in_store_as(lab, &id, "PS_OS_WS_PAYMENT").await
}

/// The carrier has the parcel when TikTok Shop cancels the order.
pub async fn after_shipment(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    for step in ["ship", "collect"] {
        do_to(lab, &id, step, &json!({})).await?;
        look_again(lab).await?;
    }
    do_to(lab, &id, "cancel", &json!({ "by": "system" })).await?;
    look_again(lab).await?;
    shown(lab, &id, IssueCode::CanceledAfterShipment).await?;

    mark_handled(lab, &id, IssueCode::CanceledAfterShipment).await?;
    look_again(lab).await?;
    cleared(lab, &id, IssueCode::CanceledAfterShipment, OrderStatus::Canceled).await?;
    in_store_as(lab, &id, CANCELED).await
}

/// The store has shipped, TikTok Shop does not know of it and cancels.
pub async fn store_conflict(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    set_state(lab, &id, "PS_OS_SHIPPING").await?;
    look_again(lab).await?;
    do_to(lab, &id, "cancel", &json!({ "by": "system" })).await?;
    look_again(lab).await?;
    shown(lab, &id, IssueCode::CancelStoreConflict).await?;

    mark_handled(lab, &id, IssueCode::CancelStoreConflict).await?;
    look_again(lab).await?;
    cleared(lab, &id, IssueCode::CancelStoreConflict, OrderStatus::Canceled).await?;
    in_store_as(lab, &id, CANCELED).await
}

/// One of two units is canceled on TikTok Shop after the import; the store order keeps both.
pub async fn drift_detected(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let unit = truth(lab, &id).await?["lines"][0]["id"].clone();
    do_to(lab, &id, "cancel", &json!({ "by": "buyer", "order_line_item_ids": [unit] })).await?;
    look_again(lab).await?;
    shown(lab, &id, IssueCode::DriftDetected).await?;

    mark_handled(lab, &id, IssueCode::DriftDetected).await?;
    look_again(lab).await?;
    cleared(lab, &id, IssueCode::DriftDetected, OrderStatus::AwaitingShipment).await?;
    in_store_as(lab, &id, "PS_OS_WS_PAYMENT").await
}

async fn in_store_as(lab: &EngineLab, id: &str, expected: &str) -> Result<()> {
    let role = store_role(lab, id).await?;
    ensure!(role.as_deref() == Some(expected), "{role:?} in the store, not {expected}");
    Ok(())
}
