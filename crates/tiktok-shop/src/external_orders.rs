//! The merchant's own order numbers, written to TikTok and looked up there.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::client::{Call, Shop, segment};
use crate::error::Effect;
use crate::paging::members;
use crate::transport::{Answer, unwrap_envelope};
use crate::wire::{self, open_text};

impl Shop {
    /// Registers the merchant's order number on an order. Needs the scope `seller.order.ext_ref.write`.
    pub async fn add_external_order(&self, order_id: &str, external: &ExternalOrder) -> Result<(), Error> {
        let body = NewReferences { orders: [NewReference { id: order_id, external_order: external }] };
        registered(&self.answer(Call::write("/order/202406/orders/external_orders", &body)).await?)
    }

    /// Reads the references of an order on one platform.
    pub async fn external_orders(
        &self,
        order_id: &str,
        platform: &ExternalPlatform,
    ) -> Result<Vec<ExternalOrder>, Error> {
        let path = format!("/order/202406/orders/{}/external_orders", segment(order_id)?);
        members(self.answer(Call::get(path).query("platform", platform)).await?, "external_orders")
    }

    /// Finds the orders that carry an order number of the merchant.
    pub async fn search_external_order(
        &self,
        external_id: &str,
        platform: &ExternalPlatform,
    ) -> Result<Vec<ReferencedOrder>, Error> {
        let call = Call::search("/order/202406/orders/external_order_search", &serde_json::json!({}))
            .query("platform", platform)
            .query("external_order_id", external_id);
        members(self.answer(call).await?, "orders")
    }
}

/// Reads a whole answer to [`Shop::add_external_order`] that came in another way, as from a fuzzer.
///
/// # Errors
/// As the call that it answers.
pub fn read_registration(status: u16, body: &[u8]) -> Result<(), Error> {
    registered(&unwrap_envelope(body, status, None, Effect::Write, &[])?)
}

fn registered(answer: &Answer) -> Result<(), Error> {
    match answer.first_failure()? {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

open_text! {
    /// The kind of system an order number belongs to; there is no value for PrestaShop.
    ExternalPlatform {
        Shopify = "SHOPIFY",
        WooCommerce = "WOOCOMMERCE",
        BigCommerce = "BIGCOMMERCE",
        Magento = "MAGENTO",
        SalesforceCommerceCloud = "SALESFORCE_COMMERCE_CLOUD",
        ChannelAdvisor = "CHANNEL_ADVISOR",
        Amazon = "AMAZON",
        OrderManagementSystem = "ORDER_MANAGEMENT_SYSTEM",
        WarehouseManagementSystem = "WAREHOUSE_MANAGEMENT_SYSTEM",
        ErpSystem = "ERP_SYSTEM",
    }
}

/// An order number of the merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalOrder {
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default = "order_management_system")]
    pub platform: ExternalPlatform,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub line_items: Vec<ExternalLine>,
}

impl ExternalOrder {
    /// A number from an order management system, without lines.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), platform: order_management_system(), line_items: Vec::new() }
    }
}

/// Which row of the merchant's order a line stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalLine {
    /// The line item at TikTok.
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    /// The row at the merchant.
    #[serde(default, deserialize_with = "wire::text")]
    pub origin_id: String,
}

/// An order found by the merchant's number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReferencedOrder {
    /// The order at TikTok.
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default)]
    pub external_order: Option<ExternalOrder>,
}

#[derive(Serialize)]
struct NewReferences<'a> {
    orders: [NewReference<'a>; 1],
}

#[derive(Serialize)]
struct NewReference<'a> {
    id: &'a str,
    external_order: &'a ExternalOrder,
}

fn order_management_system() -> ExternalPlatform {
    ExternalPlatform::OrderManagementSystem
}
