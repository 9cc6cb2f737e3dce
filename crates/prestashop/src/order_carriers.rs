//! The carriage of an order, with its tracking number.

use chrono::NaiveDateTime;
use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{CarrierId, OrderCarrierId, OrderId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

/// Orders asked for in one call, so that the address stays far below what web servers accept.
const ORDERS_PER_CALL: usize = 100;

impl Client {
    /// The carriage of an order: one row, several after a split, none if there is nothing to carry.
    pub async fn order_carriers(&self, order: OrderId) -> Result<Vec<OrderCarrier>, Error> {
        self.list(Query::full().filter("id_order", order)).await
    }

    /// The carriage of several orders. A tracking number entered by the merchant does not count as a change of the
    /// order, so shipped orders without one must be asked for again.
    pub async fn order_carriers_of(&self, orders: &[OrderId]) -> Result<Vec<OrderCarrier>, Error> {
        let mut rows = Vec::new();
        for chunk in orders.chunks(ORDERS_PER_CALL) {
            rows.extend(self.list::<OrderCarrier>(Query::full().filter_any("id_order", chunk)).await?);
        }
        Ok(rows)
    }

    /// Writes a tracking number, without a mail. See [`crate::validate::is_tracking_number`].
    pub async fn set_tracking_number(
        &self,
        order_carrier: OrderCarrierId,
        tracking_number: &str,
    ) -> Result<(), Error> {
        self.change(Resource::OrderCarriers, order_carrier, &[("tracking_number", tracking_number)]).await
    }
}

/// How an order, or a part of it, goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderCarrier {
    /// Its id.
    pub id: OrderCarrierId,
    /// The order.
    pub order_id: OrderId,
    /// The carrier as it was then.
    pub carrier_id: CarrierId,
    /// The tracking number; empty if there is none.
    pub tracking_number: String,
    /// The price with tax.
    pub shipping_cost_tax_incl: Decimal,
    /// The price without tax.
    pub shipping_cost_tax_excl: Decimal,
    /// When the row was made, in the shop's time.
    pub date_add: Option<NaiveDateTime>,
}

impl Entity for OrderCarrier {
    const RESOURCE: Resource = Resource::OrderCarriers;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            order_id: element.id("id_order")?,
            carrier_id: CarrierId(element.number("id_carrier")?),
            tracking_number: element.text_or_empty("tracking_number"),
            shipping_cost_tax_incl: element.decimal_or_zero("shipping_cost_tax_incl")?,
            shipping_cost_tax_excl: element.decimal_or_zero("shipping_cost_tax_excl")?,
            date_add: element.date("date_add")?,
        })
    }
}
