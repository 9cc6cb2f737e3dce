//! How an order is written out to a seller: fields appear and vanish with its status.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::order::{BundleForm, Line, LineState, Listing, Order, Status};
use super::recipient::Recipient;
use super::switches::{HiddenAddress, Switches};

/// How long after completion an American address stays readable.
const US_ADDRESS_KEPT_S: i64 = 30 * 86_400;

/// Which edition of the read call was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// `202309`, also used by the search.
    V202309,
    /// `202507`: adds card and Brazil fields, changes nothing else.
    V202507,
}

/// The full order object.
pub fn order_json(order: &Order, edition: Edition, now: i64, switches: &Switches) -> Value {
    let mut json = json!({
        "id": order.id,
        "status": order.status.text(),
        "create_time": order.times.create,
        "update_time": order.times.update,
        "is_on_hold_order": order.is_on_hold_order,
        "commerce_platform": "TIKTOK_SHOP",
        "warehouse_id": super::logistics::WAREHOUSE_ID,
        "split_or_combine_tag": if order.packages.len() > 1 { "SPLIT" } else { "" },
        "packages": order.packages.iter().map(|package| json!({ "id": package.id })).collect::<Vec<_>>(),
        "user_id": order.buyer.user_id,
        "buyer_email": order.buyer.email,
        "buyer_nickname": order.buyer.nickname,
        "buyer_message": order.buyer.message,
        "seller_note": "",
        "payment_method_name": "Visa",
        "is_cod": false,
        "is_buyer_request_cancel": order.is_buyer_request_cancel,
        "has_updated_recipient_address": order.has_updated_recipient_address,
        "payment": payment_json(order),
        "line_items": order.lines.iter().map(|line| line_json(order, line)).collect::<Vec<_>>(),
    });
    let fields = json.as_object_mut().expect("an order is an object");
    add_kind(fields, order);
    add_times(fields, order);
    add_shipping(fields, order);
    add_address(fields, order, now, switches);
    if let Some(ending) = &order.ended_by {
        fields.insert("cancellation_initiator".to_owned(), json!(ending.initiator));
        fields.insert("cancel_reason".to_owned(), json!(ending.reason_text));
    }
    if edition == Edition::V202507 {
        fields.insert("payment_card_type".to_owned(), json!("CREDIT_CARD"));
        fields.insert("payment_method_code".to_owned(), json!("card"));
        fields.insert("payment_auth_code".to_owned(), json!(""));
        fields.insert("channel_entity_national_registry_id".to_owned(), json!(""));
    }
    add_quirks(fields, order);
    json
}

fn add_kind(fields: &mut Map<String, Value>, order: &Order) {
    let kind = &order.kind;
    let entries = [
        ("order_type", json!(kind.order_type)),
        (
            "fulfillment_type",
            json!(if kind.fulfilled_by_tiktok { "FULFILLMENT_BY_TIKTOK" } else { "FULFILLMENT_BY_SELLER" }),
        ),
        ("shipping_type", json!(if kind.shipped_by_tiktok { "TIKTOK" } else { "SELLER" })),
        ("delivery_type", json!(kind.delivery_type)),
        ("delivery_option_id", json!(super::logistics::delivery_option_of(order).id)),
        ("delivery_option_name", json!(super::logistics::delivery_option_of(order).name)),
        ("is_sample_order", json!(kind.is_sample)),
        ("is_replacement_order", json!(kind.replaces.is_some())),
        ("is_exchange_order", json!(kind.exchanged_for.is_some())),
    ];
    fields.extend(entries.map(|(name, value)| (name.to_owned(), value)));
    if let Some(id) = &kind.replaces {
        fields.insert("replaced_order_id".to_owned(), json!(id));
    }
    if let Some(id) = &kind.exchanged_for {
        // The reference and the announcement spell the field differently, so both spellings occur.
        let name = if id.ends_with(['0', '2', '4', '6', '8']) {
            "exchange_source_order_id"
        } else {
            "exchange_order_source_id"
        };
        fields.insert(name.to_owned(), json!(id));
    }
    if let Some(time) = kind.release_date {
        fields.insert("release_date".to_owned(), json!(time));
    }
    if let Some((days, unit)) = kind.handling_duration {
        let duration = json!({ "days": days.to_string(), "type": unit });
        fields.insert("handling_duration".to_owned(), duration);
    }
}

