//! Endpoints around cancellations: the seller cancels, searches, answers a buyer's request.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::answer::{Answer, ApiError};
use super::call::Call;
use super::cancellations::{CancelKind, CancelStatus, Cancellation, NewCancellation, Role, Verdict};
use super::order::{LineState, Order, Status};
use super::paging::{self, PageRules};
use super::reasons;
use super::world::World;

const PAGES: PageRules = PageRules {
    default_size: Some(10),
    most: 50,
    too_large_code: 98_001_004,
    default_order: paging::Order::Ascending,
    sort_fields: &["create_time", "update_time"],
};

/// `POST /return_refund/{version}/cancellations`: the seller cancels.
pub fn cancel(world: &mut World, call: &Call) -> Answer {
    let order_id = call.required_text("order_id")?;
    let reason = call.required_text("cancel_reason")?;
    let order = world
        .order_of_shop(&call.shop_id, &order_id)
        .ok_or_else(|| ApiError::business(25_020_005, "You do not have permission to operate this order."))?;
    let line_ids = lines_to_cancel(order, call)?;
    check_status(world, order)?;
    check_reason(order, &reason)?;
    if !line_ids.is_empty() {
        let is_partial = line_ids.len() < order.live_lines().count();
        if is_partial && !(matches!(order.market.as_str(), "GB" | "US") && reason.contains("out_of_stock")) {
            return Err(ApiError::business(
                25_005_010,
                "Partial cancellation is not supported for this order.",
            ));
        }
    }
    let new = NewCancellation { kind: CancelKind::Cancel, role: Role::Seller, reason: &reason, line_ids };
    let id = world.open_cancellation(&order_id, new, call.now).ok_or_else(ApiError::internal)?;
    let status = CancelStatus::Success.text_in(call.at("version"));
    Ok(json!({ "cancel_id": id, "cancel_status": status }))
}

fn check_status(world: &World, order: &Order) -> Result<(), ApiError> {
    let switches = &world.switches;
    let has_left = || ApiError::business(25_001_045, "The order has been shipped and cannot be cancelled.");
    match order.status {
        Status::Cancelled => Err(ApiError::business(25_001_011, "The order has already been cancelled.")),
        Status::Completed => Err(ApiError::business(25_001_051, "The order has been completed.")),
        _ if order.kind.fulfilled_by_tiktok => {
            Err(ApiError::business(25_020_005, "You do not have permission to operate this order."))
        }
        Status::Unpaid if !switches.seller_may_cancel_unpaid => {
            Err(ApiError::business(25_001_021, "The cancel reason does not match the order status."))
        }
        Status::AwaitingCollection if !switches.seller_may_cancel_awaiting_collection => Err(has_left()),
        Status::InTransit | Status::Delivered => Err(has_left()),
        _ if order.is_buyer_request_cancel => {
            Err(ApiError::business(25_001_011, "A cancellation of this order is already in progress."))
        }
        _ => Ok(()),
    }
}

fn check_reason(order: &Order, reason: &str) -> Result<(), ApiError> {
    if reasons::seller_reasons(&order.market, order.status).contains(&reason) {
        return Ok(());
    }
    Err(if reasons::is_seller_reason(&order.market, reason) {
        ApiError::business(25_001_021, "The cancel reason does not match the order status.")
    } else if reasons::is_reason_of_others(reason) {
        ApiError::business(25_001_015, "The cancel reason is not available to sellers.")
    } else {
        ApiError::business(25_001_014, "The cancel reason does not exist.")
    })
}

/// The units that `skus`, `order_line_item_ids` or `order_line_list` name; empty for all.
fn lines_to_cancel(order: &Order, call: &Call) -> Result<Vec<String>, ApiError> {
    let mut ids = call.texts("order_line_item_ids")?;
    if let Some(rows) = call.field("order_line_list") {
        let rows = rows.as_array().ok_or_else(|| ApiError::wrong_type("order_line_list"))?;
        ids.extend(rows.iter().filter_map(|row| Some(row.get("order_line_item_id")?.as_str()?.to_owned())));
    }
    if let Some(rows) = call.field("skus") {
        for row in rows.as_array().ok_or_else(|| ApiError::wrong_type("skus"))? {
            let sku_id = row.get("sku_id").and_then(Value::as_str).unwrap_or_default();
            let quantity = row.get("quantity").and_then(Value::as_u64).unwrap_or(1);
            let mut units = order.live_lines().filter(|line| line.listing.sku_id == sku_id);
            for _ in 0..quantity {
                let unit = units.next().ok_or_else(|| {
                    ApiError::business(25_005_011, "The quantity exceeds what can be cancelled.")
                })?;
                ids.push(unit.id.clone());
            }
        }
    }
    let is_open =
        |id: &String| order.lines.iter().any(|line| line.id == *id && line.state == LineState::Unshipped);
    if ids.iter().all(is_open) {
        Ok(ids)
    } else {
        Err(ApiError::business(25_001_001, "Invalid order line item ids."))
    }
}

