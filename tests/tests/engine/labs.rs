use rust_decimal::Decimal;
use serde_json::Value;
use tests::{EngineLab, LabOptions};

/// A lab on each database.
pub async fn labs() -> Vec<EngineLab> {
    let mut labs = Vec::new();
    for database in test_database::databases().await {
        labs.push(EngineLab::start(database, LabOptions::default()).await.expect("the lab starts"));
    }
    labs
}

/// An amount, whether it travels as text or as a number.
pub fn decimal(value: &Value) -> Decimal {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse().unwrap_or_else(|_| panic!("{value} is an amount"))
}
