//! One table per file: its columns and nothing else. Times are unix milliseconds, amounts millionths.

pub mod actions;
pub mod bulk_run_orders;
pub mod bulk_runs;
pub mod channel_lists;
pub mod connections;
pub mod events;
pub mod idempotency_keys;
pub mod import_intents;
pub mod inbox;
pub mod installation;
pub mod issues;
pub mod order_counts;
pub mod order_details;
pub mod order_lines;
pub mod order_notes;
pub mod orders;
pub mod recipients;
pub mod sessions;
pub mod shipping_labels;
pub mod snapshots;
pub mod store_shipments;
pub mod store_states;
pub mod sync_run_orders;
pub mod sync_runs;
pub mod timeline;
pub mod users;
