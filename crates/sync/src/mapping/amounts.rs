//! What a sale is worth, line by line, and whether TikTok Shop's amounts add up at all.

use rust_decimal::Decimal;
use shared::{MoneyBasis, currency_decimals};
use tiktok_shop::{LineItem, Order, OrderStatus, Payment};

/// TikTok Shop's amounts contradict each other: a person must look before anything is booked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {reported}, its parts make {computed}")]
pub struct Incoherent {
    pub field: &'static str,
    pub reported: Decimal,
    pub computed: Decimal,
}

/// The amounts of the store order that follow from a TikTok order; tax is included everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleAmounts {
    pub currency: String,
    /// What the store order must come to.
    pub total: Decimal,
    /// Gross amount of each unit that is still sold, by TikTok line item id.
    pub units: Vec<(String, Decimal)>,
    /// Shipping, market fees and deposits: what is not the price of a product.
    pub shipping_and_fees: Decimal,
}

/// Works out what the store order must come to, by the connection's money basis.
///
/// # Errors
/// When the amounts of the lines do not make those of the order, or the total holds something that no field explains.
pub fn amounts_of(order: &Order, basis: MoneyBasis) -> Result<SaleAmounts, Incoherent> {
    let none = Payment::default();
    let payment = order.payment.as_ref().unwrap_or(&none);
    let sold: Vec<&LineItem> = sold_units(order).collect();
    let gone_sale = check_sum(order, &sold, "sub_total", payment.sub_total, |line| line.sale_price)?;
    check_sum(order, &sold, "seller_discount", payment.seller_discount, |line| line.seller_discount)?;
    check_sum(order, &sold, "platform_discount", payment.platform_discount, |line| line.platform_discount)?;
    // The units that the order's own figures are about: where they have not shrunk with cancelled units, these too.
    let counted: Vec<&LineItem> =
        if gone_sale.is_zero() { sold.clone() } else { order.line_items.iter().collect() };
    let extra = extra_of(payment, &counted)?;

    let with_platform = basis == MoneyBasis::IncludingPlatformDiscounts;
    let platform = |amount: Decimal| if with_platform { amount } else { Decimal::ZERO };
    let currency = currency_of(order);
    let tax_shares = if extra.tax_on_top {
        tax_shares(payment, &currency, &counted)
    } else {
        vec![Decimal::ZERO; counted.len()]
    };
    // The very unit: nothing says that no two of them bear one id.
    let is_sold = |line: &LineItem| sold.iter().any(|sold| std::ptr::eq(*sold, line));
    let (mut units, mut gone) = (Vec::with_capacity(sold.len()), Decimal::ZERO);
    for (line, tax) in counted.into_iter().zip(tax_shares) {
        if is_sold(line) {
            units.push((line.id.clone(), line.sale_price + platform(line.platform_discount) + tax));
        } else {
            let deposit = if extra.deposits_on_top { line.pfand_fee } else { Decimal::ZERO };
            gone += line.sale_price + tax + deposit;
        }
    }
    let payment_promotion =
        if extra.payment_promotion { payment.payment_platform_discount } else { Decimal::ZERO };
    let total = payment.total_amount - gone
        + platform(sold.iter().map(|line| line.platform_discount).sum())
        + platform(payment.shipping_fee_platform_discount)
        + platform(payment_promotion);
    let products: Decimal = units.iter().map(|(_, gross)| *gross).sum();
    Ok(SaleAmounts { currency, total, shipping_and_fees: total - products, units })
}

/// The currency of an order; its lines say it where the payment does not.
#[must_use]
pub fn currency_of(order: &Order) -> String {
    let of_payment = order.payment.as_ref().and_then(|payment| payment.currency.clone());
    of_payment.or_else(|| order.line_items.iter().find_map(|line| line.currency.clone())).unwrap_or_default()
}

/// The units that are still sold: single units may be cancelled, and then only they are left out.
pub fn sold_units(order: &Order) -> impl Iterator<Item = &LineItem> {
    let whole_order_cancelled = order.status == OrderStatus::Cancelled;
    order
        .line_items
        .iter()
        .filter(move |line| whole_order_cancelled || line.display_status != Some(OrderStatus::Cancelled))
}

