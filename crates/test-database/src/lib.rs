#![doc = include_str!("../README.md")]

mod cluster;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use tempfile::TempDir;

use crate::cluster::Server;

/// Connections of one PostgreSQL pool: enough for several workers, few enough for many tests at once.
const POSTGRES_POOL: u32 = 8;

const SQLITE_FILE: &str = "test.sqlite";

/// An empty database that lives as long as this value.
#[derive(Debug)]
pub struct TestDatabase {
    /// `sqlite` or `postgres`, for messages and for what differs.
    pub name: &'static str,
    /// What a program under test is told to connect to.
    pub url: String,
    keeps: Keeps,
}

/// What has to be removed in the end.
#[derive(Debug)]
enum Keeps {
    Folder(TempDir),
    PostgresDatabase { server: &'static Server, database: String },
}

/// One empty database of each kind: SQLite always, PostgreSQL where it is installed.
///
/// # Panics
/// When a database cannot be made, or PostgreSQL is missing while `CI` is set.
pub async fn databases() -> Vec<TestDatabase> {
    let mut databases = vec![sqlite()];
    databases.extend(postgres().await);
    databases
}

/// An empty SQLite database in a temporary file. The file is made on the first connection.
///
/// # Panics
/// When the temporary folder cannot be made.
#[must_use]
pub fn sqlite() -> TestDatabase {
    let folder = tempfile::Builder::new().prefix("orderbridge-test-").tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join(SQLITE_FILE).display());
    TestDatabase { name: "sqlite", url, keeps: Keeps::Folder(folder) }
}

/// An empty PostgreSQL database; `None`, with a message, where there is no PostgreSQL.
///
/// # Panics
/// When the server cannot be started, or is missing while `CI` is set.
pub async fn postgres() -> Option<TestDatabase> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let server = cluster::server()?;
    let database =
        format!("orderbridge_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    execute(server, &format!("CREATE DATABASE {database}"))
        .await
        .expect("the server allows to create databases");
    let url = server.url_of(&database);
    Some(TestDatabase { name: "postgres", url, keeps: Keeps::PostgresDatabase { server, database } })
}

impl TestDatabase {
    /// Opens the connection that writes: one for SQLite, a pool for PostgreSQL.
    ///
    /// # Panics
    /// When the database cannot be opened.
    pub async fn connect(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(self.url.as_str());
        options.sqlx_logging(false).acquire_timeout(Duration::from_secs(30));
        match &self.keeps {
            Keeps::Folder(_) => {
                options.max_connections(1).map_sqlx_sqlite_opts(|sqlite| {
                    sqlite
                        .journal_mode(SqliteJournalMode::Wal)
                        .synchronous(SqliteSynchronous::Normal)
                        .busy_timeout(Duration::from_secs(5))
                        .foreign_keys(true)
                });
            }
            Keeps::PostgresDatabase { .. } => {
                options.max_connections(POSTGRES_POOL);
            }
        }
        Database::connect(options).await.expect("a database that was just made can be opened")
    }

    /// The file of an SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        match &self.keeps {
            Keeps::Folder(folder) => Some(folder.path().join(SQLITE_FILE)),
            Keeps::PostgresDatabase { .. } => None,
        }
    }

    /// Restarts the PostgreSQL server of this process, and with it every database that this process has made there;
    /// `false` when there is none that may be restarted.
    ///
    /// # Panics
    /// When it does not start again.
    #[must_use]
    pub fn restart_server(&self, restart: Restart) -> bool {
        let Keeps::PostgresDatabase { server, .. } = &self.keeps else { return false };
        server.restart(match restart {
            Restart::Fast => "fast",
            Restart::Immediate => "immediate",
        })
    }
}

/// How a PostgreSQL server is restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// All sessions are ended, as an administrator does it.
    Fast,
    /// As after a power cut.
    Immediate,
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Keeps::PostgresDatabase { server, database } = &self.keeps else { return };
        if server.ends_with_this_process() {
            return;
        }
        // A drop may happen inside a runtime, which must not be blocked on itself: hence a thread with its own.
        let (server, statement) = (*server, format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"));
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(execute(server, &statement)))
        });
        if !matches!(dropped.join(), Ok(Ok(Ok(())))) {
            eprintln!("test-database: cannot drop {database}");
        }
    }
}

async fn execute(server: &Server, statement: &str) -> Result<(), DbErr> {
    let mut options = ConnectOptions::new(server.url_of("postgres"));
    options.sqlx_logging(false).max_connections(1);
    let connection = Database::connect(options).await?;
    connection.execute_unprepared(statement).await?;
    connection.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_database_is_empty_and_its_own() {
        for _ in 0..2 {
            for database in databases().await {
                let connection = database.connect().await;

                connection.execute_unprepared("CREATE TABLE t (id INTEGER)").await.unwrap();
                connection.execute_unprepared("INSERT INTO t VALUES (1)").await.unwrap();

                connection.close().await.unwrap();
            }
        }
    }
}
