//! How the program and the connections are doing.

mod get;
mod live;
mod metrics;
mod ready;

pub use get::get_health;
pub use live::check_live;
pub use metrics::get_metrics;
pub use ready::check_ready;
