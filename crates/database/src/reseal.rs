//! Sealing everything anew after the encryption key has changed: batch by batch, while the program runs.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};

use crate::{Database, Vault, audit, recipients};

/// Rows of one transaction: few enough that nobody waits long for the writer of SQLite.
const BATCH: i64 = 200;

/// A column of sealed bytes.
struct Field {
    table: &'static str,
    column: &'static str,
    /// The number that rows are walked by, and that names them in an error.
    id: &'static str,
    /// Where the bytes are sealed for, in SQL, and what the row is to be joined with for that.
    place: &'static str,
    join: &'static str,
}

const OF_CONNECTION: &str = "JOIN orders o ON o.id = t.order_id JOIN connections c ON c.id = o.connection_id";

/// Every sealed column but the recipients' own, whose digests are made anew with them. A test compares this list with the
/// schema.
const FIELDS: &[Field] = &[
    connection("app_secret", "'connections.app_secret:' || t.uid"),
    connection("shop_cipher", "'connections.shop_cipher:' || t.uid"),
    connection("access_token", "'connections.access_token:' || t.uid"),
    connection("refresh_token", "'connections.refresh_token:' || t.uid"),
    connection("webservice_key", "'connections.webservice_key:' || t.uid"),
    Field { table: "webhooks", column: "secret", id: "id", place: "'webhooks.secret:' || t.uid", join: "" },
    Field {
        table: "webhooks",
        column: "previous_secret",
        id: "id",
        place: "'webhooks.previous_secret:' || t.uid",
        join: "",
    },
    Field {
        table: "users",
        column: "totp_secret",
        id: "id",
        place: "'users.totp_secret:' || CAST(t.id AS TEXT)",
        join: "",
    },
    Field {
        table: "order_details",
        column: "buyer_message",
        id: "order_id",
        place: "'order_details.buyer_message:' || c.uid || ':' || o.tiktok_order_id",
        join: OF_CONNECTION,
    },
    Field {
        table: "shipping_labels",
        column: "sealed",
        id: "order_id",
        place: "'shipping_labels.sealed:' || CAST(t.order_id AS TEXT) || ':' || t.package_id",
        join: "",
    },
    Field {
        table: "attempts",
        column: "sealed",
        id: "id",
        place: "'attempts.sealed:' || CAST(t.order_id AS TEXT)",
        join: "",
    },
    Field {
        table: "export_chunks",
        column: "sealed",
        id: "export_id",
        place: "'export_chunks.sealed:' || e.uid || ':' || CAST(t.position AS TEXT)",
        join: "JOIN exports e ON e.id = t.export_id",
    },
    Field {
        table: "recipients",
        column: "previous",
        id: "order_id",
        place: "'recipients.previous:' || c.uid || ':' || o.tiktok_order_id",
        join: OF_CONNECTION,
    },
    Field {
        table: "snapshots",
        column: "sealed",
        id: "id",
        place: "'snapshots.sealed:' || CAST(t.order_id AS TEXT)",
        join: "",
    },
];

const fn connection(column: &'static str, place: &'static str) -> Field {
    Field { table: "connections", column, id: "id", place, join: "" }
}

const RECIPIENTS: Field = Field {
    table: "recipients",
    column: "sealed",
    id: "order_id",
    place: "'recipients.sealed:' || c.uid || ':' || o.tiktok_order_id",
    join: OF_CONNECTION,
};

/// How much was sealed anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    pub fields: u64,
    /// Fields that somebody else wrote at the same moment; they are sealed with that process's key.
    pub overtaken: u64,
}

