//! The store order that a TikTok order becomes, worked out to the cent before the store is asked for anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use database::issues::Found;
use database::recipients::RecipientRecord;
use prestashop::total::{Line, Rounding, cart_total, net_unit_price};
use prestashop::{
    CarrierId, CombinationId, CurrencyId, NewAddress, OutOfStock, ProductId, State, StockAvailable,
    TaxRulesGroupId, validate,
};
use rust_decimal::Decimal;
use shared::{ConnectionSettings, EmailPolicy, IssueCode, OrderStatus, TikTokOrderId, currency_decimals};
use tiktok_shop::{BundledSku, Order};

use super::address::{destination_of, store_address_of};
use super::amounts::{SaleAmounts, allocate, sold_units};
use super::store_state::{StoreStates, Target};
use super::tax::{CountryTax, Place, TaxThere};
use crate::store_facts::{ProductMatch, StoreFacts};

/// Countries of the EU: a sale there without a tax rule would silently be booked without tax.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// The key that makes an import repeatable: the store copies it from the cart to the order.
#[must_use]
pub fn order_key(tiktok_order_id: &TikTokOrderId) -> String {
    format!("tiktok:{tiktok_order_id}")
}

/// Some units of a TikTok line, as they are looked for in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SellableUnit {
    pub sku: Option<String>,
    pub product: String,
    /// What all pieces of this entry come to, with tax.
    pub gross: Decimal,
    pub quantity: u32,
    /// What a bundle is made of: SKU, where the merchant gave one, and pieces. Used when the store does not have the bundle
    /// itself.
    pub parts: Vec<(Option<String>, u32)>,
}

/// The units of an order that are still sold, with their amounts.
#[must_use]
pub fn sellable_units(order: &Order, amounts: &SaleAmounts) -> Vec<SellableUnit> {
    sold_units(order)
        .zip(&amounts.units)
        .map(|(line, (_, gross))| SellableUnit {
            sku: line.seller_sku.clone(),
            product: line.product_name.clone().unwrap_or_else(|| "without a name".to_owned()),
            gross: *gross,
            quantity: 1,
            parts: line.bundle_parts().iter().map(part_of).collect(),
        })
        .collect()
}

fn part_of(part: &BundledSku) -> (Option<String>, u32) {
    (part.seller_sku.clone(), u32::try_from(part.sku_count.max(1)).unwrap_or(u32::MAX))
}

/// What each tax group takes in the country where the order goes.
pub type OrderTaxes = BTreeMap<TaxRulesGroupId, Arc<CountryTax>>;

/// Everything that decides about the store order.
pub struct PlanInput<'a> {
    pub tiktok_order_id: &'a TikTokOrderId,
    pub units: &'a [SellableUnit],
    pub amounts: &'a SaleAmounts,
    pub recipient: Option<&'a RecipientRecord>,
    /// Whether nobody addresses a parcel by what is recorded: TikTok's own label is on it, or the address follows.
    pub hidden_address_will_do: bool,
    /// Whether TikTok Shop holds the order, so that the store order has to wait in a state that counts as not paid.
    pub held: bool,
    pub settings: &'a ConnectionSettings,
    pub facts: &'a StoreFacts,
    /// The states of the recipient's country.
    pub country_states: &'a [State],
    /// What the store has for each SKU.
    pub products: &'a BTreeMap<String, Vec<ProductMatch>>,
    pub taxes: &'a OrderTaxes,
    /// `None` when stock is not to be looked at.
    pub stock: Option<&'a [StockAvailable]>,
    /// The product that carries shipping and fees, where there are any.
    pub shipping_product: Option<&'a ProductMatch>,
}

/// One row of the cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRow {
    pub product: ProductId,
    pub combination: Option<CombinationId>,
    pub quantity: u32,
    /// Net price of one piece, to be pinned to the cart.
    pub unit_net: Decimal,
    pub rate_percent: Decimal,
    /// What TikTok Shop's amounts make of all pieces, with tax.
    pub gross: Decimal,
}

