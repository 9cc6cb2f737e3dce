//! What a store answers, and what becomes of its texts and amounts.

use std::str::FromStr;

use prestashop::total::{Line, cart_total, gross_unit_price, net_unit_price};
use prestashop::{
    Call, Configuration, Currency, Document, Element, Entity, Method, Permissions, RawAnswer, Resource,
    ShopGroupId, ShopId, ShopSettings, Tax, Version, judge, validate,
};
use rust_decimal::Decimal;
use url::Url;

/// What may be asked for: the first of them stand where the oldest files of the corpus look for them.
const RESOURCES: [Resource; 26] = [
    Resource::Orders,
    Resource::Carts,
    Resource::Customers,
    Resource::Products,
    Resource::OrderStates,
    Resource::OrderCarriers,
    Resource::Root,
    Resource::Addresses,
    Resource::Carriers,
    Resource::Combinations,
    Resource::Configurations,
    Resource::Countries,
    Resource::Currencies,
    Resource::Groups,
    Resource::Languages,
    Resource::OrderDetails,
    Resource::OrderHistories,
    Resource::OrderInvoices,
    Resource::OrderPayments,
    Resource::Shops,
    Resource::SpecificPrices,
    Resource::States,
    Resource::StockAvailables,
    Resource::TaxRules,
    Resource::Taxes,
    Resource::Zones,
];

/// An answer of the webservice: the first three bytes choose what was asked and the status.
pub fn prestashop_answer(data: &[u8]) {
    const METHODS: [Method; 6] =
        [Method::Get, Method::Post, Method::Patch, Method::Delete, Method::Put, Method::Head];
    const STATUSES: [u16; 10] = [200, 201, 302, 400, 401, 404, 405, 500, 503, 504];
    const TYPES: [Option<&str>; 4] =
        [Some("text/xml;charset=utf-8"), Some("application/json"), Some("text/html"), None];
    let [method, resource, status, body @ ..] = data else { return };
    let call = Call {
        method: METHODS[usize::from(*method) % METHODS.len()],
        resource: RESOURCES[usize::from(*resource) % RESOURCES.len()],
        entities: usize::from(*method >> 6),
    };
    let status_code = STATUSES[usize::from(*status) % STATUSES.len()];
    let content_type = TYPES[usize::from(*status >> 4) % TYPES.len()];
    // What redirects says where to, in place of a body.
    let location = Url::parse("https://shop.example/api/").expect("an address");
    let location = location.join(&String::from_utf8_lossy(body)).ok().filter(|_| status_code == 302);
    let location_host = location.as_ref().and_then(Url::host_str);
    let answer = RawAnswer { status: status_code, content_type, location_host, body };
    let document = match judge(call, answer) {
        Ok(document) => document,
        Err(error) => return is_told_in_our_words(&error),
    };
    assert!(matches!(status_code, 200 | 201), "a success with status {status_code}");
    // Whatever is there may be read as anything, and is refused where it is not that.
    decode_all(&document);
    drop(document.listed_ids(call.resource));
    assert!(document.written_ids().iter().all(|id| *id > 0));
    if let Ok(api) = document.entity(Resource::Root)
        && let Ok(permissions) = Permissions::decode(api)
    {
        let wanted: Vec<_> = RESOURCES.iter().map(|resource| (*resource, call.method)).collect();
        let missing = permissions.missing(&wanted);
        assert!(missing.iter().all(|(resource, method)| !permissions.allows(*resource, *method)));
        assert!(!missing.contains(&(Resource::Root, call.method)), "everybody may ask for the root");
    }
}

/// What is shown of a failure is one line of ours, not long, with nothing of what the store said but a field's name.
fn is_told_in_our_words(error: &prestashop::Error) {
    let told = error.to_string();
    assert!(told.chars().count() < 500 && !told.contains(char::is_control), "{told}");
    let errors = match error {
        prestashop::Error::Refused(refusal) => &refusal.errors,
        prestashop::Error::OutcomeUnknown(unknown) => &unknown.errors,
    };
    for error in errors {
        assert!(error.message.chars().count() <= 300 && !error.message.contains(char::is_control));
    }
}

fn decode_all(document: &Document) {
    decode::<prestashop::Order>(document, |order| order.id.0);
    decode::<prestashop::OrderSummary>(document, |order| order.id.0);
    decode::<prestashop::KeyedOrder>(document, |order| order.id.0);
    decode::<prestashop::OrderChange>(document, |order| order.id.0);
    decode::<prestashop::Cart>(document, |cart| cart.id.0);
    decode::<prestashop::CustomerSummary>(document, |customer| customer.id.0);
    decode::<prestashop::Product>(document, |product| product.id.0);
    decode::<prestashop::Combination>(document, |combination| combination.id.0);
    decode::<prestashop::StockAvailable>(document, |stock| stock.id.0);
    decode::<prestashop::OrderState>(document, |state| state.id.0);
    decode::<prestashop::OrderCarrier>(document, |carrier| carrier.id.0);
    decode::<prestashop::OrderDetail>(document, |detail| detail.id.0);
    decode::<prestashop::OrderHistory>(document, |history| history.id.0);
    decode::<prestashop::OrderInvoice>(document, |invoice| invoice.id.0);
    decode::<prestashop::OrderPayment>(document, |payment| payment.id.0);
    decode::<prestashop::Carrier>(document, |carrier| carrier.id.0);
    decode::<prestashop::Country>(document, |country| country.id.0);
    decode::<prestashop::State>(document, |state| state.id.0);
    decode::<prestashop::Zone>(document, |zone| zone.id.0);
    decode::<prestashop::Language>(document, |language| language.id.0);
    decode::<Currency>(document, |currency| currency.id.0);
    decode::<prestashop::Group>(document, |group| group.id.0);
    decode::<prestashop::Shop>(document, |shop| shop.id.0);
    decode::<Tax>(document, |tax| tax.id.0);
    decode::<prestashop::TaxRule>(document, |rule| rule.id.0);
    // A setting is asked for by its name, and its own number is not read.
    decode::<Configuration>(document, |_| 1);
}

