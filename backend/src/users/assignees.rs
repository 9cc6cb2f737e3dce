use actix_web::get;
use actix_web::web::{Data, Json};
use database::users;
use shared::Assignee;

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// List assignees
///
/// The people whom orders can be assigned to, by address: operators, managers and admins who are not disabled.
#[utoipa::path(
    tag = "orders",
    operation_id = "listAssignees",
    responses((status = 200, body = [Assignee], description = "The people"), Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/assignees")]
pub async fn list_assignees(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
) -> Result<Json<Vec<Assignee>>, ApiError> {
    Ok(Json(users::assignable(state.database.reader()).await?))
}