/// `POST /return_refund/{version}/cancellations/search`.
pub fn search(world: &mut World, call: &Call) -> Answer {
    let version = call.at("version").to_owned();
    let cancel_ids = call.texts("cancel_ids")?;
    let order_ids = call.texts("order_ids")?;
    let buyers = call.texts("buyer_user_ids")?;
    let kinds = call.texts("cancel_types")?;
    let statuses: Vec<String> = call
        .texts("cancel_status")?
        .into_iter()
        // The filter spells it `_CANCEL`; be as patient as callers should be.
        .map(|text| if text.ends_with("_CANCEL") { format!("{text}LED") } else { text })
        .collect();
    let times = paging::TimeRanges::of(call)?;
    let within = |list: &[String], value: &str| list.is_empty() || list.iter().any(|item| item == value);
    let rows = world
        .cancellations
        .values()
        .filter(|row| row.shop_id == call.shop_id)
        .filter(|row| within(&cancel_ids, &row.id) && within(&order_ids, &row.order_id))
        .filter(|row| within(&kinds, row.kind.text()) && within(&statuses, row.status.text()))
        .filter(|row| {
            let buyer = world.orders.get(&row.order_id).map_or("", |order| &order.buyer.user_id);
            within(&buyers, buyer)
        })
        .filter(|row| times.contain(row.create_time, row.update_time))
        .map(|row| paging::Row { id: &row.id, create_time: row.create_time, update_time: row.update_time });
    let page = paging::page(call, &PAGES, rows, world.requests, &world.switches)?;
    let cancellations: Vec<Value> = page
        .ids
        .iter()
        .filter_map(|id| {
            let cancellation = world.cancellations.get(id)?;
            Some(cancellation_json(cancellation, world.orders.get(&cancellation.order_id)?, &version))
        })
        .collect();
    Ok(page.answer("cancellations", cancellations))
}

fn cancellation_json(cancellation: &Cancellation, order: &Order, version: &str) -> Value {
    let text = |amount: Decimal| order.quirks.money.text(amount);
    let is_whole = cancellation.line_ids.is_empty();
    let lines: Vec<_> =
        order.lines.iter().filter(|line| is_whole || cancellation.line_ids.contains(&line.id)).collect();
    let currency = &order.payment.currency;
    let subtotal: Decimal = lines.iter().map(|line| line.sale_price()).sum();
    let (shipping, tax, total) = if is_whole {
        (order.payment.shipping_fee, order.payment.tax(), order.payment.total_amount)
    } else {
        (Decimal::ZERO, Decimal::ZERO, subtotal)
    };
    let line_items: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                // Derived from the line's id, so that it stays the same in every answer.
                "cancel_line_item_id": format!("4{}", line.id),
                "order_line_item_id": line.id, "sku_id": line.listing.sku_id, "sku_name": line.listing.sku_name,
                "product_name": line.listing.product_name, "seller_sku": line.listing.seller_sku,
                "refund_amount": { "currency": currency, "refund_total": text(line.sale_price()) },
            })
        })
        .collect();
    let mut json = json!({
        "cancel_id": cancellation.id, "order_id": cancellation.order_id,
        "cancel_type": cancellation.kind.text(), "cancel_status": cancellation.status.text_in(version),
        "role": cancellation.role.text(), "cancel_reason": cancellation.reason,
        "cancel_reason_text": reasons::text(&cancellation.reason),
        "create_time": cancellation.create_time, "update_time": cancellation.update_time,
        "refund_amount": {
            "currency": currency, "refund_total": text(total), "refund_subtotal": text(subtotal),
            "refund_shipping_fee": text(shipping), "refund_tax": text(tax),
        },
        "cancel_line_items": line_items,
    });
    if cancellation.status == CancelStatus::Pending {
        let action =
            if version == "202309" { "SELLER_RESPOND_CANCEL" } else { "SELLER_RESPOND_BUYER_CANCEL" };
        json["seller_next_action_response"] =
            json!([{ "action": action, "deadline": cancellation.deadline }]);
    }
    if version != "202309" {
        json["should_replenish_stock"] = json!(true);
    }
    json
}

/// `POST /return_refund/202309/cancellations/{cancel_id}/approve`.
pub fn approve(world: &mut World, call: &Call) -> Answer {
    if answerable(world, call, Verdict::Approved)? {
        let id = call.at("cancel_id").to_owned();
        remember_answer(world, call, Verdict::Approved);
        world.accept_cancellation(&id, call.now);
    }
    Ok(json!({}))
}

