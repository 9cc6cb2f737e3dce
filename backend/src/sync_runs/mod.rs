//! Runs of "fetch orders".

mod cancel;
mod get;

pub use cancel::cancel_sync_run;
pub use get::get_sync_run;
