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
    "CREATE TABLE connections (
        id {id},
        uid TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'unauthorized')),
        app_key TEXT NOT NULL,
        app_secret {blob} NOT NULL,
        shop_id TEXT NOT NULL,
        shop_name TEXT,
        shop_cipher {blob} NOT NULL,
        region TEXT,
        access_token {blob} NOT NULL,
        refresh_token {blob} NOT NULL,
        access_token_expires_at BIGINT NOT NULL,
        refresh_token_expires_at BIGINT NOT NULL,
        token_version BIGINT NOT NULL DEFAULT 1,
        store_url TEXT NOT NULL,
        webservice_key {blob} NOT NULL,
        webservice_key_hint TEXT NOT NULL,
        settings TEXT NOT NULL,
        poll_cursor BIGINT,
        store_cursor BIGINT,
        last_sync_at BIGINT,
        last_webhook_at BIGINT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        version BIGINT NOT NULL DEFAULT 1,
        UNIQUE (shop_id, app_key)
    )",
    // The order states of each store, as its reader last saw them.
    "CREATE TABLE store_states (
        connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        state_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        color TEXT,
        paid BOOLEAN NOT NULL,
        shipped BOOLEAN NOT NULL,
        delivered BOOLEAN NOT NULL,
        PRIMARY KEY (connection_id, state_id)
    )",
];
