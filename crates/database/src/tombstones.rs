//! What is left of orders that were deleted long ago: a row that keeps them from being imported again, and no more.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, prelude::*,
};
use shared::OrderId;

use crate::entities::{
    actions, attempts, issues, order_details, order_lines, order_notes, orders, recipients, shipping_labels,
    snapshots, store_shipments,
};
use crate::{orders as write_side, timeline, to_ms};

/// Orders that were deleted at `before` or earlier and still hold their data, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn due(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<OrderId>, DbErr> {
    let ids: Vec<i64> = orders::Entity::find()
        .select_only()
        .column(orders::Column::Id)
        .filter(orders::Column::ArchivedAt.is_not_null())
        .filter(orders::Column::ArchivedAt.lte(to_ms(before)))
        .filter(orders::Column::PurgedAt.is_null())
        .order_by_asc(orders::Column::ArchivedAt)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(OrderId).collect())
}

/// Removes from a deleted order whatever is about its buyer or was written about it; what it was, what it cost, and which
/// store order it became stay. `false` when it was restored meanwhile. Belongs into a transaction.
///
/// # Errors
/// When the database fails.
pub async fn make(
    db: &impl ConnectionTrait,
    id: OrderId,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let marked = orders::Entity::update_many()
        .col_expr(orders::Column::PurgedAt, Expr::value(to_ms(now)))
        .col_expr(orders::Column::Tags, Expr::value(""))
        .col_expr(orders::Column::AssigneeId, Expr::value(None::<i64>))
        .filter(orders::Column::Id.eq(id.0))
        .filter(orders::Column::ArchivedAt.lte(to_ms(before)))
        .filter(orders::Column::PurgedAt.is_null())
        .exec(db)
        .await?;
    if marked.rows_affected == 0 {
        return Ok(false);
    }
    forget_buyer(db, id).await?;
    write_side::derive_status(db, id, now).await?;
    Ok(true)
}

/// Removes whatever is about the buyer of an order, or was written about it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn forget_buyer(db: &impl ConnectionTrait, id: OrderId) -> Result<(), DbErr> {
    recipients::Entity::delete_by_id(id.0).exec(db).await?;
    snapshots::Entity::delete_many().filter(snapshots::Column::OrderId.eq(id.0)).exec(db).await?;
    order_notes::Entity::delete_many().filter(order_notes::Column::OrderId.eq(id.0)).exec(db).await?;
    shipping_labels::Entity::delete_many().filter(shipping_labels::Column::OrderId.eq(id.0)).exec(db).await?;
    store_shipments::Entity::delete_by_id(id.0).exec(db).await?;
    // Requests hold what people wrote, and the facts of issues may hold parts of an address.
    actions::Entity::delete_many().filter(actions::Column::OrderId.eq(id.0)).exec(db).await?;
    issues::Entity::delete_many().filter(issues::Column::OrderId.eq(id.0)).exec(db).await?;
    attempts::Entity::delete_many().filter(attempts::Column::OrderId.eq(id.0)).exec(db).await?;
    order_details::Entity::update_many()
        .col_expr(order_details::Column::BuyerMessage, Expr::value(None::<Vec<u8>>))
        .col_expr(order_details::Column::CancelReason, Expr::value(None::<String>))
        .filter(order_details::Column::OrderId.eq(id.0))
        .exec(db)
        .await?;
    // A tracking number leads to the address that the parcel went to.
    order_lines::Entity::update_many()
        .col_expr(order_lines::Column::TrackingNumber, Expr::value(None::<String>))
        .filter(order_lines::Column::OrderId.eq(id.0))
        .exec(db)
        .await?;
    timeline::forget_buyer(db, id).await?;
    forget_search_text(db, id).await
}