/// The store order that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOrderPlan {
    pub key: String,
    pub customer_first_name: String,
    pub customer_last_name: String,
    pub customer_email: String,
    pub address: NewAddress,
    pub currency: CurrencyId,
    pub carrier: CarrierId,
    pub rows: Vec<PlanRow>,
    pub products_tax_excl: Decimal,
    pub total: Decimal,
    /// Whether the address only stands in for the recipient's, which TikTok Shop tells when it releases the order.
    pub address_pending: bool,
    /// Which SKU became which product.
    pub links: Vec<(String, ProductId, Option<CombinationId>)>,
}

/// Works out the store order, or every blocker at once.
///
/// # Errors
/// All reasons why this order cannot be made in this store as it is.
pub fn plan_store_order(input: &PlanInput<'_>) -> Result<StoreOrderPlan, Vec<Found>> {
    let mut blockers = Vec::new();
    let destination = destination_of(input.recipient, input.hidden_address_will_do, &input.facts.countries);
    let country = or_blockers(destination, &mut blockers);
    let address = country.and_then(|(recipient, country)| {
        let address =
            store_address_of(recipient, input.tiktok_order_id, country, input.country_states, input.settings);
        or_blockers(address, &mut blockers)
    });
    let currency = or_blockers(currency_of(input), &mut blockers);
    let carrier = or_blockers(carrier_of(input), &mut blockers);
    let matched = or_blockers(matched_rows(input), &mut blockers);
    or_blockers(waiting_state_of(input), &mut blockers);
    or_blockers(full_prices(input), &mut blockers);
    let (Some((recipient, country)), Some(address), Some(currency), Some(carrier), Some(matched)) =
        (country, address, currency, carrier, matched)
    else {
        return Err(blockers);
    };
    if !blockers.is_empty() {
        return Err(blockers);
    }
    let rounding = input.facts.settings.rounding(currency.precision);
    let place = Place {
        state: address.state,
        post_code: address.postcode.as_deref().unwrap_or_default(),
        hidden: recipient.masked,
    };
    let rows = priced_rows(input, &country.iso_code, place, matched.rows, &rounding)?;
    let total = total_of(&rows, &rounding);
    if total.total_tax_incl != input.amounts.total {
        return Err(vec![mismatch(input, total.total_tax_incl)]);
    }
    Ok(StoreOrderPlan {
        key: order_key(input.tiktok_order_id),
        customer_first_name: validate::clean_customer_name(&address.first_name),
        customer_last_name: validate::clean_customer_name(&address.last_name),
        customer_email: customer_email(input),
        address,
        currency: currency.id,
        carrier,
        rows,
        products_tax_excl: total.products_tax_excl,
        total: total.total_tax_incl,
        address_pending: input.held && input.recipient.is_some_and(|recipient| recipient.masked),
        links: matched.links,
    })
}

/// What was found, or nothing and the reasons put to the others.
fn or_blockers<T>(result: Result<T, Vec<Found>>, blockers: &mut Vec<Found>) -> Option<T> {
    result.map_err(|found| blockers.extend(found)).ok()
}

fn mismatch(input: &PlanInput<'_>, store_total: Decimal) -> Found {
    let currency = &input.amounts.currency;
    let total = input.amounts.total;
    Found::new(IssueCode::StoreTotalMismatch)
        .with("store_total", format!("{store_total:.2} {currency}"))
        .with("tiktok_total", format!("{total:.2} {currency}"))
        .with("difference", format!("{:.2} {currency}", store_total - total))
        .with("reason", "the store's rounding cannot reach this total, so nothing was created")
}

/// What the customers' group takes off is taken off pinned prices too.
fn full_prices(input: &PlanInput<'_>) -> Result<(), Vec<Found>> {
    let total = input.amounts.total;
    let Some(discount) = input.facts.group_discount.filter(|_| !total.is_zero()) else { return Ok(()) };
    let store_total = total * (Decimal::ONE_HUNDRED - discount) / Decimal::ONE_HUNDRED;
    let reason = format!(
        "each customer group of the store takes {} % off every price, so nothing was created: make a group without a discount",
        discount.normalize()
    );
    Err(vec![mismatch(input, store_total).with("reason", reason)])
}

/// Looked up before anything is made: a held order must not stay in the store as one that is paid.
fn waiting_state_of(input: &PlanInput<'_>) -> Result<(), Vec<Found>> {
    if !input.held {
        return Ok(());
    }
    match StoreStates::from(input.facts).target_of(OrderStatus::OnHold, input.settings) {
        Target::Unchanged | Target::State(_) => Ok(()),
        Target::Missing(missing) => Err(vec![missing.found()]),
    }
}

