//! The shop of the recordings: a fresh French installation with the vendor's demo catalogue.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::auth::Key;
use super::geography;
use super::record::{Id, Record};
use super::seed;
use super::shop::{CarrierRules, NO_DATE, Shop};
use super::view;

/// Key with all rights, as the recordings call it.
pub const FULL_KEY: &str = "WS_KEY";
/// Key that may only read orders and products.
pub const READ_ONLY_KEY: &str = "WS_KEY_READONLY";
/// Key that is switched off.
pub const DISABLED_KEY: &str = "WS_KEY_DISABLED";

/// When the shop was installed.
const INSTALLED: &str = "2026-11-23 07:12:29";

/// Reference, name in both languages, net price, kind, combinations (attributes and price impact), stock.
type Product =
    (&'static str, &'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], i64);

const SIZES_AND_COLORS: &[(&str, &str)] = &[
    ("Size: S - Color: White", "0"),
    ("Size: S - Color: Black", "0"),
    ("Size: M - Color: White", "0"),
    ("Size: M - Color: Black", "0"),
    ("Size: L - Color: White", "0"),
    ("Size: L - Color: Black", "0"),
    ("Size: XL - Color: White", "0"),
    ("Size: XL - Color: Black", "0"),
];
const SIZES: &[(&str, &str)] = &[("Size: S", "0"), ("Size: M", "0"), ("Size: L", "0"), ("Size: XL", "0")];
const POSTERS: &[(&str, &str)] =
    &[("Dimension: 40x60cm", "0"), ("Dimension: 60x90cm", "20"), ("Dimension: 80x120cm", "50")];
const CUSHIONS: &[(&str, &str)] = &[("Color: White", "0"), ("Color: Black", "0")];
const NOTEBOOKS: &[(&str, &str)] = &[
    ("Paper Type: Ruled", "0"),
    ("Paper Type: Plain", "0"),
    ("Paper Type: Squarred", "0"),
    ("Paper Type: Doted", "0"),
];

#[rustfmt::skip]
const PRODUCTS: [Product; 19] = [
    ("demo_1", "Hummingbird printed t-shirt", "23.9", "combinations", SIZES_AND_COLORS, 300),
    ("demo_3", "Hummingbird printed sweater", "35.9", "combinations", SIZES, 300),
    ("demo_6", "The best is yet to come' Framed poster", "29", "combinations", POSTERS, 300),
    ("demo_5", "The adventure begins Framed poster", "29", "combinations", POSTERS, 300),
    ("demo_7", "Today is a good day Framed poster", "29", "combinations", POSTERS, 300),
    ("demo_11", "Mug The best is yet to come", "11.9", "standard", &[], 300),
    ("demo_12", "Mug The adventure begins", "11.9", "standard", &[], 300),
    ("demo_13", "Mug Today is a good day", "11.9", "standard", &[], 300),
    ("demo_15", "Mountain fox cushion", "18.9", "combinations", CUSHIONS, 300),
    ("demo_16", "Brown bear cushion", "18.9", "combinations", CUSHIONS, 300),
    ("demo_17", "Hummingbird cushion", "18.9", "combinations", CUSHIONS, 300),
    ("demo_18", "Mountain fox - Vector graphics", "9", "virtual", &[], 300),
    ("demo_19", "Brown bear - Vector graphics", "9", "virtual", &[], 300),
    ("demo_20", "Hummingbird - Vector graphics", "9", "virtual", &[], 300),
    ("demo_21", "Pack Mug + Framed poster", "35", "pack", &[], 100),
    ("demo_8", "Mountain fox notebook", "12.9", "combinations", NOTEBOOKS, 300),
    ("demo_9", "Brown bear notebook", "12.9", "combinations", NOTEBOOKS, 300),
    ("demo_10", "Hummingbird notebook", "12.9", "combinations", NOTEBOOKS, 300),
    ("demo_14", "Customizable mug", "13.9", "customizable", &[], 300),
];

