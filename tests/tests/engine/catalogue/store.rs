//! A store that is away, refuses, lies, or keeps something else than it was given.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use shared::{ActionRequest, IssueCode, OrderStatus, REASON};
use tests::EngineLab;

use super::shown::{
    change_row, cleared, forget_store, imported_once, mark_handled, not_in_store, place, place_as, place_to,
    retry_import, row, shown, wait_for_retry,
};
use crate::asking::{ask, assert_done, do_to, imported_order, let_time_pass, truth, try_to_ask};
use crate::store_side::{delete, store_order_of, story};

/// The store's ecotax makes every total another one, so nothing is created.
pub async fn total_mismatch_before_creation(lab: &EngineLab) -> Result<()> {
    let ecotax = async |enabled: &str, amount: &str| {
        lab.sandboxes.store_control.patch("/configurations", &json!({ "PS_USE_ECOTAX": enabled })).await?;
        let soap = row(lab, "products", "reference", "SOAP-LAVENDER").await?;
        change_row(lab, "products", &soap, &json!({ "ecotax": amount })).await
    };
    ecotax("1", "0.10").await?;
    forget_store(lab).await?;
    let id = place(lab, &json!({ "country": "FR", "lines": [{ "seller_sku": "SOAP-LAVENDER" }] })).await?;
    let issue = shown(lab, &id, IssueCode::StoreTotalMismatch).await;
    ecotax("0", "0").await?;
    let sentence = issue?.sentence;
    assert_eq!(sentence, "Store total at least 0.47 EUR, TikTok 0.37 EUR: at least 0.10 EUR off.");
    not_in_store(lab, &id).await?;

    retry_import(lab, &id).await?;
    imported_once(lab, &id, IssueCode::StoreTotalMismatch).await
}

/// The store keeps one euro more than it was given.
pub async fn total_mismatch_after_creation(lab: &EngineLab) -> Result<()> {
    let fault =
        json!({ "resource": "orders", "method": "POST", "kind": "stored_something_else", "times": 1 });
    lab.sandboxes.break_store(&fault).await?;
    let id = place_to(lab, "FR").await?;
    let issue = shown(lab, &id, IssueCode::StoreTotalMismatch).await?;
    ensure!(issue.sentence.ends_with(": 1.00 EUR off."), "{}", issue.sentence);
    let store_order = store_order_of(lab, &id).await?;

    let worth = truth(lab, &id).await?["payment"]["worth_to_seller"].clone();
    let amounts = json!({ "total_paid": worth, "total_paid_tax_incl": worth });
    change_row(lab, "orders", &json!({ "id": store_order }), &amounts).await?;
    mark_handled(lab, &id, IssueCode::StoreTotalMismatch).await?;
    imported_once(lab, &id, IssueCode::StoreTotalMismatch).await
}

/// The store broke off before it gave the order a state; the total is right.
pub async fn mismatch_with_the_right_total(lab: &EngineLab) -> Result<()> {
    let fault = json!({ "resource": "orders", "method": "POST", "kind": "half_made500", "times": 1 });
    lab.sandboxes.break_store(&fault).await?;
    let id = place_to(lab, "FR").await?;
    let issue = shown(lab, &id, IssueCode::StoreTotalMismatch).await?;
    assert_eq!(
        issue.sentence,
        "The total is right, but the store broke off while making the order, which is in no state."
    );
    let refusal = try_to_ask(lab, &id, ActionRequest::Import {}).await?.unwrap_err();
    assert_eq!(refusal, "The order is already in your store.");

    mark_handled(lab, &id, IssueCode::StoreTotalMismatch).await?;
    imported_once(lab, &id, IssueCode::StoreTotalMismatch).await
}

