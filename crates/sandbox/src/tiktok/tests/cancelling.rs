//! Cancelling: who may, when, why; and answering a buyer.

use serde_json::{Value, json};

use super::caller::{Caller, START};

const CANCEL: &str = "/return_refund/202309/cancellations";
const SEARCH: &str = "/return_refund/202309/cancellations/search";
const OUT_OF_STOCK: &str = "seller_cancel_reason_out_of_stock";

fn cancellation(order_id: &str, reason: &str) -> Value {
    json!({ "order_id": order_id, "cancel_reason": reason })
}

#[test]
fn the_right_reason_cancels_every_line_once() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("several_units");

    let answer = caller.data("POST", CANCEL, &[], &cancellation(&id, OUT_OF_STOCK));
    let order = caller.read(&id);
    let again = caller.code("POST", CANCEL, &[], &cancellation(&id, OUT_OF_STOCK));

    assert_eq!(answer["cancel_status"], "CANCELLATION_REQUEST_SUCCESS");
    assert_eq!(order["status"], "CANCELLED");
    assert_eq!(order["cancellation_initiator"], "SELLER");
    assert_eq!(order["cancel_reason"], "Out of stock");
    assert!(order["line_items"].as_array().unwrap().iter().all(|line| line["display_status"] == "CANCELLED"));
    assert_eq!(again, 25_001_011);
}

#[test]
fn cancelling_is_refused_with_the_code_of_its_reason() {
    let mut caller = Caller::in_market("FR");
    let plain = caller.place("several_units");
    let shipped = caller.place("in_transit");
    let first_line = caller.line_ids(&plain).remove(0);
    let mut partial = cancellation(&plain, OUT_OF_STOCK);
    partial["order_line_item_ids"] = json!([first_line]);
    let cases = [
        (cancellation(&plain, "seller_cancel_unpaid_reason_out_of_stock"), 25_001_021),
        (cancellation(&plain, "ecom_order_unpaid_canceled_reason_other"), 25_001_015),
        (cancellation(&plain, "because"), 25_001_014),
        (cancellation(&shipped, OUT_OF_STOCK), 25_001_045),
        (cancellation("1", OUT_OF_STOCK), 25_020_005),
        (partial, 25_005_010),
    ];

    for (body, code) in cases {
        assert_eq!(caller.code("POST", CANCEL, &[], &body), code, "{body}");
    }
    assert_eq!(caller.read(&plain)["status"], "AWAITING_SHIPMENT");
}

#[test]
fn single_units_are_cancelled_in_britain_and_only_when_out_of_stock() {
    let mut caller = Caller::in_market("GB");
    let id = caller.place("several_units");
    let first_line = caller.line_ids(&id).remove(0);
    let total = caller.read(&id)["payment"]["total_amount"].clone();
    let mut body = cancellation(&id, "seller_cancel_reason_wrong_price_uk");
    body["order_line_item_ids"] = json!([first_line]);
    assert_eq!(caller.code("POST", CANCEL, &[], &body), 25_005_010);

    body["cancel_reason"] = json!("seller_cancel_reason_out_of_stock_uk");
    caller.data("POST", CANCEL, &[], &body);

    let order = caller.read(&id);
    assert_eq!(order["status"], "AWAITING_SHIPMENT");
    assert_eq!(order["line_items"][0]["display_status"], "CANCELLED");
    assert_eq!(order["line_items"][1]["display_status"], "AWAITING_SHIPMENT");
    assert_eq!(order["payment"]["total_amount"], total);
}

#[test]
fn what_is_left_after_a_partial_cancellation_ships_in_the_package_that_was_there() {
    let mut caller = Caller::in_market("GB");
    caller.world.settings.packages_from_payment = Some(true);
    let id = caller.place("several_units");
    let package_id = caller.read(&id)["packages"][0]["id"].clone();
    let mut body = cancellation(&id, "seller_cancel_reason_out_of_stock_uk");
    body["order_line_item_ids"] = json!([caller.line_ids(&id).remove(0)]);
    caller.data("POST", CANCEL, &[], &body);

    let shipment = json!({ "tracking_number": "JX12345", "shipping_provider_id": "6617675021119438849" });
    let shipped = caller.data("POST", &format!("/fulfillment/202309/orders/{id}/packages"), &[], &shipment);

    assert_eq!(shipped["package_id"], package_id);
    assert_eq!(caller.read(&id)["status"], "AWAITING_COLLECTION");
}

#[test]
fn reasons_come_from_eligibility() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("plain");
    let shipped = caller.place("in_transit");
    let path = |id: &str| format!("/return_refund/202602/orders/{id}/aftersale_eligibility");
    let query = [("initiate_aftersale_user", "SELLER"), ("request_types", "CANCEL")];

    let open = caller.data("GET", &path(&id), &query, &Value::Null);
    let closed = caller.data("GET", &path(&shipped), &query, &Value::Null);

    let open = &open["sku_eligibility"][0]["line_item_eligibility"][0];
    assert_eq!(
        (open["eligible"].clone(), open["available_reason_names"][0].clone()),
        (json!(true), json!(OUT_OF_STOCK))
    );
    let closed = &closed["sku_eligibility"][0]["line_item_eligibility"][0];
    assert_eq!(
        (closed["eligible"].clone(), closed["ineligible_code"].clone()),
        (json!(false), json!(25_001_045))
    );
}

