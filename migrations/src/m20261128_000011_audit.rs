use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect::execute_all;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_all(manager, TABLES).await?;
        match manager.get_database_backend() {
            DbBackend::Postgres => execute_all(manager, POSTGRES).await,
            _ => execute_all(manager, SQLITE).await,
        }
    }
}

const TABLES: &[&str] = &[
    // Security events. The numbers have no gaps, and each row's hash is over the row and the hash before it.
    "CREATE TABLE audit_log (
        id BIGINT PRIMARY KEY,
        at BIGINT NOT NULL,
        event TEXT NOT NULL,
        actor TEXT NOT NULL,
        subject TEXT NOT NULL,
        facts TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL
    )",
    "CREATE INDEX audit_log_by_event ON audit_log (event, id)",
    "CREATE INDEX audit_log_by_actor ON audit_log (actor, id)",
    // When an order's buyer was erased; nothing that names the buyer is recorded afterwards.
    "ALTER TABLE orders ADD COLUMN buyer_erased_at BIGINT",
    "CREATE INDEX orders_with_buyers_of_the_past ON orders (connection_id, channel_updated_at)
        WHERE buyer_erased_at IS NULL AND channel_status IN ('COMPLETED', 'CANCELLED')",
    "CREATE INDEX snapshots_by_age ON snapshots (recorded_at)",
];

const SQLITE: &[&str] = &[
    "CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log BEGIN
        SELECT RAISE(ABORT, 'the audit log is append-only');
    END",
    "CREATE TRIGGER audit_log_is_not_shortened BEFORE DELETE ON audit_log BEGIN
        SELECT RAISE(ABORT, 'the audit log is append-only');
    END",
];

const POSTGRES: &[&str] = &[
    "CREATE FUNCTION audit_log_is_append_only() RETURNS TRIGGER AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only';
    END
    $$ LANGUAGE plpgsql",
    "CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE OR DELETE ON audit_log
        FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only()",
    "CREATE TRIGGER audit_log_is_not_emptied BEFORE TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()",
];
