//! How the program and the connections are doing.

mod get;
mod live;
mod ready;

pub use get::get_health;
pub use live::check_live;
pub use ready::check_ready;
