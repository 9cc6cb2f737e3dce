use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{ExportId, OrderId};

/// A finished export can be fetched for so many hours.
pub const EXPORT_KEPT_HOURS: i64 = 24;

/// At most this many orders can be named one by one; a filter may mean any number.
pub const MAX_NAMED_EXPORT_ORDERS: usize = 10_000;

text_enum!(
    /// How an export is written.
    ExportFormat, "export format" {
        /// Comma-separated values with a first line of names, UTF-8 (RFC 4180).
        Csv => "csv",
        /// One JSON object in each line.
        JsonLines => "jsonl",
    }
);

text_enum!(
    /// How far an export has come.
    ExportState, "export state" {
        Running => "running",
        /// The file can be fetched until `expires_at`.
        Done => "done",
        Canceled => "canceled",
        /// It could not be written; `error` says why.
        Failed => "failed",
        /// The file is gone.
        Expired => "expired",
    }
);

text_enum!(
    /// One value of each order. Those that begin with `recipient_` name a person and need the right to see that.
    ExportColumn, "export column" {
        Id => "id",
        ConnectionId => "connection_id",
        TikTokOrderId => "tiktok_order_id",
        Status => "status",
        ChannelStatus => "channel_status",
        ImportState => "import_state",
        StoreOrderId => "store_order_id",
        StoreOrderReference => "store_order_reference",
        StoreState => "store_state",
        FulfillmentType => "fulfillment_type",
        CreatedAt => "created_at",
        ReceivedAt => "received_at",
        ImportedAt => "imported_at",
        UpdatedAt => "updated_at",
        ShipBy => "ship_by",
        Issue => "issue",
        OpenErrors => "open_errors",
        OpenWarnings => "open_warnings",
        FirstItem => "first_item",
        Skus => "skus",
        ItemCount => "item_count",
        UnitCount => "unit_count",
        Total => "total",
        Currency => "currency",
        Country => "country",
        TrackingNumbers => "tracking_numbers",
        Special => "special",
        Tags => "tags",
        RecipientName => "recipient_name",
        RecipientPhone => "recipient_phone",
        RecipientEmail => "recipient_email",
        RecipientAddress => "recipient_address",
        RecipientPostalCode => "recipient_postal_code",
        RecipientCity => "recipient_city",
        RecipientRegion => "recipient_region",
        Assignee => "assignee",
    }
);

impl ExportColumn {
    /// Whether it names a person.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        matches!(
            self,
            Self::RecipientName
                | Self::RecipientPhone
                | Self::RecipientEmail
                | Self::RecipientAddress
                | Self::RecipientPostalCode
                | Self::RecipientCity
                | Self::RecipientRegion
        )
    }

    /// What an export holds when no columns are chosen: everything that names nobody.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        Self::ALL.iter().copied().filter(|column| !column.is_personal()).collect()
    }
}

/// A request for a file of orders. Give either order ids or a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StartExport {
    pub format: ExportFormat,
    /// In this order; left out or empty means all that name nobody.
    #[serde(default)]
    pub columns: Vec<ExportColumn>,
    /// The orders that match now are meant. `sort` has no effect: the newest come first.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::filter::pairs_schema))]
    pub filter: Option<Vec<(String, String)>>,
    /// At most 10,000.
    #[serde(default)]
    pub order_ids: Vec<OrderId>,
}

/// A file of orders in the making, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Export {
    pub id: ExportId,
    pub format: ExportFormat,
    pub columns: Vec<ExportColumn>,
    pub state: ExportState,
    /// Who asked for it.
    pub actor: String,
    /// Orders that are in the file so far.
    pub written: i64,
    /// How many there will be, about; absent when they are too many to count.
    pub total: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed, in a sentence.
    pub error: Option<String>,
    /// Until when the file can be fetched; absent while there is none.
    pub expires_at: Option<DateTime<Utc>>,
}
