use sea_orm_migration::prelude::*;

use crate::dialect::execute_all;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_all(manager, TABLES).await
    }
}

const TABLES: &[&str] = &[
    // What the grid shows, filters and sorts by; details live beside it.
    "CREATE TABLE orders (
        id {id},
        connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        tiktok_order_id TEXT NOT NULL,
        channel_status TEXT NOT NULL,
        channel_updated_at BIGINT NOT NULL,
        status TEXT NOT NULL,
        known_status TEXT NOT NULL,
        import_state TEXT NOT NULL
            CHECK (import_state IN ('waiting', 'pending', 'importing', 'imported', 'blocked', 'skipped')),
        fulfillment_type TEXT NOT NULL,
        special TEXT NOT NULL DEFAULT '',
        store_order_id BIGINT,
        store_order_reference TEXT,
        store_state_id BIGINT,
        store_deleted BOOLEAN NOT NULL DEFAULT FALSE,
        store_total_micros BIGINT,
        currency TEXT NOT NULL,
        total_micros BIGINT NOT NULL,
        expected_store_total_micros BIGINT NOT NULL,
        first_item TEXT NOT NULL,
        first_item_image TEXT,
        item_count INTEGER NOT NULL,
        unit_count INTEGER NOT NULL,
        country TEXT,
        ship_by BIGINT,
        placed_at BIGINT NOT NULL,
        paid_at BIGINT,
        received_at BIGINT NOT NULL,
        importable_at BIGINT,
        imported_at BIGINT,
        updated_at BIGINT NOT NULL,
        open_errors INTEGER NOT NULL DEFAULT 0,
        open_warnings INTEGER NOT NULL DEFAULT 0,
        first_issue_code TEXT,
        first_issue_severity TEXT,
        first_issue_opened_at BIGINT,
        first_issue_next_retry_at BIGINT,
        archived_at BIGINT,
        version BIGINT NOT NULL DEFAULT 1,
        CONSTRAINT orders_tiktok_order_id UNIQUE (connection_id, tiktok_order_id),
        CONSTRAINT orders_store_order_id UNIQUE (connection_id, store_order_id),
        CHECK (import_state <> 'imported' OR store_order_id IS NOT NULL)
    )",
    "CREATE INDEX orders_placed ON orders (placed_at, id)",
    "CREATE INDEX orders_status_placed ON orders (status, placed_at, id)",
    "CREATE INDEX orders_connection_placed ON orders (connection_id, placed_at, id)",
    "CREATE INDEX orders_connection_status_placed ON orders (connection_id, status, placed_at, id)",
    "CREATE INDEX orders_by_tiktok_order_id ON orders (tiktok_order_id, id)",
    "CREATE INDEX orders_by_status ON orders (status, id)",
    // Empty values sort last whichever way the list goes round, so they are given a number for sorting.
    "CREATE INDEX orders_by_store_order_id ON orders (COALESCE(store_order_id, 0), id)",
    "CREATE INDEX orders_by_ship_by ON orders (COALESCE(ship_by, 9223372036854775807), id)",
    "CREATE INDEX orders_by_total ON orders (total_micros, id)",
    "CREATE INDEX orders_by_updated ON orders (updated_at, id)",
    "CREATE INDEX orders_by_imported ON orders (imported_at, id)",
    "CREATE INDEX orders_waiting_for_import ON orders (connection_id, importable_at)
        WHERE import_state IN ('pending', 'importing', 'blocked')",
    // What the detail page shows of an order beside its lines.
    "CREATE TABLE order_details (
        order_id BIGINT PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
        payment TEXT NOT NULL,
        payment_method TEXT,
        delivery_option TEXT,
        buyer_message {blob},
        cancel_reason TEXT
    )",
    // One row for each unit, as TikTok Shop sends them.
    "CREATE TABLE order_lines (
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        tiktok_line_item_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        sku_id TEXT NOT NULL,
        seller_sku TEXT,
        product_name TEXT NOT NULL,
        sku_name TEXT,
        image TEXT,
        original_price_micros BIGINT NOT NULL,
        seller_discount_micros BIGINT NOT NULL,
        platform_discount_micros BIGINT NOT NULL,
        sale_price_micros BIGINT NOT NULL,
        is_gift BOOLEAN NOT NULL,
        is_bundle BOOLEAN NOT NULL,
        status TEXT NOT NULL,
        package_id TEXT,
        package_status TEXT,
        tracking_number TEXT,
        carrier TEXT,
        store_product_id BIGINT,
        store_combination_id BIGINT,
        PRIMARY KEY (order_id, tiktok_line_item_id)
    )",
    // The buyer's address, encrypted; the digests find it again by exact name, phone or e-mail.
    "CREATE TABLE recipients (
        order_id BIGINT PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
        sealed {blob} NOT NULL,
        masked BOOLEAN NOT NULL,
        name_digest TEXT,
        phone_digest TEXT,
        email_digest TEXT
    )",
    "CREATE INDEX recipients_name ON recipients (name_digest)",
    "CREATE INDEX recipients_phone ON recipients (phone_digest)",
    "CREATE INDEX recipients_email ON recipients (email_digest)",
    // TikTok Shop's answers as they came, compressed and encrypted.
    "CREATE TABLE snapshots (
        id {id},
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        channel_updated_at BIGINT NOT NULL,
        recorded_at BIGINT NOT NULL,
        digest TEXT NOT NULL,
        sealed {blob} NOT NULL
    )",
    "CREATE INDEX snapshots_of_order ON snapshots (order_id, channel_updated_at, id)",
    "CREATE TABLE issues (
        id {id},
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        connection_id BIGINT NOT NULL,
        code TEXT NOT NULL,
        severity TEXT NOT NULL CHECK (severity IN ('error', 'warning')),
        subject TEXT NOT NULL DEFAULT '',
        facts TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_retry_at BIGINT,
        opened_at BIGINT NOT NULL,
        resolved_at BIGINT
    )",
    "CREATE UNIQUE INDEX issues_open ON issues (order_id, code, subject) WHERE resolved_at IS NULL",
    "CREATE INDEX issues_by_code ON issues (code, id) WHERE resolved_at IS NULL",
    // What was tried in the store for an order: looked up after a crash, before anything is tried again.
    "CREATE TABLE import_intents (
        order_id BIGINT PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
        step TEXT NOT NULL CHECK (step IN ('started', 'customer', 'address', 'cart', 'posting', 'created')),
        customer_id BIGINT,
        address_id BIGINT,
        cart_id BIGINT,
        plan_digest TEXT,
        posted_at BIGINT,
        updated_at BIGINT NOT NULL
    )",
    "CREATE TABLE timeline (
        id {id},
        order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        at BIGINT NOT NULL,
        actor TEXT NOT NULL,
        topic TEXT NOT NULL,
        sentence TEXT NOT NULL,
        facts TEXT NOT NULL
    )",
    "CREATE INDEX timeline_of_order ON timeline (order_id, id)",
];
