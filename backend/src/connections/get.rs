use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use shared::{Connection, ConnectionId};

use super::answer;
use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get a connection
///
/// Its entity tag is what a change must send as `If-Match`.
#[utoipa::path(
    tag = "connections",
    operation_id = "getConnection",
    params(("id" = i64, Path, description = "The connection's number")),
    responses(
        (status = 200, body = Connection, description = "The connection", headers(("ETag" = String))),
        Missing,
        Refusals
    ),
    security(("bearer" = ["connections:read"]))
)]
#[get("/connections/{id}")]
pub async fn get_connection(
    state: Data<AppState>,
    _caller: May<ConnectionsRead>,
    id: Id<ConnectionId>,
) -> Result<HttpResponse, ApiError> {
    answer(&state, StatusCode::OK, id.0).await
}
