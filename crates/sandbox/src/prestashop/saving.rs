//! Saving checked objects: what each resource does besides being stored.

use chrono::TimeDelta;

use super::answer::{Answer, Refusal};
use super::query::Query;
use super::record::{AssociationRow, Id, Record, Value};
use super::schema::Schema;
use super::shop::Shop;
use super::states;
use super::stock;
use super::view;
use super::write::{Draft, Mode, as_stored};

/// Why a write did not come to an ordinary end.
#[derive(Debug)]
pub enum Failure {
    /// The webservice says no.
    Refused(Refusal),
    /// PHP died; nothing of the webservice's answer is left.
    Died(Answer),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Dies without a word, as PHP does when it may not print its errors.
fn dies() -> Failure {
    Failure::Died(Answer::html(500, ""))
}

/// Stores a new entity and returns it as the answer shows it: as sent, not as stored.
///
/// # Errors
/// The shop refuses or dies; some of its failures come after the entity was stored.
pub fn create(
    shop: &mut Shop,
    schema: &'static Schema,
    draft: Draft,
    query: &Query,
) -> Result<Record, Failure> {
    let resource = schema.resource.name;
    let Draft { mut object, associations, .. } = draft;
    let now = shop.now();
    for field in ["date_add", "date_upd"] {
        if schema.has_field(field) {
            object.set(field, &*now);
        }
    }
    match resource {
        "customers" => prepare_customer(shop, &mut object)?,
        "carts" => prepare_cart(shop, &mut object),
        "products" => prepare_product(&mut object),
        "specific_prices" => refuse_same_specific_price(shop, &object)?,
        "order_histories" => {
            let (order, state) = (object.id_of("id_order"), object.id_of("id_order_state"));
            states::change(shop, order, state, false).map_err(|_| dies())?;
            if query.is_set("sendemail") {
                states::send_state_mail(shop, order, state);
            }
        }
        _ => {}
    }
    let mut stored = object.clone();
    if resource == "carts" {
        let buyer = shop.get("customers", stored.id_of("id_customer"));
        let key = buyer.map_or_else(String::new, |buyer| buyer.text("secure_key").to_owned());
        stored.set("secure_key", key);
    }
    let id = shop.insert(resource, stored);
    object.id = id;
    if resource == "products" {
        let row = Record::default().with("id_product", id).with("id_shop", 1).with("out_of_stock", 2);
        shop.insert("stock_availables", row);
    }
    set_associations(shop, schema, id, associations)?;
    if let Some(stored) = shop.get(resource, id) {
        object.associations = view::of(shop, resource, stored).associations;
    }
    Ok(object)
}

/// Stores a changed entity and returns it as the answer shows it.
///
/// # Errors
/// The shop refuses or dies.
pub fn update(
    shop: &mut Shop,
    schema: &'static Schema,
    draft: Draft,
    mode: Mode,
    query: &Query,
) -> Result<Record, Failure> {
    let resource = schema.resource.name;
    let Draft { mut object, sent, associations } = draft;
    let id = object.id;
    if resource == "orders" {
        apply_order_setters(shop, &mut object, &sent, mode)?;
    }
    if resource == "customers" && sent.contains("passwd") {
        object.set("passwd", password_hash(shop));
    }
    if schema.has_field("date_upd") {
        let now = shop.now();
        object.set("date_upd", now);
    }
    let hidden: Vec<(String, Value)> = shop.get(resource, id).map_or_else(Vec::new, |record| {
        record
            .fields()
            .filter(|(name, _)| !schema.has_field(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    });
    let mut stored = as_stored(schema, object.clone());
    for (name, value) in hidden {
        stored.set_value(&name, value);
    }
    let quantity = stored.integer("quantity");
    let stock_key = (stored.id_of("id_product"), stored.id_of("id_product_attribute"));
    shop.insert(resource, stored);
    if resource == "stock_availables" {
        stock::set(shop, stock_key.0, stock_key.1, quantity);
    }
    if resource == "order_carriers" && query.is_set("sendemail") {
        send_in_transit_mail(shop, id);
    }
    set_associations(shop, schema, id, associations)?;
    if let Some(stored) = shop.get(resource, id) {
        let shown = view::of(shop, resource, stored);
        object.associations.clone_from(&shown.associations);
        if mode == Mode::Change && resource == "orders" {
            object.set("shipping_number", shown.text("shipping_number"));
        }
    }
    Ok(object)
}

/// Removes entities.
///
/// # Errors
/// 87 when one of them does not exist.
pub fn delete(shop: &mut Shop, schema: &'static Schema, ids: &[Id]) -> Result<(), Refusal> {
    let resource = schema.resource.name;
    let unknown: Vec<String> =
        ids.iter().filter(|id| shop.get(resource, **id).is_none()).map(Id::to_string).collect();
    if !unknown.is_empty() {
        return Err(Refusal::new(404, 87, format!("Id(s) not exists: {}", unknown.join(", "))));
    }
    for id in ids {
        shop.table_mut(resource).remove(*id);
        if resource == "customers" {
            let addresses: Vec<Id> = shop
                .table("addresses")
                .iter()
                .filter(|address| address.id_of("id_customer") == *id)
                .map(|address| address.id)
                .collect();
            for address in addresses {
                remove_address(shop, address);
            }
        }
    }
    Ok(())
}

/// An address that an order uses is only marked as deleted.
fn remove_address(shop: &mut Shop, address: Id) {
    let used = shop.table("orders").iter().any(|order| {
        order.id_of("id_address_delivery") == address || order.id_of("id_address_invoice") == address
    });
    if !used {
        shop.table_mut("addresses").remove(address);
    } else if let Some(record) = shop.get_mut("addresses", address) {
        record.set("deleted", "1");
    }
}

fn prepare_customer(shop: &mut Shop, object: &mut Record) -> Result<(), Failure> {
    let email = object.text("email").to_lowercase();
    let is_guest = object.flag("is_guest");
    let taken = shop
        .table("customers")
        .iter()
        .any(|customer| !customer.flag("is_guest") && customer.text("email").to_lowercase() == email);
    // Since 9.0 a guest may use the address of a registered customer.
    if taken && !(is_guest && shop.version.is_nine()) {
        let stop = if shop.version.is_nine() { "" } else { "." };
        let refusal =
            Refusal::new(500, 140, format!("The email is already used, please choose another one{stop}"))
                .and(46, "Unable to save resource");
        return Err(refusal.into());
    }
    if object.id_of("id_default_group") == 0 {
        let name = if is_guest { "PS_GUEST_GROUP" } else { "PS_CUSTOMER_GROUP" };
        object.set("id_default_group", shop.configuration(name).to_owned());
    }
    if object.text("id_shop").is_empty() {
        object.set("id_shop", "1");
    }
    object.set("id_shop_group", "1");
    let key = shop.random_key();
    object.set("secure_key", key);
    object.set("passwd", password_hash(shop));
    object.set("last_passwd_gen", shop.time_plus(TimeDelta::minutes(-360)));
    Ok(())
}

fn password_hash(shop: &mut Shop) -> String {
    let (one, two) = (shop.random_key(), shop.random_key());
    format!("$2y$10${one}{}", &two[..21])
}

fn prepare_cart(shop: &Shop, object: &mut Record) {
    for (field, default) in [("id_shop", "1"), ("id_shop_group", "1")] {
        if object.text(field).is_empty() {
            object.set(field, default);
        }
    }
    if object.text("id_lang").is_empty() {
        object.set("id_lang", shop.configuration("PS_LANG_DEFAULT").to_owned());
    }
}

fn prepare_product(object: &mut Record) {
    object.set("id_default_combination", "0");
    object.set("id_shop_default", "1");
    let kind = match object.text("product_type") {
        "virtual" => "virtual",
        "pack" => "pack",
        _ if object.flag("is_virtual") => "virtual",
        _ => "simple",
    };
    object.set("type", kind);
    for (field, default) in
        [("condition", "new"), ("visibility", "both"), ("state", "1"), ("minimal_quantity", "1")]
    {
        if object.text(field).is_empty() {
            object.set(field, default);
        }
    }
}

/// The columns of the database's unique key on specific prices.
const SPECIFIC_PRICE_KEY: [&str; 13] = [
    "id_product",
    "id_product_attribute",
    "id_customer",
    "id_cart",
    "from",
    "to",
    "id_shop",
    "id_shop_group",
    "id_currency",
    "id_country",
    "id_group",
    "from_quantity",
    "id_specific_price_rule",
];

fn refuse_same_specific_price(shop: &mut Shop, object: &Record) -> Result<(), Failure> {
    let stored = as_stored(shop.schema("specific_prices"), object.clone());
    let same =
        |known: &Record| SPECIFIC_PRICE_KEY.iter().all(|field| known.text(field) == stored.text(field));
    if !shop.table("specific_prices").iter().any(same) {
        return Ok(());
    }
    // The refused row has used up an id.
    let table = shop.table_mut("specific_prices");
    table.skip_to(table.next_id() + 1);
    if shop.version.is_nine() {
        Err(Refusal::new(500, 46, "Unable to save resource").into())
    } else {
        Err(dies())
    }
}

/// Some fields of an order are no plain columns: setting them does things.
fn apply_order_setters(
    shop: &mut Shop,
    object: &mut Record,
    sent: &std::collections::BTreeSet<String>,
    mode: Mode,
) -> Result<(), Failure> {
    let id = object.id;
    if sent.contains("shipping_number") {
        let number = object.text("shipping_number").to_owned();
        if let Some(carrier) = shop.order_carrier(id).map(|carrier| carrier.id)
            && let Some(carrier) = shop.get_mut("order_carriers", carrier)
        {
            carrier.set("tracking_number", number);
        }
    }
    let wanted = object.id_of("current_state");
    let current = shop.get("orders", id).map_or(0, |order| order.id_of("current_state"));
    if sent.contains("current_state") && wanted != 0 && wanted != current {
        let has_invoice = shop.belonging_to("order_invoices", id).next().is_some();
        states::change(shop, id, wanted, !has_invoice).map_err(|_| dies())?;
        states::add_history(shop, id, wanted, 0);
        states::send_state_mail(shop, id, wanted);
        let changed = shop.get("orders", id).cloned().unwrap_or_default();
        let effects =
            ["current_state", "valid", "invoice_number", "invoice_date", "delivery_number", "delivery_date"];
        for field in effects.iter().chain(&["total_paid_real"]) {
            if mode == Mode::Change || sent.contains(*field) {
                object.set_value(field, changed.value(field).clone());
            }
        }
    }
    Ok(())
}

fn send_in_transit_mail(shop: &mut Shop, order_carrier: Id) {
    let Some(row) = shop.get("order_carriers", order_carrier) else { return };
    let has_address =
        shop.get("carriers", row.id_of("id_carrier")).is_some_and(|carrier| !carrier.text("url").is_empty());
    let buyer = shop
        .get("orders", row.id_of("id_order"))
        .and_then(|order| shop.get("customers", order.id_of("id_customer")));
    if let Some(to) = buyer.map(|buyer| buyer.text("email").to_owned()).filter(|_| has_address) {
        shop.send_mail(&to, "Package in transit", "in_transit");
    }
}

fn set_associations(
    shop: &mut Shop,
    schema: &'static Schema,
    id: Id,
    associations: Vec<(String, Vec<AssociationRow>)>,
) -> Result<(), Failure> {
    let resource = schema.resource.name;
    if resource == "customers" {
        let group = shop.get(resource, id).map_or(0, |customer| customer.id_of("id_default_group"));
        if let Some(customer) = shop.get_mut(resource, id) {
            let default = || view::ids(std::iter::once(group));
            customer.associations.entry("groups".to_owned()).or_insert_with(default);
        }
    }
    for (name, rows) in associations {
        if !schema.associations.iter().any(|known| known.name == name) {
            let refusal = Refusal::new(400, 86, format!("The association \"{name}\" does not exists"));
            return Err(refusal.into());
        }
        match name.as_str() {
            // Rows of an order and stock rows of a product cannot be set from outside.
            "order_rows" | "stock_availables" | "combinations" => {}
            "cart_rows" => set_cart_rows(shop, id, &rows)?,
            _ => {
                if let Some(record) = shop.get_mut(resource, id) {
                    record.associations.insert(name, rows);
                }
            }
        }
    }
    Ok(())
}

/// Stores the rows of a cart with one statement, which the database refuses as a whole.
fn set_cart_rows(shop: &mut Shop, cart: Id, rows: &[AssociationRow]) -> Result<(), Failure> {
    let nine = shop.version.is_nine();
    let number = |row: &AssociationRow, field: &str| {
        row.get(field).and_then(|text| text.trim().parse::<Id>().ok()).unwrap_or(0)
    };
    let mut keyed: Vec<((Id, Id), AssociationRow)> = rows
        .iter()
        .map(|row| {
            // 9.x has given up addresses per row.
            let address = if nine { 0 } else { number(row, "id_address_delivery") };
            let (product, combination) = (number(row, "id_product"), number(row, "id_product_attribute"));
            let stored = AssociationRow::from([
                ("id_product".to_owned(), product.to_string()),
                ("id_product_attribute".to_owned(), combination.to_string()),
                ("id_address_delivery".to_owned(), address.to_string()),
                ("id_customization".to_owned(), number(row, "id_customization").to_string()),
                ("quantity".to_owned(), number(row, "quantity").to_string()),
            ]);
            ((product, combination), stored)
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    let refused = keyed.is_empty() || keyed.windows(2).any(|pair| pair[0].0 == pair[1].0);
    if refused && !nine {
        return Err(dies());
    }
    let stored = if refused { Vec::new() } else { keyed.into_iter().map(|(_, row)| row).collect() };
    if let Some(cart) = shop.get_mut("carts", cart) {
        cart.associations.insert("cart_rows".to_owned(), stored);
    }
    Ok(())
}
