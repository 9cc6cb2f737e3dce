#![doc = include_str!("../README.md")]

mod action_options;
pub mod actions;
mod attempts;
mod breaker;
mod channel;
mod clock_check;
pub mod connection_test;
pub mod crash_points;
mod engine;
mod export_rows;
mod issue_of;
pub mod jobs;
pub mod mapping;
mod preview;
pub mod reconciling;
pub mod shipping;
mod side;
mod store;
mod store_facts;
pub mod store_lists;
pub mod untrusted;

pub use action_options::{action_options, offered_carriers, reason_text};
pub use channel::ChannelFailure;
pub use engine::{Engine, EngineSettings};
pub use issue_of::cause;
pub use preview::{PreviewFailed, preview_import};
pub use store::Store;
pub use store_facts::{FactsCache, ProductMatch, StoreFacts};
