//! What a database does wrong while everything else goes on.

use std::time::Duration;

use anyhow::Result;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use test_database::{Restart, TestDatabase};

use super::crash_walk::CrashWalk;
use crate::whole_run::Run;

/// Pragmas that a debug build of orderbridge sets on SQLite; see `crates/database`.
const PRAGMAS: &str = "ORDERBRIDGE_SQLITE_PRAGMAS";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DatabaseFault {
    /// Somebody else keeps the write lock.
    Locked,
    /// No page more fits on the disk.
    Full,
    ReadOnly,
    /// All sessions are ended.
    SessionsEnded,
    Restarted(Restart),
}

const OF_SQLITE: [DatabaseFault; 3] = [DatabaseFault::Locked, DatabaseFault::Full, DatabaseFault::ReadOnly];
const OF_POSTGRES: [DatabaseFault; 6] = [
    DatabaseFault::Locked,
    DatabaseFault::Full,
    DatabaseFault::ReadOnly,
    DatabaseFault::SessionsEnded,
    DatabaseFault::Restarted(Restart::Fast),
    DatabaseFault::Restarted(Restart::Immediate),
];

impl DatabaseFault {
    pub(super) fn draw(database: &TestDatabase, random: &mut StdRng) -> Self {
        let all: &[Self] = if database.name == "postgres" { &OF_POSTGRES } else { &OF_SQLITE };
        *all.choose(random).expect("the list is not empty")
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Locked => "database_locked",
            Self::Full => "database_full",
            Self::ReadOnly => "database_read_only",
            Self::SessionsEnded => "database_sessions_ended",
            Self::Restarted(Restart::Fast) => "database_restarted",
            Self::Restarted(Restart::Immediate) => "database_crashed",
        }
    }

    pub(super) async fn strike(
        self,
        database: &TestDatabase,
        run: &mut Run,
        walk: &mut CrashWalk,
        random: &mut StdRng,
    ) -> Result<()> {
        let pause = Duration::from_millis(random.random_range(500..4_000));
        let postgres = database.name == "postgres";
        match self {
            Self::Locked => {
                // One table, for whoever holds one and waits for the other could be waited for.
                let (begin, lock) = match (postgres, random.random_bool(0.5)) {
                    (true, true) => ("BEGIN", "LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE"),
                    (true, false) => ("BEGIN", "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"),
                    (false, _) => ("BEGIN IMMEDIATE", "SELECT 1"),
                };
                let connection = one_session(database).await?;
                // Where the lock is not to be had, others are busy enough.
                if connection.execute_unprepared(begin).await.is_ok() {
                    drop(connection.execute_unprepared(lock).await);
                    // Now and then for longer than a writer waits.
                    let longer =
                        if random.random_bool(0.2) { Duration::from_secs(8) } else { Duration::ZERO };
                    tokio::time::sleep(pause + longer).await;
                    drop(connection.execute_unprepared("ROLLBACK").await);
                }
                connection.close().await?;
            }
            Self::Full if postgres => fill_up(database, pause).await?,
            Self::Full => with_pragma("max_page_count=1", run, walk, pause).await?,
            Self::ReadOnly if postgres => {
                set_read_only(database, true).await?;
                tokio::time::sleep(pause).await;
                set_read_only(database, false).await?;
            }
            Self::ReadOnly => with_pragma("query_only=on", run, walk, pause).await?,
            Self::SessionsEnded => {
                let connection = one_session(database).await?;
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                           WHERE datname = current_database() AND pid <> pg_backend_pid()";
                connection.execute_unprepared(end).await?;
                connection.close().await?;
            }
            Self::Restarted(how) => drop(database.restart_server(how)),
        }
        Ok(())
    }
}

/// Lets the first process run so for a while. It may not even start.
async fn with_pragma(pragma: &str, run: &mut Run, walk: &mut CrashWalk, pause: Duration) -> Result<()> {
    let process = &mut run.processes[0];
    process.kill()?;
    process.set_variable(PRAGMAS, Some(pragma.to_owned()));
    if process.start_again().await.is_ok() {
        tokio::time::sleep(pause).await;
    }
    process.kill()?;
    process.set_variable(PRAGMAS, None);
    walk.start(process).await
}

/// For a while the server says of every row that it shall write what it says when its disk is full.
async fn fill_up(database: &TestDatabase, pause: Duration) -> Result<()> {
    let connection = one_session(database).await?;
    let full = "CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
                END $$";
    connection.execute_unprepared(full).await?;
    let sql = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()";
    let tables = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let tables: Vec<String> =
        tables.iter().map(|row| row.try_get("", "tablename")).collect::<Result<_, _>>()?;
    // One by one, for each has to wait until nobody writes to the table.
    for table in &tables {
        let begin = format!(
            "CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION disk_full()"
        );
        connection.execute_unprepared(&begin).await?;
    }
    tokio::time::sleep(pause).await;
    for table in &tables {
        connection.execute_unprepared(&format!("DROP TRIGGER disk_full ON {table}")).await?;
    }
    connection.close().await?;
    Ok(())
}

/// For every session of the server, those that run included.
async fn set_read_only(database: &TestDatabase, on: bool) -> Result<()> {
    let connection = one_session(database).await?;
    let set =
        if on { "SET default_transaction_read_only = on" } else { "RESET default_transaction_read_only" };
    connection.execute_unprepared(&format!("ALTER SYSTEM {set}")).await?;
    connection.execute_unprepared("SELECT pg_reload_conf()").await?;
    connection.close().await?;
    Ok(())
}

async fn one_session(database: &TestDatabase) -> Result<sea_orm::DatabaseConnection> {
    let mut options = sea_orm::ConnectOptions::new(database.url.as_str());
    options.sqlx_logging(false).max_connections(1).acquire_timeout(Duration::from_secs(20));
    Ok(sea_orm::Database::connect(options).await?)
}
