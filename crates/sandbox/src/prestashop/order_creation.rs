//! Turning a cart into an order, as the shop's checkout does it.
//!
//! The check that a cart has no order yet, the insertion and the invoice number are three steps with time in
//! between, and nothing locks the cart: requests that run at once all pass the check.

use rust_decimal::Decimal;

use super::prices::{self, PriceQuestion, PricedLine, Totals, UnitPrice};
use super::record::{Id, Record, six_decimals, with_scale};
use super::shop::{NO_DATE, Shop};
use super::states;
use super::stock;
use super::view;

/// Why no order came out of it; the shop dies without an answer of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dead {
    /// The payment module is not installed.
    UnknownModule,
    /// The cart does not exist or has an order already.
    CartUsed,
    /// No row of the cart names a product that exists.
    NothingToOrder,
    /// The delivery country is switched off.
    CountryInactive,
    /// The cart belongs to another customer.
    OtherCustomer,
    /// Nobody delivers to this address.
    NoCarrier,
}

/// What an order POST says that counts.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The cart to order.
    pub cart: Id,
    /// Technical name of the payment module.
    pub module: String,
    /// Name of the payment, shown to the merchant.
    pub payment: String,
    /// The amount that was paid.
    pub total_paid: Decimal,
    /// Whose secure key is used.
    pub customer: Id,
}

/// A row of a cart, priced.
#[derive(Debug, Clone)]
struct Line {
    product: Id,
    combination: Id,
    quantity: i64,
    unit: UnitPrice,
    taxes: Vec<Id>,
}

/// A checked order, not yet written.
#[derive(Debug, Clone)]
pub struct Prepared {
    wish: Wish,
    cart: Record,
    carrier: Id,
    carrier_tax_rate: Decimal,
    shipping: UnitPrice,
    lines: Vec<Line>,
    totals: Totals,
    country: Id,
    state: Id,
    group: Id,
}

/// An order that is written but has no state yet.
#[derive(Debug, Clone)]
pub struct Inserted {
    /// Id of the order.
    pub order: Id,
    state: Id,
    invoice_number: Id,
    short_of_stock: bool,
}

impl Inserted {
    /// Reads the number of the next invoice anew, after others may have taken the one read before.
    pub fn read_invoice_number(&mut self, shop: &Shop) {
        self.invoice_number = states::next_invoice_number(shop);
    }
}

/// Checks a wish and computes the order.
///
/// # Errors
/// The shop refuses by dying.
pub fn prepare(shop: &Shop, wish: Wish) -> Result<Prepared, Dead> {
    if !shop.settings.payment_modules.contains_key(&wish.module) {
        return Err(Dead::UnknownModule);
    }
    let cart = shop.get("carts", wish.cart).cloned().ok_or(Dead::CartUsed)?;
    if shop.table("orders").iter().rev().any(|order| order.id_of("id_cart") == wish.cart) {
        return Err(Dead::CartUsed);
    }
    if cart.id_of("id_customer") != wish.customer {
        return Err(Dead::OtherCustomer);
    }
    let address = shop.get("addresses", cart.id_of("id_address_delivery"));
    let (country, state) = address.map_or((shop.configured_id("PS_COUNTRY_DEFAULT"), 0), |address| {
        (address.id_of("id_country"), address.id_of("id_state"))
    });
    let group = customer_group(shop, wish.customer);
    let lines = priced_lines(shop, &cart, country, state, group);
    if lines.is_empty() {
        return Err(Dead::NothingToOrder);
    }
    if !shop.get("countries", country).is_some_and(|country| country.flag("active")) {
        return Err(Dead::CountryInactive);
    }
    let all_virtual = lines
        .iter()
        .all(|line| shop.get("products", line.product).is_some_and(|product| product.flag("is_virtual")));
    let carrier = if all_virtual {
        0
    } else {
        choose_carrier(shop, &cart, country, state, group).ok_or(Dead::NoCarrier)?
    };
    let (shipping, carrier_tax_rate) = shipping_price(shop, carrier, country, state);
    let priced: Vec<PricedLine> =
        lines.iter().map(|line| PricedLine { unit: line.unit, quantity: line.quantity }).collect();
    let totals = prices::totals(shop, &priced, shipping);
    Ok(Prepared { wish, cart, carrier, carrier_tax_rate, shipping, lines, totals, country, state, group })
}

