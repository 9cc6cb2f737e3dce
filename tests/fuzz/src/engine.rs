//! What the engine makes of orders, and what it keeps of calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike};
use database::attempts::Call;
use prestashop::{
    Carrier, Combination, Country, Currency, Element, GroupId, LanguageId, OrderState, Permissions, Product,
    Shop, ShopGroupId, ShopId, ShopSettings, State, StockAvailable, Tax, TaxRule, TaxRulesGroupId, validate,
};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use shared::{
    CallSide, ChannelStatus, ConnectionSettings, HoldPolicy, IdentityRule, MoneyBasis, TikTokOrderId,
};
use sync::mapping::{
    Choice, CountryTax, ImportDecision, PlanInput, amounts_of, cancel_reason_for, import_decision,
    is_same_number, plain_number, plan_store_order, recipient_of, same_cancel_reason, sellable_units,
    snapshot_of, store_address_of,
};
use sync::{ProductMatch, StoreFacts, shipping, untrusted};
use tiktok_shop::{Order, OrderStatus, ReadOrder};
use url::Url;

use crate::store::{document_of, listed};

/// The longest texts that are kept of a call, with the sign of what was cut off.
const LONGEST_BODY: usize = 6_001;
const LONGEST_PATH: usize = 601;

/// An order that calls ask for.
const ORDER: &str = "576461413038785752";

/// A call as it is kept. The first byte says whose it is and whether only one order is meant; its query is in the first line,
/// its body below.
pub fn redaction(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let side = if first & 1 == 0 { CallSide::TikTok } else { CallSide::Store };
    let only_order = (first & 2 != 0).then_some(ORDER);
    let (query, body) = match rest.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&rest[..end], &rest[end + 1..]),
        None => (&b""[..], rest),
    };
    let query = String::from_utf8_lossy(query);

    let kept = kept_of(side, &query, body, only_order);
    if let (Some(order), Some(answered)) = (only_order, &kept.answered) {
        is_about(order, answered);
    }

    // The same call full of a buyer's data and of secrets: none of it is kept.
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let vendors = pairs.filter(|(name, _)| !MARKS.iter().any(|mark| name.contains(mark)));
    let planted = vendors.map(|(name, _)| format!("{}={MARK}", name.replace(['&', '=', '#', '%'], "_")));
    let query = planted.collect::<Vec<_>>().join("&");
    for body in [json_full_of_marks(body), xml_full_of_marks(body)].into_iter().flatten() {
        let kept = kept_of(side, &query, &body, None);
        for text in [Some(&kept.path), kept.sent.as_ref(), kept.answered.as_ref()].into_iter().flatten() {
            for mark in MARKS {
                assert!(!text.contains(mark), "{mark} is kept: {text}");
            }
        }
    }
}

fn kept_of(side: CallSide, query: &str, body: &[u8], only_order: Option<&str>) -> Call {
    let mut url = Url::parse("https://shop.example/api/orders").expect("an address");
    url.set_query((!query.is_empty()).then_some(query));
    let kept = untrusted::kept_of(side, url, body, body, only_order);
    assert!(kept.path.chars().count() <= LONGEST_PATH, "{}", kept.path);
    for text in [&kept.sent, &kept.answered].into_iter().flatten() {
        assert!(text.chars().count() <= LONGEST_BODY, "{} bytes", text.len());
    }
    assert_eq!(kept.sent, kept.answered, "a body is kept alike whoever wrote it");
    kept
}

/// An answer about several orders shows none but the one that is meant.
fn is_about(order: &str, answered: &str) {
    let answer: Value = serde_json::from_str(answered).unwrap_or_default();
    let Some(Value::Array(orders)) = answer.pointer("/data/orders") else { return };
    let others = orders.iter().filter(|found| found.get("id").and_then(Value::as_str) != Some(order));
    assert!(others.into_iter().all(Value::is_string), "{answered}");
}

