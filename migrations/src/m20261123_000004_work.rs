use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::dialect::execute_all;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in job_queue::create_table(manager.get_database_backend()) {
            manager.get_connection().execute_unprepared(&statement).await?;
        }
        execute_all(manager, TABLES).await
    }
}

const TABLES: &[&str] = &[
    // Webhooks, stored before they are acknowledged; each notification once.
    "CREATE TABLE inbox (
        id {id},
        connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        notification_id TEXT NOT NULL,
        type INTEGER NOT NULL,
        tiktok_order_id TEXT,
        sent_at BIGINT,
        received_at BIGINT NOT NULL,
        UNIQUE (connection_id, notification_id)
    )",
    // Who may do what only one may do at a time, such as creating orders in one store.
    "CREATE TABLE leases (
        name TEXT PRIMARY KEY,
        holder TEXT NOT NULL,
        fence BIGINT NOT NULL,
        until BIGINT NOT NULL
    )",
    // What changed, for the pages that are open; kept for a day.
    "CREATE TABLE events (
        id {id},
        kind TEXT NOT NULL,
        connection_id BIGINT,
        order_id BIGINT,
        at BIGINT NOT NULL
    )",
    "CREATE INDEX events_at ON events (at)",
    // Runs of \"fetch orders\".
    "CREATE TABLE sync_runs (
        id {id},
        connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
        updated_since BIGINT,
        updated_before BIGINT,
        error TEXT,
        created_at BIGINT NOT NULL,
        finished_at BIGINT
    )",
    // The orders that a run listed, and what became of each.
    "CREATE TABLE sync_run_orders (
        run_id BIGINT NOT NULL REFERENCES sync_runs (id) ON DELETE CASCADE,
        tiktok_order_id TEXT NOT NULL,
        outcome TEXT CHECK (outcome IN ('new', 'updated', 'unchanged', 'gone')),
        PRIMARY KEY (run_id, tiktok_order_id)
    )",
    "CREATE INDEX sync_run_orders_pending ON sync_run_orders (tiktok_order_id) WHERE outcome IS NULL",
];
