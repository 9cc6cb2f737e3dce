//! Prices as the shop computes them: catalogue, specific prices, group discounts, taxes and rounding.

use rust_decimal::{Decimal, RoundingStrategy};

use super::record::{Id, Record};
use super::shop::Shop;

/// Which price is asked for.
#[derive(Debug, Clone, Copy)]
pub struct PriceQuestion {
    /// The product.
    pub product: Id,
    /// Its combination, 0 for none.
    pub combination: Id,
    /// The country that taxes it.
    pub country: Id,
    /// The state in it, 0 for none.
    pub state: Id,
    /// The currency of the answer.
    pub currency: Id,
    /// The customer's default group.
    pub group: Id,
    /// The cart whose own prices count, 0 for none.
    pub cart: Id,
    /// The customer, 0 for none.
    pub customer: Id,
    /// Pieces in the cart.
    pub quantity: i64,
    /// Whether promotions and group discounts apply.
    pub with_reductions: bool,
}

/// The price of one piece with six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnitPrice {
    /// Without tax.
    pub net: Decimal,
    /// With tax.
    pub gross: Decimal,
}

/// Rounds as the shop is set to (`PS_PRICE_ROUND_MODE`).
#[must_use]
pub fn round(shop: &Shop, amount: Decimal, decimals: u32) -> Decimal {
    let strategy = match shop.configuration("PS_PRICE_ROUND_MODE") {
        "0" => RoundingStrategy::ToPositiveInfinity,
        "1" => RoundingStrategy::ToNegativeInfinity,
        "3" => RoundingStrategy::MidpointTowardZero,
        "4" => RoundingStrategy::MidpointNearestEven,
        _ => RoundingStrategy::MidpointAwayFromZero,
    };
    amount.round_dp_with_strategy(decimals, strategy)
}

fn half_up(amount: Decimal, decimals: u32) -> Decimal {
    amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// The tax ids and the summed rate in percent that a group of rules takes in a country and state.
#[must_use]
pub fn taxes(shop: &Shop, rules_group: Id, country: Id, state: Id) -> (Vec<Id>, Decimal) {
    if !shop.configured("PS_TAX") {
        return (Vec::new(), Decimal::ZERO);
    }
    let in_country = |rule: &&Record| {
        rule.id_of("id_tax_rules_group") == rules_group && rule.id_of("id_country") == country
    };
    let rules: Vec<&Record> = shop.table("tax_rules").iter().filter(in_country).collect();
    let of_state: Vec<&Record> =
        rules.iter().copied().filter(|rule| state != 0 && rule.id_of("id_state") == state).collect();
    let of_country = rules.iter().copied().filter(|rule| rule.id_of("id_state") == 0);
    // A rule of the state goes before that of the country, and the first with `behavior` 0 is the last that counts.
    let mut applied: Vec<&Record> = of_state.into_iter().chain(of_country).collect();
    if let Some(alone) = applied.iter().position(|rule| rule.integer("behavior") == 0) {
        applied.truncate(alone + 1);
    }
    let one_after_another = applied.first().is_some_and(|rule| rule.integer("behavior") == 2);
    let active: Vec<&Record> = applied
        .into_iter()
        .filter_map(|rule| shop.get("taxes", rule.id_of("id_tax")))
        .filter(|tax| tax.flag("active") && !tax.flag("deleted"))
        .collect();
    let rates = active.iter().map(|tax| tax.decimal("rate"));
    let rate = if one_after_another {
        let factor: Decimal = rates.map(|rate| Decimal::ONE + rate / Decimal::ONE_HUNDRED).product();
        (factor - Decimal::ONE) * Decimal::ONE_HUNDRED
    } else {
        rates.sum()
    };
    (active.iter().map(|tax| tax.id).collect(), rate)
}

/// The specific price that counts, if any: that of the cart first, then the most precise one.
#[must_use]
pub fn specific_price<'a>(shop: &'a Shop, question: &PriceQuestion) -> Option<&'a Record> {
    let now = shop.now();
    let matches = |price: &&Record| {
        let fits = |field: &str, wanted: Id| matches!(price.id_of(field), 0) || price.id_of(field) == wanted;
        let date = |field: &str| price.text(field).to_owned();
        fits("id_product", question.product)
            && fits("id_product_attribute", question.combination)
            && fits("id_cart", question.cart)
            && fits("id_currency", question.currency)
            && fits("id_country", question.country)
            && fits("id_group", question.group)
            && fits("id_customer", question.customer)
            && price.integer("from_quantity") <= question.quantity
            && (date("from").starts_with("0000") || date("from") <= now)
            && (date("to").starts_with("0000") || date("to") >= now)
    };
    shop.table("specific_prices").iter().filter(matches).max_by_key(|price| {
        let has = |field: &str| u32::from(price.id_of(field) != 0);
        // The shop's own score, after cart and quantity.
        let score = has("id_customer") * 64
            + has("id_product_attribute") * 32
            + has("id_country") * 16
            + has("id_currency") * 8
            + has("id_group") * 4
            + has("id_shop") * 2
            + has("id_product");
        (has("id_cart"), has("id_product_attribute"), price.integer("from_quantity"), score)
    })
}

