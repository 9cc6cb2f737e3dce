//! The order states that the stores know.

mod list;

pub use list::list_store_states;
