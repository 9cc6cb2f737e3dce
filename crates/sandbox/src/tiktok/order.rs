//! An order as the platform itself knows it; [`super::order_json`] says what a seller is shown.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::money;
use super::recipient::Recipient;

/// The status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Unpaid,
    OnHold,
    AwaitingShipment,
    PartiallyShipping,
    AwaitingCollection,
    InTransit,
    Delivered,
    Completed,
    Cancelled,
    /// A status that no document names: callers must survive it.
    AwaitingInspection,
}

impl Status {
    /// As written in `status`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Unpaid => "UNPAID",
            Self::OnHold => "ON_HOLD",
            Self::AwaitingShipment => "AWAITING_SHIPMENT",
            Self::PartiallyShipping => "PARTIALLY_SHIPPING",
            Self::AwaitingCollection => "AWAITING_COLLECTION",
            Self::InTransit => "IN_TRANSIT",
            Self::Delivered => "DELIVERED",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::AwaitingInspection => "AWAITING_INSPECTION",
        }
    }

    /// The status with this text, if it is a documented one.
    pub fn documented(text: &str) -> Option<Self> {
        [
            Self::Unpaid,
            Self::OnHold,
            Self::AwaitingShipment,
            Self::PartiallyShipping,
            Self::AwaitingCollection,
            Self::InTransit,
            Self::Delivered,
            Self::Completed,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|status| status.text() == text)
    }

    /// Whether the seller may still ship something.
    pub fn is_shippable(self) -> bool {
        matches!(self, Self::AwaitingShipment | Self::PartiallyShipping)
    }

    /// Whether the order has left the seller, in full.
    pub fn is_shipped(self) -> bool {
        matches!(self, Self::AwaitingCollection | Self::InTransit | Self::Delivered | Self::Completed)
    }
}

/// One order. Times are unix seconds, 0 when not reached.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: String,
    pub shop_id: String,
    /// Region of the shop, ISO alpha-2: it decides rules and reasons.
    pub market: String,
    /// Which of [`super::shapes::Shape`] it was made as.
    pub shape: String,
    pub status: Status,
    pub times: Times,
    pub deadlines: Deadlines,
    pub kind: OrderKind,
    /// Passed or will pass through `ON_HOLD`.
    pub is_on_hold_order: bool,
    pub is_buyer_request_cancel: bool,
    pub has_updated_recipient_address: bool,
    /// Whether a seller ever could have shipped it: an order cancelled before that is never imported.
    pub was_shippable: bool,
    pub buyer: Buyer,
    pub recipient: Recipient,
    pub lines: Vec<Line>,
    pub packages: Vec<Package>,
    pub payment: Payment,
    pub ended_by: Option<Ending>,
    pub quirks: Quirks,
    pub external_orders: Vec<ExternalOrder>,
    /// What the carrier reported: text and unix milliseconds.
    pub tracking: Vec<(String, i64)>,
    /// How often the seller corrected shipping information.
    pub shipping_corrections: u32,
    /// Why a connector is expected not to import it as it stands; `None` when it should be imported.
    pub obstacle: Option<Obstacle>,
}

/// Moments in the life of an order.
#[derive(Debug, Clone, Default)]
pub struct Times {
    pub create: i64,
    pub paid: i64,
    pub update: i64,
    pub hold_until: i64,
    pub shipped: i64,
    pub collected: i64,
    pub delivered: i64,
    pub completed: i64,
    pub cancelled: i64,
    pub cancel_requested: i64,
}

/// Until when something must have happened.
#[derive(Debug, Clone, Default)]
pub struct Deadlines {
    pub payment: i64,
    pub arrange_shipment: i64,
    pub hand_over: i64,
    pub shipping: i64,
    pub collection: i64,
    pub delivery: i64,
    pub promised_delivery: i64,
}

