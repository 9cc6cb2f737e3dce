//! Which sessions and keys are good, remembered for a moment, so that not every request asks the database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use database::api_keys::{self, LiveKey};
use database::users::UserRecord;
use database::{Database, sessions};
use shared::{ApiKeyId, UserId};

use crate::error::ApiError;

/// For this long a session or key is taken to be good after it was looked up; other processes notice its end this late.
const LOOKED_UP_FOR: TimeDelta = TimeDelta::seconds(10);
/// Beyond this many, all are looked up anew.
const MAX_REMEMBERED: usize = 10_000;

/// Things by name, each with the time when it was looked up.
#[derive(Debug)]
struct Remembered<T> {
    by_name: Mutex<HashMap<String, (T, DateTime<Utc>)>>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { by_name: Mutex::default() }
    }
}

impl<T: Clone> Remembered<T> {
    fn get(&self, name: &str, now: DateTime<Utc>) -> Option<T> {
        let by_name = self.lock();
        let (value, looked_up_at) = by_name.get(name)?;
        ((now - *looked_up_at).abs() < LOOKED_UP_FOR).then(|| value.clone())
    }

    fn put(&self, name: String, value: T, now: DateTime<Utc>) {
        let mut by_name = self.lock();
        if by_name.len() >= MAX_REMEMBERED {
            by_name.clear();
        }
        by_name.insert(name, (value, now));
    }

    fn forget_if(&self, is_meant: impl Fn(&str, &T) -> bool) {
        self.lock().retain(|name, (value, _)| !is_meant(name, value));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (T, DateTime<Utc>)>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose sessions are live.
#[derive(Debug, Default)]
pub struct LiveSessions(Remembered<UserRecord>);

impl LiveSessions {
    /// Whose session this is, if it has not been ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owner_of(
        &self,
        database: &Database,
        session: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<UserRecord>, ApiError> {
        if let Some(owner) = self.0.get(session, now) {
            return Ok(Some(owner));
        }
        let owner = sessions::user_of_family(database.reader(), session).await?;
        if let Some(owner) = &owner {
            self.0.put(session.to_owned(), owner.clone(), now);
        }
        Ok(owner)
    }

    /// Notes that a session has ended.
    pub fn forget(&self, session: &str) {
        self.0.forget_if(|name, _| name == session);
    }

    /// Notes that a person has changed, or that some of the person's sessions have ended.
    pub fn forget_user(&self, id: UserId) {
        self.0.forget_if(|_, owner| owner.user.id == id);
    }
}

/// Which API keys are good, by their digests.
#[derive(Debug, Default)]
pub struct LiveKeys(Remembered<LiveKey>);

impl LiveKeys {
    /// What the key with this digest is good for, if it is good now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(
        &self,
        database: &Database,
        digest: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<LiveKey>, ApiError> {
        if let Some(key) = self.0.get(digest, now) {
            return Ok(Some(key).filter(|key| now < key.expires_at));
        }
        let key = api_keys::find_live(database.reader(), digest, now).await?;
        if let Some(key) = &key {
            self.0.put(digest.to_owned(), key.clone(), now);
        }
        Ok(key)
    }

    /// Notes when a key was used, for no longer than it is remembered anyway.
    pub fn used(&self, digest: &str, now: DateTime<Utc>) {
        if let Some((key, _)) = self.0.lock().get_mut(digest) {
            key.last_used_at = Some(now);
        }
    }

    /// Notes that a key was changed or revoked.
    pub fn forget(&self, id: ApiKeyId) {
        self.0.forget_if(|_, key| key.id == id);
    }

    /// Notes that a person has changed.
    pub fn forget_user(&self, id: UserId) {
        self.0.forget_if(|_, key| key.owner.id == id);
    }
}
