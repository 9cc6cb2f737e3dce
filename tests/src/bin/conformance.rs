//! `cargo xtask conformance`: the client and the import against any live PrestaShop, reported check by check.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use clock::{SharedClock, SystemClock};
use database::connections::{self, ConnectionRecord, NewConnection, Tokens};
use database::{Database, MasterKey, Vault, orders};
use prestashop::{CallRecord, Client, Exchange, Method, ProductId, ShopId, WebserviceKey};
use public_address::{Destinations, Resolver};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::{CheckOutcome, ConnectionSettings, ImportState, OrderId};
use sync::connection_test::{StoreTarget, test_connection};
use sync::mapping::snapshot_of;
use sync::{Engine, EngineSettings, FactsCache, StoreFacts, jobs};
use tiktok_shop::ReadOrder;
use url::Url;

/// The least calls that an import can do with: five writes, and two reads.
const LEAST_CALLS: usize = 7;

/// At most this many products are looked at to find some that can be sold.
const PRODUCTS_LOOKED_AT: usize = 300;

/// Runs client and import against a live PrestaShop. Without --create-orders it only reads.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask conformance")]
struct Options {
    /// The shop's address, as its visitors see it
    #[arg(long)]
    prestashop_url: Url,
    /// The webservice key; better given by the environment
    #[arg(long, env = "PRESTASHOP_WEBSERVICE_KEY", hide_env_values = true)]
    webservice_key: String,
    /// Technical name of an active payment module
    #[arg(long, default_value = "ps_wirepayment")]
    payment_module: String,
    /// Make so many mixed orders, read them back, ship some and cancel some; for test shops only
    #[arg(long, default_value_t = 0)]
    create_orders: u32,
    /// The shop of a multi-shop installation
    #[arg(long)]
    shop_id: Option<i64>,
}

/// Something of the shop that can be sold under a reference of its own.
#[derive(Debug, Clone)]
struct Sellable {
    sku: String,
    name: String,
}

/// Counts checks, and says each as it is made.
#[derive(Debug, Default)]
struct Report {
    passed: u32,
    failed: u32,
}

