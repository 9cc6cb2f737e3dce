use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{
    ActionKind, Assignee, ChannelStatus, ConnectionId, ImportState, Issue, IssueCode, Money, OrderId,
    OrderNote, OrderStatus, Severity, StoreOrderId, TikTokOrderId,
};

text_enum!(
    /// Who packs, and whose label is on the parcel.
    FulfillmentType, "fulfillment type" {
        Merchant => "merchant",
        MerchantTikTokLabel => "merchant_tiktok_label",
        TikTok => "tiktok",
    }
);

impl FulfillmentType {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Merchant => "Merchant",
            Self::MerchantTikTokLabel => "Merchant, TikTok label",
            Self::TikTok => "TikTok",
        }
    }
}

text_enum!(
    /// What makes an order unlike an ordinary sale; flagged, never dropped.
    SpecialKind, "special kind" {
        Sample => "sample",
        Replacement => "replacement",
        Exchange => "exchange",
        PreOrder => "pre_order",
        Gift => "gift",
        Bundle => "bundle",
        CollectionPoint => "collection_point",
        CancellationRequested => "cancellation_requested",
    }
);

impl SpecialKind {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sample => "Sample",
            Self::Replacement => "Replacement",
            Self::Exchange => "Exchange",
            Self::PreOrder => "Pre-order",
            Self::Gift => "Contains a gift",
            Self::Bundle => "Contains a bundle",
            Self::CollectionPoint => "Collection point",
            Self::CancellationRequested => "Buyer wants to cancel",
        }
    }
}

/// One order as a row of the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderSummary {
    pub id: OrderId,
    pub connection_id: ConnectionId,
    pub tiktok_order_id: TikTokOrderId,
    pub status: OrderStatus,
    /// TikTok Shop's own word, kept even where it is new to us.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "AWAITING_SHIPMENT"))]
    pub channel_status: ChannelStatus,
    pub import_state: ImportState,
    /// The order in the store; absent while it was not created.
    pub store_order: Option<StoreOrder>,
    pub fulfillment_type: FulfillmentType,
    /// When the buyer placed the order.
    pub created_at: DateTime<Utc>,
    /// When orderbridge first heard of it.
    pub received_at: DateTime<Utc>,
    pub imported_at: Option<DateTime<Utc>>,
    /// When anything that the grid shows last changed.
    pub updated_at: DateTime<Utc>,
    /// The latest time to ship; absent when nothing is left to ship.
    pub ship_by: Option<DateTime<Utc>>,
    /// The most pressing open issue.
    pub first_issue: Option<FirstIssue>,
    pub open_errors: i32,
    pub open_warnings: i32,
    /// Title of the first product.
    pub first_item: String,
    pub first_item_image: Option<String>,
    /// Distinct products.
    pub item_count: i32,
    /// Pieces of all products.
    pub unit_count: i32,
    /// What the buyer paid.
    pub total: Money,
    /// ISO 3166-1 alpha-2; absent while TikTok Shop hides the address.
    pub country: Option<String>,
    pub special: Vec<SpecialKind>,
    pub tags: Vec<String>,
    /// The colleague who looks after it.
    pub assignee: Option<Assignee>,
    /// When somebody deleted it; it stays restorable for 30 days.
    pub archived_at: Option<DateTime<Utc>>,
    /// It was deleted so long ago that its data is gone; nothing can be done with it any more.
    pub purged: bool,
    /// Somebody chose never to import it.
    pub skipped_by_person: bool,
    /// The last shipment that was sent to TikTok Shop failed.
    pub shipment_failed: bool,
    /// What can be done with it now.
    pub actions: Vec<ActionKind>,
    /// The order in TikTok Shop's Seller Center.
    pub seller_center_url: String,
}

/// The order that was made in the PrestaShop shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreOrder {
    pub id: StoreOrderId,
    pub reference: Option<String>,
    /// Its state, as the store names it; absent until it was read.
    pub state: Option<StoreState>,
    /// True when it is gone from the store.
    pub deleted: bool,
    /// Its page in the store's back office.
    pub url: Option<String>,
}

/// An order state of the PrestaShop shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreState {
    pub id: i64,
    pub name: String,
    /// The store's own colour, such as `#34209E`.
    pub color: Option<String>,
}

/// The issue that the grid shows in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FirstIssue {
    pub code: IssueCode,
    pub severity: Severity,
    pub title: String,
    pub opened_at: DateTime<Utc>,
    pub next_retry_at: Option<DateTime<Utc>>,
}

/// One order with everything known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderDetail {
    #[serde(flatten)]
    pub summary: OrderSummary,
    pub connection_name: String,
    /// The rule that decided the shown status, in words.
    pub status_reason: String,
    pub lines: Vec<OrderLine>,
    pub shipping: Shipping,
    pub payment: Payment,
    /// Open issues first, then resolved ones, newest first.
    pub issues: Vec<Issue>,
    /// What cannot be done with it now, and why.
    pub refused_actions: Vec<RefusedAction>,
    /// Newest first.
    pub notes: Vec<OrderNote>,
}

/// An action that an order does not allow now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedAction {
    pub action: ActionKind,
    /// Why not, in a sentence for the merchant.
    pub reason: String,
}

