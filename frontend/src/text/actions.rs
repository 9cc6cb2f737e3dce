//! The words of everything that can be done with orders.

use shared::{ActionKind, ImportState, OrderId, TikTokOrderId};

use crate::api::BulkProgress;
use crate::components::money::count;

// Asking.
sentences! {
    REASON "Reason"
    CHOOSE "Choose…"
    ASKING_TIKTOK "Asking TikTok Shop…"
    UNITS_TO_CANCEL "Only some of it"
    UNITS_TO_CANCEL_HINT "Leave all empty to cancel the whole order. Single items can be canceled when they are out of stock."
    COMMENT "Comment (optional)"
    NOTE "Note"
    NEW_TAGS "New tags, separated by commas"
    PREVIEW_IMPORT "Preview import"
    ALREADY_IMPORTED "The order is already in your store."
}

// What became of it.
sentences! {
    UNDO "Undo"
    DONE "done."
    FAILED "it did not work."
    TAKEN_BACK "taken back; nothing was sent."
}

// Labels.
sentences! {
    OPEN_LABEL "Open label"
    GET_LABEL "Get label"
    GET_ALL_LABELS "Get the labels of all packages anew"
    NO_LABELS "TikTok Shop has made no label for this order yet."
    LABELS_NOT_LOADED "The labels could not be loaded"
    LABELS_ARE_PRIVATE "Whoever has the address of a label reads the buyer's. It lives for a day."
}

// The preview of an import.
sentences! {
    PREVIEWING "Working out the store order; nothing is written…"
    NOT_PREVIEWED "The import could not be worked out"
    PREVIEW_READY "An import would succeed now."
    PREVIEW_BLOCKED "An import would fail now."
    STORE_ORDER_TO_BE "The store order that would be made"
    EXPECTED_TOTAL "It must come to"
    CARRIER_NAME "Carrier"
}

// Many orders.
sentences! {
    SELECT_MATCHING "Select all of them"
    ONLY_THIS_PAGE "Select only this page"
    BULK_RUN "The same for many orders"
    RUN_DONE "done"
    RUN_FAILED "failed"
    RUN_REFUSED "not possible"
    RUN_PENDING "to do"
    RUN_LEFT "left out"
    STOP "Stop"
    RETRY_FAILED "Retry the unsuccessful ones"
    ASSIGNED_TO "Assigned to"
    NO_ASSIGNEE "Nobody"
    YOU "You"
    STORE_ORDER_NUMBER "Number of the store order"
    FROM_THE_START "From the start"
    NEXT_HUNDRED "Next 100"
}

/// The reasons that TikTok Shop takes for paid orders in all its EU markets, by key.
pub const COMMON_CANCEL_REASONS: [(&str, &str); 4] = [
    ("seller_cancel_reason_out_of_stock", "Out of stock"),
    ("seller_cancel_reason_wrong_price", "Wrong price"),
    ("seller_cancel_paid_reason_address_not_deliver", "Cannot deliver to this address"),
    ("seller_cancel_paid_reason_buyer_requested_cancellation", "The buyer asked for it"),
];

/// The words on an action's button.
pub const fn action(kind: ActionKind, state: ImportState) -> &'static str {
    match kind {
        ActionKind::Import if matches!(state, ImportState::Blocked) => "Retry import",
        ActionKind::Import => "Import to PrestaShop",
        kind => action_label(kind),
    }
}

/// The words on an action's button where many orders are meant.
pub const fn action_label(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Sync => "Sync status",
        ActionKind::Import => "Import / Retry",
        ActionKind::Adopt => "Use an existing store order…",
        ActionKind::Ship => "Ship…",
        ActionKind::ResendShipping => "Resend shipping",
        ActionKind::CorrectShipping => "Correct…",
        ActionKind::FetchLabel => "Get label",
        ActionKind::Cancel => "Cancel order…",
        ActionKind::AcceptCancellation => "Accept cancellation…",
        ActionKind::RejectCancellation => "Reject cancellation…",
        ActionKind::Skip => "Skip: never import",
        ActionKind::Unskip => "Un-skip: import it after all",
        ActionKind::Note => "Add note…",
        ActionKind::Tag => "Tags…",
        ActionKind::Assign => "Assign…",
        ActionKind::Heal => "Heal the difference",
        ActionKind::MarkHandled => "Mark as handled",
        ActionKind::Archive => "Delete…",
        ActionKind::Restore => "Restore",
    }
}

/// The words on an action's button in the bar of selected orders, where room is scarce.
pub const fn bulk_action(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Sync => "Sync",
        ActionKind::Cancel => "Cancel…",
        ActionKind::Skip => "Skip",
        kind => action_label(kind),
    }
}

/// What is asked before an action; `name` is the order or how many.
pub fn question(kind: ActionKind, name: &str) -> String {
    match kind {
        ActionKind::Cancel => format!("Cancel {name}?"),
        ActionKind::AcceptCancellation => format!("Accept the buyer's cancellation of {name}?"),
        ActionKind::RejectCancellation => format!("Reject the buyer's cancellation of {name}?"),
        ActionKind::Archive => format!("Delete {name}?"),
        ActionKind::Adopt => format!("Which store order is that of {name}?"),
        ActionKind::Note => format!("Note on {name}"),
        ActionKind::Tag => format!("Tags of {name}"),
        ActionKind::Assign => format!("Who looks after {name}?"),
        kind => format!("{}: {name}", action_label(kind)),
    }
}

