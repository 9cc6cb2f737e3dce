//! The comparison of some of our orders with what the store shows of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use database::connections::ConnectionRecord;
use database::entities::issues as issue_rows;
use database::issues::{self, Found, Retry};
use database::orders::{self, OrderRow};
use database::reconciliations::Findings;
use database::timeline::{self, Entry};
use database::{DbErr, drifts as ignored_drifts};
use prestashop::{Client, KeyedOrder};
use shared::{ImportState, IssueCode, IssueFacts, OrderId, TikTokOrderId};

use super::super::failure::Failure;
use super::super::write_back::{Look, Seen, SeenState, note_deleted, store_order_id};
use crate::engine::Engine;
use crate::mapping::{Compared, DRIFTS, StoreStates, drifts, order_key};
use crate::store_facts::StoreFacts;

/// A list that leaves a store order out is not believed before the store has said of the order itself that it is gone; at
/// most this often for each hundred orders.
const QUESTIONS: usize = 20;

/// The store as a comparison sees it.
#[derive(Clone, Copy)]
pub(in crate::jobs) struct StoreSide<'a> {
    pub engine: &'a Engine,
    pub connection: &'a ConnectionRecord,
    pub facts: &'a StoreFacts,
    pub client: &'a Client,
}

/// Compares some of our orders, opens and ends their issues, and counts.
pub(in crate::jobs) async fn compare(
    side: &StoreSide<'_>,
    mut rows: Vec<OrderRow>,
) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    rows.retain(|row| row.purged_at.is_none());
    if rows.is_empty() {
        return Ok(findings);
    }
    let shown = Shown::of(side, &rows).await?;
    catch_up(side, &rows, &shown).await?;
    let told = Told::of(side, &rows).await?;
    let mut questions = 0;
    for row in rows {
        let stored = store_order_id(&row).and_then(|id| shown.by_id.get(&id));
        let in_store = orders::import_state(&row) == ImportState::Imported && !row.store_deleted;
        if in_store && stored.is_none() {
            if questions < QUESTIONS && is_gone(side, &row).await? {
                note_deleted(side.engine, side.connection, &row).await?;
                findings.missing_in_store += 1;
            }
            questions += 1;
            continue;
        }
        findings.seen_in_store += i64::from(stored.is_some());
        findings.compared += 1;
        let keyed = shown.by_key.get(&key_of(&row)).map(Vec::as_slice).unwrap_or_default();
        let compared = Compared {
            order: &row,
            stored: stored.filter(|_| in_store),
            keyed,
            states: StoreStates::from(side.facts),
            settings: &side.connection.settings,
        };
        let found = drifts(&compared, |state| side.facts.order_state_name(state));
        let noted = note(side, &told, OrderId(row.id), found).await?;
        findings.differences += noted.differences;
        findings.healed += noted.healed;
    }
    Ok(findings)
}

fn key_of(row: &OrderRow) -> String {
    order_key(&TikTokOrderId(row.tiktok_order_id.clone()))
}

/// What the store shows of some of our orders.
struct Shown {
    by_key: HashMap<String, Vec<KeyedOrder>>,
    by_id: HashMap<prestashop::OrderId, KeyedOrder>,
}

impl Shown {
    /// Asks by key, which also finds what we do not know of, and by number for those that were adopted without a key.
    async fn of(side: &StoreSide<'_>, rows: &[OrderRow]) -> Result<Self, Failure> {
        let keys: Vec<_> = rows.iter().map(key_of).collect();
        let mut by_key: HashMap<String, Vec<KeyedOrder>> = HashMap::new();
        let mut by_id = HashMap::new();
        for stored in side.client.orders_by_gift_messages(&keys).await? {
            by_id.insert(stored.id, stored.clone());
            by_key.entry(stored.gift_message.clone()).or_default().push(stored);
        }
        let others: Vec<_> = rows
            .iter()
            .filter(|row| !row.store_deleted)
            .filter_map(store_order_id)
            .filter(|id| !by_id.contains_key(id))
            .collect();
        if !others.is_empty() {
            let found = side.client.keyed_orders(&others).await?;
            by_id.extend(found.into_iter().map(|stored| (stored.id, stored)));
        }
        Ok(Self { by_key, by_id })
    }
}

