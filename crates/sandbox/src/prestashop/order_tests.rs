//! What orders do to a shop, checked without HTTP.

use std::sync::Arc;

use clock::ShiftedClock;
use rust_decimal::Decimal;

use super::order_creation::{self, Dead, Wish};
use super::prices::{self, PricedLine, UnitPrice};
use super::record::{AssociationRow, Id, Record};
use super::shop::Shop;
use super::version::Version;
use super::{shop_demo, shop_recorded, states, stock};

fn recorded_shop(version: Version) -> Shop {
    let clock = Arc::new(ShiftedClock::default());
    let mut shop = Shop::new(version, "http://shop.example".to_owned(), clock, 1);
    shop_recorded::fill(&mut shop);
    shop
}

fn cart(shop: &mut Shop, rows: &[(Id, Id, i64)], option: &str) -> Id {
    let customer = shop.insert(
        "customers",
        Record::default()
            .with("id_default_group", 2)
            .with("email", "a@buyer.example.com")
            .with("is_guest", 1),
    );
    let address =
        shop.insert("addresses", Record::default().with("id_customer", customer).with("id_country", 8));
    let mut cart = Record::default()
        .with("id_currency", 1)
        .with("id_lang", 1)
        .with("id_customer", customer)
        .with("id_address_delivery", address)
        .with("id_address_invoice", address)
        .with("delivery_option", option.replace("A", &address.to_string()))
        .with("gift_message", "tiktok:1");
    let rows = rows.iter().map(|(product, combination, quantity)| {
        AssociationRow::from([
            ("id_product".to_owned(), product.to_string()),
            ("id_product_attribute".to_owned(), combination.to_string()),
            ("quantity".to_owned(), quantity.to_string()),
        ])
    });
    cart.associations.insert("cart_rows".to_owned(), rows.collect());
    shop.insert("carts", cart)
}

fn wish(shop: &Shop, cart: Id, total_paid: &str) -> Wish {
    Wish {
        cart,
        module: "ps_wirepayment".to_owned(),
        payment: "TikTok Shop".to_owned(),
        total_paid: total_paid.parse().unwrap(),
        customer: shop.get("carts", cart).unwrap().id_of("id_customer"),
    }
}

fn order(shop: &mut Shop, cart: Id, total_paid: &str) -> Id {
    let prepared = order_creation::prepare(shop, wish(shop, cart, total_paid)).unwrap();
    let inserted = order_creation::insert(shop, &prepared);
    order_creation::finish(shop, &inserted, cart);
    inserted.order
}

fn pin(shop: &mut Shop, cart: Id, product: Id, combination: Id, net: &str) {
    let price = Record::default()
        .with("id_cart", cart)
        .with("id_product", product)
        .with("id_product_attribute", combination)
        .with("id_currency", 1)
        .with("price", net)
        .with("from_quantity", 1)
        .with("reduction_type", "amount");
    shop.insert("specific_prices", price);
}

fn stock_of_shirt(shop: &Shop) -> (i64, i64, i64) {
    let row = stock::row(shop, 1, 1).unwrap();
    (row.integer("quantity"), row.integer("physical_quantity"), row.integer("reserved_quantity"))
}

#[test]
fn many_small_pieces_sum_up_alike_under_every_rounding_type() {
    let mut shop = recorded_shop(Version::V9_1_4);
    let unit = |net: &str| {
        let net: Decimal = net.parse().unwrap();
        UnitPrice { net, gross: (net * Decimal::new(12, 1)).round_dp(6) }
    };
    let lines = [
        PricedLine { unit: unit("0.308333"), quantity: 97 },
        PricedLine { unit: unit("6.475000"), quantity: 13 },
    ];

    for rounding in ["1", "2", "3"] {
        shop.configure("PS_ROUND_TYPE", rounding);
        let totals = prices::totals(&shop, &lines, UnitPrice::default());
        assert_eq!(totals.paid_gross, Decimal::new(13_690, 2), "rounding type {rounding}");
    }
}

#[test]
fn pinned_prices_make_the_total_of_the_recordings() {
    let mut shop = recorded_shop(Version::V9_1_4);
    let cart = cart(&mut shop, &[(1, 1, 2), (2, 9, 1)], "{\"A\":\"2,\"}");
    pin(&mut shop, cart, 1, 1, "16.658333");
    pin(&mut shop, cart, 2, 9, "24.991667");

    let id = order(&mut shop, cart, "78.37");

    let record = shop.get("orders", id).unwrap();
    assert_eq!(record.text("current_state"), "11");
    assert_eq!(record.text("total_paid"), "78.370000");
    assert_eq!(record.text("total_products"), "58.310000");
    assert_eq!(record.text("total_products_wt"), "69.970000");
    assert_eq!(record.text("total_paid_tax_excl"), "65.310000");
    assert_eq!(record.text("gift_message"), "tiktok:1");
    assert_eq!(stock_of_shirt(&shop), (298, 300, 2));
    assert!(!shop.table("specific_prices").iter().any(|price| price.id_of("id_cart") == cart));
    let subjects: Vec<&str> = shop.mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, ["[Example Shop] Remote payment accepted", "[Example Shop] Order confirmation"]);
}

#[test]
fn a_total_that_is_a_cent_off_makes_an_order_in_error_that_takes_no_stock() {
    let mut shop = recorded_shop(Version::V9_1_4);
    let cart = cart(&mut shop, &[(1, 1, 2)], "{\"A\":\"2,\"}");

    let id = order(&mut shop, cart, "54.30");

    let record = shop.get("orders", id).unwrap();
    assert_eq!((record.text("current_state"), record.text("valid")), ("8", "0"));
    assert_eq!((record.text("total_paid"), record.text("total_paid_real")), ("54.290000", "54.300000"));
    assert_eq!(stock_of_shirt(&shop), (300, 300, 0));
    assert_eq!(shop.table("order_invoices").len(), 0);
}

