use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, TimeDelta, Utc};
use database::{connections, sync_runs};
use job_queue::NewJob;
use shared::{ConnectionId, FetchOrders, FieldError, SyncRun};
use sync::jobs;

use super::require_active;
use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::extract::Id;
use crate::idempotency::OnceIfNamed;
use crate::openapi::{BodyRefusals, Missing, NotNow, OptionalIdempotencyKey, Refusals};

/// How far back orders are fetched.
const FURTHEST_BACK: TimeDelta = TimeDelta::days(90);
/// A person waits for the result.
const PRIORITY: i16 = 10;

/// Fetch orders
///
/// Pulls orders from TikTok Shop now: since the last poll, or those updated in a range of up to 90 days.
#[utoipa::path(
    tag = "connections",
    operation_id = "fetchOrders",
    params(("id" = i64, Path, description = "The connection's number"), OptionalIdempotencyKey),
    request_body = Option<FetchOrders>,
    responses((status = 202, body = SyncRun, description = "The run"), NotNow, Missing, BodyRefusals, Refusals),
    security(("bearer" = ["orders:write"]))
)]
#[post("/connections/{id}/fetch")]
pub async fn fetch_orders(
    state: Data<AppState>,
    caller: May<OrdersWrite>,
    id: Id<ConnectionId>,
    request: OnceIfNamed<Option<FetchOrders>>,
) -> Result<HttpResponse, ApiError> {
    let OnceIfNamed { body, named } = request;
    let range = body.unwrap_or_default();
    let work = async |txn: &_| {
        let now = state.clock().now();
        let errors = range_errors(&range, now);
        ApiError::refuse_values(errors)?;
        let connection = connections::find(txn, &state.database.vault, id.0).await?;
        require_active(&connection.ok_or(ApiError::NotFound)?)?;
        let run_id = sync_runs::create(txn, id.0, &range, now).await?;
        let job = NewJob { priority: PRIORITY, ..jobs::fetch_orders(id.0, run_id, now) };
        job_queue::enqueue(txn, job, now).await?;
        let run = sync_runs::find(txn, run_id).await?.ok_or(ApiError::NotFound)?;
        Ok((StatusCode::ACCEPTED, run))
    };
    named.answer(&state, &caller, work).await
}

fn range_errors(range: &FetchOrders, now: DateTime<Utc>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(since) = range.updated_since {
        if now - since > FURTHEST_BACK {
            errors.push(FieldError::new("/updated_since", "at most 90 days back"));
        }
        if since > now {
            errors.push(FieldError::new("/updated_since", "lies in the future"));
        }
        if range.updated_before.is_some_and(|before| before <= since) {
            errors.push(FieldError::new("/updated_before", "must be later than updated_since"));
        }
    } else if range.updated_before.is_some() {
        errors.push(FieldError::new("/updated_since", "is needed with updated_before"));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_checked() {
        let now = DateTime::from_timestamp(1_795_422_307, 0).unwrap();
        let ago = |days: i64| Some(now - TimeDelta::days(days));
        let pointers = |updated_since, updated_before| {
            let errors = range_errors(&FetchOrders { updated_since, updated_before }, now);
            errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };

        assert!(pointers(None, None).is_empty());
        assert!(pointers(ago(90), None).is_empty());
        assert!(pointers(ago(9), ago(2)).is_empty());
        assert_eq!(pointers(ago(91), None), ["/updated_since"]);
        assert_eq!(pointers(ago(-1), None), ["/updated_since"]);
        assert_eq!(pointers(ago(2), ago(9)), ["/updated_before"]);
        assert_eq!(pointers(None, ago(9)), ["/updated_since"]);
    }
}
