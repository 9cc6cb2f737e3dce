use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ConnectionId;

/// How the whole installation and each connection are doing, as the merchant sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    pub now: DateTime<Utc>,
    /// Jobs that are due and not yet done.
    pub queue_depth: i64,
    /// How long the oldest due job has been waiting, in seconds.
    pub oldest_due_job_s: Option<i64>,
    pub connections: Vec<ConnectionHealth>,
}

/// How one connection is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionHealth {
    pub connection_id: ConnectionId,
    pub name: String,
    /// When a poll of TikTok Shop last ended well; amber after 5 minutes, red after 15.
    pub last_sync_at: Option<DateTime<Utc>>,
    pub last_webhook_at: Option<DateTime<Utc>>,
    /// Orders that are importable and not yet in the store.
    pub waiting_for_import: i64,
    /// Half of the recent imports took at most this long from webhook or poll to store order, in milliseconds.
    pub order_to_store_p50_ms: Option<i64>,
    /// 95 in 100 of the recent imports took at most this long, in milliseconds.
    pub order_to_store_p95_ms: Option<i64>,
    pub access_token_expires_at: Option<DateTime<Utc>>,
    /// Why orders do not arrive or are not imported, in words; empty when all is well.
    pub problems: Vec<String>,
}
