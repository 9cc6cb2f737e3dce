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
    "ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE users ADD COLUMN last_sign_in_at BIGINT",
    // The secret of an authenticator app, sealed; it counts once it is confirmed. No code of a step up to `totp_last_step`
    // is taken again.
    "ALTER TABLE users ADD COLUMN totp_secret {blob}",
    "ALTER TABLE users ADD COLUMN totp_confirmed_at BIGINT",
    "ALTER TABLE users ADD COLUMN totp_last_step BIGINT",
    "CREATE TABLE recovery_codes (
        user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        code_hash TEXT NOT NULL,
        PRIMARY KEY (user_id, code_hash)
    )",
    // The browser and system in a few words.
    "ALTER TABLE sessions ADD COLUMN user_agent TEXT",
    // One open invitation for each address; only the digest of its token is kept.
    "CREATE TABLE invitations (
        id {id},
        email TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'manager', 'admin')),
        token_hash TEXT NOT NULL UNIQUE,
        invited_by TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    // Only the digest of a key is kept. Scopes and connections are words and numbers with commas; no connections means all.
    "CREATE TABLE api_keys (
        id {id},
        user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        prefix TEXT NOT NULL,
        key_hash TEXT NOT NULL UNIQUE,
        scopes TEXT NOT NULL,
        connections TEXT,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        last_used_at BIGINT,
        version BIGINT NOT NULL DEFAULT 1
    )",
    "CREATE INDEX api_keys_of_user ON api_keys (user_id)",
];
