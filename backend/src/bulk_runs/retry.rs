use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::bulk_runs::{self, Members, NewRun};
use shared::{BulkRun, BulkRunId, BulkRunState};

use super::{New, create};
use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::idempotency::{NoBody, Once};
use crate::openapi::{BodyRefusals, IdempotencyKey, KeyRefusals, Missing, NotNow, Refusals};

/// Retry what failed in a bulk run
///
/// Begins a new run with the orders that failed or refused in this one, which stays as it is.
#[utoipa::path(
    tag = "actions",
    operation_id = "retryBulkRun",
    params(("id" = i64, Path, description = "The run's number"), IdempotencyKey),
    responses(
        (
            status = 202, body = BulkRun, description = "The new run",
            headers(("Idempotent-Replayed" = bool, description = "That an earlier request with the key was answered so"))
        ),
        NotNow,
        Missing,
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["orders:write"]))
)]
#[post("/bulk-runs/{id}/retry")]
pub async fn retry_bulk_run(
    state: Data<AppState>,
    caller: May<OrdersWrite>,
    id: Id<BulkRunId>,
    request: Once<Option<NoBody>>,
) -> Result<HttpResponse, ApiError> {
    let work = async |txn: &_| {
        let old = bulk_runs::find(txn, id.0).await?.ok_or(ApiError::NotFound)?;
        let conflict = |code, detail: &str| Err(ApiError::Conflict { code, detail: detail.to_owned() });
        if old.state == BulkRunState::Running {
            return conflict("bulk_run_running", "The run goes on; wait for its end, or stop it.");
        }
        let run = NewRun { request: &old.request, actor: caller.actor() };
        match create(&state, txn, run, Members::NotDoneIn(id.0)).await? {
            New::Run(run) => Ok((StatusCode::ACCEPTED, run)),
            // A run is never for too many orders, and this one is for some of another's.
            New::NoOrders | New::TooMany => {
                conflict("nothing_to_retry", "Nothing in this run failed or was refused.")
            }
        }
    };
    request.named.answer(&state, &caller, work).await
}
