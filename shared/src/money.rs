use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// An exact amount in one currency; on the wire the amount is a decimal string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    /// Decimal digits with a point, such as `46.89`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "46.89"))]
    pub amount: Decimal,
    /// ISO 4217 code, such as `EUR`.
    #[cfg_attr(feature = "openapi", schema(example = "EUR"))]
    pub currency: String,
}

impl Money {
    #[must_use]
    pub fn new(amount: Decimal, currency: impl Into<String>) -> Self {
        Self { amount, currency: currency.into() }
    }
}

impl fmt::Display for Money {
    /// The amount with the currency's own number of decimals, then the code: `46.89 EUR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = currency_decimals(&self.currency);
        let amount = self.amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        write!(f, "{amount:.*} {}", decimals as usize, self.currency)
    }
}

/// How many decimals a currency is paid in (ISO 4217); two unless it is known to differ.
#[must_use]
pub fn currency_decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_shows_the_decimals_of_its_currency() {
        let cases = [
            ("46.9", "EUR", "46.90 EUR"),
            ("119", "JPY", "119 JPY"),
            ("0.1235", "KWD", "0.124 KWD"),
            ("-2", "EUR", "-2.00 EUR"),
        ];

        for (amount, currency, shown) in cases {
            assert_eq!(Money::new(amount.parse().unwrap(), currency).to_string(), shown);
        }
    }

    #[test]
    fn amounts_travel_as_text() {
        let money = Money::new("46.89".parse().unwrap(), "EUR");

        assert_eq!(serde_json::to_string(&money).unwrap(), r#"{"amount":"46.89","currency":"EUR"}"#);
    }
}
