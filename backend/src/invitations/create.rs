use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::audit::Entry;
use database::{invitations, users};
use shared::{AuditEvent, CreateInvitation, NewInvitation};

use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, UsersWrite, check_new_email, new_token, token_hash};
use crate::error::ApiError;
use crate::extract::Body;
use crate::item::with_secret;
use crate::openapi::{BodyRefusals, NotNow, Refusals};

/// Invite somebody
///
/// The answer shows the link this once; it works once, for seven days. Inviting the same address again ends the earlier link.
#[utoipa::path(
    tag = "people",
    operation_id = "createInvitation",
    request_body = CreateInvitation,
    responses(
        (
            status = 201, body = NewInvitation, description = "The invitation with its link",
            headers(("Cache-Control" = String))
        ),
        NotNow,
        BodyRefusals,
        Refusals
    ),
    security(("bearer" = ["users:write"]))
)]
#[post("/invitations")]
pub async fn invite(
    state: Data<AppState>,
    caller: May<UsersWrite>,
    body: Body<CreateInvitation>,
) -> Result<HttpResponse, ApiError> {
    let CreateInvitation { email, role } = body.0;
    if let Some(error) = check_new_email("/email", &email) {
        return Err(ApiError::Invalid(vec![error]));
    }
    caller.require_all_of(role)?;
    let token = new_token();
    let now = state.clock().now();
    let txn = state.database.begin().await?;
    if users::find_by_email(&txn, &email).await?.is_some() {
        return Err(ApiError::Conflict {
            code: "already_there",
            detail: "Somebody with this address can sign in already.".to_owned(),
        });
    }
    let invitation =
        invitations::create(&txn, &email, role, &token_hash(&token), caller.actor(), now).await?;
    tell(
        &state,
        &txn,
        Entry::new(AuditEvent::UserInvited, caller.actor())
            .about("invitation", invitation.id)
            .with("role", role),
    )
    .await?;
    txn.commit().await?;
    let link = format!("{}/invitation#token={token}", state.config.public_origin());
    Ok(with_secret(StatusCode::CREATED).json(NewInvitation { invitation, link }))
}
