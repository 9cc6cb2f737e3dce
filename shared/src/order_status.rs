//! Facts are stored, one status is shown: the first rule of section "Order Status" that holds decides.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text_enum::text_enum;

text_enum!(
    /// What the grid shows; every order has exactly one, so the counts add up.
    OrderStatus, "order status" {
        Error => "error",
        AwaitingShipment => "awaiting_shipment",
        PartiallyShipped => "partially_shipped",
        AwaitingCollection => "awaiting_collection",
        InTransit => "in_transit",
        Delivered => "delivered",
        Completed => "completed",
        Canceled => "canceled",
        OnHold => "on_hold",
        Unpaid => "unpaid",
    }
);

impl OrderStatus {
    /// The words on the badge.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Error => "Error",
            Self::AwaitingShipment => "Awaiting Shipment",
            Self::PartiallyShipped => "Partially Shipped",
            Self::AwaitingCollection => "Awaiting Collection",
            Self::InTransit => "In Transit",
            Self::Delivered => "Delivered",
            Self::Completed => "Completed",
            Self::Canceled => "Canceled",
            Self::OnHold => "On Hold",
            Self::Unpaid => "Unpaid",
        }
    }

    /// What the status means for the merchant, in one sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Error => "A problem needs you: open it to read the reason and the remedy.",
            Self::AwaitingShipment => "Paid and released: pack and ship it before the ship-by time.",
            Self::PartiallyShipped => "Some items are shipped, some are still yours to ship.",
            Self::AwaitingCollection => {
                "Shipping is arranged for all items; the carrier has not scanned them yet."
            }
            Self::InTransit => "The carrier has scanned it.",
            Self::Delivered => "All items have arrived.",
            Self::Completed => "Delivered, and the return window is over.",
            Self::Canceled => "The order has ended without a sale.",
            Self::OnHold => "The buyer may still cancel: do not ship.",
            Self::Unpaid => "The buyer has not paid yet; nothing to do.",
        }
    }

    /// Whether its tab stays hidden while no order has it.
    #[must_use]
    pub const fn hidden_when_empty(self) -> bool {
        matches!(self, Self::Unpaid | Self::OnHold | Self::PartiallyShipped)
    }
}

/// The status that TikTok Shop reports; text that we do not know is kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ChannelStatus {
    Unpaid,
    OnHold,
    AwaitingShipment,
    PartiallyShipping,
    AwaitingCollection,
    InTransit,
    Delivered,
    Completed,
    Cancelled,
    Other(String),
}

impl ChannelStatus {
    /// The statuses that the contract names, in the order in which an order passes them.
    pub const KNOWN: [Self; 9] = [
        Self::Unpaid,
        Self::OnHold,
        Self::AwaitingShipment,
        Self::PartiallyShipping,
        Self::AwaitingCollection,
        Self::InTransit,
        Self::Delivered,
        Self::Completed,
        Self::Cancelled,
    ];

    /// TikTok Shop's own word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unpaid => "UNPAID",
            Self::OnHold => "ON_HOLD",
            Self::AwaitingShipment => "AWAITING_SHIPMENT",
            Self::PartiallyShipping => "PARTIALLY_SHIPPING",
            Self::AwaitingCollection => "AWAITING_COLLECTION",
            Self::InTransit => "IN_TRANSIT",
            Self::Delivered => "DELIVERED",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Other(text) => text,
        }
    }

    /// How far the order has come; `None` where the question makes no sense.
    #[must_use]
    pub fn progress(&self) -> Option<u8> {
        let position = Self::KNOWN.iter().position(|known| known == self)?;
        (*self != Self::Cancelled).then_some(u8::try_from(position).unwrap_or(u8::MAX))
    }

    /// Whether going from `self` to `next` moves backwards, which the documented life of an order never does.
    #[must_use]
    pub fn regresses_to(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Cancelled, next) => *next != Self::Cancelled,
            (_, Self::Cancelled) => matches!(self, Self::Completed),
            _ => match (self.progress(), next.progress()) {
                (Some(now), Some(then)) => then < now,
                _ => false,
            },
        }
    }
}

impl From<&str> for ChannelStatus {
    fn from(text: &str) -> Self {
        // Webhooks are documented to say CANCEL where orders say CANCELLED.
        if text == "CANCEL" {
            return Self::Cancelled;
        }
        let known = Self::KNOWN.into_iter().find(|known| known.as_str() == text);
        known.unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

impl fmt::Display for ChannelStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ChannelStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ChannelStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

text_enum!(
    /// How far the importer has come with an order.
    ImportState, "import state" {
        /// Not importable yet: unpaid or on hold.
        Waiting => "waiting",
        /// Importable; its job is queued.
        Pending => "pending",
        /// A store order may be on its way.
        Importing => "importing",
        /// The store order exists.
        Imported => "imported",
        /// An open issue stands in the way.
        Blocked => "blocked",
        /// Never to be imported: the settings or a person said so, or the order ended before it was importable.
        Skipped => "skipped",
    }
);

impl ImportState {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting for release",
            Self::Pending => "Queued for import",
            Self::Importing => "Being imported",
            Self::Imported => "Imported",
            Self::Blocked => "Blocked",
            Self::Skipped => "Not imported",
        }
    }
}

