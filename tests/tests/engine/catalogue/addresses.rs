//! Where it goes: countries, states and addresses that the store refuses, and those that TikTok Shop hides or changes.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::{IdentityRule, IssueCode, OrderStatus};
use tests::EngineLab;

use super::shown::{
    change_row, cleared, forget_store, imported_once, mark_handled, mugs_to, not_in_store, place_as,
    place_to, retry_import, row, rows, shown, sync, wait_for_retry,
};
use crate::asking::{do_to, imported_order, truth};
use crate::store_side::change_settings;

pub async fn country_inactive(lab: &EngineLab) -> Result<()> {
    let germany = row(lab, "countries", "iso_code", "DE").await?;
    change_row(lab, "countries", &germany, &json!({ "active": "0" })).await?;
    forget_store(lab).await?;
    let id = place_to(lab, "DE").await?;
    shown(lab, &id, IssueCode::CountryInactive).await?;
    not_in_store(lab, &id).await?;

    change_row(lab, "countries", &germany, &json!({ "active": "1" })).await?;
    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::CountryInactive).await
}

pub async fn state_invalid(lab: &EngineLab) -> Result<()> {
    let id = place_as(lab, "held", &mugs_to("US")).await?;
    let districts = truth(lab, &id).await?["recipient"]["districts"].as_array().cloned().unwrap_or_default();
    let us = row(lab, "countries", "iso_code", "US").await?;
    let mut states = rows(lab, "states", &[("id_country", &us["id"].to_string())]).await?;
    states.retain(|state| districts.iter().any(|district| district["name"] == state["name"]));
    ensure!(!states.is_empty(), "no state is named in the address");
    for state in &states {
        change_row(lab, "states", state, &json!({ "active": "0" })).await?;
    }
    forget_store(lab).await?;
    do_to(lab, &id, "release", &json!({})).await?;
    lab.poll().await?;
    shown(lab, &id, IssueCode::StateInvalid).await?;
    not_in_store(lab, &id).await?;

    for state in &states {
        change_row(lab, "states", state, &json!({ "active": "1" })).await?;
    }
    retry_import(lab, &id).await?;
    imported_once(lab, &id, IssueCode::StateInvalid).await
}

pub async fn address_masked(lab: &EngineLab) -> Result<()> {
    let id = place_as(lab, "held", &mugs_to("FR")).await?;
    let plain = truth(lab, &id).await?["recipient"].clone();
    let mut starred = plain.clone();
    starred["name"] = "C***** D*****".into();
    do_to(lab, &id, "address", &json!({ "recipient": starred })).await?;
    do_to(lab, &id, "release", &json!({})).await?;
    lab.poll().await?;
    let issue = shown(lab, &id, IssueCode::AddressMasked).await?;
    ensure!(issue.next_retry_at.is_some(), "{issue:?}");
    not_in_store(lab, &id).await?;

    do_to(lab, &id, "address", &json!({ "recipient": plain })).await?;
    wait_for_retry(lab).await?;
    imported_once(lab, &id, IssueCode::AddressMasked).await
}

pub async fn address_rejected(lab: &EngineLab) -> Result<()> {
    let require = async |fields: Value| {
        lab.sandboxes.store_control.patch("/settings", &json!({ "required_fields": fields })).await
    };
    require(json!([["addresses", "company"]])).await?;
    let id = place_to(lab, "FR").await?;
    let issue = shown(lab, &id, IssueCode::AddressRejected).await;
    require(json!([])).await?;
    assert_eq!(issue?.sentence, "Your store refused: company.");
    not_in_store(lab, &id).await?;

    retry_import(lab, &id).await?;
    imported_once(lab, &id, IssueCode::AddressRejected).await
}

pub async fn identity_required(lab: &EngineLab) -> Result<()> {
    let spain = row(lab, "countries", "iso_code", "ES").await?;
    change_row(lab, "countries", &spain, &json!({ "need_identification_number": "1" })).await?;
    change_settings(lab, |settings| settings.identity_rule = IdentityRule::FromOrder).await?;
    forget_store(lab).await?;
    let id = place_to(lab, "ES").await?;
    shown(lab, &id, IssueCode::IdentityRequired).await?;
    not_in_store(lab, &id).await?;

    change_settings(lab, |settings| settings.identity_rule = IdentityRule::OrderId).await?;
    imported_once(lab, &id, IssueCode::IdentityRequired).await
}

pub async fn address_changed(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let before = truth(lab, &id).await?["recipient"]["address_lines"].clone();
    do_to(lab, &id, "address", &json!({ "country": "FR" })).await?;
    ensure!(truth(lab, &id).await?["recipient"]["address_lines"] != before, "the same address again");
    sync(lab, &id).await?;
    shown(lab, &id, IssueCode::AddressChanged).await?;

    mark_handled(lab, &id, IssueCode::AddressChanged).await?;
    cleared(lab, &id, IssueCode::AddressChanged, OrderStatus::AwaitingShipment).await?;
    let store_orders = lab.sandboxes.store_orders_of(&id).await?;
    store_orders.first().context("it has left the store").map(drop)
}
