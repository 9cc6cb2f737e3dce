//! The connection test: reads everything an import needs, on both sides, and says what is missing. It changes nothing.

use std::sync::Arc;
use std::time::Duration;

use clock::SharedClock;
use database::connections::ConnectionRecord;
use prestashop::{Method, Resource, ShopId, WebserviceKey};
use shared::{CheckOutcome, ConnectionCheck, ConnectionSettings, ConnectionTest, HoldPolicy};
use tiktok_shop::{AppCredentials, OrderSearch, Secret, ShopAccess};
use url::Url;

use crate::engine::EngineSettings;
use crate::store_facts::{FactsCache, StoreFacts};

/// What the key must be allowed to do, and what for.
pub const PERMISSIONS: &[(Resource, Method)] = &[
    (Resource::Customers, Method::Get),
    (Resource::Customers, Method::Post),
    (Resource::Addresses, Method::Get),
    (Resource::Addresses, Method::Post),
    (Resource::Carts, Method::Get),
    (Resource::Carts, Method::Post),
    (Resource::SpecificPrices, Method::Post),
    (Resource::Orders, Method::Get),
    (Resource::Orders, Method::Post),
    (Resource::OrderHistories, Method::Get),
    (Resource::OrderHistories, Method::Post),
    (Resource::OrderStates, Method::Get),
    (Resource::OrderCarriers, Method::Get),
    (Resource::Carriers, Method::Get),
    (Resource::Products, Method::Get),
    (Resource::Products, Method::Post),
    (Resource::Combinations, Method::Get),
    (Resource::StockAvailables, Method::Get),
    (Resource::Countries, Method::Get),
    (Resource::States, Method::Get),
    (Resource::Currencies, Method::Get),
    (Resource::Languages, Method::Get),
    (Resource::Shops, Method::Get),
    (Resource::Groups, Method::Get),
    (Resource::TaxRules, Method::Get),
    (Resource::Taxes, Method::Get),
    (Resource::Configurations, Method::Get),
];

/// What it should be allowed besides, to take back what is pinned to a cart that comes to nothing.
const CLEAN_UP: [(Resource, Method); 3] = [
    (Resource::SpecificPrices, Method::Get),
    (Resource::SpecificPrices, Method::Delete),
    (Resource::Carts, Method::Delete),
];

/// What stays undone without each.
const WITHOUT_CLEAN_UP: &str = "prices of carts that come to nothing stay in your store";
const WITHOUT_ADDRESSES: &str = "an address that the buyer changes cannot be given to the store order";

/// The test gives up on a side after this long.
const TIME_LIMIT: Duration = Duration::from_secs(25);

/// Where the store is and how it is asked.
#[derive(Debug, Clone)]
pub struct StoreTarget {
    pub url: Url,
    pub key: WebserviceKey,
    pub settings: ConnectionSettings,
}

/// Which shop of TikTok, with which access.
#[derive(Debug, Clone)]
pub struct ChannelTarget {
    pub app: AppCredentials,
    pub access: ShopAccess,
}

impl ChannelTarget {
    /// The shop of a connection.
    #[must_use]
    pub fn of(connection: &ConnectionRecord) -> Self {
        Self {
            app: AppCredentials {
                app_key: connection.app_key.clone(),
                app_secret: Secret::new(&connection.app_secret),
            },
            access: ShopAccess {
                access_token: Secret::new(&connection.tokens.access_token),
                shop_cipher: connection.shop_cipher.clone(),
            },
        }
    }
}

/// Tests both sides.
pub async fn test_connection(
    settings: &EngineSettings,
    clock: SharedClock,
    channel: Option<&ChannelTarget>,
    store: &StoreTarget,
) -> ConnectionTest {
    let (mut checks, store_checks) =
        futures::join!(test_channel(settings, clock.clone(), channel), test_store(settings, clock, store));
    checks.extend(store_checks);
    ConnectionTest { passed: checks.iter().all(|check| check.outcome != CheckOutcome::Failed), checks }
}

fn check(name: &str, outcome: CheckOutcome, detail: impl Into<String>) -> ConnectionCheck {
    ConnectionCheck { name: name.to_owned(), outcome, detail: detail.into() }
}

