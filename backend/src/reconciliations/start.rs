use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::{connections, reconciliations};
use shared::{ConnectionId, FieldError, MOST_RECONCILE_DAYS, Reconciliation, StartReconciliation};
use sync::reconciling;

use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::connections::require_active;
use crate::error::ApiError;
use crate::extract::Id;
use crate::idempotency::Once;
use crate::openapi::{BodyRefusals, IdempotencyKey, KeyRefusals, Missing, Refusals};

/// Compare the sides now
///
/// Compares TikTok Shop, orderbridge and the store over the last days, as every night. Orders that were missed are read;
/// what differs becomes an issue of its order.
#[utoipa::path(
    tag = "connections",
    operation_id = "startReconciliation",
    params(("id" = i64, Path, description = "The connection's number"), IdempotencyKey),
    request_body = Option<StartReconciliation>,
    responses(
        (status = 202, body = Reconciliation, description = "The comparison"),
        Missing,
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["orders:write"]))
)]
#[post("/connections/{id}/reconciliations")]
pub async fn start_reconciliation(
    state: Data<AppState>,
    caller: May<OrdersWrite>,
    id: Id<ConnectionId>,
    request: Once<Option<StartReconciliation>>,
) -> Result<HttpResponse, ApiError> {
    let Once { body, named } = request;
    let days = body.unwrap_or_default().days;
    let actor = caller.actor();
    let work = async |txn: &_| {
        if days.is_some_and(|days| !(1..=MOST_RECONCILE_DAYS).contains(&days)) {
            let detail = format!("from 1 to {MOST_RECONCILE_DAYS} days");
            return Err(ApiError::Invalid(vec![FieldError::new("/days", detail)]));
        }
        let connection = connections::find(txn, &state.database.vault, id.0).await?;
        let connection = connection.ok_or(ApiError::NotFound)?;
        require_active(&connection)?;
        let days = days.unwrap_or(connection.settings.reconcile_days);
        let id = reconciling::start(txn, &connection, actor, days, state.clock().now()).await?;
        let started = reconciliations::find(txn, id).await?.ok_or(ApiError::NotFound)?;
        Ok((StatusCode::ACCEPTED, started))
    };
    named.answer(&state, &caller, work).await
}
