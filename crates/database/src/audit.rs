//! The audit log: append-only, and chained by hashes, so that a changed, removed or inserted entry shows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, prelude::*,
};
use sha2::Sha256;
use shared::{AuditEntry, AuditEvent};

use crate::entities::audit_log::{ActiveModel, Column, Entity, Model};
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{Vault, from_ms, installation, to_ms};

/// The actor of what orderbridge does by itself.
pub const ORDERBRIDGE: &str = "orderbridge";

/// Entries are appended one at a time; the number is that of the lock on PostgreSQL.
const LOCK: i64 = 0x61_7564_6974;
const KEY_NAME: &str = "audit_key";
const KEY_LENGTH: usize = 32;
/// Entries that are checked at once.
const BATCH: u64 = 1_000;

/// An event to be told.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    event: AuditEvent,
    actor: &'a str,
    subject: String,
    facts: BTreeMap<String, String>,
}

impl<'a> Entry<'a> {
    #[must_use]
    pub fn new(event: AuditEvent, actor: &'a str) -> Self {
        Self { event, actor, subject: String::new(), facts: BTreeMap::new() }
    }

    /// Says what it is about, such as `order` and its number.
    #[must_use]
    pub fn about(mut self, kind: &str, id: impl ToString) -> Self {
        self.subject = format!("{kind}:{}", id.to_string());
        self
    }

    /// Adds a fact, which must tell of nobody.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }
}

/// Appends an event, in the transaction of what it tells. It must be the last thing there before the commit: on PostgreSQL
/// others wait from here to the commit with theirs, and would wait in a circle for rows that are changed afterwards.
///
/// # Errors
/// When the database fails.
pub async fn append(
    txn: &DatabaseTransaction,
    vault: &Vault,
    entry: Entry<'_>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    lock(txn).await?;
    let key = match chain(txn, vault).await? {
        Some(chain) => chain.key,
        None => new_key(),
    };
    let last = Entity::find().order_by_desc(Column::Id).limit(1).one(txn).await?;
    let (id, previous_hash) = last.map_or_else(|| (1, start()), |last| (last.id + 1, last.hash));
    let facts = serde_json::to_string(&entry.facts).map_err(|error| DbErr::Json(error.to_string()))?;
    let mut row = Model {
        id,
        at: to_ms(now),
        event: entry.event.to_string(),
        actor: entry.actor.to_owned(),
        subject: entry.subject,
        facts,
        previous_hash,
        hash: String::new(),
    };
    row.hash = hash_of(&row, &key);
    let model = ActiveModel {
        id: Set(row.id),
        at: Set(row.at),
        event: Set(row.event),
        actor: Set(row.actor),
        subject: Set(row.subject),
        facts: Set(row.facts),
        previous_hash: Set(row.previous_hash),
        hash: Set(row.hash.clone()),
    };
    Entity::insert(model).exec_without_returning(txn).await?;
    put(txn, vault, &Chain { key, end: Some(End { id: row.id, hash: row.hash }) }).await
}

/// Makes others wait with their entries until the transaction ends.
async fn lock(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    if txn.get_database_backend() == DbBackend::Postgres {
        txn.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    }
    // SQLite has one writer at a time anyway.
    Ok(())
}

/// What is kept of the chain beside its entries, sealed as one: whoever can write into the database and has no encryption
/// key can neither add an entry nor cut some off the end.
struct Chain {
    key: [u8; KEY_LENGTH],
    /// Absent in an installation from before it was kept, until its next entry.
    end: Option<End>,
}

/// The last entry.
struct End {
    id: i64,
    hash: String,
}

impl Chain {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.key.to_vec();
        if let Some(end) = &self.end {
            bytes.extend(end.id.to_be_bytes());
            bytes.extend(end.hash.as_bytes());
        }
        bytes
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (key, rest) = bytes.split_first_chunk()?;
        let end = match rest.split_first_chunk() {
            Some((id, hash)) => {
                Some(End { id: i64::from_be_bytes(*id), hash: String::from_utf8(hash.to_vec()).ok()? })
            }
            None => None,
        };
        Some(Self { key: *key, end })
    }
}

/// What the first entry has in the place of the hash before it.
fn start() -> String {
    "0".repeat(64)
}

fn hash_of(row: &Model, key: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(&row.id.to_be_bytes());
    mac.update(&row.at.to_be_bytes());
    for part in [&row.event, &row.actor, &row.subject, &row.facts, &row.previous_hash] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}

fn place() -> String {
    format!("installation.{KEY_NAME}")
}