/// What must never be kept, wherever it stands.
const MARK: &str = "Zq7 Zy3";
/// What must never be kept where a buyer or a secret is: an address of a relay, a token, a number, and one that looks like
/// words of ours.
const PERSONAL: [&str; 4] = ["zq7@zy3.example", "Zq7Zy3", "336123456789", "… 336123456789 more"];
/// By what each of these is known.
const MARKS: [&str; 5] = ["Zq7", "Zy3", "zq7", "zy3", "336123456789"];

/// Fields of buyers, and of what opens doors, on both sides.
const PERSONAL_FIELDS: [&str; 44] = [
    "access_token",
    "address1",
    "address2",
    "address_detail",
    "address_line1",
    "address_line2",
    "address_line3",
    "address_line4",
    "address_name",
    "app_secret",
    "auth_code",
    "buyer_email",
    "buyer_message",
    "cipher",
    "city",
    "company",
    "cpf",
    "dni",
    "doc_url",
    "email",
    "first_name",
    "firstname",
    "full_address",
    "last_name",
    "lastname",
    "name",
    "note",
    "open_id",
    "other",
    "passwd",
    "phone",
    "phone_mobile",
    "phone_number",
    "post_town",
    "postal_code",
    "postcode",
    "refresh_token",
    "secure_key",
    "seller_note",
    "shop_cipher",
    "sign",
    "tax_id",
    "user_id",
    "vat_number",
];

fn mark_for(name: &str) -> &'static str {
    match PERSONAL_FIELDS.iter().position(|field| *field == name) {
        Some(index) => PERSONAL[index % PERSONAL.len()],
        None => MARK,
    }
}

fn json_full_of_marks(body: &[u8]) -> Option<Vec<u8>> {
    let document: Value = serde_json::from_slice(body).ok()?;
    serde_json::to_vec(&marked_json("", document)).ok()
}

fn marked_json(name: &str, value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let vendors =
                fields.into_iter().filter(|(name, _)| !MARKS.iter().any(|mark| name.contains(mark)));
            Value::Object(
                vendors.map(|(name, value)| (name.clone(), marked_json(&name, value))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| marked_json(name, item)).collect()),
        Value::String(_) => Value::from(mark_for(name)),
        // A number of a person, or one that says nothing.
        Value::Number(_) if mark_for(name) != MARK => Value::from(336_123_456_789_u64),
        Value::Number(_) => Value::from(7),
        Value::Bool(_) | Value::Null => value,
    }
}

fn xml_full_of_marks(body: &[u8]) -> Option<Vec<u8>> {
    let document = Element::parse(std::str::from_utf8(body).ok()?.trim()).ok()?;
    Some(marked_xml(&document).to_document().into_bytes())
}

fn marked_xml(element: &Element) -> Element {
    let is_mark = MARKS.iter().any(|mark| element.name().contains(mark));
    let name = if is_mark { "field" } else { element.name() };
    let marked =
        Element::with_text(name, mark_for(name)).with_attribute("id", MARK).with_attribute("href", MARK);
    element.children().iter().fold(marked, |marked, child| marked.with_child(marked_xml(child)))
}

