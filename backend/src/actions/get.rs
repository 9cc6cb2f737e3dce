use actix_web::get;
use actix_web::web::{Data, Json};
use database::actions;
use shared::{ActionId, OrderAction};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get an action
///
/// What was asked to be done with an order, and what came out.
#[utoipa::path(
    tag = "actions",
    operation_id = "getAction",
    params(("id" = i64, Path, description = "The action's number")),
    responses((status = 200, body = OrderAction, description = "The action"), Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/actions/{id}")]
pub async fn get_action(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<ActionId>,
) -> Result<Json<OrderAction>, ApiError> {
    let action = actions::find(state.database.reader(), id.0).await?;
    action.map(Json).ok_or(ApiError::NotFound)
}