/// Places an order whose buyer asks to cancel; answers its id and that of the request.
fn requested(caller: &mut Caller) -> (String, String) {
    let id = caller.place("buyer_requests_cancel");
    let found = caller.data("POST", SEARCH, &[("page_size", "10")], &json!({ "order_ids": [id] }));
    let request = &found["cancellations"][0];
    assert_eq!(request["cancel_status"], "CANCELLATION_REQUEST_PENDING");
    assert_eq!(request["cancel_type"], "BUYER_CANCEL");
    assert_eq!(request["seller_next_action_response"][0]["action"], "SELLER_RESPOND_CANCEL");
    assert_eq!(request["seller_next_action_response"][0]["deadline"], START + 48 * 3_600);
    (id, request["cancel_id"].as_str().unwrap().to_owned())
}

#[test]
fn an_approved_request_cancels_the_order_and_repeats_under_the_same_key() {
    let mut caller = Caller::in_market("FR");
    let (id, cancel_id) = requested(&mut caller);
    let path = format!("{CANCEL}/{cancel_id}/approve");
    assert_eq!(caller.read(&id)["is_buyer_request_cancel"], true);

    let first = caller.code("POST", &path, &[("idempotency_key", "a")], &json!({}));
    let repeated = caller.code("POST", &path, &[("idempotency_key", "a")], &json!({}));
    let other_key = caller.code("POST", &path, &[("idempotency_key", "b")], &json!({}));

    let order = caller.read(&id);
    assert_eq!((first, repeated, other_key), (0, 0, 25_020_010));
    assert_eq!(order["status"], "CANCELLED");
    assert_eq!(order["cancellation_initiator"], "BUYER");
    assert_eq!(order["is_buyer_request_cancel"], false);
}

#[test]
fn a_rejected_request_lets_the_order_go_on() {
    let mut caller = Caller::in_market("FR");
    let (id, cancel_id) = requested(&mut caller);
    let path = format!("{CANCEL}/{cancel_id}/reject");
    let query = [("return_or_cancel_id", cancel_id.as_str()), ("locale", "en-US")];
    let reasons = caller.data("GET", "/return_refund/202309/reject_reasons", &query, &Value::Null);
    let reason = reasons["reasons"][0]["name"].clone();

    let wrong = caller.code("POST", &path, &[], &json!({ "reject_reason": "no" }));
    let right = caller.code("POST", &path, &[("idempotency_key", "a")], &json!({ "reject_reason": reason }));
    let late = caller.code("POST", &path, &[("idempotency_key", "b")], &json!({ "reject_reason": reason }));

    assert_eq!((wrong, right, late), (25_001_016, 0, 25_011_011));
    assert_eq!(caller.read(&id)["is_buyer_request_cancel"], false);
    let found = |caller: &mut Caller, version: &str| {
        let path = format!("/return_refund/{version}/cancellations/search");
        caller.data("POST", &path, &[], &json!({ "order_ids": [id] }))["cancellations"][0]["cancel_status"]
            .take()
    };
    assert_eq!(found(&mut caller, "202309"), "CANCELLATION_REQUEST_CANCELLED");
    assert_eq!(found(&mut caller, "202602"), "CANCELLATION_REQUEST_CANCEL");
    let shipment = json!({ "tracking_number": "JX12345", "shipping_provider_id": "6617675021119438849" });
    assert_eq!(caller.code("POST", &format!("/fulfillment/202309/orders/{id}/packages"), &[], &shipment), 0);
}

#[test]
fn an_unanswered_request_is_approved_at_its_deadline() {
    let mut caller = Caller::in_market("FR");
    let (id, cancel_id) = requested(&mut caller);

    caller.wait(48 * 3_600 - 1);
    assert_eq!(caller.read(&id)["status"], "AWAITING_SHIPMENT");
    caller.wait(1);

    assert_eq!(caller.read(&id)["status"], "CANCELLED");
    let path = format!("{CANCEL}/{cancel_id}/approve");
    assert_eq!(caller.code("POST", &path, &[("idempotency_key", "x")], &json!({})), 25_020_010);
    caller.wait(60);
    let found = caller.data("POST", SEARCH, &[], &json!({ "cancel_ids": [cancel_id] }));
    assert_eq!(found["cancellations"][0]["cancel_status"], "CANCELLATION_REQUEST_COMPLETE");
}

#[test]
fn a_withdrawn_request_cannot_be_approved() {
    let mut caller = Caller::in_market("FR");
    let (id, cancel_id) = requested(&mut caller);

    assert!(caller.world.withdraw_request(&id, START));

    let path = format!("{CANCEL}/{cancel_id}/approve");
    assert_eq!(caller.code("POST", &path, &[("idempotency_key", "a")], &json!({})), 25_020_009);
    assert_eq!(caller.read(&id)["status"], "AWAITING_SHIPMENT");
}