/// An order of TikTok Shop's in our words: the first byte chooses what counts as the merchant's money.
pub fn order_mapping(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let basis = MoneyBasis::ALL[usize::from(*first) % MoneyBasis::ALL.len()];
    let Some(read) = order_of(body) else { return };
    let order = &read.order;
    let snapshot = snapshot_of(&read, basis);
    let times =
        [Some(snapshot.placed_at), Some(snapshot.channel_updated_at), snapshot.paid_at, snapshot.ship_by];
    for time in times.into_iter().flatten() {
        // The years that every database and every page can write.
        assert!((1970..=9999).contains(&time.year()), "{time}");
    }
    for line in &snapshot.lines {
        assert!(database::to_micros(line.sale_price).is_some(), "{}", line.sale_price);
        let texts =
            [Some(&line.product_name), line.seller_sku.as_ref(), line.sku_name.as_ref(), Some(&line.status)];
        // No database keeps that character.
        assert!(texts.into_iter().flatten().all(|text| !text.contains('\0')), "{line:?}");
    }
    assert!(database::to_micros(snapshot.total).is_some(), "{}", snapshot.total);
    assert_eq!(snapshot.lines.len(), order.line_items.len());

    if let Ok(amounts) = amounts_of(order, basis) {
        let products: Decimal = amounts.units.iter().map(|(_, gross)| *gross).sum();
        let missing = products + amounts.shipping_and_fees - amounts.total;
        assert!(missing.abs() < Decimal::new(1, 6), "the parts do not make the whole: {missing}");
        let units = sellable_units(order, &amounts);
        assert_eq!(units.iter().map(|unit| unit.gross).sum::<Decimal>(), products);
        assert!(
            units.iter().all(|unit| unit.quantity == 1 && unit.parts.iter().all(|(_, pieces)| *pieces > 0))
        );
    }
    decided(order);
    addressed(order);
    shipped(order);
}

fn order_of(body: &[u8]) -> Option<ReadOrder> {
    ReadOrder::from_raw(serde_json::from_slice(body).ok()?).ok()
}

fn decided(order: &Order) {
    let settings = ConnectionSettings::default();
    let decision = import_decision(order, Choice::Open, &settings, DateTime::UNIX_EPOCH);
    if decision == ImportDecision::Import {
        let waits =
            matches!(order.status, OrderStatus::Unpaid | OrderStatus::Cancelled | OrderStatus::Other(_));
        let held = order.status == OrderStatus::OnHold && settings.hold_policy == HoldPolicy::AfterRelease;
        assert!(!waits && !held, "{} is imported", order.status);
        assert!(!order.line_items.is_empty(), "an order without anything is imported");
    }
    let settings = ConnectionSettings { import_orders: false, ..settings };
    assert_ne!(import_decision(order, Choice::Open, &settings, DateTime::UNIX_EPOCH), ImportDecision::Import);
}

fn country() -> Country {
    Country {
        id: 8.into(),
        iso_code: "FR".to_owned(),
        names: Default::default(),
        active: true,
        zone_id: None,
        contains_states: false,
        needs_identification_number: true,
        needs_zip_code: true,
        zip_code_format: String::new(),
    }
}

/// The address that a store would get passes all its rules.
fn addressed(order: &Order) {
    let Some(recipient) = recipient_of(order) else { return };
    let settings = ConnectionSettings { identity_rule: IdentityRule::OrderId, ..Default::default() };
    let id = TikTokOrderId(order.id.clone());
    let Ok(address) = store_address_of(&recipient, &id, &country(), &[], &settings) else { return };
    assert!(validate::is_name(&address.first_name) && validate::is_name(&address.last_name));
    assert!(validate::fits(&address.first_name, validate::NAME_MAX));
    assert!(
        validate::is_address(&address.address1) && validate::fits(&address.address1, validate::ADDRESS_MAX)
    );
    assert!(!address.address1.is_empty() && !address.city.is_empty());
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let more = optional(&address.address2);
    assert!(validate::is_address(&more) && validate::fits(&more, validate::ADDRESS_MAX), "{more}");
    assert!(validate::is_city_name(&address.city) && validate::fits(&address.city, validate::CITY_MAX));
    assert!(validate::is_post_code(&optional(&address.postcode)));
    assert!(validate::is_phone_number(&optional(&address.phone)));
    let other = optional(&address.other);
    assert!(validate::is_message(&other) && validate::fits(&other, validate::OTHER_MAX), "{other}");
    assert!(validate::fits(&optional(&address.identification_number), 16));
    // What TikTok Shop hides is not sent on as if it were said.
    if recipient.masked {
        assert_eq!(address.other, None);
    }
}

