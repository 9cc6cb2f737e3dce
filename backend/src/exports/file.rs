use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use database::DbErr;
use database::audit::Entry;
use database::exports::{self, ExportRecord};
use futures::stream;
use shared::{AuditEvent, ExportFormat, ExportId, ExportState, Scope};

use super::find;
use crate::app::AppState;
use crate::audit::tell;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{FileRefusals, Missing, Refusals};

/// Get an export's file
///
/// While it is being made: 409 `export_not_ready`. After 24 hours: 410 `export_expired`. With columns that name people only for
/// whoever may still see them.
#[utoipa::path(
    tag = "exports",
    operation_id = "getExportFile",
    params(("id" = i64, Path, description = "The export's number")),
    responses(
        (
            status = 200, description = "The file",
            content(
                (String = "text/csv", example = "id,tiktok_order_id,status,total,currency\r\n1207,576461413038785752,error,46.89,EUR\r\n"),
                (String = "application/jsonl", example = "{\"id\":1207,\"total\":\"46.89\"}\n")
            )
        ),
        Missing,
        FileRefusals,
        Refusals
    ),
    security(("bearer" = ["orders:read"]))
)]
#[get("/exports/{id}/file")]
pub async fn get_export_file(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    id: Id<ExportId>,
) -> Result<HttpResponse, ApiError> {
    let record = find(state.database.reader(), &caller, id.0).await?;
    let is_personal = record.export.columns.iter().any(|column| column.is_personal());
    if is_personal {
        caller.require(Scope::OrdersPii)?;
    }
    let now = state.clock().now();
    match record.export.state {
        ExportState::Done if record.export.expires_at.is_some_and(|until| now < until) => {}
        ExportState::Done | ExportState::Expired => {
            return Err(ApiError::Gone {
                code: "export_expired",
                detail: "The file was kept for 24 hours and is gone; ask for a new export.".to_owned(),
            });
        }
        ExportState::Running => {
            return Err(ApiError::Conflict {
                code: "export_not_ready",
                detail: "The file is being made; ask again in a moment.".to_owned(),
            });
        }
        ExportState::Canceled => {
            return Err(ApiError::Conflict {
                code: "export_canceled",
                detail: "The export was canceled; ask for a new one.".to_owned(),
            });
        }
        ExportState::Failed => {
            let why = record.export.error.unwrap_or_default();
            return Err(ApiError::Conflict { code: "export_failed", detail: why });
        }
    }
    if is_personal {
        let entry = Entry::new(AuditEvent::OrdersExported, caller.actor())
            .about("export", record.export.id)
            .with("fetched", true)
            .with("personal", true);
        let txn = state.database.begin().await?;
        tell(&state, &txn, entry).await?;
        txn.commit().await?;
    }
    let (content_type, extension) = match record.export.format {
        ExportFormat::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        ExportFormat::JsonLines => ("application/jsonl", "jsonl"),
    };
    let disposition = format!("attachment; filename=\"orders-{}.{extension}\"", record.export.id);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(parts(state, record)))
}

/// The file part by part; a part that is missing or cannot be read ends it early, which the client notices.
fn parts(state: Data<AppState>, record: ExportRecord) -> impl stream::Stream<Item = Result<Bytes, DbErr>> {
    stream::try_unfold((state, record, 0), |(state, record, position)| async move {
        if position >= record.chunks {
            return Ok(None);
        }
        let database = &state.database;
        let part = exports::part(database.reader(), &database.vault, &record, position).await?;
        let missing = || DbErr::RecordNotFound(format!("part {position} of export {}", record.export.id));
        let part = Bytes::from(part.ok_or_else(missing)?);
        Ok::<_, DbErr>(Some((part, (state, record, position + 1))))
    })
}
