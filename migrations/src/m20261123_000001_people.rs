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
    "CREATE TABLE users (
        id {id},
        email TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'manager', 'admin')),
        created_at BIGINT NOT NULL,
        disabled_at BIGINT
    )",
    // One row for each refresh token ever handed out; the tokens of one sign-in form a family.
    "CREATE TABLE sessions (
        id {id},
        user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        family TEXT NOT NULL,
        token_hash TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        family_created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        rotated_at BIGINT,
        revoked_at BIGINT
    )",
    "CREATE INDEX sessions_family ON sessions (family)",
    "CREATE INDEX sessions_user ON sessions (user_id)",
    // Facts about the installation itself, such as the digest of the one-time setup token.
    "CREATE TABLE installation (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
];