/// `POST /return_refund/202309/cancellations/{cancel_id}/reject`.
pub fn reject(world: &mut World, call: &Call) -> Answer {
    let reason = call.required_text("reject_reason")?;
    if !reasons::reject_reasons(&call.market).contains(&reason.as_str()) {
        return Err(ApiError::business(25_001_016, "The reject reason does not match."));
    }
    if answerable(world, call, Verdict::Refused)? {
        let id = call.at("cancel_id").to_owned();
        remember_answer(world, call, Verdict::Refused);
        world.end_request(&id, Verdict::Refused, call.now);
    }
    Ok(json!({}))
}

/// Whether the request may be answered now; `false` when this very answer was given before under the same key.
fn answerable(world: &World, call: &Call, verdict: Verdict) -> Result<bool, ApiError> {
    let cancellation = world
        .cancellations
        .get(call.at("cancel_id"))
        .filter(|cancellation| cancellation.shop_id == call.shop_id)
        .ok_or_else(|| ApiError::business(25_007_006, "The cancellation was not found."))?;
    let key = call.parameter("idempotency_key");
    if key.is_some()
        && cancellation.idempotency_key.as_deref() == key
        && cancellation.verdict == Some(verdict)
    {
        return Ok(false);
    }
    match (cancellation.status, cancellation.verdict) {
        (CancelStatus::Pending, _) if cancellation.kind == CancelKind::BuyerCancel => {}
        (_, Some(Verdict::Approved)) => {
            return Err(ApiError::business(25_020_010, "The request has already been approved."));
        }
        (_, Some(Verdict::Withdrawn)) => {
            return Err(ApiError::business(25_020_009, "The request has been cancelled by the buyer."));
        }
        _ => return Err(ApiError::business(25_011_011, "The request is no longer open.")),
    }
    let status = world.orders.get(&cancellation.order_id).map(|order| order.status);
    if status.is_some_and(|status| status.is_shippable()) {
        Ok(true)
    } else {
        Err(ApiError::business(25_001_003, "The order status does not allow this."))
    }
}

fn remember_answer(world: &mut World, call: &Call, verdict: Verdict) {
    if let Some(cancellation) = world.cancellations.get_mut(call.at("cancel_id")) {
        cancellation.verdict = Some(verdict);
        cancellation.idempotency_key = call.parameter("idempotency_key").map(str::to_owned);
    }
}

/// `GET /return_refund/202309/reject_reasons`.
pub fn list_reject_reasons(world: &mut World, call: &Call) -> Answer {
    let id = call
        .parameter("return_or_cancel_id")
        .ok_or_else(|| ApiError::parameter("ReturnOrCancelId is a required field"))?;
    if world.cancellations.get(id).is_none_or(|cancellation| cancellation.shop_id != call.shop_id) {
        return Err(ApiError::business(25_007_006, "The cancellation was not found."));
    }
    let reasons: Vec<Value> = reasons::reject_reasons(&call.market)
        .iter()
        .map(|name| json!({ "name": name, "text": reasons::text(name) }))
        .collect();
    Ok(json!({ "reasons": reasons }))
}

/// `GET /return_refund/{version}/orders/{order_id}/aftersale_eligibility`.
pub fn eligibility(world: &mut World, call: &Call) -> Answer {
    let order = world
        .order_of_shop(&call.shop_id, call.at("order_id"))
        .ok_or_else(|| ApiError::business(25_020_005, "You do not have permission to operate this order."))?;
    let wants_cancel =
        call.parameter("request_types").is_none_or(|types| types.split(',').any(|t| t == "CANCEL"));
    let refusal = check_status(world, order).err();
    let mut by_sku: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in order.live_lines() {
        match by_sku.iter_mut().find(|(sku_id, _)| *sku_id == line.listing.sku_id) {
            Some((_, ids)) => ids.push(&line.id),
            None => by_sku.push((&line.listing.sku_id, vec![&line.id])),
        }
    }
    let reasons: &[&str] =
        if refusal.is_none() { reasons::seller_reasons(&order.market, order.status) } else { &[] };
    let rows: Vec<Value> = by_sku
        .into_iter()
        .filter(|_| wants_cancel)
        .map(|(sku_id, ids)| {
            let mut eligibility = json!({
                "request_type": "CANCEL", "order_line_items_ids": ids, "eligible": refusal.is_none(),
                "available_reason_names": reasons,
                "order_line_list": ids.iter().map(|id| json!({ "order_line_item_id": id })).collect::<Vec<_>>(),
            });
            if let Some(refusal) = &refusal {
                eligibility["ineligible_code"] = json!(refusal.code);
                eligibility["ineligible_reason"] = json!(refusal.message);
            }
            json!({ "sku_id": sku_id, "line_item_eligibility": [eligibility] })
        })
        .collect();
    Ok(json!({ "sku_eligibility": rows }))
}
