use actix_web::get;
use actix_web::web::{Data, Json};
use shared::{ImportPreview, OrderId};
use sync::PreviewFailed;

use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Preview an order's import
///
/// The exact store order that an import would make now, and every check with its outcome. The store is asked while the
/// caller waits; nothing is written anywhere.
#[utoipa::path(
    tag = "actions",
    operation_id = "previewImport",
    params(("id" = i64, Path, description = "Our order number")),
    responses((status = 200, body = ImportPreview, description = "The preview"), Missing, Refusals),
    security(("bearer" = ["orders:write"]))
)]
#[get("/orders/{id}/import-preview")]
pub async fn preview_import(
    state: Data<AppState>,
    _caller: May<OrdersWrite>,
    id: Id<OrderId>,
) -> Result<Json<ImportPreview>, ApiError> {
    let preview = sync::preview_import(&state.engine, id.0).await.map_err(|error| match error {
        PreviewFailed::Database(error) => ApiError::from(error),
        failed @ PreviewFailed::Internal(_) => ApiError::internal(failed),
    })?;
    preview.map(Json).ok_or(ApiError::NotFound)
}
