//! The shop's own arithmetic, so that the total sent with an order is the one the shop will find. A cent of difference,
//! and the order begins in the payment error state.

use rust_decimal::{Decimal, RoundingStrategy};

/// Decimal places of a unit price in the shop's tables and calculations.
const UNIT_PRICE_PLACES: u32 = 6;

/// The net price of one unit, as it is pinned to a cart: `round6(gross / (1 + rate / 100))`. A rate below zero counts
/// as zero.
#[must_use]
pub fn net_unit_price(gross: Decimal, rate_percent: Decimal) -> Decimal {
    let net = gross / tax_factor(rate_percent);
    net.round_dp_with_strategy(UNIT_PRICE_PLACES, RoundingStrategy::MidpointAwayFromZero)
}

/// The gross price of one unit as the shop calculates with it: six decimal places.
#[must_use]
pub fn gross_unit_price(net: Decimal, rate_percent: Decimal, mode: RoundMode) -> Decimal {
    round(net * tax_factor(rate_percent), UNIT_PRICE_PLACES, mode)
}

/// Carriage with tax, rounded as the shop does whatever its way of rounding lines.
#[must_use]
pub fn shipping_with_tax(net: Decimal, rate_percent: Decimal, rounding: &Rounding) -> Decimal {
    round(net * tax_factor(rate_percent), rounding.decimal_places, rounding.mode)
}

/// What a line adds to the total. With [`RoundType::Total`] it is not rounded yet.
#[must_use]
pub fn line_total(unit_price: Decimal, quantity: u32, rounding: &Rounding) -> Decimal {
    let quantity = Decimal::from(quantity);
    match rounding.round_type {
        RoundType::Item => round(unit_price, rounding.decimal_places, rounding.mode) * quantity,
        RoundType::Line => round(unit_price * quantity, rounding.decimal_places, rounding.mode),
        RoundType::Total => unit_price * quantity,
    }
}

/// The totals of a cart.
///
/// The sum of the products adds rounded lines, but what is to be paid adds unrounded ones, except where each unit is
/// rounded: so the two can differ by a cent.
#[must_use]
pub fn cart_total(lines: &[Line], shipping_tax_incl: Decimal, rounding: &Rounding) -> CartTotal {
    let sum = |unit_price: fn(&Line, RoundMode) -> Decimal| -> Decimal {
        let line = |line: &Line| line_total(unit_price(line, rounding.mode), line.quantity, rounding);
        lines.iter().map(line).sum()
    };
    let rounded = |amount| round(amount, rounding.decimal_places, rounding.mode);
    let gross = |line: &Line, mode| gross_unit_price(line.unit_net, line.rate_percent, mode);
    let to_pay: Decimal = match rounding.round_type {
        RoundType::Item => sum(gross),
        RoundType::Line | RoundType::Total => {
            lines.iter().map(|line| gross(line, rounding.mode) * Decimal::from(line.quantity)).sum()
        }
    };
    CartTotal {
        products_tax_excl: rounded(sum(|line, _| line.unit_net)),
        products_tax_incl: rounded(sum(gross)),
        shipping_tax_incl,
        total_tax_incl: rounded(to_pay + shipping_tax_incl),
    }
}

/// Rounds to so many decimal places.
#[must_use]
pub fn round(amount: Decimal, decimal_places: u32, mode: RoundMode) -> Decimal {
    let strategy = match mode {
        RoundMode::Up => RoundingStrategy::ToPositiveInfinity,
        RoundMode::Down => RoundingStrategy::ToNegativeInfinity,
        RoundMode::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        RoundMode::HalfDown => RoundingStrategy::MidpointTowardZero,
        RoundMode::HalfEven => RoundingStrategy::MidpointNearestEven,
        RoundMode::HalfOdd => return round_half_odd(amount, decimal_places),
    };
    amount.round_dp_with_strategy(decimal_places, strategy)
}

/// A line of a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The net price of one unit, six decimal places.
    pub unit_net: Decimal,
    /// The tax, in percent.
    pub rate_percent: Decimal,
    /// How many.
    pub quantity: u32,
}

/// The totals of a cart, as the order will show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartTotal {
    /// All lines without tax.
    pub products_tax_excl: Decimal,
    /// All lines with tax.
    pub products_tax_incl: Decimal,
    /// Carriage with tax.
    pub shipping_tax_incl: Decimal,
    /// What is to be paid.
    pub total_tax_incl: Decimal,
}

/// How a shop rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounding {
    /// When.
    pub round_type: RoundType,
    /// Which way.
    pub mode: RoundMode,
    /// To how many decimal places: the precision of the currency.
    pub decimal_places: u32,
}

/// `PS_ROUND_TYPE`: when a shop rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundType {
    /// 1: each unit.
    Item,
    /// 2: each line.
    Line,
    /// 3: the total alone.
    Total,
}

impl RoundType {
    /// Reads the setting.
    #[must_use]
    pub fn from_setting(value: &str) -> Option<Self> {
        match value {
            "1" => Some(Self::Item),
            "2" => Some(Self::Line),
            "3" => Some(Self::Total),
            _ => None,
        }
    }
}

/// `PS_PRICE_ROUND_MODE`: which way a shop rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundMode {
    /// 0: up.
    Up,
    /// 1: down.
    Down,
    /// 2: to the nearest, halves away from zero.
    HalfUp,
    /// 3: to the nearest, halves towards zero.
    HalfDown,
    /// 4: to the nearest, halves to the even neighbour.
    HalfEven,
    /// 5: to the nearest, halves to the odd neighbour.
    HalfOdd,
}

