//! Orders with what exports show of them beside the grid's own columns.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::{OrderId, OrderSummary};

use crate::entities::{connections, order_lines, recipients as recipient_rows};
use crate::order_filter::Criteria;
use crate::page::{PageRequest, Position, PositionKey, Start};
use crate::recipients::{self, RecipientRecord};
use crate::{Vault, order_list};

/// One order of a file.
#[derive(Clone)]
pub struct ExportedOrder {
    pub summary: OrderSummary,
    /// Each once, in TikTok Shop's order.
    pub skus: Vec<String>,
    pub tracking_numbers: Vec<String>,
    /// Absent unless it was asked for.
    pub recipient: Option<RecipientRecord>,
}

/// The next orders that match and have a number below `before_id`, the newest first; with what names their buyers only if
/// `with_recipients`.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn next(
    db: &impl ConnectionTrait,
    vault: &Vault,
    criteria: Criteria,
    before_id: i64,
    limit: u32,
    with_recipients: bool,
) -> Result<Vec<ExportedOrder>, DbErr> {
    let criteria = criteria.by_number();
    let start = Start::After(Position { key: PositionKey::Number(before_id), id: before_id });
    let page = order_list::list(db, vault, &criteria, &PageRequest { limit, start }).await?;
    let ids: Vec<i64> = page.items.iter().map(|order| order.id.0).collect();
    let mut lines = lines_of(db, &ids).await?;
    let mut recipients =
        if with_recipients { recipients_of(db, vault, &page.items).await? } else { HashMap::new() };
    let orders = page.items.into_iter().map(|summary| {
        let (skus, tracking_numbers) = lines.remove(&summary.id.0).unwrap_or_default();
        let recipient = recipients.remove(&summary.id);
        ExportedOrder { summary, skus, tracking_numbers, recipient }
    });
    Ok(orders.collect())
}

type SkusAndTracking = (Vec<String>, Vec<String>);

async fn lines_of(db: &impl ConnectionTrait, ids: &[i64]) -> Result<HashMap<i64, SkusAndTracking>, DbErr> {
    let rows: Vec<(i64, Option<String>, Option<String>)> = order_lines::Entity::find()
        .select_only()
        .columns([
            order_lines::Column::OrderId,
            order_lines::Column::SellerSku,
            order_lines::Column::TrackingNumber,
        ])
        .filter(order_lines::Column::OrderId.is_in(ids.iter().copied()))
        .order_by_asc(order_lines::Column::OrderId)
        .order_by_asc(order_lines::Column::Position)
        .into_tuple()
        .all(db)
        .await?;
    let mut lines: HashMap<i64, SkusAndTracking> = HashMap::new();
    for (id, sku, tracking_number) in rows {
        let (skus, tracking_numbers) = lines.entry(id).or_default();
        for (value, known) in [(sku, skus), (tracking_number, tracking_numbers)] {
            if let Some(value) = value.filter(|value| !value.is_empty() && !known.contains(value)) {
                known.push(value);
            }
        }
    }
    Ok(lines)
}

async fn recipients_of(
    db: &impl ConnectionTrait,
    vault: &Vault,
    orders: &[OrderSummary],
) -> Result<HashMap<OrderId, RecipientRecord>, DbErr> {
    let uids: Vec<(i64, String)> = connections::Entity::find()
        .select_only()
        .columns([connections::Column::Id, connections::Column::Uid])
        .into_tuple()
        .all(db)
        .await?;
    let uids: HashMap<i64, String> = uids.into_iter().collect();
    let rows = recipient_rows::Entity::find()
        .filter(recipient_rows::Column::OrderId.is_in(orders.iter().map(|order| order.id.0)))
        .all(db)
        .await?;
    let rows: HashMap<i64, recipient_rows::Model> = rows.into_iter().map(|row| (row.order_id, row)).collect();
    let mut found = HashMap::new();
    for order in orders {
        if let (Some(row), Some(uid)) = (rows.get(&order.id.0), uids.get(&order.connection_id.0)) {
            found.insert(order.id, recipients::opened(vault, uid, &order.tiktok_order_id, row)?);
        }
    }
    Ok(found)
}
