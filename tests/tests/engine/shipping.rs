//! Parcels: each leaves once, whatever becomes of the answers, and both sides show what was asked for.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::actions as rows;
use serde_json::{Value, json};
use shared::{ActionId, ActionRequest, ActionState, IssueCode, OrderId};
use tests::{EngineLab, LabOptions};

use crate::asking::{action, ask, assert_done, assert_failed, do_to, let_time_pass, truth, try_to_ask};
use crate::labs::labs;
use crate::store_side::{DHL, UPS, store_role, story};

/// Royal Mail collects in the United Kingdom only.
const ROYAL_MAIL: &str = "6671484739372728336";

/// A shipment of these units, or of all, with DHL.
pub fn ship(number: &str, units: &[String]) -> ActionRequest {
    ship_with(DHL, number, units)
}

fn ship_with(carrier: &str, number: &str, units: &[String]) -> ActionRequest {
    ActionRequest::Ship {
        carrier_id: Some(carrier.to_owned()),
        tracking_number: Some(number.to_owned()),
        line_item_ids: units.to_vec(),
    }
}

fn ship_on_tiktok_label() -> ActionRequest {
    ActionRequest::Ship { carrier_id: None, tracking_number: None, line_item_ids: Vec::new() }
}

/// An imported order of mugs to France.
async fn imported(lab: &EngineLab, units: usize, more: &Value) -> Result<String> {
    let mut order =
        json!({ "country": "FR", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": units }] });
    for (name, value) in more.as_object().into_iter().flatten() {
        order[name] = value.clone();
    }
    let ids = lab.sandboxes.place(&json!({ "order": order })).await?;
    lab.poll().await?;
    let id = ids.into_iter().next().context("no order was placed")?;
    assert_eq!(lab.order(&id).await?.import_state, "imported", "{:?}", lab.open_issues(&id).await?);
    Ok(id)
}

async fn units(lab: &EngineLab, id: &str) -> Result<Vec<String>> {
    let truth = truth(lab, id).await?;
    let lines = truth["lines"].as_array().context("no lines")?;
    Ok(lines.iter().filter_map(|line| line["id"].as_str()).map(str::to_owned).collect())
}

/// The units that left on TikTok Shop by tracking number.
async fn parcels(lab: &EngineLab, id: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let truth = truth(lab, id).await?;
    let mut parcels = BTreeMap::new();
    for package in truth["packages"].as_array().context("no packages")? {
        let number = package["tracking_number"].as_str().unwrap_or_default().to_owned();
        if !number.is_empty() {
            let mut ids: Vec<String> = serde_json::from_value(package["order_line_item_ids"].clone())?;
            ids.sort_unstable();
            assert!(parcels.insert(number.clone(), ids).is_none(), "two packages with {number}: {truth:#}");
        }
    }
    Ok(parcels)
}

/// The tracking number in the store.
async fn store_number(lab: &EngineLab, id: &str) -> Result<String> {
    let store_order = lab.order(id).await?.store_order_id.context("it is not in the store")?;
    let order = lab.sandboxes.store_control.get(&format!("/orders/{store_order}")).await?;
    Ok(order["tracking_number"].as_str().unwrap_or_default().to_owned())
}

/// Breaks TikTok Shop's answers to writes of shipments.
async fn lose_answer(lab: &EngineLab, path: &str, kind: &str, when: &str) -> Result<()> {
    let fault = json!({ "path": path, "method": "POST", "kind": kind, "when": when, "times": 1 });
    lab.sandboxes.break_channel(&fault).await
}

async fn assert_no_issue(lab: &EngineLab, id: &str) -> Result<()> {
    let issues = lab.open_issues(id).await?;
    assert!(issues.is_empty(), "{} {id}: {issues:?}", lab.database_name());
    Ok(())
}

async fn code_of(lab: &EngineLab, id: ActionId) -> Result<Option<IssueCode>> {
    Ok(action(lab, id).await?.code)
}

#[tokio::test]
async fn a_whole_order_leaves_and_the_store_gets_the_number() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 2, &json!({})).await?;

        let asked = ask(&lab, &id, ship("JX10001", &[])).await?;
        lab.run_due().await?;

        let sentence = assert_done(&lab, asked).await?;
        assert!(sentence.contains("tracking number JX10001: 2 units"), "{sentence}");
        assert_eq!(
            parcels(&lab, &id).await?,
            BTreeMap::from([("JX10001".to_owned(), units(&lab, &id).await?)])
        );
        assert_eq!(lab.order(&id).await?.status, "awaiting_collection");
        assert_eq!(store_number(&lab, &id).await?, "JX10001");
        assert_no_issue(&lab, &id).await?;
        // What we wrote does not come back as news.
        let_time_pass(&lab, &[1, 1, 20]).await?;
        lab.poll().await?;
        assert_eq!(parcels(&lab, &id).await?.len(), 1);
        assert_no_issue(&lab, &id).await?;
        let told = story(&lab, &id).await?;
        assert!(!told.contains("another tool"), "{told}");

        let again = try_to_ask(&lab, &id, ship("JX10001", &[])).await?;
        assert_eq!(again.unwrap_err(), "Everything is shipped already.");
    }
    Ok(())
}