fn currency_of<'a>(input: &PlanInput<'a>) -> Result<&'a prestashop::Currency, Vec<Found>> {
    let wanted = &input.amounts.currency;
    let found =
        input.facts.currencies.iter().find(|currency| currency.active && currency.iso_code == *wanted);
    found.ok_or_else(|| vec![Found::new(IssueCode::CurrencyUnavailable).with("currency", wanted)])
}

/// The carrier for the country, or for everywhere, or the store's free one. It has to be free: what TikTok Shop charges
/// for shipping travels in a row of its own, and a carrier's price table would come on top.
fn carrier_of(input: &PlanInput<'_>) -> Result<CarrierId, Vec<Found>> {
    let country = input.recipient.map(|recipient| recipient.country.as_str()).unwrap_or_default();
    let settings = input.settings;
    let chosen = settings.carrier_by_country.get(country).copied().or(settings.carrier_reference);
    let usable = || input.facts.carriers.iter().filter(|carrier| carrier.active && !carrier.deleted);
    let unmapped = |reason: &str| {
        vec![Found::new(IssueCode::CarrierUnmapped).with("country", country).with("reason", reason)]
    };
    match chosen {
        None => {
            let free = usable().filter(|carrier| carrier.is_free).min_by_key(|carrier| carrier.id.0);
            free.map(|carrier| carrier.id).ok_or_else(|| unmapped("the store has no free carrier"))
        }
        Some(reference) => {
            let carrier = usable()
                .find(|carrier| i64::try_from(carrier.reference_id.0) == Ok(reference))
                .ok_or_else(|| unmapped("the chosen carrier is gone or inactive"))?;
            if carrier.is_free {
                Ok(carrier.id)
            } else {
                Err(unmapped("the chosen carrier adds a price of its own; choose a free one"))
            }
        }
    }
}

/// Rows that found their products, before prices.
struct MatchedRows<'a> {
    rows: Vec<MatchedRow<'a>>,
    links: Vec<(String, ProductId, Option<CombinationId>)>,
}

struct MatchedRow<'a> {
    product: &'a ProductMatch,
    quantity: u32,
    gross: Decimal,
}

/// Finds the store product of every unit and adds up the units of each: a cart takes each product once.
fn matched_rows<'a>(input: &PlanInput<'a>) -> Result<MatchedRows<'a>, Vec<Found>> {
    let mut blockers = Vec::new();
    let mut matched = MatchedRows { rows: Vec::new(), links: Vec::new() };
    for unit in input.units {
        match products_of(input, unit) {
            Ok(found) => found.into_iter().for_each(|(sku, product, quantity, gross)| {
                matched.add(sku, product, quantity, gross);
            }),
            Err(found) => {
                if !blockers.contains(&found) {
                    blockers.push(found);
                }
            }
        }
    }
    for row in &matched.rows {
        let product = &row.product.product;
        if !product.active || !product.available_for_order {
            let name = product.names.in_language(input.facts.language).unwrap_or(&product.reference);
            blockers.push(
                Found::new(IssueCode::ProductInactive).with("product", name).about(product.id.to_string()),
            );
        }
        blockers.extend(short_of_stock(input, row));
        blockers.extend(adds_ecotax(input, row));
    }
    if blockers.is_empty() { Ok(matched) } else { Err(blockers) }
}

impl<'a> MatchedRows<'a> {
    fn add(&mut self, sku: String, product: &'a ProductMatch, quantity: u32, gross: Decimal) {
        let ids = ids_of(product);
        if !self.links.iter().any(|(known, ..)| *known == sku) {
            self.links.push((sku, ids.0, ids.1));
        }
        match self.rows.iter_mut().find(|row| ids_of(row.product) == ids) {
            Some(row) => {
                row.quantity = row.quantity.saturating_add(quantity);
                row.gross += gross;
            }
            None => self.rows.push(MatchedRow { product, quantity, gross }),
        }
    }
}

fn ids_of(product: &ProductMatch) -> (ProductId, Option<CombinationId>) {
    (product.product.id, product.combination.as_ref().map(|combination| combination.id))
}

/// One SKU of the store, how many pieces of it, and what they come to.
type Piece<'a> = (String, &'a ProductMatch, u32, Decimal);