impl RoundMode {
    /// Reads the setting.
    #[must_use]
    pub fn from_setting(value: &str) -> Option<Self> {
        match value {
            "0" => Some(Self::Up),
            "1" => Some(Self::Down),
            "2" => Some(Self::HalfUp),
            "3" => Some(Self::HalfDown),
            "4" => Some(Self::HalfEven),
            "5" => Some(Self::HalfOdd),
            _ => None,
        }
    }
}

fn tax_factor(rate_percent: Decimal) -> Decimal {
    Decimal::ONE + rate_percent.max(Decimal::ZERO) / Decimal::ONE_HUNDRED
}

fn round_half_odd(amount: Decimal, decimal_places: u32) -> Decimal {
    let even = amount.round_dp_with_strategy(decimal_places, RoundingStrategy::MidpointNearestEven);
    let half = Decimal::new(5, decimal_places + 1);
    // At an exact half the two neighbours lie equally far, and the odd one is on the other side of the amount.
    if (amount - even).abs() == half { amount + (amount - even) } else { even }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).expect(text)
    }

    fn rounding(round_type: RoundType) -> Rounding {
        Rounding { round_type, mode: RoundMode::HalfUp, decimal_places: 2 }
    }

    fn line(gross: &str, rate: &str, quantity: u32) -> Line {
        let rate_percent = decimal(rate);
        Line { unit_net: net_unit_price(decimal(gross), rate_percent), rate_percent, quantity }
    }

    const ROUND_TYPES: [RoundType; 3] = [RoundType::Item, RoundType::Line, RoundType::Total];

    #[test]
    fn the_net_price_has_six_decimal_places() {
        for (gross, rate, net) in [
            ("19.99", "20.000", "16.658333"),
            ("29.99", "20", "24.991667"),
            ("3.99", "20", "3.325000"),
            ("0.37", "20", "0.308333"),
            ("10", "0", "10"),
            ("0", "20", "0"),
            ("10", "-100", "10"),
        ] {
            assert_eq!(net_unit_price(decimal(gross), decimal(rate)), decimal(net), "{gross} at {rate} %");
        }
    }

    #[test]
    fn a_pinned_price_comes_out_as_the_gross_price_under_every_round_type() {
        for round_type in ROUND_TYPES {
            let two = cart_total(&[line("19.99", "20", 2)], Decimal::ZERO, &rounding(round_type));
            let many = cart_total(
                &[line("0.37", "20", 97), line("7.77", "20", 13)],
                Decimal::ZERO,
                &rounding(round_type),
            );

            assert_eq!(two.total_tax_incl, decimal("39.98"), "{round_type:?}");
            assert_eq!(many.total_tax_incl, decimal("136.90"), "{round_type:?}");
        }
    }

    #[test]
    fn totals_are_those_of_a_recorded_order() {
        let lines = [line("19.99", "20", 2), line("29.99", "20", 1)];
        let shipping = shipping_with_tax(decimal("7"), decimal("20"), &rounding(RoundType::Line));

        let total = cart_total(&lines, shipping, &rounding(RoundType::Line));

        assert_eq!(
            total,
            CartTotal {
                products_tax_excl: decimal("58.31"),
                products_tax_incl: decimal("69.97"),
                shipping_tax_incl: decimal("8.40"),
                total_tax_incl: decimal("78.37"),
            }
        );
    }

    #[test]
    fn round_types_differ_where_units_have_fractions_of_a_cent() {
        let lines = [Line { unit_net: decimal("1.004"), rate_percent: Decimal::ZERO, quantity: 10 }; 2];
        let totals = ROUND_TYPES
            .map(|round_type| cart_total(&lines, Decimal::ZERO, &rounding(round_type)).total_tax_incl);

        assert_eq!(totals, [decimal("20.00"), decimal("20.08"), decimal("20.08")]);
        let small = [Line { unit_net: decimal("0.334"), rate_percent: Decimal::ZERO, quantity: 1 }; 3];
        let totals = ROUND_TYPES.map(|round_type| {
            let total = cart_total(&small, Decimal::ZERO, &rounding(round_type));
            (total.products_tax_incl, total.total_tax_incl)
        });
        let (less, whole) = (decimal("0.99"), decimal("1.00"));
        assert_eq!(totals, [(less, less), (less, whole), (whole, whole)]);
    }

    #[test]
    fn modes_round_as_php_does() {
        let amounts = ["1.001", "1.005", "1.009", "1.015", "1.00", "-1.005"];
        let table = [
            (RoundMode::Up, ["1.01", "1.01", "1.01", "1.02", "1.00", "-1.00"]),
            (RoundMode::Down, ["1.00", "1.00", "1.00", "1.01", "1.00", "-1.01"]),
            (RoundMode::HalfUp, ["1.00", "1.01", "1.01", "1.02", "1.00", "-1.01"]),
            (RoundMode::HalfDown, ["1.00", "1.00", "1.01", "1.01", "1.00", "-1.00"]),
            (RoundMode::HalfEven, ["1.00", "1.00", "1.01", "1.02", "1.00", "-1.00"]),
            (RoundMode::HalfOdd, ["1.00", "1.01", "1.01", "1.01", "1.00", "-1.01"]),
        ];
        for (number, (mode, expected)) in table.into_iter().enumerate() {
            assert_eq!(RoundMode::from_setting(&number.to_string()), Some(mode));
            for (amount, expected) in amounts.into_iter().zip(expected) {
                assert_eq!(round(decimal(amount), 2, mode), decimal(expected), "{amount} {mode:?}");
            }
        }
    }
}