/// Its full id still finds the order; words do not.
async fn forget_search_text(db: &impl ConnectionTrait, id: OrderId) -> Result<(), DbErr> {
    let delete = "DELETE FROM order_search WHERE rowid = $1";
    let backend = db.get_database_backend();
    db.execute_raw(Statement::from_sql_and_values(backend, delete, [id.0.into()])).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use clock::SystemClock;
    use shared::{ImportState, IssueCode};

    use super::*;
    use crate::timeline::Entry;
    use crate::{Database, MasterKey, Vault, notes};

    const ORDER: &str = "INSERT INTO orders (id, connection_id, tiktok_order_id, channel_status, channel_updated_at,
            status, known_status, import_state, fulfillment_type, currency, total_micros,
            expected_store_total_micros, first_item, item_count, unit_count, placed_at, received_at, updated_at)
        VALUES (1, 1, '576400000000000001', 'DELIVERED', 0, 'delivered', 'delivered', 'skipped', 'merchant', 'EUR',
            5000000, 5000000, 'Candle', 1, 1, 0, 0, 0)";
    const CONNECTION: &str = "INSERT INTO connections (id, uid, name, state, app_key, app_secret, shop_id, shop_cipher,
            access_token, refresh_token, access_token_expires_at, refresh_token_expires_at, store_url,
            webservice_key, webservice_key_hint, settings, created_at, updated_at)
        VALUES (1, 'u', 'n', 'active', 'k', '', 's', '', '', '', 0, 0, 'https://shop.example/', '', '', '{}', 0, 0)";

    #[tokio::test]
    async fn an_order_that_was_deleted_long_ago_keeps_its_row_and_loses_its_data() {
        for store in test_database::databases().await {
            let vault = Vault::new(&MasterKey::new([7; 32]));
            let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
            let db = database.writer();
            let now = database.clock.now();
            let before = now - TimeDelta::days(30);
            db.execute_unprepared(CONNECTION).await.unwrap();
            db.execute_unprepared(ORDER).await.unwrap();
            notes::add(db, OrderId(1), "a@example.com", "Camille asked for a ribbon.", now).await.unwrap();

            let entries = [
                Entry::ours("status", "TikTok Shop says DELIVERED."),
                Entry::by("a@example.com", "note", "Added the tag “for camille”."),
                Entry::ours("shipping", "Shipped with DHL, tracking number JX9000: 1 unit."),
                Entry::ours("import", "The address lacks Rue Durand.")
                    .with("code", "ADDRESS_REJECTED")
                    .with("street", "Rue Durand"),
                Entry::ours("import", "The store order #12 was created.").with("store_order_id", 12),
            ];
            for entry in entries {
                timeline::record(db, OrderId(1), entry, now).await.unwrap();
            }

            write_side::set_archived(db, OrderId(1), Some(now)).await.unwrap();
            assert!(due(db, before, 10).await.unwrap().is_empty(), "still restorable");
            assert!(!make(db, OrderId(1), before, now).await.unwrap());
            write_side::set_archived(db, OrderId(1), Some(before)).await.unwrap();
            assert_eq!(due(db, before, 10).await.unwrap(), [OrderId(1)]);
            assert!(make(db, OrderId(1), before, now).await.unwrap());

            assert!(due(db, before, 10).await.unwrap().is_empty());
            assert!(notes::of_order(db, OrderId(1)).await.unwrap().is_empty());
            let left = write_side::find(db, OrderId(1)).await.unwrap().unwrap();
            assert!(left.purged_at.is_some());
            assert_eq!(write_side::import_state(&left), ImportState::Skipped);
            use crate::entities::timeline::{Column, Entity};
            let story = Entity::find().order_by_asc(Column::Id).all(db).await.unwrap();
            let story: Vec<_> = story.iter().map(|it| (it.sentence.as_str(), it.facts.as_str())).collect();
            let erased = "What was told here is erased.";
            let title = format!("{}.", IssueCode::AddressRejected.kind().title);
            let expected = [
                ("TikTok Shop says DELIVERED.", "{}"),
                (erased, "{}"),
                (erased, "{}"),
                (title.as_str(), r#"{"code":"ADDRESS_REJECTED"}"#),
                ("The store order #12 was created.", r#"{"store_order_id":"12"}"#),
            ];
            assert_eq!(story, expected, "{}", store.name);
        }
    }
}
