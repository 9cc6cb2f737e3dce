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
    // The store order was made while TikTok Shop held the order: its address only stands in for the recipient's.
    "ALTER TABLE import_intents ADD COLUMN address_pending BOOLEAN NOT NULL DEFAULT FALSE",
    // When TikTok Shop told that the seller has removed the app.
    "ALTER TABLE connections ADD COLUMN deauthorized_at BIGINT",
];
