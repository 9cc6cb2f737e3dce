//! The store order that is worked out of a TikTok order: to the cent what the seller gets, and every piece that was sold.

use std::collections::BTreeMap;
use std::sync::Arc;

use database::recipients::RecipientRecord;
use prestashop::total::{RoundMode, RoundType, round};
use prestashop::{
    Carrier, CarrierId, CarrierReferenceId, Country, CountryId, Currency, CurrencyId, GroupId, LanguageId,
    Localized, Permissions, Product, ProductId, Shop, ShopGroupId, ShopId, ShopSettings, TaxBehavior,
    TaxRule, TaxRuleId, TaxRulesGroupId,
};
use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::{ConnectionSettings, IssueCode, MoneyBasis, TikTokOrderId};
use sync::mapping::{
    CountryTax, OrderTaxes, PlanInput, StoreOrderPlan, amounts_of, plan_store_order, sellable_units,
};
use sync::{ProductMatch, StoreFacts};
use tiktok_shop::ReadOrder;

/// The product that carries shipping and fees.
const SHIPPING: ProductId = ProductId(99);
/// What the buyer may buy; each number is a product of the store, and stands in its SKU.
const PRODUCTS: u64 = 5;
/// No product of the store: its parts are.
const BUNDLE: &str = "BUNDLE";

const ROUND_TYPES: [RoundType; 3] = [RoundType::Item, RoundType::Line, RoundType::Total];
const ROUND_MODES: [RoundMode; 6] = [
    RoundMode::Up,
    RoundMode::Down,
    RoundMode::HalfUp,
    RoundMode::HalfDown,
    RoundMode::HalfEven,
    RoundMode::HalfOdd,
];

/// An order as it was sold, and what the store order must come to by whoever made it up.
struct Sale {
    order: Value,
    /// What the seller gets for what is still sold.
    total: Decimal,
    /// Of it, what is not the price of a product.
    shipping_and_fees: Decimal,
    /// Pieces of each product.
    pieces: BTreeMap<ProductId, u32>,
    /// What the pieces of each product come to; where a bundle brought some, nobody says what they cost.
    gross: BTreeMap<ProductId, Option<Decimal>>,
}

fn cents(cents: i64) -> Decimal {
    Decimal::new(cents, 2)
}

fn sku(product: u64) -> String {
    format!("SKU-{product}")
}

/// Makes up an order: discounts of both sides, tax on top, fees, bundles, and units that were canceled, after which
/// TikTok Shop's own figures may have shrunk or not.
fn sale(rng: &mut SmallRng, basis: MoneyBasis) -> Sale {
    let with_platform = basis == MoneyBasis::IncludingPlatformDiscounts;
    let taxed = rng.random_bool(0.3);
    let shrunk = rng.random_bool(0.5);
    let mut sale = Sale {
        order: Value::Null,
        total: Decimal::ZERO,
        shipping_and_fees: Decimal::ZERO,
        pieces: BTreeMap::new(),
        gross: BTreeMap::new(),
    };
    let mut lines = Vec::new();
    let (mut sub_total, mut seller_discount, mut platform_discount, mut tax) = (0, 0, 0, 0);
    for id in 0..rng.random_range(1..9) {
        let original = rng.random_range(0..20_000);
        let by_seller = if rng.random_bool(0.4) { rng.random_range(0..=original) } else { 0 };
        let by_platform = if rng.random_bool(0.4) { rng.random_range(0..=original - by_seller) } else { 0 };
        let price = original - by_seller - by_platform;
        let line_tax = if taxed { price / 7 } else { 0 };
        // One at least is still sold.
        let canceled = id > 0 && rng.random_bool(0.2);
        let product = rng.random_range(1..=PRODUCTS);
        let bundle = rng.random_bool(0.15).then(|| rng.random_range(1..4_u32));
        let mut line = json!({
            "id": id.to_string(), "currency": "EUR", "product_name": "P",
            "seller_sku": if bundle.is_some() { BUNDLE.to_owned() } else { sku(product) },
            "original_price": cents(original), "sale_price": cents(price),
            "seller_discount": cents(by_seller), "platform_discount": cents(by_platform),
            "item_tax": [{ "tax_amount": cents(line_tax) }],
            "display_status": if canceled { "CANCELLED" } else { "AWAITING_SHIPMENT" },
        });
        let parts: Vec<(u64, u32)> = match bundle {
            Some(count) => vec![(product, count), (product % PRODUCTS + 1, 1)],
            None => vec![(product, 1)],
        };
        if bundle.is_some() {
            let of_part =
                |(product, count): &(u64, u32)| json!({ "seller_sku": sku(*product), "sku_count": count });
            line["combined_listing_skus"] = parts.iter().map(of_part).collect();
        }
        lines.push(line);
        if !(canceled && shrunk) {
            sub_total += price;
            seller_discount += by_seller;
            platform_discount += by_platform;
            tax += line_tax;
        }
        if canceled {
            continue;
        }
        let gross = cents(price + line_tax + if with_platform { by_platform } else { 0 });
        sale.total += gross;
        for (product, count) in parts {
            *sale.pieces.entry(ProductId(product)).or_default() += count;
            let known = sale.gross.entry(ProductId(product)).or_insert(Some(Decimal::ZERO));
            *known = known.filter(|_| bundle.is_none()).map(|known| known + gross);
        }
    }
    let shipping = if rng.random_bool(0.7) { rng.random_range(0..900) } else { 0 };
    let shipping_by_platform = if rng.random_bool(0.3) { rng.random_range(1..400) } else { 0 };
    let shipping_tax = if taxed { shipping / 7 } else { 0 };
    let fees = if rng.random_bool(0.3) { rng.random_range(1..200) } else { 0 };
    sale.shipping_and_fees =
        cents(shipping + shipping_tax + fees + if with_platform { shipping_by_platform } else { 0 });
    sale.total += sale.shipping_and_fees;
    sale.order = json!({
        "id": "576461413038785752", "status": "AWAITING_SHIPMENT", "line_items": lines,
        "payment": {
            "currency": "EUR", "sub_total": cents(sub_total), "seller_discount": cents(seller_discount),
            "platform_discount": cents(platform_discount), "shipping_fee": cents(shipping),
            "shipping_fee_platform_discount": cents(shipping_by_platform), "small_order_fee": cents(fees),
            "tax": cents(tax + shipping_tax), "shipping_fee_tax": cents(shipping_tax),
            "total_amount": cents(sub_total + shipping + fees + tax + shipping_tax),
        },
    });
    sale
}

