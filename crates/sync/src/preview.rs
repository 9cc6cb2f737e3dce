//! The import preview: the same plan as the import with every check, and nothing written anywhere. Besides the connection
//! test the only place where the store is asked while somebody waits.

use database::connections::ConnectionRecord;
use database::issues::Found;
use database::orders::{self, OrderRow};
use database::{DbErr, import_intents};
use prestashop::total::{RoundType, gross_unit_price, line_total, round};
use shared::{
    ChannelStatus, ConnectionId, ImportPreview, ImportState, IssueCode, Money, OrderId, PreviewCheck,
    PreviewOrder, PreviewRow,
};

use crate::engine::Engine;
use crate::issue_of::of_store;
use crate::jobs::import_order::plan::{ShippingProduct, WorkedOut};
use crate::jobs::import_order::{Import, Stop};
use crate::mapping::{ImportDecision, PlanRow, StoreOrderPlan};
use crate::store_facts::ProductMatch;

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewFailed {
    #[error("database: {0}")]
    Database(#[from] DbErr),
    #[error("the import could not be worked out: {0}")]
    Internal(String),
}

/// What the checks are about, with the issues that an import opens when they fail, in the order in which people read them.
const TOPICS: [(&str, &[IssueCode]); 11] = [
    ("TikTok Shop's amounts", &[IssueCode::PaymentIncoherent]),
    (
        "Products",
        &[IssueCode::SkuNotFound, IssueCode::SkuAmbiguous, IssueCode::SkuMissing, IssueCode::ProductInactive],
    ),
    ("Stock", &[IssueCode::StockShort]),
    (
        "Address",
        &[
            IssueCode::AddressMasked,
            IssueCode::AddressRejected,
            IssueCode::CountryInactive,
            IssueCode::StateInvalid,
        ],
    ),
    ("Identity number", &[IssueCode::IdentityRequired]),
    ("Currency", &[IssueCode::CurrencyUnavailable]),
    ("Carrier", &[IssueCode::CarrierUnmapped]),
    ("Order state", &[IssueCode::StateUnmapped]),
    ("Payment", &[IssueCode::PaymentModuleOff]),
    ("Taxes", &[IssueCode::TaxRuleMissing]),
    ("Total", &[IssueCode::StoreTotalMismatch]),
];

/// The store order that an import would make now, with every check; `None` when there is no such order. Writes nothing,
/// neither in the store nor in the database.
///
/// # Errors
/// When the database fails, or what it holds of the order cannot be read.
pub async fn preview_import(
    engine: &Engine,
    order_id: OrderId,
) -> Result<Option<ImportPreview>, PreviewFailed> {
    let Some(order) = orders::find(engine.database().reader(), order_id).await? else { return Ok(None) };
    let Some(connection) = engine.connection(ConnectionId(order.connection_id)).await? else {
        return Ok(None);
    };
    let first = try_preview(engine, &connection, &order).await?;
    if first.checks.iter().all(|check| check.passed || check.code.is_none()) {
        return Ok(Some(first));
    }
    // A person may have put right what the store was last seen to lack.
    if let Ok(store) = engine.store(&connection) {
        store.facts.forget().await;
    }
    try_preview(engine, &connection, &order).await.map(Some)
}

async fn try_preview(
    engine: &Engine,
    connection: &ConnectionRecord,
    order: &OrderRow,
) -> Result<ImportPreview, PreviewFailed> {
    let preview = async { preview(&Import::of(engine, connection, order).await?, order).await };
    preview.await.or_else(stopped)
}

async fn preview(import: &Import<'_>, order: &OrderRow) -> Result<ImportPreview, Stop> {
    let read = import.recorded().await?;
    let mut checks = vec![release(order, &import.decision(order, &read)), in_store(import, order).await?];
    let worked_out = match import.work_out(&read, ShippingProduct::Assume).await {
        Ok(worked_out) => worked_out,
        Err(Stop::Blocked(found)) => {
            checks.extend(found.iter().map(|found| failed(topic_of(found.code), found)));
            return Ok(ImportPreview { ready: false, checks, store_order: None });
        }
        Err(stop) => return Err(stop),
    };
    checks.extend(topics(import, &worked_out));
    let store_order = worked_out.plan.as_ref().ok().map(|plan| store_order(import, &worked_out, plan));
    let ready = store_order.is_some() && checks.iter().all(|check| check.passed);
    Ok(ImportPreview { ready, checks, store_order })
}

/// A store that cannot be asked is a check that failed; anything else is ours.
fn stopped(stop: Stop) -> Result<ImportPreview, PreviewFailed> {
    let checks = match stop {
        Stop::Store(error) => vec![failed("Store", &of_store(&error))],
        Stop::Blocked(found) => found.iter().map(|found| failed(topic_of(found.code), found)).collect(),
        Stop::Job(error) => return Err(PreviewFailed::Internal(error.to_string())),
        Stop::Busy(_)
        | Stop::Outdated
        | Stop::Down(_)
        | Stop::LeaseLost
        | Stop::Overtaken
        | Stop::Unknown { .. }
        | Stop::Withdrawn(_) => {
            return Err(PreviewFailed::Internal("a preview creates nothing and waits for nobody".to_owned()));
        }
    };
    Ok(ImportPreview { ready: false, checks, store_order: None })
}

fn release(order: &OrderRow, decision: &ImportDecision) -> PreviewCheck {
    let detail = match decision {
        ImportDecision::Import
            if ChannelStatus::from(order.channel_status.as_str()) == ChannelStatus::OnHold =>
        {
            "TikTok Shop holds the order; it is imported all the same, and waits in your store as not paid."
        }
        ImportDecision::Import => "TikTok Shop has released the order.",
        ImportDecision::Wait if order.archived_at.is_some() => {
            "The order was deleted here; restore it first."
        }
        ImportDecision::Wait => "TikTok Shop has not released the order yet; it is imported afterwards.",
        ImportDecision::Skip(reason) => reason,
    };
    PreviewCheck {
        name: "Release".to_owned(),
        passed: *decision == ImportDecision::Import,
        unseen: false,
        detail: detail.to_owned(),
        code: None,
    }
}

/// An order that is in the store already is taken over, never made twice.
async fn in_store(import: &Import<'_>, order: &OrderRow) -> Result<PreviewCheck, Stop> {
    let check = |passed, detail: String| PreviewCheck {
        name: "Already in the store".to_owned(),
        passed,
        unseen: false,
        detail,
        code: (!passed).then_some(IssueCode::StoreDuplicateFound),
    };
    let imported = order.store_order_id.filter(|_| orders::import_state(order) == ImportState::Imported);
    if let Some(store_order_id) = imported.filter(|_| !order.store_deleted) {
        return Ok(check(false, format!("It is in your store as #{store_order_id}; nothing is made twice.")));
    }
    let reader = import.engine.database().reader();
    let intent = import_intents::find(reader, import.order_id).await?;
    let intent = intent.unwrap_or_else(|| import_intents::ImportIntent::new(import.order_id));
    Ok(match import.look(&intent).await?.as_deref() {
        Some([first, ..]) => {
            check(true, format!("It is in your store as #{}; an import takes that order over.", first.id))
        }
        _ => check(true, "No store order carries its key.".to_owned()),
    })
}

/// One check for each topic, or one for each thing that is wrong with it. What cannot be told yet is left out.
fn topics(import: &Import<'_>, worked_out: &WorkedOut) -> Vec<PreviewCheck> {
    let found = worked_out.plan.as_ref().err().map_or(&[][..], Vec::as_slice);
    let mut checks = Vec::new();
    for (name, codes) in TOPICS {
        let of_topic: Vec<_> = found.iter().filter(|found| codes.contains(&found.code)).collect();
        checks.extend(of_topic.iter().map(|found| failed(name, found)));
        if !of_topic.is_empty() {
            continue;
        }
        let detail = match (name, &worked_out.plan) {
            ("Taxes" | "Total" | "Identity number" | "Stock", Err(_)) => continue,
            (_, plan) => passed_detail(import, worked_out, name, plan.as_ref().ok()),
        };
        // The webservice lists no modules: only an import that fails tells.
        let unseen = name == "Payment";
        checks.push(PreviewCheck { name: name.to_owned(), passed: true, unseen, detail, code: None });
    }
    checks
}

fn passed_detail(
    import: &Import<'_>,
    worked_out: &WorkedOut,
    name: &str,
    plan: Option<&StoreOrderPlan>,
) -> String {
    let settings = &import.connection.settings;
    let amounts = &worked_out.amounts;
    match (name, plan) {
        ("TikTok Shop's amounts", _) => {
            format!("They add up to {}.", Money::new(amounts.total, &amounts.currency))
        }
        ("Products", _) => match worked_out.products.len() {
            1 => "The product was found.".to_owned(),
            products => format!("All {products} products were found."),
        },
        ("Stock", _) if settings.ignore_stock => {
            "Not looked at, as the connection is set to import anyway.".to_owned()
        }
        ("Stock", _) => "Enough is in stock, or may be ordered without.".to_owned(),
        ("Address", Some(plan)) if plan.address_pending => {
            "TikTok Shop tells it with the release; until then another text stands in for it.".to_owned()
        }
        ("Address", _) => "The store takes it.".to_owned(),
        ("Order state", Some(plan)) if plan.address_pending => {
            "The store order waits in a state that counts as not paid.".to_owned()
        }
        ("Order state", _) => "The one that the store gives to every order of the webservice.".to_owned(),
        ("Identity number", _) => "None is needed, or it is there.".to_owned(),
        ("Currency", _) => format!("{} is active in your store.", amounts.currency),
        ("Carrier", Some(plan)) => format!("“{}”.", carrier_name(import, plan)),
        ("Carrier", None) => "A carrier was found.".to_owned(),
        ("Payment", _) => format!(
            "It is recorded as “{}” by the module “{}”. Whether that is switched on cannot be seen beforehand.",
            settings.payment_label, settings.payment_module
        ),
        ("Taxes", _) => "The store has a tax rule for every product.".to_owned(),
        ("Total", Some(plan)) => {
            format!("The store comes to {} too.", Money::new(plan.total, &amounts.currency))
        }
        _ => String::new(),
    }
}

fn topic_of(code: IssueCode) -> &'static str {
    TOPICS.iter().find(|(_, codes)| codes.contains(&code)).map_or("Import", |(name, _)| name)
}

