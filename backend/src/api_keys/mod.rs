//! API keys: one endpoint per file. People see their own keys; whoever manages people sees all.

mod create;
mod get;
mod list;
mod revoke;
mod update;

pub use create::create_api_key;
pub use get::get_api_key;
pub use list::list_api_keys;
pub use revoke::revoke_api_key;
pub use update::update_api_key;

use chrono::{DateTime, TimeDelta, Utc};
use database::{ConnectionTrait, api_keys};
use shared::{ApiKey, ApiKeyId, FieldError, Scope, UserId};

use crate::auth::{Caller, Credential};
use crate::error::ApiError;

const LONGEST_NAME: usize = 100;
/// Keys are renewed at least once a year.
const LONGEST_LIFE: TimeDelta = TimeDelta::days(366);

/// Whose keys the caller may see; `None` means everybody's.
fn whose(caller: &Caller) -> Option<UserId> {
    (!caller.may(Scope::UsersRead)).then_some(caller.user.id)
}

async fn find(db: &impl ConnectionTrait, caller: &Caller, id: ApiKeyId) -> Result<ApiKey, ApiError> {
    api_keys::find(db, id, whose(caller)).await?.ok_or(ApiError::NotFound)
}

/// What is wrong with the values of a key, if anything.
fn errors_of(key: &ApiKey, caller: &Caller, now: DateTime<Utc>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !(1..=LONGEST_NAME).contains(&key.name.chars().count()) || key.name.chars().any(char::is_control) {
        errors.push(FieldError::new("/name", format!("1 to {LONGEST_NAME} characters in one line")));
    }
    if key.scopes.is_empty() {
        errors.push(FieldError::new("/scopes", "at least one scope is needed"));
    }
    for (index, scope) in key.scopes.iter().enumerate() {
        let pointer = format!("/scopes/{index}");
        if !caller.may(*scope) {
            errors.push(FieldError::new(pointer, format!("you do not have {scope} yourself")));
        } else if key.connections.is_some() && !scope.is_of_connections() {
            let detail =
                format!("{scope} is not about connections, so a key that is limited to some cannot carry it");
            errors.push(FieldError::new(pointer, detail));
        }
    }
    if key.expires_at <= now {
        errors.push(FieldError::new("/expires_at", "must lie in the future"));
    } else if key.expires_at > now + LONGEST_LIFE {
        errors.push(FieldError::new("/expires_at", "at most a year ahead"));
    } else if let Credential::Key { expires_at, .. } = caller.credential
        && key.expires_at > expires_at
    {
        errors.push(FieldError::new("/expires_at", "a key cannot make one that outlives it"));
    }
    errors
}

fn check(key: &ApiKey, caller: &Caller, now: DateTime<Utc>) -> Result<(), ApiError> {
    let errors = errors_of(key, caller, now);
    ApiError::refuse_values(errors)
}

/// Scopes in the order of the table, each once.
fn in_order(mut scopes: Vec<Scope>) -> Vec<Scope> {
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

fn joined(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}