impl Report {
    fn check(&mut self, right: bool, what: impl std::fmt::Display) {
        if right {
            self.passed += 1;
            println!("  ok     {what}");
        } else {
            self.failed += 1;
            println!("  WRONG  {what}");
        }
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = Options::parse();
    let clock = SystemClock::shared();
    let mut report = Report::default();
    let readable = read_everything(&options, &clock, &mut report).await?;
    if readable && options.create_orders > 0 {
        create_orders(&options, &clock, &mut report).await?;
    }
    println!("checks: {} passed, {} failed", report.passed, report.failed);
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings(options: &Options) -> ConnectionSettings {
    ConnectionSettings {
        payment_module: options.payment_module.clone(),
        store_shop_id: options.shop_id,
        import_placed_since: Some(chrono::DateTime::UNIX_EPOCH),
        ..ConnectionSettings::default()
    }
}

fn engine_settings(observer: Option<Arc<prestashop::Observer>>) -> Result<EngineSettings> {
    // No TikTok Shop takes part: port 9 discards whatever it is told.
    let nowhere: Url = "http://127.0.0.1:9".parse()?;
    Ok(EngineSettings {
        tiktok_api_url: nowhere.clone(),
        tiktok_auth_url: nowhere,
        instance: "conformance".to_owned(),
        store_time_limit: chrono::TimeDelta::seconds(120),
        // Who runs this chooses the shop.
        destinations: Destinations::Anywhere,
        names: Resolver::new(Destinations::Anywhere),
        store_observer: observer,
    })
}

/// Reads what an import needs, and says which permission or setting is missing.
async fn read_everything(options: &Options, clock: &SharedClock, report: &mut Report) -> Result<bool> {
    println!("reading the shop:");
    let target = StoreTarget {
        url: options.prestashop_url.clone(),
        key: WebserviceKey::new(&options.webservice_key),
        settings: settings(options),
    };
    let test = test_connection(&engine_settings(None)?, Arc::clone(clock), None, &target).await;
    for check in test.checks.iter().filter(|check| check.outcome != CheckOutcome::Skipped) {
        report.check(check.outcome != CheckOutcome::Failed, format!("{}: {}", check.name, check.detail));
    }
    Ok(test.passed)
}

fn client_of(options: &Options) -> Client {
    let shop = options.shop_id.and_then(|id| u64::try_from(id).ok()).map(ShopId);
    let key = WebserviceKey::new(&options.webservice_key);
    Client::new(prestashop::http_client(), options.prestashop_url.clone(), key, shop)
}

async fn create_orders(options: &Options, clock: &SharedClock, report: &mut Report) -> Result<()> {
    println!("making {} orders:", options.create_orders);
    let client = client_of(options);
    let cache = FactsCache::default();
    let facts = cache.facts(&client, clock.now()).await?;
    let sellable = find_sellable(&client, &facts).await?;
    report.check(
        !sellable.is_empty(),
        format!("{} things have a reference of their own and can be sold", sellable.len()),
    );
    if sellable.is_empty() {
        return Ok(());
    }
    let calls: Arc<Mutex<Vec<CallRecord>>> = Arc::default();
    let folder = tempfile::tempdir()?;
    let (engine, connection) = engine_on(&folder, options, clock, Arc::clone(&calls)).await?;
    let country = facts.countries.iter().find(|country| Some(country.id) == facts.settings.default_country);
    let country = country.or(facts.countries.first()).context("the shop has no active country")?;
    let currency =
        facts.currencies.iter().find(|currency| Some(currency.id) == facts.settings.default_currency);
    let currency = currency.or(facts.currencies.first()).context("the shop has no currency")?;
    let run = clock.now().timestamp_millis();
    let (mut right, mut spent, mut most_calls, mut all_calls) = (0, Duration::ZERO, 0, 0);
    for number in 0..options.create_orders {
        let id = format!("{run}{number:05}");
        let order = synthetic_order(&id, number, &sellable, &country.iso_code, &currency.iso_code, clock);
        calls.lock().expect("no holder panics").clear();
        let begun = Instant::now();
        let order_id = record(&engine, &connection, &order, "AWAITING_SHIPMENT").await?;
        engine.run_due().await?;
        spent += begun.elapsed();
        let made = import_calls(&calls);
        // The first order also reads what is then known, and may make the product for shipping.
        if number > 0 {
            most_calls = most_calls.max(made);
            all_calls += made;
        }
        let good = compare(&engine, &client, &facts, order_id, &order, report).await?;
        right += u32::from(good);
        match number % 3 {
            1 => {
                follow(
                    &engine,
                    &connection,
                    &client,
                    &order,
                    order_id,
                    "IN_TRANSIT",
                    facts.settings.order_states.shipping,
                    report,
                )
                .await?
            }
            2 => {
                follow(
                    &engine,
                    &connection,
                    &client,
                    &order,
                    order_id,
                    "CANCELLED",
                    facts.settings.order_states.canceled,
                    report,
                )
                .await?
            }
            _ => {}
        }
    }
    let counted = options.create_orders.saturating_sub(1).max(1);
    println!(
        "orders right to the cent: {right} of {}; calls per order {:.1} (at most {most_calls}, the contract's least {LEAST_CALLS}); {} ms per order",
        options.create_orders,
        all_calls as f64 / f64::from(counted),
        spent.as_millis() / u128::from(options.create_orders)
    );
    report
        .check(most_calls <= LEAST_CALLS + 1, format!("no import took more than {} calls", LEAST_CALLS + 1));
    Ok(())
}

/// Calls of an import itself, without what is read once about products and taxes and then kept, and without following the
/// order's state afterwards.
fn import_calls(calls: &Mutex<Vec<CallRecord>>) -> usize {
    use prestashop::Resource::{Combinations, Orders, Products, TaxRules, Taxes};
    let calls = calls.lock().expect("no holder panics");
    let posted = calls.iter().position(|call| call.method == Method::Post && call.resource == Orders);
    let until_posted = &calls[..posted.map_or(calls.len(), |posted| posted + 1)];
    let kept = |call: &&CallRecord| {
        call.method == Method::Get && [Combinations, Products, TaxRules, Taxes].contains(&call.resource)
    };
    // One more call reads the order back.
    until_posted.iter().filter(|call| !kept(call)).count() + 1
}

async fn engine_on(
    folder: &tempfile::TempDir,
    options: &Options,
    clock: &SharedClock,
    calls: Arc<Mutex<Vec<CallRecord>>>,
) -> Result<(Engine, ConnectionRecord)> {
    let observer = move |exchange: &Exchange<'_>| {
        calls.lock().expect("no holder panics").push(exchange.record.clone());
    };
    let url = format!("sqlite:{}", folder.path().join("conformance.db").display());
    let database =
        Database::connect(&url, Vault::new(&MasterKey::new(rand::random())), Arc::clone(clock)).await?;
    let far = clock.now() + chrono::TimeDelta::days(365);
    let new = NewConnection {
        name: "Conformance".to_owned(),
        app_key: "none".to_owned(),
        app_secret: "none".to_owned(),
        shop_id: "none".to_owned(),
        shop_name: None,
        shop_cipher: "none".to_owned(),
        region: None,
        tokens: Tokens {
            access_token: "none".to_owned(),
            access_token_expires_at: far,
            refresh_token: "none".to_owned(),
            refresh_token_expires_at: far,
        },
        store_url: options.prestashop_url.to_string(),
        webservice_key: options.webservice_key.clone(),
        settings: settings(options),
    };
    let id = connections::create(database.writer(), &database.vault, "conformance", new, clock.now()).await?;
    let connection = connections::find(database.reader(), &database.vault, id).await?;
    let engine = Engine::new(database, engine_settings(Some(Arc::new(observer)))?)?;
    Ok((engine, connection.context("the connection was stored")?))
}

/// Products and combinations that an import can find without doubt, and that may be sold now.
async fn find_sellable(client: &Client, facts: &StoreFacts) -> Result<Vec<Sellable>> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut after = ProductId(0);
    let mut looked_at = 0;
    loop {
        let products = client.products_after(after, 100).await?;
        let Some(last) = products.last() else { break };
        after = last.id;
        looked_at += products.len();
        for product in &products {
            let name = product.names.in_language(facts.language).unwrap_or(&product.reference).to_owned();
            *seen.entry(product.reference.to_lowercase()).or_default() += 1;
            let combinations = client.combinations_of(product.id).await?;
            for combination in &combinations {
                *seen.entry(combination.reference.to_lowercase()).or_default() += 1;
            }
            if !product.active
                || !product.available_for_order
                || product.is_virtual
                || !product.ecotax.is_zero()
            {
                continue;
            }
            let stock = client.stock_of(&[product.id]).await?;
            let enough = |combination| {
                stock.iter().any(|row| row.combination_id == combination && row.quantity >= 200)
            };
            if combinations.is_empty() && !product.needs_combination() && enough(None) {
                found.push(Sellable { sku: product.reference.clone(), name });
            } else {
                for combination in combinations.iter().filter(|combination| enough(Some(combination.id))) {
                    found.push(Sellable { sku: combination.reference.clone(), name: name.clone() });
                }
            }
        }
        if looked_at >= PRODUCTS_LOOKED_AT {
            break;
        }
    }
    found.retain(|sellable| !sellable.sku.is_empty() && seen.get(&sellable.sku.to_lowercase()) == Some(&1));
    Ok(found)
}

