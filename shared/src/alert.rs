use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{AlertId, ConnectionId};

text_enum!(
    /// What a person should look at, although no single order says so.
    AlertKind, "alert" {
        /// TikTok Shop's authorization ends soon, or has ended.
        AuthorizationEnds => "authorization_ends",
        /// TikTok Shop was not read for too long.
        SyncLag => "sync_lag",
        /// Work of the connection has waited for its turn for too long.
        QueueLag => "queue_lag",
        /// Too much work of the connection waits for its turn.
        QueueDepth => "queue_depth",
        /// An order that nothing is known to stand in the way of has waited for its import for too long.
        OrderWaiting => "order_waiting",
        /// Orders come without TikTok Shop's notifications, by polling alone.
        WebhooksMissing => "webhooks_missing",
        /// TikTok Shop has not answered for too long.
        TikTokDown => "tiktok_down",
        /// The store has not answered for too long.
        StoreDown => "store_down",
        /// Many orders met an error within an hour.
        NewErrors => "new_errors",
        /// Of the orders that were to be imported within a day too many were not.
        LowSuccess => "low_success",
        /// The imports of the last hour took too long.
        SlowImports => "slow_imports",
        /// Orders are to be shipped soon, or are late.
        ShipBy => "ship_by",
        /// The nightly comparison found differences that are still open, or has not come to an end for two days.
        Reconciliation => "reconciliation",
    }
);

impl AlertKind {
    /// Whether orders do not arrive, or are not imported, as long as the alert is open.
    #[must_use]
    pub const fn degrades(self) -> bool {
        match self {
            Self::SyncLag | Self::QueueLag | Self::OrderWaiting | Self::TikTokDown | Self::StoreDown => true,
            // That an authorization has ended is told when it is noted; work that piles up may be done in time all the same.
            Self::AuthorizationEnds
            | Self::QueueDepth
            | Self::WebhooksMissing
            | Self::NewErrors
            | Self::LowSuccess
            | Self::SlowImports
            | Self::ShipBy
            | Self::Reconciliation => false,
        }
    }
}

/// Something that crossed a threshold of the connection's alert rules. It closes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alert {
    pub id: AlertId,
    pub connection_id: ConnectionId,
    pub kind: AlertKind,
    /// What is the matter, in a sentence for the merchant.
    pub sentence: String,
    /// What was measured when it was last looked at, in the unit of the threshold.
    pub value: i64,
    /// The threshold that was crossed: days, minutes, seconds, percent, jobs or orders, as the rule of this kind counts.
    pub threshold: i64,
    pub opened_at: DateTime<Utc>,
    /// Absent while it is open.
    pub closed_at: Option<DateTime<Utc>>,
}

/// When a connection raises an alert; 0 switches a rule off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AlertRules {
    /// Days before TikTok Shop's authorization ends (0 to 365).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 365))]
    pub token_days: u32,
    /// Minutes since the last poll that ended well (0 to 1440).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1440))]
    pub sync_lag_min: u32,
    /// Minutes for which work that could be done may wait for its turn (0 to 1440).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1440))]
    pub queue_lag_min: u32,
    /// Jobs of the connection that could be done and wait for their turn (0 to 100000).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100_000))]
    pub queue_depth: u32,
    /// Minutes for which the oldest order that may be imported, and met no problem yet, may wait (0 to 1440).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1440))]
    pub order_waiting_min: u32,
    /// Minutes since TikTok Shop's last notification, once an order was placed after it (0 to 1440).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1440))]
    pub webhook_age_min: u32,
    /// Minutes for which the store, or TikTok Shop, may not answer (0 to 1440).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1440))]
    pub down_min: u32,
    /// Orders that met an error within the last hour (0 to 10000).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 10000))]
    pub new_errors: u32,
    /// Of 100 orders to be imported within a day, as many must be, once there are ten (0 to 100).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub success_percent: u32,
    /// Seconds within which 95 in 100 imports of the last hour must be done (0 to 86400).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 86400))]
    pub import_s: u32,
    /// Hours before the ship-by time from which an order warns (0 to 168).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 168))]
    pub ship_by_hours: u32,
    /// Orders that the sides disagree on after a comparison (0 to 10000); a comparison that was missed twice counts too.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 10000))]
    pub differences: u32,
}

impl Default for AlertRules {
    fn default() -> Self {
        Self {
            token_days: 30,
            sync_lag_min: 15,
            queue_lag_min: 15,
            // A first import and a nightly comparison rightly ask for thousands of jobs at once.
            queue_depth: 10_000,
            order_waiting_min: 30,
            webhook_age_min: 60,
            down_min: 10,
            new_errors: 10,
            success_percent: 80,
            import_s: 300,
            ship_by_hours: 24,
            differences: 1,
        }
    }
}