fn decode<E: Entity>(document: &Document, id: fn(&E) -> u64) {
    let elements = document.list(E::RESOURCE).into_iter().flatten().chain(document.entity(E::RESOURCE));
    for element in elements {
        match E::decode(element) {
            Ok(entity) => assert!(id(&entity) > 0, "{} without an id", E::RESOURCE),
            Err(error) => is_told_in_our_words(&error.into()),
        }
    }
}

/// All entities of a kind that an answer lists, as far as they can be read.
pub(crate) fn listed<E: Entity>(document: &Document) -> Vec<E> {
    document.list(E::RESOURCE).into_iter().flatten().filter_map(|element| E::decode(element).ok()).collect()
}

/// The answer of a store to a reading call, whatever was asked for.
pub(crate) fn document_of(body: &[u8]) -> Option<Document> {
    let call = Call { method: Method::Get, resource: Resource::Products, entities: 0 };
    let content_type = Some("text/xml");
    judge(call, RawAnswer { status: 200, content_type, location_host: None, body }).ok()
}

/// The settings, currencies, taxes and products of a store in one document, and a cart with one row of each product: its total
/// is what its rows come to, whatever the store says of rounding, rates and prices.
pub fn store_total(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let quantity = u32::from(*first);
    let Some(document) = document_of(body) else { return };
    let settings = ShopSettings::from_rows(&listed(&document), ShopId(1), ShopGroupId(1)).unwrap_or_default();
    let (currencies, taxes) = (listed::<Currency>(&document), listed::<Tax>(&document));
    let products = listed::<prestashop::Product>(&document);
    let places = currencies.first().map_or(2, |currency| currency.precision);
    let rounding = settings.rounding(places);
    let rates = taxes.iter().map(|tax| tax.rate).cycle();
    let lines: Vec<Line> = products
        .iter()
        .zip(rates)
        .map(|(product, rate_percent)| Line { unit_net: product.price, rate_percent, quantity })
        .collect();
    for line in &lines {
        let gross = gross_unit_price(line.unit_net, line.rate_percent, rounding.mode);
        let net = net_unit_price(gross, line.rate_percent);
        assert!(net.scale() <= 6 && gross.normalize().scale() <= 6, "{net} {gross}");
        let turns = gross.is_sign_negative() != line.unit_net.is_sign_negative();
        assert!(!turns || gross.is_zero() || line.unit_net.is_zero(), "{gross} of {}", line.unit_net);
    }
    let total = cart_total(&lines, Decimal::ZERO, &rounding).total_tax_incl;
    assert!(total.normalize().scale() <= rounding.decimal_places, "{total}");
    let turned: Vec<Line> = lines.iter().rev().copied().collect();
    // Amounts of thirty digits lose the last of them, one way or the other.
    let difference = cart_total(&turned, Decimal::ZERO, &rounding).total_tax_incl - total;
    assert!(difference.abs() <= Decimal::ONE, "the order of the rows counts: {difference}");
}

/// What is written into a store passes its rules, fits, and needs no second cleaning.
pub fn store_texts(data: &[u8]) {
    type Field = (fn(&str) -> String, fn(&str) -> bool, usize);
    const FIELDS: [Field; 8] = [
        (validate::clean_customer_name, validate::is_customer_name, validate::NAME_MAX),
        (validate::clean_name, validate::is_name, validate::NAME_MAX),
        (validate::clean_address, validate::is_address, validate::ADDRESS_MAX),
        (validate::clean_city_name, validate::is_city_name, validate::CITY_MAX),
        (validate::clean_post_code, validate::is_post_code, validate::POST_CODE_MAX),
        (validate::clean_phone_number, validate::is_phone_number, validate::PHONE_MAX),
        (
            |text| validate::clean_message(text, validate::OTHER_MAX),
            validate::is_message,
            validate::OTHER_MAX,
        ),
        (
            |text| validate::clean_generic_name(text, validate::PAYMENT_MAX),
            validate::is_generic_name,
            validate::PAYMENT_MAX,
        ),
    ];
    let Ok(text) = std::str::from_utf8(data) else { return };
    for (clean, passes, longest) in FIELDS {
        let cleaned = clean(text);
        assert!(passes(&cleaned) && validate::fits(&cleaned, longest), "{cleaned}");
        assert_eq!(clean(&cleaned), cleaned);
    }
    let number = validate::clean_tracking_number(text);
    assert!(number.is_empty() || validate::is_tracking_number(&number), "{number}");
}

/// A version as a store tells it.
pub fn store_version(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(version) = Version::from_str(text) else { return };
    assert_eq!(version.to_string().parse().as_ref(), Ok(&version));
    assert_eq!(version.supports_patch(), version >= Version::from_str("8").expect("a version"));
}

/// A document that is read and written is read again as the same.
pub fn xml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(element) = Element::parse(text) else { return };
    let written = element.to_document();
    let again = Element::parse(&written);
    assert_eq!(again.as_ref(), Ok(&element), "{written}");
}