#[test]
fn a_carrier_that_cannot_be_had_falls_back_to_the_default_one() {
    for option in ["", "not json", "{\"A\":\"3,\"}", "{\"99\":\"2,\"}", "{\"A\":\"2\"}"] {
        let mut shop = recorded_shop(Version::V9_1_4);
        let cart = cart(&mut shop, &[(1, 1, 2)], option);

        let id = order(&mut shop, cart, "45.89");

        let record = shop.get("orders", id).unwrap();
        assert_eq!((record.text("id_carrier"), record.text("current_state")), ("1", "11"), "{option}");
    }
}

#[test]
fn the_check_of_a_cart_lets_everybody_in_who_comes_before_the_first_is_done() {
    let mut shop = recorded_shop(Version::V9_1_4);
    let cart = cart(&mut shop, &[(1, 1, 2)], "{\"A\":\"2,\"}");
    let prepared: Vec<_> =
        (0..3).map(|_| order_creation::prepare(&shop, wish(&shop, cart, "54.29")).unwrap()).collect();

    let inserted: Vec<_> =
        prepared.iter().map(|prepared| order_creation::insert(&mut shop, prepared)).collect();
    for inserted in &inserted {
        order_creation::finish(&mut shop, inserted, cart);
    }

    let orders: Vec<&Record> =
        shop.table("orders").iter().filter(|order| order.id_of("id_cart") == cart).collect();
    assert_eq!(orders.len(), 3);
    assert_eq!(stock_of_shirt(&shop).0, 294);
    let numbers: Vec<&str> = orders.iter().map(|order| order.text("invoice_number")).collect();
    assert!(numbers.windows(2).any(|pair| pair[0] == pair[1]), "{numbers:?}");
    let late = order_creation::prepare(&shop, wish(&shop, cart, "54.29"));
    assert_eq!(late.err(), Some(Dead::CartUsed));
}

/// Version, states after 11, stock of the shirt after the last of them.
type StockCase = (Version, &'static [Id], (i64, i64, i64));

#[test]
fn states_move_stock_as_recorded() {
    use Version::{V8_1_0, V9_1_4};
    let cases: [StockCase; 8] = [
        (V9_1_4, &[], (298, 300, 2)),
        (V9_1_4, &[3, 4, 5], (298, 298, 0)),
        (V9_1_4, &[6], (300, 300, 0)),
        (V9_1_4, &[6, 6], (300, 300, 0)),
        (V9_1_4, &[6, 7], (298, 300, 2)),
        (V8_1_0, &[6, 7], (300, 302, 2)),
        (V9_1_4, &[7], (298, 300, 2)),
        (V9_1_4, &[4, 6], (300, 300, 0)),
    ];
    for (version, path, expected) in cases {
        let mut shop = recorded_shop(version);
        let cart = cart(&mut shop, &[(1, 1, 2)], "{\"A\":\"2,\"}");
        let id = order(&mut shop, cart, "54.29");

        for state in path {
            states::change(&mut shop, id, *state, false).unwrap();
        }

        assert_eq!(stock_of_shirt(&shop), expected, "{version} {path:?}");
    }
}

#[test]
fn leaving_the_error_state_by_a_history_books_the_whole_amount_again() {
    let mut shop = recorded_shop(Version::V9_1_4);
    let cart = cart(&mut shop, &[(1, 1, 2)], "{\"A\":\"2,\"}");
    let id = order(&mut shop, cart, "1.00");

    states::change(&mut shop, id, 2, false).unwrap();

    assert_eq!(shop.get("orders", id).unwrap().text("total_paid_real"), "55.290000");
    let amounts: Vec<&str> =
        shop.table("order_payments").iter().map(|payment| payment.text("amount")).collect();
    assert_eq!(amounts, ["1.000000", "54.290000"]);
}

#[test]
fn leaving_the_error_state_with_the_existing_payment_books_nothing_again() {
    let mut shop = recorded_shop(Version::V9_1_4);
    let cart = cart(&mut shop, &[(1, 1, 2)], "{\"A\":\"2,\"}");
    let id = order(&mut shop, cart, "50.00");
    let payment = shop.table("order_payments").iter().next_back().unwrap().id;
    shop.get_mut("order_payments", payment).unwrap().set("amount", "54.290000");

    states::change(&mut shop, id, 11, true).unwrap();

    assert_eq!(shop.table("order_payments").len(), 1);
    assert_eq!(stock_of_shirt(&shop), (298, 300, 2));
}

#[test]
fn the_demo_shop_taxes_every_country_that_it_sells_to() {
    let clock = Arc::new(ShiftedClock::default());
    let mut shop = Shop::new(Version::V9_1_4, "http://shop.example".to_owned(), clock, 1);
    shop_demo::fill(&mut shop, "SANDBOX0SANDBOX0SANDBOX0SANDBOX0");

    let rate = |iso_code: &str| {
        let country = super::geography::country_id(iso_code);
        prices::taxes(&shop, 1, country, 0).1
    };

    assert_eq!(rate("FR"), Decimal::from(20));
    assert_eq!(rate("FI"), Decimal::new(255, 1));
    assert_eq!(rate("US"), Decimal::ZERO);
    for iso_code in super::geography::EUROPEAN_UNION {
        assert!(rate(iso_code) >= Decimal::from(17), "{iso_code}");
    }
}
