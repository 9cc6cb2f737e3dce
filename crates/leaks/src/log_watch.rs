use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::EnvFilter;

use crate::Leaks;

/// All that the program can say about its own work; the simulators are not the program.
const EVERYTHING: &str = "info,backend=trace,sync=trace,database=trace,tiktok_shop=trace,prestashop=trace,job_queue=trace,\
    outgoing_webhooks=trace,sqlx=warn,sandbox=off";

static LINES: AtomicUsize = AtomicUsize::new(0);
static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Sees what this process logs. It fails when it goes away and a secret or a buyer stood there, whichever test of the process
/// has logged it, and when nothing at all came by: then nothing was searched.
#[derive(Debug)]
#[must_use]
pub struct LogWatch(());

impl LogWatch {
    /// Begins to watch, unless somebody else of the process has begun.
    pub fn begin() -> Self {
        static BEGUN: OnceLock<bool> = OnceLock::new();
        let is_watched = BEGUN.get_or_init(|| {
            let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(EVERYTHING)).with_ansi(false);
            log.with_writer(|| Searcher).try_init().is_ok()
        });
        assert!(is_watched, "the log of this process goes elsewhere");
        Self(())
    }
}

impl Drop for LogWatch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert!(LINES.load(Ordering::Relaxed) > 0, "nothing was logged, so nothing was searched");
        let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(found.is_empty(), "secrets or buyers' data in the log:\n{}", found.join("\n"));
    }
}

/// Takes one event at a time.
struct Searcher;

impl Write for Searcher {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        LINES.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(event);
        if let Some(leaks) = Some(Leaks::of(&text)).filter(|leaks| !leaks.is_empty()) {
            let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
            // Enough to see where it comes from.
            found.push(format!("{leaks} in: {}", text.chars().take(300).collect::<String>()));
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_searched() {
        let watch = LogWatch::begin();
        tracing::debug!(target: "backend", order = 7, "shipped");
        drop(watch);

        let watch = LogWatch::begin();
        tracing::trace!(target: "sync", "signed with {}", "whsec_abcdefghijklmnopqrstuvwx");
        let failed = std::panic::catch_unwind(|| drop(watch));

        let message = failed.unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains("signed with") && message.contains("whsec_"), "{message}");
        FOUND.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
