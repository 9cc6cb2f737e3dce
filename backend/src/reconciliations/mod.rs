//! Comparisons of TikTok Shop, our record and the store.

mod cancel;
mod get;
mod list;
mod start;

pub use cancel::cancel_reconciliation;
pub use get::get_reconciliation;
pub use list::list_reconciliations;
pub use start::start_reconciliation;