/// Notes the states that store orders are in by now, as the reader of changes would, with all that follows.
async fn catch_up(side: &StoreSide<'_>, rows: &[OrderRow], shown: &Shown) -> Result<(), Failure> {
    let StoreSide { engine, connection, facts, client } = *side;
    let seen: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let stored = shown.by_id.get(&store_order_id(row)?)?;
            Some(Seen { order: row.clone(), state: SeenState::Read(stored.current_state) })
        })
        .collect();
    Look { engine, connection, facts, client }.at(&seen).await
}

async fn is_gone(side: &StoreSide<'_>, row: &OrderRow) -> Result<bool, Failure> {
    let Some(id) = store_order_id(row) else { return Ok(false) };
    match side.client.order(id).await {
        Ok(_) => Ok(false),
        Err(error) if error.is_not_found() => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// What was told of the differences of some of our orders before.
struct Told {
    ignored: HashMap<OrderId, Vec<(String, IssueFacts)>>,
    open: HashMap<OrderId, Vec<issue_rows::Model>>,
}

impl Told {
    async fn of(side: &StoreSide<'_>, rows: &[OrderRow]) -> Result<Self, DbErr> {
        let reader = side.engine.database().reader();
        let ids: Vec<_> = rows.iter().map(|row| OrderId(row.id)).collect();
        let ignored = ignored_drifts::ignored(reader, &ids).await?;
        let mut open = ignored_drifts::open(reader, &ids).await?;
        open.values_mut().for_each(|issues| issues.retain(is_drift));
        Ok(Self { ignored, open })
    }
}

/// What became of the differences of one order.
struct Noted {
    differences: i64,
    healed: i64,
}

/// Opens what differs, unless a person chose to live with it, and ends what agrees by now.
async fn note(side: &StoreSide<'_>, told: &Told, id: OrderId, mut found: Vec<Found>) -> Result<Noted, DbErr> {
    let StoreSide { engine, connection, .. } = *side;
    let ignored = told.ignored.get(&id).map(Vec::as_slice).unwrap_or_default();
    found.retain(|found| !is_ignored(ignored, found));
    let open = told.open.get(&id).map(Vec::as_slice).unwrap_or_default();
    let ended = open.iter().filter(|issue| !found.iter().any(|found| found.subject == issue.subject)).count();
    let noted = Noted {
        differences: i64::try_from(found.len()).unwrap_or(i64::MAX),
        healed: i64::try_from(ended).unwrap_or(i64::MAX),
    };
    let is_told = |found: &Found| {
        open.iter().any(|issue| {
            issue.subject == found.subject
                && serde_json::from_str::<IssueFacts>(&issue.facts).is_ok_and(|facts| facts == found.facts)
        })
    };
    if ended == 0 && found.iter().all(is_told) {
        return Ok(noted);
    }
    write(side, id, &found, engine.clock().now()).await?;
    tracing::info!(connection = %connection.id, order = %id, differences = noted.differences, "compared");
    Ok(noted)
}

/// Whether a person chose to live with this difference.
pub(in crate::jobs) fn is_ignored(ignored: &[(String, IssueFacts)], found: &Found) -> bool {
    ignored.iter().any(|(subject, facts)| *subject == found.subject && *facts == found.facts)
}

/// Other jobs tell of differences too; those are theirs to end.
fn is_drift(issue: &issue_rows::Model) -> bool {
    issue.code == IssueCode::DriftDetected.as_str() && DRIFTS.contains(&issue.subject.as_str())
}

async fn write(side: &StoreSide<'_>, id: OrderId, found: &[Found], now: DateTime<Utc>) -> Result<(), DbErr> {
    let txn = side.engine.database().begin().await?;
    if orders::find_locked(&txn, id).await?.is_none() {
        return Ok(());
    }
    for issue in issues::open_of(&txn, id).await?.iter().filter(|issue| is_drift(issue)) {
        if found.iter().any(|found| found.subject == issue.subject) {
            continue;
        }
        issues::resolve_about(&txn, id, IssueCode::DriftDetected, &issue.subject, now).await?;
        let sentence = format!("Store and TikTok agree on {} again.", issue.subject);
        timeline::record(&txn, id, Entry::ours("issue", sentence), now).await?;
    }
    for found in found {
        if issues::open(&txn, side.connection.id, id, found, Retry::default(), now).await? {
            let mut entry = Entry::ours("issue", found.code.sentence(&found.facts));
            entry.facts.clone_from(&found.facts);
            timeline::record(&txn, id, entry.with("code", found.code), now).await?;
        }
    }
    orders::derive_status(&txn, id, now).await?;
    txn.commit().await
}
