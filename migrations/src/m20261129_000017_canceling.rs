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

// Beside the state, whose words are fixed: processes that know nothing of canceling take such a row for a failed one.
const COLUMNS: &[&str] = &[
    "ALTER TABLE sync_runs ADD COLUMN canceled_at BIGINT",
    "ALTER TABLE reconciliations ADD COLUMN canceled_at BIGINT",
];
