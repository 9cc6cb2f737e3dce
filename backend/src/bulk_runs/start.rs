use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::BuyerFilter;
use database::bulk_runs::{Members, NewRun};
use shared::{BulkRun, FieldError, MAX_BULK_ORDERS, OrderId, StartBulkRun};
use sync::actions;

use super::{New, create};
use crate::app::AppState;
use crate::auth::{May, OrdersWrite};
use crate::error::ApiError;
use crate::idempotency::Once;
use crate::openapi::{BodyRefusals, IdempotencyKey, KeyRefusals, Refusals};
use crate::orders::{criteria_of, filter_of};

/// Do the same with many orders
///
/// Give either ids or a filter. The orders are frozen now, at most 10,000; each is then asked by itself, and one that does
/// not allow the action is noted as refused, with the reason.
#[utoipa::path(
    tag = "actions",
    operation_id = "startBulkRun",
    params(IdempotencyKey),
    request_body(
        content = StartBulkRun,
        examples(
            ("ids" = (
                summary = "Named orders",
                value = json!({ "request": { "action": "sync" }, "order_ids": [1207, 1208] })
            )),
            ("filter" = (
                summary = "All that match, but one",
                value = json!({
                    "request": { "action": "import" },
                    "filter": [["status", "error"], ["issue", "SKU_NOT_FOUND"]],
                    "except": [1209]
                })
            ))
        )
    ),
    responses(
        (
            status = 202, body = BulkRun, description = "The run",
            headers(("Idempotent-Replayed" = bool, description = "That an earlier request with the key was answered so")),
            example = json!({
                "id": 7, "request": { "action": "sync" }, "state": "running", "actor": "ana@example.com",
                "total": 2, "pending": 2, "queued": 0, "done": 0, "failed": 0, "refused": 0, "left": 0,
                "created_at": "2026-11-23T21:40:00Z", "finished_at": null
            })
        ),
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["orders:write"]))
)]
#[post("/bulk-runs")]
pub async fn start_bulk_run(
    state: Data<AppState>,
    caller: May<OrdersWrite>,
    request: Once<StartBulkRun>,
) -> Result<HttpResponse, ApiError> {
    let Once { body, named } = request;
    let work = async |txn: &_| {
        let errors = errors_of(&body);
        ApiError::refuse_values(errors)?;
        let run = NewRun { request: &body.request, actor: caller.actor() };
        let new = match &body.filter {
            None => {
                create(&state, txn, run, Members::Named { ids: &body.order_ids, reach: &caller.reach })
                    .await?
            }
            Some(pairs) => {
                let criteria = filter_of(pairs)
                    .and_then(|filter| criteria_of(&state, &caller, &filter, BuyerFilter::default()))
                    .map_err(|error| error.of_pairs(pairs))?;
                let members = Members::Matching { criteria: &criteria, except: &body.except };
                create(&state, txn, run, members).await?
            }
        };
        let run = run_of(new, &body)?;
        Ok((StatusCode::ACCEPTED, run))
    };
    named.answer(&state, &caller, work).await
}

pub(crate) fn errors_of(body: &StartBulkRun) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !body.request.kind().in_bulk() {
        errors.push(FieldError::new("/request/action", "is asked of one order at a time"));
    }
    for error in actions::errors_of(&body.request) {
        errors.push(FieldError::new(format!("/request{}", error.pointer), error.detail));
    }
    match (&body.filter, body.order_ids.is_empty()) {
        (None, true) => errors.push(FieldError::new("/order_ids", "give either order ids or a filter")),
        (Some(_), false) => {
            errors.push(FieldError::new("/filter", "give either order ids or a filter, not both"));
        }
        (None, false) if !body.except.is_empty() => {
            errors.push(FieldError::new("/except", "goes with a filter; leave these orders out of the ids"));
        }
        _ => {}
    }
    for (pointer, ids) in [("/order_ids", &body.order_ids), ("/except", &body.except)] {
        if ids.len() as u64 > MAX_BULK_ORDERS {
            errors.push(FieldError::new(pointer, format!("at most {MAX_BULK_ORDERS} orders")));
        }
    }
    errors
}

/// The run, if it is for the orders that were meant.
fn run_of(new: New, body: &StartBulkRun) -> Result<BulkRun, ApiError> {
    let invalid = |pointer: &str, detail: String| ApiError::Invalid(vec![FieldError::new(pointer, detail)]);
    let named: BTreeSet<OrderId> = body.order_ids.iter().copied().collect();
    match new {
        New::TooMany => Err(invalid(
            "/filter",
            format!(
                "more than {MAX_BULK_ORDERS} orders match; narrow the filter, for example by date, and start several runs"
            ),
        )),
        New::Run(run) if body.filter.is_some() || run.total.unsigned_abs() == named.len() as u64 => Ok(run),
        New::NoOrders if body.filter.is_some() => Err(invalid("/filter", "no order matches".to_owned())),
        New::Run(_) | New::NoOrders => {
            Err(invalid("/order_ids", "some of these orders do not exist".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn either_ids_or_a_filter() {
        let pointers = |body: serde_json::Value| {
            let body: StartBulkRun = serde_json::from_value(body).unwrap();
            errors_of(&body).into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        let sync = json!({ "action": "sync" });
        let too_many: Vec<u64> = (1..=MAX_BULK_ORDERS + 1).collect();

        assert!(pointers(json!({ "request": sync, "order_ids": [1] })).is_empty());
        assert!(
            pointers(json!({ "request": sync, "filter": [["status", "error"]], "except": [1] })).is_empty()
        );
        assert_eq!(pointers(json!({ "request": sync })), ["/order_ids"]);
        assert_eq!(pointers(json!({ "request": sync, "order_ids": [1], "filter": [] })), ["/filter"]);
        assert_eq!(pointers(json!({ "request": sync, "order_ids": [1], "except": [1] })), ["/except"]);
        assert_eq!(pointers(json!({ "request": sync, "order_ids": too_many })), ["/order_ids"]);
        let note = json!({ "action": "note", "text": "Hello" });
        assert_eq!(pointers(json!({ "request": note, "order_ids": [1] })), ["/request/action"]);
        let tag = json!({ "action": "tag", "add": ["a,b"] });
        assert_eq!(pointers(json!({ "request": tag, "order_ids": [1] })), ["/request/add"]);
    }
}
