//! Searching and reading orders.

use serde_json::{Value, json};

use super::answer::{Answer, ApiError};
use super::call::Call;
use super::order::{Order, Status};
use super::order_json::{Edition, order_json};
use super::paging::{self, PageRules, Row, TimeRanges};
use super::switches::{ForeignIds, SearchEntries};
use super::world::World;

const PAGES: PageRules = PageRules {
    default_size: None,
    most: 100,
    too_large_code: 36_009_004,
    default_order: paging::Order::Descending,
    sort_fields: &["create_time", "update_time"],
};

/// How many ids one read may name.
const MOST_IDS: usize = 50;

/// What the body of a search asks for.
struct Filter {
    status: Option<Status>,
    shipped_by_tiktok: Option<bool>,
    buyer_user_id: Option<String>,
    is_buyer_request_cancel: Option<bool>,
    warehouse_ids: Vec<String>,
    times: TimeRanges,
}

impl Filter {
    fn of(call: &Call) -> Result<Self, ApiError> {
        let status = match call.text("order_status")? {
            None => None,
            Some(text) => {
                Some(Status::documented(&text).ok_or_else(|| ApiError::parameter("OrderStatus is invalid"))?)
            }
        };
        let shipped_by_tiktok = match call.text("shipping_type")?.as_deref() {
            None => None,
            Some("TIKTOK") => Some(true),
            Some("SELLER") => Some(false),
            Some(_) => {
                return Err(ApiError::parameter("ShippingType is invalid, allowed values: TIKTOK,SELLER."));
            }
        };
        let warehouse_ids = call.texts("warehouse_ids")?;
        if warehouse_ids.len() > 100 {
            return Err(ApiError::parameter("WarehouseIds must not hold more than 100 ids"));
        }
        Ok(Self {
            status,
            shipped_by_tiktok,
            buyer_user_id: call.text("buyer_user_id")?,
            is_buyer_request_cancel: call.flag("is_buyer_request_cancel")?,
            warehouse_ids,
            times: TimeRanges::of(call)?,
        })
    }

    fn admits(&self, order: &Order) -> bool {
        self.status.is_none_or(|status| order.status == status)
            && self.shipped_by_tiktok.is_none_or(|wanted| order.kind.shipped_by_tiktok == wanted)
            && self.buyer_user_id.as_ref().is_none_or(|id| order.buyer.user_id == *id)
            && self.is_buyer_request_cancel.is_none_or(|wanted| order.is_buyer_request_cancel == wanted)
            && (self.warehouse_ids.is_empty()
                || self.warehouse_ids.iter().any(|id| id == super::logistics::WAREHOUSE_ID))
            && self.times.contain(order.times.create, order.times.update)
    }
}

/// `POST /order/202309/orders/search`.
pub fn search(world: &mut World, call: &Call) -> Answer {
    let filter = Filter::of(call)?;
    let longest = world.switches.longest_search_s;
    if longest != 0 && filter.times.seconds_of_updates(call.now).is_some_and(|span| span > longest) {
        return Err(ApiError::business(98_001_004, "Value Out Of Range"));
    }
    let rows =
        world.orders.values().filter(|order| order.shop_id == call.shop_id && filter.admits(order)).map(
            |order| Row { id: &order.id, create_time: order.times.create, update_time: order.times.update },
        );
    let page = paging::page(call, &PAGES, rows, world.requests, &world.switches)?;
    let entries: Vec<Value> = page
        .ids
        .iter()
        .filter_map(|id| world.orders.get(id))
        .map(|order| match world.switches.search_entries {
            SearchEntries::Full => order_json(order, Edition::V202309, call.now, &world.switches),
            SearchEntries::Ids => json!({ "id": order.id, "status": order.status.text() }),
        })
        .collect();
    Ok(page.answer("orders", entries))
}

/// `GET /order/202309/orders?ids=` and `GET /order/202507/orders?ids=`.
pub fn read(world: &mut World, call: &Call) -> Answer {
    let edition = if call.at("version") == "202507" { Edition::V202507 } else { Edition::V202309 };
    let text = call.parameter("ids").ok_or_else(|| ApiError::parameter("Ids is a required field"))?;
    let ids: Vec<&str> = text.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() || ids.len() > MOST_IDS {
        return Err(ApiError::parameter(&format!("Ids must hold between 1 and {MOST_IDS} ids")));
    }
    let mut orders = Vec::with_capacity(ids.len());
    for id in ids {
        match world.order_of_shop(&call.shop_id, id) {
            Some(order) => orders.push(order_json(order, edition, call.now, &world.switches)),
            None if world.switches.foreign_order_ids == ForeignIds::Omit => {}
            None => return Err(not_of_this_shop()),
        }
    }
    Ok(json!({ "orders": orders }))
}

/// 21008111: the order belongs to another shop, or to nobody.
pub fn not_of_this_shop() -> ApiError {
    ApiError::business(21_008_111, "The order does not belong to this shop.")
}
