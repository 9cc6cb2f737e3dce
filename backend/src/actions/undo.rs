use actix_web::post;
use actix_web::web::{Data, Json};
use database::timeline::{self, Entry};
use database::{actions, orders};
use shared::{ActionId, ActionState, OrderAction};

use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, NotNow, Refusals};

/// Take an action back
///
/// Possible until it leaves; afterwards the answer is 409 `action_has_left`. To take back what was taken back changes
/// nothing, so no key is needed.
#[utoipa::path(
    tag = "actions",
    operation_id = "undoAction",
    params(("id" = i64, Path, description = "The action's number")),
    responses((status = 200, body = OrderAction, description = "Taken back"), NotNow, Missing, Refusals),
    security(("bearer" = ["orders:write"]))
)]
#[post("/actions/{id}/undo")]
pub async fn undo_action(
    state: Data<AppState>,
    caller: May<OrdersWrite>,
    id: Id<ActionId>,
) -> Result<Json<OrderAction>, ApiError> {
    let now = state.clock().now();
    let known = actions::find(state.database.reader(), id.0).await?.ok_or(ApiError::NotFound)?;
    let txn = orders::begin_locked(&state.database, known.order_id).await?;
    let undone = actions::undo(&txn, id.0, now).await?;
    let action = actions::find(&txn, id.0).await?.ok_or(ApiError::NotFound)?;
    if !undone {
        return match action.state {
            ActionState::Undone => Ok(Json(action)),
            _ => Err(ApiError::Conflict {
                code: "action_has_left",
                detail: "The action has left and cannot be taken back any more.".to_owned(),
            }),
        };
    }
    let kind = action.request.kind().as_str().replace('_', " ");
    let sentence = format!("Took back before it left: {kind}.");
    timeline::record(&txn, action.order_id, Entry::by(caller.actor(), "undo", sentence), now).await?;
    orders::derive_status(&txn, action.order_id, now).await?;
    txn.commit().await?;
    state.committed();
    Ok(Json(action))
}