/// One of several shapes of order: single and several units, mixed discounts inside one SKU, a gift, shipping fees.
fn synthetic_order(
    id: &str,
    number: u32,
    sellable: &[Sellable],
    country: &str,
    currency: &str,
    clock: &SharedClock,
) -> Value {
    let pick = |n: u32| &sellable[(number as usize * 7 + n as usize) % sellable.len()];
    let cents = |n: u32| Decimal::new(i64::from(137 + (number * 389 + n * 571) % 4_900), 2);
    // Price before discounts, seller discount, platform discount, gift.
    let (first, second) = (pick(0), pick(1));
    let zero = Decimal::ZERO;
    let ten = Decimal::new(10, 2);
    let units: Vec<(&Sellable, Decimal, Decimal, Decimal, bool)> = match number % 5 {
        0 => vec![(first, cents(0), zero, zero, false)],
        1 => (0..3).map(|_| (first, cents(0), ten, zero, false)).collect(),
        2 => vec![
            (first, cents(0), zero, zero, false),
            (first, cents(0), ten, Decimal::new(33, 2), false),
            (second, cents(1), zero, ten, false),
        ],
        3 => vec![(first, cents(0), zero, zero, false), (second, zero, zero, zero, true)],
        _ => (0..13)
            .map(|_| (first, Decimal::new(37, 2), zero, zero, false))
            .chain([(second, cents(1), ten, ten, false)])
            .collect(),
    };
    let lines: Vec<Value> = units
        .iter()
        .enumerate()
        .map(|(index, (item, price, seller, platform, gift))| {
            json!({
                "id": format!("{id}{index:03}"), "sku_id": item.sku, "seller_sku": item.sku, "product_name": item.name,
                "original_price": price.to_string(), "seller_discount": seller.to_string(),
                "platform_discount": platform.to_string(), "sale_price": (price - seller - platform).to_string(),
                "is_gift": gift, "currency": currency,
            })
        })
        .collect();
    let sum = |amount: fn(&(&Sellable, Decimal, Decimal, Decimal, bool)) -> Decimal| {
        units.iter().map(amount).sum::<Decimal>()
    };
    let (original, seller, platform) = (sum(|unit| unit.1), sum(|unit| unit.2), sum(|unit| unit.3));
    let sub_total = original - seller - platform;
    let shipping = if number.is_multiple_of(2) { Decimal::new(499, 2) } else { zero };
    let shipping_platform = if number.is_multiple_of(4) { Decimal::new(200, 2) } else { zero };
    let fee = shipping - shipping_platform;
    let now = clock.now().timestamp();
    json!({
        "id": id, "create_time": now, "paid_time": now, "update_time": now,
        "fulfillment_type": "FULFILLMENT_BY_SELLER", "shipping_type": "SELLER",
        "payment": {
            "currency": currency, "original_total_product_price": original.to_string(),
            "seller_discount": seller.to_string(), "platform_discount": platform.to_string(),
            "sub_total": sub_total.to_string(), "original_shipping_fee": shipping.to_string(),
            "shipping_fee_platform_discount": shipping_platform.to_string(), "shipping_fee": fee.to_string(),
            "tax": "0", "total_amount": (sub_total + fee).to_string(),
        },
        "recipient_address": {
            "name": "Test Buyer", "first_name": "Test", "last_name": "Buyer", "phone_number": "(+33)102030405",
            "region_code": country, "postal_code": "75002", "address_line1": "10 rue de la Paix",
            "district_info": [{ "address_level": "L4", "address_name": "Paris" }],
        },
        "line_items": lines,
    })
}

