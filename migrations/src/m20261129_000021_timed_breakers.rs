use sea_orm_migration::prelude::*;

use crate::dialect::execute_all;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_all(manager, COLUMNS).await
    }
}

// A time that lies ahead is told from one that a wrong clock wrote only by what that clock showed then.
const COLUMNS: &[&str] = &["ALTER TABLE circuit_breakers ADD COLUMN timed_at BIGINT NOT NULL DEFAULT 0"];
