//! The first person: a link that is printed once and works once, as long as there is nobody.

use database::{Database, DbErr, installation, users};

use super::{new_token, token_hash};
use crate::config::Config;

/// The name under which the digest of the link's token is kept.
pub const SETUP_TOKEN: &str = "setup_token";

/// Makes a link that creates the first admin, if there is nobody yet; an earlier link ends.
///
/// # Errors
/// When the database fails.
pub async fn offer_setup(database: &Database, config: &Config) -> Result<Option<String>, DbErr> {
    if users::any(database.reader()).await? {
        return Ok(None);
    }
    let token = new_token();
    installation::put(database.writer(), SETUP_TOKEN, &token_hash(&token)).await?;
    // After the number sign, so that no server and no log ever sees it.
    Ok(Some(format!("{}/setup#token={token}", config.public_origin())))
}
