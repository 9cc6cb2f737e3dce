//! What a TikTok order must come to in the store beside what the store made of it, line by line.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::{ComparedAmount, Money};

use crate::from_micros;
use crate::orders::LineRow;

/// What a store order was made up of when it was read whole; tax is included everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreAmounts {
    pub rows: Vec<StoreAmount>,
    /// What the carrier takes.
    pub shipping: Decimal,
    pub discounts: Decimal,
}

/// One row of a store order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreAmount {
    pub product_id: i64,
    pub combination_id: Option<i64>,
    pub name: String,
    pub reference: String,
    pub quantity: u32,
    /// All pieces.
    pub total: Decimal,
    /// Whether it is the row of shipping and fees.
    pub is_shipping: bool,
}

/// The totals that the lines have to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals<'a> {
    pub expected: Decimal,
    /// `None` while there is no store order.
    pub store: Option<Decimal>,
    pub currency: &'a str,
}

type ProductKey = (i64, Option<i64>);

/// The sold units of one product.
struct Wanted<'u> {
    label: String,
    sku: Option<&'u str>,
    product: Option<ProductKey>,
    pieces: i32,
    expected: Decimal,
    is_bundle: bool,
}

/// What the store keeps of one product.
#[derive(Clone, Default)]
struct Kept {
    name: String,
    reference: String,
    pieces: i32,
    total: Decimal,
}

/// Compares both sides line by line; empty where it is not known what each unit must come to.
pub(crate) fn compare(
    units: &[LineRow],
    stored: Option<&StoreAmounts>,
    totals: Totals<'_>,
) -> Vec<ComparedAmount> {
    let wanted = wanted_of(units);
    if wanted.is_empty() {
        return Vec::new();
    }
    // Without the rows there is nothing to compare with, even where the total is known.
    let (Some(stored), Some(store_total)) = (stored, totals.store) else {
        return only_expected(&wanted, totals);
    };
    let mut kept = kept_of(stored);
    let mut lines = Vec::new();
    let mut store_sum = Decimal::ZERO;
    let mut unmatched = Vec::new();
    for line in wanted.iter() {
        match take(&mut kept, line) {
            Some(found) => {
                store_sum += found.total;
                lines.push(compared(line, Some(&found), totals.currency));
            }
            None => unmatched.push(line),
        }
    }
    // The rows of a bundle's parts are what remains beside it.
    if !unmatched.is_empty() && unmatched.iter().all(|line| line.is_bundle) && !kept.is_empty() {
        let parts: Kept = std::mem::take(&mut kept).into_values().fold(Kept::default(), |sum, part| Kept {
            pieces: sum.pieces + part.pieces,
            total: sum.total + part.total,
            ..sum
        });
        store_sum += parts.total;
        let whole = Wanted {
            label: unmatched.iter().map(|line| line.label.as_str()).collect::<Vec<_>>().join(", "),
            sku: None,
            product: None,
            pieces: unmatched.iter().map(|line| line.pieces).sum(),
            expected: unmatched.iter().map(|line| line.expected).sum(),
            is_bundle: true,
        };
        lines.push(compared(&whole, Some(&parts), totals.currency));
        unmatched.clear();
    }
    lines.extend(unmatched.into_iter().map(|line| compared(line, None, totals.currency)));
    for row in kept.into_values() {
        store_sum += row.total;
        lines.push(amount(row.name, None, Some((row.total, Some(row.pieces))), totals.currency));
    }
    let shipping = stored.shipping
        + stored.rows.iter().filter(|row| row.is_shipping).map(|row| row.total).sum::<Decimal>();
    store_sum += shipping - stored.discounts;
    let rest = store_total - store_sum;
    let of_goods: Decimal = wanted.iter().map(|line| line.expected).sum();
    let beside_goods = [
        (SHIPPING_AND_FEES, Some(totals.expected - of_goods), shipping),
        ("Discounts in the store", None, -stored.discounts),
        ("Rounding in the store", None, rest),
    ];
    for (label, expected, store) in beside_goods {
        if !store.is_zero() || expected.is_some_and(|expected| !expected.is_zero()) {
            let expected = expected.map(|expected| (expected, None));
            lines.push(amount(label.to_owned(), expected, Some((store, None)), totals.currency));
        }
    }
    lines
}

const SHIPPING_AND_FEES: &str = "Shipping and fees";

