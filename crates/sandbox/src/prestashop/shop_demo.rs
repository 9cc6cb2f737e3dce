//! The shop of the demo: the sandbox's own catalogue, sold all over the European Union and a little beyond.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::auth::Key;
use super::geography;
use super::record::{AssociationRow, Id, Record};
use super::seed;
use super::shop::{CarrierRules, Shop};
use super::time_zone::TimeZone;
use crate::catalogue::{self, CatalogueItem, TaxClass};

/// Country with its standard, reduced (food) and book rate of value added tax in percent.
#[rustfmt::skip]
const TAX_RATES: [(&str, &str, &str, &str); 28] = [
    ("AT", "20", "10", "10"), ("BE", "21", "6", "6"), ("BG", "20", "20", "9"), ("HR", "25", "5", "5"),
    ("CY", "19", "5", "3"), ("CZ", "21", "12", "0"), ("DK", "25", "25", "25"), ("EE", "24", "24", "9"),
    ("FI", "25.5", "14", "14"), ("FR", "20", "5.5", "5.5"), ("DE", "19", "7", "7"), ("GR", "24", "13", "6"),
    ("HU", "27", "18", "5"), ("IE", "23", "13.5", "0"), ("IT", "22", "10", "4"), ("LV", "21", "12", "5"),
    ("LT", "21", "21", "5"), ("LU", "17", "3", "3"), ("MT", "18", "18", "5"), ("NL", "21", "9", "9"),
    ("PL", "23", "5", "5"), ("PT", "23", "6", "6"), ("RO", "21", "11", "11"), ("SK", "23", "5", "5"),
    ("SI", "22", "9.5", "5"), ("ES", "21", "10", "4"), ("SE", "25", "12", "6"), ("GB", "20", "20", "0"),
];

/// The groups of tax rules by class.
#[must_use]
pub fn tax_group(class: TaxClass) -> Id {
    match class {
        TaxClass::Standard => 1,
        TaxClass::Reduced => 2,
        TaxClass::Books => 3,
    }
}

/// Fills a shop.
pub fn fill(shop: &mut Shop, key: &str) {
    shop.settings.time_zone = TimeZone::Paris;
    shop.keys = vec![Key::full(key)];
    seed::basics(shop, true);
    shop.configure("PS_TIMEZONE", "Europe/Paris");
    shop.configure("PS_SHIPPING_HANDLING", "0");
    for (iso_code, number, symbol, names, rate) in [
        ("EUR", "978", "€", ["Euro", "euro"], "1"),
        ("GBP", "826", "£", ["British Pound", "livre sterling"], "0.85"),
        ("USD", "840", "$", ["US Dollar", "dollar des États-Unis"], "1.09"),
        ("PLN", "985", "zł", ["Polish Zloty", "zloty polonais"], "4.27"),
        ("SEK", "752", "kr", ["Swedish Krona", "couronne suédoise"], "11.05"),
        ("CZK", "203", "Kč", ["Czech Koruna", "couronne tchèque"], "24.4"),
        ("DKK", "208", "kr", ["Danish Krone", "couronne danoise"], "7.46"),
        ("HUF", "348", "Ft", ["Hungarian Forint", "forint hongrois"], "391"),
        ("RON", "946", "lei", ["Romanian Leu", "leu roumain"], "5.09"),
    ] {
        seed::currency(shop, iso_code, number, symbol, names, rate);
    }
    geography::seed(shop, |iso_code| {
        geography::EUROPEAN_UNION.contains(&iso_code) || matches!(iso_code, "GB" | "US")
    });
    taxes(shop);
    carriers(shop);
    products(shop);
}

fn taxes(shop: &mut Shop) {
    let date = shop.now();
    let mut known: BTreeMap<String, Id> = BTreeMap::new();
    for name in ["Standard rate", "Reduced rate", "Books"] {
        let group = Record::default()
            .with("name", name)
            .with("active", 1)
            .with("date_add", &date)
            .with("date_upd", &date);
        shop.insert("tax_rule_groups", group);
    }
    for (iso_code, standard, reduced, books) in TAX_RATES {
        for (group, rate) in (1_u64..).zip([standard, reduced, books]) {
            let name = format!("VAT {iso_code} {rate}%");
            let tax = known.get(&name).copied().unwrap_or_else(|| {
                let tax = Record::default()
                    .with("rate", rate)
                    .with("active", 1)
                    .with_texts("name", &[&name, &name]);
                shop.insert("taxes", tax)
            });
            known.insert(name, tax);
            let rule = Record::default()
                .with("id_tax_rules_group", group)
                .with("id_country", geography::country_id(iso_code))
                .with("zipcode_from", 0)
                .with("zipcode_to", 0)
                .with("id_tax", tax);
            shop.insert("tax_rules", rule);
        }
    }
}

