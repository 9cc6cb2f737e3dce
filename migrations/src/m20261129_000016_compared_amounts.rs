use sea_orm_migration::prelude::*;

use crate::dialect::execute_all;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_all(manager, AMOUNTS).await
    }
}

const AMOUNTS: &[&str] = &[
    // What the unit must come to in the store; nothing where it is not sold, or TikTok Shop's amounts contradict each other.
    "ALTER TABLE order_lines ADD COLUMN expected_store_micros BIGINT",
    // What the store order was made up of when it was read whole, as JSON.
    "ALTER TABLE order_details ADD COLUMN store_amounts TEXT",
];
