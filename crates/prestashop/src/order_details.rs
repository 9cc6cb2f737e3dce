//! The lines of an order with all their amounts.

use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{CombinationId, OrderDetailId, OrderId, ProductId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// The lines of an order.
    pub async fn order_details(&self, order: OrderId) -> Result<Vec<OrderDetail>, Error> {
        self.list(Query::full().filter("id_order", order)).await
    }
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDetail {
    /// Its id.
    pub id: OrderDetailId,
    /// The order.
    pub order_id: OrderId,
    /// The product.
    pub product_id: ProductId,
    /// The combination, if it was one.
    pub combination_id: Option<CombinationId>,
    /// The name at the time.
    pub name: String,
    /// The reference at the time.
    pub reference: String,
    /// How many were ordered.
    pub quantity: u32,
    /// How many were refunded.
    pub quantity_refunded: u32,
    /// How many came back.
    pub quantity_returned: u32,
    /// One unit with tax.
    pub unit_price_tax_incl: Decimal,
    /// One unit without tax.
    pub unit_price_tax_excl: Decimal,
    /// The line with tax.
    pub total_price_tax_incl: Decimal,
    /// The line without tax.
    pub total_price_tax_excl: Decimal,
}

impl Entity for OrderDetail {
    const RESOURCE: Resource = Resource::OrderDetails;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            order_id: element.id("id_order")?,
            product_id: element.id("product_id")?,
            combination_id: element.optional_id("product_attribute_id")?,
            name: element.text_or_empty("product_name"),
            reference: element.text_or_empty("product_reference"),
            quantity: element.number("product_quantity")?,
            quantity_refunded: element.number_or_zero("product_quantity_refunded")?,
            quantity_returned: element.number_or_zero("product_quantity_return")?,
            unit_price_tax_incl: element.decimal("unit_price_tax_incl")?,
            unit_price_tax_excl: element.decimal("unit_price_tax_excl")?,
            total_price_tax_incl: element.decimal("total_price_tax_incl")?,
            total_price_tax_excl: element.decimal("total_price_tax_excl")?,
        })
    }
}
