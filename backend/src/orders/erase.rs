use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::{audit, erasure, orders};
use shared::{AuditEvent, ChannelStatus, OrderId};

use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, OrdersErase};
use crate::error::ApiError;
use crate::extract::Id;
use crate::idempotency::{Done, NoBody, OnceIfNamed};
use crate::openapi::{BodyRefusals, KeyRefusals, Missing, OptionalIdempotencyKey, Refusals};

/// Erase an order's buyer
///
/// Removes now what retention would remove later: recipient, message, raw data, labels, tracking numbers, notes and issues. The
/// order, its amounts and its story stay. Only for orders that are delivered, completed or canceled; to erase again changes
/// nothing, so no key is needed, but one is honored.
#[utoipa::path(
    tag = "orders",
    operation_id = "eraseBuyer",
    params(("id" = i64, Path, description = "Our order number"), OptionalIdempotencyKey),
    responses(
        (
            status = 204, description = "Erased",
            headers(("Idempotent-Replayed" = bool, description = "That an earlier request with the key was answered so"))
        ),
        KeyRefusals,
        Missing,
        BodyRefusals,
        Refusals
    ),
    security(("bearer" = ["orders:erase"]))
)]
#[post("/orders/{id}/erase")]
pub async fn erase_buyer(
    state: Data<AppState>,
    caller: May<OrdersErase>,
    id: Id<OrderId>,
    request: OnceIfNamed<Option<NoBody>>,
) -> Result<HttpResponse, ApiError> {
    let work = async |txn: &_, ()| {
        let now = state.clock().now();
        let order = orders::find(txn, id.0).await?.ok_or(ApiError::NotFound)?;
        let is_over = matches!(
            ChannelStatus::from(order.channel_status.as_str()),
            ChannelStatus::Delivered | ChannelStatus::Completed | ChannelStatus::Cancelled
        );
        if !is_over {
            return Err(ApiError::Conflict {
                code: "order_not_over",
                detail:
                    "The parcel still needs the address; erase it once the order is delivered or canceled."
                        .to_owned(),
            });
        }
        if erasure::erase(txn, id.0, caller.actor(), now).await? {
            let entry = audit::Entry::new(AuditEvent::BuyerErased, caller.actor()).about("order", id.0);
            tell(&state, txn, entry).await?;
        }
        Ok(Done::without_body())
    };
    request.named.answer_prepared(&state, &caller, async || Ok(()), work).await
}