#[tokio::test]
async fn five_units_leave_in_three_parcels_once_each_whatever_is_lost() -> Result<()> {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let losses =
        [("cut", "after"), ("internal_error", "after"), ("timeout", "before"), ("truncated", "after")];
    for lab in labs().await {
        for (round, order) in orders.into_iter().enumerate() {
            for turn in 0..2 {
                let (kind, when) = losses[(2 * round + turn) % losses.len()];
                let case = format!("{} {order:?} {kind} {when}", lab.database_name());
                let id = imported(&lab, 5, &json!({})).await?;
                let units = units(&lab, &id).await?;
                let groups = [&units[0..2], &units[2..4], &units[4..5]];
                let number = |group: usize| format!("JX{round}{turn}00{group}");
                let mut asked = Vec::new();
                for group in order {
                    lose_answer(&lab, "/fulfillment/202309/orders/", kind, when).await?;
                    asked.push(ask(&lab, &id, ship(&number(group), groups[group])).await?);
                    // At times the next one is asked for before the answer of the last has been looked for.
                    if turn % 2 == 0 {
                        let_time_pass(&lab, &[0, 1, 5]).await?;
                    } else {
                        lab.run_due().await?;
                    }
                }
                let_time_pass(&lab, &[0, 1, 5, 15, 30]).await?;

                for action in asked {
                    assert_done(&lab, action).await?;
                }
                let expected: BTreeMap<_, _> =
                    groups.iter().enumerate().map(|(group, units)| (number(group), units.to_vec())).collect();
                assert_eq!(parcels(&lab, &id).await?, expected, "{case}");
                assert_eq!(lab.order(&id).await?.status, "awaiting_collection", "{case}");
                // TikTok Shop's times have whole seconds, so which one is the last shows only when time has passed.
                if turn % 2 == 0 {
                    assert_eq!(store_number(&lab, &id).await?, number(order[2]), "{case}");
                }
                assert_no_issue(&lab, &id).await?;
                lab.sandboxes.channel_control.delete("/faults").await?;
            }
        }
    }
    Ok(())
}

