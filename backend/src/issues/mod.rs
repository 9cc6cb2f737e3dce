//! The issues of all orders.

pub(crate) mod list;

pub use list::list_issues;