/// The store products of a unit: one, or the parts of a bundle that the store does not have as such.
fn products_of<'a>(input: &PlanInput<'a>, unit: &SellableUnit) -> Result<Vec<Piece<'a>>, Found> {
    let Some(sku) = unit.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty()) else {
        if !unit.parts.is_empty() {
            return parts_of(input, unit);
        }
        return Err(sku_missing(unit));
    };
    let missing = input.products.get(sku).is_none_or(Vec::is_empty);
    if missing && !unit.parts.is_empty() {
        return parts_of(input, unit);
    }
    let product = only_match(input, sku)?;
    Ok(vec![(sku.to_owned(), product, unit.quantity, unit.gross)])
}

fn sku_missing(unit: &SellableUnit) -> Found {
    Found::new(IssueCode::SkuMissing).with("product", &unit.product).about(&unit.product)
}

/// All parts or none: what is left of a bundle must not be sold at its whole price.
fn parts_of<'a>(input: &PlanInput<'a>, unit: &SellableUnit) -> Result<Vec<Piece<'a>>, Found> {
    let weights: Vec<_> = unit.parts.iter().map(|(_, quantity)| Decimal::from(*quantity)).collect();
    let shares = allocate(unit.gross, &weights, currency_decimals(&input.amounts.currency));
    let part = |((sku, quantity), gross): (&(Option<String>, u32), Decimal)| {
        let sku = sku.as_ref().ok_or_else(|| sku_missing(unit))?;
        Ok((sku.clone(), only_match(input, sku)?, quantity.saturating_mul(unit.quantity), gross))
    };
    unit.parts.iter().zip(shares).map(part).collect()
}

fn only_match<'a>(input: &PlanInput<'a>, sku: &str) -> Result<&'a ProductMatch, Found> {
    let about = |code| Err(Found::new(code).with("sku", sku).about(sku));
    match input.products.get(sku).map_or(&[][..], Vec::as_slice) {
        [] if !prestashop::is_reference_to_ask_for(sku) => {
            let found = Found::new(IssueCode::SkuNotFound).with("sku", sku).about(sku);
            Err(found.with(
                "reason",
                "PrestaShop cannot be asked for a SKU with [ ] | or %, or with < > or ! in front",
            ))
        }
        [] => about(IssueCode::SkuNotFound),
        // A product that is sold in variants cannot be ordered without saying which.
        [one] if one.combination.is_none() && one.product.needs_combination() => {
            about(IssueCode::SkuAmbiguous)
        }
        [one] => Ok(one),
        _ => about(IssueCode::SkuAmbiguous),
    }
}

fn short_of_stock(input: &PlanInput<'_>, row: &MatchedRow<'_>) -> Option<Found> {
    let stock =
        input.stock.filter(|_| input.facts.settings.stock_management && !input.settings.ignore_stock)?;
    let (product, combination) = ids_of(row.product);
    let kept =
        stock.iter().find(|stock| stock.product_id == product && stock.combination_id == combination)?;
    let may_oversell = match kept.out_of_stock {
        OutOfStock::Allow => true,
        OutOfStock::Deny => false,
        OutOfStock::AsTheShop => input.facts.settings.allows_ordering_out_of_stock,
    };
    let enough = kept.quantity >= i64::from(row.quantity);
    if enough || may_oversell || row.product.product.is_virtual {
        return None;
    }
    let combination = row.product.combination.as_ref().map(|combination| combination.reference.as_str());
    let sku = combination.filter(|sku| !sku.is_empty()).unwrap_or(&row.product.product.reference);
    Some(
        Found::new(IssueCode::StockShort)
            .with("sku", sku)
            .with("needed", row.quantity)
            .with("available", kept.quantity.max(0))
            .about(sku),
    )
}

