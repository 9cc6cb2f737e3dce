//! The parts of an order's page.

pub mod attempts;
pub mod fixes;
pub mod header;
pub mod issues;
pub mod notes;
pub mod payment;
pub mod products;
pub mod raw;
pub mod request;
pub mod ship;
pub mod shipping;
pub mod timeline;

use shared::OrderId;

/// The parameter that names the part of the page to begin with.
pub const SHOW: &str = "show";

/// The address of the form that ships an order.
pub fn ship_href(id: OrderId) -> String {
    format!("/orders/{id}?{SHOW}=ship")
}

/// The address of what was tried for an order.
pub fn attempts_href(id: OrderId) -> String {
    format!("/orders/{id}?{SHOW}={}", timeline::ATTEMPTS)
}

/// The address of the answer to a buyer who wants to cancel.
pub fn request_href(id: OrderId) -> String {
    format!("/orders/{id}?{SHOW}=request")
}
