use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use shared::{Connection, ConnectionId};

use super::{find, shown};
use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::versioned;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get a connection
///
/// Its entity tag is what a change must send as `If-Match`.
#[utoipa::path(
    tag = "connections",
    operation_id = "getConnection",
    params(
        ("id" = i64, Path, description = "The connection's number"),
        IfNoneMatch
    ),
    responses(
        (status = 200, body = Connection, description = "The connection", headers(("ETag" = String))),
        NotModified,
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
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let connection = shown(find(&state, id.0).await?);
    versioned(&known, connection.version, &connection)
}