/// The group whose discount counts: the customer's default one.
fn customer_group(shop: &Shop, customer: Id) -> Id {
    let group = shop.get("customers", customer).map_or(0, |customer| customer.id_of("id_default_group"));
    if group == 0 { shop.configured_id("PS_CUSTOMER_GROUP") } else { group }
}

/// The rows of a cart whose product exists; the others are silently left out.
fn priced_lines(shop: &Shop, cart: &Record, country: Id, state: Id, group: Id) -> Vec<Line> {
    let rows = cart.associations.get("cart_rows").map_or(&[][..], Vec::as_slice);
    rows.iter()
        .filter_map(|row| {
            let id = |field: &str| row.get(field).and_then(|text| text.parse::<Id>().ok()).unwrap_or(0);
            let quantity = row.get("quantity").and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
            let product = shop.get("products", id("id_product"))?;
            // In 8.1 a row for another address than the cart's belongs to no package.
            let address = id("id_address_delivery");
            if !shop.version.is_nine() && address != 0 && address != cart.id_of("id_address_delivery") {
                return None;
            }
            let question = PriceQuestion {
                product: product.id,
                combination: id("id_product_attribute"),
                country,
                state,
                currency: cart.id_of("id_currency"),
                group,
                cart: cart.id,
                customer: cart.id_of("id_customer"),
                quantity,
                with_reductions: true,
            };
            let unit = prices::unit_price(shop, &question);
            let (taxes, _) = prices::taxes(shop, product.id_of("id_tax_rules_group"), country, state);
            Some(Line { product: product.id, combination: question.combination, quantity, unit, taxes })
        })
        .collect()
}

/// The carrier that the cart asks for if it may have it, else the shop's default, else the cheapest.
fn choose_carrier(shop: &Shop, cart: &Record, country: Id, state: Id, group: Id) -> Option<Id> {
    let offered: Vec<Id> = shop
        .table("carriers")
        .iter()
        .filter(|carrier| carrier.flag("active") && !carrier.flag("deleted"))
        .map(|carrier| carrier.id)
        .filter(|carrier| serves(shop, *carrier, country, state, group))
        .collect();
    let wanted = delivery_option(cart).filter(|wanted| offered.contains(wanted));
    let default = Some(shop.configured_id("PS_CARRIER_DEFAULT")).filter(|default| offered.contains(default));
    let cheapest = || {
        offered.iter().copied().min_by_key(|carrier| shipping_price(shop, *carrier, country, state).0.gross)
    };
    wanted.or(default).or_else(cheapest)
}

/// The carrier in a cart's `delivery_option`: `{"<address>":"<carrier>,"}` for the cart's own address.
fn delivery_option(cart: &Record) -> Option<Id> {
    let option: serde_json::Value = serde_json::from_str(cart.text("delivery_option")).ok()?;
    let option = option.as_object()?;
    let address = cart.text("id_address_delivery");
    if option.keys().any(|key| key != address) {
        return None;
    }
    option.get(address)?.as_str()?.strip_suffix(',')?.parse().ok()
}

/// The zone of a state, or of its country.
#[must_use]
pub fn zone_of(shop: &Shop, country: Id, state: Id) -> Id {
    match shop.get("states", state) {
        Some(state) => state.id_of("id_zone"),
        None => shop.get("countries", country).map_or(0, |country| country.id_of("id_zone")),
    }
}

fn serves(shop: &Shop, carrier: Id, country: Id, state: Id, group: Id) -> bool {
    shop.carrier_rules.get(&carrier).is_some_and(|rules| {
        rules.zone_prices.contains_key(&zone_of(shop, country, state))
            && (rules.groups.is_empty() || rules.groups.contains(&group))
    })
}