fn carriers(shop: &mut Shop) {
    let zones: Vec<Id> = shop.table("zones").iter().map(|zone| zone.id).collect();
    for ((name, delay, free, price), position) in [
        ("Marketplace delivery", ["As agreed on the marketplace", "Selon la place de marché"], true, 0),
        ("House carrier", ["Three working days", "Trois jours ouvrés"], false, 6),
    ]
    .into_iter()
    .zip(0_u64..)
    {
        let record = seed::carrier(name, delay, true, free, 1)
            .with("id_reference", position + 1)
            .with("position", position)
            .with("url", "https://carrier.example/track/@");
        let id = shop.insert("carriers", record);
        let zone_prices = zones.iter().map(|zone| (*zone, Decimal::from(price))).collect();
        shop.carrier_rules.insert(id, CarrierRules { zone_prices, groups: vec![1, 2, 3] });
    }
}

fn products(shop: &mut Shop) {
    for items in catalogue::items().chunk_by(|left, right| left.product == right.product) {
        let product = insert_product(shop, items);
        if items[0].attributes.is_empty() {
            seed::stock(shop, product, 0, i64::from(items[0].stock));
        } else {
            insert_combinations(shop, product, items);
        }
        if items[0].sku == catalogue::AMBIGUOUS_SKU {
            let twin = insert_product(shop, items);
            seed::stock(shop, twin, 0, i64::from(items[0].stock));
        }
    }
    fill_bundle(shop);
}

/// The product of an item and its sister combinations; its price is that of the first.
fn insert_product(shop: &mut Shop, items: &[CatalogueItem]) -> Id {
    let item = &items[0];
    let kind = match item {
        item if item.sku == catalogue::BUNDLE_SKU => "pack",
        item if !item.attributes.is_empty() => "combinations",
        _ => "standard",
    };
    let date = shop.now();
    let weight = Decimal::new(i64::from(item.weight_g), 3);
    let product =
        seed::product(item.product, [item.name, item.name], &item.net_price_eur().to_string(), kind, &date)
            .with("id_tax_rules_group", tax_group(item.tax))
            .with("weight", weight)
            .with("active", u8::from(item.active));
    shop.insert("products", product)
}

fn insert_combinations(shop: &mut Shop, product: Id, items: &[CatalogueItem]) {
    let base = items[0].net_price_eur();
    let total: i64 = items.iter().map(|item| i64::from(item.stock)).sum();
    seed::stock(shop, product, 0, total);
    for (index, item) in items.iter().enumerate() {
        let attributes: Vec<String> =
            item.attributes.iter().map(|(group, value)| format!("{group}: {value}")).collect();
        let impact = item.net_price_eur() - base;
        let combination =
            seed::combination(product, item.sku, &impact.to_string(), &attributes.join(" - "), index == 0);
        let id = shop.insert("combinations", combination);
        seed::stock(shop, product, id, i64::from(item.stock));
    }
}

fn fill_bundle(shop: &mut Shop) {
    let find = |resource: &str, reference: &str| {
        shop.table(resource).iter().find(|record| record.text("reference") == reference)
    };
    let parts: Vec<AssociationRow> = catalogue::BUNDLE_PARTS
        .iter()
        .map(|(sku, pieces)| {
            let combination = find("combinations", sku);
            let product = combination
                .map(|combination| combination.id_of("id_product"))
                .or_else(|| find("products", sku).map(|product| product.id))
                .unwrap_or(0);
            AssociationRow::from([
                ("id".to_owned(), product.to_string()),
                ("id_product_attribute".to_owned(), combination.map_or(0, |found| found.id).to_string()),
                ("quantity".to_owned(), pieces.to_string()),
            ])
        })
        .collect();
    let bundle = find("products", catalogue::BUNDLE_SKU).map(|product| product.id);
    if let Some(bundle) = bundle.and_then(|id| shop.get_mut("products", id)) {
        bundle.associations.insert("product_bundle".to_owned(), parts);
    }
}
