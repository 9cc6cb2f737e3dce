//! Parcels that TikTok Shop does not take, and those that do not leave in time.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use serde_json::json;
use shared::{ActionRequest, IssueCode, OrderStatus};
use tests::EngineLab;

use super::shown::{cleared, mark_handled, shown, shown_beside, sync};
use crate::asking::{ask, assert_done, assert_failed, do_to, imported_order, let_time_pass, truth};
use crate::store_side::{DHL, UPS, change_settings, look_again, set_number, set_state};

const SHIPPED: &str = "PS_OS_SHIPPING";
const LEFT: OrderStatus = OrderStatus::AwaitingCollection;

fn ship(carrier: &str, number: &str) -> ActionRequest {
    ActionRequest::Ship {
        carrier_id: Some(carrier.to_owned()),
        tracking_number: Some(number.to_owned()),
        line_item_ids: Vec::new(),
    }
}

/// Checks that TikTok Shop has one parcel with this number.
async fn left_with(lab: &EngineLab, id: &str, number: &str) -> Result<()> {
    let truth = truth(lab, id).await?;
    let packages = truth["packages"].as_array().map_or(&[][..], Vec::as_slice);
    ensure!(packages.len() == 1 && packages[0]["tracking_number"] == number, "{packages:?}");
    Ok(())
}

pub async fn tracking_missing(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    set_state(lab, &id, SHIPPED).await?;
    let_time_pass(lab, &[1, 16]).await?;
    shown(lab, &id, IssueCode::ShipTrackingMissing).await?;

    set_number(lab, &id, "KT100001", true).await?;
    look_again(lab).await?;
    cleared(lab, &id, IssueCode::ShipTrackingMissing, LEFT).await?;
    left_with(lab, &id, "KT100001").await
}

pub async fn tracking_rejected(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let refused = ask(lab, &id, ship(UPS, "KT20")).await?;
    lab.run_due().await?;
    assert_failed(lab, refused).await?;
    let issue = shown(lab, &id, IssueCode::ShipTrackingRejected).await?;
    assert_eq!(issue.sentence, "TikTok refused “KT20”.");

    let corrected = ask(lab, &id, ship(UPS, "KT200001")).await?;
    lab.run_due().await?;
    assert_done(lab, corrected).await?;
    cleared(lab, &id, IssueCode::ShipTrackingRejected, LEFT).await?;
    left_with(lab, &id, "KT200001").await
}

pub async fn provider_unmapped(lab: &EngineLab) -> Result<()> {
    let mapped = lab.connection().await?.settings.carrier_map;
    change_settings(lab, |settings| settings.carrier_map.clear()).await?;
    let id = imported_order(lab).await?;
    set_number(lab, &id, "KT300001", true).await?;
    set_state(lab, &id, SHIPPED).await?;
    look_again(lab).await?;
    let issue = shown(lab, &id, IssueCode::ShipProviderUnmapped).await;

    change_settings(lab, |settings| settings.carrier_map = mapped).await?;
    assert_eq!(issue?.sentence, "Marketplace delivery is not known to TikTok here.");
    look_again(lab).await?;
    cleared(lab, &id, IssueCode::ShipProviderUnmapped, LEFT).await?;
    left_with(lab, &id, "KT300001").await
}

/// The buyer asks to cancel in the moment in which the parcel is sent, and thinks better of it.
pub async fn not_allowed(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let refused = ask(lab, &id, ship(DHL, "KT400001")).await?;
    do_to(lab, &id, "request-cancel", &json!({})).await?;
    lab.run_due().await?;
    assert_failed(lab, refused).await?;
    shown_beside(lab, &id, IssueCode::ShipNotAllowed, &[IssueCode::CancelRequestOpen]).await?;

    do_to(lab, &id, "withdraw-request", &json!({})).await?;
    sync(lab, &id).await?;
    let again = ask(lab, &id, ActionRequest::ResendShipping {}).await?;
    lab.run_due().await?;
    assert_done(lab, again).await?;
    cleared(lab, &id, IssueCode::ShipNotAllowed, LEFT).await?;
    left_with(lab, &id, "KT400001").await
}

pub async fn update_limit(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let shipped = ask(lab, &id, ship(DHL, "KT500001")).await?;
    lab.run_due().await?;
    assert_done(lab, shipped).await?;
    let package = truth(lab, &id).await?["packages"][0]["id"].as_str().context("no package")?.to_owned();
    let correct = |number: &str| ActionRequest::CorrectShipping {
        package_id: package.clone(),
        carrier_id: UPS.to_owned(),
        tracking_number: number.to_owned(),
    };
    let first = ask(lab, &id, correct("KT500002")).await?;
    lab.run_due().await?;
    assert_done(lab, first).await?;
    let second = ask(lab, &id, correct("KT500003")).await?;
    lab.run_due().await?;
    assert_failed(lab, second).await?;
    shown(lab, &id, IssueCode::ShipUpdateLimit).await?;

    mark_handled(lab, &id, IssueCode::ShipUpdateLimit).await?;
    cleared(lab, &id, IssueCode::ShipUpdateLimit, LEFT).await?;
    left_with(lab, &id, "KT500002").await
}

pub async fn by_soon(lab: &EngineLab) -> Result<()> {
    by(lab, 30, IssueCode::ShipBySoon, "Ship within 17 hours.", "KT600001").await
}

pub async fn by_late(lab: &EngineLab) -> Result<()> {
    by(lab, 52, IssueCode::ShipByLate, "Late by 4 hours.", "KT600002").await
}

/// The order is to be shipped within two days, and waits for so many hours.
async fn by(lab: &EngineLab, hours: i64, code: IssueCode, sentence: &str, number: &str) -> Result<()> {
    let id = imported_order(lab).await?;
    // Minutes short of the hour in which the words change.
    lab.advance(TimeDelta::hours(hours) + TimeDelta::minutes(20)).await?;
    lab.run_due().await?;
    let issue = shown(lab, &id, code).await?;
    ensure!(issue.sentence == sentence, "{}", issue.sentence);

    let shipped = ask(lab, &id, ship(DHL, number)).await?;
    lab.run_due().await?;
    assert_done(lab, shipped).await?;
    cleared(lab, &id, code, LEFT).await?;
    left_with(lab, &id, number).await
}