/// What an action brings about, where that deserves a word before.
pub const fn effect_of(kind: ActionKind, many: bool) -> Option<&'static str> {
    Some(match kind {
        ActionKind::Cancel if many => {
            "They are canceled on TikTok Shop, then in your store; orders that are shipped already stay. Cancellations \
             by the seller lower your shop's rating on TikTok."
        }
        ActionKind::Cancel => {
            "It is canceled on TikTok Shop, then in your store, and the buyer is refunded. Cancellations by the seller \
             lower your shop's rating on TikTok."
        }
        ActionKind::AcceptCancellation => {
            "TikTok Shop cancels the order and refunds the buyer; then it is canceled in your store."
        }
        ActionKind::RejectCancellation => "The order goes on and must be shipped in time.",
        ActionKind::Archive => {
            "TikTok and PrestaShop are not touched: it only leaves this list, is not imported any more, and can be \
             restored for 30 days."
        }
        ActionKind::Adopt => {
            "Nothing is made in your store; from now on this order and that store order are kept in step."
        }
        ActionKind::Note => "Only colleagues see it.",
        _ => return None,
    })
}

/// The words on the button that does it.
pub const fn confirm(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Cancel => "Cancel order",
        ActionKind::AcceptCancellation => "Accept",
        ActionKind::RejectCancellation => "Reject",
        ActionKind::Archive => "Delete",
        ActionKind::Adopt => "Use this one",
        ActionKind::Note => "Add note",
        _ => "Save",
    }
}

/// The words on the button that does not do it.
pub const fn keep(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Cancel | ActionKind::Archive => "Keep it",
        _ => "Not now",
    }
}

/// An action whose work goes on.
pub const fn under_way(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Sync => "asking TikTok Shop for its state…",
        ActionKind::Import => "importing it into your store…",
        ActionKind::Adopt => "looking at the store order…",
        ActionKind::Ship | ActionKind::ResendShipping => "telling TikTok Shop that it is shipped…",
        ActionKind::Heal => "bringing both sides together…",
        ActionKind::CorrectShipping => "sending the correction to TikTok Shop…",
        ActionKind::FetchLabel => "asking TikTok Shop for the label…",
        ActionKind::Cancel => "being canceled.",
        ActionKind::AcceptCancellation => "accepting the buyer's cancellation.",
        ActionKind::RejectCancellation => "rejecting the buyer's cancellation…",
        _ => "under way…",
    }
}

/// A sentence about one order.
pub fn about_order(id: OrderId, sentence: &str) -> String {
    format!("Order {id}: {sentence}")
}

pub fn refused(id: OrderId, reason: &str) -> String {
    about_order(id, reason)
}

pub fn order_and_tiktok_id(id: OrderId, tiktok_order_id: &TikTokOrderId) -> String {
    format!("order {id} ({tiktok_order_id})")
}

pub fn number_of_orders(number: i64) -> String {
    if number == 1 { "1 order".to_owned() } else { format!("{} orders", count(number)) }
}

pub fn not_cancelable(reason: &str) -> String {
    format!("TikTok Shop does not allow it now: {reason}")
}

pub fn buyer_says(reason: &str) -> String {
    format!("The buyer says: {reason}.")
}

pub fn answer_before(time: &str) -> String {
    format!("TikTok Shop accepts it by itself on {time}.")
}

pub fn remove_tag(tag: &str) -> String {
    format!("Take off the tag {tag}")
}

pub fn assigned_to(email: &str) -> String {
    format!("Assigned to {email}")
}

pub fn preview_of(id: OrderId) -> String {
    format!("Preview of the import of order {id}")
}

pub fn labels_of(id: OrderId) -> String {
    format!("Labels of order {id}")
}

pub fn package(id: &str) -> String {
    format!("Package {id}")
}

pub fn holds_until(time: &str) -> String {
    format!(" · holds until {time}")
}

pub fn page_selected(shown: usize, total: i64) -> String {
    format!("All {shown} orders of this page are selected; {} match.", count(total))
}

pub fn matching_selected(number: i64) -> String {
    format!("All {} orders that match are selected, but for those you take out.", count(number))
}

pub fn too_many(limit: u64) -> String {
    format!("Narrow the filters to {} orders or fewer to select them all.", count(limit.cast_signed()))
}

pub fn run_title(kind: ActionKind, total: i64) -> String {
    let what = action_label(kind);
    format!("{} · {}", what.trim_end_matches('…'), number_of_orders(total))
}

pub fn run_started(kind: ActionKind, total: i64) -> String {
    format!("Started: {}.", run_title(kind, total))
}

pub fn run_result(run: &BulkProgress) -> String {
    let title = run_title(run.request.action, run.total);
    let (done, failed, refused) = (count(run.done), count(run.failed), count(run.refused));
    format!("{title}: {done} done, {failed} failed, {refused} not possible.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_name_the_order_and_the_effect() {
        let name = order_and_tiktok_id(OrderId(12), &TikTokOrderId("576461413038785752".to_owned()));

        assert_eq!(question(ActionKind::Cancel, &name), "Cancel order 12 (576461413038785752)?");
        assert!(effect_of(ActionKind::Archive, false).is_some_and(|it| it.contains("are not touched")));
        assert!(effect_of(ActionKind::Cancel, true).is_some_and(|it| it.contains("rating")));
    }

    #[test]
    fn runs_are_named_after_what_they_do() {
        assert_eq!(run_title(ActionKind::Cancel, 1_234), "Cancel order · 1,234 orders");
        assert_eq!(run_title(ActionKind::Sync, 1), "Sync status · 1 order");
    }
}
