use actix_web::{HttpResponse, get};

/// Check that the program runs
///
/// For whoever restarts it: says nothing of the database or the outside.
#[utoipa::path(
    tag = "operation",
    operation_id = "checkLive",
    responses((status = 200, description = "It runs", body = String, content_type = "text/plain", example = "live\n")),
    security(())
)]
#[get("/health/live")]
pub async fn check_live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("live\n")
}