/// What a carrier costs to an address, and its tax rate in percent.
#[must_use]
pub fn shipping_price(shop: &Shop, carrier: Id, country: Id, state: Id) -> (UnitPrice, Decimal) {
    let Some(record) = shop.get("carriers", carrier) else { return (UnitPrice::default(), Decimal::ZERO) };
    let (_, rate) = prices::taxes(shop, record.id_of("id_tax_rules_group"), country, state);
    if record.flag("is_free") {
        return (UnitPrice::default(), rate);
    }
    let zone = zone_of(shop, country, state);
    let price = shop.carrier_rules.get(&carrier).and_then(|rules| rules.zone_prices.get(&zone)).copied();
    let handling = if record.flag("shipping_handling") {
        shop.configuration("PS_SHIPPING_HANDLING").parse().unwrap_or_default()
    } else {
        Decimal::ZERO
    };
    let net = price.unwrap_or_default() + handling;
    let gross = net * (Decimal::ONE + rate / Decimal::ONE_HUNDRED);
    (UnitPrice { net: prices::round(shop, net, 2), gross: prices::round(shop, gross, 2) }, rate)
}

/// Writes the order, its rows, carrier and payment, and takes the stock.
pub fn insert(shop: &mut Shop, prepared: &Prepared) -> Inserted {
    let reference = shop.random_reference();
    let amount_matches = prices::round(shop, prepared.wish.total_paid, 2)
        == prices::round(shop, prepared.totals.paid_gross, 2);
    let state = shop.configured_id(if amount_matches { "PS_OS_WS_PAYMENT" } else { "PS_OS_ERROR" });
    let order = shop.insert("orders", order_record(shop, prepared, &reference));
    let takes_stock =
        ![shop.configured_id("PS_OS_ERROR"), shop.configured_id("PS_OS_CANCELED")].contains(&state);
    let mut short_of_stock = false;
    for line in &prepared.lines {
        let in_stock = stock::quantity(shop, line.product, line.combination);
        let detail = detail_record(shop, prepared, line, order, in_stock);
        shop.insert("order_details", detail);
        if takes_stock {
            stock::change(shop, line.product, line.combination, -line.quantity);
            short_of_stock |= in_stock < line.quantity;
        }
    }
    if prepared.carrier != 0 {
        let weight: Decimal = prepared
            .lines
            .iter()
            .map(|line| weight(shop, line.product, line.combination) * Decimal::from(line.quantity))
            .sum();
        let carrier = Record::default()
            .with("id_order", order)
            .with("id_carrier", prepared.carrier)
            .with("weight", six_decimals(weight))
            .with("shipping_cost_tax_excl", six_decimals(prepared.shipping.net))
            .with("shipping_cost_tax_incl", six_decimals(prepared.shipping.gross))
            .with("date_add", shop.now());
        shop.insert("order_carriers", carrier);
    }
    if let Some(record) = shop.get("orders", order).cloned() {
        states::add_payment(shop, &record, prepared.wish.total_paid, &prepared.wish.payment);
    }
    let invoice_number = states::next_invoice_number(shop);
    Inserted { order, state, invoice_number, short_of_stock }
}

/// Gives the order its state, invoice and history, sends the first mail and removes the cart's own prices.
pub fn finish(shop: &mut Shop, inserted: &Inserted, cart: Id) {
    let invoiced = shop.get("order_states", inserted.state).is_some_and(|state| state.flag("invoice"));
    if invoiced && shop.configured("PS_INVOICE") {
        // The number was read before: two requests that finish at once can write the same one.
        states::insert_invoice(shop, inserted.order, inserted.invoice_number, true);
    }
    enter_state(shop, inserted.order, inserted.state);
    if shop.settings.invoice_pdf_broken {
        return;
    }
    if inserted.short_of_stock && shop.configured("PS_ENABLE_BACKORDER_STATUS") {
        enter_state(shop, inserted.order, shop.configured_id("PS_OS_OUTOFSTOCK_PAID"));
    }
    if inserted.state != shop.configured_id("PS_OS_ERROR") {
        let order = shop.get("orders", inserted.order);
        let buyer = order.and_then(|order| shop.get("customers", order.id_of("id_customer")));
        if let Some(to) = buyer.map(|buyer| buyer.text("email").to_owned()) {
            shop.send_mail(&to, "Order confirmation", "order_conf");
        }
    }
    attach_messages(shop, inserted.order, cart);
    let own_prices: Vec<Id> = shop
        .table("specific_prices")
        .iter()
        .filter(|price| price.id_of("id_cart") == cart)
        .map(|price| price.id)
        .collect();
    for price in own_prices {
        shop.table_mut("specific_prices").remove(price);
    }
}

