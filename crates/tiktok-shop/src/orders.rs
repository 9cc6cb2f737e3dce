use std::num::NonZeroUsize;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::Error;
use crate::client::{Call, Shop};
use crate::error::Effect;
use crate::order::{Order, OrderStatus, ShippingType};
use crate::paging::{DEFAULT_MAX_PAGES, Items, SortField, SortOrder};
use crate::transport::{Answer, unwrap_envelope};
use crate::wire::{self, Unreadable};

/// The most orders that one call reads.
pub const ORDERS_PER_READ: usize = 50;

/// The version of the interface in which orders are read whole.
pub const ORDER_VERSION: &str = "202507";

impl Shop {
    /// Lists orders. What a search tells of an order may be stale or hollow: read it with [`Shop::orders`].
    ///
    /// Rows refresh while the search runs, so `update_time` may lie past the asked range, and an order may come twice:
    /// overlap windows by some minutes and drop repeats by id.
    pub fn search_orders(&self, search: OrderSearch) -> Items<OrderListEntry> {
        let call = Call::search("/order/202309/orders/search", &search)
            .query("page_size", search.page_size.clamp(1, 100))
            .query("sort_field", &search.sort_field)
            .query("sort_order", &search.sort_order);
        self.items(call, "orders", search.max_pages)
    }

    /// Reads up to 50 orders whole. The answer may hold fewer, in any order: unknown ids are left out.
    pub async fn orders(&self, ids: &[&str]) -> Result<Vec<ReadOrder>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if ids.len() > ORDERS_PER_READ {
            let message = format!("one call reads at most {ORDERS_PER_READ} orders");
            return Err(Error::InvalidRequest { code: None, message, request_id: None });
        }

        orders_of(self.answer(reading(ids)).await?)
    }

    /// Reads what can be read of an order that [`Shop::orders`] cannot: its id, and its status and when it was placed if these
    /// are readable. `None` if the shop does not show such an order.
    pub async fn order_outline(&self, id: &str) -> Result<Option<ReadOrder>, Error> {
        let outlines = outlines_of(self.answer(reading(&[id])).await?)?;
        Ok(outlines.into_iter().find(|outline| outline.order.id == id))
    }

    /// Reads one order whole; `NotFound` if the shop has no such order.
    pub async fn order(&self, id: &str) -> Result<ReadOrder, Error> {
        let found = self.orders(&[id]).await?.into_iter().find(|read| read.order.id == id);
        found.ok_or_else(|| {
            let message = format!("order {id} not found");
            Error::NotFound { code: None, message, request_id: None }
        })
    }
}

/// Reads a whole answer to [`Shop::orders`] that came in another way, as a recording or from a fuzzer.
pub fn read_orders(status: u16, body: &[u8]) -> Result<Vec<ReadOrder>, Error> {
    orders_of(unwrap_envelope(body, status, None, Effect::Read, &[])?)
}

/// Reads what can be read of the orders in an answer, as [`Shop::order_outline`] does of one.
pub fn read_outlines(status: u16, body: &[u8]) -> Result<Vec<ReadOrder>, Error> {
    outlines_of(unwrap_envelope(body, status, None, Effect::Read, &[])?)
}

fn outlines_of(mut answer: Answer) -> Result<Vec<ReadOrder>, Error> {
    Ok(raw_orders_of(&mut answer)?.iter().filter_map(outline_of).collect())
}

fn reading(ids: &[&str]) -> Call {
    Call::get(format!("/order/{ORDER_VERSION}/orders")).query("ids", ids.join(","))
}

fn raw_orders_of(answer: &mut Answer) -> Result<Vec<Value>, Error> {
    match answer.data.get_mut("orders").map(Value::take) {
        Some(Value::Array(raw_orders)) => Ok(raw_orders),
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(_) => {
            let (path, problem) = ("data.orders".to_owned(), "not a list".to_owned());
            Err(answer.unreadable(Unreadable { path, problem }))
        }
    }
}

