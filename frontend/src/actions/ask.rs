//! Asks the server for actions, follows those whose work takes a while, and tells what came out.

use std::cell::RefCell;
use std::sync::Arc;

use leptos::task::spawn_local;
use shared::{ActionId, ActionKind, ActionRequest, ActionState, OrderId};

use crate::actions::panel::{self, Panel};
use crate::actions::plain_request;
use crate::api::{self, AskedAction, Failure};
use crate::components::toast::{self, Offer, Said, ToastId, Tone};
use crate::live::{self, News};
use crate::{browser, clock, text};

/// Pauses before the looks at an action that no event tells of; the last one repeats.
const LOOKS_MS: [i32; 6] = [1_500, 3_000, 5_000, 10_000, 15_000, 30_000];

/// An action whose work goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pending {
    action: ActionId,
    order: OrderId,
    toast: ToastId,
}

thread_local! {
    static PENDING: RefCell<Vec<Pending>> = const { RefCell::new(Vec::new()) };
}

/// Follows the actions that were asked for; to be called once, when the page starts.
pub fn start() {
    live::listen(|news| {
        let concerned = |pending: &Pending| match news {
            News::Event(event) => event.order_id == Some(pending.order),
            News::Refresh => true,
        };
        let concerned: Vec<_> = PENDING.with_borrow(|all| all.iter().copied().filter(concerned).collect());
        for pending in concerned {
            spawn_local(async move {
                look(pending).await;
            });
        }
    });
}

/// Asks for an action that needs nothing to be said about it; a refusal is told.
pub fn begin(order: OrderId, kind: ActionKind) {
    if let Some(request) = plain_request(kind) {
        begin_with(order, request);
    }
}

/// Asks for an action; a refusal is told.
pub fn begin_with(order: OrderId, request: ActionRequest) {
    spawn_local(async move {
        if let Err(failure) = ask(order, &request).await {
            toast::show(Tone::Bad, text::refused(order, &failure.sentence()));
        }
    });
}

/// Asks for an action and tells what becomes of it.
///
/// # Errors
/// The server refuses it, or was not reached; that is for the caller to tell.
pub async fn ask(order: OrderId, request: &ActionRequest) -> Result<(), Failure> {
    let action = api::act(order, request).await?;
    let toast = toast::say(said(&action));
    if action.state == ActionState::Queued {
        follow(Pending { action: action.id, order, toast });
    }
    Ok(())
}

fn follow(pending: Pending) {
    PENDING.with_borrow_mut(|all| all.push(pending));
    spawn_local(async move {
        for pause in LOOKS_MS.into_iter().chain(std::iter::repeat(LOOKS_MS[LOOKS_MS.len() - 1])) {
            browser::sleep(pause).await;
            if look(pending).await {
                return;
            }
        }
    });
}

/// Reads an action again; true when nothing is left to wait for.
async fn look(pending: Pending) -> bool {
    let is_followed = || PENDING.with_borrow(|all| all.contains(&pending));
    if !is_followed() {
        return true;
    }
    let action = match api::action(pending.action).await {
        Ok(action) => action,
        Err(Failure::SignedOut) => {
            PENDING.with_borrow_mut(Vec::clear);
            return true;
        }
        Err(_) => return false,
    };
    if action.state == ActionState::Queued {
        return false;
    }
    // An event and the clock may both have looked; the first to come back tells.
    if is_followed() {
        PENDING.with_borrow_mut(|all| all.retain(|other| *other != pending));
        toast::change(pending.toast, said(&action));
    }
    true
}

/// What is told of an action as it stands.
fn said(action: &AskedAction) -> Said {
    let (id, order, kind) = (action.id, action.order_id, action.request.action);
    let (tone, sentence) = match action.state {
        ActionState::Queued => (Tone::Neutral, text::under_way(kind)),
        ActionState::Undone => (Tone::Neutral, text::TAKEN_BACK),
        ActionState::Done => (Tone::Good, action.result.as_deref().unwrap_or(text::DONE)),
        ActionState::Failed => (Tone::Bad, action.result.as_deref().unwrap_or(text::FAILED)),
    };
    let offer = |label, accept: fn(OrderId)| {
        Some(Offer { label, until: None, accept: Arc::new(move || accept(order)) })
    };
    let offer = match (action.state, kind) {
        (ActionState::Queued, _) if action.leaves_at > clock::now_untracked() => Some(Offer {
            label: text::UNDO,
            until: Some(action.leaves_at),
            accept: Arc::new(move || spawn_local(undo(id, order))),
        }),
        (ActionState::Done, ActionKind::Archive) => {
            offer(text::UNDO, |order| begin(order, ActionKind::Restore))
        }
        (ActionState::Done, ActionKind::Skip) => offer(text::UNDO, |order| begin(order, ActionKind::Unskip)),
        (ActionState::Done, ActionKind::FetchLabel) => {
            offer(text::OPEN_LABEL, |order| panel::open(Panel::Labels(order)))
        }
        _ => None,
    };
    Said { tone, message: text::about_order(order, sentence), offer }
}

async fn undo(id: ActionId, order: OrderId) {
    let followed = PENDING.with_borrow(|all| all.iter().copied().find(|pending| pending.action == id));
    match (api::undo_action(id).await, followed) {
        (Ok(action), Some(pending)) => {
            PENDING.with_borrow_mut(|all| all.retain(|other| *other != pending));
            toast::change(pending.toast, said(&action));
        }
        (Ok(action), None) => {
            toast::say(said(&action));
        }
        (Err(failure), _) => {
            toast::show(Tone::Bad, text::refused(order, &failure.sentence()));
        }
    }
}