/// Compares a sum over lines with the order's figure, which may or may not have shrunk with cancelled units; returns
/// how much of the order's figure belongs to units that are no longer sold.
fn check_sum(
    order: &Order,
    sold: &[&LineItem],
    field: &'static str,
    reported: Decimal,
    amount: impl Fn(&LineItem) -> Decimal,
) -> Result<Decimal, Incoherent> {
    let of_all: Decimal = order.line_items.iter().map(&amount).sum();
    let of_sold: Decimal = sold.iter().map(|line| amount(line)).sum();
    if reported == of_sold {
        Ok(Decimal::ZERO)
    } else if reported == of_all {
        Ok(of_all - of_sold)
    } else {
        Err(Incoherent { field, reported, computed: of_sold })
    }
}

/// What the total holds beside products and shipping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extra {
    tax_on_top: bool,
    deposits_on_top: bool,
    payment_promotion: bool,
}

/// Finds the one explanation of what the total holds beyond products and shipping: nothing, tax on top, fees on top,
/// both, each perhaps less a promotion of the payment method. Whether German deposits are inside the price is not
/// documented, so this decides too. `counted` are the units that the payment is about.
fn extra_of(payment: &Payment, counted: &[&LineItem]) -> Result<Extra, Incoherent> {
    let rest = payment.total_amount - payment.sub_total - payment.shipping_fee;
    let deposits: Decimal = counted.iter().map(|line| line.pfand_fee).sum();
    let fees = payment.market_fees();
    for promotion in [false, true] {
        let less = if promotion { payment.payment_platform_discount } else { Decimal::ZERO };
        for tax_on_top in [false, true] {
            let tax = if tax_on_top { payment.tax } else { Decimal::ZERO };
            let explained =
                [(Decimal::ZERO, false), (fees, false), (deposits, true), (fees + deposits, true)];
            let found = explained.into_iter().find(|(on_top, _)| rest == on_top + tax - less);
            if let Some((_, deposits_on_top)) = found {
                return Ok(Extra {
                    tax_on_top: tax_on_top && !payment.tax.is_zero(),
                    deposits_on_top,
                    payment_promotion: promotion,
                });
            }
        }
    }
    let computed = payment.sub_total + payment.shipping_fee;
    Err(Incoherent { field: "total_amount", reported: payment.total_amount, computed })
}

/// The tax of each unit, where tax comes on top: as the lines say it, or else in proportion to their prices.
fn tax_shares(payment: &Payment, currency: &str, counted: &[&LineItem]) -> Vec<Decimal> {
    let of_line = |line: &&LineItem| line.item_tax.iter().map(|tax| tax.tax_amount).sum::<Decimal>();
    let stated: Vec<Decimal> = counted.iter().map(of_line).collect();
    let products_tax = payment.tax - payment.shipping_fee_tax;
    if stated.iter().sum::<Decimal>() == products_tax {
        return stated;
    }
    let weights: Vec<Decimal> = counted.iter().map(|line| line.sale_price).collect();
    allocate(products_tax, &weights, currency_decimals(currency))
}

