//! Shipping: marking packages as shipped by the seller's carrier, and shipping on TikTok's label.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{Answer, ApiError};
use super::call::Call;
use super::lifecycle::Label;
use super::logistics::{self, Provider};
use super::order::{LineState, Order, Status};
use super::orders::not_of_this_shop;
use super::world::World;

/// How many orders may leave under one tracking number.
const MOST_ORDERS_PER_NUMBER: usize = 20;
/// How many packages a batch may name.
const MOST_PACKAGES: usize = 50;
/// Orders without hold refuse shipping for this long after payment.
const FIRST_HOUR_S: i64 = 3_600;

/// `POST /fulfillment/202309/orders/{order_id}/packages`: the seller's carrier has the parcel.
pub fn mark_as_shipped(world: &mut World, call: &Call) -> Answer {
    let tracking_number = call.required_text("tracking_number")?;
    let provider_id = call.required_text("shipping_provider_id")?;
    let line_ids = call.texts("order_line_item_ids")?;
    let order = world.order_of_shop(&call.shop_id, call.at("order_id")).ok_or_else(not_of_this_shop)?;
    check_may_ship(world, order, call.now)?;
    if order.kind.shipped_by_tiktok {
        return Err(ApiError::business(21_011_004, "The order is not shipped by the seller."));
    }
    if world.switches.regions_without_mark_as_shipped.contains(&order.recipient.region_code) {
        return Err(ApiError::business(21_008_106, "Not available in this region."));
    }
    check_lines(order, &line_ids)?;
    let provider = check_label(world, order, &tracking_number, &provider_id)?;
    let shipped = units_to_ship(order, &line_ids);
    let order_id = order.id.clone();
    let label = label_of(provider, tracking_number, String::new());
    let package_id = world.ship_lines(&order_id, &shipped, label, call.now).ok_or_else(ApiError::internal)?;
    let mut answer =
        json!({ "order_id": order_id, "order_line_item_ids": shipped, "package_id": package_id });
    if provider.is_easily_confused() {
        answer["warning"] = json!({ "message": "match more than one provider" });
    }
    Ok(answer)
}

/// `POST /fulfillment/202309/packages/{package_id}/ship`.
pub fn ship_package(world: &mut World, call: &Call) -> Answer {
    ship_one(world, call, call.at("package_id"), &call.body)?;
    Ok(json!({}))
}

/// `POST /fulfillment/202309/packages/ship`: failures are listed, the rest is shipped.
pub fn ship_packages(world: &mut World, call: &Call) -> Answer {
    let packages = call.field("packages").ok_or_else(|| ApiError::missing_field("packages"))?;
    let packages = packages.as_array().ok_or_else(|| ApiError::wrong_type("packages"))?;
    if packages.is_empty() || packages.len() > MOST_PACKAGES {
        let message = format!("param body.packages must hold between 1 and {MOST_PACKAGES} entries");
        return Err(ApiError::parameter(&message));
    }
    let mut errors = Vec::new();
    for package in packages {
        let id = package.get("id").and_then(Value::as_str).unwrap_or_default();
        if let Err(error) = ship_one(world, call, id, package) {
            errors.push(json!({
                "code": error.code, "message": error.message, "detail": { "package_id": id },
            }));
        }
    }
    Ok(if errors.is_empty() { json!({}) } else { json!({ "errors": errors }) })
}

fn ship_one(world: &mut World, call: &Call, package_id: &str, body: &Value) -> Result<(), ApiError> {
    let order = world.order_of_package(&call.shop_id, package_id).ok_or_else(package_of_nobody)?;
    check_may_ship(world, order, call.now)?;
    let package = order.package(package_id).ok_or_else(package_of_nobody)?;
    if package.shipped_time != 0 {
        return Err(ApiError::business(21_011_040, "The package has already been shipped."));
    }
    let line_ids = package.line_ids.clone();
    let handover_method = match body.get("handover_method").and_then(Value::as_str) {
        None | Some("") => "DROP_OFF",
        Some(method @ ("PICKUP" | "DROP_OFF")) => method,
        Some(_) => return Err(ApiError::business(21_001_001, "Invalid handover method.")),
    };
    let label = if order.kind.shipped_by_tiktok {
        Label { handover_method: handover_method.to_owned(), ..logistics::tiktok_label(package_id) }
    } else {
        let shipment = body.get("self_shipment").unwrap_or(&Value::Null);
        let text = |name: &str| shipment.get(name).and_then(Value::as_str).unwrap_or_default();
        let provider = check_label(world, order, text("tracking_number"), text("shipping_provider_id"))?;
        label_of(provider, text("tracking_number").to_owned(), String::new())
    };
    let order_id = order.id.clone();
    world.ship_lines(&order_id, &line_ids, label, call.now);
    Ok(())
}