/// No unit is sent twice, none that is not there, and none that was canceled.
fn shipped(order: &Order) {
    let parcel = shipping::Parcel { tracking_number: Some("JX1".to_owned()), ..Default::default() };
    if let shipping::Plan::Send(units) = shipping::plan(order, &parcel) {
        assert!(!units.is_empty());
        let is_to_go = |id: &String| {
            let mut lines = order.line_items.iter().filter(|line| line.id == *id);
            lines.any(|line| line.display_status != Some(OrderStatus::Cancelled))
        };
        assert!(units.iter().all(is_to_go), "{units:?}");
        drop(shipping::packages_of(order, &units));
    }
    let (last, all) = shipping::tracking_numbers(order);
    assert_eq!(last.as_ref(), all.last());
}

/// A store in one document and an order in JSON below it, with a line of `---` between: whatever is planned can be made.
pub fn store_order(data: &[u8]) {
    const BETWEEN: &[u8] = b"\n---\n";
    let Some(end) = data.windows(BETWEEN.len()).position(|window| window == BETWEEN) else { return };
    let (Some(document), Some(read)) = (document_of(&data[..end]), order_of(&data[end + BETWEEN.len()..]))
    else {
        return;
    };
    let settings = ShopSettings::from_rows(&listed(&document), ShopId(1), ShopGroupId(1)).unwrap_or_default();
    let Some(shop) = listed::<Shop>(&document).into_iter().next() else { return };
    let facts = StoreFacts {
        version: None,
        permissions: Permissions::default(),
        settings,
        shop,
        language: LanguageId(1),
        currencies: listed::<Currency>(&document),
        countries: listed::<Country>(&document),
        carriers: listed::<Carrier>(&document),
        order_states: listed::<OrderState>(&document),
        group: GroupId(2),
        group_discount: None,
    };
    let (states, stock) = (listed::<State>(&document), listed::<StockAvailable>(&document));
    let combinations = listed::<Combination>(&document);
    let mut products: BTreeMap<String, Vec<ProductMatch>> = BTreeMap::new();
    let mut shipping_product = None;
    for product in listed::<Product>(&document) {
        for combination in combinations.iter().filter(|combination| combination.product_id == product.id) {
            let found = ProductMatch { product: product.clone(), combination: Some(combination.clone()) };
            products.entry(combination.reference.clone()).or_default().push(found);
        }
        let found = ProductMatch { product, combination: None };
        if found.product.is_virtual {
            shipping_product = Some(found);
        } else {
            products.entry(found.product.reference.clone()).or_default().push(found);
        }
    }
    let taxes = taxes_of(&listed(&document), &listed(&document));
    let Ok(amounts) = amounts_of(&read.order, MoneyBasis::ALL[0]) else { return };
    let units = sellable_units(&read.order, &amounts);
    let recipient = recipient_of(&read.order);
    let tiktok_order_id = TikTokOrderId(read.order.id.clone());
    let planned = plan_store_order(&PlanInput {
        tiktok_order_id: &tiktok_order_id,
        units: &units,
        amounts: &amounts,
        recipient: recipient.as_ref(),
        hidden_address_will_do: false,
        held: false,
        settings: &ConnectionSettings::default(),
        facts: &facts,
        country_states: &states,
        products: &products,
        taxes: &taxes,
        stock: (!stock.is_empty()).then_some(stock.as_slice()),
        shipping_product: shipping_product.as_ref(),
    });
    let plan = match planned {
        Ok(plan) => plan,
        Err(blockers) => {
            assert!(!blockers.is_empty(), "refused without a reason");
            return;
        }
    };
    assert_eq!(plan.total, amounts.total, "another total than TikTok Shop's");
    assert!(plan.rows.iter().all(|row| row.quantity > 0 && row.unit_net.scale() <= 6));
    let mut ids: Vec<_> = plan.rows.iter().map(|row| (row.product, row.combination)).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), plan.rows.len(), "a cart takes each product once");
    assert!(validate::is_customer_name(&plan.customer_first_name), "{}", plan.customer_first_name);
    assert!(validate::is_customer_name(&plan.customer_last_name), "{}", plan.customer_last_name);
    assert!(facts.carriers.iter().any(|carrier| carrier.id == plan.carrier && carrier.is_free));
}

