use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use shared::{ActionRequest, ActionState, OrderAction, OrderId};
use sync::actions::{self, Asker, Refused};

use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::idempotency::Once;
use crate::openapi::{BodyRefusals, IdempotencyKey, KeyRefusals, Missing, NotNow, Refusals};

/// Do something with an order
///
/// Checked by the same rule as the buttons, written down, and followed by a job where an effect outside follows. What
/// cannot be taken back leaves after `leaves_at`; until then it can be undone. What the order does not allow now is 409
/// `action_not_allowed`, and the sentence says why.
#[utoipa::path(
    tag = "actions",
    operation_id = "requestAction",
    params(("id" = i64, Path, description = "Our order number"), IdempotencyKey),
    request_body(
        content = ActionRequest,
        examples(
            ("sync" = (summary = "Fetch the order again", value = json!({ "action": "sync" }))),
            ("ship" = (
                summary = "Ship everything in one parcel",
                value = json!({
                    "action": "ship",
                    "carrier_id": "7117859084333745966",
                    "tracking_number": "6A20012345678"
                })
            )),
            ("cancel" = (
                summary = "Cancel the order",
                value = json!({ "action": "cancel", "reason": "seller_cancel_reason_out_of_stock" })
            )),
            ("note" = (
                summary = "Write a note",
                value = json!({ "action": "note", "text": "Asked the buyer for the door code." })
            )),
            ("tag" = (
                summary = "Add and remove tags",
                value = json!({ "action": "tag", "add": ["fragile"], "remove": ["to check"] })
            )),
            ("assign" = (
                summary = "Hand the order to a colleague",
                value = json!({ "action": "assign", "assignee_id": 3 })
            ))
        )
    ),
    responses(
        (
            status = 200, body = OrderAction, description = "Done",
            headers(("Idempotent-Replayed" = bool, description = "That an earlier request with the key was answered so"))
        ),
        (
            status = 202, body = OrderAction, description = "Its work follows",
            headers(("Idempotent-Replayed" = bool, description = "That an earlier request with the key was answered so")),
            example = json!({
                "id": 51, "order_id": 1207, "request": { "action": "sync" }, "state": "queued",
                "actor": "ana@example.com", "result": null, "code": null,
                "created_at": "2026-11-23T21:40:00Z", "leaves_at": "2026-11-23T21:40:00Z", "finished_at": null
            })
        ),
        NotNow,
        Missing,
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["orders:write"]))
)]
#[post("/orders/{id}/actions")]
pub async fn request_action(
    state: Data<AppState>,
    caller: May<OrdersWrite>,
    id: Id<OrderId>,
    request: Once<ActionRequest>,
) -> Result<HttpResponse, ApiError> {
    let Once { body, named } = request;
    let work = async |txn: &_| {
        let asker = Asker::person(caller.actor());
        let asked = actions::request(txn, id.0, &body, asker, state.clock().now()).await;
        let action = asked.map_err(refusal)?.ok_or(ApiError::NotFound)?;
        let status = if action.state == ActionState::Queued { StatusCode::ACCEPTED } else { StatusCode::OK };
        Ok((status, action))
    };
    named.answer(&state, &caller, work).await
}

fn refusal(refused: Refused) -> ApiError {
    match refused {
        Refused::NotNow(detail) => ApiError::Conflict { code: "action_not_allowed", detail },
        Refused::Invalid(errors) => ApiError::Invalid(errors),
        Refused::Database(error) => error.into(),
    }
}
