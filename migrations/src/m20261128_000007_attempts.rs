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
    // Everything that was tried for an order. What was said in its calls is redacted, compressed and sealed.
    "CREATE TABLE attempts (
        id {id},
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        duration_ms BIGINT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'unknown', 'waiting')),
        code TEXT,
        asked_by TEXT,
        sealed {blob} NOT NULL
    )",
    "CREATE INDEX attempts_of_order ON attempts (order_id, id)",
    "CREATE INDEX attempts_started ON attempts (started_at)",
];