/// One of the three parcels is sent in Seller Center, before, between or after ours.
#[tokio::test]
async fn five_units_leave_in_three_parcels_whoever_sends_which() -> Result<()> {
    for lab in labs().await {
        for (round, theirs) in (0..3).enumerate() {
            let case = format!("{} parcel {theirs} in Seller Center", lab.database_name());
            let id = imported(&lab, 5, &json!({})).await?;
            let units = units(&lab, &id).await?;
            let groups = [&units[0..2], &units[2..4], &units[4..5]];
            let number = |group: usize| format!("JX9{round}00{group}");
            let mut asked = Vec::new();
            for (group, units) in groups.into_iter().enumerate() {
                if group == theirs {
                    // Nobody has told us yet when the next of ours leaves.
                    let body = json!({ "order_line_item_ids": units, "tracking_number": number(group) });
                    do_to(&lab, &id, "ship", &body).await?;
                } else {
                    lose_answer(&lab, "/fulfillment/202309/orders/", "cut", "after").await?;
                    asked.push(ask(&lab, &id, ship(&number(group), units)).await?);
                    lab.run_due().await?;
                }
            }
            let_time_pass(&lab, &[0, 1, 5, 15]).await?;
            lab.poll().await?;

            for action in asked {
                assert_done(&lab, action).await?;
            }
            let expected: BTreeMap<_, _> =
                groups.iter().enumerate().map(|(group, units)| (number(group), units.to_vec())).collect();
            assert_eq!(parcels(&lab, &id).await?, expected, "{case}");
            assert_eq!(lab.order(&id).await?.status, "awaiting_collection", "{case}");
            assert_no_issue(&lab, &id).await?;
            lab.sandboxes.channel_control.delete("/faults").await?;
            do_to(&lab, &id, "collect", &json!({})).await?;
            lab.advance(TimeDelta::minutes(1)).await?;
            lab.poll().await?;
            assert_eq!(store_role(&lab, &id).await?.as_deref(), Some("PS_OS_SHIPPING"), "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_was_sent_before_a_crash_is_looked_for_first() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 3, &json!({})).await?;
        let now = lab.database.clock.now();
        // Stopped after the parcel had left and before the answer was written down.
        let arrived = ask(&lab, &id, ship("JX20001", &[])).await?;
        assert!(rows::set_sent(lab.database.writer(), arrived, now).await?);
        let body = json!({ "tracking_number": "JX20001", "shipping_provider_id": DHL });
        do_to(&lab, &id, "ship", &body).await?;
        lab.sandboxes.channel_control.delete("/calls").await?;
        lab.run_due().await?;
        assert_done(&lab, arrived).await?;
        let calls = lab.sandboxes.channel_control.get("/calls").await?.to_string();
        assert!(!calls.contains("packages"), "{}: it was sent again: {calls}", lab.database_name());

        // Stopped after the note and before anything had left.
        let id = imported(&lab, 3, &json!({})).await?;
        let lost = ask(&lab, &id, ship("JX20002", &[])).await?;
        assert!(rows::set_sent(lab.database.writer(), lost, lab.database.clock.now()).await?);
        lab.run_due().await?;
        assert_done(&lab, lost).await?;
        assert_eq!(parcels(&lab, &id).await?.len(), 1);
        assert_no_issue(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn asking_twice_ships_once_and_another_number_is_refused() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 2, &json!({})).await?;
        let first = ask(&lab, &id, ship("JX30001", &[])).await?;
        let same = ask(&lab, &id, ship("JX30001", &[])).await?;
        let other = ask(&lab, &id, ship("JX30002", &[])).await?;
        lab.run_due().await?;

        assert_done(&lab, first).await?;
        assert_done(&lab, same).await?;
        let sentence = assert_failed(&lab, other).await?;
        assert!(
            sentence.contains("everything is shipped already, with tracking number JX30001"),
            "{sentence}"
        );
        assert_eq!(code_of(&lab, other).await?, Some(IssueCode::ShipNotAllowed));
        assert_eq!(parcels(&lab, &id).await?.into_keys().collect::<Vec<_>>(), ["JX30001"]);
    }
    Ok(())
}

#[tokio::test]
async fn nothing_leaves_while_the_buyer_wants_to_cancel() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 2, &json!({})).await?;
        let asked = ask(&lab, &id, ship("JX40001", &[])).await?;
        do_to(&lab, &id, "request-cancel", &json!({})).await?;
        lab.run_due().await?;

        let sentence = assert_failed(&lab, asked).await?;
        assert!(sentence.contains("the buyer wants to cancel; answer the request first"), "{sentence}");
        assert_eq!(code_of(&lab, asked).await?, Some(IssueCode::ShipNotAllowed));
        assert!(parcels(&lab, &id).await?.is_empty());
        assert!(lab.order(&id).await?.shipment_failed);

        do_to(&lab, &id, "withdraw-request", &json!({})).await?;
        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;
        let sync = ask(&lab, &id, ActionRequest::Sync {}).await?;
        lab.run_due().await?;
        assert_done(&lab, sync).await?;
        let resent = ask(&lab, &id, ActionRequest::ResendShipping {}).await?;
        lab.run_due().await?;
        assert_done(&lab, resent).await?;
        assert_eq!(parcels(&lab, &id).await?.into_keys().collect::<Vec<_>>(), ["JX40001"]);
        assert!(!lab.order(&id).await?.shipment_failed);
        assert_no_issue(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_canceled_order_leaves_no_problem_behind() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 2, &json!({})).await?;
        let asked = ask(&lab, &id, ship("JX50001", &[])).await?;
        do_to(&lab, &id, "cancel", &json!({ "by": "system" })).await?;
        lab.run_due().await?;

        let sentence = assert_failed(&lab, asked).await?;
        assert!(sentence.contains("canceled on TikTok Shop"), "{sentence}");
        assert_eq!(code_of(&lab, asked).await?, None);
        assert_eq!(lab.order(&id).await?.status, "canceled");
        assert_no_issue(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn refused_carriers_and_numbers_say_so_and_the_next_try_heals_them() -> Result<()> {
    for lab in labs().await {
        let used = imported(&lab, 1, &json!({ "country": "DE" })).await?;
        ask(&lab, &used, ship("JX60000", &[])).await?;
        lab.run_due().await?;

        let id = imported(&lab, 2, &json!({})).await?;
        let table = [
            (ship_with(ROYAL_MAIL, "JX60001", &[]), IssueCode::ShipProviderUnmapped),
            (ship_with("7777777777", "JX60001", &[]), IssueCode::ShipProviderUnmapped),
            (ship_with(UPS, "JX60", &[]), IssueCode::ShipTrackingRejected),
            (ship("JX60000", &[]), IssueCode::ShipTrackingRejected),
            (ship_on_tiktok_label(), IssueCode::ShipTrackingMissing),
            (ship("JX60001", &["1".to_owned()]), IssueCode::ShipNotAllowed),
        ];
        for (request, code) in table {
            let asked = ask(&lab, &id, request.clone()).await?;
            lab.run_due().await?;
            assert_failed(&lab, asked).await?;
            assert_eq!(code_of(&lab, asked).await?, Some(code), "{request:?}");
            assert_eq!(lab.open_issues(&id).await?, [code.as_str()], "{request:?}");
            assert_eq!(lab.order(&id).await?.status, "error");
        }
        assert!(parcels(&lab, &id).await?.is_empty());
        let asked = ask(&lab, &id, ship("JX60001", &[])).await?;
        lab.run_due().await?;
        assert_done(&lab, asked).await?;
        assert_no_issue(&lab, &id).await?;
        assert!(!lab.order(&id).await?.shipment_failed);
    }
    Ok(())
}

#[tokio::test]
async fn carriers_that_tiktok_does_not_offer_are_refused_before_anything_leaves() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 2, &json!({})).await?;
        let order = lab.order(&id).await?;
        let database = &lab.database;
        let options = async || {
            let now = database.clock.now();
            sync::action_options(database.writer(), &database.vault, &order, now).await
        };
        assert!(!options().await?.complete);
        let txn = database.begin().await?;
        let now = database.clock.now();
        let read = sync::jobs::read_action_options(lab.connection_id, OrderId(order.id), now);
        job_queue::enqueue(&txn, read, now).await?;
        txn.commit().await?;
        lab.run_due().await?;

        let known = options().await?;
        assert!(known.complete, "{known:?}");
        assert!(known.carriers.iter().any(|carrier| carrier.id == DHL && carrier.name == "DHL"));
        assert!(!known.carriers.iter().any(|carrier| carrier.id == ROYAL_MAIL));
        assert_eq!(known.cancel_reasons[0].text, "Out of stock");
        assert_eq!(known.not_cancelable, None);

        lab.sandboxes.channel_control.delete("/calls").await?;
        let asked = ask(&lab, &id, ship_with(ROYAL_MAIL, "JX70001", &[])).await?;
        lab.run_due().await?;
        assert_failed(&lab, asked).await?;
        assert_eq!(lab.open_issues(&id).await?, ["SHIP_PROVIDER_UNMAPPED"]);
        let calls = lab.sandboxes.channel_control.get("/calls").await?.to_string();
        assert!(!calls.contains("packages"), "{calls}");

        let asked = ask(&lab, &id, ship("JX70001", &[])).await?;
        lab.run_due().await?;
        assert!(assert_done(&lab, asked).await?.starts_with("Shipped with DHL, "));

        lab.advance(TimeDelta::hours(25)).await?;
        let row = lab.order(&id).await?;
        let stale =
            sync::action_options(database.writer(), &database.vault, &row, database.clock.now()).await?;
        assert!(!stale.complete, "lists grow old");
        assert_eq!(stale.correctable_package_ids.len(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_buyers_request_and_its_answers_are_offered() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 1, &json!({})).await?;
        do_to(&lab, &id, "request-cancel", &json!({})).await?;
        ask(&lab, &id, ActionRequest::Sync {}).await?;
        lab.run_due().await?;
        let order = lab.order(&id).await?;
        let now = lab.database.clock.now();
        let read = sync::jobs::read_action_options(lab.connection_id, OrderId(order.id), now);
        job_queue::enqueue(lab.database.writer(), read, now).await?;
        lab.run_due().await?;

        let order = lab.order(&id).await?;
        let options = sync::action_options(lab.database.writer(), &lab.database.vault, &order, now).await?;
        let request = options.cancellation_request.context("no request")?;
        assert!(options.complete);
        assert!(request.deadline.is_some() && request.reason.is_some());
        assert!(request.reject_reasons.iter().any(|reason| reason.key.ends_with("product_packed")));
    }
    Ok(())
}

