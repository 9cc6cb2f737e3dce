use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use database::audit::Entry;
use database::{second_factors, sessions, users};
use shared::{AuditEvent, FieldError, Role, UpdateUser, UserAccount, UserId};

use super::{check_not_last_admin, find, forget};
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{Caller, May, UsersWrite};
use crate::error::ApiError;
use crate::extract::{Body, Id, KnownVersions};
use crate::item::changed;
use crate::openapi::{BodyRefusals, IfMatch, Missing, NotNow, Preconditions, Refusals};

/// Change a person
///
/// Role, disabling, and taking away a lost authenticator app; what is left out stays as it is. A lower role also lowers what
/// the person's keys may do. The last admin stays one.
#[utoipa::path(
    tag = "people",
    operation_id = "updateUser",
    params(
        ("id" = i64, Path, description = "The person's number"),
        IfMatch
    ),
    request_body = UpdateUser,
    responses(
        (status = 200, body = UserAccount, description = "The person", headers(("ETag" = String))),
        NotNow,
        Preconditions,
        Missing,
        BodyRefusals,
        Refusals
    ),
    security(("bearer" = ["users:write"]))
)]
#[patch("/users/{id}")]
pub async fn update_user(
    state: Data<AppState>,
    caller: May<UsersWrite>,
    id: Id<UserId>,
    known: KnownVersions,
    body: Body<UpdateUser>,
) -> Result<HttpResponse, ApiError> {
    let versions = known.to_change()?;
    let UpdateUser { role, disabled, second_factor } = body.0;
    if second_factor == Some(true) {
        let detail = "only the person can set up an authenticator app";
        return Err(ApiError::Invalid(vec![FieldError::new("/second_factor", detail)]));
    }
    let now = state.clock().now();
    let txn = state.database.begin().await?;
    let before = find(&txn, id.0).await?;
    versions.require(before.version)?;
    let after = UserAccount {
        role: role.unwrap_or(before.role),
        disabled: disabled.unwrap_or(before.disabled),
        ..before.clone()
    };
    caller.require_all_of(before.role)?;
    caller.require_all_of(after.role)?;
    let removes_second_factor = second_factor == Some(false) && before.second_factor;
    if after == before && !removes_second_factor {
        return changed(StatusCode::OK, before.version, &before);
    }
    let was_admin = before.role == Role::Admin && !before.disabled;
    if was_admin && (after.role != Role::Admin || after.disabled) {
        check_not_last_admin(&txn, id.0).await?;
    }
    if !users::update(&txn, &after, now).await? {
        return Err(ApiError::Stale);
    }
    if removes_second_factor {
        second_factors::remove(&txn, id.0).await?;
    }
    if after.disabled {
        sessions::end_all(&txn, id.0, None, now).await?;
    }
    let account = find(&txn, id.0).await?;
    tell(&state, &txn, entry_of(&before, &account, &caller)).await?;
    txn.commit().await?;
    forget(&state, id.0);
    changed(StatusCode::OK, account.version, &account)
}

/// What has changed, from what to what.
fn entry_of<'a>(before: &UserAccount, after: &UserAccount, caller: &'a Caller) -> Entry<'a> {
    let facts = [
        ("role", before.role.to_string(), after.role.to_string()),
        ("disabled", before.disabled.to_string(), after.disabled.to_string()),
        ("second_factor", before.second_factor.to_string(), after.second_factor.to_string()),
    ];
    let entry = Entry::new(AuditEvent::UserChanged, caller.actor()).about("user", after.id);
    let changed = facts.into_iter().filter(|(_, before, after)| before != after);
    changed.fold(entry, |entry, (name, before, after)| entry.with(name, format!("{before} → {after}")))
}
