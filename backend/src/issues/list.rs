use actix_web::get;
use actix_web::web::{Data, Json};
use database::Reach;
use database::order_history::{self, IssueFilter};
use shared::{FieldError, Issue, IssueCode, Page};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::cursor::{Cursors, binding};
use crate::error::ApiError;
use crate::extract::{Pairs, words};
use crate::openapi::{PageQuery, Refusals};

/// List issues
///
/// What stands or stood in the way of orders, newest first.
#[utoipa::path(
    tag = "orders",
    operation_id = "listIssues",
    params(
        ("order" = Option<i64>, Query, description = "Of this order only"),
        ("code" = Option<String>, Query, description = "Codes, separated by commas, such as `SKU_NOT_FOUND`"),
        ("open" = Option<bool>, Query, description = "Open or resolved ones only"),
        PageQuery
    ),
    responses((status = 200, body = Page<Issue>, description = "A page of issues"), Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/issues")]
pub async fn list_issues(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    pairs: Pairs,
) -> Result<Json<Page<Issue>>, ApiError> {
    let (parameters, pairs) = Cursors::page_parameters(pairs.0)?;
    let filter = filter_of(&pairs, caller.reach.clone())?;
    let binding = binding("issues", &pairs);
    let request = state.cursors.request(&parameters, &binding)?;
    let slice = order_history::issue_page(state.database.reader(), &filter, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}

pub(crate) fn filter_of(pairs: &[(String, String)], reach: Reach) -> Result<IssueFilter, ApiError> {
    let mut filter = IssueFilter { reach, order: None, code: Vec::new(), open: None };
    let mut errors = Vec::new();
    for (name, value) in pairs {
        let wrong = |detail: &str| FieldError::new(name, detail);
        match name.as_str() {
            "order" => match value.parse() {
                Ok(id) => filter.order = Some(id),
                Err(_) => errors.push(wrong("not an order number")),
            },
            "open" => match value.parse() {
                Ok(open) => filter.open = Some(open),
                Err(_) => errors.push(wrong("either true or false")),
            },
            "code" => filter.code.extend(words(name, value, IssueCode::ALL, &mut errors)),
            _ => errors.push(wrong("unknown filter; known are order, code, open")),
        }
    }
    ApiError::refuse_filter(errors)?;
    Ok(filter)
}
