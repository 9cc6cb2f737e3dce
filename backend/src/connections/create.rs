use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::audit::Entry;
use database::connections::{self, NewConnection};
use database::events;
use sea_orm::SqlErr;
use shared::{AuditEvent, Connection, CreateConnection, EventKind};
use sync::jobs;
use tiktok_shop::AuthorizedShop;

use super::{authorize, current, require_only_one, store_address, values};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{ConnectionsWrite, May};
use crate::error::ApiError;
use crate::idempotency::{Done, OnceIfNamed, kept};
use crate::item::{Located, changed};
use crate::openapi::{BodyRefusals, KeyRefusals, OptionalIdempotencyKey, Refusals};

/// Create a connection
///
/// Binds a TikTok shop to a PrestaShop shop. TikTok Shop is asked which shops the access is for; orders then arrive by
/// themselves.
#[utoipa::path(
    tag = "connections",
    operation_id = "createConnection",
    params(OptionalIdempotencyKey),
    request_body = CreateConnection,
    responses(
        (
            status = 201, body = Connection, description = "The new connection",
            headers(
                ("ETag" = String, description = "The version that a change must name; a repeated answer leaves it out"),
                ("Idempotent-Replayed" = bool, description = "That an earlier request with the key was answered so")
            )
        ),
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["connections:write"]))
)]
#[post("/connections")]
pub async fn create_connection(
    state: Data<AppState>,
    caller: May<ConnectionsWrite>,
    request: OnceIfNamed<CreateConnection>,
) -> Result<HttpResponse, ApiError> {
    let OnceIfNamed { body, named } = request;
    caller.require_all_connections()?;
    let prepare = async || authorized(&state, body).await;
    let work = async |txn: &_, (new, others): (NewConnection, Vec<AuthorizedShop>)| {
        let now = state.clock().now();
        let uid = uuid::Uuid::new_v4().to_string();
        let (app_key, tokens) = (new.app_key.clone(), new.tokens.clone());
        let (shop_id, store_url) = (new.shop_id.clone(), new.store_url.clone());
        let created = connections::create(txn, &state.database.vault, &uid, new, now).await;
        let id = created.map_err(|error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => ApiError::Conflict {
                code: "already_connected",
                detail: "This TikTok shop is connected already; change that connection instead.".to_owned(),
            },
            _ => error.into(),
        })?;
        require_only_one(&state, txn, &caller, id, &shop_id, &store_url).await?;
        jobs::enqueue_periodic(txn, id, now).await?;
        authorize::share(&state, txn, &app_key, &others, &tokens).await?;
        events::record(txn, EventKind::ConnectionUpdated, id, None, now).await?;
        let connection = current(&state, txn, id).await?;
        let entry = Entry::new(AuditEvent::ConnectionCreated, caller.actor()).about("connection", id);
        tell(&state, txn, entry).await?;
        let mut response = changed(StatusCode::CREATED, connection.version, &connection)?;
        let location = HeaderValue::try_from(connection.location()).map_err(ApiError::internal)?;
        response.headers_mut().insert(LOCATION, location);
        Ok(Done { response, kept: kept(StatusCode::CREATED, &connection)? })
    };
    named.answer_prepared(&state, &caller, prepare, work).await
}

/// The connection that is to be, once both sides have answered, and the shops that its tokens are for besides.
async fn authorized(
    state: &AppState,
    body: CreateConnection,
) -> Result<(NewConnection, Vec<AuthorizedShop>), ApiError> {
    let CreateConnection { name, tiktok, store, settings } = body;
    ApiError::refuse_values(values::new_connection(&name, &tiktok, &store, &settings))?;
    let store_url = store_address::check(&state.config, "/store/url", &store.url).await?;
    let authorized = authorize::authorize(state, &tiktok).await?;
    let connection = NewConnection {
        name: name.trim().to_owned(),
        app_key: tiktok.app_key,
        app_secret: tiktok.app_secret,
        shop_id: authorized.shop.id,
        shop_name: authorized.shop.name,
        shop_cipher: authorized.shop.cipher,
        region: authorized.shop.region,
        tokens: authorized.tokens,
        store_url: store_url.to_string(),
        webservice_key: store.webservice_key.trim().to_owned(),
        settings,
    };
    Ok((connection, authorized.others))
}
