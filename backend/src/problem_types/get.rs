use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use shared::Problem;

use super::{ProblemType, find};
use crate::error::ApiError;

/// Describe a kind of problem
///
/// What the `type` of a problem leads to: its code, its status, what it means, and what to do about it.
#[utoipa::path(
    tag = "operation",
    operation_id = "describeProblem",
    params(("kind" = String, Path, description = "The code with hyphens", example = "unknown-filter")),
    responses(
        (
            status = 200, description = "The description", body = String, content_type = "text/plain",
            example = json!("stale_version\nStatus 412\n\nSomebody else has changed it since the version that If-Match \
                names.\n\nLoad it again and repeat your change.\n")
        ),
        (
            status = 404, description = "There is no such kind", body = Problem,
            content_type = "application/problem+json"
        )
    ),
    security(())
)]
#[get("/problems/{kind}")]
pub async fn describe_problem(kind: Path<String>) -> Result<HttpResponse, ApiError> {
    let problem = find(&kind.replace('-', "_")).ok_or(ApiError::NotFound)?;
    let statuses = problem.statuses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let ProblemType { code, meaning, remedy, .. } = problem;
    let text = format!("{code}\nStatus {statuses}\n\n{meaning}\n\n{remedy}\n");
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}