/// Units of one product at one price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderLine {
    /// The seller's SKU; absent when TikTok Shop sent none.
    pub sku: Option<String>,
    pub tiktok_sku_id: String,
    pub product: String,
    pub variant: Option<String>,
    pub image: Option<String>,
    pub quantity: i32,
    /// List price of one piece.
    pub unit_price: Money,
    /// Discount on one piece that the merchant pays.
    pub seller_discount: Money,
    /// Discount on one piece that TikTok pays to the merchant.
    pub platform_discount: Money,
    /// What the buyer paid for one piece.
    pub sale_price: Money,
    /// What the buyer paid for all pieces of this line.
    pub line_total: Money,
    pub is_gift: bool,
    pub is_bundle: bool,
    /// TikTok Shop's status of the units.
    pub status: String,
    pub package_id: Option<String>,
    pub tracking_number: Option<String>,
    /// The product in the store, once it was found.
    pub store_product: Option<StoreProduct>,
    /// TikTok Shop's id of each unit.
    pub tiktok_line_item_ids: Vec<String>,
}

/// A product of the store that stands for a TikTok product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreProduct {
    pub product_id: i64,
    /// Absent for a product without combinations.
    pub combination_id: Option<i64>,
    pub name: Option<String>,
}

/// Where the order goes and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shipping {
    /// Absent while TikTok Shop hides it.
    pub recipient: Option<Recipient>,
    /// The delivery option that the buyer chose.
    pub delivery_option: Option<String>,
    /// The buyer's message.
    pub buyer_message: Option<String>,
    pub packages: Vec<Package>,
}

/// Who receives the parcel; masked unless it was asked for with the right to see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recipient {
    pub name: String,
    pub phone: Option<String>,
    pub lines: Vec<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// True when orderbridge or TikTok Shop hides parts with asterisks.
    pub masked: bool,
    /// True when the caller may ask for the whole address.
    pub can_reveal: bool,
    /// The address that stood here when the store order was made; absent unless `ADDRESS_CHANGED` is open.
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub previous: Option<Box<Self>>,
}

/// One parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Package {
    pub id: String,
    pub status: Option<String>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    /// Pieces in it.
    pub unit_count: i32,
}

/// The amounts on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Payment {
    pub method: Option<String>,
    pub paid_at: Option<DateTime<Utc>>,
    pub currency: String,
    /// TikTok Shop's amounts, in the order in which they add up to the total.
    pub rows: Vec<PaymentRow>,
    /// What the store order must come to beside what it comes to, line by line: the lines make the totals below. Empty
    /// for orders that TikTok Shop has not told anything new of since this is kept, and where its amounts contradict each
    /// other.
    pub compared: Vec<ComparedAmount>,
    /// What the store order must come to, by the money basis of the connection.
    pub expected_store_total: Money,
    /// What the store order comes to; absent while there is none.
    pub store_total: Option<Money>,
    /// Store total less expected total; zero when all is right.
    pub difference: Option<Money>,
}

/// One amount of TikTok Shop's breakdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaymentRow {
    pub label: String,
    pub amount: Money,
    /// True for what the buyer paid, the sum of the rows above.
    pub is_total: bool,
}

/// One line of the comparison of both sides: a product, shipping and fees, or what only the store has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedAmount {
    #[cfg_attr(feature = "openapi", schema(example = "Stoneware mug (Blue)"))]
    pub label: String,
    /// Pieces that are sold; absent for what is no product, or only in the store.
    pub pieces: Option<i32>,
    /// Pieces in the store order.
    pub store_pieces: Option<i32>,
    /// What it must come to in the store, by the money basis of the connection, with tax; absent for what only the store
    /// has.
    pub expected: Option<Money>,
    /// What it comes to there; absent while there is no store order, or its rows were not read.
    pub store: Option<Money>,
    /// The store's amount less the expected one.
    pub difference: Option<Money>,
}

/// How many orders there are of each status, under the same filters but without the status filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderCounts {
    /// The sum of all statuses.
    pub all: i64,
    pub by_status: Vec<StatusCount>,
    /// True when the search matched more orders than are counted; the numbers are then lower bounds.
    pub at_least: bool,
}

/// How many orders have one status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusCount {
    pub status: OrderStatus,
    pub count: i64,
}

impl OrderCounts {
    /// How many orders have this status.
    #[must_use]
    pub fn of(&self, status: OrderStatus) -> i64 {
        self.by_status.iter().find(|entry| entry.status == status).map_or(0, |entry| entry.count)
    }
}

/// TikTok Shop's latest answer about an order, without what names the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RawOrder {
    /// The version of TikTok Shop's order interface that the answer is written in.
    #[cfg_attr(feature = "openapi", schema(example = "202507"))]
    pub schema_version: String,
    /// When TikTok Shop last updated the order.
    pub channel_updated_at: DateTime<Utc>,
    /// When it was read.
    pub recorded_at: DateTime<Utc>,
    /// The answer as indented JSON; what names a person is replaced by `***`.
    pub json: String,
    /// Where the answer before differed: path, what it said, what it says now.
    pub changes: Vec<String>,
}

/// What a sentence of an order's story can be about.
pub const TIMELINE_TOPICS: &[&str] = &[
    "archive",
    "cancellation",
    "import",
    "issue",
    "note",
    "privacy",
    "shipping",
    "status",
    "store state",
    "sync",
    "undo",
];

/// One sentence of an order's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineEntry {
    pub id: i64,
    pub at: DateTime<Utc>,
    /// `tiktok`, `store`, `orderbridge`, or the e-mail address of a person.
    pub actor: String,
    /// What it is about: one of [`TIMELINE_TOPICS`], or one that was added later.
    pub topic: String,
    pub sentence: String,
    /// Details by name: ids, amounts, durations; never buyers' data.
    pub facts: std::collections::BTreeMap<String, String>,
}
