//! From a row to what the grid shows.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
};
use shared::{
    ActionFacts, Assignee, ChannelStatus, ConnectionId, ConnectionSettings, FirstIssue, IssueCode, Money,
    OrderId, OrderSummary, SpecialKind, StoreOrder, StoreOrderId, StoreState, TikTokOrderId, UserId,
    allowed_actions,
};

use crate::entities::orders::Model;
use crate::entities::{connections, store_states, users};
use crate::{from_micros, from_ms};

/// What rows of the grid need from other tables: where their shops are, how the stores name their states, and who looks
/// after them.
pub(crate) struct Surroundings {
    connections: HashMap<i64, Shop>,
    people: HashMap<i64, String>,
    states: HashMap<(i64, i64), StoreState>,
}

/// The public side of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) uid: String,
    pub(crate) name: String,
    pub(crate) region: Option<String>,
    pub(crate) back_office_url: Option<String>,
}

impl Surroundings {
    pub(crate) async fn of(db: &impl ConnectionTrait, rows: &[Model]) -> Result<Self, DbErr> {
        let ids: BTreeSet<i64> = rows.iter().map(|row| row.connection_id).collect();
        let wanted: BTreeSet<(i64, i64)> =
            rows.iter().filter_map(|row| Some((row.connection_id, row.store_state_id?))).collect();
        let people: BTreeSet<i64> = rows.iter().filter_map(|row| row.assignee_id).collect();
        Ok(Self {
            connections: shops(db, ids).await?,
            people: emails(db, people).await?,
            states: states(db, wanted).await?,
        })
    }

    pub(crate) fn shop(&self, row: &Model) -> Result<&Shop, DbErr> {
        let shop = self.connections.get(&row.connection_id);
        shop.ok_or_else(|| DbErr::RecordNotFound(format!("connection {}", row.connection_id)))
    }

    pub(crate) fn summary_of(&self, row: Model) -> Result<OrderSummary, DbErr> {
        let shop = self.shop(&row)?;
        let channel_status = ChannelStatus::from(row.channel_status.as_str());
        let import_state = word("orders.import_state", &row.import_state)?;
        let store_order = row.store_order_id.map(|id| StoreOrder {
            id: StoreOrderId(id),
            reference: row.store_order_reference.clone(),
            state: row.store_state_id.map(|state| self.state(row.connection_id, state)),
            deleted: row.store_deleted,
            url: shop.back_office_url.as_deref().and_then(|back_office| store_order_url(back_office, id)),
        });
        let first_issue = match (&row.first_issue_code, &row.first_issue_severity, row.first_issue_opened_at)
        {
            (Some(code), Some(severity), Some(opened_at)) => {
                let code: IssueCode = word("orders.first_issue_code", code)?;
                Some(FirstIssue {
                    code,
                    severity: word("orders.first_issue_severity", severity)?,
                    title: code.kind().title.to_owned(),
                    opened_at: from_ms(opened_at),
                    next_retry_at: row.first_issue_next_retry_at.map(from_ms),
                })
            }
            _ => None,
        };
        let mut summary = OrderSummary {
            id: OrderId(row.id),
            connection_id: ConnectionId(row.connection_id),
            status: word("orders.status", &row.status)?,
            actions: Vec::new(),
            channel_status,
            import_state,
            store_order,
            fulfillment_type: word("orders.fulfillment_type", &row.fulfillment_type)?,
            created_at: from_ms(row.placed_at),
            received_at: from_ms(row.received_at),
            imported_at: row.imported_at.map(from_ms),
            updated_at: from_ms(row.updated_at),
            ship_by: row.ship_by.map(from_ms),
            first_issue,
            open_errors: row.open_errors,
            open_warnings: row.open_warnings,
            first_item: row.first_item,
            first_item_image: row.first_item_image,
            item_count: row.item_count,
            unit_count: row.unit_count,
            total: Money::new(from_micros(row.total_micros), row.currency),
            country: row.country,
            special: row.special.split(',').filter_map(|word| SpecialKind::from_str(word).ok()).collect(),
            tags: tags_of(&row.tags),
            assignee: row
                .assignee_id
                .and_then(|id| Some(Assignee { id: UserId(id), email: self.people.get(&id)?.clone() })),
            archived_at: row.archived_at.map(from_ms),
            purged: row.purged_at.is_some(),
            skipped_by_person: row.skipped_by_person,
            shipment_failed: row.shipment_failed,
            seller_center_url: seller_center_url(shop.region.as_deref(), &row.tiktok_order_id),
            tiktok_order_id: TikTokOrderId(row.tiktok_order_id),
        };
        summary.actions = allowed_actions(&ActionFacts::from(&summary));
        Ok(summary)
    }

