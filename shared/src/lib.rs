#![doc = include_str!("../README.md")]

mod action;
mod connection;
mod event;
mod filter;
mod health;
mod ids;
mod import_preview;
mod issue;
mod money;
mod order;
mod order_actions;
mod order_status;
mod page;
mod problem;
mod search;
mod session;
mod sync_run;
mod text_enum;

pub use action::*;
pub use connection::*;
pub use event::*;
pub use filter::*;
pub use health::*;
pub use ids::*;
pub use import_preview::*;
pub use issue::*;
pub use money::*;
pub use order::*;
pub use order_actions::*;
pub use order_status::*;
pub use page::*;
pub use problem::*;
pub use search::*;
pub use session::*;
pub use sync_run::*;