fn taxes_of(rules: &[TaxRule], taxes: &[Tax]) -> BTreeMap<TaxRulesGroupId, Arc<CountryTax>> {
    let mut by_group: BTreeMap<TaxRulesGroupId, Vec<(TaxRule, Decimal)>> = BTreeMap::new();
    for rule in rules {
        let rate = taxes.iter().find(|tax| Some(tax.id) == rule.tax_id).map_or(Decimal::ZERO, |tax| tax.rate);
        by_group.entry(rule.group_id).or_default().push((rule.clone(), rate));
    }
    by_group.into_iter().map(|(group, rules)| (group, Arc::new(CountryTax::of(rules)))).collect()
}

/// A tracking number as people enter it, or two of them, one a line.
pub fn tracking_number(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (one, other) = text.split_once('\n').unwrap_or((text, text));
    let plain = plain_number(one);
    assert_eq!(plain_number(&plain), plain);
    assert!(!plain.contains(char::is_whitespace), "{plain}");
    assert!(is_same_number(one, &plain) && is_same_number(&plain, one));
    assert_eq!(is_same_number(one, other), is_same_number(other, one));
    let cleaned = validate::clean_tracking_number(one);
    assert!(cleaned.is_empty() || validate::is_tracking_number(&cleaned), "{cleaned}");
    assert!(!validate::is_tracking_number(one) || !plain.contains(char::is_control));
}

/// Keys of reasons to cancel, one a line: the first one is chosen, the others are what TikTok Shop offers.
pub fn cancel_reason(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut keys = text.lines().map(ToOwned::to_owned);
    let Some(chosen) = keys.next() else { return };
    let offered: Vec<String> = keys.collect();
    for region in [None, Some("FR"), Some("GB")] {
        for status in &ChannelStatus::KNOWN {
            let fitting = cancel_reason_for(&chosen, region, status);
            assert_eq!(cancel_reason_for(&fitting, region, status), fitting, "{chosen} in {region:?}");
        }
    }
    if let Some(same) = same_cancel_reason(&chosen, offered.iter()) {
        assert!(offered.contains(same));
        // Whichever of two keys is chosen, the other says the same.
        assert!(same_cancel_reason(same, std::iter::once(&chosen)).is_some(), "{chosen} and {same}");
    }
    assert!(!sync::reason_text(&chosen).trim().is_empty(), "{chosen} is shown as nothing");
}

/// Texts of others in a table, one a field, with a zero byte between: read back they are what they were, or marked as a text,
/// and no program takes one for a formula.
pub fn exported_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // A table never begins with a text of others, in which a reader could see a mark of the encoding.
    let texts: Vec<String> = ["first"].into_iter().chain(text.split('\0')).map(ToOwned::to_owned).collect();
    let line = untrusted::table_line(&texts);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_slice());
    let records: Vec<csv::StringRecord> = reader.records().map(|record| record.expect("a table")).collect();
    let [record] = records.as_slice() else { panic!("{} lines", records.len()) };
    assert_eq!(record.len(), texts.len());
    for (field, text) in record.iter().zip(&texts) {
        let as_text = field.strip_prefix('\'').filter(|_| field != text);
        assert!(
            field == text || as_text.is_some_and(|field| field.chars().count() == text.chars().count()),
            "{field}"
        );
        for line in field.split(['\n', '\r']) {
            let begins = line.trim_start_matches([' ', '"', '\u{feff}']);
            assert!(!begins.starts_with(['=', '+', '-', '@', '\t']), "{field}");
        }
    }
}
