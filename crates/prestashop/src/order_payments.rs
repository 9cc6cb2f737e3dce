//! Payments. They belong to an order by its reference, not by its id.

use chrono::NaiveDateTime;
use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{CurrencyId, OrderPaymentId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// The payments of the order with this reference.
    pub async fn order_payments(&self, order_reference: &str) -> Result<Vec<OrderPayment>, Error> {
        self.list(Query::full().filter_text("order_reference", order_reference)?).await
    }

    /// Writes down what the payment is called where it was made.
    pub async fn set_payment_transaction_id(
        &self,
        payment: OrderPaymentId,
        transaction_id: &str,
    ) -> Result<(), Error> {
        self.change(Resource::OrderPayments, payment, &[("transaction_id", transaction_id)]).await
    }

    /// Corrects an amount; a step in repairing an order in the payment error state.
    pub async fn set_payment_amount(&self, payment: OrderPaymentId, amount: Decimal) -> Result<(), Error> {
        self.change(Resource::OrderPayments, payment, &[("amount", &format!("{amount:.6}"))]).await
    }
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPayment {
    /// Its id.
    pub id: OrderPaymentId,
    /// The reference of the order it is for.
    pub order_reference: String,
    /// Its currency.
    pub currency_id: CurrencyId,
    /// How much.
    pub amount: Decimal,
    /// What the merchant reads as the means of payment.
    pub payment_method: String,
    /// What the payment is called where it was made; may be empty.
    pub transaction_id: String,
    /// When, in the shop's time.
    pub date_add: Option<NaiveDateTime>,
}

impl Entity for OrderPayment {
    const RESOURCE: Resource = Resource::OrderPayments;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            order_reference: element.field("order_reference")?.to_owned(),
            currency_id: element.id("id_currency")?,
            amount: element.decimal("amount")?,
            payment_method: element.text_or_empty("payment_method"),
            transaction_id: element.text_or_empty("transaction_id"),
            date_add: element.date("date_add")?,
        })
    }
}
