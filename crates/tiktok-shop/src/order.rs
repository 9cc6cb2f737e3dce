//! The order as TikTok tells it.

use std::fmt;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

use crate::recipient::RecipientAddress;
use crate::wire::{self, open_text};

open_text! {
    /// Where an order stands.
    OrderStatus {
        /// Placed, payment not finished.
        Unpaid = "UNPAID",
        /// Paid; the buyer may still cancel alone, there is no address, and nothing may be shipped.
        OnHold = "ON_HOLD",
        AwaitingShipment = "AWAITING_SHIPMENT",
        /// Some units shipped.
        PartiallyShipping = "PARTIALLY_SHIPPING",
        /// All units shipped, not scanned by the carrier yet.
        AwaitingCollection = "AWAITING_COLLECTION",
        InTransit = "IN_TRANSIT",
        Delivered = "DELIVERED",
        /// After-sale period over, or fully refunded.
        Completed = "COMPLETED",
        /// All units cancelled. Webhooks write `CANCEL`.
        Cancelled = "CANCELLED" | "CANCEL",
    }
}

open_text! {
    OrderType {
        Normal = "NORMAL",
        ZeroLottery = "ZERO_LOTTERY",
        PreOrder = "PRE_ORDER",
        MadeToOrder = "MADE_TO_ORDER",
        BackOrder = "BACK_ORDER",
        Auction = "AUCTION",
        VirtualOrder = "VIRTUAL_ORDER",
    }
}

open_text! {
    /// Who packs.
    FulfillmentType {
        BySeller = "FULFILLMENT_BY_SELLER",
        /// TikTok's warehouse: the seller can do nothing.
        ByTikTok = "FULFILLMENT_BY_TIKTOK",
        ByDilayaniTokopedia = "FULFILLMENT_BY_DILAYANI_TOKOPEDIA",
    }
}

open_text! {
    /// Whose label and carrier.
    ShippingType {
        /// The seller's own carrier.
        Seller = "SELLER",
        /// A label bought through TikTok; the address stays masked for ever.
        TikTok = "TIKTOK",
        TikTokDigital = "TIKTOK_DIGITAL",
    }
}

open_text! {
    DeliveryType { HomeDelivery = "HOME_DELIVERY", CollectionPoint = "COLLECTION_POINT" }
}

open_text! {
    /// Who asked for a cancellation.
    Initiator { Seller = "SELLER", Buyer = "BUYER", System = "SYSTEM", Operator = "OPERATOR" }
}

open_text! {
    PackageStatus {
        ToFulfill = "TO_FULFILL",
        Processing = "PROCESSING",
        Fulfilling = "FULFILLING",
        Completed = "COMPLETED",
        Cancelled = "CANCELLED",
    }
}

/// An order with all its lines, as far as it is of use: what nobody looks at cannot make it unreadable. `Debug` leaves out
/// what the buyer wrote and who the buyer is.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Order {
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default = "untold")]
    pub status: OrderStatus,
    #[serde(default)]
    pub order_type: Option<OrderType>,

    #[serde(default)]
    pub fulfillment_type: Option<FulfillmentType>,
    #[serde(default)]
    pub shipping_type: Option<ShippingType>,
    #[serde(default)]
    pub delivery_type: Option<DeliveryType>,
    /// The key for listing carriers.
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub delivery_option_id: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub delivery_option_name: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub warehouse_id: Option<String>,
    /// Those that have an id.
    #[serde(default, deserialize_with = "packages")]
    pub packages: Vec<PackageReference>,

    /// Passed or will pass through `ON_HOLD`.
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_on_hold_order: bool,
    /// A buyer's cancellation awaits the seller's answer.
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_buyer_request_cancel: bool,
    /// Localized text of the first line; the key stands in the cancellation only.
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub cancel_reason: Option<String>,
    /// A free sample for a creator; all amounts 0.
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_sample_order: bool,
    /// A free replacement after a return.
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_replacement_order: bool,
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_exchange_order: bool,

    /// A relay address.
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub buyer_email: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub buyer_message: Option<String>,
    /// For display.
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub payment_method_name: Option<String>,
    /// Absent, or without any content, until the order may be shipped.
    #[serde(default)]
    pub recipient_address: Option<RecipientAddress>,

    #[serde(flatten)]
    pub times: OrderTimes,
    #[serde(default)]
    pub payment: Option<Payment>,
    /// One line is one unit.
    #[serde(default)]
    pub line_items: Vec<LineItem>,
}

