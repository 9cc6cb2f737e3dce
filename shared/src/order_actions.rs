//! Which action an order allows now, and if not, why not: one rule for the button, the API and the job.

use crate::{
    ActionKind, ChannelStatus, FulfillmentType, IMPORT_ISSUES, ImportState, IssueCode, OrderSummary,
    RetryClass, SpecialKind,
};

/// The facts of an order that decide which actions it allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionFacts<'a> {
    pub channel_status: &'a ChannelStatus,
    pub import_state: ImportState,
    pub fulfillment_type: FulfillmentType,
    /// The buyer asked to cancel, and nobody has answered.
    pub cancellation_requested: bool,
    /// Somebody chose never to import the order.
    pub skipped_by_person: bool,
    /// The store order was created and is gone.
    pub store_deleted: bool,
    pub archived: bool,
    /// It was deleted so long ago that its data is gone.
    pub purged: bool,
    /// The last shipment that was sent to TikTok Shop failed.
    pub shipment_failed: bool,
    pub has_open_issue: bool,
}

impl<'a> From<&'a OrderSummary> for ActionFacts<'a> {
    fn from(order: &'a OrderSummary) -> Self {
        Self {
            channel_status: &order.channel_status,
            import_state: order.import_state,
            fulfillment_type: order.fulfillment_type,
            cancellation_requested: order.special.contains(&SpecialKind::CancellationRequested),
            skipped_by_person: order.skipped_by_person,
            store_deleted: order.store_order.as_ref().is_some_and(|store_order| store_order.deleted),
            archived: order.archived_at.is_some(),
            purged: order.purged,
            shipment_failed: order.shipment_failed,
            has_open_issue: order.open_errors + order.open_warnings > 0,
        }
    }
}

/// The actions that an order allows now, in the order in which people read them.
#[must_use]
pub fn allowed_actions(facts: &ActionFacts<'_>) -> Vec<ActionKind> {
    ActionKind::ALL.iter().copied().filter(|kind| action_refusal(*kind, facts).is_none()).collect()
}

