use std::collections::BTreeMap;

use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::{DateTime, TimeDelta, Utc};
use database::circuit_breakers::Breaker;
use database::connections::{self, ConnectionRecord};
use database::{DbErr, Reach, alerts, circuit_breakers, health, reconciliations};
use job_queue::Depth;
use shared::{ConnectionHealth, ConnectionState, Health, IssueCode};

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
    Ok(Json(measure(&state, &caller.reach).await?))
}

/// How everything within a reach is doing now.
pub(super) async fn measure(state: &AppState, reach: &Reach) -> Result<Health, DbErr> {
    let now = state.clock().now();
    let database = &state.database;
    let depth = job_queue::depth(database.reader(), now).await?;
    let depths = job_queue::depths(database.reader(), now).await?;
    let mut connections = Vec::new();
    for record in connections::list(database.reader(), &database.vault, reach).await? {
        connections.push(health_of(state, &record, &depths, now).await?);
    }
    Ok(Health {
        now,
        queue_depth: due_jobs(&depth),
        oldest_due_job_s: depth.oldest_due_at.map(|due| (now - due).num_seconds().max(0)),
        clock_skew_ms: database.clock_skew().await?.num_milliseconds(),
        connections,
    })
}

fn due_jobs(depth: &Depth) -> i64 {
    i64::try_from(depth.due).unwrap_or(i64::MAX)
}

async fn health_of(
    state: &AppState,
    record: &ConnectionRecord,
    depths: &BTreeMap<String, Depth>,
    now: DateTime<Utc>,
) -> Result<ConnectionHealth, DbErr> {
    let db = state.database.reader();
    let pace = health::import_pace(db, record.id, now).await?;
    let (tiktok, store) = circuit_breakers::of_connection(db, record.id).await?;
    let open_alerts = alerts::count_open(db, record.id).await?;
    let seconds_since = |time: DateTime<Utc>| (now - time).num_seconds().max(0);
    let authorization_expires_at = record.tokens.refresh_token_expires_at;
    Ok(ConnectionHealth {
        connection_id: record.id,
        name: record.name.clone(),
        last_sync_at: record.last_sync_at,
        poll_lag_s: seconds_since(record.last_sync_at.unwrap_or(record.created_at)),
        last_webhook_at: record.last_webhook_at,
        webhook_age_s: record.last_webhook_at.map(seconds_since),
        queue_depth: depths.get(&record.id.to_string()).map_or(0, due_jobs),
        waiting_for_import: pace.waiting,
        oldest_waiting_order_id: pace.oldest_waiting.map(|(id, _)| id),
        oldest_waiting_order_s: pace.oldest_waiting.map(|(_, since)| seconds_since(since)),
        import_success_percent: pace.success_percent,
        order_to_store_p50_ms: pace.p50_ms,
        order_to_store_p95_ms: pace.p95_ms,
        access_token_expires_at: Some(record.tokens.access_token_expires_at),
        authorization_expires_at,
        token_days_left: (authorization_expires_at - now).num_days().max(0),
        problems: problems_of(record, &tiktok, &store, now),
        tiktok: tiktok.shown(now),
        store: store.shown(now),
        last_reconciliation: reconciliations::last_ended(db, record.id).await?,
        open_alerts: i64::try_from(open_alerts).unwrap_or(i64::MAX),
    })
}

fn problems_of(
    record: &ConnectionRecord,
    tiktok: &Breaker,
    store: &Breaker,
    now: DateTime<Utc>,
) -> Vec<String> {
    let mut problems = Vec::new();
    match record.state {
        ConnectionState::Paused => problems.push("The connection is paused; no orders arrive.".to_owned()),
        ConnectionState::Unauthorized if record.deauthorized_at.is_some() => {
            let kind = IssueCode::ChannelDeauthorized.kind();
            problems.push(format!("{} {}", kind.sentence, kind.remedy));
        }
        ConnectionState::Unauthorized => {
            problems.push("TikTok access has ended; authorize the connection again.".to_owned());
        }
        ConnectionState::Active => {
            let last_sync_at = record.last_sync_at.unwrap_or(record.created_at);
            if now - last_sync_at > POLL_OVERDUE {
                let minutes = (now - last_sync_at).num_minutes();
                problems.push(format!("TikTok Shop was not read for {minutes} minutes."));
            }
            for (side, breaker) in [("TikTok Shop", tiktok), ("The store", store)] {
                if let Some(since) = breaker.opened_at {
                    let minutes = (now - since).num_minutes().max(0);
                    problems.push(format!("{side} has not answered for {minutes} minutes; orders wait."));
                }
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
