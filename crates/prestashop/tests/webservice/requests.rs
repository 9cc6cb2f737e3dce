//! What the client sends is what the recordings sent, and what it reads is what they hold.

use chrono::NaiveDate;
use prestashop::*;
use rust_decimal::Decimal;
use url::Url;
use wiremock::MockServer;

use crate::recording::{Recording, VERSIONS, client_of, sorted_query};

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).expect(text)
}

/// Names, texts and languages, in the order of the names: all that the shop looks at.
fn meaning(element: &Element) -> Element {
    let mut children: Vec<Element> = element.children().iter().map(meaning).collect();
    children.sort_by(|a, b| a.name().cmp(b.name()));
    let mut plain = Element::with_text(element.name(), element.text());
    if let (Some(id), "language") = (element.attribute("id"), element.name()) {
        plain = plain.with_attribute("id", id);
    }
    children.into_iter().fold(plain, Element::with_child)
}

/// Asserts that the last request was the recorded one.
async fn assert_sent(server: &MockServer, recording: &Recording) {
    let requests = server.received_requests().await.unwrap();
    let request = requests.last().expect("a request");
    let recorded = Url::parse("http://prestashop.example").unwrap().join(&recording.path).unwrap();
    assert_eq!(request.method.as_str(), recording.method, "{}", recording.name);
    assert_eq!(request.url.path(), recorded.path(), "{}", recording.name);
    assert_eq!(sorted_query(&request.url), recording.query(), "{}", recording.name);
    if !recording.request_body.is_empty() {
        let sent = Element::parse(std::str::from_utf8(&request.body).unwrap()).unwrap();
        let expected = Element::parse(&recording.request_body).unwrap();
        assert_eq!(meaning(&sent), meaning(&expected), "{}", recording.name);
        assert_eq!(request.headers["content-type"], "text/xml; charset=utf-8");
    }
}

/// Makes a call against a recording of each version and asserts that it sends what was recorded.
macro_rules! sends {
    ($recording:literal, |$client:ident| $call:expr) => {
        for version in VERSIONS {
            let recording = Recording::find(version, $recording);
            let server = recording.serve().await;
            let $client = client_of(&server);
            $call.expect($recording);
            assert_sent(&server, &recording).await;
        }
    };
}

#[tokio::test]
async fn the_way_of_one_order_is_written_as_recorded() {
    for (version, buyer) in [("9.1.4", CustomerId(4)), ("8.1.0", CustomerId(3))] {
        let recording = Recording::find(version, "510-");
        let server = recording.serve().await;
        let created = client_of(&server).create_customer(&new_customer()).await;
        assert_eq!(created, Ok(buyer));
        assert_sent(&server, &recording).await;

        let recording = Recording::find(version, "511-");
        let server = recording.serve().await;
        let created = client_of(&server).create_address(&new_address(buyer)).await;
        assert_eq!(created, Ok(AddressId(8)));
        assert_sent(&server, &recording).await;

        let recording = Recording::find(version, "512-");
        let server = recording.serve().await;
        let created = client_of(&server).create_cart(&new_cart(buyer)).await;
        assert_eq!(created, Ok(CartId(6)));
        assert_sent(&server, &recording).await;

        let recording = Recording::find(version, "515-");
        let server = recording.serve().await;
        let created = client_of(&server).create_order(&new_order(buyer)).await;
        assert_eq!(created, Ok(OrderId(6)));
        assert_sent(&server, &recording).await;
    }
}

fn new_customer() -> NewCustomer {
    NewCustomer {
        language: LanguageId(1),
        last_name: "Buyer".to_owned(),
        first_name: "Tess".to_owned(),
        email: "tt-576461413038785752@buyer.example.com".to_owned(),
        password: "xxxxxxxxxxxxAa1!".to_owned(),
        default_group: GroupId(2),
    }
}

fn new_address(customer: CustomerId) -> NewAddress {
    NewAddress {
        customer,
        country: CountryId(8),
        state: None,
        alias: "TikTok".to_owned(),
        last_name: "Buyer".to_owned(),
        first_name: "Tess".to_owned(),
        company: None,
        address1: "10 rue de la Paix".to_owned(),
        address2: Some("Bat. B".to_owned()),
        postcode: Some("75002".to_owned()),
        city: "Paris".to_owned(),
        phone: Some("+33102030405".to_owned()),
        phone_mobile: Some("+33601020304".to_owned()),
        vat_number: None,
        identification_number: None,
        other: Some("Leave at the door".to_owned()),
    }
}

