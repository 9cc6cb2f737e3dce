//! What can be done with orders: what it is called, when it is allowed, what is asked before and told afterwards.

pub mod ask;
pub mod bulk_panel;
pub mod bulk_run;
pub mod form;
pub mod menu;
pub mod options;
pub mod panel;
pub mod preview;

use shared::{ActionFacts, ActionKind, ActionRequest, OrderSummary, Role, action_refusal};

use crate::components::icon::Icon;
use crate::{session, text};

/// Why this person cannot do it with this order now; `None` when they can.
pub fn refusal(kind: ActionKind, order: &OrderSummary) -> Option<&'static str> {
    if !session::may(Role::Operator) {
        return Some(text::OPERATORS_ONLY);
    }
    action_refusal(kind, &ActionFacts::from(order))
}

/// Whether this person can do it with this order now.
pub fn is_allowed(kind: ActionKind, order: &OrderSummary) -> bool {
    refusal(kind, order).is_none()
}

/// The request of an action that needs nothing to be said about it.
pub const fn plain_request(kind: ActionKind) -> Option<ActionRequest> {
    Some(match kind {
        ActionKind::Sync => ActionRequest::Sync {},
        ActionKind::Import => ActionRequest::Import {},
        ActionKind::ResendShipping => ActionRequest::ResendShipping {},
        ActionKind::FetchLabel => ActionRequest::FetchLabel { package_id: None },
        ActionKind::AcceptCancellation => ActionRequest::AcceptCancellation {},
        ActionKind::Skip => ActionRequest::Skip {},
        ActionKind::Unskip => ActionRequest::Unskip {},
        ActionKind::Heal => ActionRequest::Heal {},
        ActionKind::Archive => ActionRequest::Archive {},
        ActionKind::Restore => ActionRequest::Restore {},
        _ => return None,
    })
}

/// Whether it is asked back, or asks for something, before it is done.
pub const fn has_form(kind: ActionKind) -> bool {
    matches!(
        kind,
        ActionKind::Cancel
            | ActionKind::AcceptCancellation
            | ActionKind::RejectCancellation
            | ActionKind::Adopt
            | ActionKind::Archive
            | ActionKind::Note
            | ActionKind::Tag
            | ActionKind::Assign
    )
}

pub const fn icon(kind: ActionKind) -> Icon {
    match kind {
        ActionKind::Sync
        | ActionKind::ResendShipping
        | ActionKind::Restore
        | ActionKind::Unskip
        | ActionKind::Heal => Icon::Refresh,
        ActionKind::Import | ActionKind::Adopt => Icon::Download,
        ActionKind::Ship | ActionKind::CorrectShipping => Icon::Truck,
        ActionKind::FetchLabel => Icon::Label,
        ActionKind::Cancel => Icon::Ban,
        ActionKind::AcceptCancellation | ActionKind::MarkHandled => Icon::CheckCircle,
        ActionKind::RejectCancellation => Icon::Cross,
        ActionKind::Skip => Icon::Pause,
        ActionKind::Note => Icon::Note,
        ActionKind::Tag => Icon::Tag,
        ActionKind::Assign => Icon::User,
        ActionKind::Archive => Icon::Trash,
    }
}
