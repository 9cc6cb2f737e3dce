//! What happens in the store and goes on to TikTok Shop: each row of the table of write-backs with its guards, never
//! twice, never as an echo of what we wrote ourselves.

use anyhow::Result;
use chrono::{TimeDelta, Timelike};
use database::to_ms;
use serde_json::{Value, json};
use shared::{ActionRequest, IssueCode};
use tests::{EngineLab, LabOptions};

use crate::asking::{
    after_undo_time, ask, assert_done, assert_failed, cancel, do_to, imported_order, let_time_pass, truth,
};
use crate::store_side::{
    DHL, UPS, change_settings, channel_writes, delete, look_again, set_number, set_state, store_order_of,
    store_role, story,
};

const SHIPPED: &str = "PS_OS_SHIPPING";
const CANCELED: &str = "PS_OS_CANCELED";

/// A lab on each database whose store carriers are known to TikTok Shop.
async fn labs() -> Vec<EngineLab> {
    let mut labs = Vec::new();
    for database in test_database::databases().await {
        let mut options = LabOptions::default();
        let map = [("1".to_owned(), DHL.to_owned()), ("2".to_owned(), UPS.to_owned())];
        options.settings.carrier_map = map.into();
        options.settings.write_back_canceled = true;
        labs.push(EngineLab::start(database, options).await.expect("the lab starts"));
    }
    labs
}

/// Lets every retry come up, and both sides be looked at.
async fn settle(lab: &EngineLab) -> Result<()> {
    look_again(lab).await?;
    let_time_pass(lab, &[1, 3]).await?;
    look_again(lab).await
}

async fn numbers_of(lab: &EngineLab, id: &str) -> Result<Vec<String>> {
    let truth = truth(lab, id).await?;
    let packages = truth["packages"].as_array().cloned().unwrap_or_default();
    Ok(packages.iter().filter_map(|package| package["tracking_number"].as_str()).map(str::to_owned).collect())
}

async fn assert_shipped(lab: &EngineLab, id: &str, number: &str, case: &str) -> Result<()> {
    let told = story(lab, id).await?;
    assert_eq!(lab.open_issues(id).await?, Vec::<String>::new(), "{case}\n{told}");
    assert_eq!(truth(lab, id).await?["status"], "AWAITING_COLLECTION", "{case}\n{told}");
    assert_eq!(numbers_of(lab, id).await?, [number], "{case}\n{told}");
    assert_eq!(lab.order(id).await?.status, "awaiting_collection", "{case}\n{told}");
    Ok(())
}

/// The writes on TikTok Shop that come of what `happening` does and of the time after it.
async fn writes_of(
    lab: &EngineLab,
    happening: impl AsyncFnOnce() -> Result<()>,
) -> Result<Vec<(String, u64)>> {
    lab.sandboxes.channel_control.delete("/calls").await?;
    happening().await?;
    settle(lab).await?;
    channel_writes(lab).await
}

fn total(writes: &[(String, u64)]) -> u64 {
    writes.iter().map(|(_, count)| count).sum()
}