fn only_expected(wanted: &[Wanted<'_>], totals: Totals<'_>) -> Vec<ComparedAmount> {
    let of_goods: Decimal = wanted.iter().map(|line| line.expected).sum();
    let beside_goods = totals.expected - of_goods;
    let mut lines: Vec<_> = wanted
        .iter()
        .map(|line| {
            amount(line.label.clone(), Some((line.expected, Some(line.pieces))), None, totals.currency)
        })
        .collect();
    if !beside_goods.is_zero() {
        lines.push(amount(SHIPPING_AND_FEES.to_owned(), Some((beside_goods, None)), None, totals.currency));
    }
    lines
}

/// Units of one store product belong together, and where none is known those of one SKU.
fn wanted_of(units: &[LineRow]) -> Vec<Wanted<'_>> {
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    for unit in units {
        let Some(expected) = unit.expected_store_micros.map(from_micros) else { continue };
        let product = unit.store_product_id.map(|product| (product, unit.store_combination_id));
        let sku = unit.seller_sku.as_deref();
        let alike = wanted.iter_mut().find(|line| match (line.product, product) {
            (Some(known), Some(product)) => known == product,
            (None, None) => line.sku == sku && (sku.is_some() || line.label == unit.label()),
            _ => false,
        });
        if let Some(line) = alike {
            line.pieces += 1;
            line.expected += expected;
            continue;
        }
        wanted.push(Wanted {
            label: unit.label(),
            sku,
            product,
            pieces: 1,
            expected,
            is_bundle: unit.is_bundle,
        });
    }
    wanted
}

fn kept_of(stored: &StoreAmounts) -> BTreeMap<ProductKey, Kept> {
    let mut kept = BTreeMap::<ProductKey, Kept>::new();
    for row in stored.rows.iter().filter(|row| !row.is_shipping) {
        let entry = kept.entry((row.product_id, row.combination_id)).or_insert_with(|| Kept {
            name: row.name.clone(),
            reference: row.reference.clone(),
            ..Kept::default()
        });
        entry.pieces += i32::try_from(row.quantity).unwrap_or(i32::MAX);
        entry.total += row.total;
    }
    kept
}

/// What the store keeps of the product that a line became; a line of an order that was found or adopted is known by its
/// SKU only.
fn take(kept: &mut BTreeMap<ProductKey, Kept>, line: &Wanted<'_>) -> Option<Kept> {
    if let Some(found) = line.product.and_then(|product| kept.remove(&product)) {
        return Some(found);
    }
    let sku = line.sku.filter(|sku| !sku.is_empty())?;
    let key = kept.iter().find(|(_, row)| row.reference == sku).map(|(key, _)| *key)?;
    kept.remove(&key)
}

fn compared(line: &Wanted<'_>, kept: Option<&Kept>, currency: &str) -> ComparedAmount {
    let store = kept.map_or((Decimal::ZERO, Some(0)), |kept| (kept.total, Some(kept.pieces)));
    amount(line.label.clone(), Some((line.expected, Some(line.pieces))), Some(store), currency)
}

