//! Placing, searching and reading orders; what time does to them.

use std::collections::{HashMap, HashSet};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::caller::{Caller, START};
use crate::tiktok::generator::{self, Scene, Start};
use crate::tiktok::ids::Mint;
use crate::tiktok::order_json::{Edition, order_json};
use crate::tiktok::shapes::Shape;
use crate::tiktok::switches::{Life, Switches};

const SEARCH: &str = "/order/202309/orders/search";

fn scene<'a>(market: &'a str, life: &'a Life) -> Scene<'a> {
    Scene {
        shop_id: "1",
        market,
        currency: "EUR",
        at: START,
        life,
        packages_from_payment: true,
        start: Start::Shippable,
    }
}

fn amount(value: &Value) -> Decimal {
    match value.as_str() {
        None | Some("") => Decimal::ZERO,
        Some(text) => text.parse().unwrap(),
    }
}

/// The identities of the payment object, on the very JSON that a caller reads.
fn assert_identities(order: &Value) {
    let payment = &order["payment"];
    let of = |name: &str| amount(&payment[name]);
    let lines = order["line_items"].as_array().unwrap();
    let sum = |name: &str| lines.iter().map(|line| amount(&line[name])).sum::<Decimal>();
    let shape = &order["id"];

    assert_eq!(
        of("sub_total"),
        of("original_total_product_price") - of("seller_discount") - of("platform_discount"),
        "{shape}"
    );
    assert_eq!(
        of("shipping_fee"),
        of("original_shipping_fee")
            - of("shipping_fee_seller_discount")
            - of("shipping_fee_platform_discount")
            - of("shipping_fee_cofunded_discount"),
        "{shape}"
    );
    assert_eq!(sum("sale_price"), of("sub_total"), "{shape}");
    assert_eq!(sum("original_price"), of("original_total_product_price"), "{shape}");
    assert_eq!(sum("seller_discount"), of("seller_discount"), "{shape}");
    assert_eq!(sum("platform_discount"), of("platform_discount"), "{shape}");
    assert!(of("shipping_fee_seller_discount").is_zero() || of("shipping_fee_cofunded_discount").is_zero());
    assert_eq!(of("tax"), of("product_tax") + of("shipping_fee_tax"), "{shape}");
    let rest = of("total_amount") - of("sub_total") - of("shipping_fee");
    let fees = of("retail_delivery_fee");
    let deposits = sum("pfand_fee");
    assert!(rest == of("tax") + fees || rest == deposits, "{shape}: rest {rest}");
    for line in lines {
        assert_eq!(
            amount(&line["sale_price"]),
            amount(&line["original_price"])
                - amount(&line["seller_discount"])
                - amount(&line["platform_discount"])
        );
        assert!(amount(&line["sale_price"]) >= Decimal::ZERO);
    }
    assert!(of("shipping_fee") >= Decimal::ZERO);
}