/// The key of the chain stays the same when the encryption key is rotated: it is sealed like any other secret.
async fn chain(db: &impl ConnectionTrait, vault: &Vault) -> Result<Option<Chain>, DbErr> {
    let Some(sealed) = installation::get(db, KEY_NAME).await? else { return Ok(None) };
    let sealed = hex::decode(sealed).map_err(|error| DbErr::Custom(format!("{KEY_NAME}: {error}")))?;
    let bytes = vault.open(&place(), &sealed).map_err(|error| DbErr::Custom(error.to_string()))?;
    let chain = Chain::of_bytes(&bytes).ok_or_else(|| DbErr::Custom(format!("{KEY_NAME}: cut off")))?;
    Ok(Some(chain))
}

async fn put(txn: &DatabaseTransaction, vault: &Vault, chain: &Chain) -> Result<(), DbErr> {
    let sealed = vault.seal(&place(), &chain.to_bytes());
    installation::put(txn, KEY_NAME, &hex::encode(sealed)).await
}

fn new_key() -> [u8; KEY_LENGTH] {
    let mut key = [0; KEY_LENGTH];
    rand::rng().fill_bytes(&mut key);
    key
}

/// Seals what is kept of the chain with the current encryption key, if it is sealed with an earlier one.
///
/// # Errors
/// When the database fails, or it was sealed with an unknown one.
pub(crate) async fn reseal_key(txn: &DatabaseTransaction, vault: &Vault) -> Result<(), DbErr> {
    lock(txn).await?;
    if let Some(chain) = chain(txn, vault).await? {
        put(txn, vault, &chain).await?;
    }
    Ok(())
}

/// Which entries are meant; what is empty or absent means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub events: Vec<AuditEvent>,
    pub actor: Option<String>,
    pub subject: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub before: Option<DateTime<Utc>>,
}

/// A page of the log, newest first.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn page(
    db: &impl ConnectionTrait,
    filter: &Filter,
    request: &PageRequest,
) -> Result<Slice<AuditEntry>, DbErr> {
    let mut query = Entity::find();
    if !filter.events.is_empty() {
        query = query.filter(Column::Event.is_in(filter.events.iter().map(|event| event.as_str())));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(Column::Actor.eq(actor.as_str()));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(Column::Subject.eq(subject.as_str()));
    }
    if let Some(since) = filter.since {
        query = query.filter(Column::At.gte(to_ms(since)));
    }
    if let Some(before) = filter.before {
        query = query.filter(Column::At.lt(to_ms(before)));
    }
    let rows = query
        .filter(request.range(None, Column::Id, true).condition)
        .order_by(Column::Id, request.order(true))
        .limit(request.rows())
        .all(db)
        .await?;
    request.slice(rows, |row| Position { key: PositionKey::Number(row.id), id: row.id }).try_map(shown)
}

fn shown(row: Model) -> Result<AuditEntry, DbErr> {
    Ok(AuditEntry {
        id: row.id,
        at: from_ms(row.at),
        event: row.event.parse().map_err(|error| DbErr::Type(format!("audit_log.event: {error}")))?,
        actor: row.actor,
        subject: row.subject,
        facts: serde_json::from_str(&row.facts).map_err(|error| DbErr::Json(error.to_string()))?,
        hash: row.hash,
    })
}

/// What came of checking the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// Every link holds, to the last entry that was appended. Whoever keeps its number and hash elsewhere can tell later whether
    /// the whole database was put back to an earlier time.
    Whole { entries: i64, last_hash: String },
    /// The first link that does not hold.
    Broken { id: i64, why: &'static str },
}

