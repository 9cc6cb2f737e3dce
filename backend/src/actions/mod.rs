//! Single actions: what has become of them, and taking them back.

mod get;
mod undo;

pub use get::get_action;
pub use undo::undo_action;
