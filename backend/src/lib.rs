#![doc = include_str!("../README.md")]

mod actions;
mod alerts;
mod api_docs;
mod api_keys;
pub mod app;
mod audit;
pub mod auth;
mod bulk_runs;
pub mod cli;
pub mod config;
mod connections;
mod cursor;
mod error;
mod events;
mod extract;
mod health;
mod idempotency;
mod invitations;
mod issues;
#[cfg(debug_assertions)]
mod lab_clock;
mod middleware;
pub mod openapi;
mod orders;
mod outgoing_webhooks;
mod page;
mod profile;
mod reconciliations;
pub mod server;
mod session;
mod sessions;
mod store_states;
mod strict_json;
mod sync_runs;
pub mod untrusted;
mod users;
mod webhooks;
