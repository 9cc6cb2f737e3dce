use actix_web::web::Data;
use actix_web::{Responder, post};
use database::audit::Entry;
use database::order_detail;
use shared::{AuditEvent, OrderId, Recipient};

use super::personal;
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, OrdersPii};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Reveal the recipient
///
/// The whole address. Who looked at it, and when, is kept in the order's timeline.
#[utoipa::path(
    tag = "orders",
    operation_id = "revealRecipient",
    params(("id" = i64, Path, description = "Our order number")),
    responses((status = 200, body = Recipient, description = "The recipient, unmasked"), Missing, Refusals),
    security(("bearer" = ["orders:pii"]))
)]
#[post("/orders/{id}/recipient")]
pub async fn reveal_recipient(
    state: Data<AppState>,
    caller: May<OrdersPii>,
    id: Id<OrderId>,
) -> Result<impl Responder, ApiError> {
    let txn = state.database.begin().await?;
    let reader = caller.actor();
    let now = state.clock().now();
    let recipient = order_detail::reveal_recipient(&txn, &state.database.vault, id.0, reader, now).await?;
    let recipient = recipient.ok_or(ApiError::NotFound)?;
    tell(&state, &txn, Entry::new(AuditEvent::RecipientRevealed, reader).about("order", id.0)).await?;
    txn.commit().await?;
    Ok(personal(recipient))
}