/// The status of an order that comes without one.
fn untold() -> OrderStatus {
    OrderStatus::Other(String::new())
}

fn packages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PackageReference>, D::Error> {
    #[derive(Deserialize)]
    struct Package {
        #[serde(default, deserialize_with = "wire::optional_id")]
        id: Option<String>,
    }
    let packages: Vec<Package> = Deserialize::deserialize(deserializer)?;
    Ok(packages.into_iter().filter_map(|package| package.id).map(|id| PackageReference { id }).collect())
}

impl Order {
    /// Whether a warehouse of the platform packs and ships it, so that the seller can do nothing.
    #[must_use]
    pub fn is_fulfilled_by_platform(&self) -> bool {
        matches!(
            self.fulfillment_type,
            Some(FulfillmentType::ByTikTok | FulfillmentType::ByDilayaniTokopedia)
        )
    }

    /// Whether nobody pays for it: a sample, or goods that replace others without a price of their own.
    #[must_use]
    pub fn is_free_of_charge(&self) -> bool {
        let costs_nothing = self.payment.as_ref().is_none_or(|payment| payment.total_amount.is_zero());
        self.is_sample_order || ((self.is_replacement_order || self.is_exchange_order) && costs_nothing)
    }
}

/// When what happened to an order, and by when what must happen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct OrderTimes {
    #[serde(deserialize_with = "wire::optional_time")]
    pub create_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "wire::optional_time")]
    pub paid_time: Option<DateTime<Utc>>,
    /// The last change of status; a changed address may not move it.
    #[serde(deserialize_with = "wire::optional_time")]
    pub update_time: Option<DateTime<Utc>>,
    /// First scan by the carrier.
    #[serde(deserialize_with = "wire::optional_time")]
    pub collection_time: Option<DateTime<Utc>>,
    /// The buyer asked to cancel.
    #[serde(deserialize_with = "wire::optional_time")]
    pub request_cancel_time: Option<DateTime<Utc>>,
    /// Latest time to arrange shipment without penalty.
    #[serde(deserialize_with = "wire::optional_time")]
    pub rts_sla_time: Option<DateTime<Utc>>,
    /// Cancelled by TikTok if not `AWAITING_COLLECTION` by then.
    #[serde(deserialize_with = "wire::optional_time")]
    pub shipping_due_time: Option<DateTime<Utc>>,
    /// Older automatic cancellation; the three above say it better.
    #[serde(deserialize_with = "wire::optional_time")]
    pub cancel_order_sla_time: Option<DateTime<Utc>>,
}

/// A package of an order, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageReference {
    pub id: String,
}

/// The amounts of a whole order, in `currency`.
///
/// The buyer paid `total_amount`. Platform discounts are money that the seller still receives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Payment {
    /// ISO 4217.
    #[serde(deserialize_with = "wire::optional_text")]
    pub currency: Option<String>,
    #[serde(deserialize_with = "wire::decimal")]
    pub original_total_product_price: Decimal,
    /// On products, paid by the seller.
    #[serde(deserialize_with = "wire::decimal")]
    pub seller_discount: Decimal,
    /// On products, paid by TikTok.
    #[serde(deserialize_with = "wire::decimal")]
    pub platform_discount: Decimal,
    /// Original price of the products less both discounts.
    #[serde(deserialize_with = "wire::decimal")]
    pub sub_total: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub original_shipping_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub shipping_fee_seller_discount: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub shipping_fee_platform_discount: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub shipping_fee_cofunded_discount: Decimal,
    /// Original shipping fee less the three discounts.
    #[serde(deserialize_with = "wire::decimal")]
    pub shipping_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub tax: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub shipping_fee_tax: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub total_amount: Decimal,

    #[serde(deserialize_with = "wire::decimal")]
    pub small_order_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub retail_delivery_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub buyer_service_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub handling_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub shipping_insurance_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub item_insurance_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub item_insurance_tax: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub distance_shipping_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub distance_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub payment_platform_discount: Decimal,
}

