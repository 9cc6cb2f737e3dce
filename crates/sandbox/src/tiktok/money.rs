//! Amounts on the wire: decimal strings without fixed scale.

use rust_decimal::Decimal;

/// How an order writes its amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// As short as possible: `119`, `4.9`, `0`.
    #[default]
    Shortest,
    /// Two decimals always: `119.00`.
    TwoPlaces,
}

impl Style {
    /// The amount as TikTok Shop would write it.
    pub fn text(self, amount: Decimal) -> String {
        match self {
            Self::Shortest => amount.normalize().to_string(),
            Self::TwoPlaces => format!("{amount:.2}"),
        }
    }
}

/// An amount from a number of cents.
pub fn cents(amount: i64) -> Decimal {
    Decimal::new(amount, 2)
}

/// `part` percent of the amount, to the cent, halves away from zero.
pub fn percent_of(amount: Decimal, part: Decimal) -> Decimal {
    (amount * part / Decimal::ONE_HUNDRED)
        .round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_no_fixed_scale() {
        assert_eq!(Style::Shortest.text(cents(11_900)), "119");
        assert_eq!(Style::Shortest.text(cents(490)), "4.9");
        assert_eq!(Style::Shortest.text(cents(0)), "0");
        assert_eq!(Style::TwoPlaces.text(cents(490)), "4.90");
    }
}
