//! The sections of an order's page.

pub mod header;
pub mod issues;
pub mod payment;
pub mod products;
pub mod shipping;
pub mod timeline;