    /// A state that was never read still has its number.
    fn state(&self, connection_id: i64, state_id: i64) -> StoreState {
        let known = self.states.get(&(connection_id, state_id)).cloned();
        known.unwrap_or_else(|| StoreState { id: state_id, name: format!("State {state_id}"), color: None })
    }
}

async fn shops(db: &impl ConnectionTrait, ids: BTreeSet<i64>) -> Result<HashMap<i64, Shop>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = connections::Entity::find()
        .select_only()
        .columns([
            connections::Column::Id,
            connections::Column::Uid,
            connections::Column::Name,
            connections::Column::Region,
            connections::Column::Settings,
        ])
        .filter(connections::Column::Id.is_in(ids));
    let rows: Vec<(i64, String, String, Option<String>, String)> = query.into_tuple().all(db).await?;
    let shop = |(id, uid, name, region, settings): (_, _, _, _, String)| {
        let settings: Option<ConnectionSettings> = serde_json::from_str(&settings).ok();
        let back_office_url = settings.and_then(|settings| settings.back_office_url);
        (id, Shop { uid, name, region, back_office_url })
    };
    Ok(rows.into_iter().map(shop).collect())
}

async fn emails(db: &impl ConnectionTrait, ids: BTreeSet<i64>) -> Result<HashMap<i64, String>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = users::Entity::find()
        .select_only()
        .columns([users::Column::Id, users::Column::Email])
        .filter(users::Column::Id.is_in(ids));
    let rows: Vec<(i64, String)> = query.into_tuple().all(db).await?;
    Ok(rows.into_iter().collect())
}

async fn states(
    db: &impl ConnectionTrait,
    wanted: BTreeSet<(i64, i64)>,
) -> Result<HashMap<(i64, i64), StoreState>, DbErr> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let mut any = Condition::any();
    for (connection_id, state_id) in wanted {
        let one = store_states::Column::ConnectionId.eq(connection_id);
        any = any.add(one.and(store_states::Column::StateId.eq(state_id)));
    }
    let models = store_states::Entity::find().filter(any).all(db).await?;
    Ok(models.into_iter().map(|model| ((model.connection_id, model.state_id), model.into())).collect())
}

/// A word of one of our tables.
pub(crate) fn word<T: FromStr>(column: &str, text: &str) -> Result<T, DbErr> {
    text.parse().map_err(|_| DbErr::Type(format!("{column} holds an unknown word “{text}”")))
}

/// The tags of an order, as the table keeps them: one per line.
pub(crate) fn tags_of(text: &str) -> Vec<String> {
    text.lines().map(ToOwned::to_owned).collect()
}

/// The order in the store's back office, whose folder only the merchant knows.
fn store_order_url(back_office: &str, store_order_id: i64) -> Option<String> {
    let base = back_office.trim_end_matches('/');
    let is_link = base.starts_with("https://") || base.starts_with("http://");
    is_link.then(|| format!("{base}/index.php?controller=AdminOrders&id_order={store_order_id}&vieworder"))
}

/// The order in Seller Center, which has one address for each country.
fn seller_center_url(region: Option<&str>, tiktok_order_id: &str) -> String {
    let host = match region.map(str::to_ascii_lowercase).as_deref() {
        Some("gb") => "seller-uk.tiktok.com".to_owned(),
        Some(country) if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            format!("seller-{country}.tiktok.com")
        }
        _ => "seller.tiktokglobalshop.com".to_owned(),
    };
    format!("https://{host}/order/detail?order_no={tiktok_order_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_country_has_its_own_seller_center() {
        let cases = [
            (Some("FR"), "https://seller-fr.tiktok.com/order/detail?order_no=1"),
            (Some("GB"), "https://seller-uk.tiktok.com/order/detail?order_no=1"),
            (None, "https://seller.tiktokglobalshop.com/order/detail?order_no=1"),
        ];

        for (region, url) in cases {
            assert_eq!(seller_center_url(region, "1"), url);
        }
    }
}
