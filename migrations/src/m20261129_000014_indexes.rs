use sea_orm_migration::prelude::*;

use crate::dialect::execute_all;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_all(manager, INDEXES).await
    }
}

const INDEXES: &[&str] = &[
    // All issues of an order, ended ones too: read for what is told once, and removed with the buyer's data.
    "CREATE INDEX issues_of_order ON issues (order_id, id)",
    // What is old enough to be forgotten.
    "CREATE INDEX inbox_by_arrival ON inbox (received_at)",
    // The view of what was deleted, newest orders first.
    "CREATE INDEX orders_archived_placed ON orders (placed_at, id) WHERE archived_at IS NOT NULL",
];
