use actix_web::get;
use actix_web::web::{Data, Json};
use database::Reach;
use database::alerts::{self, AlertFilter};
use shared::{Alert, AlertKind, FieldError, Page};

use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::cursor::{Cursors, binding};
use crate::error::ApiError;
use crate::extract::{Pairs, words};
use crate::openapi::{PageQuery, Refusals};

/// List alerts
///
/// What crossed a threshold of the connections' alert rules, newest first. Alerts open and close by themselves.
#[utoipa::path(
    tag = "operation",
    operation_id = "listAlerts",
    params(
        ("connection" = Option<i64>, Query, description = "Of this connection only"),
        ("kind" = Option<String>, Query, description = "Kinds, separated by commas, such as `store_down`"),
        ("open" = Option<bool>, Query, description = "Open or closed ones only"),
        PageQuery
    ),
    responses((status = 200, body = Page<Alert>, description = "A page of alerts"), Refusals),
    security(("bearer" = ["connections:read"]))
)]
#[get("/alerts")]
pub async fn list_alerts(
    state: Data<AppState>,
    caller: May<ConnectionsRead>,
    pairs: Pairs,
) -> Result<Json<Page<Alert>>, ApiError> {
    let (parameters, pairs) = Cursors::page_parameters(pairs.0)?;
    let filter = filter_of(&pairs, caller.reach.clone())?;
    let binding = binding("alerts", &pairs);
    let request = state.cursors.request(&parameters, &binding)?;
    let slice = alerts::page(state.database.reader(), &filter, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}

fn filter_of(pairs: &[(String, String)], reach: Reach) -> Result<AlertFilter, ApiError> {
    let mut filter = AlertFilter { reach, connection: None, kind: Vec::new(), open: None };
    let mut errors = Vec::new();
    for (name, value) in pairs {
        let wrong = |detail: &str| FieldError::new(name, detail);
        match name.as_str() {
            "connection" => match value.parse() {
                Ok(id) => filter.connection = Some(id),
                Err(_) => errors.push(wrong("not a connection's number")),
            },
            "open" => match value.parse() {
                Ok(open) => filter.open = Some(open),
                Err(_) => errors.push(wrong("either true or false")),
            },
            "kind" => filter.kind.extend(words(name, value, AlertKind::ALL, &mut errors)),
            _ => errors.push(wrong("unknown filter; known are connection, kind, open")),
        }
    }
    ApiError::refuse_filter(errors)?;
    Ok(filter)
}
