use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// A tool that goes on asking is told of once in this time.
const TOLD_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Beyond this many, all are told anew.
const MAX_REMEMBERED: usize = 10_000;

/// Which refusals were told a moment ago, so that a tool that goes on asking does not fill the log.
#[derive(Debug, Default)]
pub struct RefusalNotes {
    told: Mutex<HashMap<(String, String), DateTime<Utc>>>,
}

impl RefusalNotes {
    /// Whether a refusal of this caller at this address is still to be told.
    pub fn is_new(&self, actor: &str, address: &str, now: DateTime<Utc>) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MAX_REMEMBERED {
            told.clear();
        }
        let last = told.entry((actor.to_owned(), address.to_owned())).or_insert(DateTime::<Utc>::MIN_UTC);
        let is_new = now - *last >= TOLD_EVERY;
        if is_new {
            *last = now;
        }
        is_new
    }
}
