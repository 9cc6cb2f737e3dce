use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{ConnectionId, OrderId, Reconciliation};

/// How the whole installation and each connection are doing, as the merchant sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    pub now: DateTime<Utc>,
    /// Jobs that are due and not yet done.
    pub queue_depth: i64,
    /// How long the oldest due job has been waiting, in seconds.
    pub oldest_due_job_s: Option<i64>,
    /// How far the clock of the process that answers is ahead of the database's, in milliseconds; beyond 30 seconds
    /// either way it does no work.
    pub clock_skew_ms: i64,
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
    /// How long ago that was, in seconds; before the first poll, how long ago the connection was made.
    pub poll_lag_s: i64,
    pub last_webhook_at: Option<DateTime<Utc>>,
    /// How long ago that was, in seconds; absent before the first one.
    pub webhook_age_s: Option<i64>,
    /// Jobs of this connection that are due and not yet done.
    pub queue_depth: i64,
    /// Orders that are importable and not yet in the store.
    pub waiting_for_import: i64,
    /// Of these, the one that has been waiting longest since the delay that the connection wants was over.
    pub oldest_waiting_order_id: Option<OrderId>,
    /// How long it has been waiting, in seconds.
    pub oldest_waiting_order_s: Option<i64>,
    /// Of the orders that were imported within the last 24 hours and those that cannot be imported now, how many in 100
    /// were imported; absent when there are none.
    pub import_success_percent: Option<i64>,
    /// Half of the recent imports took at most this long from webhook or poll to store order, in milliseconds;
    /// the delay that the connection wants is left out.
    pub order_to_store_p50_ms: Option<i64>,
    /// 95 in 100 of the recent imports took at most this long, in milliseconds.
    pub order_to_store_p95_ms: Option<i64>,
    pub access_token_expires_at: Option<DateTime<Utc>>,
    /// When the authorization ends; orderbridge renews the access token by itself until then.
    pub authorization_expires_at: DateTime<Utc>,
    /// Whole days until the authorization ends; 0 when it has ended.
    pub token_days_left: i64,
    pub tiktok: SideHealth,
    pub store: SideHealth,
    /// The last comparison that has ended.
    pub last_reconciliation: Option<Reconciliation>,
    pub open_alerts: i64,
    /// Why orders do not arrive or are not imported, in words; empty when all is well.
    pub problems: Vec<String>,
}

text_enum!(
    /// One of the two sides that a connection connects.
    Side, "side" {
        Channel => "tiktok",
        Store => "store",
    }
);

text_enum!(
    /// Whether a side is called.
    BreakerState, "breaker state" {
        /// It is called as usual.
        Closed => "closed",
        /// It failed again and again: everything waits, and one call tries it from time to time.
        Open => "open",
        /// That one call is under way.
        HalfOpen => "half_open",
    }
);

/// How one side of a connection answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SideHealth {
    pub breaker: BreakerState,
    /// Since when the side does not answer.
    pub down_since: Option<DateTime<Utc>>,
    /// When it is tried again.
    pub next_try_at: Option<DateTime<Utc>>,
    /// What the last try met, in words.
    pub reason: Option<String>,
    /// The side asked for fewer calls; it is left alone until then.
    pub limited_until: Option<DateTime<Utc>>,
}
