use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::audit::Entry;
use database::connections::{self, NewConnection};
use database::events;
use sea_orm::SqlErr;
use shared::{AuditEvent, Connection, CreateConnection, EventKind};
use sync::jobs;

use super::{answer, authorize, store_address, values};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{ConnectionsWrite, May};
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::{BodyRefusals, NotNow, Refusals};

/// Create a connection
///
/// Binds a TikTok shop to a PrestaShop shop. TikTok Shop is asked which shops the access is for; orders then arrive by
/// themselves.
#[utoipa::path(
    tag = "connections",
    operation_id = "createConnection",
    request_body = CreateConnection,
    responses(
        (status = 201, body = Connection, description = "The new connection", headers(("ETag" = String))),
        NotNow,
        BodyRefusals,
        Refusals
    ),
    security(("bearer" = ["connections:write"]))
)]
#[post("/connections")]
pub async fn create_connection(
    state: Data<AppState>,
    caller: May<ConnectionsWrite>,
    body: Body<CreateConnection>,
) -> Result<HttpResponse, ApiError> {
    caller.require_all_connections()?;
    let CreateConnection { name, tiktok, store, settings } = body.0;
    ApiError::refuse_values(values::new_connection(&name, &tiktok, &store, &settings))?;
    let store_url = store_address::check(&state.config, "/store/url", &store.url).await?;
    let authorized = authorize::authorize(&state, &tiktok).await?;

    let now = state.clock().now();
    let new = NewConnection {
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
    let uid = uuid::Uuid::new_v4().to_string();
    let txn = state.database.begin().await?;
    let id =
        connections::create(&txn, &state.database.vault, &uid, new, now).await.map_err(
            |error| match error.sql_err() {
                Some(SqlErr::UniqueConstraintViolation(_)) => ApiError::Conflict {
                    code: "already_connected",
                    detail: "This TikTok shop is connected already; change that connection instead."
                        .to_owned(),
                },
                _ => error.into(),
            },
        )?;
    jobs::enqueue_periodic(&txn, id, now).await?;
    events::record(&txn, EventKind::ConnectionUpdated, id, None, now).await?;
    let answer = answer(&state, &txn, StatusCode::CREATED, id).await?;
    tell(&state, &txn, Entry::new(AuditEvent::ConnectionCreated, caller.actor()).about("connection", id))
        .await?;
    txn.commit().await?;
    state.committed();
    Ok(answer)
}
