//! Packages: searching, reading, labels, hand-over, corrections and tracking.

use serde_json::{Value, json};

use super::answer::{Answer, ApiError};
use super::call::Call;
use super::fulfilment::{check_label, package_of_nobody};
use super::logistics::{self, Provider};
use super::order::{Order, Package, PackageState, Status};
use super::orders::not_of_this_shop;
use super::paging::{self, PageRules, Row, TimeRanges};
use super::recipient::Recipient;
use super::world::World;

const PAGES: PageRules = PageRules {
    default_size: None,
    most: 50,
    too_large_code: 36_009_004,
    default_order: paging::Order::Descending,
    sort_fields: &["create_time", "update_time", "order_pay_time"],
};

/// A label's URL works this long.
const LABEL_LIFE_S: i64 = 86_400;
/// Outside the EU a correction is allowed this long after shipping.
const CORRECTION_S: i64 = 72 * 3_600;

const DOCUMENT_TYPES: &[&str] = &[
    "SHIPPING_LABEL",
    "PACKING_SLIP",
    "SHIPPING_LABEL_AND_PACKING_SLIP",
    "SHIPPING_LABEL_PICTURE",
    "HAZMAT_LABEL",
    "INVOICE_LABEL",
];

/// `POST /fulfillment/202309/packages/search`.
pub fn search(world: &mut World, call: &Call) -> Answer {
    let status = call.text("package_status")?;
    if let Some(status) = &status
        && !["PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED"].contains(&status.as_str())
    {
        return Err(ApiError::parameter("PackageStatus is invalid"));
    }
    let times = TimeRanges::of(call)?;
    let found: Vec<(&Order, &Package)> = world
        .orders
        .values()
        .filter(|order| order.shop_id == call.shop_id)
        .flat_map(|order| order.packages.iter().map(move |package| (order, package)))
        .filter(|(_, package)| status.as_deref().is_none_or(|status| search_status(package) == status))
        .filter(|(_, package)| times.contain(package.create_time, package.update_time))
        .collect();
    let rows = found.iter().map(|(_, package)| Row {
        id: &package.id,
        create_time: package.create_time,
        update_time: package.update_time,
    });
    let page = paging::page(call, &PAGES, rows, world.requests, &world.switches)?;
    let rows: Vec<Value> = page
        .ids
        .iter()
        .filter_map(|id| found.iter().find(|(_, package)| package.id == *id))
        .map(|(order, package)| {
            json!({
                "id": package.id, "orders": [{ "id": order.id }],
                "create_time": package.create_time, "update_time": package.update_time,
                // Called `package_status` when one package is read.
                "status": search_status(package),
                "tracking_number": package.tracking_number,
                "shipping_provider_name": package.provider_name, "shipping_provider_id": package.provider_id,
                "order_line_item_ids": package.line_ids,
            })
        })
        .collect();
    Ok(page.answer("packages", rows))
}

/// The search knows no `TO_FULFILL`.
fn search_status(package: &Package) -> &'static str {
    match package.state {
        PackageState::ToFulfill => PackageState::Processing.text(),
        state => state.text(),
    }
}

fn find<'a>(world: &'a World, call: &Call) -> Result<(&'a Order, &'a Package), ApiError> {
    let id = call.at("package_id");
    let order = world.order_of_package(&call.shop_id, id).ok_or_else(package_of_nobody)?;
    Ok((order, order.package(id).ok_or_else(package_of_nobody)?))
}

/// `GET /fulfillment/202309/packages/{package_id}`.
pub fn read(world: &mut World, call: &Call) -> Answer {
    let (order, package) = find(world, call)?;
    let recipient = match order.status {
        Status::Unpaid | Status::OnHold => Recipient::hidden(),
        Status::Cancelled => Recipient::blanked(),
        _ if order.kind.shipped_by_tiktok => order.recipient.starred(),
        _ => order.recipient.plain(),
    };
    Ok(json!({
        "package_id": package.id, "orders": [{ "id": order.id, "skus": [] }],
        "package_status": package.state.text(),
        "split_and_combine_tag": if package.is_split { "SPLIT" } else { "DEFAULT" },
        "shipping_type": if order.kind.shipped_by_tiktok { "TIKTOK" } else { "SELLER" },
        "delivery_option_id": logistics::delivery_option_of(order).id,
        "tracking_number": package.tracking_number, "last_mile_tracking_number": "",
        "shipping_provider_id": package.provider_id, "shipping_provider_name": package.provider_name,
        "handover_method": package.handover_method, "pickup_slot": Value::Null,
        "order_line_item_ids": package.line_ids,
        "recipient_address": recipient,
        "sender_address": { "name": "Warehouse desk", "full_address": "1 Dock Road, 10000 Harbour" },
        "weight": { "value": "500", "unit": "GRAM" },
        "dimension": { "length": "20", "width": "20", "height": "10", "unit": "CM" },
        "create_time": package.create_time, "update_time": package.update_time,
    }))
}

