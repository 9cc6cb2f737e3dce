use actix_web::post;
use actix_web::web::{Data, Json};
use prestashop::WebserviceKey;
use shared::{CheckOutcome, ConnectionCheck, ConnectionTest, CreateConnection, TikTokCredentials};
use sync::connection_test::{self, ChannelTarget, StoreTarget};
use tiktok_shop::{Secret, ShopAccess};

use super::{authorize, store_address, values};
use crate::app::AppState;
use crate::auth::{ConnectionsWrite, May};
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::{BodyRefusals, Refusals};

/// Test credentials
///
/// As the test of a connection, before there is one. Only reads; an authorization code is not used up.
#[utoipa::path(
    tag = "connections",
    operation_id = "testNewConnection",
    request_body = CreateConnection,
    responses((status = 200, body = ConnectionTest, description = "What was found"), BodyRefusals, Refusals),
    security(("bearer" = ["connections:write"]))
)]
#[post("/connections/test")]
pub async fn test_new_connection(
    state: Data<AppState>,
    caller: May<ConnectionsWrite>,
    body: Body<CreateConnection>,
) -> Result<Json<ConnectionTest>, ApiError> {
    caller.require_all_connections()?;
    let CreateConnection { name, tiktok, store, settings } = body.0;
    ApiError::refuse_values(values::new_connection(&name, &tiktok, &store, &settings))?;
    let url = store_address::check(&state.config, "/store/url", &store.url).await?;
    let (channel, failed) = match channel_of(&state, &tiktok).await {
        Ok(channel) => (channel, None),
        Err(ApiError::Invalid(errors)) => (None, errors.into_iter().next()),
        Err(error) => return Err(error),
    };
    let store = StoreTarget { url, key: WebserviceKey::new(store.webservice_key.trim()), settings };
    let clock = state.database.clock.clone();
    let mut test =
        connection_test::test_connection(&state.engine_settings, clock, channel.as_ref(), &store).await;
    if let Some(failed) = failed {
        let name = "TikTok Shop authorization".to_owned();
        test.checks.insert(0, ConnectionCheck { name, outcome: CheckOutcome::Failed, detail: failed.detail });
        test.passed = false;
    }
    Ok(Json(test))
}

/// The shop of a token pair; an authorization code works only once and is kept for the creation.
async fn channel_of(state: &AppState, tiktok: &TikTokCredentials) -> Result<Option<ChannelTarget>, ApiError> {
    let Some(access_token) = tiktok.access_token.as_deref() else { return Ok(None) };
    let access_token = Secret::new(access_token);
    let (shop, _) = authorize::shop_of(state, tiktok, &access_token).await?;
    let access = ShopAccess { access_token, shop_cipher: shop.cipher };
    Ok(Some(ChannelTarget { app: authorize::app_of(tiktok), access }))
}
