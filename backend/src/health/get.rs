use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::{DateTime, TimeDelta, Utc};
use database::connections::{self, ConnectionRecord};
use database::health::{self, ImportPace};
use shared::{ConnectionHealth, ConnectionState, Health};

use crate::app::AppState;
use crate::auth::{ConnectionsRead, May};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// Without a poll for this long, something is wrong.
const POLL_OVERDUE: TimeDelta = TimeDelta::minutes(15);
/// A person must act well before the authorization ends.
const AUTHORIZATION_ENDS_SOON: TimeDelta = TimeDelta::days(30);

/// Get the health
///
/// How the queue and each connection are doing, with what is wrong in words.
#[utoipa::path(
    tag = "operation",
    operation_id = "getHealth",
    responses((status = 200, body = Health, description = "The health"), Refusals),
    security(("bearer" = ["connections:read"]))
)]
#[get("/health")]
pub async fn get_health(
    state: Data<AppState>,
    caller: May<ConnectionsRead>,
) -> Result<Json<Health>, ApiError> {
    let now = state.clock().now();
    let db = state.database.reader();
    let depth = job_queue::depth(db, now).await?;
    let mut connections = Vec::new();
    for record in connections::list(db, &state.database.vault, &caller.reach).await? {
        let pace = health::import_pace(db, record.id).await?;
        connections.push(health_of(&record, pace, now));
    }
    Ok(Json(Health {
        now,
        queue_depth: i64::try_from(depth.due).unwrap_or(i64::MAX),
        oldest_due_job_s: depth.oldest_due_at.map(|due| (now - due).num_seconds().max(0)),
        connections,
    }))
}

fn health_of(record: &ConnectionRecord, pace: ImportPace, now: DateTime<Utc>) -> ConnectionHealth {
    ConnectionHealth {
        connection_id: record.id,
        name: record.name.clone(),
        last_sync_at: record.last_sync_at,
        last_webhook_at: record.last_webhook_at,
        waiting_for_import: pace.waiting,
        order_to_store_p50_ms: pace.p50_ms,
        order_to_store_p95_ms: pace.p95_ms,
        access_token_expires_at: Some(record.tokens.access_token_expires_at),
        problems: problems_of(record, now),
    }
}

fn problems_of(record: &ConnectionRecord, now: DateTime<Utc>) -> Vec<String> {
    let mut problems = Vec::new();
    match record.state {
        ConnectionState::Paused => problems.push("The connection is paused; no orders arrive.".to_owned()),
        ConnectionState::Unauthorized => {
            problems.push("TikTok access has ended; authorize the connection again.".to_owned());
        }
        ConnectionState::Active => {
            let last_sync_at = record.last_sync_at.unwrap_or(record.created_at);
            if now - last_sync_at > POLL_OVERDUE {
                let minutes = (now - last_sync_at).num_minutes();
                problems.push(format!("TikTok Shop was not read for {minutes} minutes."));
            }
            let left = record.tokens.refresh_token_expires_at - now;
            if left < AUTHORIZATION_ENDS_SOON {
                let days = left.num_days().max(0);
                problems.push(format!("TikTok access ends in {days} days; authorize the connection again."));
            }
            if !record.settings.import_orders {
                problems.push("Importing is switched off; orders are recorded only.".to_owned());
            }
        }
    }
    problems
}
