use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use database::invitations;
use shared::{AcceptInvitation, Session};

use crate::app::AppState;
use crate::auth::{check_new_password, token_hash};
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::{BodyRefusals, OpenRefusals, Throttled};
use crate::session::{Joins, address_of, join};

/// Accept an invitation
///
/// With the token of the link and a password of one's own; signs in. Works once.
#[utoipa::path(
    tag = "people",
    operation_id = "acceptInvitation",
    request_body = AcceptInvitation,
    responses(
        (status = 201, body = Session, description = "Signed in"),
        (status = 403, body = shared::Problem, content_type = "application/problem+json",
            description = "The link is not valid any more"),
        BodyRefusals,
        Throttled,
        OpenRefusals
    ),
    security(())
)]
#[post("/invitations/accept")]
pub async fn accept_invitation(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<AcceptInvitation>,
) -> Result<HttpResponse, ApiError> {
    let AcceptInvitation { token, password } = body.0;
    let now = state.clock().now();
    state.throttle.attempt_link(address_of(&state, &request), now)?;
    let digest = token_hash(&token);
    let invitation = invitations::find_by_token(state.database.reader(), &digest, now).await?;
    let invitation = invitation.ok_or(ApiError::InvitationInvalid)?;
    if let Some(error) = check_new_password("/password", &password, &invitation.email) {
        return Err(ApiError::Invalid(vec![error]));
    }
    // Before the transaction, which must not wait for it.
    let password_hash = state.passwords.hash(password).await?;

    let txn = state.database.begin().await?;
    // Of several who use the link at once, one takes it.
    if !invitations::take(&txn, invitation.id).await? {
        return Err(ApiError::InvitationInvalid);
    }
    let joins = Joins { email: &invitation.email, password_hash: &password_hash, role: invitation.role };
    let (user, opened) = join(&state, &txn, &request, joins).await?;
    txn.commit().await?;
    tracing::info!(user = %user.id, "an invitation was accepted");
    Ok(opened.answer(&state, StatusCode::CREATED, user))
}
