//! The control API: what a test sees and changes behind the webservice's back.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json, Path, ServiceConfig, delete, get, patch, post, scope};
use actix_web::{HttpResponse, Responder};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value as JsonValue, json};

use super::auth::Key;
use super::faults::Fault;
use super::record::{Id, Record, Value};
use super::resources;
use super::server::{Counters, Server};
use super::shop::{CarrierRules, Shop};
use super::{saving, states, stock};

/// The routes, all below `/control`.
pub fn routes(config: &mut ServiceConfig) {
    config.service(
        scope("/control")
            .route("/state", get().to(state))
            .route("/settings", patch().to(change_settings))
            .route("/configurations", patch().to(configure))
            .route("/clock", post().to(move_clock))
            .route("/orders", get().to(orders))
            .route("/orders/{id}", get().to(order))
            .route("/orders/{id}", delete().to(delete_order))
            .route("/orders/{id}/state", post().to(set_order_state))
            .route("/orders/{id}/tracking", post().to(set_tracking))
            .route("/stock", get().to(list_stock))
            .route("/stock", post().to(set_stock))
            .route("/entities/{resource}", get().to(list_entities))
            .route("/entities/{resource}", post().to(add_entity))
            .route("/entities/{resource}/{id}", patch().to(change_entity))
            .route("/entities/{resource}/{id}", delete().to(delete_entity))
            .route("/carriers/{id}/rules", post().to(set_carrier_rules))
            .route("/payment-modules", post().to(set_payment_module))
            .route("/keys", get().to(keys))
            .route("/keys", post().to(set_key))
            .route("/next-ids", post().to(skip_ids))
            .route("/faults", get().to(faults))
            .route("/faults", post().to(add_fault))
            .route("/faults", delete().to(clear_faults))
            .route("/counters", get().to(counters))
            .route("/counters", delete().to(reset_counters))
            .route("/mails", get().to(mails))
            .route("/mails", delete().to(forget_mails)),
    );
}

fn not_found(what: &str) -> HttpResponse {
    HttpResponse::NotFound().json(json!({ "error": format!("there is no such {what}") }))
}

fn done() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

async fn state(server: Data<Server>) -> impl Responder {
    let shop = server.shop();
    Json(json!({
        "version": shop.version.to_string(),
        "shop_url": shop.url,
        "shop_name": shop.settings.shop_name,
        "shop_time": shop.now(),
        "instant": shop.instant(),
        "time_zone": shop.settings.time_zone.to_string(),
        "webservice_enabled": shop.settings.webservice_enabled,
        "payment_modules": shop.settings.payment_modules,
        "order_post_ms": shop.settings.order_post_ms,
        "call_ms": shop.settings.call_ms,
        "orders": shop.table("orders").len(),
    }))
}

/// Switches to change; those not given stay as they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsChange {
    shop_name: Option<String>,
    shop_url: Option<String>,
    time_zone: Option<String>,
    webservice_enabled: Option<bool>,
    debug_mode: Option<bool>,
    invoice_pdf_broken: Option<bool>,
    reports_deprecations: Option<bool>,
    blocks_methods: Option<bool>,
    mails_enabled: Option<bool>,
    required_fields: Option<Vec<(String, String)>>,
    order_post_ms: Option<u64>,
    call_ms: Option<u64>,
    invoice_race_ms: Option<u64>,
}

async fn change_settings(server: Data<Server>, change: Json<SettingsChange>) -> impl Responder {
    let mut shop = server.shop();
    let change = change.into_inner();
    if let Some(name) = change.time_zone {
        match name.parse() {
            Ok(zone) => {
                shop.settings.time_zone = zone;
                shop.configure("PS_TIMEZONE", &name);
            }
            Err(error) => return HttpResponse::BadRequest().json(json!({ "error": error })),
        }
    }
    if let Some(url) = change.shop_url {
        shop.url = url.trim_end_matches('/').to_owned();
    }
    let settings = &mut shop.settings;
    let flags = [
        (&mut settings.webservice_enabled, change.webservice_enabled),
        (&mut settings.debug_mode, change.debug_mode),
        (&mut settings.invoice_pdf_broken, change.invoice_pdf_broken),
        (&mut settings.reports_deprecations, change.reports_deprecations),
        (&mut settings.blocks_methods, change.blocks_methods),
        (&mut settings.mails_enabled, change.mails_enabled),
    ];
    for (flag, wanted) in flags {
        *flag = wanted.unwrap_or(*flag);
    }
    settings.shop_name = change.shop_name.unwrap_or_else(|| settings.shop_name.clone());
    settings.required_fields = change.required_fields.unwrap_or_else(|| settings.required_fields.clone());
    settings.order_post_ms = change.order_post_ms.unwrap_or(settings.order_post_ms);
    settings.call_ms = change.call_ms.unwrap_or(settings.call_ms);
    settings.invoice_race_ms = change.invoice_race_ms.or(settings.invoice_race_ms);
    done()
}

