use actix_web::web::Data;
use actix_web::{Responder, get};
use database::timeline::{self, Entry};
use database::{audit, order_detail, shipping_labels};
use shared::{AuditEvent, OrderId, ShippingLabel};

use super::personal;
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, OrdersLabels};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get an order's labels
///
/// The labels that TikTok Shop made and that still live; ask for one with the action `fetch_label`. Whoever has the address
/// of a label reads the buyer's, so who looked at it, and when, is kept in the order's timeline.
#[utoipa::path(
    tag = "actions",
    operation_id = "listLabels",
    params(("id" = i64, Path, description = "Our order number")),
    responses(
        (
            status = 200, body = [ShippingLabel], description = "The labels; no cache may keep them",
            headers(("Cache-Control" = String))
        ),
        Missing,
        Refusals
    ),
    security(("bearer" = ["orders:labels"]))
)]
#[get("/orders/{id}/labels")]
pub async fn list_labels(
    state: Data<AppState>,
    caller: May<OrdersLabels>,
    id: Id<OrderId>,
) -> Result<impl Responder, ApiError> {
    let now = state.clock().now();
    let db = state.database.reader();
    order_detail::version(db, id.0).await?.ok_or(ApiError::NotFound)?;
    let labels = shipping_labels::of_order(db, &state.database.vault, id.0, now).await?;
    if !labels.is_empty() {
        let entry = Entry::by(caller.actor(), "privacy", "Looked at the label with the address.");
        let txn = state.database.begin().await?;
        timeline::record(&txn, id.0, entry, now).await?;
        tell(&state, &txn, audit::Entry::new(AuditEvent::LabelRead, caller.actor()).about("order", id.0))
            .await?;
        txn.commit().await?;
    }
    Ok(personal(labels))
}
