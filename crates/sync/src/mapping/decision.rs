use chrono::{DateTime, Utc};
use shared::{ConnectionSettings, ImportState};
use tiktok_shop::{FulfillmentType, Order, OrderStatus};

use super::amounts::sold_units;

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

/// Decides by the channel status and the connection's settings; `placed_since` is when the connection began to import.
#[must_use]
pub fn import_decision(
    order: &Order,
    settings: &ConnectionSettings,
    placed_since: DateTime<Utc>,
) -> ImportDecision {
    use ImportDecision::{Import, Skip, Wait};
    match order.status {
        OrderStatus::Cancelled => return Skip("It was canceled before it could be imported."),
        OrderStatus::Unpaid | OrderStatus::OnHold | OrderStatus::Other(_) => return Wait,
        OrderStatus::AwaitingShipment
        | OrderStatus::PartiallyShipping
        | OrderStatus::AwaitingCollection
        | OrderStatus::InTransit
        | OrderStatus::Delivered
        | OrderStatus::Completed => {}
    }
    if sold_units(order).next().is_none() {
        return Skip("All its units were canceled.");
    }
    if !settings.import_orders {
        return Skip("Importing is switched off for this connection.");
    }
    if order.fulfillment_type == Some(FulfillmentType::ByTikTok) && !settings.import_fulfilled_by_tiktok {
        return Skip("TikTok's warehouse fulfils it, and the connection leaves such orders out.");
    }
    if order.is_sample_order && !settings.import_samples {
        return Skip("It is a free sample, and the connection leaves samples out.");
    }
    if order.times.create_time.is_some_and(|placed| placed < placed_since) {
        return Skip("It was placed before the connection began to import.");
    }
    Import
}
