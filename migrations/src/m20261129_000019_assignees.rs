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

const COLUMNS: &[&str] = &[
    "ALTER TABLE orders ADD COLUMN assignee_id BIGINT REFERENCES users (id) ON DELETE SET NULL",
    // Few orders are assigned; each person's are listed newest first.
    "CREATE INDEX orders_assignee_placed ON orders (assignee_id, placed_at, id) WHERE assignee_id IS NOT NULL",
];
