//! What can be done with orders from the grid and from an order's page, and what is told about it afterwards.

use leptos::task::spawn_local;
use shared::{Allowed, ImportState, OrderId, OrderSummary, Role};

use crate::api::{self, Failure};
use crate::components::toast::{self, Tone};
use crate::{session, text};

/// An action on one order or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Sync,
    Import,
}

impl Action {
    /// The words on its button.
    pub fn label(self, order: &OrderSummary) -> &'static str {
        match self {
            Self::Sync => text::SYNC_STATUS,
            Self::Import if order.import_state == ImportState::Blocked => text::RETRY_IMPORT,
            Self::Import => text::IMPORT,
        }
    }

    /// The words on its button for many orders.
    pub const fn bulk_label(self) -> &'static str {
        match self {
            Self::Sync => text::SYNC_STATUS,
            Self::Import => text::IMPORT_OR_RETRY,
        }
    }

    /// Whether the order and the role of the person allow it.
    pub fn allowed(self, order: &OrderSummary) -> Allowed {
        if !session::may(Role::Operator) {
            return Allowed { allowed: false, reason: Some(text::OPERATORS_ONLY.to_owned()) };
        }
        match self {
            Self::Sync => order.actions.sync.clone(),
            Self::Import => order.actions.import.clone(),
        }
    }

    /// Starts it for one order and tells what became of it.
    pub fn start(self, id: OrderId) {
        spawn_local(async move {
            match self.ask(id).await {
                Ok(joined) => toast::show(Tone::Good, text::accepted(self, id, joined)),
                Err(failure) => toast::show(Tone::Bad, text::refused(id, &failure.sentence())),
            }
        });
    }

    /// Starts it for many orders, one after the other, and tells each one's result.
    pub async fn start_all(self, orders: Vec<OrderSummary>) {
        let total = orders.len();
        let mut refused = Vec::new();
        for order in orders {
            let allowed = self.allowed(&order);
            let result = match allowed.reason {
                Some(reason) if !allowed.allowed => Err(reason),
                _ => self.ask(order.id).await.map_err(|failure| failure.sentence()),
            };
            if let Err(reason) = result {
                refused.push(text::refused(order.id, &reason));
            }
        }
        let tone = match refused.len() {
            0 => Tone::Good,
            count if count == total => Tone::Bad,
            _ => Tone::Neutral,
        };
        let message = text::bulk_result(self, total - refused.len(), refused.len());
        toast::show_with_details(tone, message, refused);
    }

    /// Asks the server; true when the same work was queued already.
    async fn ask(self, id: OrderId) -> Result<bool, Failure> {
        let accepted = match self {
            Self::Sync => api::sync_order(id).await?,
            Self::Import => api::import_order(id).await?,
        };
        Ok(accepted.joined)
    }
}