/// What is special about the order as a whole.
#[derive(Debug, Clone)]
pub struct OrderKind {
    /// `order_type`, such as `NORMAL`.
    pub order_type: String,
    /// Packed and sent by TikTok.
    pub fulfilled_by_tiktok: bool,
    /// Carried on TikTok's label, whoever packs.
    pub shipped_by_tiktok: bool,
    /// `delivery_type`, such as `HOME_DELIVERY`.
    pub delivery_type: String,
    pub is_sample: bool,
    pub replaces: Option<String>,
    pub exchanged_for: Option<String>,
    /// Pre-orders: when the goods come out.
    pub release_date: Option<i64>,
    /// Made-to-order and back-orders: days and `CALENDAR_DAY` or `BUSINESS_DAY`.
    pub handling_duration: Option<(u32, &'static str)>,
}

impl Default for OrderKind {
    fn default() -> Self {
        Self {
            order_type: "NORMAL".to_owned(),
            fulfilled_by_tiktok: false,
            shipped_by_tiktok: false,
            delivery_type: "HOME_DELIVERY".to_owned(),
            is_sample: false,
            replaces: None,
            exchanged_for: None,
            release_date: None,
            handling_duration: None,
        }
    }
}

/// Who bought.
#[derive(Debug, Clone)]
pub struct Buyer {
    pub user_id: String,
    /// Relay address.
    pub email: String,
    pub nickname: String,
    pub message: String,
}

/// One unit of one SKU: there are no quantities on TikTok Shop.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub listing: Listing,
    pub original_price: Decimal,
    pub seller_discount: Decimal,
    pub platform_discount: Decimal,
    /// Tax type, amount and rate as a fraction.
    pub item_tax: Option<(&'static str, Decimal, Decimal)>,
    pub is_gift: bool,
    /// What a gift would have cost.
    pub gift_retail_price: Option<Decimal>,
    /// A virtual bundle's parts, per unit of the bundle.
    pub parts: Vec<(Listing, u32)>,
    pub bundle_form: BundleForm,
    /// German deposit.
    pub pfand_fee: Option<Decimal>,
    /// VAT inside the shipping fee: amount and rate as a fraction.
    pub shipping_vat: Option<(Decimal, Decimal)>,
    pub state: LineState,
    pub package_id: Option<String>,
    pub shipped_time: i64,
    /// Localised reason and who cancelled the unit.
    pub cancelled_by: Option<(String, &'static str)>,
}

impl Line {
    /// What the buyer pays for the unit: the original price less both discounts.
    pub fn sale_price(&self) -> Decimal {
        self.original_price - self.seller_discount - self.platform_discount
    }
}

/// How the parts of a virtual bundle are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BundleForm {
    /// `combined_listing_skus`: each SKU once, with its count.
    #[default]
    CombinedListingSkus,
    /// `sub_item_info`: each piece with an id of its own.
    SubItemInfo,
}

/// Where one unit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    Unshipped,
    Shipped,
    Cancelled,
}

/// What is offered on TikTok Shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub product_id: String,
    pub product_name: String,
    pub sku_id: String,
    pub sku_name: String,
    /// The seller's own reference; may be empty or carry spaces.
    pub seller_sku: String,
}

/// A parcel, planned or sent.
#[derive(Debug, Clone)]
pub struct Package {
    pub id: String,
    pub line_ids: Vec<String>,
    pub state: PackageState,
    pub tracking_number: String,
    pub provider_id: String,
    pub provider_name: String,
    pub create_time: i64,
    pub update_time: i64,
    pub shipped_time: i64,
    /// `PICKUP`, `DROP_OFF` or empty.
    pub handover_method: String,
    /// Holds a part of the order only.
    pub is_split: bool,
}

/// Where a parcel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageState {
    ToFulfill,
    Processing,
    Fulfilling,
    Completed,
    Cancelled,
}

