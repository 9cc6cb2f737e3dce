//! Power cuts: of an SQLite database nothing is left but what orderbridge has seen to the disk before it did or promised
//! anything on the strength of it. PostgreSQL sees to that by itself.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::disturbance::END_POISON;

/// Where a debug build of orderbridge keeps a copy instead; see `crates/database`.
pub(super) const VARIABLE: &str = "ORDERBRIDGE_LAB_DISK";

/// The database of processes that lose their power whenever they end.
pub(super) struct PowerCuts {
    file: PathBuf,
    /// What was last seen to the disk.
    pub copy: PathBuf,
}

impl PowerCuts {
    pub(super) fn new(file: &Path, folder: &Path) -> Self {
        Self { file: file.to_owned(), copy: folder.join("on-the-disk.sqlite") }
    }

    /// To be called while no process has the database open; `session` is the only one of the lab itself.
    pub(super) async fn strike(&self, session: &DatabaseConnection) -> Result<()> {
        session.get_sqlite_connection_pool().acquire().await?.close().await?;
        for suffix in ["-wal", "-shm"] {
            let mut beside = self.file.as_os_str().to_owned();
            beside.push(suffix);
            if let Err(error) = fs::remove_file(beside)
                && error.kind() != ErrorKind::NotFound
            {
                return Err(error.into());
            }
        }
        fs::copy(&self.copy, &self.file)?;
        // A copy may have been made while the lab kept an order from being written, and nobody would end that again.
        session.execute_unprepared(END_POISON).await?;
        Ok(())
    }
}
