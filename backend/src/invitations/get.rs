use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use database::invitations;
use shared::{Invitation, InvitationId};

use crate::app::AppState;
use crate::auth::{May, UsersRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::versioned;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get an invitation
///
/// As long as it was neither accepted nor withdrawn; never its link. Withdrawing it sends the entity tag as `If-Match`.
#[utoipa::path(
    tag = "people",
    operation_id = "getInvitation",
    params(("id" = i64, Path, description = "The invitation's number"), IfNoneMatch),
    responses(
        (status = 200, body = Invitation, description = "The invitation", headers(("ETag" = String))),
        NotModified,
        Missing,
        Refusals
    ),
    security(("bearer" = ["users:read"]))
)]
#[get("/invitations/{id}")]
pub async fn get_invitation(
    state: Data<AppState>,
    _caller: May<UsersRead>,
    id: Id<InvitationId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let invitation = invitations::find(state.database.reader(), id.0).await?.ok_or(ApiError::NotFound)?;
    versioned(&known, Invitation::VERSION, &invitation)
}
