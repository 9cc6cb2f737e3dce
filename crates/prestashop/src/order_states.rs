//! The states an order can be in. Merchants edit and add states: go by flags and roles, never by number or name.

use crate::client::Client;
use crate::decode::{Entity, Localized};
use crate::error::{DecodeError, Error};
use crate::ids::OrderStateId;
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// All states, deleted ones too: old orders may be in them.
    pub async fn order_states(&self) -> Result<Vec<OrderState>, Error> {
        self.list(Query::full()).await
    }
}

/// A state and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderState {
    /// Its id.
    pub id: OrderStateId,
    /// Its name.
    pub names: Localized,
    /// `#3498D8`
    pub color: String,
    /// Counts as paid.
    pub paid: bool,
    /// Counts as a sale: an order in it is `valid` and holds its stock.
    pub logable: bool,
    /// The goods have left.
    pub shipped: bool,
    /// Makes a delivery slip.
    pub delivery: bool,
    /// Makes an invoice.
    pub invoice: bool,
    /// Writes to the customer.
    pub send_email: bool,
    /// Attaches the invoice to the mail.
    pub pdf_invoice: bool,
    /// Attaches the delivery slip to the mail.
    pub pdf_delivery: bool,
    /// Is not shown to the customer.
    pub hidden: bool,
    /// Was deleted.
    pub deleted: bool,
    /// Belongs to the shop itself.
    pub unremovable: bool,
    /// The module it belongs to; empty if none.
    pub module_name: String,
    /// The mail it writes.
    pub templates: Localized,
}

impl Entity for OrderState {
    const RESOURCE: Resource = Resource::OrderStates;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            names: element.localized("name")?,
            color: element.text_or_empty("color"),
            paid: element.flag("paid")?,
            logable: element.flag("logable")?,
            shipped: element.flag("shipped")?,
            delivery: element.flag("delivery")?,
            invoice: element.flag("invoice")?,
            send_email: element.flag("send_email")?,
            pdf_invoice: element.flag("pdf_invoice")?,
            pdf_delivery: element.flag("pdf_delivery")?,
            hidden: element.flag("hidden")?,
            deleted: element.flag("deleted")?,
            unremovable: element.flag("unremovable")?,
            module_name: element.text_or_empty("module_name"),
            templates: element.localized("template")?,
        })
    }
}