/// Why an order does not allow an action now, in a sentence for the merchant; `None` when it does.
#[must_use]
pub fn action_refusal(kind: ActionKind, facts: &ActionFacts<'_>) -> Option<&'static str> {
    if facts.purged {
        return Some("The order was deleted more than 30 days ago and its data is gone.");
    }
    match kind {
        ActionKind::Sync | ActionKind::Note | ActionKind::Tag | ActionKind::Assign => None,
        ActionKind::Import => import_refusal(facts),
        ActionKind::Adopt => match facts.import_state {
            ImportState::Imported if facts.store_deleted => None,
            ImportState::Imported => Some("The order is already in your store."),
            ImportState::Importing => Some("The import is running."),
            _ => None,
        },
        ActionKind::Ship => ship_refusal(facts),
        ActionKind::ResendShipping if !facts.shipment_failed => Some("No shipment has failed."),
        ActionKind::ResendShipping => ship_refusal(facts),
        ActionKind::CorrectShipping => correction_refusal(facts),
        ActionKind::FetchLabel => label_refusal(facts),
        ActionKind::Cancel => cancel_refusal(facts),
        ActionKind::AcceptCancellation | ActionKind::RejectCancellation => (!facts.cancellation_requested
            || *facts.channel_status == ChannelStatus::Cancelled)
            .then_some("The buyer has not asked to cancel."),
        ActionKind::Skip if facts.skipped_by_person => Some("The order is skipped already."),
        ActionKind::Skip => match facts.import_state {
            ImportState::Imported if facts.store_deleted => None,
            ImportState::Imported => Some("The order is already in your store."),
            ImportState::Importing => Some("The import is running."),
            _ => None,
        },
        ActionKind::Unskip => (!facts.skipped_by_person).then_some("Nobody has skipped this order."),
        ActionKind::Archive => facts.archived.then_some("The order is deleted already."),
        ActionKind::Restore => (!facts.archived).then_some("The order is not deleted."),
        ActionKind::Heal | ActionKind::MarkHandled => {
            (!facts.has_open_issue).then_some("No problem is open.")
        }
    }
}

/// Why nobody may say of a problem of this code that they have dealt with it; `None` when they may.
#[must_use]
pub fn handling_refusal(code: IssueCode, facts: &ActionFacts<'_>) -> Option<&'static str> {
    if let Some(reason) = action_refusal(ActionKind::MarkHandled, facts) {
        return Some(reason);
    }
    if !matches!(code.kind().retry, RetryClass::Manual | RetryClass::Never) {
        return Some("This problem ends by itself as soon as its cause is gone.");
    }
    // The order would look healthy, and nothing would ever import it.
    let keeps_out = IMPORT_ISSUES.contains(&code) && facts.import_state != ImportState::Imported;
    keeps_out.then_some(
        "This problem keeps the order out of your store; put its cause right and retry the import, or skip the order.",
    )
}

fn import_refusal(facts: &ActionFacts<'_>) -> Option<&'static str> {
    if facts.archived {
        return Some("The order is deleted; restore it first.");
    }
    match (facts.import_state, facts.channel_status) {
        (ImportState::Imported, _) if !facts.store_deleted => Some("The order is already in your store."),
        (ImportState::Importing, _) => Some("The import is running."),
        (_, ChannelStatus::Cancelled) => Some("The order was canceled on TikTok Shop."),
        (_, ChannelStatus::Unpaid) => Some("The buyer has not paid yet."),
        // One that is queued or blocked during the hold is imported early by the connection's settings.
        (ImportState::Pending | ImportState::Blocked, ChannelStatus::OnHold) => None,
        (_, ChannelStatus::OnHold) => Some("TikTok Shop holds the order; it is imported after its release."),
        (_, ChannelStatus::Other(_)) => Some("TikTok Shop reports a status that is not known yet."),
        (ImportState::Skipped, _) if facts.skipped_by_person => {
            Some("The order is skipped; take that back first.")
        }
        (ImportState::Skipped, _) => Some("The settings of the connection leave this order out."),
        _ => None,
    }
}

fn ship_refusal(facts: &ActionFacts<'_>) -> Option<&'static str> {
    if facts.fulfillment_type == FulfillmentType::TikTok {
        return Some("TikTok's warehouse ships this order.");
    }
    match facts.channel_status {
        ChannelStatus::Unpaid => Some("The buyer has not paid yet."),
        ChannelStatus::OnHold => Some("TikTok Shop holds the order: the buyer may still cancel."),
        ChannelStatus::Cancelled => Some("The order was canceled on TikTok Shop."),
        ChannelStatus::Other(_) => Some("TikTok Shop reports a status that is not known yet."),
        ChannelStatus::AwaitingShipment | ChannelStatus::PartiallyShipping
            if facts.cancellation_requested =>
        {
            Some("The buyer wants to cancel; answer the request first.")
        }
        ChannelStatus::AwaitingShipment | ChannelStatus::PartiallyShipping => None,
        ChannelStatus::AwaitingCollection
        | ChannelStatus::InTransit
        | ChannelStatus::Delivered
        | ChannelStatus::Completed => Some("Everything is shipped already."),
    }
}

fn correction_refusal(facts: &ActionFacts<'_>) -> Option<&'static str> {
    if facts.fulfillment_type != FulfillmentType::Merchant {
        return Some("The tracking number comes from TikTok.");
    }
    match facts.channel_status {
        ChannelStatus::PartiallyShipping | ChannelStatus::AwaitingCollection | ChannelStatus::InTransit => {
            None
        }
        ChannelStatus::Delivered | ChannelStatus::Completed => Some("The order has been delivered."),
        ChannelStatus::Cancelled => Some("The order was canceled on TikTok Shop."),
        _ => Some("Nothing is shipped yet."),
    }
}

fn label_refusal(facts: &ActionFacts<'_>) -> Option<&'static str> {
    if facts.fulfillment_type != FulfillmentType::MerchantTikTokLabel {
        return Some("TikTok makes labels only for orders that ship with its carriers.");
    }
    match facts.channel_status {
        ChannelStatus::PartiallyShipping | ChannelStatus::AwaitingCollection => None,
        ChannelStatus::Cancelled => Some("The order was canceled on TikTok Shop."),
        ChannelStatus::InTransit | ChannelStatus::Delivered | ChannelStatus::Completed => {
            Some("The carrier has the parcel already.")
        }
        _ => Some("Ship the order first; then TikTok makes its label."),
    }
}

fn cancel_refusal(facts: &ActionFacts<'_>) -> Option<&'static str> {
    match facts.channel_status {
        ChannelStatus::Cancelled => Some("The order is canceled already."),
        ChannelStatus::InTransit | ChannelStatus::Delivered | ChannelStatus::Completed => {
            Some("The order is on its way; the buyer can return it.")
        }
        ChannelStatus::Other(_) => Some("TikTok Shop reports a status that is not known yet."),
        _ if facts.cancellation_requested => Some("The buyer asks for it already; accept the request."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(channel_status: &ChannelStatus, import_state: ImportState) -> ActionFacts<'_> {
        ActionFacts {
            channel_status,
            import_state,
            fulfillment_type: FulfillmentType::Merchant,
            cancellation_requested: false,
            skipped_by_person: false,
            store_deleted: false,
            archived: false,
            purged: false,
            shipment_failed: false,
            has_open_issue: false,
        }
    }

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
            ("ON_HOLD", ImportState::Blocked, true),
            ("UNPAID", ImportState::Waiting, false),
        ];

        for (channel_status, import_state, allowed) in table {
            let channel_status = ChannelStatus::from(channel_status);
            let facts = facts(&channel_status, import_state);
            let refusal = action_refusal(ActionKind::Import, &facts);
            assert_eq!(refusal.is_none(), allowed, "{channel_status} {import_state}");
            assert!(allowed_actions(&facts).contains(&ActionKind::Sync));
        }
    }

    #[test]
    fn shipping_and_canceling_follow_the_life_of_the_order() {
        // status, ship, cancel, correct
        let table = [
            ("UNPAID", false, true, false),
            ("ON_HOLD", false, true, false),
            ("AWAITING_SHIPMENT", true, true, false),
            ("PARTIALLY_SHIPPING", true, true, true),
            ("AWAITING_COLLECTION", false, true, true),
            ("IN_TRANSIT", false, false, true),
            ("DELIVERED", false, false, false),
            ("COMPLETED", false, false, false),
            ("CANCELLED", false, false, false),
            ("TELEPORTING", false, false, false),
        ];

        for (text, ship, cancel, correct) in table {
            let channel_status = ChannelStatus::from(text);
            let facts = facts(&channel_status, ImportState::Imported);
            let allowed = |kind| action_refusal(kind, &facts).is_none();
            assert_eq!(allowed(ActionKind::Ship), ship, "{text}: ship");
            assert_eq!(allowed(ActionKind::Cancel), cancel, "{text}: cancel");
            assert_eq!(allowed(ActionKind::CorrectShipping), correct, "{text}: correct");
            let asked = ActionFacts { cancellation_requested: true, ..facts };
            assert!(action_refusal(ActionKind::Ship, &asked).is_some(), "{text}: ship while asked to cancel");
            let by_tiktok = ActionFacts { fulfillment_type: FulfillmentType::TikTok, ..facts };
            assert!(
                action_refusal(ActionKind::Ship, &by_tiktok).is_some(),
                "{text}: ship from TikTok's warehouse"
            );
        }
    }

    #[test]
    fn what_a_person_did_can_be_taken_back() {
        let channel_status = ChannelStatus::AwaitingShipment;
        let facts = facts(&channel_status, ImportState::Blocked);
        let archived = ActionFacts { archived: true, ..facts };
        let skipped = ActionFacts { skipped_by_person: true, import_state: ImportState::Skipped, ..facts };

        assert!(action_refusal(ActionKind::Archive, &facts).is_none());
        assert!(action_refusal(ActionKind::Restore, &facts).is_some());
        assert!(action_refusal(ActionKind::Restore, &archived).is_none());
        assert!(action_refusal(ActionKind::Import, &archived).is_some());
        assert!(action_refusal(ActionKind::Skip, &facts).is_none());
        assert!(action_refusal(ActionKind::Unskip, &skipped).is_none());
        assert!(action_refusal(ActionKind::Import, &skipped).is_some());
    }

    #[test]
    fn nothing_can_be_done_with_what_was_deleted_for_good() {
        let channel_status = ChannelStatus::AwaitingShipment;
        let facts =
            ActionFacts { archived: true, purged: true, ..facts(&channel_status, ImportState::Waiting) };

        assert!(allowed_actions(&facts).is_empty());
    }

    #[test]
    fn what_keeps_an_order_out_of_the_store_is_not_marked_as_handled() {
        let channel_status = ChannelStatus::AwaitingShipment;
        // code, while blocked, once imported
        let table = [
            (IssueCode::SkuAmbiguous, false, true),
            (IssueCode::StoreTotalMismatch, false, true),
            (IssueCode::SkuNotFound, false, false),
            (IssueCode::AddressChanged, true, true),
            (IssueCode::ShipUpdateLimit, true, true),
            (IssueCode::StoreUnreachable, false, false),
        ];

        for (code, blocked, imported) in table {
            for (import_state, allowed) in
                [(ImportState::Blocked, blocked), (ImportState::Imported, imported)]
            {
                let facts = ActionFacts { has_open_issue: true, ..facts(&channel_status, import_state) };
                assert_eq!(handling_refusal(code, &facts).is_none(), allowed, "{code} {import_state}");
            }
        }
    }

    #[test]
    fn a_deleted_store_order_may_be_imported_again() {
        let channel_status = ChannelStatus::AwaitingShipment;
        let facts = ActionFacts { store_deleted: true, ..facts(&channel_status, ImportState::Imported) };

        for kind in [ActionKind::Import, ActionKind::Adopt, ActionKind::Skip] {
            assert_eq!(action_refusal(kind, &facts), None, "{kind}");
        }
    }
}