/// As much of an order as is readable.
fn outline_of(raw: &Value) -> Option<ReadOrder> {
    let members: [&[&str]; 3] = [&["id", "status", "create_time"], &["id", "status"], &["id"]];
    members.into_iter().find_map(|names| {
        let told = names.iter().filter_map(|name| Some(((*name).to_owned(), raw.get(name)?.clone())));
        ReadOrder::from_raw(Value::Object(told.collect())).ok()
    })
}

fn orders_of(mut answer: Answer) -> Result<Vec<ReadOrder>, Error> {
    raw_orders_of(&mut answer)?
        .into_iter()
        .enumerate()
        .filter(|(_, raw)| !raw.is_null())
        .map(|(index, raw)| ReadOrder::read(raw, &format!("data.orders[{index}]")))
        .collect::<Result<_, _>>()
        .map_err(|unreadable| answer.unreadable(unreadable))
}

/// Which orders to list. Times: `ge` inclusive, `lt` exclusive; a missing upper end means now.
#[derive(Debug, Clone, Serialize)]
pub struct OrderSearch {
    #[serde(rename = "order_status", skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatus>,
    #[serde(with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    pub create_time_ge: Option<DateTime<Utc>>,
    #[serde(with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    pub create_time_lt: Option<DateTime<Utc>>,
    #[serde(with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    pub update_time_ge: Option<DateTime<Utc>>,
    #[serde(with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    pub update_time_lt: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_type: Option<ShippingType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_user_id: Option<String>,
    /// Only orders whose buyer waits for an answer to a cancellation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_buyer_request_cancel: Option<bool>,
    /// At most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warehouse_ids: Vec<String>,
    /// The update time unless said otherwise.
    #[serde(skip)]
    pub sort_field: SortField,
    /// Ascending unless said otherwise.
    #[serde(skip)]
    pub sort_order: SortOrder,
    /// 1 to 100.
    #[serde(skip)]
    pub page_size: u8,
    /// After so many pages the stream ends with `TooManyPages`.
    #[serde(skip)]
    pub max_pages: NonZeroUsize,
}

impl Default for OrderSearch {
    fn default() -> Self {
        Self {
            status: None,
            create_time_ge: None,
            create_time_lt: None,
            update_time_ge: None,
            update_time_lt: None,
            shipping_type: None,
            buyer_user_id: None,
            is_buyer_request_cancel: None,
            warehouse_ids: Vec::new(),
            sort_field: SortField::UpdateTime,
            sort_order: SortOrder::Ascending,
            page_size: 100,
            max_pages: DEFAULT_MAX_PAGES,
        }
    }
}

/// What a search tells of an order for certain: its id, and mostly where it stands. What else cannot be read is taken as not
/// told, for one order must not hide all that are listed with it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrderListEntry {
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "readable_status")]
    pub status: Option<OrderStatus>,
    #[serde(default, deserialize_with = "readable_time")]
    pub update_time: Option<DateTime<Utc>>,
}

fn readable_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OrderStatus>, D::Error> {
    Ok(OrderStatus::deserialize(Value::deserialize(deserializer)?).ok())
}

fn readable_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(wire::optional_time(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// An order as we understand it, and as it came. Both hold the buyer's data.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadOrder {
    pub order: Order,
    pub raw: Value,
}

impl ReadOrder {
    /// Reads an order again from the JSON kept of it.
    pub fn from_raw(raw: Value) -> Result<Self, Error> {
        Self::read(raw, "$").map_err(|Unreadable { path, problem }| Error::Unexpected {
            status: 200,
            path,
            problem,
            request_id: None,
        })
    }

    fn read(raw: Value, path: &str) -> Result<Self, Unreadable> {
        let order = wire::read(raw.clone(), path)?;
        Ok(Self { order, raw })
    }
}

impl std::fmt::Debug for ReadOrder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ReadOrder").field("order", &self.order).finish_non_exhaustive()
    }
}