#[test]
fn every_identity_holds_for_thousands_of_orders_of_many_seeds() {
    let life = Life::default();
    let switches = Switches::default();
    let shapes = Shape::all();
    for seed in 0..25_u64 {
        let market = ["FR", "DE", "US", "GB"][usize::try_from(seed % 4).unwrap()];
        let mut mint = Mint::new(seed);
        for index in 0..210_u64 {
            let shape = shapes[usize::try_from(index).unwrap() % shapes.len()];
            let mut random = StdRng::seed_from_u64(seed * 1_000 + index);
            let order = generator::generate(shape, &scene(market, &life), &mut random, &mut mint);

            assert_identities(&order_json(&order, Edition::V202507, START, &switches));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_orders() {
    let orders = |seed: u64| {
        let mut caller = Caller::in_market("FR");
        let ids = caller.place_with(&json!({ "count": 120, "mix": "all", "seed": seed }));
        ids.iter().map(|id| caller.read(id)).collect::<Vec<_>>()
    };

    assert_eq!(orders(3), orders(3));
    assert_ne!(orders(3), orders(4));
}

#[test]
fn a_large_mix_holds_every_shape_and_no_id_twice() {
    let mut caller = Caller::in_market("FR");
    let shapes = Shape::all();

    let ids = caller.place_with(&json!({ "count": shapes.len(), "mix": "all" }));

    let seen: HashSet<String> = ids.iter().map(|id| caller.world.orders[id].shape.clone()).collect();
    assert_eq!(seen, shapes.iter().map(|shape| shape.tag()).collect());
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), shapes.len());
    assert!(ids.iter().all(|id| id.parse::<u64>().unwrap() > 1 << 53));
}

#[test]
fn pages_walk_over_every_order_once() {
    let mut caller = Caller::in_market("FR");
    let placed = caller.place_with(&json!({ "count": 57, "spread_seconds": 600 }));
    let mut seen = Vec::new();
    let mut token = String::new();
    for _ in 0..7 {
        let query = [
            ("page_size", "10"),
            ("page_token", token.as_str()),
            ("sort_field", "update_time"),
            ("sort_order", "ASC"),
        ];
        let page = caller.data("POST", SEARCH, &query, &json!({ "update_time_ge": START - 600 }));
        assert_eq!(page["total_count"], 57);
        seen.extend(
            page["orders"].as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().to_owned()),
        );
        token = page["next_page_token"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
        assert!(token.contains('+') && token.contains('/'));
    }

    assert_eq!(seen, placed);
    assert!(token.is_empty());
}

#[test]
fn the_last_page_is_told_by_an_empty_or_an_absent_token() {
    let mut caller = Caller::in_market("FR");

    let ends: HashSet<bool> = (0..2)
        .map(|_| {
            let page = caller.data("POST", SEARCH, &[("page_size", "10")], &json!({}));
            page.get("next_page_token").is_some()
        })
        .collect();

    assert_eq!(ends.len(), 2);
}

#[test]
fn searches_fail_as_they_were_seen_to_fail() {
    let mut caller = Caller::in_market("FR");
    let size = ("page_size", "10");
    let message = |answer: &Value| answer["message"].as_str().unwrap().to_owned();

    let without_size = caller.call("POST", SEARCH, &[], &json!({ "page_size": 10 }));
    let lower_case = caller.call("POST", SEARCH, &[size, ("sort_order", "asc")], &json!({}));
    let number = caller.call("POST", SEARCH, &[size], &json!({ "order_status": 111 }));
    let too_large = caller.code("POST", SEARCH, &[("page_size", "101")], &json!({}));
    let cancellations =
        caller.call("POST", "/return_refund/202309/cancellations/search", &[("page_size", "51")], &json!({}));
    let packages =
        caller.code("POST", "/fulfillment/202309/packages/search", &[("page_size", "51")], &json!({}));

    assert!(message(&without_size).starts_with("PageSize is a required field"));
    assert!(message(&lower_case).starts_with("SortOrder is invalid, allowed values: ASC,DESC."));
    assert!(message(&number).starts_with("param order_status type invalid"));
    assert_eq!(
        [without_size, lower_case, number].map(|answer| answer["code"].clone()),
        [json!(36_009_004), json!(36_009_004), json!(36_009_004)]
    );
    assert_eq!(too_large, 36_009_004);
    assert_eq!(
        (cancellations["code"].clone(), cancellations["message"].clone()),
        (json!(98_001_004), json!("Value Out Of Range"))
    );
    assert_eq!(packages, 36_009_004);
}

#[test]
fn a_search_may_bring_little_more_than_ids() {
    let mut caller = Caller::in_market("FR");
    caller.place("plain");
    caller.change_switches(json!({ "search_entries": "ids" }));

    let page = caller.data("POST", SEARCH, &[("page_size", "10")], &json!({}));

    let entry = page["orders"][0].as_object().unwrap();
    assert_eq!(entry.keys().collect::<Vec<_>>(), ["id", "status"]);
}

#[test]
fn reading_takes_fifty_ids_in_one_value_and_no_foreign_one() {
    let mut caller = Caller::in_market("FR");
    let ids = caller.place_with(&json!({ "count": 51 }));
    let path = "/order/202309/orders";

    let two = caller.data("GET", path, &[("ids", &ids[..2].join(","))], &Value::Null);
    let too_many = caller.code("GET", path, &[("ids", &ids.join(","))], &Value::Null);
    let foreign = caller.code("GET", path, &[("ids", "576461413038785752")], &Value::Null);

    assert_eq!(two["orders"].as_array().unwrap().len(), 2);
    assert_eq!((too_many, foreign), (36_009_004, 21_008_111));
}

#[test]
fn a_held_order_shows_its_address_when_the_hold_is_over_and_loses_it_when_cancelled() {
    let mut caller = Caller::in_market("FR");
    let ids = caller.place_with(&json!({ "count": 8, "shapes": ["on_hold"] }));
    for id in &ids {
        let held = caller.read(id);
        assert_eq!(
            (held["status"].clone(), held["is_on_hold_order"].clone()),
            (json!("ON_HOLD"), json!(true))
        );
        let address = &held["recipient_address"];
        assert!(address.is_null() || address["name"] == "");
    }

    caller.wait(3_600);
    let released = caller.read(&ids[0]);
    let path = "/return_refund/202309/cancellations";
    let cancel = json!({ "order_id": ids[0], "cancel_reason": "seller_cancel_reason_out_of_stock" });
    caller.data("POST", path, &[], &cancel);
    let cancelled = caller.read(&ids[0]);

    assert_eq!(released["status"], "AWAITING_SHIPMENT");
    assert_eq!(released["update_time"], START + 3_600);
    assert!(!released["recipient_address"]["name"].as_str().unwrap().is_empty());
    assert_eq!(cancelled["status"], "CANCELLED");
    assert_eq!(cancelled["recipient_address"]["name"], "");
}

#[test]
fn orders_that_tiktok_delivers_stay_starred() {
    let mut caller = Caller::in_market("FR");
    for shape in ["tiktok_shipping", "fulfilled_by_tiktok"] {
        let id = caller.place(shape);

        let order = caller.read(&id);

        assert_eq!(order["shipping_type"], "TIKTOK");
        for field in ["name", "phone_number", "postal_code", "address_line1"] {
            assert!(order["recipient_address"][field].as_str().unwrap().contains('*'), "{shape} {field}");
        }
    }
}

#[test]
fn units_of_one_sku_are_single_lines_and_may_differ_in_discount() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("mixed_discounts");

    let order = caller.read(&id);

    let lines = order["line_items"].as_array().unwrap();
    let skus: HashSet<&str> = lines.iter().map(|line| line["sku_id"].as_str().unwrap()).collect();
    let prices: HashSet<&str> = lines.iter().map(|line| line["sale_price"].as_str().unwrap()).collect();
    assert!(lines.len() >= 3 && skus.len() == 1 && prices.len() > 1);
    assert!(lines.iter().all(|line| line.get("quantity").is_none()));
}

