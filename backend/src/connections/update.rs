use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use database::audit::Entry;
use database::connections::{self, ConnectionRecord, Tokens};
use database::events;
use database::webhook_messages::{self, About};
use shared::{
    AuditEvent, Connection, ConnectionId, ConnectionState, EventKind, FieldError, UpdateConnection,
};
use sync::{Store, jobs};
use tiktok_shop::AuthorizedShop;

use super::{authorize, current, find, require_only_one, shown, store_address, values};
use crate::app::AppState;
use crate::audit::{parts_sent, tell};
use crate::auth::{ConnectionsWrite, May};
use crate::error::ApiError;
use crate::extract::{Body, Id, KnownVersions};
use crate::item::changed;
use crate::openapi::{BodyRefusals, IfMatch, Missing, Preconditions, Refusals};

/// Change a connection
///
/// What is left out stays as it is. `If-Match` names the version that is changed; whatever waited for the change goes on.
#[utoipa::path(
    tag = "connections",
    operation_id = "updateConnection",
    params(
        ("id" = i64, Path, description = "The connection's number"),
        IfMatch
    ),
    request_body = UpdateConnection,
    responses(
        (status = 200, body = Connection, description = "The connection", headers(("ETag" = String))),
        Preconditions,
        Missing,
        BodyRefusals,
        Refusals
    ),
    security(("bearer" = ["connections:write"]))
)]
#[patch("/connections/{id}")]
pub async fn update_connection(
    state: Data<AppState>,
    caller: May<ConnectionsWrite>,
    id: Id<ConnectionId>,
    known: KnownVersions,
    body: Body<UpdateConnection>,
) -> Result<HttpResponse, ApiError> {
    let versions = known.to_change()?;
    let mut record = find(&state, id.0).await?;
    versions.require(record.version)?;
    ApiError::refuse_values(values::update(&body.0))?;
    let parts = changed_parts(&body.0);
    let before = record.clone();
    let granted = apply(&state, &mut record, body.0).await?;
    if granted.is_none() && is_unchanged(&before, &record) {
        let connection = shown(before);
        return changed(StatusCode::OK, connection.version, &connection);
    }

    let now = state.clock().now();
    let vault = &state.database.vault;
    let txn = state.database.begin().await?;
    if !connections::update(&txn, vault, &record, now).await? {
        return Err(ApiError::Stale);
    }
    if Store::identity(&before) != Store::identity(&record) {
        require_only_one(&state, &txn, &caller, record.id, &record.shop_id, &record.store_url).await?;
    }
    if let Some(Granted { tokens, others }) = granted {
        // A worker may have renewed the old tokens meanwhile; the new authorization wins.
        let current = connections::find(&txn, vault, record.id).await?.ok_or(ApiError::NotFound)?;
        connections::replace_tokens(&txn, vault, &current, &tokens).await?;
        authorize::share(&state, &txn, &record.app_key, &others, &tokens).await?;
    }
    if let Some(event) = connections::state_news(before.state, record.state) {
        webhook_messages::record(&txn, event, About::connection(record.id), now).await?;
    }
    jobs::connection_changed(&txn, record.id, now).await?;
    events::record(&txn, EventKind::ConnectionUpdated, record.id, None, now).await?;
    let connection = current(&state, &txn, record.id).await?;
    tell(
        &state,
        &txn,
        Entry::new(AuditEvent::ConnectionChanged, caller.actor())
            .about("connection", record.id)
            .with("changed", &parts),
    )
    .await?;
    txn.commit().await?;
    state.committed();
    changed(StatusCode::OK, connection.version, &connection)
}

/// A new authorization: its tokens, and the seller's other shops that they are for.
struct Granted {
    tokens: Tokens,
    others: Vec<AuthorizedShop>,
}

/// Changes the record, and returns the new authorization if there is one.
async fn apply(
    state: &AppState,
    record: &mut ConnectionRecord,
    update: UpdateConnection,
) -> Result<Option<Granted>, ApiError> {
    if let Some(name) = update.name {
        record.name = name.trim().to_owned();
    }
    if let Some(settings) = update.settings {
        record.settings = settings;
    }
    if let Some(store) = update.store {
        let url = store_address::check(&state.config, "/store/url", &store.url).await?;
        record.store_url = url.to_string();
        record.webservice_key = store.webservice_key.trim().to_owned();
    }
    match update.paused {
        Some(true) => record.state = ConnectionState::Paused,
        // What has happened during the pause is not forgotten.
        Some(false) if record.state == ConnectionState::Paused && record.deauthorized_at.is_some() => {
            record.state = ConnectionState::Unauthorized;
        }
        Some(false) if record.state == ConnectionState::Paused => record.state = ConnectionState::Active,
        _ => {}
    }
    let Some(mut tiktok) = update.tiktok else { return Ok(None) };
    // Of the shops that an authorization may be for, this connection's is meant.
    tiktok.shop_id.get_or_insert_with(|| record.shop_id.clone());
    let authorized = authorize::authorize(state, &tiktok).await?;
    if authorized.shop.id != record.shop_id {
        let detail = "this authorization is for another shop; create a connection for it";
        return Err(ApiError::Invalid(vec![FieldError::new("/tiktok/shop_id", detail)]));
    }
    record.app_key = tiktok.app_key;
    record.app_secret = tiktok.app_secret;
    record.shop_name = authorized.shop.name;
    record.shop_cipher = authorized.shop.cipher;
    record.region = authorized.shop.region;
    if record.state == ConnectionState::Unauthorized {
        record.state = ConnectionState::Active;
    }
    Ok(Some(Granted { tokens: authorized.tokens, others: authorized.others }))
}

/// Whether a change without a new authorization has changed nothing.
fn is_unchanged(before: &ConnectionRecord, after: &ConnectionRecord) -> bool {
    let changeable = |record: &ConnectionRecord| {
        let ConnectionRecord { name, settings, store_url, webservice_key, state, .. } = record.clone();
        (name, settings, store_url, webservice_key, state)
    };
    changeable(before) == changeable(after)
}

fn changed_parts(update: &UpdateConnection) -> String {
    parts_sent([
        ("name", update.name.is_some()),
        ("settings", update.settings.is_some()),
        ("store", update.store.is_some()),
        ("tiktok", update.tiktok.is_some()),
        ("paused", update.paused.is_some()),
    ])
}
