//! Orders as TikTok really writes them: whole, held, masked, and careless.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tiktok_shop::{
    DeliveryType, Error, FulfillmentType, Order, OrderStatus, OrderType, PackageStatus, ReadOrder,
    ShippingType,
};

const EU: &str = include_str!("fixtures/order_eu.json");
const ON_HOLD: &str = include_str!("fixtures/order_on_hold.json");
const MASKED: &str = include_str!("fixtures/order_masked.json");

fn order(json: &str) -> Order {
    read(serde_json::from_str(json).expect("the fixture is JSON"))
}

fn read(raw: Value) -> Order {
    ReadOrder::from_raw(raw).expect("a readable order").order
}

fn amount(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

#[test]
fn an_order_of_the_eu_is_read_whole() {
    let order = order(EU);

    assert_eq!(order.id, "576461413038785752");
    assert_eq!(order.status, OrderStatus::AwaitingShipment);
    assert_eq!(order.order_type, Some(OrderType::Normal));
    assert_eq!(order.fulfillment_type, Some(FulfillmentType::BySeller));
    assert_eq!(order.shipping_type, Some(ShippingType::Seller));
    assert_eq!(order.delivery_type, Some(DeliveryType::HomeDelivery));
    assert_eq!(order.delivery_option_id.as_deref(), Some("7091146663229654785"));
    assert_eq!(order.packages[0].id, "1152321127278713123");
    assert!(order.is_on_hold_order && !order.is_buyer_request_cancel);
    assert_eq!(order.times.create_time.unwrap().timestamp(), 1_790_000_000);
    assert_eq!(order.times.shipping_due_time.unwrap().timestamp(), 1_790_345_600);
    assert_eq!(order.buyer_message, None);
    assert_eq!(order.payment_method_name.as_deref(), Some("Visa"));

    let address = order.recipient_address.unwrap();
    assert!(!address.masked() && !address.is_blank());
    assert_eq!(address.region_code.as_deref(), Some("FR"));
    assert_eq!(address.address_line3, None);
    assert_eq!(address.district_info.len(), 5);
    assert_eq!(address.district_info[0].iso_code.as_deref(), Some("FR"));
}

#[test]
fn the_amounts_of_an_order_add_up_exactly() {
    let order = order(EU);
    let payment = order.payment.unwrap();

    let lines = &order.line_items;
    assert_eq!(payment.currency.as_deref(), Some("EUR"));
    assert_eq!(lines.iter().map(|line| line.sale_price).sum::<Decimal>(), payment.sub_total);
    assert_eq!(lines.iter().map(|line| line.seller_discount).sum::<Decimal>(), payment.seller_discount);
    assert_eq!(lines.iter().map(|line| line.platform_discount).sum::<Decimal>(), payment.platform_discount);
    assert_eq!(payment.sub_total + payment.shipping_fee, payment.total_amount);
    assert_eq!(payment.total_amount, amount("46.89"));
    assert_eq!(payment.market_fees(), Decimal::ZERO);
    assert_eq!(lines[0].package_status, Some(PackageStatus::ToFulfill));
    assert_eq!(lines[0].display_status, Some(OrderStatus::AwaitingShipment));
    assert_eq!((lines[0].tracking_number.as_ref(), lines[0].item_tax.len()), (None, 0));
}

#[test]
fn a_held_order_has_no_address_to_speak_of() {
    let held = order(ON_HOLD);
    let without_address = read(json!({"id": "1", "status": "UNPAID", "recipient_address": null}));

    assert_eq!(held.status, OrderStatus::OnHold);
    assert!(held.recipient_address.unwrap().is_blank());
    assert_eq!(without_address.recipient_address, None);
    assert_eq!((without_address.payment, without_address.line_items), (None, Vec::new()));
}

#[test]
fn a_masked_address_is_recognised_by_its_stars() {
    let address = order(MASKED).recipient_address.unwrap();
    let only_the_name_is_masked = read(json!({"id": "1", "status": "COMPLETED",
        "recipient_address": {"name": "C***", "postal_code": "75011", "full_address": "Paris"}}));

    assert!(address.masked());
    assert!(only_the_name_is_masked.recipient_address.unwrap().masked());
}

#[test]
fn unknown_fields_and_values_are_kept_or_ignored() {
    let order = read(json!({
        "id": "576461413038785752", "status": "TELEPORTED\n", "order_type": "", "shipping_type": "DRONE ",
        "fulfillment_type": null, "brand_new": {"deep": [1, {"er": null}]}, "delivery_type": "ROBOT",
        "line_items": [{"id": "1", "display_status": "TO_SHIP", "package_status": "LOST", "new": []}, null]
    }));

    assert_eq!(order.status, OrderStatus::Other("TELEPORTED".to_owned()));
    assert_eq!(order.order_type, None);
    assert_eq!(order.shipping_type.unwrap().as_str(), "DRONE");
    assert_eq!(order.fulfillment_type, None);
    assert_eq!(order.delivery_type.unwrap().to_string(), "ROBOT");
    assert_eq!(order.line_items.len(), 1);
    assert_eq!(order.line_items[0].display_status, Some(OrderStatus::Other("TO_SHIP".to_owned())));
}

#[test]
fn careless_values_are_read_all_the_same() {
    let order = read(json!({
        "id": 1_152_921_504_606_846_977_u64, "status": "AWAITING_SHIPMENT", "paid_time": 0, "update_time": "1790003700",
        "is_replacement_order": null, "is_sample_order": "true", "warehouse_id": "0", "buyer_message": "  merci \n",
        "packages": [{"id": "0"}, {}, {"id": ""}, {"id": 7}], "payment": {
            "currency": "EUR ", "total_amount": "119", "sub_total": " 4.9\n", "tax": "", "shipping_fee": null,
            "shipping_fee_tax": 0.1 },
        "line_items": [{"id": 577_086_512_123_755_123_u64, "original_price": "149", "seller_discount": "30",
            "platform_discount": "0", "sale_price": "119", "package_id": 0, "is_gift": "",
            "item_tax": [{"tax_type": "SALES_TAX", "tax_amount": "0.35", "tax_rate": "0.35"}],
            "combined_listing_skus": [{"sku_id": "5", "sku_count": 2}]}]
    }));

    let (payment, line) = (order.payment.unwrap(), &order.line_items[0]);
    assert_eq!(order.id, "1152921504606846977");
    assert_eq!(order.times.paid_time, None);
    assert_eq!(order.times.update_time.unwrap().timestamp(), 1_790_003_700);
    assert!(!order.is_replacement_order && order.is_sample_order);
    assert_eq!(order.warehouse_id, None);
    assert_eq!(order.packages.iter().map(|package| package.id.as_str()).collect::<Vec<_>>(), ["7"]);
    assert_eq!(order.buyer_message.as_deref(), Some("merci"));
    assert_eq!(payment.currency.as_deref(), Some("EUR"));
    assert_eq!((payment.total_amount, payment.sub_total), (amount("119"), amount("4.9")));
    assert_eq!(
        (payment.tax, payment.shipping_fee, payment.shipping_fee_tax),
        (amount("0"), amount("0"), amount("0.1"))
    );
    assert_eq!(line.id, "577086512123755123");
    assert_eq!(line.original_price - line.seller_discount - line.platform_discount, line.sale_price);
    assert_eq!((line.package_id.as_ref(), line.is_gift), (None, false));
    assert_eq!(line.item_tax[0].tax_amount, amount("0.35"));
    assert_eq!(line.combined_listing_skus[0].sku_count, 2);
}

#[test]
fn nothing_is_nothing_in_whatever_way_it_is_written() {
    let bare = read(json!({"id": "1"}));

    assert_eq!(bare.status, OrderStatus::Other(String::new()));
    for nothing in [json!(null), json!(""), json!(0), json!("0")] {
        let order = read(json!({
            "id": "1", "status": "", "payment": nothing, "line_items": nothing, "packages": nothing,
            "recipient_address": nothing, "paid_time": nothing, "is_on_hold_order": nothing, "warehouse_id": nothing,
        }));
        assert_eq!(order, bare, "{nothing}");
        let line = json!({"id": "2", "item_tax": nothing, "combined_listing_skus": nothing, "sub_item_info": nothing});
        let order = read(json!({"id": "1", "line_items": [line]}));
        assert_eq!(order, read(json!({"id": "1", "line_items": [{"id": "2"}]})), "{nothing}");
    }
}

#[test]
fn what_nobody_looks_at_does_not_make_an_order_unreadable() {
    let strange = json!({"told": ["differently"]});
    let order = json!({
        "id": "1", "status": "AWAITING_SHIPMENT", "commerce_platform": strange, "split_or_combine_tag": strange,
        "tracking_number": strange, "shipping_provider": strange, "cancellation_initiator": strange,
        "replaced_order_id": strange, "is_cod": strange, "seller_note": strange, "user_id": strange,
        "release_date": "soon", "delivery_due_time": strange, "handling_duration": 3,
        "payment": {"payment_discount_service_fee": strange, "product_tax": strange},
        "line_items": [{"id": "2", "shipping_vat_rate": "20 %", "gift_retail_price": strange, "cancel_user": strange,
            "item_tax": [{"tax_type": strange, "tax_rate": "a fifth"}]}],
    });

    assert_eq!(read(order).line_items.len(), 1);
}

#[test]
fn the_raw_order_is_kept_as_it_came() {
    let raw = json!({"id": "1", "status": "UNPAID", "empty": "", "nothing": null, "padded": " x "});

    let read = ReadOrder::from_raw(raw.clone()).unwrap();

    assert_eq!(read.raw, raw);
}

#[test]
fn an_unreadable_order_names_the_place_and_not_the_value() {
    let table = [
        (json!({"status": "UNPAID"}), "$", "missing field `id`"),
        (
            json!({"id": "1", "status": "UNPAID", "payment": {"tax": "Camille"}}),
            "$.payment.tax",
            "found value",
        ),
        (
            json!({"id": "1", "status": "UNPAID", "line_items": [{"id": {}}]}),
            "$.line_items[0].id",
            "found map",
        ),
    ];

    for (raw, expected_path, expected_problem) in table {
        let Err(Error::Unexpected { path, problem, .. }) = ReadOrder::from_raw(raw) else {
            panic!("{expected_path}")
        };
        assert_eq!(path, expected_path);
        assert!(problem.starts_with(expected_problem), "{problem}");
        assert!(!problem.contains("Camille"), "{problem}");
    }
}

#[test]
fn debug_output_does_not_tell_who_the_buyer_is() {
    let read = ReadOrder::from_raw(serde_json::from_str(EU).unwrap()).unwrap();

    let text = format!("{read:?} {:?}", read.order.recipient_address);

    for private in ["Camille", "camille", "Durand", "Oberkampf", "612345678", "tiktok.com", "75011"] {
        assert!(!text.contains(private), "{private}");
    }
    assert!(text.contains("576461413038785752"));
}
