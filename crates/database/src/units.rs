//! Times and amounts as both databases keep them: whole numbers, exact and sortable.

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};

/// Unix milliseconds of a time.
#[must_use]
pub fn to_ms(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

/// The time of unix milliseconds; a number that no calendar holds becomes the epoch.
#[must_use]
pub fn from_ms(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// Millionths of an amount; `None` when it is too large to be money.
#[must_use]
pub fn to_micros(amount: Decimal) -> Option<i64> {
    let micros = amount.checked_mul(Decimal::from(1_000_000))?;
    i64::try_from(micros.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)).ok()
}

/// The amount of millionths, without trailing zeros beyond two decimals.
#[must_use]
pub fn from_micros(micros: i64) -> Decimal {
    let mut amount = Decimal::new(micros, 6).normalize();
    if amount.scale() < 2 {
        amount.rescale(2);
    }
    amount
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_survive_as_millionths() {
        for (amount, shown) in [
            ("46.89", "46.89"),
            ("119", "119.00"),
            ("4.9", "4.90"),
            ("16.658333", "16.658333"),
            ("-0.01", "-0.01"),
        ] {
            let micros = to_micros(amount.parse().unwrap()).unwrap();
            assert_eq!(from_micros(micros).to_string(), shown);
        }
        assert_eq!(to_micros(Decimal::MAX), None);
    }
}
