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
    // Files of orders: what was asked for, and how far it has come. Criteria and columns are JSON.
    "CREATE TABLE exports (
        id {id},
        uid TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        actor TEXT NOT NULL,
        format TEXT NOT NULL CHECK (format IN ('csv', 'jsonl')),
        columns TEXT NOT NULL,
        criteria TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('running', 'done', 'canceled', 'failed', 'expired')),
        before_id BIGINT NOT NULL,
        chunks INTEGER NOT NULL DEFAULT 0,
        written BIGINT NOT NULL DEFAULT 0,
        total BIGINT,
        created_at BIGINT NOT NULL,
        finished_at BIGINT,
        error TEXT,
        expires_at BIGINT
    )",
    "CREATE INDEX exports_of_owner ON exports (owner, id)",
    // A part of a file, compressed and sealed: in the database, so that every process has it.
    "CREATE TABLE export_chunks (
        export_id BIGINT NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        sealed {blob} NOT NULL,
        PRIMARY KEY (export_id, position)
    )",
];
