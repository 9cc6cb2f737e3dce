#![doc = include_str!("../README.md")]

mod actions;
pub mod app;
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
mod issues;
#[cfg(debug_assertions)]
mod lab_clock;
mod middleware;
pub mod openapi;
mod orders;
mod page;
pub mod server;
mod session;
mod store_states;
mod sync_runs;
mod webhooks;
