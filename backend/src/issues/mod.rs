//! The issues of all orders.

mod list;

pub use list::list_issues;