fn add_times(fields: &mut Map<String, Value>, order: &Order) {
    let times = &order.times;
    let deadlines = &order.deadlines;
    let reached = [
        ("paid_time", times.paid),
        ("rts_time", times.shipped),
        ("collection_time", times.collected),
        ("delivery_time", times.delivered),
        ("cancel_time", times.cancelled),
        ("request_cancel_time", times.cancel_requested),
        ("rts_sla_time", deadlines.arrange_shipment),
        ("tts_sla_time", deadlines.hand_over),
        ("cancel_order_sla_time", deadlines.shipping),
        ("shipping_due_time", deadlines.shipping),
        ("collection_due_time", deadlines.collection),
        ("delivery_due_time", deadlines.delivery),
        ("delivery_sla_time", deadlines.promised_delivery),
    ];
    // A time that is not reached is zero or absent; which of the two differs from order to order.
    let writes_zero = order.id.ends_with(['1', '3', '5', '7', '9']);
    fields.extend(
        reached
            .into_iter()
            .filter(|(_, time)| *time != 0 || writes_zero)
            .map(|(name, time)| (name.to_owned(), json!(time))),
    );
}

fn add_shipping(fields: &mut Map<String, Value>, order: &Order) {
    // One value although several packages may exist: the lines tell the truth.
    let package = order.last_shipped_package();
    let value = |pick: fn(&super::order::Package) -> &str| package.map_or("", pick).to_owned();
    fields.insert("tracking_number".to_owned(), json!(value(|package| &package.tracking_number)));
    fields.insert("shipping_provider_id".to_owned(), json!(value(|package| &package.provider_id)));
    fields.insert("shipping_provider".to_owned(), json!(value(|package| &package.provider_name)));
}

fn add_address(fields: &mut Map<String, Value>, order: &Order, now: i64, switches: &Switches) {
    let is_old_american =
        order.market == "US" && order.times.completed != 0 && now > order.times.completed + US_ADDRESS_KEPT_S;
    let address = match order.status {
        Status::Unpaid | Status::OnHold => match switches.hidden_address {
            HiddenAddress::Absent => return,
            HiddenAddress::Empty => Recipient::hidden(),
            HiddenAddress::Either if order.id.ends_with(['0', '1', '2', '3', '4']) => return,
            HiddenAddress::Either => Recipient::hidden(),
        },
        Status::Cancelled => Recipient::blanked(),
        _ if is_old_american => Recipient::blanked(),
        _ if order.kind.shipped_by_tiktok || order.kind.fulfilled_by_tiktok => order.recipient.starred(),
        _ => order.recipient.plain(),
    };
    fields.insert("recipient_address".to_owned(), address);
}

fn payment_json(order: &Order) -> Value {
    let payment = &order.payment;
    let text = |amount: Decimal| order.quirks.money.text(amount);
    let mut json = json!({
        "currency": payment.currency,
        "sub_total": text(payment.sub_total),
        "shipping_fee": text(payment.shipping_fee),
        "seller_discount": text(payment.seller_discount),
        "platform_discount": text(payment.platform_discount),
        "total_amount": text(payment.total_amount),
        "original_total_product_price": text(payment.original_total_product_price),
        "original_shipping_fee": text(payment.shipping.original_fee),
        "shipping_fee_seller_discount": text(payment.shipping.seller_discount),
        "shipping_fee_platform_discount": text(payment.shipping.platform_discount),
        "shipping_fee_cofunded_discount": text(payment.shipping.cofunded_discount),
        "tax": text(payment.tax()),
        "product_tax": text(payment.product_tax),
        "shipping_fee_tax": text(payment.shipping_fee_tax),
    });
    if !payment.retail_delivery_fee.is_zero() {
        json["retail_delivery_fee"] = json!(text(payment.retail_delivery_fee));
    }
    json
}

/// `display_status` of a unit.
pub fn display_status(order: &Order, line: &Line) -> &'static str {
    match (line.state, order.status) {
        (LineState::Cancelled, _) => "CANCELLED",
        // The held order is paid; the list of line statuses has no word for the hold.
        (_, Status::OnHold | Status::AwaitingInspection) => "AWAITING_SHIPMENT",
        (LineState::Shipped, Status::PartiallyShipping) => "AWAITING_COLLECTION",
        (LineState::Unshipped, Status::PartiallyShipping) => "AWAITING_SHIPMENT",
        (_, status) => status.text(),
    }
}

