//! Orders are canceled by the merchant, or buyers' requests are answered: both sides agree afterwards, whatever is lost
//! on the way.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{ActionRequest, ActionState, OrderId};
use tests::{EngineLab, LabOptions};

use crate::asking::{
    action, after_undo_time, ask, assert_done, assert_failed, cancel, do_to, imported_order, let_time_pass,
    reject, truth, try_to_ask,
};
use crate::labs::labs;
use crate::store_side::look_again;

/// The store's number of the state "canceled".
const CANCELED: &str = "6";

/// TikTok Shop, the store and our record say that the order is canceled, and each said it once.
async fn assert_canceled_everywhere(lab: &EngineLab, id: &str) -> Result<()> {
    let case = format!("{} order {id}", lab.database_name());
    assert_eq!(truth(lab, id).await?["status"], "CANCELLED", "{case}");
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    assert_eq!(store_orders.len(), 1, "{case}");
    assert_eq!(store_orders[0]["current_state"], CANCELED, "{case}");
    let histories = store_orders[0]["histories"].as_array().map_or(&[][..], Vec::as_slice);
    let canceled = histories.iter().filter(|history| history["id_order_state"] == CANCELED).count();
    assert_eq!(canceled, 1, "{case}: {histories:?}");
    let order = lab.order(id).await?;
    assert_eq!((order.status.as_str(), order.channel_status.as_str()), ("canceled", "CANCELLED"), "{case}");
    assert_eq!(lab.open_issues(id).await?, Vec::<String>::new(), "{case}");
    Ok(())
}

/// TikTok Shop, the store and our record say that the order goes on.
async fn assert_goes_on(lab: &EngineLab, id: &str, channel_status: &str) -> Result<()> {
    let case = format!("{} order {id}", lab.database_name());
    assert_eq!(truth(lab, id).await?["status"], channel_status, "{case}");
    assert_eq!(lab.order(id).await?.channel_status, channel_status, "{case}");
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    assert_eq!(store_orders.len(), 1, "{case}");
    assert_ne!(store_orders[0]["current_state"], CANCELED, "{case}");
    Ok(())
}

/// How many writing calls with this in their path came to TikTok Shop.
async fn calls(lab: &EngineLab, path: &str) -> Result<usize> {
    let calls = lab.sandboxes.channel_control.get("/calls?limit=500").await?;
    let latest = calls["latest"].as_array().cloned().unwrap_or_default();
    let is_one = |call: &&Value| {
        call["method"] == "POST" && call["path"].as_str().is_some_and(|it| it.ends_with(path))
    };
    Ok(latest.iter().filter(is_one).count())
}

/// The buyer wants to cancel, and we know of it.
async fn requested(lab: &EngineLab, id: &str) -> Result<()> {
    do_to(lab, id, "request-cancel", &json!({})).await?;
    ask(lab, id, ActionRequest::Sync {}).await?;
    lab.run_due().await?;
    assert_eq!(lab.open_issues(id).await?, ["CANCEL_REQUEST_OPEN"], "{}", lab.database_name());
    Ok(())
}