fn product(id: ProductId) -> ProductMatch {
    ProductMatch {
        product: Product {
            id,
            reference: sku(id.0),
            names: Localized::default(),
            active: true,
            available_for_order: true,
            minimal_quantity: 1,
            product_type: None,
            is_virtual: false,
            tax_rules_group_id: Some(TaxRulesGroupId(id.0)),
            price: Decimal::ONE,
            ecotax: Decimal::ZERO,
            combinations: Vec::new(),
        },
        combination: None,
    }
}

fn store(round_type: RoundType, round_mode: RoundMode) -> StoreFacts {
    StoreFacts {
        version: None,
        permissions: Permissions::default(),
        settings: ShopSettings {
            round_type: Some(round_type),
            round_mode: Some(round_mode),
            ..ShopSettings::default()
        },
        shop: Shop {
            id: ShopId(1),
            shop_group_id: ShopGroupId(1),
            name: "Shop".to_owned(),
            active: true,
            deleted: false,
        },
        language: LanguageId(1),
        currencies: vec![Currency {
            id: CurrencyId(1),
            iso_code: "EUR".to_owned(),
            precision: 2,
            conversion_rate: Decimal::ONE,
            active: true,
        }],
        countries: vec![Country {
            id: CountryId(8),
            iso_code: "FR".to_owned(),
            names: Localized::default(),
            active: true,
            zone_id: None,
            contains_states: false,
            needs_identification_number: false,
            needs_zip_code: false,
            zip_code_format: String::new(),
        }],
        carriers: vec![Carrier {
            id: CarrierId(3),
            reference_id: CarrierReferenceId(3),
            name: "Free".to_owned(),
            active: true,
            deleted: false,
            is_free: true,
            tracking_url: String::new(),
        }],
        order_states: Vec::new(),
        group: GroupId(2),
        group_discount: None,
    }
}

fn recipient() -> RecipientRecord {
    RecipientRecord {
        name: "Ada Byron".to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Byron".to_owned(),
        phone: Some("+33123456789".to_owned()),
        email: None,
        lines: vec!["1 rue de la Paix".to_owned()],
        postal_code: Some("75002".to_owned()),
        city: Some("Paris".to_owned()),
        region: None,
        districts: Vec::new(),
        country: "FR".to_owned(),
        masked: false,
    }
}

/// A tax for each product, by groups of their own.
fn taxes(rng: &mut SmallRng) -> OrderTaxes {
    let rates = ["0", "2.1", "5.5", "7", "10", "19", "20", "22", "25"];
    (1..=PRODUCTS)
        .chain([SHIPPING.0])
        .map(|group| {
            let rule = TaxRule {
                id: TaxRuleId(group),
                group_id: TaxRulesGroupId(group),
                country_id: CountryId(8),
                state_id: None,
                zip_code_from: "0".to_owned(),
                zip_code_to: "0".to_owned(),
                tax_id: None,
                behavior: TaxBehavior::Alone,
            };
            let rate = rates.choose(rng).and_then(|rate| rate.parse().ok()).expect("a number");
            (TaxRulesGroupId(group), Arc::new(CountryTax::of(vec![(rule, rate)])))
        })
        .collect()
}

/// What the store will make of the rows, by PrestaShop's own rules.
fn store_total(plan: &StoreOrderPlan, round_type: RoundType, mode: RoundMode) -> Decimal {
    let rows = plan.rows.iter().map(|row| {
        let quantity = Decimal::from(row.quantity);
        let unit = round(row.unit_net + row.unit_net * row.rate_percent / Decimal::ONE_HUNDRED, 6, mode);
        match round_type {
            RoundType::Item => round(unit, 2, mode) * quantity,
            // Lines are rounded where they are shown; what is to be paid adds them up as they are.
            RoundType::Line | RoundType::Total => unit * quantity,
        }
    });
    round(rows.sum(), 2, mode)
}