#[tokio::test]
async fn shipped_in_the_store_is_shipped_once_whatever_comes_first() -> Result<()> {
    for lab in labs().await {
        for (index, (number_first, touch_order)) in
            [(true, true), (true, false), (false, true), (false, false)].into_iter().enumerate()
        {
            let case = format!("{} number first {number_first}, date {touch_order}", lab.database_name());
            let id = imported_order(&lab).await?;
            let number = format!("JX10000{index}");

            let writes = writes_of(&lab, async || {
                if number_first {
                    set_number(&lab, &id, &number, touch_order).await?;
                }
                set_state(&lab, &id, SHIPPED).await?;
                if !number_first {
                    look_again(&lab).await?;
                    set_number(&lab, &id, &number, touch_order).await?;
                }
                Ok(())
            })
            .await?;

            assert_shipped(&lab, &id, &number, &case).await?;
            assert_eq!(total(&writes), 1, "{case}: {writes:?}");
            assert_eq!(store_role(&lab, &id).await?.as_deref(), Some(SHIPPED), "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_we_write_in_the_store_never_comes_back() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let ship = ActionRequest::Ship {
            carrier_id: Some(DHL.to_owned()),
            tracking_number: Some("JX200001".to_owned()),
            line_item_ids: Vec::new(),
        };
        let writes = writes_of(&lab, async || {
            let action = crate::asking::ask(&lab, &id, ship).await?;
            after_undo_time(&lab).await?;
            assert_done(&lab, action).await.map(drop)
        })
        .await?;
        assert_eq!(total(&writes), 1, "{}: {writes:?}", lab.database_name());

        for step in ["collect", "deliver", "complete"] {
            let writes = writes_of(&lab, async || do_to(&lab, &id, step, &json!({})).await).await?;
            assert_eq!(total(&writes), 0, "{} {step}: {writes:?}", lab.database_name());
        }
        let canceled = imported_order(&lab).await?;
        let cancel = json!({ "by": "seller" });
        let writes = writes_of(&lab, async || do_to(&lab, &canceled, "cancel", &cancel).await).await?;
        assert_eq!(total(&writes), 0, "{} cancel: {writes:?}", lab.database_name());
        assert_eq!(store_role(&lab, &canceled).await?.as_deref(), Some(CANCELED));
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_lost_on_the_way_does_nothing_twice() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        lab.sandboxes
            .break_channel(&json!({ "path": "/fulfillment/", "method": "POST", "kind": "cut", "when": "after", "times": 1 }))
            .await?;
        set_number(&lab, &id, "JX300001", true).await?;
        set_state(&lab, &id, SHIPPED).await?;
        settle(&lab).await?;
        assert_shipped(&lab, &id, "JX300001", lab.database_name()).await?;

        // The store takes the state, and we do not hear of it.
        let fault =
            json!({ "resource": "order_histories", "method": "POST", "kind": "cut_after", "times": 1 });
        let other = imported_order(&lab).await?;
        lab.sandboxes.break_store(&fault).await?;
        let writes = writes_of(&lab, async || {
            do_to(&lab, &other, "ship", &json!({})).await?;
            look_again(&lab).await?;
            lab.sandboxes.break_store(&fault).await?;
            do_to(&lab, &other, "collect", &json!({})).await
        })
        .await?;
        lab.sandboxes.store_control.delete("/faults").await?;
        assert_eq!(total(&writes), 0, "{}: {writes:?}", lab.database_name());
        assert_eq!(store_role(&lab, &other).await?.as_deref(), Some(SHIPPED), "{}", lab.database_name());
        assert_eq!(lab.open_issues(&other).await?, Vec::<String>::new(), "{}", lab.database_name());

        let canceled = imported_order(&lab).await?;
        lab.sandboxes
            .break_channel(&json!({ "path": "/cancellations", "method": "POST", "kind": "cut", "when": "after", "times": 1 }))
            .await?;
        set_state(&lab, &canceled, CANCELED).await?;
        settle(&lab).await?;
        assert_eq!(lab.order(&canceled).await?.status, "canceled", "{}", story(&lab, &canceled).await?);
        assert_eq!(lab.open_issues(&canceled).await?, Vec::<String>::new(), "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn a_missing_number_is_told_after_the_delay_and_found_wherever_it_is_entered() -> Result<()> {
    for lab in labs().await {
        for (index, touch_order) in [true, false].into_iter().enumerate() {
            let case = format!("{} date {touch_order}", lab.database_name());
            let id = imported_order(&lab).await?;
            set_state(&lab, &id, SHIPPED).await?;
            look_again(&lab).await?;
            assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{case}");
            let_time_pass(&lab, &[13]).await?;
            assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{case}");
            let_time_pass(&lab, &[2]).await?;
            assert_eq!(lab.open_issues(&id).await?, ["SHIP_TRACKING_MISSING"], "{case}");
            assert_eq!(lab.order(&id).await?.status, "error", "{case}");

            let number = format!("JX40000{index}");
            set_number(&lab, &id, &number, touch_order).await?;
            settle(&lab).await?;
            assert_shipped(&lab, &id, &number, &case).await?;
        }
        // Shipping here ends it too, and the number goes to the store.
        let id = imported_order(&lab).await?;
        set_state(&lab, &id, SHIPPED).await?;
        let_time_pass(&lab, &[1, 16]).await?;
        assert_eq!(lab.open_issues(&id).await?, ["SHIP_TRACKING_MISSING"], "{}", lab.database_name());
        let ship = ActionRequest::Ship {
            carrier_id: Some(DHL.to_owned()),
            tracking_number: Some("JX400009".to_owned()),
            line_item_ids: Vec::new(),
        };
        crate::asking::ask(&lab, &id, ship).await?;
        settle(&lab).await?;
        assert_shipped(&lab, &id, "JX400009", lab.database_name()).await?;
        let store_order = &lab.sandboxes.store_orders_of(&id).await?[0];
        assert_eq!(store_order["tracking_number"], "JX400009", "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn a_carrier_that_nobody_mapped_is_named_and_the_order_follows_the_map() -> Result<()> {
    for lab in labs().await {
        change_settings(&lab, |settings| settings.carrier_map.clear()).await?;
        let id = imported_order(&lab).await?;
        set_number(&lab, &id, "JX500001", true).await?;
        set_state(&lab, &id, SHIPPED).await?;
        settle(&lab).await?;
        let told = story(&lab, &id).await?;
        assert_eq!(
            lab.open_issues(&id).await?,
            ["SHIP_PROVIDER_UNMAPPED"],
            "{}\n{told}",
            lab.database_name()
        );
        assert_eq!(truth(&lab, &id).await?["status"], "AWAITING_SHIPMENT", "{}", lab.database_name());

        change_settings(&lab, |settings| {
            settings.carrier_map.insert("1".to_owned(), DHL.to_owned());
        })
        .await?;
        settle(&lab).await?;
        assert_shipped(&lab, &id, "JX500001", lab.database_name()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_number_that_no_parcel_has_is_told_until_the_sides_agree_or_somebody_lives_with_it() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        // The merchant of the store ships while nobody has mapped its carrier, and ships again here.
        change_settings(&lab, |settings| settings.carrier_map.clear()).await?;
        set_number(&lab, &id, "JX70001", false).await?;
        set_state(&lab, &id, SHIPPED).await?;
        settle(&lab).await?;
        assert_eq!(lab.open_issues(&id).await?, ["SHIP_PROVIDER_UNMAPPED"], "{}", lab.database_name());
        let ship = ActionRequest::Ship {
            carrier_id: Some(DHL.to_owned()),
            tracking_number: Some("JX70002".to_owned()),
            line_item_ids: Vec::new(),
        };
        ask(&lab, &id, ship).await?;
        settle(&lab).await?;

        let told = story(&lab, &id).await?;
        assert_eq!(lab.open_issues(&id).await?, ["DRIFT_DETECTED"], "{}: {told}", lab.database_name());
        let facts = crate::reconciling::drift(&lab, &id, "tracking number").await?.unwrap_or_default();
        assert_eq!((facts["store"].as_str(), facts["tiktok"].as_str()), ("JX70001", "JX70002"));
        assert_eq!(numbers_of(&lab, &id).await?, ["JX70002"], "nothing was corrected by itself");

        set_number(&lab, &id, "jx-70002", true).await?;
        settle(&lab).await?;
        assert_shipped(&lab, &id, "JX70002", lab.database_name()).await?;

        set_number(&lab, &id, "JX70003", true).await?;
        settle(&lab).await?;
        let code = IssueCode::DriftDetected;
        ask(&lab, &id, ActionRequest::MarkHandled { code, subject: None }).await?;
        settle(&lab).await?;
        assert_shipped(&lab, &id, "JX70002", lab.database_name()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn shipments_stay_in_the_store_when_that_is_wanted_or_they_are_not_ours() -> Result<()> {
    for lab in labs().await {
        let by_tiktok = json!({ "order": {
            "country": "FR", "shipped_by_tiktok": true,
            "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 1 }],
        } });
        let ids = lab.sandboxes.place(&by_tiktok).await?;
        lab.poll().await?;
        let off = imported_order(&lab).await?;
        change_settings(&lab, |settings| settings.write_back_shipped = false).await?;
        let writes = writes_of(&lab, async || {
            for (id, number) in [(&ids[0], "JX600001"), (&off, "JX600002")] {
                assert!(store_role(&lab, id).await?.is_some(), "{id} is in the store");
                set_number(&lab, id, number, true).await?;
                set_state(&lab, id, SHIPPED).await?;
            }
            let_time_pass(&lab, &[20]).await
        })
        .await?;
        assert_eq!(total(&writes), 0, "{}: {writes:?}", lab.database_name());
        assert_eq!(lab.open_issues(&off).await?, Vec::<String>::new(), "{}", lab.database_name());

        // Switched on, what waits goes; with TikTok's own label the number is TikTok's to give.
        change_settings(&lab, |settings| settings.write_back_shipped = true).await?;
        settle(&lab).await?;
        assert_shipped(&lab, &off, "JX600002", lab.database_name()).await?;
        assert_ne!(truth(&lab, &ids[0]).await?["status"], "AWAITING_COLLECTION", "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn a_number_that_is_refused_is_told_and_the_next_one_goes() -> Result<()> {
    for lab in labs().await {
        // One that no request can carry, and one that the carrier could not have given out.
        for (index, wrong) in ["JX/80,1", "JX81"].into_iter().enumerate() {
            let case = format!("{} {wrong}", lab.database_name());
            let id = imported_order(&lab).await?;
            set_number(&lab, &id, wrong, true).await?;
            set_state(&lab, &id, SHIPPED).await?;
            settle(&lab).await?;
            let told = story(&lab, &id).await?;
            assert_eq!(lab.open_issues(&id).await?, ["SHIP_TRACKING_REJECTED"], "{case}\n{told}");
            let writes = writes_of(&lab, async || let_time_pass(&lab, &[11, 30]).await).await?;
            assert_eq!(total(&writes), 0, "{case}: {writes:?}");

            let number = format!("JX 90000-{index}");
            set_number(&lab, &id, &number, false).await?;
            settle(&lab).await?;
            assert_shipped(&lab, &id, &format!("JX90000{index}"), &case).await?;
            let store_order = &lab.sandboxes.store_orders_of(&id).await?[0];
            assert_eq!(store_order["tracking_number"], number, "{case}: as the person wrote it");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_shipment_waits_for_the_answer_to_a_buyer_who_wants_to_cancel() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        do_to(&lab, &id, "request-cancel", &json!({})).await?;
        look_again(&lab).await?;
        let writes = writes_of(&lab, async || {
            set_number(&lab, &id, "JX910001", true).await?;
            set_state(&lab, &id, SHIPPED).await
        })
        .await?;
        assert_eq!(total(&writes), 0, "{}: {writes:?}", lab.database_name());
        assert_eq!(lab.open_issues(&id).await?, ["CANCEL_REQUEST_OPEN"], "{}", lab.database_name());

        do_to(&lab, &id, "withdraw-request", &json!({})).await?;
        do_to(&lab, &id, "touch", &json!({})).await?;
        settle(&lab).await?;
        assert_shipped(&lab, &id, "JX910001", lab.database_name()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_changed_carrier_is_corrected() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        set_number(&lab, &id, "JX920001", true).await?;
        set_state(&lab, &id, SHIPPED).await?;
        settle(&lab).await?;
        let store_order = lab.order(&id).await?.store_order_id.unwrap();
        let rows = lab.sandboxes.store_control.get("/entities/order_carriers").await?;
        let of_order = |row: &&Value| row["id_order"] == store_order.to_string().as_str();
        let row = rows.as_array().unwrap().iter().find(of_order).unwrap();

        let writes = writes_of(&lab, async || {
            let path = format!("/entities/order_carriers/{}", row["id"]);
            lab.sandboxes.store_control.patch(&path, &json!({ "id_carrier": "2" })).await?;
            let_time_pass(&lab, &[11]).await
        })
        .await?;

        assert_eq!(total(&writes), 1, "{}: {writes:?}", lab.database_name());
        assert_shipped(&lab, &id, "JX920001", lab.database_name()).await?;
        let truth = truth(&lab, &id).await?;
        assert_eq!(truth["as_seen_by_the_app"]["line_items"][0]["shipping_provider_id"], UPS);
    }
    Ok(())
}

#[tokio::test]
async fn a_changed_number_is_corrected_once_and_then_told() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        set_number(&lab, &id, "JX700001", true).await?;
        set_state(&lab, &id, SHIPPED).await?;
        settle(&lab).await?;
        assert_shipped(&lab, &id, "JX700001", lab.database_name()).await?;

        let writes = writes_of(&lab, async || set_number(&lab, &id, "JX700002", true).await).await?;
        assert_eq!(total(&writes), 1, "{}: {writes:?}", lab.database_name());
        assert_shipped(&lab, &id, "JX700002", lab.database_name()).await?;

        // The second one without a change of the order's date: the round through all orders finds it.
        let writes = writes_of(&lab, async || {
            set_number(&lab, &id, "JX700003", false).await?;
            let_time_pass(&lab, &[11, 11]).await
        })
        .await?;
        assert_eq!(total(&writes), 0, "{}: {writes:?}", lab.database_name());
        assert_eq!(lab.open_issues(&id).await?, ["SHIP_UPDATE_LIMIT"], "{}", lab.database_name());
        assert_eq!(numbers_of(&lab, &id).await?, ["JX700002"], "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn canceled_in_the_store_goes_on_only_when_wanted_and_before_shipping() -> Result<()> {
    for lab in labs().await {
        let database = lab.database_name();
        let id = imported_order(&lab).await?;
        let writes = writes_of(&lab, async || set_state(&lab, &id, CANCELED).await).await?;
        assert_eq!(total(&writes), 1, "{database}: {writes:?}");
        assert_eq!(lab.order(&id).await?.status, "canceled", "{database}");
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{database}");

        let shipped = imported_order(&lab).await?;
        do_to(&lab, &shipped, "ship", &json!({})).await?;
        look_again(&lab).await?;
        let writes = writes_of(&lab, async || set_state(&lab, &shipped, CANCELED).await).await?;
        assert_eq!(total(&writes), 0, "{database} from awaiting collection on: {writes:?}");
        assert_eq!(lab.order(&shipped).await?.status, "awaiting_collection", "{database}");
        assert!(story(&lab, &shipped).await?.contains("shipped on TikTok Shop already"), "{database}");
        assert_eq!(lab.open_issues(&shipped).await?, ["DRIFT_DETECTED"], "{database}");
        // Only a person confirms that it is to be canceled there too, and hears that TikTok Shop does not do it.
        let confirmed = ask(&lab, &shipped, cancel()).await?;
        after_undo_time(&lab).await?;
        let refusal = assert_failed(&lab, confirmed).await?;
        assert!(refusal.contains("the order has been shipped"), "{database}: {refusal}");
        do_to(&lab, &shipped, "cancel", &json!({ "by": "system" })).await?;
        look_again(&lab).await?;
        assert_eq!(lab.order(&shipped).await?.status, "canceled", "{database}");
        assert_eq!(lab.open_issues(&shipped).await?, Vec::<String>::new(), "{database}");

        let refunded = imported_order(&lab).await?;
        let writes = writes_of(&lab, async || set_state(&lab, &refunded, "PS_OS_REFUND").await).await?;
        assert_eq!(total(&writes), 0, "{database} refunded: {writes:?}");
        assert!(story(&lab, &refunded).await?.contains("Refunded in the store"), "{database}");

        // A state of the store's own that the settings give a reason to means the same.
        let own =
            json!({ "name": { "1": "Canceled: wrong price" }, "logable": "0", "paid": "0", "shipped": "0" });
        let own = lab.sandboxes.store_control.post("/entities/order_states", &own).await?["id"].clone();
        change_settings(&lab, |settings| {
            let reason = "seller_cancel_reason_wrong_price".to_owned();
            settings.cancel_reason_map.insert(own.to_string(), reason);
        })
        .await?;
        lab.advance(TimeDelta::minutes(11)).await?;
        let mapped = imported_order(&lab).await?;
        let store_order = store_order_of(&lab, &mapped).await?;
        let path = format!("/orders/{store_order}/state");
        lab.sandboxes.store_control.post(&path, &json!({ "state": own })).await?;
        look_again(&lab).await?;
        assert_eq!(lab.order(&mapped).await?.status, "canceled", "{database}");
        assert_eq!(truth(&lab, &mapped).await?["cancel_reason"], "Pricing error", "{database}");

        change_settings(&lab, |settings| settings.write_back_canceled = false).await?;
        let off = imported_order(&lab).await?;
        let writes = writes_of(&lab, async || set_state(&lab, &off, CANCELED).await).await?;
        assert_eq!(total(&writes), 0, "{database} switched off: {writes:?}");
        assert_eq!(lab.order(&off).await?.status, "awaiting_shipment", "{database}");
        assert!(story(&lab, &off).await?.contains("does not pass cancellations on"), "{database}");
    }
    Ok(())
}

#[tokio::test]
async fn shipped_in_the_store_after_a_cancellation_is_told() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        do_to(&lab, &id, "cancel", &json!({ "by": "seller" })).await?;
        look_again(&lab).await?;

        set_state(&lab, &id, SHIPPED).await?;
        settle(&lab).await?;

        assert_eq!(lab.open_issues(&id).await?, ["CANCEL_STORE_CONFLICT"], "{}", lab.database_name());
        assert_eq!(store_role(&lab, &id).await?.as_deref(), Some(SHIPPED), "{}", lab.database_name());
    }
    Ok(())
}

/// The buyer wants the order somewhere else, and TikTok Shop tells so.
async fn move_away(lab: &EngineLab, id: &str) -> Result<()> {
    do_to(lab, id, "address", &json!({ "country": "FR" })).await?;
    do_to(lab, id, "touch", &json!({})).await?;
    lab.poll().await
}

#[tokio::test]
async fn a_deleted_store_order_is_noticed_and_comes_back_only_when_somebody_wants_it() -> Result<()> {
    for lab in labs().await {
        let database = lab.database_name();
        let again = imported_order(&lab).await?;
        let skipped = imported_order(&lab).await?;
        move_away(&lab, &again).await?;
        assert_eq!(lab.open_issues(&again).await?, ["ADDRESS_CHANGED"], "{database}");
        for id in [&again, &skipped] {
            delete(&lab, id).await?;
        }
        let_time_pass(&lab, &[11, 30]).await?;
        // Nothing is packed, so nothing goes to the wrong address.
        move_away(&lab, &skipped).await?;
        for id in [&again, &skipped] {
            assert_eq!(lab.open_issues(id).await?, ["STORE_ORDER_DELETED"], "{database}");
            assert!(lab.order(id).await?.store_deleted, "{database}");
            assert_eq!(lab.order(id).await?.status, "awaiting_shipment", "{database}: a warning");
            assert!(lab.sandboxes.store_orders_of(id).await?.is_empty(), "{database}: never by itself");
        }

        let asked_at = lab.database.clock.now();
        crate::asking::ask(&lab, &again, ActionRequest::Import {}).await?;
        crate::asking::ask(&lab, &skipped, ActionRequest::Skip {}).await?;
        let_time_pass(&lab, &[0, 11, 30]).await?;

        assert_eq!(lab.sandboxes.store_orders_of(&again).await?.len(), 1, "{database}");
        let order = lab.order(&again).await?;
        assert_eq!((order.import_state.as_str(), order.store_deleted), ("imported", false), "{database}");
        assert!(order.importable_at >= Some(to_ms(asked_at)), "{database}: it waited from then on only");
        assert_eq!(lab.open_issues(&again).await?, Vec::<String>::new(), "{database}");
        assert!(lab.sandboxes.store_orders_of(&skipped).await?.is_empty(), "{database}");
        assert_eq!(lab.order(&skipped).await?.import_state, "skipped", "{database}");
        assert_eq!(lab.open_issues(&skipped).await?, Vec::<String>::new(), "{database}");

        // Who changes their mind gets a new store order too, to the cent: the old cart is spent.
        crate::asking::ask(&lab, &skipped, ActionRequest::Unskip {}).await?;
        let_time_pass(&lab, &[0, 11]).await?;
        crate::store_faults::assert_one_right_store_order(&lab, &skipped, database).await?;

        // The new store order is one like any other.
        set_number(&lab, &again, "JX800001", true).await?;
        set_state(&lab, &again, SHIPPED).await?;
        settle(&lab).await?;
        assert_shipped(&lab, &again, "JX800001", database).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_deletion_is_noticed_by_the_next_write_and_ends_when_the_order_is_there_again() -> Result<()> {
    for lab in labs().await {
        let database = lab.database_name();
        let id = imported_order(&lab).await?;
        let row = lab.sandboxes.store_control.get("/entities/orders").await?;
        let number = lab.order(&id).await?.store_order_id.unwrap();
        let row = row.as_array().unwrap().iter().find(|row| row["id"] == json!(number)).unwrap().clone();
        delete(&lab, &id).await?;

        do_to(&lab, &id, "ship", &json!({})).await?;
        lab.advance(TimeDelta::seconds(31)).await?;
        lab.poll().await?;
        assert_eq!(lab.open_issues(&id).await?, ["STORE_ORDER_DELETED"], "{database}");

        restore(&lab, row).await?;
        let_time_pass(&lab, &[11, 11]).await?;
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{database}");
        assert!(!lab.order(&id).await?.store_deleted, "{database}");
    }
    Ok(())
}

/// Puts an order's row back as it was, as from a backup.
async fn restore(lab: &EngineLab, mut row: Value) -> Result<()> {
    if let Some(fields) = row.as_object_mut() {
        fields.remove("associations");
    }
    lab.sandboxes.store_control.post("/entities/orders", &row).await.map(drop)
}

#[tokio::test]
async fn what_happens_in_the_store_while_its_clocks_go_back_is_seen() -> Result<()> {
    for lab in labs().await {
        let zone = async |name: &str| {
            lab.sandboxes.store_control.patch("/settings", &json!({ "time_zone": name })).await
        };
        zone("Europe/Paris").await?;
        let (first, second) = (imported_order(&lab).await?, imported_order(&lab).await?);
        set_state(&lab, &first, "PS_OS_PREPARATION").await?;
        look_again(&lab).await?;
        assert_eq!(lab.order(&first).await?.store_state_id, Some(3), "{}", lab.database_name());

        // An hour less, as on the last Sunday of October.
        zone("Europe/London").await?;
        set_state(&lab, &second, "PS_OS_PREPARATION").await?;
        // The looks of one minute in ten go back so far.
        let until_then = 10 - lab.database.clock.now().minute() % 10;
        lab.advance(TimeDelta::minutes(until_then.into())).await?;
        lab.poll().await?;

        assert_eq!(lab.order(&second).await?.store_state_id, Some(3), "{}", lab.database_name());
    }
    Ok(())
}
