//! The people of the installation: one endpoint per file. Nobody gives or takes rights beyond the own ones.

mod assignees;
mod end_sessions;
mod get;
mod list;
mod remove;
mod sessions;
mod update;

pub use assignees::list_assignees;
pub use end_sessions::end_user_sessions;
pub use get::get_user;
pub use list::list_users;
pub use remove::remove_user;
pub use sessions::list_user_sessions;
pub use update::update_user;

use database::{ConnectionTrait, users};
use shared::{UserAccount, UserId};

use crate::app::AppState;
use crate::error::ApiError;

async fn find(db: &impl ConnectionTrait, id: UserId) -> Result<UserAccount, ApiError> {
    Ok(users::find(db, id).await?.ok_or(ApiError::NotFound)?.account())
}

/// Refuses to leave the installation without somebody who can manage it.
async fn check_not_last_admin(db: &impl ConnectionTrait, id: UserId) -> Result<(), ApiError> {
    if users::is_another_admin(db, id).await? {
        return Ok(());
    }
    Err(ApiError::Conflict {
        code: "last_admin",
        detail: "This is the last admin; make somebody else an admin first.".to_owned(),
    })
}

/// What was remembered of a person does not hold any more.
fn forget(state: &AppState, id: UserId) {
    state.live_sessions.forget_user(id);
    state.live_keys.forget_user(id);
}