/// Leaves the newest order as a shop does that breaks off while making it: in no state, without history and invoice.
pub fn take_state_away(shop: &mut Shop) {
    let Some(order) = shop.table("orders").iter().next_back().map(|order| order.id) else { return };
    for resource in ["order_histories", "order_invoices"] {
        let ids: Vec<Id> = shop.belonging_to(resource, order).map(|record| record.id).collect();
        for id in ids {
            shop.table_mut(resource).remove(id);
        }
    }
    if let Some(order) = shop.get_mut("orders", order) {
        for field in ["current_state", "valid", "invoice_number"] {
            order.set(field, "0");
        }
    }
}

/// Messages that were left on the cart become messages of the order.
fn attach_messages(shop: &mut Shop, order: Id, cart: Id) {
    let messages: Vec<Record> = shop
        .table("messages")
        .iter()
        .filter(|message| message.id_of("id_cart") == cart && message.id_of("id_order") == 0)
        .cloned()
        .collect();
    for message in messages {
        shop.insert("messages", message.with("id_order", order));
    }
}

fn enter_state(shop: &mut Shop, order: Id, state: Id) {
    if states::change(shop, order, state, true).is_ok() {
        states::add_history(shop, order, state, 0);
        states::send_state_mail(shop, order, state);
    }
}

fn order_record(shop: &Shop, prepared: &Prepared, reference: &str) -> Record {
    let (cart, totals) = (&prepared.cart, &prepared.totals);
    let copy = |field: &str| cart.text(field).to_owned();
    let secure_key = shop
        .get("customers", prepared.wish.customer)
        .map_or_else(String::new, |customer| customer.text("secure_key").to_owned());
    Record::default()
        .with("id_address_delivery", copy("id_address_delivery"))
        .with("id_address_invoice", copy("id_address_invoice"))
        .with("id_cart", cart.id)
        .with("id_currency", copy("id_currency"))
        .with("id_lang", copy("id_lang"))
        .with("id_customer", copy("id_customer"))
        .with("id_carrier", prepared.carrier)
        .with("current_state", 0)
        .with("module", &prepared.wish.module)
        .with("invoice_date", NO_DATE)
        .with("delivery_date", NO_DATE)
        .with("date_add", shop.now())
        .with("date_upd", shop.now())
        .with("id_shop_group", copy("id_shop_group"))
        .with("id_shop", copy("id_shop"))
        .with("secure_key", secure_key)
        .with("payment", &prepared.wish.payment)
        .with("recyclable", copy("recyclable"))
        .with("gift", copy("gift"))
        .with("gift_message", copy("gift_message"))
        .with("mobile_theme", copy("mobile_theme"))
        .with("total_paid", totals.paid_gross)
        .with("total_paid_tax_incl", totals.paid_gross)
        .with("total_paid_tax_excl", totals.paid_net)
        .with("total_products", totals.products_net)
        .with("total_products_wt", totals.products_gross)
        .with("total_shipping", prepared.shipping.gross)
        .with("total_shipping_tax_incl", prepared.shipping.gross)
        .with("total_shipping_tax_excl", prepared.shipping.net)
        .with("carrier_tax_rate", prepared.carrier_tax_rate)
        .with("round_mode", shop.configuration("PS_PRICE_ROUND_MODE"))
        .with("round_type", shop.configuration("PS_ROUND_TYPE"))
        .with("conversion_rate", prices::conversion_rate(shop, cart.id_of("id_currency")))
        .with("reference", reference)
}

