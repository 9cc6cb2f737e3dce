//! Shipping in whole and in part, its refusals, corrections and labels.

use serde_json::{Value, json};

use super::caller::{Caller, START};

const DHL: &str = "6617675021119438849";

fn path_of(order_id: &str) -> String {
    format!("/fulfillment/202309/orders/{order_id}/packages")
}

fn shipment(number: &str, lines: &[String]) -> Value {
    let mut body = json!({ "tracking_number": number, "shipping_provider_id": DHL });
    if !lines.is_empty() {
        body["order_line_item_ids"] = json!(lines);
    }
    body
}

#[test]
fn parts_lead_to_partially_shipping_and_the_rest_to_awaiting_collection() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("several_units");
    let lines = caller.line_ids(&id);

    let first = caller.data("POST", &path_of(&id), &[], &shipment("JX12345", &lines[..1]));
    let partly = caller.read(&id);
    let second = caller.data("POST", &path_of(&id), &[], &shipment("JX12346", &[]));
    let shipped = caller.read(&id);

    assert_eq!(first["order_line_item_ids"], json!(&lines[..1]));
    assert_eq!(first["warning"]["message"], "match more than one provider");
    assert_eq!(partly["status"], "PARTIALLY_SHIPPING");
    assert_eq!(partly["split_or_combine_tag"], "SPLIT");
    assert_eq!(partly["line_items"][0]["display_status"], "AWAITING_COLLECTION");
    assert_eq!(partly["line_items"][0]["tracking_number"], "JX12345");
    assert_eq!(partly["line_items"][1]["display_status"], "AWAITING_SHIPMENT");
    assert_ne!(first["package_id"], second["package_id"]);
    assert_eq!(shipped["status"], "AWAITING_COLLECTION");
    assert_eq!(shipped["packages"].as_array().unwrap().len(), 2);
    assert_eq!(shipped["line_items"][1]["tracking_number"], "JX12346");
}

#[test]
fn the_same_shipment_again_is_already_shipped() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("plain");
    caller.data("POST", &path_of(&id), &[], &shipment("JX12345", &[]));

    assert_eq!(caller.code("POST", &path_of(&id), &[], &shipment("JX12345", &[])), 21_011_006);
}

#[test]
fn shipping_is_refused_with_the_code_of_its_reason() {
    let mut caller = Caller::in_market("FR");
    let held = caller.place("on_hold");
    let requested = caller.place("buyer_requests_cancel");
    let by_tiktok = caller.place("fulfilled_by_tiktok");
    let label = caller.place("tiktok_shipping");
    let cancelled = caller.place("cancelled_on_hold");
    let plain = caller.place("plain");
    let shipped = caller.place("country_DE");
    caller.data("POST", &path_of(&shipped), &[], &shipment("JX99999", &[]));
    let good = shipment("JX12345", &[]);
    let cases = [
        (&held, good.clone(), 21_011_044),
        (&requested, good.clone(), 21_011_007),
        (&by_tiktok, good.clone(), 21_008_025),
        (&label, good.clone(), 21_011_004),
        (&cancelled, good.clone(), 21_011_041),
        (&plain, json!({ "tracking_number": "JX12345", "shipping_provider_id": "1" }), 21_011_022),
        (&plain, shipment("JX 12345", &[]), 21_004_012),
        (&plain, shipment("1", &[]), 21_004_015),
        (&plain, shipment("JX99999", &[]), 21_034_012),
        (&plain, shipment("JX12345", &["1".to_owned()]), 21_011_029),
        (&plain, json!({ "shipping_provider_id": DHL }), 36_009_004),
        (&"1".to_owned(), good, 21_008_111),
    ];

    for (id, body, code) in cases {
        assert_eq!(caller.code("POST", &path_of(id), &[], &body), code, "{body}");
    }
    assert_eq!(caller.read(&plain)["status"], "AWAITING_SHIPMENT");
}

#[test]
fn an_order_without_hold_is_refused_in_its_first_hour() {
    let mut caller = Caller::in_market("FR");
    caller.change_switches(json!({ "life": { "hold_s": 0 } }));
    let id = caller.place("plain");
    assert_eq!(caller.read(&id)["is_on_hold_order"], false);
    assert_eq!(caller.code("POST", &path_of(&id), &[], &shipment("JX12345", &[])), 21_011_044);

    caller.wait(3_600);

    assert_eq!(caller.code("POST", &path_of(&id), &[], &shipment("JX12345", &[])), 0);
}

#[test]
fn packages_exist_from_payment_on_except_in_britain_and_america() {
    for (market, packages) in [("FR", 1), ("GB", 0), ("US", 0)] {
        let mut caller = Caller::in_market(market);
        let id = caller.place("plain");

        let order = caller.read(&id);

        assert_eq!(order["packages"].as_array().unwrap().len(), packages, "{market}");
        assert_eq!(order["line_items"][0].get("package_id").is_some(), packages == 1, "{market}");
    }
}