/// Seals with the current key whatever is sealed with an earlier one. It may be stopped and run again at any time, and beside
/// any number of processes that know both keys.
///
/// # Errors
/// When the database fails, or bytes were sealed with a key that is not known.
pub async fn run(database: &Database) -> Result<Resealed, DbErr> {
    let mut done = Resealed::default();
    for field in FIELDS {
        walk(database, field, &mut done, async |txn, row| {
            let Row { id, place, sealed } = row;
            let plain = opened(&database.vault, field, *id, place, sealed)?;
            let update = format!(
                "UPDATE {} SET {} = $1 WHERE {} = $2 AND {} = $3",
                field.table, field.column, field.id, field.column
            );
            let values: [Value; 3] =
                [database.vault.seal(place, &plain).into(), (*id).into(), sealed.clone().into()];
            let backend = txn.get_database_backend();
            Ok(txn
                .execute_raw(Statement::from_sql_and_values(backend, update, values))
                .await?
                .rows_affected()
                > 0)
        })
        .await?;
    }
    walk(database, &RECIPIENTS, &mut done, async |txn, row| {
        let plain = opened(&database.vault, &RECIPIENTS, row.id, &row.place, &row.sealed)?;
        recipients::reseal(txn, &database.vault, row.id, &row.place, &row.sealed, &plain).await
    })
    .await?;
    let txn = database.begin().await?;
    audit::reseal_key(&txn, &database.vault).await?;
    txn.commit().await?;
    Ok(done)
}

struct Row {
    id: i64,
    place: String,
    sealed: Vec<u8>,
}

/// Goes through the rows of a field that are sealed with an earlier key.
async fn walk(
    database: &Database,
    field: &Field,
    done: &mut Resealed,
    reseal: impl AsyncFn(&sea_orm::DatabaseTransaction, &Row) -> Result<bool, DbErr>,
) -> Result<(), DbErr> {
    let Field { table, column, id, place, join } = field;
    // All rows of a number belong into one batch, for the next one begins after it.
    let select = format!(
        "SELECT t.{id} AS id, {place} AS place, t.{column} AS sealed FROM {table} t {join}
         WHERE t.{id} IN (
            SELECT DISTINCT {id} FROM {table}
            WHERE {id} > $1 AND {column} IS NOT NULL AND substr({column}, 1, {prefix}) <> $2
            ORDER BY {id} LIMIT {BATCH}
         ) AND t.{column} IS NOT NULL AND substr(t.{column}, 1, {prefix}) <> $2
         ORDER BY t.{id}",
        prefix = Vault::PREFIX_LENGTH
    );
    let mut after = i64::MIN;
    loop {
        let txn = database.begin().await?;
        let values: [Value; 2] = [after.into(), database.vault.prefix().to_vec().into()];
        let statement = Statement::from_sql_and_values(txn.get_database_backend(), &select, values);
        let rows = txn.query_all_raw(statement).await?;
        let rows = rows.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
        let Some(last) = rows.last() else { return txn.commit().await };
        after = last.id;
        for row in &rows {
            if reseal(&txn, row).await? {
                done.fields += 1;
            } else {
                done.overtaken += 1;
            }
        }
        txn.commit().await?;
    }
}

fn row_of(row: &QueryResult) -> Result<Row, DbErr> {
    Ok(Row {
        id: row.try_get("", "id")?,
        place: row.try_get("", "place")?,
        sealed: row.try_get("", "sealed")?,
    })
}

