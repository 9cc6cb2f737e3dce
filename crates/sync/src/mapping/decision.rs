use chrono::{DateTime, Utc};
use shared::{ConnectionSettings, HoldPolicy, ImportState};
use tiktok_shop::{Order, OrderStatus};

use super::amounts::sold_units;

/// Why an order that was canceled in time has no store order.
pub const CANCELED_BEFORE: &str = "It was canceled before it could be imported.";

/// Whether an order is to be imported now, and if not, why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportDecision {
    /// Not yet: TikTok Shop has not released it.
    Wait,
    Import,
    /// Not at all; the sentence goes into the order's story.
    Skip(&'static str),
}

impl ImportDecision {
    /// The import state that an order without a store order gets.
    #[must_use]
    pub fn state(&self) -> ImportState {
        match self {
            Self::Wait => ImportState::Waiting,
            Self::Import => ImportState::Pending,
            Self::Skip(_) => ImportState::Skipped,
        }
    }
}

/// What a person decided about an order; it goes before what its facts say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Nobody decided anything.
    Open,
    /// It is never imported.
    Skipped,
    /// It was deleted from the grid, and may be restored.
    Archived,
}

impl Choice {
    /// The choice that an order's marks stand for.
    #[must_use]
    pub const fn of(skipped_by_person: bool, archived: bool) -> Self {
        match (skipped_by_person, archived) {
            (true, _) => Self::Skipped,
            (false, true) => Self::Archived,
            (false, false) => Self::Open,
        }
    }

    /// What it makes of an order that could be imported otherwise; `None` when it leaves that to the facts.
    #[must_use]
    pub const fn decision(self) -> Option<ImportDecision> {
        match self {
            Self::Open => None,
            Self::Skipped => Some(ImportDecision::Skip("Somebody chose never to import it.")),
            Self::Archived => Some(ImportDecision::Wait),
        }
    }
}

/// Decides by the channel status, what a person chose, and the connection's settings; `placed_since` is when the
/// connection began to import.
#[must_use]
pub fn import_decision(
    order: &Order,
    choice: Choice,
    settings: &ConnectionSettings,
    placed_since: DateTime<Utc>,
) -> ImportDecision {
    use ImportDecision::{Import, Skip, Wait};
    if order.status == OrderStatus::Cancelled {
        return Skip(CANCELED_BEFORE);
    }
    if let Some(decision) = choice.decision() {
        return decision;
    }
    match order.status {
        OrderStatus::OnHold if settings.hold_policy == HoldPolicy::DuringHold => {}
        OrderStatus::Unpaid | OrderStatus::OnHold | OrderStatus::Other(_) => return Wait,
        OrderStatus::AwaitingShipment
        | OrderStatus::PartiallyShipping
        | OrderStatus::AwaitingCollection
        | OrderStatus::InTransit
        | OrderStatus::Delivered
        | OrderStatus::Completed
        | OrderStatus::Cancelled => {}
    }
    if sold_units(order).next().is_none() {
        return Skip("All its units were canceled.");
    }
    if !settings.import_orders {
        return Skip("Importing is switched off for this connection.");
    }
    if order.is_fulfilled_by_platform() && !settings.import_fulfilled_by_tiktok {
        return Skip("TikTok's warehouse fulfils it, and the connection leaves such orders out.");
    }
    if order.is_free_of_charge() && !settings.import_samples {
        return Skip(
            "Nobody pays for it, and the connection leaves samples, replacements and exchanges out.",
        );
    }
    if order.times.create_time.is_some_and(|placed| placed < placed_since) {
        return Skip("It was placed before the connection began to import.");
    }
    Import
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(status: &str) -> Order {
        let json = serde_json::json!({ "id": "576461413038785752", "status": status,
            "line_items": [{ "id": "1", "sale_price": "10" }] });
        tiktok_shop::ReadOrder::from_raw(json).unwrap().order
    }

    #[test]
    fn what_a_person_chose_goes_before_the_facts() {
        let settings = ConnectionSettings::default();
        let decide = |status: &str, choice| {
            import_decision(&order(status), choice, &settings, DateTime::UNIX_EPOCH).state()
        };

        assert_eq!(decide("AWAITING_SHIPMENT", Choice::Open), ImportState::Pending);
        assert_eq!(decide("AWAITING_SHIPMENT", Choice::Skipped), ImportState::Skipped);
        assert_eq!(decide("AWAITING_SHIPMENT", Choice::Archived), ImportState::Waiting);
        assert_eq!(decide("ON_HOLD", Choice::Skipped), ImportState::Skipped);
        assert_eq!(decide("ON_HOLD", Choice::Open), ImportState::Waiting);
        assert_eq!(decide("CANCELLED", Choice::Archived), ImportState::Skipped);
        assert_eq!(Choice::of(true, true), Choice::Skipped);
    }

    #[test]
    fn orders_that_nobody_pays_for_and_those_of_other_warehouses_follow_one_choice_each() {
        let decide = |fields: serde_json::Value, settings: &ConnectionSettings| {
            let mut json = serde_json::json!({ "id": "576461413038785752", "status": "AWAITING_SHIPMENT",
                "line_items": [{ "id": "1", "sale_price": "0" }] });
            json.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let order = tiktok_shop::ReadOrder::from_raw(json).unwrap().order;
            import_decision(&order, Choice::Open, settings, DateTime::UNIX_EPOCH).state()
        };
        let without_free = ConnectionSettings { import_samples: false, ..ConnectionSettings::default() };
        for kind in ["is_sample_order", "is_replacement_order", "is_exchange_order"] {
            let free = serde_json::json!({ kind: true, "payment": { "total_amount": "0" } });
            assert_eq!(decide(free.clone(), &ConnectionSettings::default()), ImportState::Pending, "{kind}");
            assert_eq!(decide(free, &without_free), ImportState::Skipped, "{kind}");
        }
        let surcharge = serde_json::json!({ "is_exchange_order": true, "payment": { "total_amount": "5" } });
        assert_eq!(decide(surcharge, &without_free), ImportState::Pending);

        let with_others =
            ConnectionSettings { import_fulfilled_by_tiktok: true, ..ConnectionSettings::default() };
        for warehouse in ["FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"] {
            let elsewhere = serde_json::json!({ "fulfillment_type": warehouse });
            assert_eq!(decide(elsewhere.clone(), &ConnectionSettings::default()), ImportState::Skipped);
            assert_eq!(decide(elsewhere, &with_others), ImportState::Pending, "{warehouse}");
        }
    }

    #[test]
    fn held_orders_are_imported_early_only_where_the_merchant_wants_it() {
        let settings =
            ConnectionSettings { hold_policy: HoldPolicy::DuringHold, ..ConnectionSettings::default() };
        let decide = |status: &str, choice| {
            import_decision(&order(status), choice, &settings, DateTime::UNIX_EPOCH).state()
        };

        assert_eq!(decide("ON_HOLD", Choice::Open), ImportState::Pending);
        assert_eq!(decide("ON_HOLD", Choice::Archived), ImportState::Waiting);
        assert_eq!(decide("UNPAID", Choice::Open), ImportState::Waiting);
    }
}
