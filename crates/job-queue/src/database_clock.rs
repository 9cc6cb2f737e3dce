//! The clock that all processes on one database share. Leases are measured on it, for the processes' own clocks differ.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use crate::table::{statement, time_of};

/// SQL for the database's time when the statement began, in unix milliseconds.
///
/// The beginning, not this instant: a statement that waited for a lock finds a lease rather still held than run out, and
/// makes one rather too short than longer than its holder knows. On SQLite all processes share a machine, so its clock
/// is the database's.
#[must_use]
pub fn database_now(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)",
        _ => "CAST(ROUND(unixepoch('now', 'subsec') * 1000) AS BIGINT)",
    }
}

/// The database's time.
pub async fn database_time(db: &impl ConnectionTrait) -> Result<DateTime<Utc>, DbErr> {
    let sql = format!("SELECT {} AS now", database_now(db.get_database_backend()));
    let row = db.query_one_raw(statement(db, sql, [])).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the database did not tell its time".to_owned()))?;
    time_of(row.try_get("", "now")?)
}