/// Records the order in this status, as a refresh does, and asks for what follows.
async fn record(
    engine: &Engine,
    connection: &ConnectionRecord,
    order: &Value,
    status: &str,
) -> Result<OrderId> {
    let mut raw = order.clone();
    raw["status"] = status.into();
    let step = if status == "AWAITING_SHIPMENT" { 0 } else { 60 };
    raw["update_time"] = (raw["update_time"].as_i64().unwrap_or_default() + step).into();
    let read = ReadOrder::from_raw(raw)?;
    let snapshot = snapshot_of(&read, connection.settings.money_basis);
    let database = engine.database();
    let now = database.clock.now();
    let txn = database.begin().await?;
    let recorded = orders::record_snapshot(&txn, &database.vault, connection, &snapshot, now).await?;
    if recorded.import_state == ImportState::Imported {
        job_queue::enqueue(&txn, jobs::push_store_state(connection.id, recorded.id, now), now).await?;
    } else {
        orders::set_import_state(&txn, recorded.id, ImportState::Pending, now).await?;
        job_queue::enqueue(&txn, jobs::import_order(connection.id, recorded.id, now), now).await?;
    }
    txn.commit().await?;
    Ok(recorded.id)
}

/// Reads the order back with a client of its own and compares it with what was asked for.
async fn compare(
    engine: &Engine,
    client: &Client,
    facts: &StoreFacts,
    order_id: OrderId,
    order: &Value,
    report: &mut Report,
) -> Result<bool> {
    let id = order["id"].as_str().unwrap_or_default();
    let row = orders::find(engine.database().reader(), order_id).await?.context("the order was recorded")?;
    let issues = database::issues::open_of(engine.database().reader(), order_id).await?;
    let codes: Vec<_> = issues.iter().map(|issue| format!("{} {}", issue.code, issue.facts)).collect();
    let found = client.orders_by_gift_message(&format!("tiktok:{id}")).await?;
    let amount = |name: &str| {
        order["payment"][name].as_str().and_then(|text| text.parse::<Decimal>().ok()).unwrap_or_default()
    };
    let worth =
        amount("total_amount") + amount("platform_discount") + amount("shipping_fee_platform_discount");
    let [summary] = &found[..] else {
        report.check(
            false,
            format!("order {id}: {} store orders carry its key; issues {codes:?}", found.len()),
        );
        return Ok(false);
    };
    let stored = client.order(summary.id).await?;
    let pieces: u32 = stored.rows.iter().map(|row| row.quantity).sum();
    let wanted = order["line_items"].as_array().map_or(0, Vec::len)
        + usize::from(amount("original_shipping_fee") > Decimal::ZERO);
    let paid =
        [facts.settings.order_states.webservice_payment, facts.settings.order_states.out_of_stock_paid];
    let good = stored.total_paid == worth
        && stored.total_paid_real == worth
        && pieces as usize == wanted
        && paid.contains(&stored.current_state)
        && row.import_state == "imported"
        && codes.is_empty();
    let state = stored.current_state.map(|state| facts.order_state_name(state)).unwrap_or_default();
    report.check(
        good,
        format!(
            "order #{}: {} of {worth}, {pieces} of {wanted} pieces, “{state}” {}",
            stored.id,
            stored.total_paid.round_dp(2),
            codes.join(" ")
        ),
    );
    Ok(good)
}

/// Moves the order on and looks whether the store followed.
#[expect(clippy::too_many_arguments, reason = "each of them is another thing that takes part")]
async fn follow(
    engine: &Engine,
    connection: &ConnectionRecord,
    client: &Client,
    order: &Value,
    order_id: OrderId,
    status: &str,
    wanted: Option<prestashop::OrderStateId>,
    report: &mut Report,
) -> Result<()> {
    record(engine, connection, order, status).await?;
    engine.run_due().await?;
    let row = orders::find(engine.database().reader(), order_id).await?.context("the order was recorded")?;
    let Some(store_order_id) = row.store_order_id.and_then(|id| u64::try_from(id).ok()) else {
        return Ok(());
    };
    let stored = client.order(prestashop::OrderId(store_order_id)).await?;
    report.check(stored.current_state == wanted, format!("order #{store_order_id} followed {status}"));
    Ok(())
}
