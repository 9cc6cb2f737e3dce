use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use shared::{Export, ExportId};

use super::find;
use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::{Id, KnownVersions};
use crate::item::item;
use crate::openapi::{IfNoneMatch, Missing, NotModified, Refusals};

/// Get an export
///
/// How far it has come, and until when its file can be fetched.
#[utoipa::path(
    tag = "exports",
    operation_id = "getExport",
    params(("id" = i64, Path, description = "The export's number"), IfNoneMatch),
    responses((
            status = 200, body = Export, description = "The export",
            headers(("ETag" = String, description = "Send it as If-None-Match to hear of changes only"))
        ),
        NotModified, Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/exports/{id}")]
pub async fn get_export(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    id: Id<ExportId>,
    known: KnownVersions,
) -> Result<HttpResponse, ApiError> {
    let record = find(state.database.reader(), &caller, id.0).await?;
    item(&known, &record.export)
}