/// Divides an amount in proportion to weights, with as many decimals as its currency has, so that the parts make exactly the
/// whole. What the amount itself has beyond these stays with the last part.
#[must_use]
pub fn allocate(amount: Decimal, weights: &[Decimal], decimals: u32) -> Vec<Decimal> {
    let all: Decimal = weights.iter().sum();
    let mut parts = Vec::with_capacity(weights.len());
    let mut given = Decimal::ZERO;
    let mut weighed = Decimal::ZERO;
    for (index, weight) in weights.iter().enumerate() {
        weighed += weight;
        // Rounding the running sum, not each part, keeps the remainder below the smallest unit all the way. Weights that
        // nearly cancel each other out would give a part more than there is.
        let until_here = if index + 1 == weights.len() {
            amount
        } else {
            let share = amount.checked_mul(weighed).and_then(|product| product.checked_div(all));
            share.filter(|share| share.abs() <= amount.abs()).unwrap_or_default().round_dp(decimals)
        };
        parts.push(until_here - given);
        given = until_here;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn order(payment: &str, lines: &str) -> Order {
        let text = format!(
            r#"{{"id":"576461413038785752","status":"AWAITING_SHIPMENT","payment":{payment},"line_items":{lines}}}"#
        );
        tiktok_shop::ReadOrder::from_raw(serde_json::from_str(&text).unwrap()).unwrap().order
    }

    const EU_PAYMENT: &str = r#"{"currency":"EUR","sub_total":"43.9","shipping_fee":"2.99","seller_discount":"4",
        "platform_discount":"2","total_amount":"46.89","original_total_product_price":"49.9","original_shipping_fee":"4.99",
        "shipping_fee_platform_discount":"2","tax":"0"}"#;
    const EU_LINES: &str = r#"[
        {"id":"1","sale_price":"17","platform_discount":"1","seller_discount":"2","original_price":"20"},
        {"id":"2","sale_price":"17","platform_discount":"1","seller_discount":"2","original_price":"20"},
        {"id":"3","sale_price":"9.9","platform_discount":"0","seller_discount":"0","original_price":"9.9"}]"#;

    #[test]
    fn platform_discounts_belong_to_the_merchant_unless_configured_otherwise() {
        let order = order(EU_PAYMENT, EU_LINES);

        let full = amounts_of(&order, MoneyBasis::IncludingPlatformDiscounts).unwrap();
        assert_eq!(full.total, decimal("50.89"));
        assert_eq!(full.shipping_and_fees, decimal("4.99"));
        assert_eq!(full.units[0], ("1".to_owned(), decimal("18")));

        let paid = amounts_of(&order, MoneyBasis::BuyerPaid).unwrap();
        assert_eq!(paid.total, decimal("46.89"));
        assert_eq!(paid.shipping_and_fees, decimal("2.99"));
    }

    #[test]
    fn tax_on_top_is_shared_among_products_and_shipping() {
        let payment = r#"{"currency":"USD","sub_total":"30","shipping_fee":"5","tax":"3.01","product_tax":"2.5",
            "shipping_fee_tax":"0.51","total_amount":"38.01"}"#;
        let lines = r#"[{"id":"1","sale_price":"10"},{"id":"2","sale_price":"20"}]"#;

        let amounts = amounts_of(&order(payment, lines), MoneyBasis::BuyerPaid).unwrap();

        assert_eq!(amounts.units, [("1".to_owned(), decimal("10.83")), ("2".to_owned(), decimal("21.67"))]);
        assert_eq!(amounts.shipping_and_fees, decimal("5.51"));
        assert_eq!(amounts.total, decimal("38.01"));
    }

    #[test]
    fn cancelled_units_are_left_out_whether_or_not_the_totals_have_shrunk() {
        let lines =
            r#"[{"id":"1","sale_price":"10","display_status":"CANCELLED"},{"id":"2","sale_price":"20"}]"#;
        let unshrunk = r#"{"currency":"GBP","sub_total":"30","shipping_fee":"0","total_amount":"30"}"#;
        let shrunk = r#"{"currency":"GBP","sub_total":"20","shipping_fee":"0","total_amount":"20"}"#;

        for payment in [unshrunk, shrunk] {
            let amounts = amounts_of(&order(payment, lines), MoneyBasis::BuyerPaid).unwrap();
            assert_eq!(amounts.total, decimal("20"));
            assert_eq!(amounts.units, [("2".to_owned(), decimal("20"))]);
        }
    }

    #[test]
    fn tax_and_deposits_on_top_go_with_the_cancelled_units() {
        let taxed = r#"[
            {"id":"1","sale_price":"10","display_status":"CANCELLED","item_tax":[{"tax_amount":"0.8"}]},
            {"id":"2","sale_price":"20","item_tax":[{"tax_amount":"1.6"}]}]"#;
        let unshrunk = r#"{"currency":"USD","sub_total":"30","shipping_fee":"5","tax":"2.8","shipping_fee_tax":"0.4","total_amount":"37.8"}"#;
        let shrunk = r#"{"currency":"USD","sub_total":"20","shipping_fee":"5","tax":"2","shipping_fee_tax":"0.4","total_amount":"27"}"#;
        for payment in [unshrunk, shrunk] {
            let amounts = amounts_of(&order(payment, taxed), MoneyBasis::BuyerPaid).unwrap();
            assert_eq!(amounts.units, [("2".to_owned(), decimal("21.6"))]);
            assert_eq!((amounts.total, amounts.shipping_and_fees), (decimal("27"), decimal("5.4")));
        }

        let with_deposits = r#"[
            {"id":"1","sale_price":"10","pfand_fee":"0.25","display_status":"CANCELLED"},
            {"id":"2","sale_price":"20","pfand_fee":"0.5"}]"#;
        let unshrunk = r#"{"currency":"EUR","sub_total":"30","shipping_fee":"1","total_amount":"31.75"}"#;
        let shrunk = r#"{"currency":"EUR","sub_total":"20","shipping_fee":"1","total_amount":"21.5"}"#;
        for payment in [unshrunk, shrunk] {
            let amounts = amounts_of(&order(payment, with_deposits), MoneyBasis::BuyerPaid).unwrap();
            assert_eq!((amounts.total, amounts.shipping_and_fees), (decimal("21.5"), decimal("1.5")));
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let lines = r#"[{"id":"1","sale_price":"10"}]"#;
        let wrong_lines = r#"{"currency":"EUR","sub_total":"11","shipping_fee":"0","total_amount":"11"}"#;
        let wrong_total =
            r#"{"currency":"EUR","sub_total":"10","shipping_fee":"0","tax":"1","total_amount":"12"}"#;

        assert_eq!(
            amounts_of(&order(wrong_lines, lines), MoneyBasis::BuyerPaid).unwrap_err().field,
            "sub_total"
        );
        let wrong_discount =
            r#"{"currency":"EUR","sub_total":"10","seller_discount":"2","total_amount":"10"}"#;
        assert_eq!(
            amounts_of(&order(wrong_discount, lines), MoneyBasis::BuyerPaid).unwrap_err().field,
            "seller_discount"
        );
        assert_eq!(
            amounts_of(&order(wrong_total, lines), MoneyBasis::BuyerPaid).unwrap_err().field,
            "total_amount"
        );
    }

    #[test]
    fn deposits_and_fees_on_top_are_understood() {
        let payment = r#"{"currency":"EUR","sub_total":"10","shipping_fee":"1","small_order_fee":"0.5","total_amount":"11.75"}"#;
        let lines = r#"[{"id":"1","sale_price":"10","pfand_fee":"0.25"}]"#;

        let amounts = amounts_of(&order(payment, lines), MoneyBasis::BuyerPaid).unwrap();

        assert_eq!(amounts.shipping_and_fees, decimal("1.75"));
    }

    #[test]
    fn parts_make_exactly_the_whole() {
        for (amount, weights, decimals) in [
            ("0.10", vec!["1", "1", "1"], 2),
            ("10", vec!["3", "3", "3"], 2),
            ("0.01", vec!["5", "5"], 2),
            ("1", vec!["0", "0"], 2),
            ("1000", vec!["1", "1", "1"], 0),
            ("7", vec!["2", "9", "1", "1"], 0),
        ] {
            let weights: Vec<_> = weights.into_iter().map(decimal).collect();
            let parts = allocate(decimal(amount), &weights, decimals);
            assert_eq!(parts.iter().sum::<Decimal>(), decimal(amount));
            assert!(parts.iter().all(|part| part.round_dp(decimals) == *part), "{parts:?}");
        }
        assert!(allocate(decimal("1"), &[], 2).is_empty());
    }

    #[test]
    fn a_currency_without_decimals_is_divided_into_whole_units() {
        let payment =
            r#"{"currency":"JPY","sub_total":"3000","shipping_fee":"0","tax":"1000","total_amount":"4000"}"#;
        let lines = r#"[{"id":"1","sale_price":"1000"},{"id":"2","sale_price":"1000"},{"id":"3","sale_price":"1000"}]"#;

        let amounts = amounts_of(&order(payment, lines), MoneyBasis::BuyerPaid).unwrap();

        let units: Vec<_> = amounts.units.into_iter().map(|(_, gross)| gross).collect();
        assert_eq!(units, [decimal("1333"), decimal("1334"), decimal("1333")]);
    }
}
