//! The shop's arithmetic, checked against every order the recordings hold.

use prestashop::total::{Line, RoundMode, RoundType, Rounding, cart_total, shipping_with_tax};
use prestashop::{Entity, Order, Resource};
use rust_decimal::Decimal;

use crate::recording::Recording;

/// Orders whose totals are not the shop's own work: the demo's, and those patched or put in the recording.
const NOT_CALCULATED: &[&str] = &["219-", "711-", "745-"];

#[test]
fn totals_are_those_of_every_recorded_order() {
    let rounding = Rounding { round_type: RoundType::Line, mode: RoundMode::HalfUp, decimal_places: 2 };
    let mut checked = 0;
    for recording in Recording::all() {
        let is_order =
            recording.method == "GET" && recording.resource_path() == "orders" && recording.has_id();
        if !is_order || NOT_CALCULATED.iter().any(|name| recording.name.starts_with(name)) {
            continue;
        }
        let Ok(document) = recording.judged() else { continue };
        let order = Order::decode(document.entity(Resource::Orders).unwrap()).unwrap();
        // Every product of the demo is taxed by 20 % in France.
        let rate_percent = Decimal::from(20);
        let lines: Vec<Line> = order
            .rows
            .iter()
            .map(|row| Line { unit_net: row.unit_price_tax_excl, rate_percent, quantity: row.quantity })
            .collect();
        let shipping = shipping_with_tax(order.total_shipping_tax_excl, order.carrier_tax_rate, &rounding);

        let total = cart_total(&lines, shipping, &rounding);

        let name = format!("{}/{}", recording.version, recording.name);
        assert_eq!(total.products_tax_excl, order.total_products, "{name}");
        assert_eq!(total.products_tax_incl, order.total_products_wt, "{name}");
        assert_eq!(total.shipping_tax_incl, order.total_shipping_tax_incl, "{name}");
        assert_eq!(total.total_tax_incl, order.total_paid_tax_incl, "{name}");
        checked += 1;
    }
    assert!(checked > 40, "only {checked} orders");
}