/// 21011028: the package belongs to another shop, or to nobody.
pub fn package_of_nobody() -> ApiError {
    ApiError::business(21_011_028, "The package does not belong to this shop.")
}

fn label_of(provider: &Provider, tracking_number: String, handover_method: String) -> Label {
    Label {
        tracking_number,
        provider_id: provider.id.to_owned(),
        provider_name: provider.name.to_owned(),
        handover_method,
    }
}

/// Whether the order as a whole may be shipped now.
fn check_may_ship(world: &World, order: &Order, now: i64) -> Result<(), ApiError> {
    let refuse = |code: i64, message: &str| Err(ApiError::business(code, message));
    if order.kind.fulfilled_by_tiktok {
        return refuse(21_008_025, "The order is fulfilled by TikTok.");
    }
    match order.status {
        Status::Unpaid | Status::AwaitingInspection => {
            return refuse(21_011_003, "The order status does not allow this action.");
        }
        Status::OnHold => return refuse(21_011_044, "The order is on hold."),
        Status::Cancelled => return refuse(21_011_041, "The order has been cancelled."),
        Status::AwaitingCollection | Status::InTransit => {
            return refuse(21_011_006, "The package has already been shipped.");
        }
        Status::Delivered | Status::Completed => {
            return refuse(21_011_027, "The package has been delivered.");
        }
        Status::AwaitingShipment | Status::PartiallyShipping => {}
    }
    if order.is_buyer_request_cancel {
        return refuse(21_011_007, "A cancellation request of the buyer is open.");
    }
    if !order.is_on_hold_order && now < order.times.paid + FIRST_HOUR_S {
        return refuse(
            world.switches.early_shipping_code,
            "The order cannot be shipped within the first hour.",
        );
    }
    Ok(())
}

fn check_lines(order: &Order, line_ids: &[String]) -> Result<(), ApiError> {
    for id in line_ids {
        let line = order
            .lines
            .iter()
            .find(|line| line.id == *id)
            .ok_or_else(|| ApiError::business(21_011_029, "The line is not in this package."))?;
        match line.state {
            LineState::Unshipped => {}
            LineState::Shipped => {
                return Err(ApiError::business(21_011_006, "The package has already been shipped."));
            }
            LineState::Cancelled => return Err(ApiError::business(21_008_044, "The line is in reverse.")),
        }
    }
    let open_packages = order.packages.iter().filter(|package| package.shipped_time == 0).count();
    if line_ids.is_empty() && open_packages > 1 {
        return Err(ApiError::business(21_011_048, "Several packages are open. Name the lines."));
    }
    Ok(())
}

fn units_to_ship(order: &Order, line_ids: &[String]) -> Vec<String> {
    order
        .lines
        .iter()
        .filter(|line| line.state == LineState::Unshipped)
        .filter(|line| line_ids.is_empty() || line_ids.contains(&line.id))
        .map(|line| line.id.clone())
        .collect()
}

/// Whether carrier and number fit each other, the route, and what was shipped before.
pub fn check_label(
    world: &World,
    order: &Order,
    tracking_number: &str,
    provider_id: &str,
) -> Result<&'static Provider, ApiError> {
    if tracking_number.is_empty() {
        return Err(ApiError::business(21_001_001, "Invalid parameters: tracking number."));
    }
    let provider = logistics::provider(provider_id, &order.market)
        .ok_or_else(|| ApiError::business(21_011_022, "Wrong tracking number or shipping provider id."))?;
    if !tracking_number.chars().all(|sign| sign.is_ascii_alphanumeric()) {
        return Err(ApiError::business(21_004_012, "The tracking number contains special characters."));
    }
    if !provider.accepts(tracking_number) {
        return Err(ApiError::business(
            21_004_015,
            "The tracking number does not match the shipping provider.",
        ));
    }
    let others: Vec<&Order> = world
        .orders
        .values()
        .filter(|other| other.shop_id == order.shop_id && other.id != order.id)
        .filter(|other| other.packages.iter().any(|package| package.tracking_number == tracking_number))
        .collect();
    if others.iter().any(|other| !is_same_recipient(other, order)) {
        return Err(ApiError::business(21_034_012, "The tracking number is used for another recipient."));
    }
    let ids: BTreeSet<&str> = others.iter().map(|other| other.id.as_str()).collect();
    if ids.len() >= MOST_ORDERS_PER_NUMBER {
        return Err(ApiError::business(21_011_026, "The tracking number is used too often."));
    }
    Ok(provider)
}

fn is_same_recipient(one: &Order, other: &Order) -> bool {
    let (one, other) = (&one.recipient, &other.recipient);
    one.name == other.name && one.postal_code == other.postal_code && one.address_lines == other.address_lines
}
