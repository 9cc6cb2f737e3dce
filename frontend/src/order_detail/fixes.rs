//! What puts a problem right: the buttons of its card.

use crate::prelude::*;
use leptos::task::spawn_local;
use shared::{
    ActionFacts, ActionKind, ActionRequest, Issue, IssueCode, OrderSummary, Role, action_refusal,
    handling_refusal,
};

use crate::actions::bulk_run::{self, Selection};
use crate::actions::{ask, icon, plain_request};
use crate::components::icon::Icon;
use crate::components::toast::{self, Tone};
use crate::markup::{handler, view};
use crate::order_detail::{request_href, ship_href};
use crate::{session, text};

/// One way to put a problem right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fix {
    Do(ActionKind),
    /// Where the connection is set up.
    Settings,
    /// Where TikTok Shop's own tools are.
    SellerCenter,
}

/// What helps against a problem, the likeliest first.
fn fixes(code: IssueCode) -> &'static [Fix] {
    use ActionKind::{Heal, Import, MarkHandled, ResendShipping, Ship, Skip, Sync};
    use IssueCode as Code;
    match code {
        Code::SkuNotFound
        | Code::SkuAmbiguous
        | Code::ProductInactive
        | Code::StockShort
        | Code::CountryInactive
        | Code::CurrencyUnavailable
        | Code::TaxRuleMissing
        | Code::StoreUnreachable
        | Code::StoreWriteUnknown
        | Code::AddressMasked => &[Fix::Do(Import)],
        // They can also stand in the way of the address of an order that was imported during the hold.
        Code::StateInvalid | Code::AddressRejected => &[Fix::Do(Import), Fix::Do(Sync)],
        // Once the order is imported, only a person can say that the difference is dealt with.
        Code::StoreTotalMismatch | Code::StoreDuplicateFound => &[Fix::Do(Import), Fix::Do(MarkHandled)],
        Code::CarrierUnmapped
        | Code::IdentityRequired
        | Code::StateUnmapped
        | Code::PaymentModuleOff
        | Code::StoreAuth => &[Fix::Settings, Fix::Do(Import)],
        Code::ShipProviderUnmapped => &[Fix::Settings, Fix::Do(ResendShipping), Fix::Do(Ship)],
        Code::ChannelAuthExpired
        | Code::ChannelDeauthorized
        | Code::ChannelScopeMissing
        | Code::ChannelMisconfigured => &[Fix::Settings],
        Code::SkuMissing
        | Code::PaymentIncoherent
        | Code::ChannelUnreachable
        | Code::ChannelClockSkew
        | Code::ChannelStatusUnknown
        | Code::ChannelStatusRegressed => &[Fix::Do(Sync)],
        Code::ShipTrackingMissing | Code::ShipBySoon | Code::ShipByLate => &[Fix::Do(Ship)],
        Code::ShipTrackingRejected => &[Fix::Do(Ship), Fix::Do(ResendShipping), Fix::Do(MarkHandled)],
        // What stood in the way, such as a request of the buyer, may be gone.
        Code::ShipNotAllowed => &[Fix::Do(ResendShipping), Fix::SellerCenter, Fix::Do(MarkHandled)],
        Code::ShipUpdateLimit | Code::CancelRefused => &[Fix::SellerCenter, Fix::Do(MarkHandled)],
        Code::CancelRequestOpen => {
            &[Fix::Do(ActionKind::AcceptCancellation), Fix::Do(ActionKind::RejectCancellation)]
        }
        Code::StoreOrderDeleted => &[Fix::Do(Import), Fix::Do(Skip)],
        Code::CanceledAfterShipment | Code::CancelStoreConflict => &[Fix::Do(MarkHandled)],
        Code::AddressChanged | Code::DriftDetected => &[Fix::Do(Heal), Fix::Do(MarkHandled)],
        Code::Internal | Code::StoreRefused => &[Fix::Do(Import), Fix::Do(Sync)],
        Code::StoreRateLimited | Code::ChannelRateLimited => &[],
    }
}

/// The buttons of an open problem; those that this order or person does not allow are left out.
pub fn fix_buttons(issue: &Issue, order: &OrderSummary) -> Option<AnyView> {
    let mut buttons: Vec<_> = fixes(issue.code).iter().filter_map(|fix| button(*fix, issue, order)).collect();
    buttons.extend(for_all(issue, order));
    (!buttons.is_empty()).then(|| view! { <div class="fixes">{buttons}</div> })
}