#[test]
fn special_lines_look_as_documented() {
    let mut caller = Caller::in_market("FR");
    let mut read = |shape: &str| {
        let id = caller.place(shape);
        caller.read(&id)
    };

    let gift = read("gift_line");
    let bundle = read("bundle");
    let sample = read("sample");

    assert_eq!(gift["line_items"][1]["sale_price"], "0");
    assert_eq!(gift["line_items"][1]["is_gift"], true);
    assert_eq!(bundle["line_items"][0]["combined_listing_skus"].as_array().unwrap().len(), 3);
    assert!(bundle["line_items"][0]["sub_item_info"].is_null());
    assert_eq!(sample["is_sample_order"], true);
    assert_eq!(sample["payment"]["total_amount"], "0");
}

#[test]
fn american_orders_carry_tax_on_top_and_european_ones_none() {
    let mut caller = Caller::in_market("FR");
    let mut read = |shape: &str| {
        let id = caller.place(shape);
        caller.read(&id)
    };

    let american = read("country_US");
    let german = read("country_DE");

    assert!(amount(&american["payment"]["tax"]) > Decimal::ZERO);
    assert_eq!(american["recipient_address"]["district_info"][1]["address_level_name"], "State");
    assert_eq!(german["payment"]["tax"], "0");
}

#[test]
fn deadlines_cancel_what_nobody_pays_or_ships() {
    let mut caller = Caller::in_market("FR");
    let unpaid = caller.place("unpaid");
    let forgotten = caller.place("plain");

    caller.wait(86_400);
    let unpaid = caller.read(&unpaid);
    let due = caller.read(&forgotten)["shipping_due_time"].as_i64().unwrap();
    caller.wait(due - caller.now);
    let (_, pair) = caller.world.grants.open(vec!["7493999789368181917".to_owned()], "FR", caller.now);
    caller.token = pair.access_token;
    let forgotten = caller.read(&forgotten);

    for order in [&unpaid, &forgotten] {
        assert_eq!(order["status"], "CANCELLED");
        assert_eq!(order["cancellation_initiator"], "SYSTEM");
        assert!(
            order["line_items"].as_array().unwrap().iter().all(|line| line["display_status"] == "CANCELLED")
        );
    }
    assert_eq!(forgotten["cancel_reason"], "Seller did not ship in time");
}

