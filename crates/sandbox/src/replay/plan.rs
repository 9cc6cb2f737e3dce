//! What carts and orders of the recordings consisted of.

use super::recording::{Message, Recording, Reply};
use crate::prestashop::xml::{self, Element};

/// A row of a cart: product, combination, pieces.
pub type CartRow = (u64, u64, u32);

/// What the unrecorded carts of the recordings hold.
pub const USUAL_ROWS: [CartRow; 1] = [(1, 1, 2)];

/// A cart to be made.
#[derive(Debug, Clone)]
pub struct CartPlan {
    pub rows: Vec<CartRow>,
    /// The `delivery_option` with `{address}` for the address; none leaves it out.
    pub delivery_option: Option<String>,
    pub gift_message: Option<&'static str>,
    pub country: u64,
    /// Price pinned per row, net.
    pub pinned: Vec<String>,
}

impl Default for CartPlan {
    fn default() -> Self {
        Self {
            rows: USUAL_ROWS.to_vec(),
            delivery_option: Some("{\"{address}\":\"2,\"}".to_owned()),
            gift_message: None,
            country: 8,
            pinned: Vec::new(),
        }
    }
}

/// The id of the first entity of an answer.
pub fn recorded_id(reply: &Reply) -> Option<u64> {
    let root = xml::parse(&reply.message.body).ok()?;
    root.children.first()?.child_text("id")?.trim().parse().ok()
}

/// An id in the first entity of a request.
pub fn body_id(request: &Message, field: &str) -> Option<u64> {
    let root = xml::parse(&request.body).ok()?;
    root.children.first()?.child_text(field)?.trim().parse().ok()
}

/// Order and carrier of an answer that shows a stored order.
pub fn carrier_of_order(recording: &Recording) -> Option<(u64, u64)> {
    if recording.resource() != "orders" || recording.method == "POST" {
        return None;
    }
    let root = xml::parse(&recording.reply.message.body).ok()?;
    let order = root.child("order")?;
    Some((order.child_text("id")?.parse().ok()?, order.child_text("id_carrier")?.parse().ok()?))
}

/// What a recorded answer tells of an order.
#[derive(Debug, Clone)]
pub struct RecordedOrder {
    pub id: u64,
    pub rows: Vec<CartRow>,
    /// Net price of a piece per row.
    pub net_prices: Vec<String>,
}

impl RecordedOrder {
    /// The cart and the order of a recording that made one.
    pub fn from(recording: &Recording) -> Option<(u64, Self)> {
        if recording.resource() != "orders" || recording.reply.status != 201 {
            return None;
        }
        let cart = body_id(&recording.request, "id_cart")?;
        let root = xml::parse(&recording.reply.message.body).ok()?;
        let order = root.child("order")?;
        let rows = &order.child("associations")?.child("order_rows")?.children;
        let number = |row: &Element, field: &str| row.child_text(field).and_then(|text| text.parse().ok());
        let ordered = Self {
            id: number(order, "id")?,
            rows: rows
                .iter()
                .filter_map(|row| {
                    let pieces = u32::try_from(number(row, "product_quantity")?).ok()?;
                    Some((number(row, "product_id")?, number(row, "product_attribute_id")?, pieces))
                })
                .collect(),
            net_prices: rows
                .iter()
                .filter_map(|row| row.child_text("unit_price_tax_excl").map(str::to_owned))
                .collect(),
        };
        Some((cart, ordered))
    }
}

/// The order and the state that a recorded request moves it to.
pub fn state_change(recording: &Recording) -> Option<(u64, u64)> {
    if recording.resource() != "order_histories" || recording.reply.status != 201 {
        return None;
    }
    Some((body_id(&recording.request, "id_order")?, body_id(&recording.request, "id_order_state")?))
}