async fn test_channel(
    settings: &EngineSettings,
    clock: SharedClock,
    channel: Option<&ChannelTarget>,
) -> Vec<ConnectionCheck> {
    const NAME: &str = "TikTok Shop orders";
    let Some(channel) = channel else {
        return vec![check(
            NAME,
            CheckOutcome::Skipped,
            "The shop is authorized when the connection is saved.",
        )];
    };
    let http = match tiktok_shop::http_client() {
        Ok(http) => http,
        Err(error) => return vec![check(NAME, CheckOutcome::Failed, error.to_string())],
    };
    let client =
        tiktok_shop::Client::new(http, settings.tiktok_api_url.clone(), channel.app.clone(), clock.clone());
    let shop = client.shop(channel.access.clone());
    let since = clock.now() - chrono::TimeDelta::hours(1);
    let search = OrderSearch { update_time_ge: Some(since), page_size: 1, ..OrderSearch::default() };
    let mut orders = shop.search_orders(search);
    let first = tokio::time::timeout(TIME_LIMIT, futures::StreamExt::next(&mut orders)).await;
    vec![match first {
        Ok(None | Some(Ok(_))) => check(NAME, CheckOutcome::Passed, "Orders can be read."),
        Ok(Some(Err(tiktok_shop::Error::TokenExpired { .. }))) => check(
            NAME,
            CheckOutcome::Warning,
            "The access token has expired; it is renewed with the next call.",
        ),
        Ok(Some(Err(error))) => {
            let found = crate::issue_of::of_channel(&error);
            let (sentence, remedy) = (found.code.sentence(&found.facts), found.code.kind().remedy);
            check(NAME, CheckOutcome::Failed, format!("{sentence} {remedy}{}", numbers_of(&error)))
        }
        Err(_) => check(NAME, CheckOutcome::Failed, "TikTok Shop did not answer in time."),
    }]
}

/// What to name when asking TikTok Shop about it. Its own words stay unsaid, except where they name a scope.
fn numbers_of(error: &tiktok_shop::Error) -> String {
    match (error.code(), error.request_id()) {
        (Some(code), Some(request)) => format!(" (code {code}, request {request})"),
        (Some(code), None) => format!(" (code {code})"),
        (None, Some(request)) => format!(" (request {request})"),
        (None, None) => String::new(),
    }
}

