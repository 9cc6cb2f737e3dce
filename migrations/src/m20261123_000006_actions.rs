use sea_orm_migration::prelude::*;

use crate::dialect::execute_all;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_all(manager, TABLES).await
    }
}

const TABLES: &[&str] = &[
    "ALTER TABLE orders ADD COLUMN tags TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE orders ADD COLUMN skipped_by_person BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE orders ADD COLUMN shipment_failed BOOLEAN NOT NULL DEFAULT FALSE",
    // When the buyer's data of a deleted order went; what is left keeps the order from being imported again.
    "ALTER TABLE orders ADD COLUMN purged_at BIGINT",
    "CREATE INDEX orders_archived ON orders (archived_at) WHERE archived_at IS NOT NULL",
    // Runs of one action over many orders, frozen when they begin.
    "CREATE TABLE bulk_runs (
        id {id},
        request TEXT NOT NULL,
        actor TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'done')),
        total BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        finished_at BIGINT
    )",
    // What was asked to be done with an order; the effect follows from it, and what came out is written here.
    "CREATE TABLE actions (
        id {id},
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        connection_id BIGINT NOT NULL,
        bulk_run_id BIGINT,
        kind TEXT NOT NULL,
        request TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'done', 'failed', 'undone')),
        actor TEXT NOT NULL,
        result TEXT,
        code TEXT,
        sent_at BIGINT,
        created_at BIGINT NOT NULL,
        leaves_at BIGINT NOT NULL,
        finished_at BIGINT
    )",
    "CREATE INDEX actions_of_order ON actions (order_id, id)",
    "CREATE INDEX actions_queued ON actions (order_id, kind) WHERE state = 'queued'",
    // The orders of a run, in their order; the outcome of an action that was queued stands with the action.
    "CREATE TABLE bulk_run_orders (
        run_id BIGINT NOT NULL REFERENCES bulk_runs (id) ON DELETE CASCADE,
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        action_id BIGINT,
        outcome TEXT NOT NULL CHECK (outcome IN ('pending', 'queued', 'done', 'refused', 'left')),
        detail TEXT,
        PRIMARY KEY (run_id, order_id)
    )",
    "CREATE INDEX bulk_run_orders_pending ON bulk_run_orders (run_id, order_id) WHERE outcome = 'pending'",
    // TikTok Shop's lists for the forms: carriers by delivery option and route, reasons by order.
    "CREATE TABLE channel_lists (
        connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        content TEXT NOT NULL,
        read_at BIGINT NOT NULL,
        PRIMARY KEY (connection_id, name)
    )",
    // What the store was seen to hold of a shipment, and what we wrote there ourselves, which must not echo.
    "CREATE TABLE store_shipments (
        order_id BIGINT PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
        written_state_id BIGINT,
        tracking_number TEXT,
        carrier_reference BIGINT,
        carrier_name TEXT,
        written_tracking_number TEXT,
        shipped_seen_at BIGINT,
        sent_tracking_number TEXT,
        sent_carrier_reference BIGINT
    )",
    // Shipped in the store while TikTok Shop still waits for it.
    "CREATE INDEX store_shipments_ahead ON store_shipments (order_id) WHERE shipped_seen_at IS NOT NULL",
    // Labels, sealed: whoever has the address reads the buyer's.
    "CREATE TABLE shipping_labels (
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        package_id TEXT NOT NULL,
        sealed {blob} NOT NULL,
        tracking_number TEXT,
        expires_at BIGINT NOT NULL,
        PRIMARY KEY (order_id, package_id)
    )",
    "CREATE TABLE order_notes (
        id {id},
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        author TEXT NOT NULL,
        text TEXT NOT NULL,
        at BIGINT NOT NULL
    )",
    "CREATE INDEX order_notes_of_order ON order_notes (order_id, id)",
    // The first answer to each request that names a key, so that a repeat gets the same.
    "CREATE TABLE idempotency_keys (
        caller TEXT NOT NULL,
        key TEXT NOT NULL,
        request_digest TEXT NOT NULL,
        status INTEGER,
        content_type TEXT,
        body {blob},
        created_at BIGINT NOT NULL,
        PRIMARY KEY (caller, key)
    )",
    "CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at)",
];