fn line_json(order: &Order, line: &Line) -> Value {
    let text = |amount: Decimal| order.quirks.money.text(amount);
    let listing = &line.listing;
    let mut json = json!({
        "id": line.id,
        "product_id": listing.product_id, "product_name": listing.product_name,
        "sku_id": listing.sku_id, "sku_name": listing.sku_name, "seller_sku": listing.seller_sku,
        "sku_image": format!("https://p16.example/{}.jpg", listing.sku_id),
        "currency": order.payment.currency,
        "original_price": text(line.original_price),
        "seller_discount": text(line.seller_discount),
        "platform_discount": text(line.platform_discount),
        "sale_price": text(line.sale_price()),
        "is_gift": line.is_gift,
        "display_status": display_status(order, line),
        "item_tax": line.item_tax.iter().map(|(kind, amount, rate)| json!({
            "tax_type": kind, "tax_amount": text(*amount), "tax_rate": rate.normalize().to_string(),
        })).collect::<Vec<_>>(),
    });
    let fields = json.as_object_mut().expect("a line is an object");
    if let Some(package) = line.package_id.as_deref().and_then(|id| order.package(id)) {
        let entries = [
            ("package_id", json!(package.id)),
            ("package_status", json!(package.state.text())),
            ("tracking_number", json!(package.tracking_number)),
            ("shipping_provider_id", json!(package.provider_id)),
            ("shipping_provider_name", json!(package.provider_name)),
        ];
        fields.extend(entries.map(|(name, value)| (name.to_owned(), value)));
    }
    if line.shipped_time != 0 {
        fields.insert("rts_time".to_owned(), json!(line.shipped_time));
    }
    if let Some((reason, user)) = &line.cancelled_by {
        fields.insert("cancel_reason".to_owned(), json!(reason));
        fields.insert("cancel_user".to_owned(), json!(user));
    }
    if let Some(price) = line.gift_retail_price {
        fields.insert("gift_retail_price".to_owned(), json!(text(price)));
    }
    if !line.parts.is_empty() {
        let (name, parts) = match line.bundle_form {
            BundleForm::CombinedListingSkus => ("combined_listing_skus", combined_skus(line)),
            BundleForm::SubItemInfo => ("sub_item_info", sub_items(line)),
        };
        fields.insert(name.to_owned(), json!(parts));
    }
    if let Some(fee) = line.pfand_fee {
        fields.insert("pfand_fee".to_owned(), json!(text(fee)));
    }
    if let Some((amount, rate)) = line.shipping_vat {
        // Two spellings are announced; which one a shop gets is not known.
        let (amount_name, rate_name) = if order.id.ends_with(['0', '2', '4', '6', '8']) {
            ("shipping_vat_amount", "shipping_vat_rate")
        } else {
            ("shipping_tax_amount", "shipping_tax_rate")
        };
        fields.insert(amount_name.to_owned(), json!(text(amount)));
        fields.insert(rate_name.to_owned(), json!(rate.normalize().to_string()));
    }
    json
}

fn combined_skus(line: &Line) -> Vec<Value> {
    let part = |(listing, count): &(Listing, u32)| {
        json!({
            "sku_id": listing.sku_id, "sku_count": count,
            "product_id": listing.product_id, "seller_sku": listing.seller_sku,
        })
    };
    line.parts.iter().map(part).collect()
}

fn sub_items(line: &Line) -> Vec<Value> {
    let pieces = line.parts.iter().flat_map(|(listing, count)| (0..*count).map(move |_| listing));
    pieces
        .enumerate()
        .map(|(index, listing)| {
            json!({
                "id": format!("{}{index:02}", line.id), "sku_id": listing.sku_id,
                "product_id": listing.product_id, "seller_sku": listing.seller_sku,
            })
        })
        .collect()
}

fn add_quirks(fields: &mut Map<String, Value>, order: &Order) {
    let quirks = &order.quirks;
    if quirks.unknown_fields {
        fields.insert("loyalty_programme".to_owned(), json!({ "tier": 3, "perks": ["early", "late"] }));
        fields.insert("carbon_grams".to_owned(), json!(412.5));
        for line in lines_of(fields) {
            line["warranty_months"] = json!(24);
        }
    }
    if quirks.unknown_values {
        fields.insert("order_type".to_owned(), json!("GROUP_BUY"));
        fields.insert("delivery_type".to_owned(), json!("LOCKER_DRONE"));
        for line in lines_of(fields) {
            line["display_status"] = json!("TO_SHIP");
            line["package_status"] = json!("BEING_WRAPPED");
        }
    }
    // Only where the tax is zero anyway: `null` must never stand for an amount that counts.
    if quirks.nulls && order.payment.tax().is_zero() {
        for name in ["packages", "cancel_reason", "seller_note", "shipping_provider", "handling_duration"] {
            fields.insert(name.to_owned(), Value::Null);
        }
        for line in lines_of(fields) {
            line["item_tax"] = Value::Null;
            line["combined_listing_skus"] = Value::Null;
            line["gift_retail_price"] = json!("");
            line["sku_image"] = Value::Null;
        }
        if let Some(payment) = fields.get_mut("payment").and_then(Value::as_object_mut) {
            payment.insert("tax".to_owned(), json!(""));
            payment.insert("shipping_fee_cofunded_discount".to_owned(), Value::Null);
            payment.remove("product_tax");
        }
    }
    fields.extend(quirks.overwritten.clone());
}

fn lines_of(fields: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    fields.get_mut("line_items").and_then(Value::as_array_mut).into_iter().flatten()
}
