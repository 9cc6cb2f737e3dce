use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use database::users;

use crate::app::AppState;

/// Check that the program can serve
///
/// For whoever sends it requests: the database answers, and the program is not about to end.
#[utoipa::path(
    tag = "operation",
    operation_id = "checkReady",
    responses(
        (status = 200, description = "It serves", body = String, content_type = "text/plain", example = "ready\n"),
        (status = 503, description = "It does not serve now", body = String, content_type = "text/plain", example = "database\n")
    ),
    security(())
)]
#[get("/health/ready")]
pub async fn check_ready(state: Data<AppState>) -> HttpResponse {
    if state.shutdown.is_cancelled() {
        return HttpResponse::ServiceUnavailable().content_type("text/plain").body("ending\n");
    }
    match users::any(state.database.reader()).await {
        Ok(_) => HttpResponse::Ok().content_type("text/plain").body("ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            HttpResponse::ServiceUnavailable().content_type("text/plain").body("database\n")
        }
    }
}