impl Payment {
    /// The fees of single markets; all 0 in the EU.
    #[must_use]
    pub fn market_fees(&self) -> Decimal {
        self.small_order_fee
            + self.retail_delivery_fee
            + self.buyer_service_fee
            + self.handling_fee
            + self.shipping_insurance_fee
            + self.item_insurance_fee
            + self.item_insurance_tax
            + self.distance_shipping_fee
            + self.distance_fee
    }
}

/// One unit of one SKU: three pieces are three lines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LineItem {
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub product_id: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub product_name: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub sku_id: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub sku_name: Option<String>,
    /// The merchant's own number; not every seller gives one.
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub seller_sku: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub sku_image: Option<String>,

    #[serde(default, deserialize_with = "wire::optional_text")]
    pub currency: Option<String>,
    #[serde(default, deserialize_with = "wire::decimal")]
    pub original_price: Decimal,
    #[serde(default, deserialize_with = "wire::decimal")]
    pub seller_discount: Decimal,
    #[serde(default, deserialize_with = "wire::decimal")]
    pub platform_discount: Decimal,
    /// Original price less both discounts.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub sale_price: Decimal,
    #[serde(default)]
    pub item_tax: Vec<ItemTax>,
    /// The German deposit; whether `sale_price` holds it is not documented.
    #[serde(default, deserialize_with = "wire::decimal")]
    pub pfand_fee: Decimal,
    /// A gift with a purchase; its price is 0.
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_gift: bool,

    /// Old samples write `TO_SHIP`.
    #[serde(default)]
    pub display_status: Option<OrderStatus>,
    /// Absent before shipping in some markets.
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub package_id: Option<String>,
    #[serde(default)]
    pub package_status: Option<PackageStatus>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub tracking_number: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub shipping_provider_id: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub shipping_provider_name: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_time")]
    pub rts_time: Option<DateTime<Utc>>,
    /// See [`LineItem::bundle_parts`].
    #[serde(default)]
    pub combined_listing_skus: Vec<BundledSku>,
    /// The newer form of the same: each child has an id of its own.
    #[serde(default)]
    pub sub_item_info: Vec<BundledSku>,
}

impl LineItem {
    /// What one unit of a virtual bundle consists of, in whichever form TikTok tells it; nothing for any other unit.
    #[must_use]
    pub fn bundle_parts(&self) -> &[BundledSku] {
        if self.combined_listing_skus.is_empty() { &self.sub_item_info } else { &self.combined_listing_skus }
    }
}

/// One tax on one unit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemTax {
    #[serde(default, deserialize_with = "wire::decimal")]
    pub tax_amount: Decimal,
}

/// A part of a virtual bundle, with its count in one unit of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BundledSku {
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub sku_id: Option<String>,
    /// 0 where nothing is said: a child with an id of its own is one piece.
    #[serde(default, deserialize_with = "wire::integer")]
    pub sku_count: i64,
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub product_id: Option<String>,
    /// Not every seller gives one, as with the bundle itself.
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub seller_sku: Option<String>,
}

impl fmt::Debug for Order {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Order")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("fulfillment_type", &self.fulfillment_type)
            .field("shipping_type", &self.shipping_type)
            .field("times", &self.times)
            .field("payment", &self.payment)
            .field("line_items", &self.line_items)
            .finish_non_exhaustive()
    }
}
