//! Orders seen by the control API: placed, moved, and told with the truth that a comparer needs.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::{Value, json};

use super::addresses;
use super::cancellations::{CancelKind, NewCancellation, Role};
use super::control::{Control, ControlError, body, limit};
use super::external_orders::external_json;
use super::gateway::Incoming;
use super::lifecycle::{self, Label};
use super::logistics;
use super::order::{LineState, Obstacle, Order, Status};
use super::order_json::{Edition, display_status, order_json};
use super::placing::PlaceRequest;
use super::reasons;
use super::recipient::Recipient;
use super::server::Sandbox;
use super::webhooks::Event;
use super::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusRequest {
    status: Status,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShipRequest {
    #[serde(default)]
    order_line_item_ids: Vec<String>,
    #[serde(default)]
    tracking_number: Option<String>,
    #[serde(default)]
    shipping_provider_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CancelRequest {
    /// `buyer`, `seller` or `system`.
    #[serde(default = "buyer")]
    by: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    order_line_item_ids: Vec<String>,
}

fn buyer() -> String {
    "buyer".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestCancelRequest {
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressRequest {
    /// Invents another address in this country; the order's own when left out.
    #[serde(default)]
    country: Option<String>,
    #[serde(default)]
    recipient: Option<Recipient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SkuRequest {
    seller_sku: String,
}

/// Answers a call under `/control/orders`.
pub fn serve(sandbox: &Sandbox, incoming: &Incoming, path: &[&str]) -> Control {
    let now = sandbox.moment().now;
    let mut world = sandbox.world();
    world.advance(now);
    match (incoming.method.as_str(), path) {
        ("POST", []) => {
            let request: PlaceRequest = body(incoming)?;
            let ids = world.place_requested(&request, now).map_err(ControlError::invalid)?;
            Ok(json!({ "placed": ids.len(), "ids": ids }))
        }
        ("GET", []) => Ok(list(&world, incoming)),
        ("GET", [id]) => {
            let order = world.orders.get(*id).ok_or_else(|| ControlError::not_found("order"))?;
            let mut truth = truth_of(order);
            truth["as_seen_by_the_app"] = order_json(order, Edition::V202507, now, &world.switches);
            Ok(truth)
        }
        ("POST", [id, action]) => {
            if !world.orders.contains_key(*id) {
                return Err(ControlError::not_found("order"));
            }
            act(&mut world, id, action, incoming, now)?;
            Ok(truth_of(world.orders.get(*id).ok_or_else(|| ControlError::not_found("order"))?))
        }
        _ => Err(ControlError::not_found("this control call")),
    }
}

/// `GET /control/orders?status=&shape=&expected=&shop_id=&after=&limit=`, in the order of the ids.
fn list(world: &World, incoming: &Incoming) -> Value {
    let wanted = |name: &str, value: &str| incoming.query.get(name).is_none_or(|wanted| wanted == value);
    let after = incoming.query.get("after").map_or("", String::as_str);
    let most = limit(incoming, 100_000);
    let matching = || {
        world
            .orders
            .values()
            .filter(|order| wanted("status", order.status.text()) && wanted("shape", &order.shape))
            .filter(|order| {
                wanted("shop_id", &order.shop_id) && wanted("expected", expectation(order).expected)
            })
    };
    let rows: Vec<Value> =
        matching().filter(|order| order.id.as_str() > after).take(most).map(truth_of).collect();
    json!({ "total": matching().count(), "orders": rows })
}

fn act(world: &mut World, id: &str, action: &str, incoming: &Incoming, now: i64) -> Result<(), ControlError> {
    let status = world.orders.get(id).map_or(Status::Cancelled, |order| order.status);
    let demand = |is_right: bool| {
        if is_right { Ok(()) } else { Err(ControlError::conflict(format!("the order is {}", status.text()))) }
    };
    match action {
        "pay" => {
            demand(status == Status::Unpaid)?;
            world.pay_order(id, now);
        }
        "release" => {
            demand(matches!(status, Status::OnHold | Status::AwaitingInspection))?;
            world.release_order(id, now);
        }
        "ship" => {
            demand(status.is_shippable())?;
            ship(world, id, body(incoming)?, now)?;
        }
        "collect" => {
            demand(status == Status::AwaitingCollection)?;
            world.collect_order(id, now);
        }
        "deliver" => {
            demand(status == Status::InTransit)?;
            world.deliver_order(id, now);
        }
        "complete" => {
            demand(status.is_shipped())?;
            world.complete_order(id, now);
        }
        "cancel" => {
            demand(!matches!(status, Status::Cancelled | Status::Completed))?;
            cancel(world, id, body(incoming)?, now)?;
        }
        "request-cancel" => {
            demand(status.is_shippable() && world.open_request_of(id).is_none())?;
            let request: RequestCancelRequest = body(incoming)?;
            let default = "ecom_order_to_ship_canceled_reason_created_by_mistakes";
            let reason = request.reason.as_deref().unwrap_or(default);
            let new = NewCancellation {
                kind: CancelKind::BuyerCancel,
                role: Role::Buyer,
                reason,
                line_ids: Vec::new(),
            };
            world.open_cancellation(id, new, now);
        }
        "withdraw-request" => {
            if !world.withdraw_request(id, now) {
                return Err(ControlError::conflict("no request is open"));
            }
        }
        "address" => change_address(world, id, body(incoming)?, now)?,
        "sku" => {
            let request: SkuRequest = body(incoming)?;
            let order = world.orders.get_mut(id).ok_or_else(|| ControlError::not_found("order"))?;
            let listings = order.lines.iter_mut().flat_map(|line| {
                std::iter::once(&mut line.listing).chain(line.parts.iter_mut().map(|(listing, _)| listing))
            });
            for listing in listings.filter(|listing| listing.seller_sku.is_empty()) {
                listing.seller_sku.clone_from(&request.seller_sku);
            }
        }
        "overwrite" => {
            let order = world.orders.get_mut(id).ok_or_else(|| ControlError::not_found("order"))?;
            order.quirks.overwritten = body(incoming)?;
        }
        "touch" => {
            let now_or_later = world.orders.get(id).map_or(now, |order| now.max(order.times.update + 1));
            world.move_to(id, status, now_or_later);
        }
        "status" => {
            let request: StatusRequest = body(incoming)?;
            set_status(world, id, request.status, now);
        }
        _ => return Err(ControlError::not_found("this action")),
    }
    Ok(())
}

fn ship(world: &mut World, id: &str, request: ShipRequest, now: i64) -> Result<(), ControlError> {
    let market = world.orders.get(id).map(|order| order.market.clone()).unwrap_or_default();
    let provider_id = request.shipping_provider_id.as_deref().unwrap_or(logistics::PROVIDERS[0].id);
    let provider =
        logistics::provider(provider_id, &market).ok_or_else(|| ControlError::invalid("no such provider"))?;
    let tracking_number =
        request.tracking_number.unwrap_or_else(|| format!("SC{}", &id[id.len() - 10.min(id.len())..]));
    let label = Label {
        tracking_number,
        provider_id: provider.id.to_owned(),
        provider_name: provider.name.to_owned(),
        handover_method: String::new(),
    };
    world
        .ship_lines(id, &request.order_line_item_ids, label, now)
        .map(|_| ())
        .ok_or_else(|| ControlError::conflict("nothing could be shipped"))
}

fn cancel(world: &mut World, id: &str, request: CancelRequest, now: i64) -> Result<(), ControlError> {
    let order = world.orders.get(id).ok_or_else(|| ControlError::not_found("order"))?;
    let (role, default) = match request.by.as_str() {
        "buyer" => (Role::Buyer, "ecom_order_unpaid_canceled_reason_no_longer_needed"),
        "seller" => (Role::Seller, reasons::seller_reasons(&order.market, order.status)[0]),
        "system" => (Role::System, "platform_cancel"),
        _ => return Err(ControlError::invalid("by must be buyer, seller or system")),
    };
    let reason = request.reason.as_deref().unwrap_or(default);
    let new =
        NewCancellation { kind: CancelKind::Cancel, role, reason, line_ids: request.order_line_item_ids };
    world.open_cancellation(id, new, now);
    Ok(())
}

fn change_address(
    world: &mut World,
    id: &str,
    request: AddressRequest,
    now: i64,
) -> Result<(), ControlError> {
    let moves_update_time = world.switches.update_time_moves_on_any_change;
    let seed = u64::try_from(now).unwrap_or_default();
    let order = world.orders.get_mut(id).ok_or_else(|| ControlError::not_found("order"))?;
    order.recipient = match request.recipient {
        Some(recipient) => recipient,
        None => {
            let code = request.country.as_deref().unwrap_or(&order.recipient.region_code);
            let country = addresses::country(code).ok_or_else(|| ControlError::invalid("no such country"))?;
            addresses::invent(country, &mut StdRng::seed_from_u64(seed))
        }
    };
    order.has_updated_recipient_address = true;
    if moves_update_time {
        order.times.update = now;
    }
    let shop_id = order.shop_id.clone();
    let event = Event::AddressChanged { order_id: id.to_owned(), update_time: now };
    world.notify(&shop_id, &event, now);
    Ok(())
}

/// Puts the order into any status, with the traces that go with it.
fn set_status(world: &mut World, id: &str, status: Status, now: i64) {
    match status {
        Status::Cancelled => {
            let new = NewCancellation {
                kind: CancelKind::Cancel,
                role: Role::System,
                reason: "platform_cancel",
                line_ids: Vec::new(),
            };
            world.open_cancellation(id, new, now);
            return;
        }
        Status::AwaitingShipment => {
            if let Some(order) = world.orders.get_mut(id) {
                lifecycle::release(order, now);
            }
        }
        Status::AwaitingCollection | Status::InTransit | Status::Delivered | Status::Completed => {
            if let Some(order) = world.orders.get_mut(id) {
                order.was_shippable = true;
                let time = if order.times.shipped == 0 { now } else { order.times.shipped };
                order.times.shipped = time;
                for line in order.lines.iter_mut().filter(|line| line.state == LineState::Unshipped) {
                    line.state = LineState::Shipped;
                    line.shipped_time = now;
                }
                match status {
                    Status::InTransit => order.times.collected = now,
                    Status::Delivered => order.times.delivered = now,
                    Status::Completed => order.times.completed = now,
                    _ => {}
                }
            }
        }
        Status::Unpaid | Status::OnHold | Status::PartiallyShipping | Status::AwaitingInspection => {}
    }
    world.move_to(id, status, now);
}

/// What a correct connector does with the order as it stands.
struct Expectation {
    /// `import`, `blocked`, `waiting` or `skipped`.
    expected: &'static str,
    reason: Option<&'static str>,
    /// Whether an order in the store and none are both right, because it depends on when it was seen.
    is_optional: bool,
}

fn expectation(order: &Order) -> Expectation {
    let told = |expected, reason| Expectation { expected, reason: Some(reason), is_optional: false };
    let first_seen_late = ["in_transit", "completed"].contains(&order.shape.as_str());
    match (order.status, order.obstacle) {
        (Status::Cancelled, _) if !order.was_shippable => told("skipped", "cancelled_before_import"),
        (_, Some(Obstacle::FulfilledByTiktok)) => told("skipped", "fulfilled_by_tiktok"),
        (Status::Unpaid, _) => told("waiting", "unpaid"),
        (Status::OnHold, _) => told("waiting", "on_hold"),
        (Status::AwaitingInspection, _) => told("waiting", "unknown_status"),
        // It could never be imported, and now it need not be.
        (
            Status::Cancelled,
            Some(
                Obstacle::UnknownSku
                | Obstacle::EmptySku
                | Obstacle::AmbiguousSku
                | Obstacle::InactiveProduct
                | Obstacle::OutOfStock,
            ),
        ) => told("skipped", "cancelled_before_import"),
        (_, Some(Obstacle::UnknownSku)) => told("blocked", "unknown_sku"),
        (_, Some(Obstacle::EmptySku)) => told("blocked", "empty_sku"),
        (_, Some(Obstacle::AmbiguousSku)) => told("blocked", "ambiguous_sku"),
        (_, Some(Obstacle::InactiveProduct)) => told("blocked", "inactive_product"),
        (_, Some(Obstacle::OutOfStock)) => told("blocked", "out_of_stock"),
        (status, Some(Obstacle::UnknownStatus) | None) => Expectation {
            expected: "import",
            reason: None,
            is_optional: status == Status::Cancelled || first_seen_late,
        },
    }
}

/// The ground truth of an order.
fn truth_of(order: &Order) -> Value {
    let expectation = expectation(order);
    let payment = &order.payment;
    let lines: Vec<Value> = order
        .lines
        .iter()
        .map(|line| {
            json!({
                "id": line.id, "seller_sku": line.listing.seller_sku, "sku_id": line.listing.sku_id,
                "product_name": line.listing.product_name, "original_price": line.original_price,
                "seller_discount": line.seller_discount, "platform_discount": line.platform_discount,
                "sale_price": line.sale_price(), "is_gift": line.is_gift,
                "pfand_fee": line.pfand_fee, "display_status": display_status(order, line),
                "package_id": line.package_id,
            })
        })
        .collect();
    json!({
        "id": order.id, "shop_id": order.shop_id, "status": order.status.text(), "shape": order.shape,
        "expected": expectation.expected, "reason": expectation.reason, "is_optional": expectation.is_optional,
        "create_time": order.times.create, "update_time": order.times.update, "paid_time": order.times.paid,
        "hold_until": order.times.hold_until, "was_shippable": order.was_shippable,
        "is_buyer_request_cancel": order.is_buyer_request_cancel,
        "cancel_reason": order.ended_by.as_ref().map(|ending| &ending.reason_text),
        "shipped_by_tiktok": order.kind.shipped_by_tiktok, "fulfilled_by_tiktok": order.kind.fulfilled_by_tiktok,
        "is_sample": order.kind.is_sample, "country": order.recipient.region_code,
        "city": order.recipient.city(), "recipient": order.recipient,
        "units": order.lines.len(), "lines": lines,
        "payment": {
            "currency": payment.currency, "total_amount": payment.total_amount, "sub_total": payment.sub_total,
            "shipping_fee": payment.shipping_fee, "tax": payment.tax(),
            "seller_discount": payment.seller_discount, "platform_discount": payment.platform_discount,
            "shipping_fee_platform_discount": payment.shipping.platform_discount,
            "worth_to_seller":
                payment.total_amount + payment.platform_discount + payment.shipping.platform_discount,
        },
        "packages": order.packages.iter().map(|package| json!({
            "id": package.id, "status": package.state.text(), "tracking_number": package.tracking_number,
            "shipping_provider_id": package.provider_id, "order_line_item_ids": package.line_ids,
        })).collect::<Vec<_>>(),
        "external_orders": order.external_orders.iter().map(external_json).collect::<Vec<_>>(),
    })
}
