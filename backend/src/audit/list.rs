use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::{DateTime, Utc};
use database::audit::{self, Filter};
use shared::{AuditEntry, AuditEvent, FieldError, Page};

use crate::app::AppState;
use crate::auth::{AuditRead, May};
use crate::cursor::{Cursors, binding};
use crate::error::ApiError;
use crate::extract::{Pairs, words};
use crate::openapi::{PageQuery, Refusals};

/// List the audit log
///
/// Who signed in, was refused, looked at buyers' data, or changed people, keys and settings; newest first. Entries are
/// chained: `orderbridge verify-audit` finds the first one that was changed or removed.
#[utoipa::path(
    tag = "audit",
    operation_id = "listAuditEntries",
    params(
        ("event" = Option<String>, Query, description = "Events, separated by commas, such as `key.created,key.revoked`"),
        ("actor" = Option<String>, Query, description = "Of this actor only"),
        ("subject" = Option<String>, Query, description = "About this only, such as `order:1207`"),
        ("at[gte]" = Option<String>, Query, description = "A time such as `2026-11-23T08:00:00Z`"),
        ("at[lt]" = Option<String>, Query, description = "A time such as `2026-11-23T08:00:00Z`"),
        PageQuery
    ),
    responses((status = 200, body = Page<AuditEntry>, description = "A page of the log"), Refusals),
    security(("bearer" = ["audit:read"]))
)]
#[get("/audit")]
pub async fn list_audit_entries(
    state: Data<AppState>,
    _caller: May<AuditRead>,
    pairs: Pairs,
) -> Result<Json<Page<AuditEntry>>, ApiError> {
    let (parameters, pairs) = Cursors::page_parameters(pairs.0)?;
    let filter = filter_of(&pairs)?;
    let binding = binding("audit", &pairs);
    let request = state.cursors.request(&parameters, &binding)?;
    let slice = audit::page(state.database.reader(), &filter, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}

pub(crate) fn filter_of(pairs: &[(String, String)]) -> Result<Filter, ApiError> {
    let mut filter = Filter::default();
    let mut errors = Vec::new();
    for (name, value) in pairs {
        let wrong = |detail: &str| FieldError::new(name, detail);
        let time = || DateTime::parse_from_rfc3339(value).map(|time| time.with_timezone(&Utc));
        match name.as_str() {
            "event" => filter.events.extend(words(name, value, AuditEvent::ALL, &mut errors)),
            "actor" | "subject" if value.is_empty() => errors.push(wrong("empty; leave it out")),
            "actor" => filter.actor = Some(value.clone()),
            "subject" => filter.subject = Some(value.clone()),
            "at[gte]" | "at[lt]" => match time() {
                Ok(time) if name == "at[gte]" => filter.since = Some(time),
                Ok(time) => filter.before = Some(time),
                Err(_) => errors.push(wrong("not a time like 2026-11-23T08:00:00Z")),
            },
            _ => errors.push(wrong("unknown filter; known are event, actor, subject, at[gte], at[lt]")),
        }
    }
    ApiError::refuse_filter(errors)?;
    Ok(filter)
}