/// Fills a shop.
pub fn fill(shop: &mut Shop) {
    shop.keys = vec![
        Key::full(FULL_KEY),
        Key {
            key: READ_ONLY_KEY.to_owned(),
            active: true,
            permissions: Some(BTreeMap::from([
                ("orders".to_owned(), vec!["GET".to_owned()]),
                ("products".to_owned(), vec!["GET".to_owned()]),
            ])),
        },
        Key { active: false, ..Key::full(DISABLED_KEY) },
    ];
    let french_states = !shop.version.is_nine();
    seed::basics(shop, french_states);
    seed::currency(shop, "EUR", "978", "€", ["Euro", "euro"], "1");
    geography::seed(shop, |iso_code| matches!(iso_code, "FR" | "US"));
    taxes(shop);
    carriers(shop);
    products(shop);
    people(shop);
    orders(shop);
}

fn taxes(shop: &mut Shop) {
    for (id, rate, name) in [(1, "20", "20%"), (2, "10", "10%"), (3, "5.5", "5.5%"), (4, "2.1", "2.1%")] {
        let name = format!("TVA FR {name}");
        let tax =
            Record::numbered(id).with("rate", rate).with("active", 1).with_texts("name", &[&name, &name]);
        shop.insert("taxes", tax);
        let titles = [
            "",
            "FR Taux standard (20%)",
            "FR Taux réduit (10%)",
            "FR Taux réduit (5.5%)",
            "FR Taux super réduit (2.1%)",
        ];
        let group = Record::numbered(id)
            .with("name", titles.get(usize::try_from(id).unwrap_or(0)).copied().unwrap_or_default())
            .with("active", 1)
            .with("date_add", INSTALLED)
            .with("date_upd", INSTALLED);
        shop.insert("tax_rule_groups", group);
        for country in geography::EUROPEAN_UNION {
            let rule = Record::default()
                .with("id_tax_rules_group", id)
                .with("id_country", geography::country_id(country))
                .with("zipcode_from", 0)
                .with("zipcode_to", 0)
                .with("id_tax", id);
            shop.insert("tax_rules", rule);
        }
    }
}

fn carriers(shop: &mut Shop) {
    let rows = [
        ("Click and collect", ["Pick up in-store", "Retrait en magasin"], true, true, 0),
        ("My carrier", ["Delivery next day!", "Livraison le lendemain !"], true, false, 5),
        ("My cheap carrier", ["Buy more to pay less!", "Achetez plus pour payer moins !"], false, false, 3),
        ("My light carrier", ["The lighter the cheaper!", "Plus léger, moins cher !"], false, false, 2),
    ];
    for ((name, delay, active, free, price), position) in rows.into_iter().zip(0_u64..) {
        let record = seed::carrier(name, delay, active, free, 1)
            .with("id_reference", position + 1)
            .with("position", position);
        let id = shop.insert("carriers", record);
        let price = Decimal::from(price);
        let rules =
            CarrierRules { zone_prices: BTreeMap::from([(1, price), (2, price)]), groups: vec![1, 2, 3] };
        shop.carrier_rules.insert(id, rules);
    }
}