fn button(fix: Fix, issue: &Issue, order: &OrderSummary) -> Option<AnyView> {
    let (id, code) = (order.id, issue.code);
    let link = |href: String, icon: Icon, label: &'static str, new_tab: bool| {
        view! {
            <a class="button small" href=href target=if new_tab { "_blank" } else { "" } rel="noreferrer">
                {icon.view()}
                {label}
            </a>
        }
    };
    let kind = match fix {
        Fix::Settings => {
            let href = format!("/connections/{}", order.connection_id);
            return Some(link(href, Icon::Plug, text::OPEN_SETTINGS, false));
        }
        Fix::SellerCenter => {
            let href = order.seller_center_url.clone();
            return Some(link(href, Icon::External, text::SELLER_CENTER, true));
        }
        Fix::Do(kind) => kind,
    };
    if !session::may(Role::Operator) || !is_possible(fix, code, &ActionFacts::from(order)) {
        return None;
    }
    let label = match (code, kind) {
        (IssueCode::AddressChanged, ActionKind::Heal) => text::UPDATE_STORE_ADDRESS,
        _ => text::action(kind, order.import_state),
    };
    let request = match kind {
        ActionKind::Ship => return Some(link(ship_href(id), icon(kind), label, false)),
        ActionKind::AcceptCancellation | ActionKind::RejectCancellation => {
            return Some(link(request_href(id), icon(kind), label, false));
        }
        ActionKind::MarkHandled => ActionRequest::MarkHandled { code, subject: Some(issue.subject.clone()) },
        kind => plain_request(kind)?,
    };
    Some(view! {
        <button
            type="button"
            class="button small"
            id=format!("fix-{}-{kind}", issue.id)
            on:click=handler(move |_| ask::begin_with(id, request.clone()))
        >
            {icon(kind).view()}
            {label}
        </button>
    })
}

/// Whether the order allows it now.
fn is_possible(fix: Fix, code: IssueCode, facts: &ActionFacts<'_>) -> bool {
    match fix {
        Fix::Do(ActionKind::MarkHandled) => handling_refusal(code, facts).is_none(),
        Fix::Do(kind) => action_refusal(kind, facts).is_none(),
        Fix::Settings | Fix::SellerCenter => true,
    }
}

/// The same for all orders with the same cause: what the same fix helps, and what is dealt with for all of them.
fn for_all(issue: &Issue, order: &OrderSummary) -> Option<AnyView> {
    use ActionKind::{Heal, Import, MarkHandled, ResendShipping, Sync};
    let others = issue.same_cause_count;
    if others < 1 || !session::may(Role::Operator) {
        return None;
    }
    let facts = ActionFacts::from(order);
    let possible: Vec<_> =
        fixes(issue.code).iter().filter(|fix| is_possible(**fix, issue.code, &facts)).collect();
    let tried = possible.iter().find_map(|fix| match fix {
        Fix::Do(kind @ (Import | Sync | ResendShipping | Heal)) => plain_request(*kind),
        _ => None,
    });
    let is_retried = tried.is_some();
    let tried = tried.map(|request| for_all_button(issue, request, "all", text::RETRY_ALL));
    let handled = possible.contains(&&Fix::Do(MarkHandled)).then(|| {
        let request = ActionRequest::MarkHandled { code: issue.code, subject: Some(issue.subject.clone()) };
        for_all_button(issue, request, "all-handled", text::MARK_ALL_HANDLED)
    });
    let words = if is_retried { text::unblocks(others) } else { text::same_problem(others) };
    (is_retried || handled.is_some())
        .then(|| view! { {tried} {handled} <span class="quiet">{words}</span> }.into_any())
}

fn for_all_button(issue: &Issue, request: ActionRequest, name: &'static str, label: &'static str) -> AnyView {
    let (id, count) = (issue.id, issue.same_cause_count + 1);
    let start = move |_| {
        let filter = vec![("same_cause_as".to_owned(), id.to_string())];
        let selection = Selection { filter: Some(filter), count, ..Selection::default() };
        let request = request.clone();
        spawn_local(async move {
            if let Err(failure) = bulk_run::begin(request, selection).await {
                toast::show(Tone::Bad, failure.sentence());
            }
        });
    };
    view! {
        <button type="button" class="button small" id=format!("fix-{id}-{name}") on:click=handler(start)>
            {Icon::Layers.view()}
            {label}
        </button>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use shared::{ChannelStatus, FulfillmentType, ImportState, RetryClass};

    use super::*;

    /// What an import meets before there is a store order, and never after it.
    const ONLY_BLOCKED: [IssueCode; 4] = [
        IssueCode::SkuAmbiguous,
        IssueCode::SkuMissing,
        IssueCode::TaxRuleMissing,
        IssueCode::PaymentIncoherent,
    ];

    #[test]
    fn every_problem_that_needs_somebody_has_a_button_wherever_it_can_stand() {
        let needs_somebody =
            |code: &&IssueCode| matches!(code.kind().retry, RetryClass::Manual | RetryClass::Never);
        for code in IssueCode::ALL.iter().filter(needs_somebody) {
            for import_state in [ImportState::Blocked, ImportState::Imported] {
                let facts = ActionFacts {
                    channel_status: &ChannelStatus::AwaitingShipment,
                    import_state,
                    fulfillment_type: FulfillmentType::Merchant,
                    cancellation_requested: *code == IssueCode::CancelRequestOpen,
                    skipped_by_person: false,
                    store_deleted: *code == IssueCode::StoreOrderDeleted,
                    archived: false,
                    purged: false,
                    shipment_failed: false,
                    has_open_issue: true,
                };
                let stands = import_state == ImportState::Blocked || !ONLY_BLOCKED.contains(code);
                let has_button = fixes(*code).iter().any(|fix| is_possible(*fix, *code, &facts));
                assert!(has_button || !stands, "{code} {import_state}");
            }
        }
    }
}
