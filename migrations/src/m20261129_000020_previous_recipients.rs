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

// Whoever is told that an address has changed wants to see what it was.
const COLUMNS: &[&str] = &["ALTER TABLE recipients ADD COLUMN previous {blob}"];
