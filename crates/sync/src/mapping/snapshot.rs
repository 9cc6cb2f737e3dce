use database::orders::{LineSnapshot, OrderSnapshot, PaymentRowRecord};
use rust_decimal::Decimal;
use shared::{ChannelStatus, FulfillmentType, MoneyBasis, SpecialKind, TikTokOrderId};
use tiktok_shop::{DeliveryType, LineItem, Order, OrderStatus, OrderType, Payment, ReadOrder, ShippingType};

use super::address::recipient_of;
use super::amounts::{SaleAmounts, amounts_of, currency_of};

/// A TikTok order in our words. Amounts that do not add up are taken as they are: the importer refuses them later.
#[must_use]
pub fn snapshot_of(read: &ReadOrder, basis: MoneyBasis) -> OrderSnapshot {
    let order = &read.order;
    let payment = order.payment.clone().unwrap_or_default();
    let recipient = recipient_of(order);
    let amounts = amounts_of(order, basis).ok();
    let expected = amounts.as_ref().map_or(payment.total_amount, |amounts| amounts.total);
    let placed_at = order.times.create_time.or(order.times.update_time).unwrap_or_default();
    OrderSnapshot {
        tiktok_order_id: TikTokOrderId(order.id.clone()),
        channel_status: ChannelStatus::from(order.status.as_str()),
        channel_updated_at: order.times.update_time.unwrap_or(placed_at),
        fulfillment_type: fulfillment_type(order),
        special: special_kinds(order),
        currency: currency_of(order),
        total: payment.total_amount,
        expected_store_total: expected,
        placed_at,
        paid_at: order.times.paid_time,
        ship_by: ship_by(order),
        country: recipient
            .as_ref()
            .map(|recipient| recipient.country.clone())
            .filter(|country| !country.is_empty()),
        lines: order.line_items.iter().map(|line| line_snapshot(order, line, amounts.as_ref())).collect(),
        recipient,
        payment_rows: payment_rows(&payment),
        payment_method: order.payment_method_name.clone(),
        delivery_option: order.delivery_option_name.clone(),
        buyer_message: order.buyer_message.clone(),
        cancel_reason: order.cancel_reason.clone(),
        raw: read.raw.clone(),
    }
}

fn fulfillment_type(order: &Order) -> FulfillmentType {
    match order.shipping_type {
        _ if order.is_fulfilled_by_platform() => FulfillmentType::TikTok,
        Some(ShippingType::TikTok) => FulfillmentType::MerchantTikTokLabel,
        _ => FulfillmentType::Merchant,
    }
}

fn special_kinds(order: &Order) -> Vec<SpecialKind> {
    let kinds = [
        (order.is_sample_order, SpecialKind::Sample),
        (order.is_replacement_order, SpecialKind::Replacement),
        (order.is_exchange_order, SpecialKind::Exchange),
        (order.order_type == Some(OrderType::PreOrder), SpecialKind::PreOrder),
        (order.line_items.iter().any(|line| line.is_gift), SpecialKind::Gift),
        (order.line_items.iter().any(|line| !line.bundle_parts().is_empty()), SpecialKind::Bundle),
        (order.delivery_type == Some(DeliveryType::CollectionPoint), SpecialKind::CollectionPoint),
        (order.is_buyer_request_cancel, SpecialKind::CancellationRequested),
    ];
    kinds.into_iter().filter_map(|(holds, kind)| holds.then_some(kind)).collect()
}

/// The latest time to arrange shipment without penalty, while there is something left to ship.
fn ship_by(order: &Order) -> Option<chrono::DateTime<chrono::Utc>> {
    let times = &order.times;
    match order.status {
        OrderStatus::AwaitingShipment | OrderStatus::PartiallyShipping => {
            times.rts_sla_time.or(times.shipping_due_time).or(times.cancel_order_sla_time)
        }
        _ => None,
    }
}

