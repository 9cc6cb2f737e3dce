//! Orders as they go on paper.

use shared::{OrderFilter, OrderLine, OrderSummary};

use super::{Asking, Call, exchange};
use crate::grid_query::search_of;
use crate::json::{self, Unreadable};

/// An order with what is in it.
#[derive(Clone, PartialEq)]
pub struct PrintedOrder {
    pub summary: OrderSummary,
    pub lines: Vec<OrderLine>,
}

/// Some orders of a filter, and what asks for those that follow.
pub struct PrintedOrders {
    pub orders: Vec<PrintedOrder>,
    pub next_cursor: Option<String>,
}

/// The next hundred orders of a filter, in the order of the grid.
pub fn printed_orders(filter: &OrderFilter, after: Option<String>) -> Asking<PrintedOrders> {
    let mut pairs = filter.to_pairs();
    pairs.extend([("include", "lines"), ("limit", "100")].map(|(name, value)| (name.into(), value.into())));
    pairs.extend(after.map(|cursor| ("after".to_owned(), cursor)));
    Asking { sent: exchange(Call::get(format!("/orders{}", search_of(&pairs)))), read }
}

fn read(text: &str) -> Result<PrintedOrders, Unreadable> {
    let page = json::parse(text)?;
    let part = |name: &str| page.get(name).ok_or(Unreadable);
    let order = |item: &serde_json::Value| {
        let lines = json::from_value(item.get("lines").ok_or(Unreadable)?)?;
        Ok(PrintedOrder { summary: json::from_value(item)?, lines })
    };
    let orders = part("items")?.as_array().ok_or(Unreadable)?.iter().map(order);
    let has_more: bool = json::from_value(part("has_more")?)?;
    let next_cursor: Option<String> = json::from_value(part("next_cursor")?)?;
    Ok(PrintedOrders {
        orders: orders.collect::<Result<_, _>>()?,
        next_cursor: next_cursor.filter(|_| has_more),
    })
}
