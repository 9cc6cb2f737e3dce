use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{ConnectionId, IssueId, OrderId, WebhookDeliveryId, WebhookId};

/// At most this many webhooks can be set up: each of them is delivered by itself, so that none waits for another.
pub const MAX_WEBHOOKS: u64 = 50;

/// While a secret is replaced the old one signs too, by default for so many hours.
pub const SECRET_OVERLAP_HOURS: u32 = 24;

text_enum!(
    /// What a webhook tells of.
    WebhookEvent, "webhook event" {
        /// An order is new.
        OrderReceived => "order.received",
        /// The order was made in the store, or found there.
        OrderImported => "order.imported",
        /// Something that the grid shows of an order has changed.
        OrderUpdated => "order.updated",
        /// Shipping is arranged for all of it, or it is on its way.
        OrderShipped => "order.shipped",
        /// The order was canceled on TikTok Shop.
        OrderCanceled => "order.canceled",
        /// Something stands in an order's way.
        IssueOpened => "issue.opened",
        /// It does not any more.
        IssueResolved => "issue.resolved",
        /// TikTok Shop does not let us in any more; orders do not arrive.
        ConnectionDegraded => "connection.degraded",
        /// TikTok Shop lets us in again.
        ConnectionRestored => "connection.restored",
        /// The test button; every webhook gets it.
        Test => "webhook.test",
    }
);

text_enum!(
    /// Why a webhook was switched off by itself.
    WebhookDisabledReason, "reason" {
        /// The receiver answered 410 Gone.
        Gone => "gone",
        /// Nothing has arrived for three days.
        Failing => "failing",
    }
);

text_enum!(
    /// How far a delivery has come.
    WebhookDeliveryState, "delivery state" {
        /// It is sent at `next_try_at`.
        Pending => "pending",
        /// The receiver took it.
        Delivered => "delivered",
        /// It was given up; it can be sent again.
        Failed => "failed",
    }
);

/// Where a tool is told of what happens, by the rules of Standard Webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    pub id: WebhookId,
    #[cfg_attr(feature = "openapi", schema(example = "https://tool.example/hooks/orderbridge"))]
    pub url: String,
    #[cfg_attr(feature = "openapi", schema(example = "Warehouse"))]
    pub description: String,
    /// What it tells of; empty means everything.
    pub events: Vec<WebhookEvent>,
    /// Of which connections it tells; empty means all.
    pub connection_ids: Vec<ConnectionId>,
    pub enabled: bool,
    /// Why it was switched off by itself; somebody should look after it.
    pub disabled_reason: Option<WebhookDisabledReason>,
    /// Since when nothing has arrived; absent when the last attempt went well.
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when messages carry a signature by the secret before, too.
    pub previous_secret_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i64,
}

/// A webhook and its secret, which is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    pub webhook: Webhook,
    /// Checks the signatures; keep it like a password.
    #[cfg_attr(feature = "openapi", schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"))]
    pub secret: String,
}

/// A new webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateWebhook {
    /// A public address, over https on its own port.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "https://tool.example/hooks/orderbridge", max_length = 2000)
    )]
    pub url: String,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "Warehouse", max_length = 200))]
    pub description: String,
    /// What it tells of; left out or empty means everything.
    #[serde(default)]
    pub events: Vec<WebhookEvent>,
    /// Of which connections it tells; left out or empty means all.
    #[serde(default)]
    pub connection_ids: Vec<ConnectionId>,
    #[serde(default = "yes")]
    #[cfg_attr(feature = "openapi", schema(default = true))]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

/// A change of a webhook; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateWebhook {
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 2000))]
    pub url: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "Warehouse", max_length = 200))]
    pub description: Option<String>,
    #[serde(default)]
    pub events: Option<Vec<WebhookEvent>>,
    #[serde(default)]
    pub connection_ids: Option<Vec<ConnectionId>>,
    /// Switching it on forgets why it was switched off; switching it off gives up what waits to be sent.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// How to replace a webhook's secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateWebhookSecret {
    /// For so long messages are signed with both secrets; 0 ends the old one at once, 168 is a week.
    #[serde(default = "overlap")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 168, default = 24))]
    pub overlap_hours: u32,
}

const fn overlap() -> u32 {
    SECRET_OVERLAP_HOURS
}

impl Default for RotateWebhookSecret {
    fn default() -> Self {
        Self { overlap_hours: overlap() }
    }
}

/// One message to one webhook, and what became of it. Nothing that the receiver said is kept but its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookDelivery {
    pub id: WebhookDeliveryId,
    pub webhook_id: WebhookId,
    /// The header `webhook-id`: the same for each attempt.
    #[cfg_attr(feature = "openapi", schema(example = "msg_8e03978e40d543e8bc936894a57f9324"))]
    pub message_id: String,
    pub event: WebhookEvent,
    pub connection_id: Option<ConnectionId>,
    pub order_id: Option<OrderId>,
    pub issue_id: Option<IssueId>,
    pub state: WebhookDeliveryState,
    /// How often it was sent.
    pub attempts: i32,
    /// When it is sent next; absent unless it is pending.
    pub next_try_at: Option<DateTime<Utc>>,
    pub last_try_at: Option<DateTime<Utc>>,
    /// The receiver's last answer.
    pub response_status: Option<u16>,
    /// How long the last attempt took.
    pub duration_ms: Option<i64>,
    /// Why the last attempt went wrong, in our words.
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
}