fn new_order(customer: CustomerId) -> NewOrder {
    NewOrder {
        cart: CartId(6),
        customer,
        delivery_address: AddressId(8),
        invoice_address: AddressId(8),
        currency: CurrencyId(1),
        language: LanguageId(1),
        carrier: Some(CarrierId(2)),
        module: "ps_wirepayment".to_owned(),
        payment: "TikTok Shop".to_owned(),
        total_paid: decimal("78.37"),
        total_products: decimal("78.37"),
        total_products_wt: decimal("78.37"),
    }
}

fn new_cart(customer: CustomerId) -> NewCart {
    NewCart {
        customer,
        delivery_address: AddressId(8),
        invoice_address: AddressId(8),
        currency: CurrencyId(1),
        language: LanguageId(1),
        carrier: Some(CarrierId(2)),
        shop: ShopId(1),
        shop_group: ShopGroupId(1),
        gift_message: "tiktok:576461413038785752".to_owned(),
        rows: vec![
            NewCartRow { product: ProductId(1), combination: Some(CombinationId(1)), quantity: 2 },
            NewCartRow { product: ProductId(2), combination: Some(CombinationId(9)), quantity: 1 },
        ],
    }
}

fn price(product: u64, combination: Option<u64>, price: &str, cart: u64) -> NewSpecificPrice {
    NewSpecificPrice {
        cart: CartId(cart),
        shop: ShopId(1),
        product: ProductId(product),
        combination: combination.map(CombinationId),
        currency: CurrencyId(1),
        price: decimal(price),
    }
}

#[tokio::test]
async fn all_prices_of_a_cart_are_pinned_in_one_call() {
    let prices = [price(1, Some(1), "16.658333", 6), price(2, Some(9), "24.991667", 6)];

    sends!("514-", |client| client.create_specific_prices(&prices).await);
}

#[tokio::test]
async fn changes_are_written_as_recorded() {
    let order = OrderId(6);
    sends!("531-", |client| client.set_order_note(order, "TikTok order 576461413038785752").await);
    sends!("533-", |client| client.set_payment_transaction_id(OrderPaymentId(1), "576461413038785752").await);
    sends!("540-", |client| client.add_order_history(order, OrderStateId(3)).await);
    sends!("543-", |client| client.set_tracking_number(OrderCarrierId(6), "1Z999AA10123456784").await);
    sends!("562-", |client| client.set_payment_amount(OrderPaymentId(1), decimal("54.29")).await);
}

#[tokio::test]
async fn a_product_for_the_shipping_fee_is_written_as_recorded() {
    let languages = [LanguageId(1), LanguageId(2)];
    let mut names = Localized::same_in(languages, "Marketplace shipping");
    names.0.insert(LanguageId(2), "Livraison marketplace".to_owned());
    let product = NewProduct {
        reference: "MP-SHIPPING".to_owned(),
        names,
        link_rewrites: Localized::same_in(languages, "mp-shipping"),
        category: CategoryId(2),
        tax_rules_group: Some(TaxRulesGroupId(1)),
        price: Decimal::ZERO,
    };

    sends!("730-", |client| client.create_product(&product).await);
}

#[tokio::test]
async fn an_old_shop_gets_the_whole_entity_back() {
    for version in VERSIONS {
        let recording = Recording::find(version, "755-");
        let server = recording.serve().await;
        Recording::find(version, "754-").mount(&server).await;
        let order = Recording::find(version, "754-").path.rsplit('/').next().unwrap().parse().unwrap();
        let client = client_of(&server).with_version(&"1.7.8.11".parse().unwrap());

        client.set_order_note(order, "via ps_method").await.unwrap();

        assert_sent(&server, &recording).await;
    }
}

#[tokio::test]
async fn methods_can_be_sent_as_post() {
    for version in VERSIONS {
        let recording = Recording::find(version, "753-");
        let server = recording.serve().await;
        let order = recording.path.split(['/', '?']).nth(3).unwrap().parse().unwrap();

        client_of(&server).with_method_override().set_order_note(order, "via ps_method").await.unwrap();

        assert_sent(&server, &recording).await;
    }
}

#[tokio::test]
async fn a_cart_is_deleted_as_recorded() {
    for version in VERSIONS {
        let recording = Recording::find(version, "715-");
        let server = recording.serve().await;
        let cart = recording.path.rsplit('/').next().unwrap().parse().unwrap();

        client_of(&server).delete_cart(cart).await.unwrap();

        assert_sent(&server, &recording).await;
    }
}

