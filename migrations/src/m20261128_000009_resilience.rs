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
    // What all processes know of how the two sides of a connection answer; no row means well.
    "CREATE TABLE circuit_breakers (
        connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        side TEXT NOT NULL CHECK (side IN ('tiktok', 'store')),
        opened_at BIGINT,
        next_try_at BIGINT,
        trying_until BIGINT,
        failed_tries INTEGER NOT NULL DEFAULT 0,
        reason TEXT,
        limited_until BIGINT,
        PRIMARY KEY (connection_id, side),
        CHECK ((opened_at IS NULL) = (next_try_at IS NULL))
    )",
    // Comparisons of both sides with our record: progress, then receipt.
    "CREATE TABLE reconciliations (
        id {id},
        connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
        actor TEXT NOT NULL,
        window_from BIGINT NOT NULL,
        window_until BIGINT NOT NULL,
        seen_on_tiktok BIGINT NOT NULL DEFAULT 0,
        seen_in_store BIGINT NOT NULL DEFAULT 0,
        compared BIGINT NOT NULL DEFAULT 0,
        missing_here BIGINT NOT NULL DEFAULT 0,
        behind BIGINT NOT NULL DEFAULT 0,
        missing_in_store BIGINT NOT NULL DEFAULT 0,
        differences BIGINT NOT NULL DEFAULT 0,
        healed BIGINT NOT NULL DEFAULT 0,
        error TEXT,
        created_at BIGINT NOT NULL,
        started_at BIGINT,
        ended_at BIGINT
    )",
    "CREATE INDEX reconciliations_of_connection ON reconciliations (connection_id, id)",
    "CREATE INDEX reconciliations_waiting ON reconciliations (connection_id, id) WHERE ended_at IS NULL",
    // Differences that a person chose to live with, as they were then.
    "CREATE TABLE ignored_drifts (
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        subject TEXT NOT NULL,
        facts TEXT NOT NULL,
        PRIMARY KEY (order_id, subject)
    )",
    // At most one open alert of a kind for each connection.
    "CREATE TABLE alerts (
        id {id},
        connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        sentence TEXT NOT NULL,
        value BIGINT NOT NULL,
        threshold BIGINT NOT NULL,
        opened_at BIGINT NOT NULL,
        closed_at BIGINT
    )",
    "CREATE UNIQUE INDEX alerts_open ON alerts (connection_id, kind) WHERE closed_at IS NULL",
    // The latest imports of a connection, for its pace.
    "CREATE INDEX orders_connection_imported ON orders (connection_id, imported_at) WHERE imported_at IS NOT NULL",
    // What went wrong of late.
    "CREATE INDEX issues_opened ON issues (connection_id, opened_at) WHERE resolved_at IS NULL",
];