/// Both sides of a line with their pieces.
fn amount(
    label: String,
    expected: Option<(Decimal, Option<i32>)>,
    store: Option<(Decimal, Option<i32>)>,
    currency: &str,
) -> ComparedAmount {
    let of = |side: Option<(Decimal, Option<i32>)>| side.map_or(Decimal::ZERO, |(amount, _)| amount);
    let money = |amount: Decimal| Money::new(amount, currency);
    ComparedAmount {
        label,
        pieces: expected.and_then(|(_, pieces)| pieces),
        store_pieces: store.and_then(|(_, pieces)| pieces),
        expected: expected.map(|(amount, _)| money(amount)),
        store: store.map(|(amount, _)| money(amount)),
        difference: store.is_some().then(|| money(of(store) - of(expected))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn unit(sku: &str, expected: Option<&str>, product: Option<i64>) -> LineRow {
        LineRow {
            order_id: 1,
            tiktok_line_item_id: String::new(),
            position: 0,
            sku_id: String::new(),
            seller_sku: Some(sku.to_owned()),
            product_name: sku.to_owned(),
            sku_name: None,
            image: None,
            original_price_micros: 0,
            seller_discount_micros: 0,
            platform_discount_micros: 0,
            sale_price_micros: 0,
            is_gift: false,
            is_bundle: sku.starts_with("BUNDLE"),
            status: String::new(),
            package_id: None,
            package_status: None,
            tracking_number: None,
            carrier: None,
            store_product_id: product,
            store_combination_id: None,
            expected_store_micros: expected.map(|text| crate::to_micros(decimal(text)).unwrap()),
        }
    }

    fn row(product_id: i64, reference: &str, quantity: u32, total: &str) -> StoreAmount {
        StoreAmount {
            product_id,
            combination_id: None,
            name: format!("store's {reference}"),
            reference: reference.to_owned(),
            quantity,
            total: decimal(total),
            is_shipping: reference == "SHIPPING",
        }
    }

    /// Label, pieces and amounts of each line, as `label 2/2 10.00/9.00 -1.00`.
    fn lines(
        units: &[LineRow],
        stored: Option<&StoreAmounts>,
        expected: &str,
        store: Option<&str>,
    ) -> Vec<String> {
        let totals = Totals { expected: decimal(expected), store: store.map(decimal), currency: "EUR" };
        let lines = compare(units, stored, totals);
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let money = |value: &Option<Money>| text(value.as_ref().map(|money| format!("{:.2}", money.amount)));
        let pieces = |value: Option<i32>| text(value.map(|pieces| pieces.to_string()));
        let line = |line: &ComparedAmount| {
            format!(
                "{} {}/{} {}/{} {}",
                line.label,
                pieces(line.pieces),
                pieces(line.store_pieces),
                money(&line.expected),
                money(&line.store),
                money(&line.difference)
            )
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn each_line_stands_beside_what_the_store_made_of_it() {
        let units = [
            unit("MUG", Some("10"), Some(5)),
            unit("MUG", Some("12"), Some(5)),
            unit("LAMP", Some("30"), Some(6)),
            unit("GONE", None, Some(7)),
        ];
        let stored = StoreAmounts {
            rows: vec![
                row(5, "MUG", 1, "10"),
                row(5, "MUG", 1, "12"),
                row(6, "LAMP", 1, "29.99"),
                row(9, "SHIPPING", 1, "4.99"),
            ],
            ..StoreAmounts::default()
        };

        let lines = lines(&units, Some(&stored), "56.99", Some("56.98"));

        let expected = [
            "MUG 2/2 22.00/22.00 0.00",
            "LAMP 1/1 30.00/29.99 -0.01",
            "Shipping and fees -/- 4.99/4.99 0.00",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_on_one_side_only_is_told() {
        let units = [unit("MUG", Some("10"), None), unit("LAMP", Some("30"), None)];
        let stored = StoreAmounts {
            rows: vec![row(5, "MUG", 1, "10"), row(8, "VASE", 2, "15")],
            shipping: decimal("3"),
            discounts: decimal("5"),
        };

        let lines = lines(&units, Some(&stored), "40", Some("23.01"));

        let expected = [
            "MUG 1/1 10.00/10.00 0.00",
            "LAMP 1/0 30.00/0.00 -30.00",
            "store's VASE -/2 -/15.00 15.00",
            "Shipping and fees -/- 0.00/3.00 3.00",
            "Discounts in the store -/- -/-5.00 -5.00",
            "Rounding in the store -/- -/0.01 0.01",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_parts_of_a_bundle_stand_beside_it() {
        let units = [unit("BUNDLE", Some("25"), None), unit("MUG", Some("10"), Some(5))];
        let stored = StoreAmounts {
            rows: vec![row(5, "MUG", 1, "10"), row(6, "LAMP", 1, "20"), row(8, "VASE", 2, "5")],
            ..StoreAmounts::default()
        };

        let lines = lines(&units, Some(&stored), "35", Some("35"));

        assert_eq!(lines, ["MUG 1/1 10.00/10.00 0.00", "BUNDLE 1/3 25.00/25.00 0.00"]);
    }

    #[test]
    fn before_there_is_a_store_order_only_what_it_must_come_to_is_told() {
        let units = [unit("MUG", Some("10"), None)];

        assert_eq!(lines(&units, None, "14", None), ["MUG 1/- 10.00/- -", "Shipping and fees -/- 4.00/- -"]);
        assert!(lines(&[unit("MUG", None, None)], None, "14", None).is_empty());
    }

    #[test]
    fn the_differences_of_the_lines_make_the_difference_of_the_totals() {
        let units = [
            unit("MUG", Some("10"), None),
            unit("LAMP", Some("30"), Some(6)),
            unit("BUNDLE", Some("7"), None),
        ];
        let stored = StoreAmounts {
            rows: vec![row(6, "LAMP", 1, "28"), row(8, "VASE", 2, "15"), row(9, "SHIPPING", 1, "2")],
            shipping: decimal("1"),
            discounts: decimal("0.5"),
        };
        let totals = Totals { expected: decimal("50"), store: Some(decimal("45.6")), currency: "EUR" };

        let lines = compare(&units, Some(&stored), totals);

        let sum: Decimal =
            lines.iter().filter_map(|line| line.difference.as_ref()).map(|money| money.amount).sum();
        assert_eq!(sum, decimal("45.6") - decimal("50"));
    }
}
