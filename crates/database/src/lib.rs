#![doc = include_str!("../README.md")]

mod connect;
pub mod connections;
pub mod entities;
pub mod events;
pub mod import_intents;
pub mod inbox;
pub mod issues;
pub mod leases;
pub mod orders;
pub mod recipients;
pub mod snapshots;
pub mod store_states;
pub mod sync_runs;
pub mod timeline;
mod units;
mod vault;

pub use connect::{ConnectError, Database};
pub use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
pub use units::{from_micros, from_ms, to_micros, to_ms};
pub use vault::{MasterKey, Sealed, Vault, VaultError};
