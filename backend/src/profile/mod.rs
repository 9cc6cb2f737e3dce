//! One's own account: one endpoint per file. A key has none.

mod get;
mod password;
mod second_factor;

pub use get::get_profile;
pub use password::change_password;
pub use second_factor::{
    begin_second_factor, confirm_second_factor, make_recovery_codes, remove_second_factor,
};

use actix_web::HttpRequest;
use database::users::{self, UserRecord};
use shared::FieldError;

use crate::app::AppState;
use crate::auth::Person;
use crate::error::ApiError;
use crate::session::address_of;

/// The caller's own record, if the password is the right one; guesses are slowed down as when signing in.
async fn with_password(
    state: &AppState,
    request: &HttpRequest,
    person: &Person,
    pointer: &str,
    password: String,
) -> Result<UserRecord, ApiError> {
    let (address, now) = (address_of(state, request), state.clock().now());
    tokio::time::sleep(state.throttle.attempt(&person.user.email, address, now)?).await;
    let record = users::find(state.database.reader(), person.user.id).await?.ok_or(ApiError::NotFound)?;
    if !state.passwords.verify(password, Some(record.password_hash.clone())).await? {
        return Err(ApiError::Invalid(vec![FieldError::new(pointer, "this is not your password")]));
    }
    state.throttle.succeeded(&person.user.email);
    Ok(record)
}