impl PackageState {
    /// As written in `package_status`.
    pub fn text(self) -> &'static str {
        match self {
            Self::ToFulfill => "TO_FULFILL",
            Self::Processing => "PROCESSING",
            Self::Fulfilling => "FULFILLING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// All amounts of the order; the identities hold by construction, see [`Payment::of`].
#[derive(Debug, Clone, Default)]
pub struct Payment {
    pub currency: String,
    pub original_total_product_price: Decimal,
    pub seller_discount: Decimal,
    pub platform_discount: Decimal,
    pub sub_total: Decimal,
    pub shipping: Shipping,
    pub shipping_fee: Decimal,
    pub product_tax: Decimal,
    pub shipping_fee_tax: Decimal,
    pub retail_delivery_fee: Decimal,
    pub total_amount: Decimal,
}

/// What delivery costs, before and after discounts.
#[derive(Debug, Clone, Default)]
pub struct Shipping {
    pub original_fee: Decimal,
    pub seller_discount: Decimal,
    pub platform_discount: Decimal,
    /// Excludes `seller_discount`.
    pub cofunded_discount: Decimal,
}

/// What comes on top of prices and delivery.
#[derive(Debug, Clone, Default)]
pub struct OnTop {
    pub shipping_fee_tax: Decimal,
    pub retail_delivery_fee: Decimal,
    /// Whether the taxes of the lines are charged on top (United States) or contained in the prices.
    pub line_taxes: bool,
    /// Whether the deposits of the lines are charged on top or contained in the prices.
    pub deposits: bool,
}

impl Payment {
    /// Adds up the given lines; whatever the lines are, every identity of the payment object holds afterwards.
    pub fn of<'a>(
        currency: &str,
        lines: impl Iterator<Item = &'a Line> + Clone,
        shipping: Shipping,
        on_top: &OnTop,
    ) -> Self {
        let sum = |amount: fn(&Line) -> Decimal| lines.clone().map(amount).sum::<Decimal>();
        let original_total_product_price = sum(|line| line.original_price);
        let seller_discount = sum(|line| line.seller_discount);
        let platform_discount = sum(|line| line.platform_discount);
        let sub_total = original_total_product_price - seller_discount - platform_discount;
        let shipping_fee = shipping.original_fee
            - shipping.seller_discount
            - shipping.platform_discount
            - shipping.cofunded_discount;
        let product_tax = if on_top.line_taxes {
            sum(|line| line.item_tax.map_or(Decimal::ZERO, |(_, amount, _)| amount))
        } else {
            Decimal::ZERO
        };
        let deposits =
            if on_top.deposits { sum(|line| line.pfand_fee.unwrap_or_default()) } else { Decimal::ZERO };
        let total_amount = sub_total
            + shipping_fee
            + product_tax
            + on_top.shipping_fee_tax
            + on_top.retail_delivery_fee
            + deposits;
        Self {
            currency: currency.to_owned(),
            original_total_product_price,
            seller_discount,
            platform_discount,
            sub_total,
            shipping,
            shipping_fee,
            product_tax,
            shipping_fee_tax: on_top.shipping_fee_tax,
            retail_delivery_fee: on_top.retail_delivery_fee,
            total_amount,
        }
    }

    /// Taxes charged on top.
    pub fn tax(&self) -> Decimal {
        self.product_tax + self.shipping_fee_tax
    }
}

/// How an order ended early.
#[derive(Debug, Clone)]
pub struct Ending {
    /// `SELLER`, `BUYER` or `SYSTEM`.
    pub initiator: &'static str,
    /// Localised text, not a key.
    pub reason_text: String,
}

/// Oddities in how the order is written out, which callers must survive.
#[derive(Debug, Clone, Default)]
pub struct Quirks {
    /// Fields that no document names.
    pub unknown_fields: bool,
    /// Values that no enumeration names.
    pub unknown_values: bool,
    /// `null` where an object or a list should be, and instead of zero.
    pub nulls: bool,
    pub money: money::Style,
    /// Fields that are written out in place of the order's own, whatever they hold.
    pub overwritten: serde_json::Map<String, serde_json::Value>,
}

/// A merchant's own order number, written by the merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalOrder {
    pub platform: String,
    pub id: String,
    /// Line id and the merchant's id of the line.
    pub line_items: Vec<(String, String)>,
}

/// Why an order cannot simply be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The store has no product with this SKU.
    UnknownSku,
    /// The listing has no seller SKU.
    EmptySku,
    /// Two products of the store share the SKU.
    AmbiguousSku,
    /// The product is switched off in the store.
    InactiveProduct,
    /// The store has none left and takes no back orders.
    OutOfStock,
    /// TikTok packs and sends it from its own warehouse.
    FulfilledByTiktok,
    /// Nobody knows what its status means.
    UnknownStatus,
}

impl Order {
    /// Units that are not cancelled.
    pub fn live_lines(&self) -> impl Iterator<Item = &Line> + Clone {
        self.lines.iter().filter(|line| line.state != LineState::Cancelled)
    }

    /// Whether any unit still waits to be shipped.
    pub fn has_unshipped_lines(&self) -> bool {
        self.lines.iter().any(|line| line.state == LineState::Unshipped)
    }

    /// The package with this id.
    pub fn package(&self, id: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.id == id)
    }

    /// The package that a seller shipped last.
    pub fn last_shipped_package(&self) -> Option<&Package> {
        self.packages
            .iter()
            .filter(|package| !package.tracking_number.is_empty())
            .max_by_key(|p| p.shipped_time)
    }
}
