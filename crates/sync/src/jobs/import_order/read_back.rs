use std::collections::BTreeMap;

use database::from_micros;
use database::issues::Found;
use database::orders::OrderRow;
use prestashop::Order;
use shared::{IssueCode, REASON};

use super::Origin;
use crate::mapping::{StoreOrderPlan, StoreStates};
use crate::store_facts::StoreFacts;

/// Compares the order that the store keeps with what it should be: to the cent, to the piece, and in its state.
pub(super) fn read_back(
    stored: &Order,
    origin: Origin<'_>,
    order: &OrderRow,
    facts: &StoreFacts,
) -> Vec<Found> {
    let plan = origin.plan();
    let expected = plan.map_or_else(|| from_micros(order.expected_store_total_micros), |plan| plan.total);
    let made = matches!(origin, Origin::Created(_));
    let mut reasons = Vec::new();
    reasons.extend(StoreStates::from(facts).unfit_after_import(stored.current_state, made));
    if let Some(plan) = plan {
        reasons.extend(other_pieces(stored, plan));
        if stored.carrier_id.is_some_and(|carrier| carrier != plan.carrier) {
            reasons.push(
                "the store chose another carrier, because the chosen one does not serve the address"
                    .to_owned(),
            );
        }
    }
    let mut found = Found::new(IssueCode::StoreTotalMismatch);
    let difference = stored.total_paid - expected;
    if !difference.is_zero() {
        let currency = &order.currency;
        found = found
            .with("store_total", format!("{:.2} {currency}", stored.total_paid))
            .with("tiktok_total", format!("{expected:.2} {currency}"))
            .with("difference", format!("{difference:.2} {currency}"));
    } else if reasons.is_empty() {
        return Vec::new();
    }
    if !reasons.is_empty() {
        found = found.with(REASON, reasons.join("; "));
    }
    vec![found]
}

/// Says so where the store has not kept each product, and of each as many pieces as were asked for.
fn other_pieces(stored: &Order, plan: &StoreOrderPlan) -> Option<String> {
    let mut kept = BTreeMap::<_, u32>::new();
    for row in &stored.rows {
        *kept.entry((row.product_id, row.combination_id)).or_default() += row.quantity;
    }
    let mut planned = BTreeMap::<_, u32>::new();
    for row in &plan.rows {
        *planned.entry((row.product, row.combination)).or_default() += row.quantity;
    }
    if kept == planned {
        return None;
    }
    let (kept, planned): (u32, u32) = (kept.values().sum(), planned.values().sum());
    Some(if kept == planned {
        "the store kept other products or variants".to_owned()
    } else {
        format!("the store kept {kept} of {planned} pieces")
    })
}