/// The stored facts that decide the shown status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusFacts<'a> {
    pub channel_status: &'a ChannelStatus,
    /// Whether any issue of severity error is open.
    pub has_open_error: bool,
    /// The status derived from the last channel status that we understood.
    pub previous: Option<OrderStatus>,
}

/// The shown status: the first rule that holds.
#[must_use]
pub fn order_status(facts: &StatusFacts<'_>) -> OrderStatus {
    if facts.has_open_error {
        return OrderStatus::Error;
    }
    channel_order_status(facts.channel_status)
        .or(facts.previous.filter(|previous| *previous != OrderStatus::Error))
        .unwrap_or(OrderStatus::OnHold)
}

/// The status that a channel status alone stands for; `None` for text that we do not know.
#[must_use]
pub fn channel_order_status(channel_status: &ChannelStatus) -> Option<OrderStatus> {
    match channel_status {
        ChannelStatus::Cancelled => Some(OrderStatus::Canceled),
        ChannelStatus::Completed => Some(OrderStatus::Completed),
        ChannelStatus::Delivered => Some(OrderStatus::Delivered),
        ChannelStatus::InTransit => Some(OrderStatus::InTransit),
        ChannelStatus::AwaitingCollection => Some(OrderStatus::AwaitingCollection),
        ChannelStatus::PartiallyShipping => Some(OrderStatus::PartiallyShipped),
        ChannelStatus::AwaitingShipment => Some(OrderStatus::AwaitingShipment),
        ChannelStatus::OnHold => Some(OrderStatus::OnHold),
        ChannelStatus::Unpaid => Some(OrderStatus::Unpaid),
        ChannelStatus::Other(_) => None,
    }
}

/// The sentence behind "why this status": the rule that won, in words.
#[must_use]
pub fn status_reason(facts: &StatusFacts<'_>) -> String {
    match order_status(facts) {
        OrderStatus::Error => format!(
            "A problem is open, and that is shown before anything else. TikTok Shop says {}.",
            facts.channel_status
        ),
        status => match channel_order_status(facts.channel_status) {
            Some(_) => {
                format!("TikTok Shop says {}, which is shown as {}.", facts.channel_status, status.label())
            }
            None => format!(
                "TikTok Shop says {}, which is new to us; the last known status, {}, is kept.",
                facts.channel_status,
                status.label()
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_channel_status_is_shown_as_the_product_says() {
        let table = [
            ("CANCELLED", OrderStatus::Canceled),
            ("COMPLETED", OrderStatus::Completed),
            ("DELIVERED", OrderStatus::Delivered),
            ("IN_TRANSIT", OrderStatus::InTransit),
            ("AWAITING_COLLECTION", OrderStatus::AwaitingCollection),
            ("PARTIALLY_SHIPPING", OrderStatus::PartiallyShipped),
            ("AWAITING_SHIPMENT", OrderStatus::AwaitingShipment),
            ("ON_HOLD", OrderStatus::OnHold),
            ("UNPAID", OrderStatus::Unpaid),
        ];

        for (text, shown) in table {
            let channel_status = ChannelStatus::from(text);
            let facts =
                StatusFacts { channel_status: &channel_status, has_open_error: false, previous: None };
            assert_eq!(order_status(&facts), shown, "{text}");
            let failing = StatusFacts { has_open_error: true, ..facts };
            assert_eq!(order_status(&failing), OrderStatus::Error, "{text} with an open error");
        }
    }

    #[test]
    fn an_unknown_channel_status_keeps_the_previous_status_and_starts_on_hold() {
        let channel_status = ChannelStatus::from("TELEPORTING");
        let mut facts =
            StatusFacts { channel_status: &channel_status, has_open_error: false, previous: None };
        assert_eq!(order_status(&facts), OrderStatus::OnHold);

        facts.previous = Some(OrderStatus::InTransit);
        assert_eq!(order_status(&facts), OrderStatus::InTransit);
        assert_eq!(channel_status.as_str(), "TELEPORTING");
    }

    #[test]
    fn only_backward_moves_regress() {
        let cases = [
            ("UNPAID", "ON_HOLD", false),
            ("ON_HOLD", "IN_TRANSIT", false),
            ("IN_TRANSIT", "CANCELLED", false),
            ("IN_TRANSIT", "AWAITING_SHIPMENT", true),
            ("CANCELLED", "AWAITING_SHIPMENT", true),
            ("COMPLETED", "CANCELLED", true),
            ("AWAITING_SHIPMENT", "SOMETHING_NEW", false),
        ];

        for (from, to, regresses) in cases {
            assert_eq!(
                ChannelStatus::from(from).regresses_to(&ChannelStatus::from(to)),
                regresses,
                "{from} to {to}"
            );
        }
    }
}
