use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use database::actions;
use shared::{ActionId, OrderAction};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::item;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get an action
///
/// What was asked to be done with an order, and what came out.
#[utoipa::path(
    tag = "actions",
    operation_id = "getAction",
    params(("id" = i64, Path, description = "The action's number"), IfNoneMatch),
    responses((
            status = 200, body = OrderAction, description = "The action",
            headers(("ETag" = String, description = "Send it as If-None-Match to hear of changes only"))
        ),
        NotModified, Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/actions/{id}")]
pub async fn get_action(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<ActionId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let action = actions::find(state.database.reader(), id.0).await?;
    item(&known, &action.ok_or(ApiError::NotFound)?)
}