#[tokio::test]
async fn orders_on_tiktoks_label_ship_and_get_their_label() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 2, &json!({ "shipped_by_tiktok": true })).await?;
        let early = try_to_ask(&lab, &id, ActionRequest::FetchLabel { package_id: None }).await?;
        assert!(early.is_err());
        lab.sandboxes.channel_control.put("/switches", &json!({ "label_delay_s": 60 })).await?;

        lose_answer(&lab, "/fulfillment/202309/packages/", "cut", "after").await?;
        let asked = ask(&lab, &id, ship_on_tiktok_label()).await?;
        let_time_pass(&lab, &[0]).await?;
        lab.advance(TimeDelta::seconds(5)).await?;
        lab.run_due().await?;
        assert_eq!(assert_done(&lab, asked).await?, "Shipped with TikTok's label: 2 units.");
        assert_eq!(parcels(&lab, &id).await?.len(), 1);

        let asked = ask(&lab, &id, ActionRequest::FetchLabel { package_id: None }).await?;
        lab.run_due().await?;
        assert_eq!(action(&lab, asked).await?.result, None, "TikTok Shop still makes it");
        let_time_pass(&lab, &[1, 1]).await?;
        assert_done(&lab, asked).await?;
        let order_id = OrderId(lab.order(&id).await?.id);
        let now = lab.database.clock.now();
        let vault = &lab.database.vault;
        let labels = database::shipping_labels::of_order(lab.database.writer(), vault, order_id, now).await?;
        assert_eq!(labels.len(), 1);
        let number = labels[0].tracking_number.clone().context("no number")?;
        assert!(parcels(&lab, &id).await?.contains_key(&number));
        assert_eq!(store_number(&lab, &id).await?, number);
        let day_later = now + TimeDelta::hours(25);
        let gone =
            database::shipping_labels::of_order(lab.database.writer(), vault, order_id, day_later).await?;
        assert!(gone.is_empty());
        assert_no_issue(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_parcel_is_corrected_once_also_when_the_answer_is_lost() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 2, &json!({})).await?;
        ask(&lab, &id, ship("JX80001", &[])).await?;
        lab.run_due().await?;
        let package = truth(&lab, &id).await?["packages"][0]["id"].as_str().context("no package")?.to_owned();
        let correct = |number: &str| ActionRequest::CorrectShipping {
            package_id: package.clone(),
            carrier_id: UPS.to_owned(),
            tracking_number: number.to_owned(),
        };

        lose_answer(&lab, "/shipping_info/update", "cut", "after").await?;
        let first = ask(&lab, &id, correct("JX80002")).await?;
        let_time_pass(&lab, &[0, 1, 5]).await?;
        assert_eq!(
            assert_done(&lab, first).await?,
            "Corrected on TikTok Shop: UPS, tracking number JX80002."
        );
        assert_eq!(parcels(&lab, &id).await?.into_keys().collect::<Vec<_>>(), ["JX80002"]);
        assert_eq!(store_number(&lab, &id).await?, "JX80002", "{}", lab.database_name());
        assert_no_issue(&lab, &id).await?;

        let second = ask(&lab, &id, correct("JX80003")).await?;
        lab.run_due().await?;
        assert_failed(&lab, second).await?;
        assert_eq!(lab.open_issues(&id).await?, ["SHIP_UPDATE_LIMIT"]);
        assert_eq!(parcels(&lab, &id).await?.into_keys().collect::<Vec<_>>(), ["JX80002"]);
        assert!(!lab.order(&id).await?.shipment_failed, "the shipment itself went well");
    }
    Ok(())
}