/// The price of one piece as the shop's catalogue and the cart's own prices have it.
#[must_use]
pub fn unit_price(shop: &Shop, question: &PriceQuestion) -> UnitPrice {
    let Some(product) = shop.get("products", question.product) else { return UnitPrice::default() };
    let specific = question.with_reductions.then(|| specific_price(shop, question)).flatten();
    let rate_of = |id: Id| conversion_rate(shop, id);
    let own_price = specific.filter(|price| price.decimal("price") >= Decimal::ZERO);
    let mut net = match own_price {
        // A price in no particular currency is one in the shop's default currency.
        Some(price) if price.id_of("id_currency") == 0 => price.decimal("price") * rate_of(question.currency),
        Some(price) => price.decimal("price"),
        None => product.decimal("price") * rate_of(question.currency),
    };
    let own_combination_price = own_price.is_some_and(|price| price.id_of("id_product_attribute") != 0);
    let combination = shop
        .get("combinations", question.combination)
        .filter(|combination| combination.id_of("id_product") == question.product);
    if !own_combination_price {
        match combination {
            Some(combination) => net += combination.decimal("price") * rate_of(question.currency),
            // The database finds no price for a combination of another product.
            None if question.combination != 0 && own_price.is_none() => net = Decimal::ZERO,
            None => {}
        }
    }
    let (_, rate) = taxes(shop, product.id_of("id_tax_rules_group"), question.country, question.state);
    let factor = Decimal::ONE + rate / Decimal::ONE_HUNDRED;
    let mut gross = net * factor;
    if shop.configured("PS_USE_ECOTAX") {
        let own = combination.map(|combination| combination.decimal("ecotax")).filter(|tax| !tax.is_zero());
        let ecotax = own.unwrap_or_else(|| product.decimal("ecotax")) * rate_of(question.currency);
        let (_, ecotax_rate) =
            taxes(shop, shop.configured_id("PS_ECOTAX_TAX_RULES_GROUP_ID"), question.country, question.state);
        net += ecotax;
        gross += ecotax * (Decimal::ONE + ecotax_rate / Decimal::ONE_HUNDRED);
    }
    if let Some(specific) = specific {
        (net, gross) = reduced(specific, net, gross, factor, rate_of(question.currency));
    }
    if question.with_reductions {
        let discount =
            shop.get("groups", question.group).map_or(Decimal::ZERO, |group| group.decimal("reduction"));
        let kept = Decimal::ONE - discount / Decimal::ONE_HUNDRED;
        net *= kept;
        gross *= kept;
    }
    UnitPrice { net: half_up(net, 6).max(Decimal::ZERO), gross: half_up(gross, 6).max(Decimal::ZERO) }
}

fn reduced(
    specific: &Record,
    net: Decimal,
    gross: Decimal,
    factor: Decimal,
    currency_rate: Decimal,
) -> (Decimal, Decimal) {
    let reduction = specific.decimal("reduction");
    if specific.text("reduction_type") == "percentage" {
        return (net * (Decimal::ONE - reduction), gross * (Decimal::ONE - reduction));
    }
    let amount = if specific.id_of("id_currency") == 0 { reduction * currency_rate } else { reduction };
    if specific.flag("reduction_tax") {
        (net - amount / factor, gross - amount)
    } else {
        (net - amount, gross - amount * factor)
    }
}

/// How many units of a currency one unit of the default currency is.
#[must_use]
pub fn conversion_rate(shop: &Shop, currency: Id) -> Decimal {
    match shop.get("currencies", currency) {
        Some(currency) if !currency.decimal("conversion_rate").is_zero() => {
            currency.decimal("conversion_rate")
        }
        _ => Decimal::ONE,
    }
}

/// How lines are rounded (`PS_ROUND_TYPE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundType {
    /// Each piece.
    Item,
    /// Each line.
    Line,
    /// Only the total.
    Total,
}

impl RoundType {
    /// What the shop is set to.
    #[must_use]
    pub fn of(shop: &Shop) -> Self {
        match shop.configuration("PS_ROUND_TYPE") {
            "1" => Self::Item,
            "3" => Self::Total,
            _ => Self::Line,
        }
    }
}

/// A line of a cart with its price.
#[derive(Debug, Clone, Copy)]
pub struct PricedLine {
    /// Price of one piece.
    pub unit: UnitPrice,
    /// Pieces.
    pub quantity: i64,
}

/// Sums of a cart, rounded to two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// All lines without tax.
    pub products_net: Decimal,
    /// All lines with tax.
    pub products_gross: Decimal,
    /// Everything without tax.
    pub paid_net: Decimal,
    /// Everything with tax.
    pub paid_gross: Decimal,
}

/// One line's amount, rounded as the shop is set to.
#[must_use]
pub fn line_amount(shop: &Shop, unit: Decimal, quantity: i64) -> Decimal {
    let quantity = Decimal::from(quantity);
    match RoundType::of(shop) {
        RoundType::Item => round(shop, unit, 2) * quantity,
        RoundType::Line => round(shop, unit * quantity, 2),
        RoundType::Total => unit * quantity,
    }
}

/// Sums up lines and shipping.
///
/// The sum of the lines adds rounded lines, but the grand total adds unrounded ones (except when each
/// piece is rounded), so that the two can differ by a cent.
#[must_use]
pub fn totals(shop: &Shop, lines: &[PricedLine], shipping: UnitPrice) -> Totals {
    let products = |unit: fn(&UnitPrice) -> Decimal| -> Decimal {
        let sum = lines.iter().map(|line| line_amount(shop, unit(&line.unit), line.quantity)).sum();
        round(shop, sum, 2)
    };
    let paid = |unit: fn(&UnitPrice) -> Decimal| -> Decimal {
        let sum: Decimal = lines
            .iter()
            .map(|line| match RoundType::of(shop) {
                RoundType::Item => line_amount(shop, unit(&line.unit), line.quantity),
                RoundType::Line | RoundType::Total => unit(&line.unit) * Decimal::from(line.quantity),
            })
            .sum();
        round(shop, sum + round(shop, unit(&shipping), 2), 2)
    };
    Totals {
        products_net: products(|price| price.net),
        products_gross: products(|price| price.gross),
        paid_net: paid(|price| price.net),
        paid_gross: paid(|price| price.gross),
    }
}
