//! Which action an order allows now, and if not, why not: one rule for the button, the API and the job.

use serde::{Deserialize, Serialize};

use crate::{ChannelStatus, ImportState};

/// Whether an action may be asked for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Allowed {
    pub allowed: bool,
    /// Why not, in a sentence for the merchant.
    pub reason: Option<String>,
}

impl Allowed {
    const fn yes() -> Self {
        Self { allowed: true, reason: None }
    }

    fn no(reason: &str) -> Self {
        Self { allowed: false, reason: Some(reason.to_owned()) }
    }
}

/// The actions of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderActions {
    /// Fetch the order from TikTok Shop again.
    pub sync: Allowed,
    /// Import it, or try the import again.
    pub import: Allowed,
}

/// The actions that an order allows in this state.
#[must_use]
pub fn order_actions(channel_status: &ChannelStatus, import_state: ImportState) -> OrderActions {
    let import = match (import_state, channel_status) {
        (ImportState::Imported, _) => Allowed::no("The order is already in your store."),
        (ImportState::Importing, _) => Allowed::no("The import is running."),
        (_, ChannelStatus::Cancelled) => Allowed::no("The order was canceled on TikTok Shop."),
        (_, ChannelStatus::Unpaid) => Allowed::no("The buyer has not paid yet."),
        (_, ChannelStatus::OnHold) => {
            Allowed::no("TikTok Shop holds the order; it is imported after its release.")
        }
        (_, ChannelStatus::Other(_)) => Allowed::no("TikTok Shop reports a status that is not known yet."),
        (ImportState::Skipped, _) => Allowed::no("The settings of the connection leave this order out."),
        (ImportState::Waiting | ImportState::Pending | ImportState::Blocked, _) => Allowed::yes(),
    };
    OrderActions { sync: Allowed::yes(), import }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_is_offered_only_for_released_orders_that_are_not_in_the_store() {
        let table = [
            ("AWAITING_SHIPMENT", ImportState::Blocked, true),
            ("AWAITING_SHIPMENT", ImportState::Pending, true),
            ("IN_TRANSIT", ImportState::Blocked, true),
            ("AWAITING_SHIPMENT", ImportState::Imported, false),
            ("AWAITING_SHIPMENT", ImportState::Importing, false),
            ("AWAITING_SHIPMENT", ImportState::Skipped, false),
            ("CANCELLED", ImportState::Blocked, false),
            ("ON_HOLD", ImportState::Waiting, false),
            ("UNPAID", ImportState::Waiting, false),
        ];

        for (channel_status, import_state, allowed) in table {
            let actions = order_actions(&ChannelStatus::from(channel_status), import_state);
            assert_eq!(actions.import.allowed, allowed, "{channel_status} {import_state}");
            assert_eq!(actions.import.reason.is_none(), allowed);
            assert!(actions.sync.allowed);
        }
    }
}