#[tokio::test]
async fn where_nothing_can_be_marked_the_package_is_shipped() -> Result<()> {
    for lab in labs().await {
        let switches = json!({ "regions_without_mark_as_shipped": ["FR"] });
        lab.sandboxes.channel_control.put("/switches", &switches).await?;
        let id = imported(&lab, 2, &json!({})).await?;
        let units = units(&lab, &id).await?;

        let part = ask(&lab, &id, ship("JX90001", &units[..1])).await?;
        lab.run_due().await?;
        assert!(assert_failed(&lab, part).await?.contains("ships whole packages here"));
        let whole = ask(&lab, &id, ship("JX90001", &[])).await?;
        lab.run_due().await?;

        assert_done(&lab, whole).await?;
        assert_eq!(parcels(&lab, &id).await?.into_keys().collect::<Vec<_>>(), ["JX90001"]);
        assert_no_issue(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_store_keeps_a_number_that_somebody_entered() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 1, &json!({})).await?;
        let store_order = lab.order(&id).await?.store_order_id.context("it is not in the store")?;
        let entered = json!({ "number": "MERCHANT1", "touch_order": false });
        lab.sandboxes.store_control.post(&format!("/orders/{store_order}/tracking"), &entered).await?;
        ask(&lab, &id, ship("JX95001", &[])).await?;
        lab.run_due().await?;
        assert_eq!(store_number(&lab, &id).await?, "MERCHANT1");

        let id = imported(&lab, 1, &json!({})).await?;
        for kind in ["cut_after", "empty500_after", "unavailable503"] {
            let fault = json!({ "kind": kind, "resource": "order_carriers", "method": "PUT", "times": 1 });
            lab.sandboxes.break_store(&fault).await?;
        }
        ask(&lab, &id, ship("JX95002", &[])).await?;
        let_time_pass(&lab, &[0, 1, 2, 5, 15, 60]).await?;
        assert_eq!(store_number(&lab, &id).await?, "JX95002");
        assert_no_issue(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_order_shipped_in_seller_center_brings_its_number_to_the_store() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 1, &json!({})).await?;
        let body = json!({ "tracking_number": "JX96001", "shipping_provider_id": DHL });
        do_to(&lab, &id, "ship", &body).await?;
        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;
        assert_eq!(store_number(&lab, &id).await?, "JX96001");
        assert_no_issue(&lab, &id).await?;
        let told = story(&lab, &id).await?;
        assert!(told.contains("JX96001 was shipped in Seller Center or by another tool"), "{told}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_asked_for_in_the_first_hour_leaves_after_it() -> Result<()> {
    for database in test_database::databases().await {
        let mut options = LabOptions::default();
        options.tiktok.hold_seconds = 0;
        let lab = EngineLab::start(database, options).await?;
        // The last one means a wrong tracking number at any later time.
        for code in [21_011_044, 21_011_003, 21_011_022] {
            let case = format!("{} {code}", lab.database_name());
            let early = json!({ "early_shipping_code": code });
            lab.sandboxes.channel_control.put("/switches", &early).await?;
            let id = imported(&lab, 1, &json!({})).await?;
            let asked = ask(&lab, &id, ship(&format!("JX{code}"), &[])).await?;
            lab.run_due().await?;
            let waiting = action(&lab, asked).await?;
            assert_eq!(waiting.state, ActionState::Queued, "{case}: {waiting:?}");
            assert!(waiting.result.is_some_and(|why| why.contains("within an hour")), "says why it waits");
            assert!(parcels(&lab, &id).await?.is_empty(), "{case}");
            assert_no_issue(&lab, &id).await?;

            let_time_pass(&lab, &[20, 20, 25]).await?;
            assert_done(&lab, asked).await?;
            assert_eq!(parcels(&lab, &id).await?.len(), 1, "{case}");
            assert_no_issue(&lab, &id).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_order_on_tiktoks_label_that_has_no_package_yet_is_left_to_seller_center() -> Result<()> {
    for database in test_database::databases().await {
        let mut options = LabOptions::default();
        options.tiktok.packages_from_payment = Some(false);
        let lab = EngineLab::start(database, options).await?;
        let id = imported(&lab, 2, &json!({ "shipped_by_tiktok": true })).await?;

        let asked = ask(&lab, &id, ship_on_tiktok_label()).await?;
        lab.run_due().await?;

        let sentence = assert_failed(&lab, asked).await?;
        assert!(sentence.contains("no package for it yet; ship it in Seller Center"), "{sentence}");
        assert_eq!(lab.open_issues(&id).await?, ["SHIP_NOT_ALLOWED"], "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn while_tiktok_is_away_a_shipment_waits_and_says_why() -> Result<()> {
    for lab in labs().await {
        let id = imported(&lab, 1, &json!({})).await?;
        let fault = json!({ "path": "/fulfillment/", "kind": "overload", "times": 3 });
        lab.sandboxes.break_channel(&fault).await?;
        let asked = ask(&lab, &id, ship("JX97001", &[])).await?;
        lab.run_due().await?;
        assert_no_issue(&lab, &id).await?;
        lab.advance(TimeDelta::seconds(5)).await?;
        lab.run_due().await?;
        assert_eq!(lab.open_issues(&id).await?, ["CHANNEL_UNREACHABLE"], "{}", lab.database_name());

        let_time_pass(&lab, &[1, 5, 15, 30]).await?;
        assert_done(&lab, asked).await?;
        assert_eq!(parcels(&lab, &id).await?.len(), 1);
        assert_no_issue(&lab, &id).await?;
    }
    Ok(())
}