fn products(shop: &mut Shop) {
    let nine = shop.version.is_nine();
    let mut combination_stock: Vec<(Id, Id, i64)> = Vec::new();
    for (reference, name, price, kind, combinations, quantity) in PRODUCTS {
        let mut record = seed::product(reference, [name, name], price, kind, INSTALLED);
        record.set("wholesale_price", if combinations.is_empty() { "0" } else { "5.49" });
        if kind == "combinations" && name.contains("printed") {
            record.set("weight", "0.3");
        }
        let product = shop.insert("products", record);
        for (index, (attributes, impact)) in combinations.iter().enumerate() {
            let mut record = seed::combination(product, reference, impact, attributes, index == 0);
            if nine {
                record.set("low_stock_threshold", "0");
            }
            let option = if index == 0 { vec![1, 8] } else { vec![1] };
            record.associations.insert("product_option_values".to_owned(), view::ids(option.into_iter()));
            record.associations.insert("images".to_owned(), view::ids(std::iter::once(product + 1)));
            let id = shop.insert("combinations", record);
            if let Some(combination) = shop.get_mut("combinations", id) {
                match id {
                    1 => combination.set("order_supplier_reference", "demo_1_46"),
                    9 => combination.set("order_supplier_reference", "demo_3_62"),
                    _ => {}
                }
            }
            // The vendor's fixture counts the first size of the sweater four times.
            let quantity = if id == 9 { 4 * quantity } else { quantity };
            combination_stock.push((product, id, quantity));
        }
        let pieces = if combinations.is_empty() {
            quantity
        } else {
            combination_stock.iter().filter(|(of, _, _)| *of == product).map(|(_, _, pieces)| pieces).sum()
        };
        seed::stock(shop, product, 0, pieces);
    }
    for (product, combination, quantity) in combination_stock {
        seed::stock(shop, product, combination, quantity);
    }
    for product in [1, 2] {
        let promotion = Record::default()
            .with("id_product", product)
            .with("price", "-1")
            .with("from_quantity", 1)
            .with("reduction", "0.2")
            .with("reduction_tax", 1)
            .with("reduction_type", "percentage")
            .with("from", NO_DATE)
            .with("to", NO_DATE);
        shop.insert("specific_prices", promotion);
    }
}

fn people(shop: &mut Shop) {
    for (email, first_name, last_name, active, key) in [
        ("anonymous@psgdpr.com", "Anonymous", "Anonymous", 0, "0123456789abcdef0123456789abcdef"),
        ("pub@prestashop.com", "John", "DOE", 1, "b44a6d9efd7a0076a0fbce6b15eaf3b1"),
    ] {
        let mut customer = Record::default()
            .with("id_default_group", 3)
            .with("id_lang", 1)
            .with("secure_key", key)
            .with("passwd", "$2y$10$BCRYPT_HASH")
            .with("lastname", last_name)
            .with("firstname", first_name)
            .with("email", email)
            .with("id_gender", 1)
            .with("active", active)
            .with("id_shop", 1)
            .with("id_shop_group", 1)
            .with("date_add", INSTALLED)
            .with("date_upd", INSTALLED);
        customer.associations.insert("groups".to_owned(), view::ids(std::iter::once(3)));
        shop.insert("customers", customer);
    }
    for (customer, alias, line) in [
        (1, "Anonymous", "Anonymous"),
        (0, "manufacturer", "767 Fifth Ave."),
        (0, "supplier", "767 Fifth Ave."),
        (0, "manufacturer", "16, Main street"),
        (2, "Mon adresse", "16, Main street"),
        (2, "My address", "16, Main street"),
    ] {
        let address = Record::default()
            .with("id_customer", customer)
            .with("id_country", 8)
            .with("alias", alias)
            .with("lastname", "DOE")
            .with("firstname", "John")
            .with("address1", line)
            .with("address2", "2nd floor")
            .with("postcode", "75002")
            .with("city", "Paris")
            .with("phone", "0102030405")
            .with("date_add", INSTALLED)
            .with("date_upd", INSTALLED);
        shop.insert("addresses", address);
    }
}

/// The vendor's demo orders: reference, state, payment, module, total, rows (product, combination, name, price).
type DemoOrder = (
    &'static str,
    Id,
    &'static str,
    &'static str,
    &'static str,
    &'static [(Id, Id, &'static str, &'static str)],
);

#[rustfmt::skip]
const ORDERS: [DemoOrder; 5] = [
    ("XKBKNABJK", 6, "Payment by check", "ps_checkpayment", "59.8", &[
        (1, 1, "Hummingbird printed t-shirt - Color : White, Size : S", "23.9"),
        (2, 9, "Hummingbird printed sweater - Color : White, Size : S", "35.9"),
    ]),
    ("OHSATSERP", 1, "Payment by check", "ps_checkpayment", "69.9", &[
        (4, 18, "The adventure begins Framed poster - Size : 80x120cm", "69.9"),
    ]),
    ("UOYEVOLI", 8, "Payment by check", "ps_checkpayment", "14.9", &[
        (5, 19, "Today is a good day Framed poster - Size : 40x60cm", "14.9"),
    ]),
    ("FFATNOMMJ", 1, "Payment by check", "ps_checkpayment", "14.9", &[
        (10, 24, "Brown bear cushion - Color : White", "14.9"),
        (8, 0, "Mug Today is a good day", "0"),
    ]),
    ("KHWLILZLL", 10, "Bank wire", "ps_wirepayment", "20.9", &[
        (16, 28, "Mountain fox notebook - Paper Type : Ruled", "20.9"),
    ]),
];

