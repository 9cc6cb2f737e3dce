//! What outlives a power cut.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use sea_orm::{DbBackend, DbErr};

use crate::Database;

/// SQLite's name for the log beside its file.
const LOG_SUFFIX: &str = "-wal";

impl Database {
    /// Waits until everything that was committed is on the disk, for whoever is about to do, or to promise, what must not be
    /// forgotten. PostgreSQL commits nothing before that; of SQLite's commits the last seconds are in the operating system's
    /// memory alone, because there is one writer, and if each commit waited for the disk, everything would wait for it.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn make_durable(&self) -> Result<(), DbErr> {
        if self.backend() != DbBackend::Sqlite {
            return Ok(());
        }
        #[cfg(debug_assertions)]
        if lab::keep_copy(self).await? {
            return Ok(());
        }
        let pool = self.writer().get_sqlite_connection_pool();
        let mut log = pool.connect_options().get_filename().as_os_str().to_owned();
        log.push(LOG_SUFFIX);
        let written = tokio::task::spawn_blocking(move || write_to_disk(&PathBuf::from(log))).await;
        let written = written.unwrap_or_else(|error| Err(io::Error::other(error)));
        written.map_err(|error| DbErr::Custom(format!("the disk does not keep what is written: {error}")))
    }
}

/// Without a log everything is in the file itself, where SQLite put it with care.
fn write_to_disk(log: &Path) -> io::Result<()> {
    match File::options().write(true).open(log) {
        Ok(file) => file.sync_data()?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    // That the log is there at all is written in its folder.
    #[cfg(unix)]
    if let Some(folder) = log.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_data()?;
    }
    Ok(())
}

/// The fault lab's disk: a power cut leaves the last copy that was made.
#[cfg(debug_assertions)]
mod lab {
    use std::fs;
    use std::path::PathBuf;

    use sea_orm::{ConnectionTrait, DbErr};
    use tokio::sync::Mutex;

    use crate::Database;

    /// Where the copy is kept.
    const VARIABLE: &str = "ORDERBRIDGE_LAB_DISK";

    /// An older copy never takes the place of a newer one.
    static TURN: Mutex<()> = Mutex::const_new(());

    pub(super) async fn keep_copy(database: &Database) -> Result<bool, DbErr> {
        let Some(copy) = std::env::var_os(VARIABLE).map(PathBuf::from) else { return Ok(false) };
        let failed = |error| DbErr::Custom(format!("the copy cannot be kept: {error}"));
        let _turn = TURN.lock().await;
        let new = copy.with_extension("new");
        drop(fs::remove_file(&new));
        let sql = format!("VACUUM INTO '{}'", new.display());
        database.reader().execute_unprepared(&sql).await?;
        fs::rename(&new, &copy).map_err(failed)?;
        Ok(true)
    }
}