#[tokio::test]
async fn what_the_shop_would_half_do_is_not_sent() {
    let server = MockServer::start().await;
    let client = client_of(&server);
    let mut twice = new_cart(CustomerId(4));
    twice.rows.push(twice.rows[0].clone());
    let mut empty = new_cart(CustomerId(4));
    empty.rows.clear();

    assert!(matches!(client.create_cart(&twice).await, Err(Error::Refused(_))));
    assert!(matches!(client.create_cart(&empty).await, Err(Error::Refused(_))));
    let without_cart = client.create_specific_prices(&[price(1, None, "1", 0)]).await;
    assert!(matches!(without_cart, Err(Error::Refused(_))));
    assert_eq!(client.create_specific_prices(&[]).await, Ok(Vec::new()));
    assert!(matches!(client.products_by_reference(&["ok", "a|b"]).await, Err(Error::Refused(_))));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_stored_order_is_read_as_it_is() {
    let server = Recording::find("9.1.4", "516-").serve().await;

    let order = client_of(&server).order(OrderId(6)).await.unwrap();

    assert_eq!((order.id, order.cart_id, order.customer_id), (OrderId(6), CartId(6), CustomerId(4)));
    assert_eq!((order.current_state, order.valid), (Some(OrderStateId(11)), true));
    assert_eq!((order.reference.as_str(), order.carrier_id), ("XPSIJLQEE", Some(CarrierId(2))));
    assert_eq!(order.gift_message, "tiktok:576461413038785752");
    assert_eq!((order.total_paid, order.total_products_wt), (decimal("78.37"), decimal("69.97")));
    let rows: Vec<_> =
        order.rows.iter().map(|row| (row.product_id, row.combination_id, row.quantity)).collect();
    assert_eq!(rows, [(ProductId(1), Some(CombinationId(1)), 2), (ProductId(2), Some(CombinationId(9)), 1)]);
    assert_eq!(order.date_add, NaiveDate::from_ymd_opt(2026, 11, 23).unwrap().and_hms_opt(8, 25, 6));
}

#[tokio::test]
async fn the_parts_of_an_order_are_asked_for_as_recorded() {
    sends!("517-", |client| client.order_details(OrderId(6)).await);
    sends!("519-", |client| client.order_carriers(OrderId(6)).await);
    sends!("521-", |client| client.order_invoices(OrderId(6)).await);
    sends!("523-", |client| client.specific_prices_of_cart(CartId(6)).await);
    for version in VERSIONS {
        let recording = Recording::find(version, "518-");
        let server = recording.serve().await;
        let reference = recording.query()[1].1.clone();

        let payments = client_of(&server).order_payments(&reference).await.unwrap();

        assert_sent(&server, &recording).await;
        assert_eq!(
            (payments[0].amount, payments[0].order_reference.as_str()),
            (decimal("78.37"), reference.as_str())
        );
    }
}

#[tokio::test]
async fn an_order_is_found_by_its_key_or_not() {
    let found = Recording::find("9.1.4", "524-").serve().await;
    let empty = Recording::find("9.1.4", "500-").serve().await;
    let key = "tiktok:576461413038785752";

    let orders = client_of(&found).orders_by_gift_message(key).await.unwrap();

    assert_eq!(orders.len(), 1);
    assert_eq!(
        (orders[0].id, orders[0].cart_id, orders[0].total_paid),
        (OrderId(6), CartId(6), decimal("78.37"))
    );
    assert_eq!(client_of(&empty).orders_by_gift_message(key).await, Ok(Vec::new()));
}

#[tokio::test]
async fn the_root_tells_version_and_permissions() {
    let full = Recording::find("8.1.0", "010-").serve().await;
    let limited = Recording::find("9.1.4", "013-").serve().await;
    let wanted = [
        (Resource::Orders, Method::Get),
        (Resource::Orders, Method::Post),
        (Resource::Customers, Method::Post),
    ];

    let full = client_of(&full).api_root().await.unwrap();
    let limited = client_of(&limited).api_root().await.unwrap();

    assert_eq!(
        (full.version.unwrap().to_string(), full.shop_name.as_str()),
        ("8.1.0".to_owned(), "Example Shop")
    );
    assert_eq!(full.permissions.missing(&wanted), []);
    assert_eq!(limited.permissions.missing(&wanted), wanted[1..]);
    assert!(limited.version.unwrap().supports_patch());
}

#[tokio::test]
async fn settings_are_read() {
    let server = Recording::find("9.1.4", "240-").serve().await;

    let shops = Recording::find("9.1.4", "227-").serve().await;
    let shop = client_of(&shops).own_shop().await.unwrap();

    let settings = client_of(&server).shop_settings(&shop).await.unwrap();

    assert_eq!(settings.order_states.webservice_payment, Some(OrderStateId(11)));
    assert_eq!(settings.order_states.payment_error, Some(OrderStateId(8)));
    assert_eq!(settings.order_states.canceled, Some(OrderStateId(6)));
    assert_eq!(settings.default_currency, Some(CurrencyId(1)));
    assert_eq!(settings.round_type, Some(total::RoundType::Line));
    assert_eq!(settings.round_mode, Some(total::RoundMode::HalfUp));
    assert!(settings.stock_management && !settings.allows_ordering_out_of_stock);
    assert!(!settings.backorder_status_enabled);
}

#[tokio::test]
async fn reference_data_is_read() {
    let serve = |name| async move { Recording::find("9.1.4", name).serve().await };

    let states = client_of(&serve("221-").await).order_states().await.unwrap();
    let shipped = states.iter().find(|state| state.id == OrderStateId(4)).unwrap();
    assert!(shipped.shipped && shipped.paid && shipped.logable && shipped.send_email && !shipped.deleted);
    assert_eq!(shipped.names.in_language(LanguageId(1)), Some("Shipped"));
    assert!(shipped.color.starts_with('#'));

    let currency = client_of(&serve("225-").await).currency_by_iso("EUR").await.unwrap().unwrap();
    assert_eq!((currency.id, currency.precision, currency.active), (CurrencyId(1), 2, true));

    let countries = client_of(&serve("228-").await).active_countries().await.unwrap();
    let united_states = countries.iter().find(|country| country.iso_code == "US").unwrap();
    assert!(united_states.active && united_states.contains_states && united_states.needs_zip_code);
    assert_eq!((united_states.zone_id, united_states.zip_code_format.as_str()), (Some(ZoneId(2)), "NNNNN"));

    let state = client_of(&serve("230-").await).state_by_iso("CA", CountryId(21)).await.unwrap().unwrap();
    assert_eq!((state.id, state.country_id), (StateId(8), CountryId(21)));

    let carriers = client_of(&serve("224-").await).carriers().await.unwrap();
    assert_eq!((carriers[1].id, carriers[1].reference_id), (CarrierId(2), CarrierReferenceId(2)));

    let languages = client_of(&serve("226-").await).languages().await.unwrap();
    assert_eq!(languages[1].name, "Français (French)");

    let groups = client_of(&serve("232-").await).groups().await.unwrap();
    assert_eq!((groups[1].id, groups[1].reduction), (GroupId(2), Decimal::ZERO));

    let stock = client_of(&serve("760-").await).stock_of(&[ProductId(1), ProductId(2)]).await.unwrap();
    let row = stock.iter().find(|row| row.combination_id == Some(CombinationId(1))).unwrap();
    assert_eq!((row.id, row.quantity, row.out_of_stock), (StockAvailableId(20), 42, OutOfStock::AsTheShop));

    let customers = client_of(&serve("241-").await).customers_by_email("pub@prestashop.com").await.unwrap();
    assert_eq!((customers[0].id, customers[0].is_guest), (CustomerId(2), false));
}

#[tokio::test]
async fn taxes_are_asked_for_as_recorded() {
    sends!("237-", |client| client.tax_rules(TaxRulesGroupId(1), CountryId(8)).await);
    sends!("238-", |client| client.tax(TaxId(1)).await);
    sends!("235-", |client| client.combination(CombinationId(1)).await);
}

#[tokio::test]
async fn several_references_are_asked_for_at_once_where_that_is_safe() {
    let server = Recording::find("9.1.4", "233-").serve().await;

    let found = client_of(&server).products_by_reference(&["demo_1", "demo 2", "1,5"]).await.unwrap();

    let asked: Vec<_> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| sorted_query(&request.url)[1].1.clone())
        .collect();
    assert_eq!(asked, ["[demo_1|demo 2]", "1,5"]);
    assert_eq!(found[0].product_type, Some(ProductType::Combinations));
    assert!(found[0].needs_combination() && found[0].active);
}
