use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::audit::Entry;
use database::users;
use shared::{AuditEvent, Role, UserId};

use super::{check_not_last_admin, find, forget};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, UsersWrite};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::openapi::{IfMatch, Missing, NotNow, Preconditions, Refusals};

/// Remove a person
///
/// With all sessions and API keys. What the person did stays told in the orders' stories. The last admin stays.
#[utoipa::path(
    tag = "people",
    operation_id = "removeUser",
    params(
        ("id" = i64, Path, description = "The person's number"),
        IfMatch
    ),
    responses((status = 204, description = "Removed"), NotNow, Preconditions, Missing, Refusals),
    security(("bearer" = ["users:write"]))
)]
#[delete("/users/{id}")]
pub async fn remove_user(
    state: Data<AppState>,
    caller: May<UsersWrite>,
    id: Id<UserId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let versions = known.to_change()?;
    let txn = state.database.begin().await?;
    let account = find(&txn, id.0).await?;
    versions.require(account.version)?;
    caller.require_all_of(account.role)?;
    if account.role == Role::Admin && !account.disabled {
        check_not_last_admin(&txn, id.0).await?;
    }
    if !users::delete(&txn, id.0, account.version).await? {
        return Err(ApiError::Stale);
    }
    tell(&state, &txn, Entry::new(AuditEvent::UserRemoved, caller.actor()).about("user", id.0)).await?;
    txn.commit().await?;
    forget(&state, id.0);
    Ok(HttpResponse::NoContent().finish())
}
