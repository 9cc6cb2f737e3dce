//! Amounts and counts in words. Amounts are exact decimals from end to end; nothing here calculates.

use crate::prelude::*;
use rust_decimal::Decimal;
use shared::Money;

use crate::components::icon::Icon;
use crate::markup::view;
use crate::text;

/// An amount with its currency's sign: `€1,046.89`; currencies without a well-known sign keep their code.
pub fn money(money: &Money) -> String {
    // `Display` rounds to the currency's own decimals.
    let text = money.to_string();
    let digits = text.split(' ').next().unwrap_or_default();
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("−", digits));
    let (whole, decimals) = digits
        .split_once('.')
        .map_or((digits, String::new()), |(whole, decimals)| (whole, format!(".{decimals}")));
    let symbol = match money.currency.as_str() {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        "JPY" => "¥",
        code => return format!("{sign}{}{decimals} {code}", grouped(whole)),
    };
    format!("{sign}{symbol}{}{decimals}", grouped(whole))
}

/// How far two amounts are apart: a tick for nothing, the amount with its sign for anything else.
pub fn difference(amount: &Money) -> AnyView {
    if amount.amount == Decimal::ZERO {
        view! { <span class="match">{Icon::Check.view()} {text::EQUAL}</span> }
    } else {
        let sign = if amount.amount > Decimal::ZERO { "+" } else { "" };
        view! { <strong class="mismatch">{sign} {money(amount)}</strong> }
    }
}

/// A count with separators: `1,234`.
pub fn count(number: i64) -> String {
    grouped(&number.to_string())
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_sign_separators_and_the_decimals_of_their_currency() {
        let cases = [
            ("46.9", "EUR", "€46.90"),
            ("1234567.5", "USD", "$1,234,567.50"),
            ("-2", "GBP", "−£2.00"),
            ("119", "JPY", "¥119"),
            ("120000", "VND", "120,000 VND"),
        ];

        for (amount, currency, shown) in cases {
            assert_eq!(money(&Money::new(amount.parse().unwrap(), currency)), shown);
        }
    }

    #[test]
    fn counts_have_separators() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_234, "1,234"), (1_000_000, "1,000,000")] {
            assert_eq!(count(number), shown);
        }
    }
}
