use actix_web::get;
use actix_web::web::{Data, Json};
use database::exports;
use shared::{Export, Page};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::extract::Pairs;
use crate::openapi::{PageQuery, Refusals};

/// List exports
///
/// The caller's own, newest first.
#[utoipa::path(
    tag = "exports",
    operation_id = "listExports",
    params(PageQuery),
    responses((status = 200, body = Page<Export>, description = "A page of exports"), Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/exports")]
pub async fn list_exports(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    pairs: Pairs,
) -> Result<Json<Page<Export>>, ApiError> {
    let (parameters, rest) = Cursors::page_parameters(pairs.0)?;
    Cursors::no_filters(&rest)?;
    let owner = caller.account();
    let binding = format!("exports {owner}");
    let request = state.cursors.request(&parameters, &binding)?;
    let slice = exports::page(state.database.reader(), &owner, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}