fn detail_record(shop: &Shop, prepared: &Prepared, line: &Line, order: Id, in_stock: i64) -> Record {
    let language = prepared.cart.id_of("id_lang");
    let product = shop.get("products", line.product).cloned().unwrap_or_default();
    let combination = shop
        .get("combinations", line.combination)
        .filter(|combination| combination.id_of("id_product") == line.product);
    let question = |with_reductions: bool, quantity: i64| PriceQuestion {
        product: line.product,
        combination: line.combination,
        country: prepared.country,
        state: prepared.state,
        currency: prepared.cart.id_of("id_currency"),
        group: prepared.group,
        cart: 0,
        customer: 0,
        quantity,
        with_reductions,
    };
    let original = prices::unit_price(shop, &question(false, 1));
    let own = |field: &str| {
        combination
            .map(|combination| combination.text(field))
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| product.text(field))
            .to_owned()
    };
    let supplier_reference = combination
        .map_or_else(
            || product.text("supplier_reference"),
            |combination| combination.text("order_supplier_reference"),
        )
        .to_owned();
    let specific = prices::specific_price(
        shop,
        &PriceQuestion {
            cart: prepared.cart.id,
            customer: prepared.wish.customer,
            ..question(true, line.quantity)
        },
    );
    let percent = specific
        .filter(|price| price.text("reduction_type") == "percentage")
        .map_or(Decimal::ZERO, |price| price.decimal("reduction") * Decimal::ONE_HUNDRED);
    let discount =
        shop.get("groups", prepared.group).map_or(Decimal::ZERO, |group| group.decimal("reduction"));
    let mut detail = Record::default()
        .with("id_order", order)
        .with("product_id", line.product)
        .with("product_attribute_id", line.combination)
        .with("group_reduction", discount)
        .with("download_deadline", NO_DATE)
        .with("id_shop", prepared.cart.text("id_shop"))
        .with("product_name", product_name(shop, &product, line.combination, language))
        .with("product_quantity", line.quantity)
        .with("product_quantity_in_stock", in_stock.min(line.quantity))
        .with("product_price", line.unit.net)
        .with("reduction_percent", percent)
        .with("product_quantity_discount", quantity_discount(shop, line, &question(true, 1)))
        .with("product_ean13", own("ean13"))
        .with("product_isbn", own("isbn"))
        .with("product_upc", own("upc"))
        .with("product_mpn", own("mpn"))
        .with("product_reference", own("reference"))
        .with("product_supplier_reference", supplier_reference)
        .with("product_weight", weight(shop, line.product, line.combination))
        .with("id_tax_rules_group", product.text("id_tax_rules_group"))
        .with("unit_price_tax_incl", line.unit.gross)
        .with("unit_price_tax_excl", line.unit.net)
        .with("total_price_tax_incl", prices::line_amount(shop, line.unit.gross, line.quantity))
        .with("total_price_tax_excl", prices::line_amount(shop, line.unit.net, line.quantity))
        .with("purchase_supplier_price", product.text("wholesale_price"))
        .with("original_product_price", original.net)
        .with("original_wholesale_price", product.text("wholesale_price"))
        .with("id_customization", 0);
    detail.associations.insert("taxes".to_owned(), view::ids(line.taxes.iter().copied()));
    detail
}

/// A figure that the shop keeps for rows that a promotion of the catalogue would also allow for more pieces.
fn quantity_discount(shop: &Shop, line: &Line, catalogue: &PriceQuestion) -> String {
    let promotion = shop.table("specific_prices").iter().find(|price| {
        price.id_of("id_product") == line.product
            && price.id_of("id_cart") == 0
            && price.id_of("id_product_attribute") == 0
            && price.integer("from_quantity") >= line.quantity
    });
    let Some(promotion) = promotion else { return six_decimals(Decimal::ZERO) };
    let price = prices::unit_price(shop, catalogue);
    let unit = if shop.version.is_nine() { price.gross } else { prices::round(shop, price.gross, 2) };
    let rules_group =
        shop.get("products", line.product).map_or(0, |product| product.id_of("id_tax_rules_group"));
    let (_, rate) = prices::taxes(shop, rules_group, catalogue.country, catalogue.state);
    let fixed = promotion.decimal("price") * (Decimal::ONE + rate / Decimal::ONE_HUNDRED);
    with_scale(unit - fixed, 6)
}

fn weight(shop: &Shop, product: Id, combination: Id) -> Decimal {
    let of = |resource: &str, id: Id| {
        shop.get(resource, id).map_or(Decimal::ZERO, |record| record.decimal("weight"))
    };
    of("products", product) + of("combinations", combination)
}

/// The product's name, with the attributes of the combination in brackets.
fn product_name(shop: &Shop, product: &Record, combination: Id, language: Id) -> String {
    let name = product.localized("name", language);
    let attributes = shop
        .get("combinations", combination)
        .filter(|combination| combination.id_of("id_product") == product.id)
        .map_or("", |combination| combination.text("attributes"));
    if attributes.is_empty() { name.to_owned() } else { format!("{name} ({attributes})") }
}
