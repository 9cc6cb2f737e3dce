//! The audit log: what the program tells, and reading it.

pub(crate) mod list;
mod refusals;

pub use list::list_audit_entries;
pub use refusals::RefusalNotes;

use database::audit::Entry;
use database::{DatabaseTransaction, audit};

use crate::app::AppState;
use crate::error::ApiError;

/// Appends an event in the transaction of what it tells, as the last thing there before the commit.
///
/// # Errors
/// When the database fails.
pub async fn tell(state: &AppState, txn: &DatabaseTransaction, entry: Entry<'_>) -> Result<(), ApiError> {
    Ok(audit::append(txn, &state.database.vault, entry, state.clock().now()).await?)
}

/// Appends an event that stands for itself.
///
/// # Errors
/// When the database fails.
pub async fn tell_alone(state: &AppState, entry: Entry<'_>) -> Result<(), ApiError> {
    let txn = state.database.begin().await?;
    tell(state, &txn, entry).await?;
    Ok(txn.commit().await?)
}

/// The parts of a change that were sent, for the log; never their values.
pub fn parts_sent<const N: usize>(parts: [(&str, bool); N]) -> String {
    parts.into_iter().filter(|(_, sent)| *sent).map(|(part, _)| part).collect::<Vec<_>>().join(" ")
}