fn line_snapshot(order: &Order, line: &LineItem, amounts: Option<&SaleAmounts>) -> LineSnapshot {
    let sold = amounts.and_then(|amounts| amounts.units.iter().find(|(id, _)| *id == line.id));
    let status = line.display_status.as_ref().unwrap_or(&order.status);
    LineSnapshot {
        tiktok_line_item_id: line.id.clone(),
        sku_id: line.sku_id.clone().unwrap_or_default(),
        seller_sku: line.seller_sku.clone(),
        product_name: line.product_name.clone().unwrap_or_default(),
        sku_name: line.sku_name.clone(),
        image: line.sku_image.clone(),
        original_price: line.original_price,
        seller_discount: line.seller_discount,
        platform_discount: line.platform_discount,
        sale_price: line.sale_price,
        is_gift: line.is_gift,
        is_bundle: !line.bundle_parts().is_empty(),
        status: status.as_str().to_owned(),
        package_id: line.package_id.clone(),
        package_status: line.package_status.as_ref().map(|status| status.as_str().to_owned()),
        tracking_number: line.tracking_number.clone(),
        carrier: line.shipping_provider_name.clone(),
        expected_store: sold.map(|(_, gross)| *gross),
    }
}

/// The breakdown for people: list price, discounts by who pays them, shipping, tax and fees, and the total.
fn payment_rows(payment: &Payment) -> Vec<PaymentRowRecord> {
    let rows = [
        ("Products at list price", payment.original_total_product_price),
        ("Seller discount", -payment.seller_discount),
        ("Platform discount", -payment.platform_discount),
        ("Shipping at list price", payment.original_shipping_fee),
        ("Shipping discount by seller", -payment.shipping_fee_seller_discount),
        ("Shipping discount by platform", -payment.shipping_fee_platform_discount),
        ("Shipping discount, co-funded", -payment.shipping_fee_cofunded_discount),
    ];
    let on_top = payment.total_amount - payment.sub_total - payment.shipping_fee;
    let label = if on_top == payment.tax { "Tax" } else { "Tax and fees" };
    let mut shown: Vec<_> = rows
        .into_iter()
        .chain([(label, on_top)])
        .filter(|(_, amount)| !amount.is_zero())
        .map(|(label, amount)| row(label, amount, false))
        .collect();
    shown.push(row("Paid by the buyer", payment.total_amount, true));
    shown
}

fn row(label: &str, amount: Decimal, is_total: bool) -> PaymentRowRecord {
    PaymentRowRecord { label: label.to_owned(), amount, is_total }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> ReadOrder {
        ReadOrder::from_raw(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn the_rows_of_the_breakdown_make_the_total() {
        let read = read(
            r#"{"id":"576461413038785752","status":"AWAITING_SHIPMENT","create_time":1790000000,"update_time":1790003700,
            "rts_sla_time":1790172800,"shipping_type":"TIKTOK","is_sample_order":false,
            "payment":{"currency":"EUR","sub_total":"43.9","shipping_fee":"2.99","seller_discount":"4",
            "platform_discount":"2","total_amount":"46.89","original_total_product_price":"49.9",
            "original_shipping_fee":"4.99","shipping_fee_platform_discount":"2"},"line_items":[
            {"id":"1","sku_id":"9","sale_price":"43.9","seller_discount":"4","platform_discount":"2","is_gift":true}]}"#,
        );

        let snapshot = snapshot_of(&read, MoneyBasis::IncludingPlatformDiscounts);

        let (total, parts) = snapshot.payment_rows.split_last().unwrap();
        assert_eq!(parts.iter().map(|row| row.amount).sum::<Decimal>(), total.amount);
        assert_eq!(snapshot.expected_store_total, "50.89".parse().unwrap());
        assert_eq!(snapshot.fulfillment_type, FulfillmentType::MerchantTikTokLabel);
        assert_eq!(snapshot.special, [SpecialKind::Gift]);
        assert_eq!(snapshot.ship_by.unwrap().timestamp(), 1_790_172_800);
        assert!(snapshot.recipient.is_none());
    }
}