async fn test_store(
    settings: &EngineSettings,
    clock: SharedClock,
    store: &StoreTarget,
) -> Vec<ConnectionCheck> {
    let shop_id = store.settings.store_shop_id.and_then(|id| u64::try_from(id).ok()).map(ShopId);
    let http = prestashop::http_client_resolving(Arc::new(settings.names.clone()));
    let client = prestashop::Client::new(http, store.url.clone(), store.key.clone(), shop_id);
    let root = match tokio::time::timeout(TIME_LIMIT, client.api_root()).await {
        Ok(Ok(root)) => root,
        Ok(Err(error)) => return vec![store_failure("PrestaShop webservice", &error)],
        Err(_) => {
            return vec![check(
                "PrestaShop webservice",
                CheckOutcome::Failed,
                "The store did not answer in time.",
            )];
        }
    };
    let version = root.version.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let mut checks =
        vec![check("PrestaShop webservice", CheckOutcome::Passed, format!("PrestaShop {version} answers."))];
    let mut needed = PERMISSIONS.to_vec();
    let patches = root.version.as_ref().is_none_or(prestashop::Version::supports_patch);
    let change = if patches { Method::Patch } else { Method::Put };
    needed.push((Resource::OrderCarriers, change));
    let change_addresses = (Resource::Addresses, change);
    let mut useful = CLEAN_UP.to_vec();
    // The address of an order that is imported early follows when it is released.
    let imports_early = store.settings.hold_policy == HoldPolicy::DuringHold;
    if imports_early { &mut needed } else { &mut useful }.push(change_addresses);
    const PERMITTED: &str = "PrestaShop permissions";
    let list = |missing: Vec<(Resource, Method)>| {
        missing
            .iter()
            .map(|(resource, method)| format!("{method} on {resource}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (missing, useful) = (root.permissions.missing(&needed), root.permissions.missing(&useful));
    if !missing.is_empty() {
        let detail = format!("Grant the webservice key: {}.", list(missing));
        checks.push(check(PERMITTED, CheckOutcome::Failed, detail));
        return checks;
    }
    checks.push(if useful.is_empty() {
        check(PERMITTED, CheckOutcome::Passed, "The key may do everything that is needed.")
    } else {
        let is_of_addresses = |right: &(Resource, Method)| *right == change_addresses;
        let mut undone = Vec::new();
        if !useful.iter().all(is_of_addresses) {
            undone.push(WITHOUT_CLEAN_UP);
        }
        if useful.iter().any(is_of_addresses) {
            undone.push(WITHOUT_ADDRESSES);
        }
        let undone = undone.join(", and ");
        let detail = format!("Grant the webservice key also: {}. Without it, {undone}.", list(useful));
        check(PERMITTED, CheckOutcome::Warning, detail)
    });
    let facts = FactsCache::default();
    match tokio::time::timeout(TIME_LIMIT, facts.facts(&client, clock.now())).await {
        Ok(Ok(facts)) => checks.extend(check_facts(&facts, &store.settings)),
        Ok(Err(error)) => checks.push(store_failure("PrestaShop settings", &error)),
        Err(_) => checks.push(check(
            "PrestaShop settings",
            CheckOutcome::Failed,
            "The store did not answer in time.",
        )),
    }
    checks
}

fn store_failure(name: &str, error: &prestashop::Error) -> ConnectionCheck {
    let found = crate::issue_of::of_store(error);
    let sentence = found.code.sentence(&found.facts);
    check(name, CheckOutcome::Failed, format!("{sentence} {} ({error})", found.code.kind().remedy))
}

/// What the store has set up, seen by what an import needs of it.
#[must_use]
pub fn check_facts(facts: &StoreFacts, settings: &ConnectionSettings) -> Vec<ConnectionCheck> {
    let mut checks = Vec::new();
    let list = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let currencies: Vec<_> = facts.currencies.iter().filter(|currency| currency.active).collect();
    let outcome = |good: bool| if good { CheckOutcome::Passed } else { CheckOutcome::Failed };
    let names = currencies.iter().map(|currency| currency.iso_code.as_str()).collect();
    checks.push(check("Currencies", outcome(!currencies.is_empty()), format!("Active: {}.", list(names))));
    let countries: Vec<_> = facts.countries.iter().map(|country| country.iso_code.as_str()).collect();
    checks.push(check("Countries", outcome(!countries.is_empty()), format!("Active: {}.", list(countries))));
    checks.push(carrier_check(facts, settings));
    if let Some(discount) = facts.group_discount {
        let detail = format!(
            "Each customer group takes {} % off every price, so no order comes to what was sold: make a group without a discount.",
            discount.normalize()
        );
        checks.push(check("Customer groups", CheckOutcome::Failed, detail));
    }
    let roles = &facts.settings.order_states;
    let states = [
        ("remote payment accepted", roles.webservice_payment),
        ("preparation", roles.preparation),
        ("shipped", roles.shipping),
        ("delivered", roles.delivered),
        ("canceled", roles.canceled),
    ];
    let lost = states.iter().filter(|(_, id)| id.is_none_or(|id| facts.order_state(id).is_none()));
    let lost: Vec<_> = lost.map(|(name, _)| *name).collect();
    checks.push(if lost.is_empty() {
        check("Order states", CheckOutcome::Passed, format!("{} states.", facts.order_states.len()))
    } else {
        check("Order states", CheckOutcome::Failed, format!("Missing: {}.", lost.join(", ")))
    });
    checks.push(check(
        "Payment module",
        CheckOutcome::Warning,
        format!(
            "The webservice cannot tell whether “{}” is installed and active; the first import will.",
            settings.payment_module
        ),
    ));
    checks
}

fn carrier_check(facts: &StoreFacts, settings: &ConnectionSettings) -> ConnectionCheck {
    let usable = || facts.carriers.iter().filter(|carrier| carrier.active && !carrier.deleted);
    let chosen = settings.carrier_reference;
    let found = match chosen {
        Some(reference) => usable().find(|carrier| i64::try_from(carrier.reference_id.0) == Ok(reference)),
        None => usable().find(|carrier| carrier.is_free),
    };
    match (found, chosen) {
        (Some(carrier), None) => {
            let detail = format!(
                "Imports use “{}”, the first free carrier of your store: choose the one that parcels go with.",
                carrier.name
            );
            check("Carrier", CheckOutcome::Warning, detail)
        }
        (Some(carrier), Some(_)) if carrier.is_free => {
            check("Carrier", CheckOutcome::Passed, format!("Imports use “{}”.", carrier.name))
        }
        (Some(carrier), Some(_)) => {
            let detail = format!("“{}” adds a price of its own; choose a free carrier.", carrier.name);
            check("Carrier", CheckOutcome::Failed, detail)
        }
        (None, Some(reference)) => check(
            "Carrier",
            CheckOutcome::Failed,
            format!("No active carrier has the reference id {reference}."),
        ),
        (None, None) => check(
            "Carrier",
            CheckOutcome::Failed,
            "The store has no free carrier; make one for TikTok Shop orders.",
        ),
    }
}
