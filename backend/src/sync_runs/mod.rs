//! Runs of "fetch orders".

mod get;

pub use get::get_sync_run;
