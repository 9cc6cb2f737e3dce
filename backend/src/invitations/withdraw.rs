use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use database::audit::Entry;
use database::invitations;
use shared::{AuditEvent, Invitation, InvitationId};

use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, UsersWrite};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::openapi::{IfMatch, Missing, Preconditions, Refusals};

/// Withdraw an invitation
///
/// Its link does not work any more.
#[utoipa::path(
    tag = "people",
    operation_id = "withdrawInvitation",
    params(
        ("id" = i64, Path, description = "The invitation's number"),
        IfMatch
    ),
    responses((status = 204, description = "Withdrawn"), Preconditions, Missing, Refusals),
    security(("bearer" = ["users:write"]))
)]
#[delete("/invitations/{id}")]
pub async fn withdraw_invitation(
    state: Data<AppState>,
    caller: May<UsersWrite>,
    id: Id<InvitationId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let versions = known.to_change()?;
    let txn = state.database.begin().await?;
    let invitation = invitations::find(&txn, id.0).await?.ok_or(ApiError::NotFound)?;
    versions.require(Invitation::VERSION)?;
    caller.require_all_of(invitation.role)?;
    if !invitations::take(&txn, id.0).await? {
        return Err(ApiError::NotFound);
    }
    tell(&state, &txn, Entry::new(AuditEvent::InvitationWithdrawn, caller.actor()).about("invitation", id.0))
        .await?;
    txn.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
