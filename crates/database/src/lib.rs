#![doc = include_str!("../README.md")]

mod connect;
pub mod connections;
pub mod entities;
pub mod events;
pub mod health;
pub mod import_intents;
pub mod inbox;
pub mod installation;
pub mod issues;
pub mod leases;
pub mod order_counts;
pub mod order_detail;
mod order_filter;
pub mod order_history;
pub mod order_list;
mod order_search;
mod order_summary;
pub mod orders;
pub mod page;
pub mod recipients;
pub mod sessions;
pub mod snapshots;
pub mod store_states;
pub mod sync_runs;
pub mod timeline;
mod units;
pub mod users;
mod vault;

pub use connect::{ConnectError, Database};
pub use order_filter::{BuyerFilter, Criteria};
pub use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
pub use units::{from_micros, from_ms, to_micros, to_ms};
pub use vault::{MasterKey, Sealed, Vault, VaultError};