/// Somebody else, perhaps another module, has made the order twice.
pub async fn duplicate_found(lab: &EngineLab) -> Result<()> {
    let same = imported_order(lab).await?;
    let store_order = store_order_of(lab, &same).await?;
    let all = lab.sandboxes.store_control.get("/entities/orders").await?;
    let mut row = all
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["id"] == json!(store_order)))
        .cloned()
        .context("it is not in the store")?;
    let fields = row.as_object_mut().context("a row has fields")?;
    fields.remove("associations");
    fields.remove("id");
    let order = json!({
        "country": "FR", "shipping_fee": "4.99",
        "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }],
    });
    let id = place_as(lab, "held", &order).await?;
    row["gift_message"] = format!("tiktok:{id}").into();
    for reference in ["TWINFIRST", "TWINAFTER"] {
        row["reference"] = reference.into();
        lab.sandboxes.store_control.post("/entities/orders", &row).await?;
    }
    do_to(lab, &id, "release", &json!({})).await?;
    lab.poll().await?;
    let issue = shown(lab, &id, IssueCode::StoreDuplicateFound).await?;
    let kept = store_order_of(lab, &id).await?;
    let store_orders = lab.sandboxes.store_orders_of(&id).await?;
    let canceled: Vec<_> = store_orders.iter().filter(|order| order["current_state"] == "6").collect();
    ensure!(store_orders.len() == 2 && canceled.len() == 1, "{store_orders:?}");
    ensure!(canceled[0]["id"] != json!(kept), "the first one is the order");
    let other = &canceled[0]["id"];
    let sentence = format!("Already in your store as #{kept}; #{other} was made for it too.");
    assert_eq!(issue.sentence, sentence);
    assert_eq!(issue.facts[REASON], format!("orderbridge canceled #{other}"));
    let entry = format!("The store had this order twice: #{kept} is kept; orderbridge canceled #{other}.");
    let told = story(lab, &id).await?;
    ensure!(told.contains(&entry), "{told}");

    mark_handled(lab, &id, IssueCode::StoreDuplicateFound).await?;
    cleared(lab, &id, IssueCode::StoreDuplicateFound, OrderStatus::AwaitingShipment).await
}

pub async fn unreachable(lab: &EngineLab) -> Result<()> {
    lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;
    let id = place_to(lab, "FR").await?;
    let issue = shown(lab, &id, IssueCode::StoreUnreachable).await?;
    ensure!(issue.next_retry_at.is_some(), "the next try is shown: {issue:?}");

    lab.sandboxes.store_control.delete("/faults").await?;
    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::StoreUnreachable).await
}

pub async fn auth(lab: &EngineLab) -> Result<()> {
    let switch = async |active: bool| {
        let key = json!({ "key": lab.sandboxes.store.key, "active": active });
        lab.sandboxes.store_control.post("/keys", &key).await
    };
    switch(false).await?;
    forget_store(lab).await?;
    let id = place_to(lab, "FR").await?;
    let issue = shown(lab, &id, IssueCode::StoreAuth).await;
    switch(true).await?;
    issue?;
    not_in_store(lab, &id).await?;

    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::StoreAuth).await
}

/// A module in the store refuses, in words of its own that are nobody's business here.
pub async fn refused(lab: &EngineLab) -> Result<()> {
    lab.sandboxes.break_store(&json!({ "resource": "customers", "kind": "refused400" })).await?;
    let id = place_to(lab, "FR").await?;
    let issue = shown(lab, &id, IssueCode::StoreRefused).await?;
    assert_eq!(issue.sentence, "Your store refused what we asked for: status 400, PrestaShop's error 999.");
    ensure!(!format!("{issue:?}").contains("guard"), "the store's own words: {issue:?}");
    ensure!(issue.next_retry_at.is_some(), "the next try is shown: {issue:?}");
    not_in_store(lab, &id).await?;

    lab.sandboxes.store_control.delete("/faults").await?;
    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::StoreRefused).await
}

pub async fn rate_limited(lab: &EngineLab) -> Result<()> {
    lab.sandboxes.break_store(&json!({ "resource": "customers", "kind": "too_many429" })).await?;
    let id = place_to(lab, "FR").await?;
    let issue = shown(lab, &id, IssueCode::StoreRateLimited).await?;
    ensure!(issue.next_retry_at.is_some(), "the next try is shown: {issue:?}");
    not_in_store(lab, &id).await?;

    lab.sandboxes.store_control.delete("/faults").await?;
    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::StoreRateLimited).await
}

/// The request got lost on its way, and nobody can know that.
pub async fn write_unknown(lab: &EngineLab) -> Result<()> {
    let fault = json!({ "resource": "orders", "method": "POST", "kind": "cut_before", "times": 1 });
    lab.sandboxes.break_store(&fault).await?;
    let id = place_to(lab, "FR").await?;
    let issue = shown(lab, &id, IssueCode::StoreWriteUnknown).await?;
    ensure!(issue.next_retry_at.is_some(), "the next look is shown: {issue:?}");
    not_in_store(lab, &id).await?;

    let_time_pass(lab, &[1]).await?;
    not_in_store(lab, &id).await?;
    let_time_pass(lab, &[2, 3]).await?;
    imported_once(lab, &id, IssueCode::StoreWriteUnknown).await
}

pub async fn order_deleted(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    delete(lab, &id).await?;
    let_time_pass(lab, &[11, 11]).await?;
    shown(lab, &id, IssueCode::StoreOrderDeleted).await?;
    not_in_store(lab, &id).await?;

    let asked = ask(lab, &id, ActionRequest::Import {}).await?;
    lab.run_due().await?;
    assert_done(lab, asked).await?;
    imported_once(lab, &id, IssueCode::StoreOrderDeleted).await
}