async fn configure(server: Data<Server>, values: Json<BTreeMap<String, String>>) -> impl Responder {
    let mut shop = server.shop();
    for (name, value) in values.into_inner() {
        shop.configure(&name, &value);
    }
    done()
}

#[derive(Debug, Deserialize)]
struct ClockMove {
    /// Seconds ahead; negative moves back.
    advance_s: i64,
}

async fn move_clock(server: Data<Server>, by: Json<ClockMove>) -> impl Responder {
    let shop = server.shop();
    shop.clock().advance(TimeDelta::seconds(by.advance_s));
    Json(json!({ "instant": shop.instant(), "shop_time": shop.now() }))
}

/// An order with everything that belongs to it.
fn whole_order(shop: &Shop, order: &Record) -> JsonValue {
    let children = |resource| shop.belonging_to(resource, order.id).map(entity_json).collect::<Vec<_>>();
    let payments: Vec<JsonValue> = shop
        .table("order_payments")
        .iter()
        .filter(|payment| payment.text("order_reference") == order.text("reference"))
        .map(entity_json)
        .collect();
    let mut json = entity_json(order);
    json["rows"] = children("order_details").into();
    json["histories"] = children("order_histories").into();
    json["carriers"] = children("order_carriers").into();
    json["invoices"] = children("order_invoices").into();
    json["payments"] = payments.into();
    json["tracking_number"] =
        shop.order_carrier(order.id).map_or("", |carrier| carrier.text("tracking_number")).into();
    json
}

fn entity_json(record: &Record) -> JsonValue {
    let mut json = json!({ "id": record.id });
    for (name, value) in record.fields() {
        json[name] = match value {
            Value::Null => JsonValue::Null,
            Value::Text(text) => text.as_str().into(),
            Value::Localized(texts) => {
                texts.iter().map(|(language, text)| (language.to_string(), text.as_str())).collect()
            }
        };
    }
    if !record.associations.is_empty() {
        json["associations"] = json!(record.associations);
    }
    json
}

async fn orders(server: Data<Server>) -> impl Responder {
    let shop = server.shop();
    Json(shop.table("orders").iter().map(|order| whole_order(&shop, order)).collect::<Vec<_>>())
}

async fn order(server: Data<Server>, id: Path<Id>) -> HttpResponse {
    let shop = server.shop();
    match shop.get("orders", *id) {
        Some(order) => HttpResponse::Ok().json(whole_order(&shop, order)),
        None => not_found("order"),
    }
}

async fn delete_order(server: Data<Server>, id: Path<Id>) -> HttpResponse {
    match server.shop().table_mut("orders").remove(*id) {
        Some(_) => done(),
        None => not_found("order"),
    }
}

#[derive(Debug, Deserialize)]
struct StateChange {
    /// Id of the state.
    state: Id,
    /// Whether the buyer gets the state's mail, as from the back office.
    #[serde(default = "yes")]
    mail: bool,
}

fn yes() -> bool {
    true
}

async fn set_order_state(server: Data<Server>, id: Path<Id>, change: Json<StateChange>) -> HttpResponse {
    let mut shop = server.shop();
    let has_invoice = shop.belonging_to("order_invoices", *id).next().is_some();
    if states::change(&mut shop, *id, change.state, !has_invoice).is_err() {
        return not_found("order or state");
    }
    states::add_history(&mut shop, *id, change.state, 1);
    if change.mail {
        states::send_state_mail(&mut shop, *id, change.state);
    }
    done()
}

#[derive(Debug, Deserialize)]
struct Tracking {
    number: String,
    /// Whether the order's `date_upd` follows; a module that writes the carrier row leaves it.
    #[serde(default = "yes")]
    touch_order: bool,
}

