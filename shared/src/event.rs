use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{ConnectionId, OrderId};

text_enum!(
    /// What a live event is about.
    EventKind, "event kind" {
        /// An order is new in the grid.
        OrderReceived => "order.received",
        /// Something that the grid shows of an order has changed.
        OrderUpdated => "order.updated",
        /// A connection's state or health has changed.
        ConnectionUpdated => "connection.updated",
        /// Orders of a connection do not arrive or are not imported; its open alerts say why.
        ConnectionDegraded => "connection.degraded",
        /// The last alert of that kind has closed.
        ConnectionRestored => "connection.restored",
        /// A comparison of the sides has begun or ended.
        ReconciliationUpdated => "reconciliation.updated",
        /// A run of "fetch orders" has made progress.
        SyncRunUpdated => "sync_run.updated",
    }
);

/// Tells that something changed; the page asks for what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveEvent {
    /// Ascending; send the last one as `Last-Event-ID` to resume.
    pub id: i64,
    pub kind: EventKind,
    pub connection_id: Option<ConnectionId>,
    pub order_id: Option<OrderId>,
}
