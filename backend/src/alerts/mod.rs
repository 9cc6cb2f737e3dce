//! What crossed a threshold of the connections' alert rules.

mod list;

pub use list::list_alerts;