/// The store adds ecotax on top of every price, pinned ones too, so no price can be pinned that meets the total.
fn adds_ecotax(input: &PlanInput<'_>, row: &MatchedRow<'_>) -> Option<Found> {
    let of_combination =
        row.product.combination.as_ref().map_or(Decimal::ZERO, |combination| combination.ecotax);
    let product = &row.product.product;
    // Without its own tax, and at least: what the store adds in the end depends on its rounding.
    let added = product.ecotax.max(of_combination) * Decimal::from(row.quantity);
    if !input.facts.settings.ecotax_enabled || added.is_zero() {
        return None;
    }
    let total = input.amounts.total;
    let currency = &input.amounts.currency;
    Some(
        Found::new(IssueCode::StoreTotalMismatch)
            .with("store_total", format!("at least {:.2} {currency}", total + added))
            .with("tiktok_total", format!("{total:.2} {currency}"))
            .with("difference", format!("at least {added:.2} {currency}"))
            .with(
                "reason",
                format!("the store adds the ecotax of “{}”, so nothing was created", product.reference),
            )
            .about(product.id.to_string()),
    )
}

/// Gives every row its net price, and a row of its own to shipping, fees, and what the store's rounding leaves over.
fn priced_rows(
    input: &PlanInput<'_>,
    country: &str,
    place: Place<'_>,
    matched: Vec<MatchedRow<'_>>,
    rounding: &Rounding,
) -> Result<Vec<PlanRow>, Vec<Found>> {
    let mut rows = Vec::with_capacity(matched.len() + 1);
    for row in matched {
        let rate = rate_of(input, country, place, row.product)?;
        rows.push(plan_row(row.product, row.quantity, row.gross, rate));
    }
    let products = input.amounts.total - input.amounts.shipping_and_fees;
    let left_over = products - total_of(&rows, rounding).total_tax_incl;
    let shipping = input.amounts.shipping_and_fees + left_over;
    if shipping.is_zero() {
        return Ok(rows);
    }
    if shipping < Decimal::ZERO {
        return Err(vec![mismatch(input, input.amounts.total - shipping)]);
    }
    let Some(product) = input.shipping_product else {
        return Err(vec![mismatch(input, input.amounts.total - shipping)]);
    };
    let rate = rate_of(input, country, place, product)?;
    rows.push(plan_row(product, 1, shipping, rate));
    Ok(rows)
}

fn plan_row(product: &ProductMatch, quantity: u32, gross: Decimal, rate_percent: Decimal) -> PlanRow {
    let (product, combination) = ids_of(product);
    let unit_net = net_unit_price(gross / Decimal::from(quantity), rate_percent);
    PlanRow { product, combination, quantity, unit_net, rate_percent, gross }
}

fn rate_of(
    input: &PlanInput<'_>,
    country: &str,
    place: Place<'_>,
    product: &ProductMatch,
) -> Result<Decimal, Vec<Found>> {
    let group = product.product.tax_rules_group_id.filter(|_| !input.facts.settings.taxes_disabled);
    let Some(group) = group else { return Ok(Decimal::ZERO) };
    let missing = || Found::new(IssueCode::TaxRuleMissing).with("country", country);
    match input.taxes.get(&group).map_or(TaxThere::NoRule, |tax| tax.at(place)) {
        TaxThere::Percent(rate) => Ok(rate),
        TaxThere::NoRule if EU.contains(&country) => Err(vec![missing()]),
        // Outside the EU no rule means no tax, as the store itself reads it.
        TaxThere::NoRule => Ok(Decimal::ZERO),
        TaxThere::Uncertain => Err(vec![missing().with(
            "reason",
            "the store has a tax rule for this part of the country alone; only one for the whole country will do",
        )]),
    }
}

fn total_of(rows: &[PlanRow], rounding: &Rounding) -> prestashop::total::CartTotal {
    let lines: Vec<_> = rows
        .iter()
        .map(|row| Line { unit_net: row.unit_net, rate_percent: row.rate_percent, quantity: row.quantity })
        .collect();
    cart_total(&lines, Decimal::ZERO, rounding)
}

fn customer_email(input: &PlanInput<'_>) -> String {
    let alias = "buyerid@tiktok.com".to_owned();
    let configured = input.settings.customer_email.as_deref().filter(|email| email.contains('@'));
    match input.settings.email_policy {
        EmailPolicy::BuyerIdAlias => alias,
        EmailPolicy::Fixed => configured.map_or(alias, str::to_owned),
        EmailPolicy::PerOrder => {
            let domain = configured
                .and_then(|email| email.rsplit_once('@'))
                .map_or("tiktok.com", |(_, domain)| domain);
            format!("buyerid-{}@{domain}", input.tiktok_order_id)
        }
    }
}