async fn set_tracking(server: Data<Server>, id: Path<Id>, tracking: Json<Tracking>) -> HttpResponse {
    let mut shop = server.shop();
    let Some(carrier) = shop.order_carrier(*id).map(|carrier| carrier.id) else {
        return not_found("order with a carrier");
    };
    if let Some(carrier) = shop.get_mut("order_carriers", carrier) {
        carrier.set("tracking_number", tracking.number.clone());
    }
    let now = shop.now();
    if tracking.touch_order
        && let Some(order) = shop.get_mut("orders", *id)
    {
        order.set("date_upd", now);
    }
    done()
}

/// Every sellable thing with its SKU and stock.
async fn list_stock(server: Data<Server>) -> impl Responder {
    let shop = server.shop();
    let rows: Vec<JsonValue> = shop
        .table("stock_availables")
        .iter()
        .map(|row| {
            let (product, combination) = (row.id_of("id_product"), row.id_of("id_product_attribute"));
            let owner = if combination == 0 {
                shop.get("products", product)
            } else {
                shop.get("combinations", combination)
            };
            json!({
                "product": product,
                "combination": combination,
                "sku": owner.map(|owner| owner.text("reference")),
                "quantity": row.integer("quantity"),
                "physical": row.integer("physical_quantity"),
                "reserved": row.integer("reserved_quantity"),
            })
        })
        .collect();
    Json(rows)
}

#[derive(Debug, Deserialize)]
struct StockChange {
    /// Reference of a combination or product; stands in for the ids.
    sku: Option<String>,
    #[serde(default)]
    product: Id,
    #[serde(default)]
    combination: Id,
    quantity: i64,
}

async fn set_stock(server: Data<Server>, change: Json<StockChange>) -> HttpResponse {
    let mut shop = server.shop();
    let keys = match &change.sku {
        None => vec![(change.product, change.combination)],
        Some(sku) => {
            let has_sku = |record: &&Record| record.text("reference") == sku;
            let mut keys: Vec<(Id, Id)> = shop
                .table("combinations")
                .iter()
                .filter(has_sku)
                .map(|record| (record.id_of("id_product"), record.id))
                .collect();
            if keys.is_empty() {
                keys.extend(shop.table("products").iter().filter(has_sku).map(|record| (record.id, 0)));
            }
            keys
        }
    };
    let known: Vec<(Id, Id)> = keys
        .into_iter()
        .filter(|(product, combination)| stock::row(&shop, *product, *combination).is_some())
        .collect();
    for (product, combination) in &known {
        stock::set(&mut shop, *product, *combination, change.quantity);
    }
    if known.is_empty() { not_found("product") } else { done() }
}

async fn list_entities(server: Data<Server>, resource: Path<String>) -> HttpResponse {
    match resources::named(&resource) {
        Some(resource) => {
            let shop = server.shop();
            HttpResponse::Ok().json(shop.table(resource.name).iter().map(entity_json).collect::<Vec<_>>())
        }
        None => not_found("resource"),
    }
}

/// Fields as text or numbers; `id` may be given for a new entity.
fn set_fields(record: &mut Record, fields: &BTreeMap<String, JsonValue>) {
    for (name, value) in fields.iter().filter(|(name, _)| *name != "id") {
        let value = match value {
            JsonValue::Null => Value::Null,
            JsonValue::String(text) => Value::Text(text.clone()),
            JsonValue::Bool(flag) => Value::Text(u8::from(*flag).to_string()),
            JsonValue::Object(texts) => Value::Localized(
                texts
                    .iter()
                    .filter_map(|(language, text)| Some((language.parse().ok()?, text.as_str()?.to_owned())))
                    .collect(),
            ),
            other => Value::Text(other.to_string()),
        };
        record.set_value(name, value);
    }
}

async fn add_entity(
    server: Data<Server>,
    resource: Path<String>,
    fields: Json<BTreeMap<String, JsonValue>>,
) -> HttpResponse {
    let Some(resource) = resources::named(&resource) else { return not_found("resource") };
    let mut shop = server.shop();
    let id = fields.get("id").and_then(JsonValue::as_u64).unwrap_or(0);
    let mut record = Record::numbered(id);
    set_fields(&mut record, &fields);
    let id = shop.insert(resource.name, record);
    if resource.name == "carriers" {
        let zone_prices = shop.table("zones").iter().map(|zone| (zone.id, Decimal::ZERO)).collect();
        shop.carrier_rules.insert(id, CarrierRules { zone_prices, groups: Vec::new() });
    }
    HttpResponse::Created().json(json!({ "id": id }))
}