fn failed(name: &str, found: &Found) -> PreviewCheck {
    let kind = found.code.kind();
    PreviewCheck {
        name: name.to_owned(),
        passed: false,
        unseen: false,
        detail: format!("{} {}", found.code.sentence(&found.facts), kind.remedy),
        code: Some(found.code),
    }
}

fn store_order(import: &Import<'_>, worked_out: &WorkedOut, plan: &StoreOrderPlan) -> PreviewOrder {
    let amounts = &worked_out.amounts;
    let money = |amount| Money::new(amount, &amounts.currency);
    PreviewOrder {
        rows: plan.rows.iter().map(|row| preview_row(import, worked_out, plan, row)).collect(),
        carrier: carrier_name(import, plan),
        customer_email: plan.customer_email.clone(),
        payment_label: import.connection.settings.payment_label.clone(),
        total: money(plan.total),
        expected_total: money(amounts.total),
    }
}

/// A row as the store will show it: by its own arithmetic, from the price that is pinned to the cart.
fn preview_row(
    import: &Import<'_>,
    worked_out: &WorkedOut,
    plan: &StoreOrderPlan,
    row: &PlanRow,
) -> PreviewRow {
    let facts = &import.facts;
    let precision = facts.currencies.iter().find(|currency| currency.id == plan.currency);
    let rounding = facts.settings.rounding(precision.map_or(2, |currency| currency.precision));
    let unit = gross_unit_price(row.unit_net, row.rate_percent, rounding.mode);
    let rounded = |amount| round(amount, rounding.decimal_places, rounding.mode);
    let total = line_total(unit, row.quantity, &rounding);
    let total = if rounding.round_type == RoundType::Total { rounded(total) } else { total };
    let product = product_of(worked_out, row);
    let names = product.and_then(|found| found.product.names.in_language(facts.language));
    let reference = product.map(|found| match &found.combination {
        Some(combination) if !combination.reference.is_empty() => combination.reference.clone(),
        _ => found.product.reference.clone(),
    });
    let money = |amount| Money::new(amount, &worked_out.amounts.currency);
    PreviewRow {
        name: names.map_or_else(|| format!("#{}", row.product), str::to_owned),
        sku: reference.filter(|reference| !reference.is_empty()),
        quantity: row.quantity.into(),
        unit_price: money(rounded(unit)),
        total: money(total),
    }
}

fn product_of<'a>(worked_out: &'a WorkedOut, row: &PlanRow) -> Option<&'a ProductMatch> {
    let mut known = worked_out.products.values().flatten().chain(&worked_out.shipping_product);
    known.find(|found| {
        let combination = found.combination.as_ref().map(|combination| combination.id);
        found.product.id == row.product && combination == row.combination
    })
}

fn carrier_name(import: &Import<'_>, plan: &StoreOrderPlan) -> String {
    let carrier = import.facts.carriers.iter().find(|carrier| carrier.id == plan.carrier);
    carrier.map_or_else(|| format!("#{}", plan.carrier), |carrier| carrier.name.clone())
}
