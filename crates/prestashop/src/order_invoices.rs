//! Invoices. The shop makes them with the first state that asks for one.

use chrono::NaiveDateTime;
use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{OrderId, OrderInvoiceId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// The invoices of an order.
    pub async fn order_invoices(&self, order: OrderId) -> Result<Vec<OrderInvoice>, Error> {
        self.list(Query::full().filter("id_order", order)).await
    }
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderInvoice {
    /// Its id.
    pub id: OrderInvoiceId,
    /// The order.
    pub order_id: OrderId,
    /// Its number. Two orders created at once may get the same.
    pub number: u64,
    /// The total with tax.
    pub total_paid_tax_incl: Decimal,
    /// The total without tax.
    pub total_paid_tax_excl: Decimal,
    /// When it was made, in the shop's time.
    pub date_add: Option<NaiveDateTime>,
}

impl Entity for OrderInvoice {
    const RESOURCE: Resource = Resource::OrderInvoices;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            order_id: element.id("id_order")?,
            number: element.number("number")?,
            total_paid_tax_incl: element.decimal("total_paid_tax_incl")?,
            total_paid_tax_excl: element.decimal("total_paid_tax_excl")?,
            date_add: element.date("date_add")?,
        })
    }
}