async fn change_entity(
    server: Data<Server>,
    path: Path<(String, Id)>,
    fields: Json<BTreeMap<String, JsonValue>>,
) -> HttpResponse {
    let (resource, id) = path.into_inner();
    let Some(resource) = resources::named(&resource) else { return not_found("resource") };
    let mut shop = server.shop();
    let Some(mut record) = shop.get(resource.name, id).cloned() else { return not_found("entity") };
    set_fields(&mut record, &fields);
    if shop.schema(resource.name).has_field("date_upd") && !fields.contains_key("date_upd") {
        let now = shop.now();
        record.set("date_upd", now);
    }
    shop.insert(resource.name, record);
    done()
}

async fn delete_entity(server: Data<Server>, path: Path<(String, Id)>) -> HttpResponse {
    let (resource, id) = path.into_inner();
    let Some(resource) = resources::named(&resource) else { return not_found("resource") };
    let mut shop = server.shop();
    let schema = shop.schema(resource.name);
    match saving::delete(&mut shop, schema, &[id]) {
        Ok(()) => done(),
        Err(_) => not_found("entity"),
    }
}

#[derive(Debug, Deserialize)]
struct RulesChange {
    /// Net price per zone; zones that are missing are not served.
    zone_prices: BTreeMap<Id, Decimal>,
    /// Groups that may choose the carrier; all when empty.
    #[serde(default)]
    groups: Vec<Id>,
}

async fn set_carrier_rules(server: Data<Server>, id: Path<Id>, rules: Json<RulesChange>) -> impl Responder {
    let RulesChange { zone_prices, groups } = rules.into_inner();
    server.shop().carrier_rules.insert(*id, CarrierRules { zone_prices, groups });
    done()
}

#[derive(Debug, Deserialize)]
struct PaymentModule {
    name: String,
    /// Shown name; none uninstalls the module.
    display_name: Option<String>,
}

async fn set_payment_module(server: Data<Server>, module: Json<PaymentModule>) -> impl Responder {
    let PaymentModule { name, display_name } = module.into_inner();
    let mut shop = server.shop();
    match display_name {
        Some(display_name) => shop.settings.payment_modules.insert(name, display_name),
        None => shop.settings.payment_modules.remove(&name),
    };
    done()
}

async fn keys(server: Data<Server>) -> impl Responder {
    Json(server.shop().keys.clone())
}

async fn set_key(server: Data<Server>, key: Json<Key>) -> impl Responder {
    let mut shop = server.shop();
    let key = key.into_inner();
    shop.keys.retain(|known| known.key != key.key);
    shop.keys.push(key);
    done()
}

/// Lets the next entity of each resource get at least this id.
async fn skip_ids(server: Data<Server>, ids: Json<BTreeMap<String, Id>>) -> HttpResponse {
    let mut shop = server.shop();
    for (resource, id) in ids.into_inner() {
        match resources::named(&resource) {
            Some(resource) => shop.table_mut(resource.name).skip_to(id),
            None => return not_found("resource"),
        }
    }
    let next: BTreeMap<&str, Id> = resources::RESOURCES
        .iter()
        .map(|resource| (resource.name, shop.table(resource.name).next_id()))
        .collect();
    HttpResponse::Ok().json(next)
}

async fn faults(server: Data<Server>) -> impl Responder {
    Json(server.faults().active().to_vec())
}

#[derive(Debug, Deserialize)]
struct NewFault {
    #[serde(flatten)]
    fault: Fault,
    /// Starts the dice anew.
    seed: Option<u64>,
}

async fn add_fault(server: Data<Server>, new: Json<NewFault>) -> impl Responder {
    let NewFault { fault, seed } = new.into_inner();
    let mut faults = server.faults();
    if let Some(seed) = seed {
        faults.reseed(seed);
    }
    faults.add(fault);
    done()
}

async fn clear_faults(server: Data<Server>) -> impl Responder {
    server.faults().clear();
    done()
}

async fn counters(server: Data<Server>) -> impl Responder {
    Json(server.counters().clone())
}

async fn reset_counters(server: Data<Server>) -> impl Responder {
    *server.counters() = Counters::default();
    done()
}

async fn mails(server: Data<Server>) -> impl Responder {
    Json(server.shop().mails.clone())
}

async fn forget_mails(server: Data<Server>) -> impl Responder {
    server.shop().mails.clear();
    done()
}
