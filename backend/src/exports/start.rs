use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use database::audit::Entry;
use database::exports::{self, Members, NewExport};
use database::{BuyerFilter, order_counts};
use shared::{
    AuditEvent, Export, ExportColumn, FieldError, MAX_NAMED_EXPORT_ORDERS, OrderFilter, Scope, StartExport,
};
use sync::jobs;

use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{Caller, May, OrdersRead};
use crate::error::ApiError;
use crate::idempotency::Once;
use crate::openapi::{BodyRefusals, IdempotencyKey, KeyRefusals, Refusals};
use crate::orders::{criteria_of, filter_of};

/// Export orders
///
/// Give either ids or a filter. A job writes the file, of any number of orders; those that come after this moment are not in it.
/// Columns that name people need the scope `orders:pii`. The file is kept for 24 hours and is the caller's own.
#[utoipa::path(
    tag = "exports",
    operation_id = "startExport",
    params(IdempotencyKey),
    request_body(
        content = StartExport,
        examples(
            ("filter" = (
                summary = "All errors, as a table",
                value = json!({ "format": "csv", "filter": [["status", "error"]] })
            )),
            ("ids" = (
                summary = "Some values of named orders",
                value = json!({ "format": "jsonl", "columns": ["tiktok_order_id", "total"], "order_ids": [1207, 1208] })
            ))
        )
    ),
    responses(
        (
            status = 202, body = Export, description = "The file is being made",
            headers(("Idempotent-Replayed" = bool, description = "That an earlier request with the key was answered so"))
        ),
        BodyRefusals,
        KeyRefusals,
        Refusals
    ),
    security(("bearer" = ["orders:read"]))
)]
#[post("/exports")]
pub async fn start_export(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    request: Once<StartExport>,
) -> Result<HttpResponse, ApiError> {
    let Once { body, named } = request;
    let work = async |txn: &_| {
        let errors = errors_of(&body);
        ApiError::refuse_values(errors)?;
        let columns = if body.columns.is_empty() { ExportColumn::defaults() } else { body.columns.clone() };
        if columns.iter().any(|column| column.is_personal()) {
            caller.require(Scope::OrdersPii)?;
        }
        let (members, total) = match body.filter {
            Some(pairs) => {
                let filter = filter_of(&pairs).map_err(|error| error.of_pairs(&pairs))?;
                let total = count(&state, &caller, &filter).await;
                let total = total.map_err(|error| error.of_pairs(&pairs))?;
                (Members::Matching(pairs), total)
            }
            None => {
                let ids: BTreeSet<_> = body.order_ids.into_iter().collect();
                let total = i64::try_from(ids.len()).ok();
                (Members::Named(ids.into_iter().collect()), total)
            }
        };
        let new = NewExport {
            uid: &uuid::Uuid::new_v4().to_string(),
            owner: &caller.account(),
            actor: caller.actor(),
            format: body.format,
            columns: &columns,
            members: &members,
            reach: &caller.reach,
            total,
        };
        let now = state.clock().now();
        let id = exports::create(txn, new, now).await?;
        job_queue::enqueue(txn, jobs::export(id, now), now).await?;
        let record = exports::find(txn, id).await?.ok_or(ApiError::NotFound)?;
        let is_personal = columns.iter().any(|column| column.is_personal());
        let entry = Entry::new(AuditEvent::OrdersExported, caller.actor())
            .about("export", id)
            .with("format", body.format)
            .with("personal", is_personal);
        tell(&state, txn, entry).await?;
        Ok((StatusCode::ACCEPTED, record.export))
    };
    named.answer(&state, &caller, work).await
}

pub(crate) fn errors_of(body: &StartExport) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let distinct: BTreeSet<_> = body.columns.iter().collect();
    if distinct.len() < body.columns.len() {
        errors.push(FieldError::new("/columns", "name each column once"));
    }
    match (&body.filter, body.order_ids.is_empty()) {
        (None, true) => errors.push(FieldError::new("/order_ids", "give either order ids or a filter")),
        (Some(_), false) => {
            errors.push(FieldError::new("/filter", "give either order ids or a filter, not both"));
        }
        _ => {}
    }
    if body.order_ids.len() > MAX_NAMED_EXPORT_ORDERS {
        let detail = format!("at most {MAX_NAMED_EXPORT_ORDERS} orders; a filter may mean any number");
        errors.push(FieldError::new("/order_ids", detail));
    }
    errors
}

/// How many orders a filter means now, unless they are too many to count.
async fn count(state: &AppState, caller: &Caller, filter: &OrderFilter) -> Result<Option<i64>, ApiError> {
    let criteria = criteria_of(state, caller, filter, BuyerFilter::default())?;
    let counts = order_counts::count(state.database.reader(), &state.database.vault, criteria).await?;
    let matching = if filter.status.is_empty() {
        counts.all
    } else {
        filter.status.iter().collect::<BTreeSet<_>>().into_iter().map(|status| counts.of(*status)).sum()
    };
    Ok((!counts.at_least).then_some(matching))
}