fn orders(shop: &mut Shop) {
    let key = "b44a6d9efd7a0076a0fbce6b15eaf3b1";
    for (reference, state, payment, module, products, rows) in ORDERS {
        let products: Decimal = products.parse().unwrap_or_default();
        let mut cart = Record::default()
            .with("id_address_delivery", 5)
            .with("id_address_invoice", 5)
            .with("id_currency", 1)
            .with("id_customer", 2)
            .with("id_lang", 1)
            .with("id_shop_group", 1)
            .with("id_shop", 1)
            .with("id_carrier", 2)
            .with("secure_key", key)
            .with("date_add", INSTALLED)
            .with("date_upd", INSTALLED);
        let cart_rows = rows
            .iter()
            .map(|(product, combination, ..)| {
                [
                    ("id_product", *product),
                    ("id_product_attribute", *combination),
                    ("id_address_delivery", 5),
                    ("id_customization", 0),
                    ("quantity", 1),
                ]
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_string()))
                .collect()
            })
            .collect();
        cart.associations.insert("cart_rows".to_owned(), cart_rows);
        let cart = shop.insert("carts", cart);
        let shipping = Decimal::from(7);
        let order = Record::default()
            .with("id_address_delivery", 5)
            .with("id_address_invoice", 5)
            .with("id_cart", cart)
            .with("id_currency", 1)
            .with("id_lang", 1)
            .with("id_customer", 2)
            .with("id_carrier", 2)
            .with("current_state", state)
            .with("module", module)
            .with("date_add", INSTALLED)
            .with("date_upd", INSTALLED)
            .with("note", "Test")
            .with("id_shop_group", 1)
            .with("id_shop", 1)
            .with("secure_key", key)
            .with("payment", payment)
            .with("total_paid", products + Decimal::from(2))
            .with("total_paid_tax_incl", products + Decimal::new(84, 1))
            .with("total_paid_tax_excl", products + shipping)
            .with("total_products", products)
            .with("total_products_wt", products)
            .with("total_shipping", shipping)
            .with("total_shipping_tax_incl", "8.4")
            .with("total_shipping_tax_excl", shipping)
            .with("conversion_rate", 1)
            .with("reference", reference);
        let order = shop.insert("orders", order);
        for (product, combination, name, price) in rows {
            let reference =
                shop.get("products", *product).map_or("", |record| record.text("reference")).to_owned();
            let detail = Record::default()
                .with("id_order", order)
                .with("product_id", product)
                .with("product_attribute_id", combination)
                .with("id_shop", 1)
                .with("product_name", name)
                .with("product_quantity", 1)
                .with("product_quantity_in_stock", 1)
                .with("product_price", price)
                .with("product_reference", reference)
                .with("unit_price_tax_incl", price)
                .with("unit_price_tax_excl", price)
                .with("total_price_tax_incl", price)
                .with("total_price_tax_excl", price)
                .with("id_customization", 0);
            shop.insert("order_details", detail);
        }
        let carrier = Record::default()
            .with("id_order", order)
            .with("id_carrier", 2)
            .with("shipping_cost_tax_excl", shipping)
            .with("shipping_cost_tax_incl", "8.4")
            .with("date_add", INSTALLED);
        shop.insert("order_carriers", carrier);
    }
    // The installer moves two of the orders twice.
    for (order, state) in [(1, 1), (1, 6), (2, 1), (3, 1), (3, 8), (4, 1), (5, 10)] {
        let history = Record::default()
            .with("id_order", order)
            .with("id_order_state", state)
            .with("id_employee", 1)
            .with("date_add", INSTALLED);
        shop.insert("order_histories", history);
    }
}