#[tokio::test]
async fn an_order_that_awaits_shipment_is_canceled_on_both_sides() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;

        let asked = ask(&lab, &id, cancel()).await?;
        lab.run_due().await?;
        assert_eq!(action(&lab, asked).await?.state, ActionState::Queued, "it can still be taken back");
        assert_goes_on(&lab, &id, "AWAITING_SHIPMENT").await?;
        after_undo_time(&lab).await?;

        assert_eq!(assert_done(&lab, asked).await?, "Canceled the order on TikTok Shop.");
        assert_canceled_everywhere(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_taken_back_in_time_never_leaves() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;

        let asked = ask(&lab, &id, cancel()).await?;
        lab.advance(TimeDelta::seconds(5)).await?;
        lab.run_due().await?;
        assert!(database::actions::undo(lab.database.writer(), asked, lab.database.clock.now()).await?);
        let_time_pass(&lab, &[1, 10, 60]).await?;

        assert_eq!(action(&lab, asked).await?.state, ActionState::Undone);
        assert_goes_on(&lab, &id, "AWAITING_SHIPMENT").await?;
        assert_eq!(calls(&lab, "/cancellations").await?, 0, "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn canceling_twice_cancels_once() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;

        let first = ask(&lab, &id, cancel()).await?;
        let second = ask(&lab, &id, cancel()).await?;
        after_undo_time(&lab).await?;

        assert_done(&lab, first).await?;
        assert_eq!(assert_done(&lab, second).await?, "It was canceled on TikTok Shop already.");
        assert_canceled_everywhere(&lab, &id).await?;
        let refusal = try_to_ask(&lab, &id, cancel()).await?.unwrap_err();
        assert_eq!(refusal, "The order is canceled already.");
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_write_is_looked_up_and_not_sent_again() -> Result<()> {
    for lab in labs().await {
        for kind in ["internal_error", "cut", "truncated", "timeout", "html", "overload"] {
            let id = imported_order(&lab).await?;
            lab.sandboxes.channel_control.delete("/calls").await?;
            let fault = json!({ "path": "/cancellations", "method": "POST", "kind": kind, "when": "after", "times": 1 });
            lab.sandboxes.break_channel(&fault).await?;

            let asked = ask(&lab, &id, cancel()).await?;
            after_undo_time(&lab).await?;
            let_time_pass(&lab, &[1, 3, 15]).await?;

            assert_done(&lab, asked).await?;
            assert_canceled_everywhere(&lab, &id).await?;
            assert_eq!(calls(&lab, "/return_refund/202309/cancellations").await?, 1, "{kind}");
            lab.sandboxes.channel_control.delete("/faults").await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_call_that_did_not_arrive_is_sent_again() -> Result<()> {
    for lab in labs().await {
        for kind in ["internal_error", "cut", "rate_limited", "overload", "token_expired"] {
            let id = imported_order(&lab).await?;
            let fault = json!({ "path": "/cancellations", "method": "POST", "kind": kind, "when": "before", "times": 1 });
            lab.sandboxes.break_channel(&fault).await?;

            let asked = ask(&lab, &id, cancel()).await?;
            after_undo_time(&lab).await?;
            let_time_pass(&lab, &[1, 3, 15]).await?;

            assert_done(&lab, asked).await?;
            assert_canceled_everywhere(&lab, &id).await?;
            lab.sandboxes.channel_control.delete("/faults").await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_refusal_is_told_and_stays_until_it_is_dealt_with() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;

        // Somebody ships in Seller Center, and we do not know of it yet.
        let asked = ask(&lab, &id, cancel()).await?;
        do_to(&lab, &id, "ship", &json!({})).await?;
        after_undo_time(&lab).await?;

        let sentence = assert_failed(&lab, asked).await?;
        assert_eq!(sentence, "TikTok refused: the order has been shipped.");
        assert_eq!(lab.open_issues(&id).await?, ["CANCEL_REFUSED"]);
        assert_goes_on(&lab, &id, "AWAITING_COLLECTION").await?;
        assert_eq!(lab.order(&id).await?.status, "error");

        ask(&lab, &id, ActionRequest::MarkHandled { code: shared::IssueCode::CancelRefused, subject: None })
            .await?;
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new());
        assert_eq!(lab.order(&id).await?.status, "awaiting_collection");
    }
    Ok(())
}

#[tokio::test]
async fn a_reason_that_does_not_fit_is_refused_and_the_next_one_ends_the_issue() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let wrong = ActionRequest::Cancel {
            reason: "seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed".to_owned(),
            line_item_ids: Vec::new(),
        };

        let refused = ask(&lab, &id, wrong).await?;
        after_undo_time(&lab).await?;
        assert_eq!(
            assert_failed(&lab, refused).await?,
            "TikTok refused: the reason does not fit this order now; it takes “Out of stock”, “Wrong price”, “The address \
             cannot be delivered to”, “The buyer asked to cancel”."
        );
        assert_eq!(lab.open_issues(&id).await?, ["CANCEL_REFUSED"]);
        assert_goes_on(&lab, &id, "AWAITING_SHIPMENT").await?;

        let asked = ask(&lab, &id, cancel()).await?;
        after_undo_time(&lab).await?;
        assert_done(&lab, asked).await?;
        assert_canceled_everywhere(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn where_the_reasons_are_not_known_the_one_that_was_meant_is_found_and_no_other_is_taken() -> Result<()>
{
    for database in test_database::databases().await {
        let mut options = LabOptions::default();
        options.tiktok.shops = vec!["PL".to_owned()];
        let lab = EngineLab::start(database, options).await?;
        let id = imported_order(&lab).await?;
        let unknown_there = ActionRequest::Cancel {
            reason: "seller_cancel_paid_reason_buyer_requested_cancellation".to_owned(),
            line_item_ids: Vec::new(),
        };

        let refused = ask(&lab, &id, unknown_there).await?;
        after_undo_time(&lab).await?;
        let sentence = assert_failed(&lab, refused).await?;
        assert!(sentence.ends_with("cannot be delivered to”, “Out of stock”."), "{sentence}");
        assert_goes_on(&lab, &id, "AWAITING_SHIPMENT").await?;

        let asked = ask(&lab, &id, cancel()).await?;
        after_undo_time(&lab).await?;
        assert_done(&lab, asked).await?;
        assert_canceled_everywhere(&lab, &id).await?;
        assert_eq!(truth(&lab, &id).await?["as_seen_by_the_app"]["cancel_reason"], "Out of stock");
    }
    Ok(())
}

#[tokio::test]
async fn a_reason_that_was_chosen_for_many_orders_fits_those_that_are_not_paid() -> Result<()> {
    for lab in labs().await {
        let order = json!({ "count": 1, "seed": 5, "mix": "plain", "start": "unpaid" });
        let id = lab.sandboxes.place(&order).await?.remove(0);
        lab.poll().await?;

        let asked = ask(&lab, &id, cancel()).await?;
        after_undo_time(&lab).await?;

        assert_done(&lab, asked).await?;
        assert_eq!(truth(&lab, &id).await?["status"], "CANCELLED", "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_ends_canceled_has_no_refusal_left() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let one_unit = truth(&lab, &id).await?["lines"][0]["id"].as_str().unwrap().to_owned();
        let partly = ActionRequest::Cancel {
            reason: "seller_cancel_reason_out_of_stock".to_owned(),
            line_item_ids: vec![one_unit],
        };

        let asked = ask(&lab, &id, partly).await?;
        after_undo_time(&lab).await?;
        assert_eq!(
            assert_failed(&lab, asked).await?,
            "TikTok refused: only the whole order can be canceled."
        );
        do_to(&lab, &id, "cancel", &json!({ "by": "system" })).await?;
        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;

        assert_canceled_everywhere(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_granted_cancels_on_both_sides() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        requested(&lab, &id).await?;
        let refusal = try_to_ask(
            &lab,
            &id,
            ActionRequest::Ship {
                carrier_id: Some("1".to_owned()),
                tracking_number: Some("JX12345".to_owned()),
                line_item_ids: Vec::new(),
            },
        );
        assert_eq!(refusal.await?.unwrap_err(), "The buyer wants to cancel; answer the request first.");

        let asked = ask(&lab, &id, ActionRequest::AcceptCancellation {}).await?;
        after_undo_time(&lab).await?;

        assert_done(&lab, asked).await?;
        assert_canceled_everywhere(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_deadline_of_a_request_is_the_one_that_tiktok_shop_names() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        lab.sandboxes.channel_control.put("/switches", &json!({ "life": { "request_s": 3_600 } })).await?;

        requested(&lab, &id).await?;

        let order_id = OrderId(lab.order(&id).await?.id);
        let open = database::issues::open_of(lab.database.writer(), order_id).await?;
        let facts: Value = serde_json::from_str(&open[0].facts)?;
        let deadline = (lab.database.clock.now() + TimeDelta::hours(1)).format("%Y-%m-%d %H:").to_string();
        assert!(facts["deadline"].as_str().unwrap().starts_with(&deadline), "{facts} {deadline}");
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_refused_lets_the_order_go_on() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        requested(&lab, &id).await?;

        let asked = ask(&lab, &id, reject()).await?;
        lab.run_due().await?;

        assert_done(&lab, asked).await?;
        assert_goes_on(&lab, &id, "AWAITING_SHIPMENT").await?;
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new());
        assert_eq!(truth(&lab, &id).await?["is_buyer_request_cancel"], json!(false));
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_the_buyer_took_back_is_not_granted() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        requested(&lab, &id).await?;

        let accepted = ask(&lab, &id, ActionRequest::AcceptCancellation {}).await?;
        do_to(&lab, &id, "withdraw-request", &json!({})).await?;
        after_undo_time(&lab).await?;

        assert_eq!(
            assert_failed(&lab, accepted).await?,
            "The buyer took the request back before it was granted; the order goes on."
        );
        assert_goes_on(&lab, &id, "AWAITING_SHIPMENT").await?;
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new());
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_was_granted_by_itself_cannot_be_refused_any_more() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        requested(&lab, &id).await?;

        lab.advance(TimeDelta::hours(49)).await?;
        let rejected = ask(&lab, &id, reject()).await?;
        lab.run_due().await?;
        lab.poll().await?;

        assert_eq!(
            assert_failed(&lab, rejected).await?,
            "The request was granted before it could be refused; the order is canceled."
        );
        assert_canceled_everywhere(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_to_a_request_that_is_lost_is_given_once() -> Result<()> {
    for lab in labs().await {
        for (path, decision) in [("/approve", ActionRequest::AcceptCancellation {}), ("/reject", reject())] {
            for when in ["before", "after"] {
                let id = imported_order(&lab).await?;
                requested(&lab, &id).await?;
                let fault =
                    json!({ "path": path, "method": "POST", "kind": "cut", "when": when, "times": 1 });
                lab.sandboxes.break_channel(&fault).await?;

                let asked = ask(&lab, &id, decision.clone()).await?;
                after_undo_time(&lab).await?;
                let_time_pass(&lab, &[1, 3, 15]).await?;

                assert_done(&lab, asked).await?;
                if path == "/approve" {
                    assert_canceled_everywhere(&lab, &id).await?;
                } else {
                    assert_goes_on(&lab, &id, "AWAITING_SHIPMENT").await?;
                    assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{when}");
                }
                lab.sandboxes.channel_control.delete("/faults").await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_request_whose_webhook_was_lost_is_found_and_so_is_its_end() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;

        do_to(&lab, &id, "request-cancel", &json!({})).await?;
        let_time_pass(&lab, &[11]).await?;
        assert_eq!(lab.open_issues(&id).await?, ["CANCEL_REQUEST_OPEN"], "{}", lab.database_name());

        do_to(&lab, &id, "withdraw-request", &json!({})).await?;
        let_time_pass(&lab, &[11]).await?;
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{}", lab.database_name());
        assert_goes_on(&lab, &id, "AWAITING_SHIPMENT").await?;
    }
    Ok(())
}

#[tokio::test]
async fn of_a_shipment_and_a_cancellation_at_once_one_happens_and_the_other_is_told() -> Result<()> {
    for lab in labs().await {
        for cancel_first in [false, true] {
            let id = imported_order(&lab).await?;
            let ship = ActionRequest::Ship {
                carrier_id: Some("6617675021119438849".to_owned()),
                tracking_number: Some("JX12345678".to_owned()),
                line_item_ids: Vec::new(),
            };
            let asked = ask(&lab, &id, cancel()).await?;
            if cancel_first {
                // TikTok Shop cancels, and its answer does not reach us before the shipment leaves.
                let fault = json!({ "path": "/cancellations", "method": "POST", "kind": "cut", "when": "after", "times": 1 });
                lab.sandboxes.break_channel(&fault).await?;
                lab.advance(TimeDelta::seconds(9)).await?;
            }
            let shipping = ask(&lab, &id, ship).await?;

            after_undo_time(&lab).await?;
            let_time_pass(&lab, &[1, 3, 15]).await?;

            let (canceled, shipped) = (action(&lab, asked).await?, action(&lab, shipping).await?);
            let case = format!("{} {canceled:?} {shipped:?}", lab.database_name());
            let done = |state| state == ActionState::Done;
            assert!(done(canceled.state) != done(shipped.state), "{case}");
            assert!(canceled.state != ActionState::Queued && shipped.state != ActionState::Queued, "{case}");
            let there = truth(&lab, &id).await?["status"].clone();
            assert_eq!(
                there,
                if done(canceled.state) { "CANCELLED" } else { "AWAITING_COLLECTION" },
                "{case}"
            );
            assert_eq!(lab.order(&id).await?.channel_status, there.as_str().unwrap_or_default(), "{case}");
            let state = lab.sandboxes.store_orders_of(&id).await?[0]["current_state"].clone();
            assert_eq!(state == CANCELED, done(canceled.state), "{case}");
            if done(shipped.state) {
                assert_eq!(lab.open_issues(&id).await?, ["CANCEL_REFUSED"], "{case}");
            }
            lab.sandboxes.channel_control.delete("/faults").await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn single_units_are_canceled_where_the_market_allows_it() -> Result<()> {
    for database in test_database::databases().await {
        let defaults = LabOptions::default();
        let tiktok = sandbox::tiktok::Options { shops: vec!["GB".to_owned()], ..defaults.tiktok };
        let lab = EngineLab::start(database, LabOptions { tiktok, ..defaults }).await?;
        let order = json!({ "order": {
            "country": "GB", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }],
        } });
        let id = lab.sandboxes.place(&order).await?.remove(0);
        lab.poll().await?;
        let unit = truth(&lab, &id).await?["lines"][0]["id"].as_str().unwrap_or_default().to_owned();
        // As it is chosen for many orders at once: the United Kingdom has a key of its own.
        let one_unit = ActionRequest::Cancel {
            reason: "seller_cancel_reason_out_of_stock".to_owned(),
            line_item_ids: vec![unit],
        };

        let fault =
            json!({ "path": "/cancellations", "method": "POST", "kind": "cut", "when": "after", "times": 1 });
        lab.sandboxes.break_channel(&fault).await?;
        let asked = ask(&lab, &id, one_unit).await?;
        after_undo_time(&lab).await?;
        let_time_pass(&lab, &[1, 3]).await?;

        let case = format!("{} {:?}", lab.database_name(), action(&lab, asked).await?);
        assert_eq!(action(&lab, asked).await?.state, ActionState::Done, "{case}");
        assert_eq!(assert_done(&lab, asked).await?, "Canceled one unit on TikTok Shop.");
        assert_eq!(lab.open_issues(&id).await?, ["DRIFT_DETECTED"], "{case}");
        assert_goes_on(&lab, &id, "AWAITING_SHIPMENT").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_parcel_that_was_collected_is_known_however_carelessly_the_order_is_told() -> Result<()> {
    for lab in labs().await {
        // `null` and `""` stand for "no value" all over the order.
        let order = json!({ "order": { "shape": "nulls", "country": "FR", "lines": [{ "seller_sku": "MUG-STONE-BLU" }] } });
        let id = lab.sandboxes.place(&order).await?.remove(0);
        lab.poll().await?;
        for step in ["ship", "collect"] {
            do_to(&lab, &id, step, &json!({})).await?;
            look_again(&lab).await?;
        }

        do_to(&lab, &id, "cancel", &json!({ "by": "system" })).await?;
        look_again(&lab).await?;

        assert_eq!(lab.open_issues(&id).await?, ["CANCELED_AFTER_SHIPMENT"], "{}", lab.database_name());
    }
    Ok(())
}