/// `GET /fulfillment/202309/packages/{package_id}/shipping_documents`.
pub fn documents(world: &mut World, call: &Call) -> Answer {
    let (order, package) = find(world, call)?;
    let refuse = |code: i64, message: &str| Err(ApiError::business(code, message));
    let kind = call.parameter("document_type").unwrap_or_default();
    if !DOCUMENT_TYPES.contains(&kind) {
        return Err(ApiError::parameter("DocumentType is a required field"));
    }
    if let Some(size) = call.parameter("document_size")
        && !["A6", "A5"].contains(&size)
    {
        return Err(ApiError::parameter("DocumentSize is invalid, allowed values: A6,A5."));
    }
    if order.kind.fulfilled_by_tiktok {
        return refuse(21_008_043, "The order is fulfilled by TikTok.");
    }
    if order.status == Status::Cancelled {
        return refuse(21_023_059, "The package has been cancelled.");
    }
    if !order.kind.shipped_by_tiktok && kind != "PACKING_SLIP" {
        return refuse(21_008_017, "Labels are only available for orders shipped by TikTok.");
    }
    if package.shipped_time == 0 && kind != "PACKING_SLIP" {
        return refuse(21_042_104, "Ship the package first.");
    }
    if order.times.collected != 0 {
        return refuse(21_042_102, "The package has been picked up.");
    }
    if call.now < package.shipped_time + world.switches.label_delay_s {
        return refuse(11_034_037, "The document is still being made.");
    }
    let until = call.now + LABEL_LIFE_S;
    let url = format!("{}/documents/{}/{kind}/{until}.pdf", call.base_url, package.id);
    Ok(json!({ "doc_url": url, "tracking_number": package.tracking_number }))
}

/// `GET /fulfillment/202309/packages/{package_id}/handover_time_slots`.
pub fn slots(world: &mut World, call: &Call) -> Answer {
    let (order, _) = find(world, call)?;
    if !order.kind.shipped_by_tiktok || order.kind.fulfilled_by_tiktok {
        return Err(ApiError::business(21_011_003, "The order status does not allow this action."));
    }
    let tomorrow = (call.now / 86_400 + 1) * 86_400;
    let slots: Vec<Value> = [(9, true), (13, true), (17, false)]
        .into_iter()
        .map(|(hour, is_free)| {
            let start = tomorrow + hour * 3_600;
            json!({ "start_time": start, "end_time": start + 4 * 3_600, "avaliable": is_free })
        })
        .collect();
    Ok(json!({
        "can_pickup": true, "can_drop_off": true, "can_van_collection": false,
        "drop_off_point_url": "https://maps.example/drop-off", "pickup_slots": slots,
    }))
}

/// `POST /fulfillment/202309/packages/{package_id}/shipping_info/update`.
pub fn correct_package(world: &mut World, call: &Call) -> Answer {
    let (order, package) = find(world, call)?;
    let (order_id, package_id) = (order.id.clone(), package.id.clone());
    correct(world, call, &order_id, &package_id)
}

/// `POST /fulfillment/202309/orders/{order_id}/shipping_info/update`.
pub fn correct_order(world: &mut World, call: &Call) -> Answer {
    let order = world.order_of_shop(&call.shop_id, call.at("order_id")).ok_or_else(not_of_this_shop)?;
    let package = order.last_shipped_package();
    let package =
        package.ok_or_else(|| ApiError::business(21_011_043, "The package has not been shipped."))?;
    let (order_id, package_id) = (order.id.clone(), package.id.clone());
    correct(world, call, &order_id, &package_id)
}

/// Replaces number and carrier: in the EU once, elsewhere once per order and within 72 hours.
fn correct(world: &mut World, call: &Call, order_id: &str, package_id: &str) -> Answer {
    let tracking_number = call.required_text("tracking_number")?;
    let provider_id = call.required_text("shipping_provider_id")?;
    let order = world.order_of_shop(&call.shop_id, order_id).ok_or_else(not_of_this_shop)?;
    let package = order.package(package_id).ok_or_else(package_of_nobody)?;
    let refuse = |code: i64, message: &str| Err(ApiError::business(code, message));
    match order.status {
        _ if order.kind.shipped_by_tiktok => {
            return refuse(21_011_004, "The order is not shipped by the seller.");
        }
        Status::Cancelled => return refuse(21_011_041, "The package has been cancelled."),
        Status::Delivered | Status::Completed => {
            return refuse(21_011_030, "The package has been delivered.");
        }
        _ if package.shipped_time == 0 => return refuse(21_011_043, "The package has not been shipped."),
        _ => {}
    }
    if order.shipping_corrections > 0 {
        return refuse(21_011_049, "The shipping information can be changed only once.");
    }
    let is_european = !matches!(order.market.as_str(), "GB" | "US");
    if !is_european && call.now > package.shipped_time + CORRECTION_S {
        return refuse(21_011_050, "The shipping information can be changed only within 72 hours.");
    }
    let provider: &Provider = check_label(world, order, &tracking_number, &provider_id)?;
    let order = world.orders.get_mut(order_id).ok_or_else(not_of_this_shop)?;
    order.shipping_corrections += 1;
    if let Some(package) = order.packages.iter_mut().find(|package| package.id == package_id) {
        package.tracking_number = tracking_number;
        package.provider_id = provider.id.to_owned();
        package.provider_name = provider.name.to_owned();
        package.update_time = call.now;
    }
    if world.switches.update_time_moves_on_any_change
        && let Some(order) = world.orders.get_mut(order_id)
    {
        order.times.update = call.now;
    }
    Ok(json!({}))
}

/// `GET /fulfillment/202309/orders/{order_id}/tracking`.
pub fn tracking(world: &mut World, call: &Call) -> Answer {
    let order = world.order_of_shop(&call.shop_id, call.at("order_id")).ok_or_else(not_of_this_shop)?;
    let rows: Vec<Value> = order
        .tracking
        .iter()
        .rev()
        .map(|(description, millis)| json!({ "description": description, "update_time_millis": millis }))
        .collect();
    Ok(json!({ "tracking": rows }))
}
