use rust_decimal::Decimal;
use serde::Deserialize;

use crate::client::{Call, Shop, segment};
use crate::{Error, wire};

impl Shop {
    /// Reads the amounts of an order and of each line, with tax rates: for when the order's own figures do not add up.
    pub async fn price_detail(&self, order_id: &str) -> Result<PriceDetail, Error> {
        self.send(Call::get(format!("/order/202407/orders/{}/price_detail", segment(order_id)?))).await
    }
}

/// The amounts of an order and of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PriceDetail {
    #[serde(flatten)]
    pub order: Prices,
    pub line_items: Vec<LinePrices>,
}

/// The amounts of one line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LinePrices {
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    #[serde(flatten)]
    pub prices: Prices,
}

/// Amounts in `currency`; `None` where TikTok says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Prices {
    /// ISO 4217.
    #[serde(deserialize_with = "wire::optional_text")]
    pub currency: Option<String>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub total: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub payment: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub sku_list_price: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub sku_sale_price: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub subtotal: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub subtotal_deduction_seller: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub subtotal_deduction_platform: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub subtotal_tax_amount: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub voucher_deduction_seller: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub voucher_deduction_platform: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub shipping_list_price: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub shipping_sale_price: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub shipping_fee_deduction_seller: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub shipping_fee_deduction_platform: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub shipping_fee_deduction_platform_voucher: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub tax_amount: Option<Decimal>,
    /// `0.021` is 2.1 %.
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub tax_rate: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub net_price_amount: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub cod_fee: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub cod_fee_net_amount: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub sku_gift_original_price: Option<Decimal>,
    #[serde(deserialize_with = "wire::optional_decimal")]
    pub sku_gift_net_price: Option<Decimal>,
}