/// Checks every link of the chain, oldest first.
///
/// # Errors
/// When the database fails, or the chain's key cannot be read.
pub async fn verify(db: &impl ConnectionTrait, vault: &Vault) -> Result<Verified, DbErr> {
    // Read first: what is appended meanwhile comes after it.
    let Some(Chain { key, end }) = chain(db, vault).await? else {
        let first = Entity::find().order_by_asc(Column::Id).limit(1).one(db).await?;
        return Ok(first.map_or_else(
            || Verified::Whole { entries: 0, last_hash: start() },
            |first| Verified::Broken { id: first.id, why: "the key of the chain is gone" },
        ));
    };
    let (mut entries, mut last_hash) = (0, start());
    loop {
        let rows = Entity::find()
            .filter(Column::Id.gt(entries))
            .order_by_asc(Column::Id)
            .limit(BATCH)
            .all(db)
            .await?;
        if rows.is_empty() {
            // A number below the first would never be found by counting up.
            let stray = Entity::find().filter(Column::Id.lte(0)).limit(1).one(db).await?;
            // The key is made with the first entry.
            let fewest = end.as_ref().map_or(1, |end| end.id);
            return Ok(match stray {
                Some(stray) => Verified::Broken { id: stray.id, why: "it was not appended" },
                None if entries < fewest => {
                    Verified::Broken { id: entries + 1, why: "it and whatever came after it are missing" }
                }
                None => Verified::Whole { entries, last_hash },
            });
        }
        for row in rows {
            let why = if row.id != entries + 1 {
                Some("entries before it are missing")
            } else if row.previous_hash != last_hash {
                Some("the entry before it is not the one it was chained to")
            } else if row.hash != hash_of(&row, &key)
                || end.as_ref().is_some_and(|end| end.id == row.id && end.hash != row.hash)
            {
                Some("it was changed")
            } else {
                None
            };
            if let Some(why) = why {
                return Ok(Verified::Broken { id: row.id, why });
            }
            (entries, last_hash) = (row.id, row.hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use clock::SystemClock;
    use futures::future::join_all;

    use super::*;
    use crate::{Database, MasterKey};

    async fn database(url: &str) -> Database {
        let vault = Vault::new(&MasterKey::new([7; 32]));
        Database::connect(url, vault, SystemClock::shared()).await.unwrap()
    }

    async fn tell(database: &Database, order: i64) {
        let txn = database.begin().await.unwrap();
        let entry = Entry::new(AuditEvent::RecipientRevealed, "a@example.com").about("order", order);
        append(&txn, &database.vault, entry, database.clock.now()).await.unwrap();
        txn.commit().await.unwrap();
    }

    async fn verified(database: &Database) -> Verified {
        verify(database.reader(), &database.vault).await.unwrap()
    }

    #[tokio::test]
    async fn many_at_once_make_one_line() {
        for store in test_database::databases().await {
            let database = database(&store.url).await;

            join_all((0..40).map(|order| tell(&database, order))).await;

            let whole = verified(&database).await;
            assert!(matches!(whole, Verified::Whole { entries: 40, .. }), "{whole:?}");
        }
    }

    #[tokio::test]
    async fn entries_are_neither_changed_nor_removed() {
        for store in test_database::databases().await {
            let database = database(&store.url).await;
            tell(&database, 1).await;

            for sql in ["UPDATE audit_log SET actor = 'b'", "DELETE FROM audit_log"] {
                let refused = database.writer().execute_unprepared(sql).await.unwrap_err().to_string();
                assert!(refused.contains("append-only"), "{sql}: {refused}");
            }
            assert!(matches!(verified(&database).await, Verified::Whole { entries: 1, .. }));
        }
    }

    #[tokio::test]
    async fn whoever_gets_around_the_triggers_is_found_out() {
        let cases = [
            ("UPDATE audit_log SET actor = 'b@example.com' WHERE id = 3", 3),
            ("UPDATE audit_log SET at = at + 1 WHERE id = 5", 5),
            ("DELETE FROM audit_log WHERE id = 2", 3),
            ("DELETE FROM audit_log WHERE id = 1", 2),
            ("UPDATE audit_log SET id = 9 WHERE id = 4", 5),
            ("DELETE FROM audit_log WHERE id = 5", 5),
            ("DELETE FROM audit_log WHERE id > 2", 3),
            ("DELETE FROM audit_log", 1),
            ("DELETE FROM installation WHERE name = 'audit_key'", 1),
            ("INSERT INTO audit_log VALUES (0, 0, 'key.created', 'b', '', '{}', '', '')", 0),
            (
                "INSERT INTO audit_log VALUES (6, 0, 'key.created', 'b', '', '{}',
                (SELECT hash FROM audit_log WHERE id = 5), 'f')",
                6,
            ),
        ];
        for (sql, broken) in cases {
            let store = test_database::sqlite();
            let database = database(&store.url).await;
            for order in 1..=5 {
                tell(&database, order).await;
            }
            for trigger in ["audit_log_is_not_changed", "audit_log_is_not_shortened"] {
                database.writer().execute_unprepared(&format!("DROP TRIGGER {trigger}")).await.unwrap();
            }

            database.writer().execute_unprepared(sql).await.unwrap();

            let found = verified(&database).await;
            assert!(matches!(found, Verified::Broken { id, .. } if id == broken), "{sql}: {found:?}");
        }
    }

    #[tokio::test]
    async fn a_chain_whose_end_was_not_kept_yet_is_checked_and_kept_from_the_next_entry_on() {
        let store = test_database::sqlite();
        let database = database(&store.url).await;
        tell(&database, 1).await;
        let Some(Chain { key, .. }) = chain(database.reader(), &database.vault).await.unwrap() else {
            panic!("it was made with the first entry")
        };
        let txn = database.begin().await.unwrap();
        put(&txn, &database.vault, &Chain { key, end: None }).await.unwrap();
        txn.commit().await.unwrap();

        assert!(matches!(verified(&database).await, Verified::Whole { entries: 1, .. }));
        tell(&database, 2).await;
        let chain = chain(database.reader(), &database.vault).await.unwrap().unwrap();
        assert_eq!(chain.end.unwrap().id, 2);
        assert!(matches!(verified(&database).await, Verified::Whole { entries: 2, .. }));
    }
}