#[test]
fn a_tracking_number_is_corrected_once() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("plain");
    let package = caller.data("POST", &path_of(&id), &[], &shipment("JX12345", &[]));
    let package_id = package["package_id"].as_str().unwrap();
    let path = format!("/fulfillment/202309/packages/{package_id}/shipping_info/update");
    let correction = |number: &str| json!({ "tracking_number": number, "shipping_provider_id": DHL });

    let first = caller.code("POST", &path, &[], &correction("JX54321"));
    let second = caller.code("POST", &path, &[], &correction("JX54322"));

    assert_eq!((first, second), (0, 21_011_049));
    assert_eq!(caller.read(&id)["line_items"][0]["tracking_number"], "JX54321");
}

#[test]
fn tiktok_shipping_goes_through_ship_package_and_gives_a_label() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("tiktok_shipping");
    let package_id = caller.read(&id)["packages"][0]["id"].as_str().unwrap().to_owned();
    let ship = format!("/fulfillment/202309/packages/{package_id}/ship");
    let label = format!("/fulfillment/202309/packages/{package_id}/shipping_documents");
    let kind = [("document_type", "SHIPPING_LABEL")];

    let early = caller.code("GET", &label, &kind, &Value::Null);
    caller.data("POST", &ship, &[], &json!({}));
    let again = caller.code("POST", &ship, &[], &json!({}));
    let document = caller.data("GET", &label, &kind, &Value::Null);
    let url = document["doc_url"].as_str().unwrap().replace("http://127.0.0.1:1", "");
    let mut fetch = caller.incoming("GET", &url, &[], "");
    fetch.query.clear();
    let pdf = caller.send(&fetch);
    caller.wait(86_400);
    let late = caller.send(&fetch);

    assert_eq!(early, 21_042_104);
    assert!([21_011_006, 21_011_040].contains(&again));
    assert!(pdf.body.starts_with(b"%PDF-"));
    assert_eq!(late.status, 403);
    assert_eq!(document["tracking_number"], caller.read(&id)["tracking_number"]);
}

#[test]
fn a_batch_lists_what_failed_and_ships_the_rest() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("tiktok_shipping");
    let package_id = caller.read(&id)["packages"][0]["id"].clone();
    let body = json!({ "packages": [{ "id": package_id }, { "id": "1" }] });

    let answer = caller.data("POST", "/fulfillment/202309/packages/ship", &[], &body);

    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    assert_eq!(answer["errors"][0]["detail"]["package_id"], "1");
    assert_eq!(caller.read(&id)["status"], "AWAITING_COLLECTION");
}

#[test]
fn carriers_depend_on_the_route() {
    let mut caller = Caller::in_market("FR");
    let path = "/logistics/202309/delivery_options/7091146663229654785/shipping_providers";
    let names = |data: &Value| -> Vec<String> {
        let rows = data["shipping_providers"].as_array().unwrap();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };

    let french =
        caller.data("GET", path, &[("warehouse_region", "FR"), ("buyer_region", "DE")], &Value::Null);
    let german =
        caller.data("GET", path, &[("warehouse_region", "DE"), ("buyer_region", "DE")], &Value::Null);
    let without_route = caller.code("GET", path, &[], &Value::Null);
    let by_tiktok = "/logistics/202309/delivery_options/7091146663229655300/shipping_providers";

    assert!(names(&french).contains(&"Colissimo".to_owned()));
    assert!(!names(&german).contains(&"Colissimo".to_owned()));
    assert!(
        names(&french).contains(&"DHL".to_owned()) && names(&french).contains(&"DHL eCommerce".to_owned())
    );
    assert_eq!(without_route, 36_009_004);
    assert_eq!(caller.code("GET", by_tiktok, &[], &Value::Null), 21_008_117);
}

#[test]
fn the_carrier_brings_a_shipped_order_to_its_end() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("plain");
    caller.data("POST", &path_of(&id), &[], &shipment("JX12345", &[]));
    let mut status_after = |seconds: i64| {
        caller.wait(seconds);
        caller.world.orders[&id].status.text()
    };

    assert_eq!(status_after(4 * 3_600), "IN_TRANSIT");
    assert_eq!(status_after(2 * 86_400), "DELIVERED");
    assert_eq!(status_after(14 * 86_400), "COMPLETED");
}

#[test]
fn packages_are_searched_and_read() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("plain");
    let answer = caller.data("POST", &path_of(&id), &[], &shipment("JX12345", &[]));
    let package_id = answer["package_id"].as_str().unwrap();

    let body = json!({ "package_status": "FULFILLING", "create_time_ge": START });
    let found = caller.data("POST", "/fulfillment/202309/packages/search", &[("page_size", "50")], &body);
    let read = caller.data("GET", &format!("/fulfillment/202309/packages/{package_id}"), &[], &Value::Null);

    assert_eq!(found["packages"][0]["status"], "FULFILLING");
    assert_eq!(found["packages"][0]["orders"][0]["id"], json!(id));
    assert_eq!(read["package_status"], "FULFILLING");
    assert_eq!(read["tracking_number"], "JX12345");
}
