//! Which shop some credentials are for. One of the few places where a handler asks TikTok Shop: before a connection
//! exists, there is nothing that a job could hang on.

use chrono::TimeDelta;
use database::connections::{self, Tokens};
use database::{DatabaseTransaction, DbErr, events};
use shared::{ConnectionState, EventKind, FieldError, TikTokCredentials};
use sync::jobs;
use tiktok_shop::{AppCredentials, AuthorizedShop, Client, Error, Secret, TokenClient};

use crate::app::AppState;
use crate::error::ApiError;

/// A token pair that was typed in does not say when it ends, so the first job renews it and learns the truth. Until then
/// the grant is taken to last this long.
const UNKNOWN_GRANT: TimeDelta = TimeDelta::days(365);

/// A shop that lets us in.
pub(super) struct Authorized {
    pub shop: AuthorizedShop,
    /// The seller's other shops that the same tokens are for.
    pub others: Vec<AuthorizedShop>,
    pub tokens: Tokens,
}

/// Exchanges an authorization code, or takes the token pair, and finds the shop that it is for.
pub(super) async fn authorize(state: &AppState, tiktok: &TikTokCredentials) -> Result<Authorized, ApiError> {
    let now = state.clock().now();
    let exchanged = tiktok.auth_code.as_ref().and_then(|_| state.exchanged_codes.take(tiktok, now));
    let tokens = if let Some(tokens) = exchanged {
        tokens
    } else if let Some(code) = &tiktok.auth_code {
        let client =
            TokenClient::new(state.tiktok_http.clone(), state.config.tiktok_auth_url.clone(), app_of(tiktok));
        let pair =
            client.get(&Secret::new(code)).await.map_err(|error| refusal("/tiktok/auth_code", &error))?;
        Tokens {
            access_token: pair.access_token.expose().to_owned(),
            access_token_expires_at: pair.access_token_expires_at,
            refresh_token: pair.refresh_token.expose().to_owned(),
            refresh_token_expires_at: pair.refresh_token_expires_at,
        }
    } else {
        Tokens {
            access_token: tiktok.access_token.clone().unwrap_or_default(),
            access_token_expires_at: now,
            refresh_token: tiktok.refresh_token.clone().unwrap_or_default(),
            refresh_token_expires_at: now + UNKNOWN_GRANT,
        }
    };
    match shop_of(state, tiktok, &Secret::new(&tokens.access_token)).await {
        Ok((shop, others)) => Ok(Authorized { shop, others, tokens }),
        Err(error) => {
            // Whoever corrects the shop sends the code once more, and TikTok Shop would not take it again.
            if tiktok.auth_code.is_some() {
                state.exchanged_codes.keep(tiktok, tokens, now);
            }
            Err(error)
        }
    }
}

/// Gives the tokens of a new authorization to the connections of the seller's other shops, too: the pair that they had may
/// have ended with it.
pub(super) async fn share(
    state: &AppState,
    txn: &DatabaseTransaction,
    app_key: &str,
    others: &[AuthorizedShop],
    tokens: &Tokens,
) -> Result<(), DbErr> {
    if others.is_empty() {
        return Ok(());
    }
    let now = state.clock().now();
    let vault = &state.database.vault;
    for mut connection in connections::of_app(txn, vault, app_key).await? {
        let Some(shop) = others.iter().find(|shop| shop.id == connection.shop_id) else { continue };
        connections::replace_tokens(txn, vault, &connection, tokens).await?;
        connection.shop_cipher.clone_from(&shop.cipher);
        if connection.state == ConnectionState::Unauthorized {
            connection.state = ConnectionState::Active;
        }
        connections::update(txn, vault, &connection, now).await?;
        jobs::connection_changed(txn, connection.id, now).await?;
        events::record(txn, EventKind::ConnectionUpdated, connection.id, None, now).await?;
    }
    Ok(())
}

/// The app of some credentials.
pub(super) fn app_of(tiktok: &TikTokCredentials) -> AppCredentials {
    AppCredentials { app_key: tiktok.app_key.clone(), app_secret: Secret::new(&tiktok.app_secret) }
}

/// The shop that is meant, of those that an access token is for, and the others.
pub(super) async fn shop_of(
    state: &AppState,
    tiktok: &TikTokCredentials,
    access_token: &Secret,
) -> Result<(AuthorizedShop, Vec<AuthorizedShop>), ApiError> {
    let client = Client::new(
        state.tiktok_http.clone(),
        state.config.tiktok_api_url.clone(),
        app_of(tiktok),
        state.database.clock.clone(),
    );
    let shops = client.authorized_shops(access_token).await.map_err(|error| refusal("/tiktok", &error))?;
    choose(shops, tiktok.shop_id.as_deref())
        .map_err(|detail| ApiError::Invalid(vec![FieldError::new("/tiktok/shop_id", detail)]))
}

fn choose(
    shops: Vec<AuthorizedShop>,
    shop_id: Option<&str>,
) -> Result<(AuthorizedShop, Vec<AuthorizedShop>), String> {
    let names: Vec<_> =
        shops.iter().map(|shop| format!("{} ({})", shop.id, shop.name.as_deref().unwrap_or("?"))).collect();
    let (mut meant, others): (Vec<_>, Vec<_>) =
        shops.into_iter().partition(|shop| shop_id.is_none_or(|id| id == shop.id.as_str()));
    match (meant.pop(), meant.is_empty()) {
        (Some(shop), true) => Ok((shop, others)),
        (Some(_), false) => {
            Err(format!("the authorization is for several shops; choose one of {}", names.join(", ")))
        }
        (None, _) if names.is_empty() => Err("the authorization is for no shop".to_owned()),
        (None, _) => Err(format!("the authorization is not for this shop, but for {}", names.join(", "))),
    }
}

/// What the person who typed the credentials can do about a refusal.
fn refusal(pointer: &str, error: &Error) -> ApiError {
    let (pointer, detail) = match error {
        Error::TokenExpired { .. } => (
            "/tiktok/access_token",
            "TikTok Shop does not accept the access token; authorize the app again".to_owned(),
        ),
        Error::Misconfigured { .. } => {
            ("/tiktok/app_secret", format!("TikTok Shop refuses app key or app secret: {error}"))
        }
        Error::RateLimited { .. } | Error::Transient { .. } | Error::Unreachable { .. } => {
            (pointer, format!("TikTok Shop does not answer now; try again in a moment ({error})"))
        }
        other => (pointer, other.to_string()),
    };
    ApiError::Invalid(vec![FieldError::new(pointer, detail)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(id: &str) -> AuthorizedShop {
        AuthorizedShop {
            id: id.to_owned(),
            cipher: format!("cipher of {id}"),
            name: None,
            code: None,
            region: None,
            seller_type: None,
        }
    }

    #[test]
    fn the_only_shop_needs_no_name() {
        assert_eq!(choose(vec![shop("1")], None).unwrap(), (shop("1"), vec![]));
        assert_eq!(choose(vec![shop("1"), shop("2")], Some("2")).unwrap(), (shop("2"), vec![shop("1")]));
        assert!(choose(vec![shop("1"), shop("2")], None).unwrap_err().contains("several"));
        assert!(choose(vec![shop("1")], Some("2")).unwrap_err().contains("not for this shop"));
        assert!(choose(vec![], None).unwrap_err().contains("no shop"));
    }
}
