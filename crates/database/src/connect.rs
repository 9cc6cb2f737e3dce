use std::time::Duration;

use clock::SharedClock;
use migrations::Migrator;
use sea_orm::sqlx::Connection;
#[cfg(debug_assertions)]
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

use crate::Vault;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the database address must begin with sqlite: or postgres:")]
    UnknownScheme,
    #[error("cannot open the database: {0}")]
    Open(#[source] DbErr),
    #[error("cannot bring the database's schema up to date: {0}")]
    Migrate(#[source] DbErr),
}

/// The one database that all processes share.
#[derive(Debug, Clone)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    pub vault: Vault,
    pub clock: SharedClock,
}

/// Processes that start together take turns with the migrations.
const MIGRATION_LOCK: i64 = 0x6f72_6465_7262;

/// What each connection to SQLite keeps of the file for itself, besides what the operating system does for all of them.
const WRITER_CACHE_KB: u32 = 8 * 1024;
const READER_CACHE_KB: u32 = 2 * 1024;

impl Database {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// When the address is not understood, the database cannot be reached, or a migration fails.
    pub async fn connect(url: &str, vault: Vault, clock: SharedClock) -> Result<Self, ConnectError> {
        let (reader, writer) = if url.starts_with("sqlite:") {
            let writer = sea_orm::Database::connect(sqlite_options(url, 1, WRITER_CACHE_KB))
                .await
                .map_err(ConnectError::Open)?;
            Migrator::up(&writer, None).await.map_err(ConnectError::Migrate)?;
            let reader = sea_orm::Database::connect(sqlite_options(url, 6, READER_CACHE_KB))
                .await
                .map_err(ConnectError::Open)?;
            (reader, writer)
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let mut options = ConnectOptions::new(url);
            options.max_connections(16).acquire_timeout(Duration::from_secs(10)).sqlx_logging(false);
            let pool = sea_orm::Database::connect(options).await.map_err(ConnectError::Open)?;
            migrate_postgres(&pool).await.map_err(ConnectError::Migrate)?;
            (pool.clone(), pool)
        } else {
            return Err(ConnectError::UnknownScheme);
        };
        Ok(Self { reader, writer, vault, clock })
    }

    /// For queries that change nothing.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For single statements that change something; several belong into [`Database::begin`].
    #[must_use]
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction that may write; on SQLite it takes the write lock at once.
    ///
    /// # Errors
    /// When the database cannot be reached or stays locked.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        self.writer.begin_with_options(options).await
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }
}

/// Whether PostgreSQL ended a transaction so that another one could go on: nothing of it was done, and the same may go well
/// at once.
#[must_use]
pub fn gave_way(error: &DbErr) -> bool {
    const DEADLOCK: &str = "40P01";
    const NOT_SERIALIZABLE: &str = "40001";
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| [DEADLOCK, NOT_SERIALIZABLE].contains(&&*code))
}

fn sqlite_options(url: &str, connections: u32, cache_kb: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false)
        // A full disk lets SQLite end a transaction by itself. The connection then takes the next ones for parts of it, and
        // whatever is written through it is gone with the process.
        .map_sqlx_sqlite_pool_opts(|options| {
            options.after_release(|connection, _| {
                Box::pin(async move {
                    // Not before the rollback of a transaction that was dropped.
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
        })
        // The last of these counts, so there is one.
        .map_sqlx_sqlite_opts(move |options| {
            let options = options
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // Whoever needs more asks for `Database::make_durable`.
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(Duration::from_secs(10))
                .foreign_keys(true)
                .pragma("cache_size", format!("-{cache_kb}"))
                .pragma("temp_store", "memory");
            #[cfg(debug_assertions)]
            let options = with_pragmas_of_the_lab(options);
            options
        });
    options
}

/// The fault lab's full disk (`max_page_count=1`) and read-only file (`query_only=on`), which only a debug build obeys.
#[cfg(debug_assertions)]
fn with_pragmas_of_the_lab(options: SqliteConnectOptions) -> SqliteConnectOptions {
    let pragmas = std::env::var("ORDERBRIDGE_SQLITE_PRAGMAS").unwrap_or_default();
    pragmas
        .split(',')
        .filter_map(|pragma| pragma.split_once('='))
        .fold(options, |options, (name, value)| options.pragma(name.to_owned(), value.to_owned()))
}

async fn migrate_postgres(pool: &DatabaseConnection) -> Result<(), DbErr> {
    // The lock belongs to the transaction, so it is given back however this ends.
    let lock = pool.begin().await?;
    lock.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
    Migrator::up(pool, None).await?;
    lock.commit().await
}

#[cfg(test)]
mod tests {
    use clock::SystemClock;
    use sea_orm::Statement;

    use super::*;
    use crate::MasterKey;

    async fn size_of(db: &DatabaseConnection) -> Result<i64, DbErr> {
        let count = Statement::from_string(DbBackend::Sqlite, "SELECT COUNT(*) AS kept FROM filled");
        db.query_one_raw(count).await?.expect("a count is one row").try_get("", "kept")
    }

    #[tokio::test]
    async fn what_is_written_after_the_disk_was_full_stays() {
        let store = test_database::sqlite();
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
        let writer = database.writer();
        writer.execute_unprepared("CREATE TABLE filled (bytes BLOB)").await.unwrap();
        let (full, fill) = ("PRAGMA max_page_count = 1", "INSERT INTO filled VALUES (ZEROBLOB(1000000))");
        writer.execute_unprepared(full).await.unwrap();
        let failed = database.begin().await.unwrap();
        assert!(failed.execute_unprepared(fill).await.is_err());
        drop(failed);

        writer.execute_unprepared("PRAGMA max_page_count = 1000000").await.unwrap();
        let taken_back = database.begin().await.unwrap();
        taken_back.execute_unprepared(fill).await.unwrap();
        drop(taken_back);
        let kept = database.begin().await.unwrap();
        kept.execute_unprepared(fill).await.unwrap();
        kept.commit().await.unwrap();

        assert_eq!(size_of(database.reader()).await.unwrap(), 1, "others see it");
    }
}
