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

// The address of what was made belongs to the answer that is repeated.
const COLUMNS: &[&str] = &["ALTER TABLE idempotency_keys ADD COLUMN location TEXT"];
