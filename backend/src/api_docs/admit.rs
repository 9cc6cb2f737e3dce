use actix_web::web::Data;
use actix_web::{HttpResponse, post};

use super::pass_cookie;
use crate::app::AppState;
use crate::auth::{DocsRead, May};
use crate::openapi::Refusals;

/// Open the API description in this browser
///
/// Sets a cookie with which `/swagger-ui/` and `/api-docs/openapi.json` can be read until the access token ends.
#[utoipa::path(
    tag = "session",
    operation_id = "admitToApiDocs",
    responses((status = 204, description = "The cookie is set"), Refusals),
    security(("bearer" = ["docs:read"]))
)]
#[post("/session/api-docs")]
pub async fn admit_to_api_docs(state: Data<AppState>, caller: May<DocsRead>) -> HttpResponse {
    HttpResponse::NoContent().cookie(pass_cookie(&state, caller.good_until)).finish()
}
