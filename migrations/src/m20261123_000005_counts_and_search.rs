use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect::execute_all;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_all(manager, COUNTS).await?;
        match manager.get_database_backend() {
            DbBackend::Postgres => execute_all(manager, POSTGRES).await,
            _ => execute_all(manager, SQLITE).await,
        }
    }
}

// The database itself keeps the counts, so that no code path can forget them. Days are days of `placed_at` in UTC.
const COUNTS: &[&str] = &["CREATE TABLE order_counts (
        connection_id BIGINT NOT NULL,
        day BIGINT NOT NULL,
        status TEXT NOT NULL,
        n BIGINT NOT NULL,
        PRIMARY KEY (connection_id, day, status)
    )"];

const SQLITE: &[&str] = &[
    "CREATE TRIGGER orders_counted_insert AFTER INSERT ON orders WHEN NEW.archived_at IS NULL BEGIN
        INSERT INTO order_counts VALUES (NEW.connection_id, NEW.placed_at / 86400000, NEW.status, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    END",
    "CREATE TRIGGER orders_counted_delete AFTER DELETE ON orders WHEN OLD.archived_at IS NULL BEGIN
        UPDATE order_counts SET n = n - 1
        WHERE connection_id = OLD.connection_id AND day = OLD.placed_at / 86400000 AND status = OLD.status;
    END",
    "CREATE TRIGGER orders_uncounted_update AFTER UPDATE OF connection_id, placed_at, status, archived_at ON orders
    WHEN OLD.archived_at IS NULL AND (NEW.archived_at IS NOT NULL OR OLD.connection_id <> NEW.connection_id
        OR OLD.status <> NEW.status OR OLD.placed_at / 86400000 <> NEW.placed_at / 86400000) BEGIN
        UPDATE order_counts SET n = n - 1
        WHERE connection_id = OLD.connection_id AND day = OLD.placed_at / 86400000 AND status = OLD.status;
    END",
    "CREATE TRIGGER orders_counted_update AFTER UPDATE OF connection_id, placed_at, status, archived_at ON orders
    WHEN NEW.archived_at IS NULL AND (OLD.archived_at IS NOT NULL OR OLD.connection_id <> NEW.connection_id
        OR OLD.status <> NEW.status OR OLD.placed_at / 86400000 <> NEW.placed_at / 86400000) BEGIN
        INSERT INTO order_counts VALUES (NEW.connection_id, NEW.placed_at / 86400000, NEW.status, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    END",
    // The row id is the order's id; the text is in lower case.
    "CREATE VIRTUAL TABLE order_search USING fts5(text, tokenize = 'trigram', detail = 'none')",
    "CREATE TRIGGER orders_search_delete AFTER DELETE ON orders BEGIN
        DELETE FROM order_search WHERE rowid = OLD.id;
    END",
];

const POSTGRES: &[&str] = &[
    "CREATE FUNCTION count_order(the_connection BIGINT, placed BIGINT, the_status TEXT, by BIGINT) RETURNS VOID AS $$
        INSERT INTO order_counts VALUES (the_connection, placed / 86400000, the_status, by)
        ON CONFLICT (connection_id, day, status) DO UPDATE SET n = order_counts.n + by
    $$ LANGUAGE SQL",
    // Two orders that change places must lock the two counters in the same order, or they would deadlock.
    "CREATE FUNCTION orders_counted() RETURNS TRIGGER AS $$
    DECLARE
        was_counted BOOLEAN := TG_OP <> 'INSERT' AND OLD.archived_at IS NULL;
        is_counted BOOLEAN := TG_OP <> 'DELETE' AND NEW.archived_at IS NULL;
    BEGIN
        IF was_counted AND is_counted THEN
            IF (OLD.connection_id, OLD.placed_at / 86400000, OLD.status)
                = (NEW.connection_id, NEW.placed_at / 86400000, NEW.status) THEN
                RETURN NULL;
            END IF;
            IF (OLD.connection_id, OLD.placed_at, OLD.status) < (NEW.connection_id, NEW.placed_at, NEW.status) THEN
                PERFORM count_order(OLD.connection_id, OLD.placed_at, OLD.status, -1);
                PERFORM count_order(NEW.connection_id, NEW.placed_at, NEW.status, 1);
            ELSE
                PERFORM count_order(NEW.connection_id, NEW.placed_at, NEW.status, 1);
                PERFORM count_order(OLD.connection_id, OLD.placed_at, OLD.status, -1);
            END IF;
        ELSIF was_counted THEN
            PERFORM count_order(OLD.connection_id, OLD.placed_at, OLD.status, -1);
        ELSIF is_counted THEN
            PERFORM count_order(NEW.connection_id, NEW.placed_at, NEW.status, 1);
        END IF;
        RETURN NULL;
    END
    $$ LANGUAGE plpgsql",
    "CREATE TRIGGER orders_counted_insert_delete AFTER INSERT OR DELETE ON orders
        FOR EACH ROW EXECUTE FUNCTION orders_counted()",
    "CREATE TRIGGER orders_counted_update AFTER UPDATE OF connection_id, placed_at, status, archived_at ON orders
        FOR EACH ROW EXECUTE FUNCTION orders_counted()",
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    // The text is in lower case.
    "CREATE TABLE order_search (
        rowid BIGINT PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
        text TEXT NOT NULL
    )",
    "CREATE INDEX order_search_text ON order_search USING gin (text gin_trgm_ops)",
];
