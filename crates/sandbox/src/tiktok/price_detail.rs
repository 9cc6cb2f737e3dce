//! The price detail of an order: the figures of the payment once more, per order and per line.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::answer::Answer;
use super::call::Call;
use super::order::{Line, Order};
use super::orders::not_of_this_shop;
use super::world::World;

/// `GET /order/202407/orders/{order_id}/price_detail`.
pub fn read(world: &mut World, call: &Call) -> Answer {
    let order = world.order_of_shop(&call.shop_id, call.at("order_id")).ok_or_else(not_of_this_shop)?;
    let payment = &order.payment;
    let text = |amount: Decimal| order.quirks.money.text(amount);
    let gifts: Decimal = order.lines.iter().filter_map(|line| line.gift_retail_price).sum();
    let contained: Decimal = order.lines.iter().map(contained_tax).sum();
    let tax = if payment.tax().is_zero() { contained } else { payment.tax() };
    let net = if payment.tax().is_zero() {
        payment.total_amount - contained
    } else {
        payment.total_amount - payment.tax()
    };
    let shipping = &payment.shipping;
    Ok(json!({
        "currency": payment.currency,
        "total": text(payment.total_amount), "payment": text(payment.total_amount),
        "sku_list_price": text(payment.original_total_product_price), "sku_sale_price": text(payment.sub_total),
        "subtotal": text(payment.sub_total),
        "subtotal_deduction_seller": text(payment.seller_discount),
        "subtotal_deduction_platform": text(payment.platform_discount),
        "subtotal_tax_amount": text(payment.product_tax),
        "voucher_deduction_seller": "0", "voucher_deduction_platform": "0",
        "shipping_list_price": text(shipping.original_fee), "shipping_sale_price": text(payment.shipping_fee),
        "shipping_fee_deduction_seller": text(shipping.seller_discount),
        "shipping_fee_deduction_platform": text(shipping.platform_discount),
        "shipping_fee_deduction_platform_voucher": text(shipping.cofunded_discount),
        "tax_amount": text(tax), "tax_rate": rate_of(&order.lines),
        "net_price_amount": text(net), "cod_fee": "0", "cod_fee_net_amount": "0",
        "sku_gift_original_price": text(gifts), "sku_gift_net_price": "0",
        "line_items": order.lines.iter().map(|line| line_detail(order, line)).collect::<Vec<_>>(),
    }))
}

/// The tax that a line states while its price contains it.
fn contained_tax(line: &Line) -> Decimal {
    line.item_tax.filter(|(kind, _, _)| *kind == "VAT").map_or(Decimal::ZERO, |(_, amount, _)| amount)
        + line.shipping_vat.map_or(Decimal::ZERO, |(amount, _)| amount)
}

fn rate_of(lines: &[Line]) -> String {
    let rate = lines.iter().find_map(|line| line.item_tax.map(|(_, _, rate)| rate));
    rate.unwrap_or_default().normalize().to_string()
}

fn line_detail(order: &Order, line: &Line) -> Value {
    let text = |amount: Decimal| order.quirks.money.text(amount);
    let tax = line.item_tax.map_or(Decimal::ZERO, |(_, amount, _)| amount);
    let is_contained = line.item_tax.is_none_or(|(kind, _, _)| kind == "VAT");
    let sale_price = line.sale_price();
    let (total, net) =
        if is_contained { (sale_price, sale_price - tax) } else { (sale_price + tax, sale_price) };
    json!({
        "id": line.id, "currency": order.payment.currency,
        "total": text(total), "payment": text(total),
        "sku_list_price": text(line.original_price), "sku_sale_price": text(sale_price),
        "subtotal": text(sale_price),
        "subtotal_deduction_seller": text(line.seller_discount),
        "subtotal_deduction_platform": text(line.platform_discount),
        "subtotal_tax_amount": text(if is_contained { Decimal::ZERO } else { tax }),
        "tax_amount": text(tax), "tax_rate": rate_of(std::slice::from_ref(line)),
        "net_price_amount": text(net),
        "sku_gift_original_price": text(line.gift_retail_price.unwrap_or_default()), "sku_gift_net_price": "0",
    })
}
