use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::audit::Entry;
use database::{invitations, users};
use shared::{AuditEvent, CreateInvitation, NewInvitation};

use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, UsersWrite, check_new_email, new_token, token_hash};
use crate::error::ApiError;
use crate::idempotency::{Done, OnceIfNamed};
use crate::item::{Located, with_secret};
use crate::openapi::{BodyRefusals, KeyRefusals, OptionalIdempotencyKey, Refusals};

/// Invite somebody
///
/// The answer shows the link this once; it works once, for seven days. Inviting the same address again ends the earlier link.
/// A repeat with the same `Idempotency-Key` makes nothing: it is 409 `already_created` and names the invitation.
#[utoipa::path(
    tag = "people",
    operation_id = "createInvitation",
    params(OptionalIdempotencyKey),
    request_body = CreateInvitation,
    responses(
        (
            status = 201, body = NewInvitation, description = "The invitation with its link",
            headers(("Cache-Control" = String))
        ),
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["users:write"]))
)]
#[post("/invitations")]
pub async fn invite(
    state: Data<AppState>,
    caller: May<UsersWrite>,
    request: OnceIfNamed<CreateInvitation>,
) -> Result<HttpResponse, ApiError> {
    let OnceIfNamed { body: CreateInvitation { email, role }, named } = request;
    let work = async |txn: &_, ()| {
        if let Some(error) = check_new_email("/email", &email) {
            return Err(ApiError::Invalid(vec![error]));
        }
        caller.require_all_of(role)?;
        if users::find_by_email(txn, &email).await?.is_some() {
            return Err(ApiError::Conflict {
                code: "already_there",
                detail: "Somebody with this address can sign in already.".to_owned(),
            });
        }
        let (token, now) = (new_token(), state.clock().now());
        let invitation =
            invitations::create(txn, &email, role, &token_hash(&token), caller.actor(), now).await?;
        let entry = Entry::new(AuditEvent::UserInvited, caller.actor())
            .about("invitation", invitation.id)
            .with("role", role);
        tell(&state, txn, entry).await?;
        let kept = named.shown_once(format!(
            "This Idempotency-Key has made invitation {}, whose link was in that answer only; if it was lost, invite the same \
            address again with a new Idempotency-Key.",
            invitation.id
        ))?;
        let link = format!("{}/invitation#token={token}", state.config.public_origin());
        let mut answer = with_secret(StatusCode::CREATED);
        answer.insert_header((LOCATION, invitation.location()));
        let response = answer.json(NewInvitation { invitation, link });
        Ok(Done { response, kept })
    };
    named.answer_prepared(&state, &caller, async || Ok(()), work).await
}
