//! How the store and the connection are set up: what is missing is named, and mending it is all it takes.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::{IssueCode, OrderStatus};
use tests::EngineLab;

use super::shown::{
    change_row, cleared, forget_store, imported_once, mugs_to, not_in_store, place_to, retry_import, row,
    rows, shown, wait_for_retry,
};
use crate::asking::{do_to, imported_order};
use crate::store_side::{change_settings, look_again, store_role};

pub async fn currency_unavailable(lab: &EngineLab) -> Result<()> {
    let zloty = row(lab, "currencies", "iso_code", "PLN").await?;
    change_row(lab, "currencies", &zloty, &json!({ "active": "0" })).await?;
    forget_store(lab).await?;
    let placed = json!({ "currency": "PLN", "order": mugs_to("FR") });
    let id = lab.sandboxes.place(&placed).await?.pop().context("no order was placed")?;
    lab.poll().await?;
    let issue = shown(lab, &id, IssueCode::CurrencyUnavailable).await?;
    assert_eq!(issue.sentence, "PLN is not active in your store.");
    not_in_store(lab, &id).await?;

    change_row(lab, "currencies", &zloty, &json!({ "active": "1" })).await?;
    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::CurrencyUnavailable).await
}

/// The carrier that was chosen for the country is not free, so it would add a price of its own.
pub async fn carrier_unmapped(lab: &EngineLab) -> Result<()> {
    change_settings(lab, |settings| {
        settings.carrier_by_country.insert("BE".to_owned(), 2);
    })
    .await?;
    let id = place_to(lab, "BE").await?;
    shown(lab, &id, IssueCode::CarrierUnmapped).await?;
    not_in_store(lab, &id).await?;

    change_settings(lab, |settings| {
        settings.carrier_by_country.insert("BE".to_owned(), 1);
    })
    .await?;
    imported_once(lab, &id, IssueCode::CarrierUnmapped).await
}

pub async fn state_unmapped(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let mapped = OrderStatus::AwaitingCollection;
    change_settings(lab, |settings| {
        settings.status_mapping.insert(mapped, Some(999));
    })
    .await?;
    do_to(lab, &id, "ship", &json!({})).await?;
    look_again(lab).await?;
    let issue = shown(lab, &id, IssueCode::StateUnmapped).await?;
    assert_eq!(issue.sentence, "The order state you chose no longer exists: #999.");

    change_settings(lab, |settings| {
        settings.status_mapping.remove(&mapped);
    })
    .await?;
    wait_for_retry(lab).await?;
    cleared(lab, &id, IssueCode::StateUnmapped, OrderStatus::AwaitingCollection).await?;
    let role = store_role(lab, &id).await?;
    ensure!(role.as_deref() == Some("PS_OS_PREPARATION"), "the store order has not followed: {role:?}");
    Ok(())
}

pub async fn payment_module_off(lab: &EngineLab) -> Result<()> {
    let modules = |module: Value| async move {
        lab.sandboxes.store_control.post("/payment-modules", &module).await.map(drop)
    };
    modules(json!({ "name": "ps_wirepayment" })).await?;
    let id = place_to(lab, "FR").await?;
    let issue = shown(lab, &id, IssueCode::PaymentModuleOff).await;
    modules(json!({ "name": "ps_wirepayment", "display_name": "Bank wire" })).await?;
    issue?;
    not_in_store(lab, &id).await?;

    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::PaymentModuleOff).await
}

pub async fn tax_rule_missing(lab: &EngineLab) -> Result<()> {
    let denmark = row(lab, "countries", "iso_code", "DK").await?["id"].to_string();
    let rules = rows(lab, "tax_rules", &[("id_country", &denmark)]).await?;
    for rule in &rules {
        change_row(lab, "tax_rules", rule, &json!({ "id_country": "0" })).await?;
    }
    let id = place_to(lab, "DK").await?;
    let issue = shown(lab, &id, IssueCode::TaxRuleMissing).await?;
    assert_eq!(issue.sentence, "No tax rule for DK.");
    not_in_store(lab, &id).await?;

    for rule in &rules {
        change_row(lab, "tax_rules", rule, &json!({ "id_country": denmark })).await?;
    }
    retry_import(lab, &id).await?;
    imported_once(lab, &id, IssueCode::TaxRuleMissing).await
}