/// Whether there is a net price for each amount that a row may come to, because a whole row is rounded to its nearest cent.
const fn reaches_any_total(round_type: RoundType, mode: RoundMode) -> bool {
    !matches!(round_type, RoundType::Item) && !matches!(mode, RoundMode::Up | RoundMode::Down)
}

/// Everything that must hold of a plan, whatever the store's rounding is.
fn check(plan: &StoreOrderPlan, sale: &Sale, round_type: RoundType, mode: RoundMode) {
    assert_eq!(plan.total, sale.total, "another total than the sale");
    assert_eq!(store_total(plan, round_type, mode), sale.total, "the store finds another total: {plan:?}");
    let mut pieces = BTreeMap::new();
    let mut shipping = Decimal::ZERO;
    for row in &plan.rows {
        assert!(row.quantity > 0 && row.unit_net >= Decimal::ZERO && row.gross >= Decimal::ZERO, "{row:?}");
        if row.product == SHIPPING {
            assert_eq!(row.quantity, 1);
            shipping += row.gross;
            continue;
        }
        assert_eq!(pieces.insert(row.product, row.quantity), None, "a product in two rows");
        if let Some(Some(gross)) = sale.gross.get(&row.product) {
            assert_eq!(row.gross, *gross, "{row:?}");
        }
    }
    assert_eq!(pieces, sale.pieces);
    let products: Decimal = plan.rows.iter().filter(|row| row.product != SHIPPING).map(|row| row.gross).sum();
    assert_eq!(products, sale.total - sale.shipping_and_fees);
    // What the store's rounding leaves over, less than a cent for each rounded amount, travels with shipping and fees.
    let all: u32 = pieces.values().sum();
    let left_over = if reaches_any_total(round_type, mode) { Decimal::ZERO } else { cents(all.into()) };
    assert!((shipping - sale.shipping_and_fees).abs() <= left_over, "{shipping} {}", sale.shipping_and_fees);
}

#[test]
fn a_planned_order_comes_to_what_was_sold_to_the_cent_and_holds_each_piece_once() {
    let mut rng = SmallRng::seed_from_u64(61);
    let products: BTreeMap<String, Vec<ProductMatch>> =
        (1..=PRODUCTS).map(|id| (sku(id), vec![product(ProductId(id))])).collect();
    let (shipping_product, recipient, settings) =
        (product(SHIPPING), recipient(), ConnectionSettings::default());
    let tiktok_order_id = TikTokOrderId("576461413038785752".to_owned());
    let (mut planned, mut refused) = (0, 0);
    for round in 0..3_000 {
        let basis = *MoneyBasis::ALL.choose(&mut rng).expect("there are some");
        let round_type = *ROUND_TYPES.choose(&mut rng).expect("there are some");
        let mode = *ROUND_MODES.choose(&mut rng).expect("there are some");
        let sale = sale(&mut rng, basis);
        let order = ReadOrder::from_raw(sale.order.clone()).expect("an order").order;
        let amounts =
            amounts_of(&order, basis).unwrap_or_else(|error| panic!("{round}: {error} {}", sale.order));
        assert_eq!(
            (amounts.total, amounts.shipping_and_fees),
            (sale.total, sale.shipping_and_fees),
            "{}",
            sale.order
        );
        let facts = store(round_type, mode);
        let taxes = taxes(&mut rng);
        let units = sellable_units(&order, &amounts);
        let input = |units| {
            plan_store_order(&PlanInput {
                tiktok_order_id: &tiktok_order_id,
                units,
                amounts: &amounts,
                recipient: Some(&recipient),
                hidden_address_will_do: false,
                held: false,
                settings: &settings,
                facts: &facts,
                country_states: &[],
                products: &products,
                taxes: &taxes,
                stock: None,
                shipping_product: Some(&shipping_product),
            })
        };

        let plan = input(&units);

        assert_eq!(input(&units), plan, "the same twice");
        match &plan {
            Ok(plan) => {
                planned += 1;
                check(plan, &sale, round_type, mode);
            }
            Err(found) => {
                refused += 1;
                assert!(!reaches_any_total(round_type, mode), "{found:?} {}", sale.order);
                let codes: Vec<_> = found.iter().map(|found| found.code).collect();
                assert_eq!(codes, [IssueCode::StoreTotalMismatch]);
            }
        }
        // The order in which TikTok Shop lists the units means nothing.
        let mut shuffled = units.clone();
        shuffled.shuffle(&mut rng);
        let rows = |plan: &StoreOrderPlan| {
            let row = |row: &sync::mapping::PlanRow| (row.product, row.quantity, row.gross, row.unit_net);
            let mut rows: Vec<_> = plan.rows.iter().map(row).collect();
            rows.sort_unstable();
            rows
        };
        assert_eq!(input(&shuffled).as_ref().map(rows).ok(), plan.as_ref().map(rows).ok());
    }
    // Otherwise nothing was tried.
    assert!(planned > 1_500 && refused > 25, "{planned} {refused}");
}
