//! The states an order went through, and the way to move it to another.

use chrono::NaiveDateTime;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{OrderHistoryId, OrderId, OrderStateId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// The states an order went through, oldest first.
    pub async fn order_histories(&self, order: OrderId) -> Result<Vec<OrderHistory>, Error> {
        self.list(Query::full().filter("id_order", order).with("sort", "[id_ASC]")).await
    }

    /// Moves an order to a state without writing to the customer. Look first: the same state again makes another
    /// entry. Never for an order in the payment error state: the shop would book the amount twice.
    pub async fn add_order_history(
        &self,
        order: OrderId,
        state: OrderStateId,
    ) -> Result<OrderHistoryId, Error> {
        let history = Element::new("order_history").with("id_order", order).with("id_order_state", state);
        Ok(OrderHistoryId(self.create(Resource::OrderHistories, Query::default(), history).await?))
    }
}

/// An entry in the history of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderHistory {
    /// Its id.
    pub id: OrderHistoryId,
    /// The order.
    pub order_id: OrderId,
    /// The state it went to.
    pub state_id: OrderStateId,
    /// Whether a person did it in the back office.
    pub by_employee: bool,
    /// When, in the shop's time.
    pub date_add: Option<NaiveDateTime>,
}

impl Entity for OrderHistory {
    const RESOURCE: Resource = Resource::OrderHistories;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            order_id: element.id("id_order")?,
            state_id: element.id("id_order_state")?,
            by_employee: element.optional_id::<u64>("id_employee")?.is_some(),
            date_add: element.date("date_add")?,
        })
    }
}