#[test]
fn an_order_may_pass_from_unpaid_over_the_hold_to_shippable_by_itself() {
    let mut caller = Caller::in_market("FR");
    caller.change_switches(json!({ "life": { "pay_s": 30 } }));
    let id = caller.place("unpaid");
    let mut status_after = |seconds: i64| {
        caller.wait(seconds);
        caller.read(&id)["status"].take()
    };

    assert_eq!(status_after(29), "UNPAID");
    assert_eq!(status_after(1), "ON_HOLD");
    assert_eq!(status_after(3_599), "ON_HOLD");
    assert_eq!(status_after(1), "AWAITING_SHIPMENT");
}

#[test]
fn orders_may_arrive_one_by_one() {
    let mut caller = Caller::in_market("FR");
    let ids = caller.place_with(&json!({ "count": 11, "over_seconds": 100 }));
    assert_eq!((ids.len(), caller.world.orders.len()), (0, 1));

    caller.wait(50);
    assert_eq!(caller.world.orders.len(), 6);

    caller.wait(50);
    assert_eq!(caller.world.orders.len(), 11);
}

#[test]
fn external_references_are_written_read_and_found() {
    let mut caller = Caller::in_market("FR");
    let id = caller.place("plain");
    let line = caller.line_ids(&id).remove(0);
    let entry = |order_id: &str| {
        json!({ "id": order_id, "external_order": {
            "id": "1042", "platform": "ORDER_MANAGEMENT_SYSTEM", "line_items": [{ "id": line, "origin_id": "77" }],
        } })
    };

    let body = json!({ "orders": [entry(&id), entry("1")] });
    let written = caller.data("POST", "/order/202406/orders/external_orders", &[], &body);
    let read = caller.data("GET", &format!("/order/202406/orders/{id}/external_orders"), &[], &Value::Null);
    let query = [("platform", "ORDER_MANAGEMENT_SYSTEM"), ("external_order_id", "1042")];
    let found = caller.data("POST", "/order/202406/orders/external_order_search", &query, &json!({}));

    assert_eq!(written["errors"][0]["code"], "36020001");
    assert_eq!(read["external_orders"][0]["id"], "1042");
    assert_eq!(found["orders"][0]["id"], json!(id));
}

#[test]
fn the_price_detail_agrees_with_the_payment() {
    let mut caller = Caller::in_market("FR");
    for shape in ["several_products", "vat_calculation", "country_US", "pfand_on_top"] {
        let id = caller.place(shape);
        let order = caller.read(&id);

        let detail =
            caller.data("GET", &format!("/order/202407/orders/{id}/price_detail"), &[], &Value::Null);

        assert_eq!(detail["total"], order["payment"]["total_amount"], "{shape}");
        assert_eq!(detail["shipping_sale_price"], order["payment"]["shipping_fee"], "{shape}");
        let lines = detail["line_items"].as_array().unwrap();
        let sum: Decimal = lines.iter().map(|line| amount(&line["sku_sale_price"])).sum();
        assert_eq!(sum, amount(&order["payment"]["sub_total"]), "{shape}");
    }
}

#[test]
fn an_explicit_order_has_the_lines_that_were_asked_for() {
    let mut caller = Caller::in_market("FR");
    let request = json!({ "order": {
        "country": "DE", "shipping_fee": "4.90",
        "lines": [
            { "seller_sku": "CANDLE-FIG", "quantity": 2, "price": "20.00", "seller_discount": "2.00" },
            { "seller_sku": "WHAT", "price": "9.90", "platform_discount": "1.00" },
        ],
    } });

    let id = caller.place_with(&request).remove(0);

    let order = caller.read(&id);
    let count: HashMap<&str, usize> =
        order["line_items"].as_array().unwrap().iter().fold(HashMap::new(), |mut count, line| {
            *count.entry(line["seller_sku"].as_str().unwrap()).or_default() += 1;
            count
        });
    assert_eq!((count["CANDLE-FIG"], count["WHAT"]), (2, 1));
    assert_eq!(order["payment"]["total_amount"], "49.8");
    assert_eq!(order["recipient_address"]["region_code"], "DE");
    assert_identities(&order);
}
