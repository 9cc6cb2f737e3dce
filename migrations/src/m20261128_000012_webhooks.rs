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
    // Where tools are told of what happens; events and connections are JSON lists, empty for all.
    "CREATE TABLE webhooks (
        id {id},
        uid TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        description TEXT NOT NULL,
        events TEXT NOT NULL,
        connection_ids TEXT NOT NULL,
        enabled BOOLEAN NOT NULL,
        disabled_reason TEXT CHECK (disabled_reason IN ('gone', 'failing')),
        failing_since BIGINT,
        secret {blob} NOT NULL,
        previous_secret {blob},
        previous_secret_until BIGINT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        version BIGINT NOT NULL DEFAULT 1
    )",
    // What happened, written down with the change itself, for the webhooks that want to know.
    "CREATE TABLE webhook_messages (
        id {id},
        message_id TEXT NOT NULL UNIQUE,
        event TEXT NOT NULL,
        connection_id BIGINT,
        order_id BIGINT,
        issue_id BIGINT,
        issue_code TEXT,
        created_at BIGINT NOT NULL
    )",
    "CREATE INDEX webhook_messages_created ON webhook_messages (created_at)",
    // One row for each webhook and message.
    "CREATE TABLE webhook_deliveries (
        id {id},
        webhook_id BIGINT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
        message_row BIGINT NOT NULL REFERENCES webhook_messages (id) ON DELETE CASCADE,
        event TEXT NOT NULL,
        order_id BIGINT,
        state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
        attempts INTEGER NOT NULL DEFAULT 0,
        failed_in_a_row INTEGER NOT NULL DEFAULT 0,
        next_try_at BIGINT,
        last_try_at BIGINT,
        response_status INTEGER,
        duration_ms BIGINT,
        error TEXT,
        UNIQUE (webhook_id, message_row),
        CHECK ((state = 'pending') = (next_try_at IS NOT NULL))
    )",
    "CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (webhook_id, id)",
    "CREATE INDEX webhook_deliveries_of_message ON webhook_deliveries (message_row)",
    "CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_try_at, id) WHERE state = 'pending'",
    // News of an order that is still to be told is not told twice.
    "CREATE INDEX webhook_deliveries_untold ON webhook_deliveries (order_id, webhook_id)
        WHERE state = 'pending' AND attempts = 0",
];
