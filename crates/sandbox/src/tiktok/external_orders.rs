//! The merchant's own order numbers, kept beside TikTok's.

use serde_json::{Value, json};

use super::answer::{Answer, ApiError};
use super::call::Call;
use super::order::{ExternalOrder, Order};
use super::orders::not_of_this_shop;
use super::world::World;

const PLATFORMS: &[&str] = &[
    "SHOPIFY",
    "WOOCOMMERCE",
    "BIGCOMMERCE",
    "MAGENTO",
    "SALESFORCE_COMMERCE_CLOUD",
    "CHANNEL_ADVISOR",
    "AMAZON",
    "ORDER_MANAGEMENT_SYSTEM",
    "WAREHOUSE_MANAGEMENT_SYSTEM",
    "ERP_SYSTEM",
];

/// How many orders one write may name.
const MOST_ORDERS: usize = 100;

/// `POST /order/202406/orders/external_orders`: failures are listed, the rest is written.
pub fn write(world: &mut World, call: &Call) -> Answer {
    let entries = call.field("orders").ok_or_else(|| ApiError::missing_field("orders"))?;
    let entries = entries.as_array().ok_or_else(|| ApiError::wrong_type("orders"))?;
    if entries.is_empty() || entries.len() > MOST_ORDERS {
        return Err(ApiError::parameter(&format!(
            "param body.orders must hold between 1 and {MOST_ORDERS} entries"
        )));
    }
    let mut errors = Vec::new();
    for entry in entries {
        let id = entry.get("id").and_then(Value::as_str).unwrap_or_default();
        let Some(order) = world.orders.get_mut(id).filter(|order| order.shop_id == call.shop_id) else {
            // This endpoint writes its codes as texts, unlike the others.
            errors.push(failure("36020001", "Invalid order id.", id));
            continue;
        };
        match reference_in(entry) {
            Some(reference) => {
                order.external_orders.retain(|other| other.platform != reference.platform);
                order.external_orders.push(reference);
            }
            None => errors.push(failure("36009004", "Invalid external order.", id)),
        }
    }
    Ok(if errors.is_empty() { json!({}) } else { json!({ "errors": errors }) })
}

fn failure(code: &str, message: &str, order_id: &str) -> Value {
    json!({ "code": code, "message": message, "detail": { "order_id": order_id } })
}

fn reference_in(entry: &Value) -> Option<ExternalOrder> {
    let external = entry.get("external_order")?;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let platform = text(external, "platform").filter(|platform| PLATFORMS.contains(&platform.as_str()))?;
    let id = text(external, "id").filter(|id| !id.is_empty())?;
    let line_items = external
        .get("line_items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|line| Some((text(line, "id")?, text(line, "origin_id")?)))
        .collect();
    Some(ExternalOrder { platform, id, line_items })
}

/// `GET /order/202406/orders/{order_id}/external_orders`.
pub fn read(world: &mut World, call: &Call) -> Answer {
    let order = world.order_of_shop(&call.shop_id, call.at("order_id")).ok_or_else(not_of_this_shop)?;
    let platform = call.parameter("platform");
    let rows: Vec<Value> = order
        .external_orders
        .iter()
        .filter(|external| platform.is_none_or(|platform| external.platform == platform))
        .map(external_json)
        .collect();
    Ok(json!({ "external_orders": rows }))
}

/// `POST /order/202406/orders/external_order_search`: from the merchant's number to the order.
pub fn search(world: &mut World, call: &Call) -> Answer {
    let platform =
        call.parameter("platform").ok_or_else(|| ApiError::parameter("Platform is a required field"))?;
    let id = call
        .parameter("external_order_id")
        .ok_or_else(|| ApiError::parameter("ExternalOrderId is a required field"))?;
    let matching = |order: &Order| -> Option<Value> {
        let external = order
            .external_orders
            .iter()
            .find(|external| external.platform == platform && external.id == id)?;
        Some(json!({ "id": order.id, "external_order": external_json(external) }))
    };
    let orders: Vec<Value> =
        world.orders.values().filter(|order| order.shop_id == call.shop_id).filter_map(matching).collect();
    Ok(json!({ "orders": orders }))
}

/// One reference as JSON.
pub fn external_json(external: &ExternalOrder) -> Value {
    json!({
        "id": external.id, "platform": external.platform,
        "line_items": external.line_items.iter().map(|(id, origin_id)| json!({
            "id": id, "origin_id": origin_id,
        })).collect::<Vec<_>>(),
    })
}
