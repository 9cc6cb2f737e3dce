use actix_web::get;
use actix_web::web::{Data, Json};
use database::invitations;
use shared::Invitation;

use crate::app::AppState;
use crate::auth::{May, UsersRead};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// List invitations
///
/// Those that can still be accepted, newest first; never their links.
#[utoipa::path(
    tag = "people",
    operation_id = "listInvitations",
    responses((status = 200, body = [Invitation], description = "The invitations"), Refusals),
    security(("bearer" = ["users:read"]))
)]
#[get("/invitations")]
pub async fn list_invitations(
    state: Data<AppState>,
    _caller: May<UsersRead>,
) -> Result<Json<Vec<Invitation>>, ApiError> {
    Ok(Json(invitations::list(state.database.reader(), state.clock().now()).await?))
}
