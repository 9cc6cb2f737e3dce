use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::api_keys::{self, NewKey};
use database::audit::Entry;
use database::connections;
use shared::{ApiKey, ApiKeyId, AuditEvent, ConnectionId, CreateApiKey, FieldError, NewApiKey};

use super::{check, find, in_order, joined};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{KeysWrite, May, api_key, token_hash};
use crate::error::ApiError;
use crate::idempotency::{Done, OnceIfNamed};
use crate::item::{Located, versioned_with_secret};
use crate::openapi::{BodyRefusals, KeyRefusals, OptionalIdempotencyKey, Refusals};

/// Create an API key
///
/// The answer shows the key this once. It carries scopes that the caller has, and it loses those that its owner loses. A repeat
/// with the same `Idempotency-Key` makes nothing: it is 409 `already_created` and names the key.
#[utoipa::path(
    tag = "keys",
    operation_id = "createApiKey",
    params(OptionalIdempotencyKey),
    request_body(
        content = CreateApiKey,
        example = json!({
            "name": "Packing station",
            "scopes": ["orders:read", "orders:write"],
            "connections": [1],
            "expires_at": "2027-11-28T00:00:00Z"
        })
    ),
    responses(
        (
            status = 201, body = NewApiKey, description = "The new key, with its secret",
            headers(("ETag" = String), ("Cache-Control" = String))
        ),
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["keys:write"]))
)]
#[post("/api-keys")]
pub async fn create_api_key(
    state: Data<AppState>,
    caller: May<KeysWrite>,
    request: OnceIfNamed<CreateApiKey>,
) -> Result<HttpResponse, ApiError> {
    let OnceIfNamed { body: CreateApiKey { name, scopes, connections, expires_at }, named } = request;
    let work = async |txn: &_, ()| {
        let now = state.clock().now();
        let fresh = api_key::new_key();
        let wanted = ApiKey {
            id: ApiKeyId(0),
            name: name.trim().to_owned(),
            prefix: fresh.prefix,
            owner: caller.user.email.clone(),
            scopes: in_order(scopes),
            connections,
            created_at: now,
            expires_at,
            last_used_at: None,
            version: 1,
        };
        check(&wanted, &caller, now)?;
        if let Some(wanted) = &wanted.connections {
            let there = connections::ids(txn, &caller.reach).await?;
            check_connections(wanted, &there)?;
        }
        let new = NewKey {
            owner: caller.user.id,
            name: &wanted.name,
            prefix: &wanted.prefix,
            key_hash: &token_hash(&fresh.key),
            scopes: &wanted.scopes,
            connections: wanted.connections.as_deref(),
            expires_at,
        };
        let id = api_keys::create(txn, new, now).await?;
        let api_key = find(txn, &caller, id).await?;
        let entry = Entry::new(AuditEvent::KeyCreated, caller.actor())
            .about("key", id)
            .with("prefix", &api_key.prefix)
            .with("scopes", joined(&api_key.scopes));
        tell(&state, txn, entry).await?;
        let kept = named.shown_once(format!(
            "This Idempotency-Key has made API key {id}, which was shown in that answer only; if it was lost, revoke it with \
            DELETE /api/v1/api-keys/{id}, and create another with a new Idempotency-Key."
        ))?;
        let mut answer = versioned_with_secret(StatusCode::CREATED, api_key.version, &api_key)?;
        answer.insert_header((LOCATION, api_key.location()));
        Ok(Done { response: answer.json(NewApiKey { api_key, secret: fresh.key }), kept })
    };
    named.answer_prepared(&state, &caller, async || Ok(()), work).await
}

fn check_connections(wanted: &[ConnectionId], there: &[ConnectionId]) -> Result<(), ApiError> {
    if wanted.is_empty() {
        let detail = "name at least one, or leave it out for all connections";
        return Err(ApiError::Invalid(vec![FieldError::new("/connections", detail)]));
    }
    let unknown = wanted.iter().enumerate().filter(|(_, id)| !there.contains(id));
    let errors: Vec<_> = unknown
        .map(|(index, _)| FieldError::new(format!("/connections/{index}"), "there is no such connection"))
        .collect();
    ApiError::refuse_values(errors)
}