fn opened(vault: &Vault, field: &Field, id: i64, place: &str, sealed: &[u8]) -> Result<Vec<u8>, DbErr> {
    vault
        .open(place, sealed)
        .map_err(|error| DbErr::Custom(format!("{}.{} of {id}: {error}", field.table, field.column)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;
    use clock::SystemClock;
    use sea_orm::EntityTrait;
    use shared::{OrderId, ShippingLabel, TikTokOrderId, UserId};

    use super::*;
    use crate::entities::{connections, recipients as recipients_table, snapshots as snapshots_table};
    use crate::{MasterKey, connections as connection_rows, second_factors, shipping_labels, snapshots};

    const ORDERS: i64 = 450;

    async fn fill(database: &Database) {
        let db = database.writer();
        let now = database.clock.now();
        let vault = &database.vault;
        db.execute_unprepared(
            "INSERT INTO users (id, email, password_hash, role, created_at) VALUES (1, 'a', '', 'admin', 0)",
        )
        .await
        .unwrap();
        second_factors::begin(db, vault, UserId(1), b"totp secret").await.unwrap();
        let new = connection_rows::NewConnection {
            name: "n".to_owned(),
            app_key: "k".to_owned(),
            app_secret: "app secret".to_owned(),
            shop_id: "s".to_owned(),
            shop_name: None,
            shop_cipher: "cipher".to_owned(),
            region: None,
            tokens: connection_rows::Tokens {
                access_token: "access".to_owned(),
                access_token_expires_at: now,
                refresh_token: "refresh".to_owned(),
                refresh_token_expires_at: now,
            },
            store_url: "https://shop.example/".to_owned(),
            webservice_key: "webservice key".to_owned(),
            settings: shared::ConnectionSettings::default(),
        };
        connection_rows::create(db, vault, "uid", new, now).await.unwrap();
        db.execute_unprepared(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ORDERS})
            INSERT INTO orders (connection_id, tiktok_order_id, channel_status, channel_updated_at, status,
                known_status, import_state, fulfillment_type, currency, total_micros, expected_store_total_micros,
                first_item, item_count, unit_count, placed_at, received_at, updated_at)
            SELECT 1, CAST(576400000000000000 + i AS TEXT), 'IN_TRANSIT', 0, 'in_transit', 'in_transit', 'waiting',
                'merchant', 'EUR', 0, 0, '', 1, 1, i, i, i FROM n"
        ))
        .await
        .unwrap();
        let txn = database.begin().await.unwrap();
        for order in 1..=ORDERS {
            let raw = serde_json::json!({ "id": order });
            snapshots::store(&txn, vault, OrderId(order), now, &raw, now).await.unwrap();
            recipients::keep(&txn, vault, "uid", &tiktok_id(order), OrderId(order), &recipient(order))
                .await
                .unwrap();
        }
        for package in ["1", "2"] {
            let label = ShippingLabel {
                package_id: package.to_owned(),
                url: "https://label.example/".to_owned(),
                tracking_number: None,
                expires_at: now + TimeDelta::days(1),
            };
            shipping_labels::save(&txn, vault, OrderId(1), &label).await.unwrap();
        }
        let place = crate::orders::buyer_message_place("uid", &tiktok_id(1));
        let insert = "INSERT INTO order_details (order_id, payment, buyer_message) VALUES (1, '{}', $1)";
        let values: [Value; 1] = [vault.seal(&place, b"ring twice").into()];
        let backend = txn.get_database_backend();
        txn.execute_raw(Statement::from_sql_and_values(backend, insert, values)).await.unwrap();
        let entry = audit::Entry::new(shared::AuditEvent::KeyCreated, "a");
        audit::append(&txn, vault, entry, now).await.unwrap();
        txn.commit().await.unwrap();
    }

    fn tiktok_id(order: i64) -> TikTokOrderId {
        TikTokOrderId((576_400_000_000_000_000 + order).to_string())
    }

    fn recipient(order: i64) -> recipients::RecipientRecord {
        serde_json::from_value(serde_json::json!({
            "name": format!("Camille {order}"), "first_name": "Camille", "last_name": "", "phone": null, "email": null,
            "lines": [], "postal_code": null, "city": null, "region": null, "country": "FR", "masked": false
        }))
        .unwrap()
    }

    /// Everything that was sealed is read with this database's keys alone.
    async fn check(database: &Database) {
        let (db, vault) = (database.reader(), &database.vault);
        let connection = connection_rows::list(db, vault, &crate::Reach::All).await.unwrap().remove(0);
        assert_eq!(
            (connection.app_secret.as_str(), connection.webservice_key.as_str()),
            ("app secret", "webservice key")
        );
        assert_eq!(
            (connection.shop_cipher.as_str(), connection.tokens.refresh_token.as_str()),
            ("cipher", "refresh")
        );
        let factor = second_factors::find(db, vault, UserId(1)).await.unwrap().unwrap();
        assert_eq!(factor.secret, b"totp secret");
        for order in [1, 200, 201, ORDERS] {
            let id = OrderId(order);
            assert_eq!(snapshots::latest(db, vault, id).await.unwrap().unwrap()["id"], order);
            let kept = recipients::find(db, vault, "uid", &tiktok_id(order), id).await.unwrap().unwrap();
            assert!(kept == recipient(order));
        }
        let labels = shipping_labels::of_order(db, vault, OrderId(1), database.clock.now()).await.unwrap();
        assert_eq!(labels.len(), 2);
        let digest = vault.search_digest("name", "Camille 201");
        let found = recipients_table::Entity::find_by_id(201).one(db).await.unwrap().unwrap();
        assert_eq!(found.name_digest, digest, "it is found by the new key's digest");
        let whole = audit::verify(db, vault).await.unwrap();
        assert!(matches!(whole, audit::Verified::Whole { .. }), "{whole:?}");
    }

    #[tokio::test]
    async fn everything_is_sealed_anew_while_the_old_key_still_reads() {
        for store in test_database::databases().await {
            let (old, new) = (MasterKey::new([7; 32]), MasterKey::new([8; 32]));
            let open =
                async |vault| Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
            fill(&open(Vault::new(&old)).await).await;
            let both = open(Vault::with_previous(&new, std::slice::from_ref(&old))).await;

            let (first, beside) = tokio::join!(run(&both), async {
                // The program goes on meanwhile.
                let connection = connection_rows::list(both.reader(), &both.vault, &crate::Reach::All)
                    .await
                    .unwrap()
                    .remove(0);
                connection_rows::update(both.writer(), &both.vault, &connection, both.clock.now()).await
            });

            let first = first.unwrap();
            assert!(beside.unwrap());
            // Five secrets of the connection, one of the person, two labels, a message; snapshots and recipients.
            assert!(first.fields + 3 >= 9 + 2 * u64::try_from(ORDERS).unwrap(), "{first:?}");
            assert_eq!(run(&both).await.unwrap().fields, 0, "nothing is left");
            check(&open(Vault::new(&new)).await).await;
            let old_alone = open(Vault::new(&old)).await;
            assert!(
                connection_rows::list(old_alone.reader(), &old_alone.vault, &crate::Reach::All)
                    .await
                    .is_err()
            );
        }
    }

    #[tokio::test]
    async fn a_field_of_an_unknown_key_is_named() {
        let store = test_database::sqlite();
        let vault = Vault::new(&MasterKey::new([7; 32]));
        fill(&Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap()).await;
        let stranger = Vault::new(&MasterKey::new([9; 32]));
        let database = Database::connect(&store.url, stranger, SystemClock::shared()).await.unwrap();

        let error = run(&database).await.unwrap_err().to_string();

        assert!(error.contains("connections.app_secret of 1"), "{error}");
        let untouched = connections::Entity::find().one(database.reader()).await.unwrap().unwrap();
        assert!(!untouched.app_secret.starts_with(&database.vault.prefix()));
        assert_eq!(
            snapshots_table::Entity::find().all(database.reader()).await.unwrap().len(),
            ORDERS as usize
        );
    }

    /// Whoever adds a column of bytes must say here whether it is sealed.
    #[tokio::test]
    async fn no_column_of_bytes_is_forgotten() {
        let store = test_database::sqlite();
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
        let sql = "SELECT m.name || '.' || c.name AS field FROM sqlite_master m, pragma_table_info(m.name) c
            WHERE m.type = 'table' AND upper(c.type) = 'BLOB' AND m.name NOT LIKE 'order_search%'";

        let statement = Statement::from_string(database.backend(), sql);
        let rows = database.reader().query_all_raw(statement).await.unwrap();

        let in_schema: BTreeSet<String> = rows.iter().map(|row| row.try_get("", "field").unwrap()).collect();
        let not_sealed = ["idempotency_keys.body"].map(ToOwned::to_owned);
        let sealed =
            FIELDS.iter().chain([&RECIPIENTS]).map(|field| format!("{}.{}", field.table, field.column));
        assert_eq!(in_schema, sealed.chain(not_sealed).collect());
    }
}
