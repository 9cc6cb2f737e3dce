//! What an order and its store order disagree on: rules without I/O.

use std::fmt::Display;

use database::from_micros;
use database::issues::Found;
use database::orders::{self, OrderRow};
use prestashop::{KeyedOrder, OrderStateId};
use shared::{ChannelStatus, ConnectionSettings, ImportState, IssueCode, channel_order_status};

use super::{StoreStates, Target};

/// The difference of a store order that is behind, or canceled alone.
pub const STATUS_DRIFT: &str = "status";
/// The difference of a number that somebody entered in the store and that of no parcel.
pub const TRACKING_DRIFT: &str = "tracking number";
const TOTAL: &str = "total";
const STORE_ORDERS: &str = "store orders";

/// What the differences that [`drifts`] finds are about: at most one of each is open on an order.
pub const DRIFTS: &[&str] = &[TOTAL, STATUS_DRIFT, STORE_ORDERS];

/// What a comparison of an order goes by.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    pub order: &'a OrderRow,
    /// Its store order, if the store showed it.
    pub stored: Option<&'a KeyedOrder>,
    /// Every store order that carries its key.
    pub keyed: &'a [KeyedOrder],
    pub states: StoreStates<'a>,
    pub settings: &'a ConnectionSettings,
}

/// A difference with both sides' values, in words.
#[must_use]
pub fn drift(subject: &str, store: impl Display, tiktok: impl Display) -> Found {
    Found::new(IssueCode::DriftDetected)
        .with("field", format!("the {subject}: {store} in the store, {tiktok} on TikTok"))
        .with("store", store)
        .with("tiktok", tiktok)
        .about(subject)
}

/// Everything that the sides disagree on, and that nothing under way will put right.
#[must_use]
pub fn drifts(compared: &Compared<'_>, state_name: impl Fn(OrderStateId) -> String) -> Vec<Found> {
    let mut found = Vec::new();
    found.extend(store_orders(compared));
    if let Some(stored) = compared.stored {
        found.extend(total(compared, stored));
        found.extend(status(compared, stored, &state_name));
    }
    found
}

/// One key should have one store order that counts: none where none is to be, and not two.
fn store_orders(compared: &Compared<'_>) -> Option<Found> {
    let Compared { order, keyed, states, .. } = *compared;
    let canceled = states.roles.canceled;
    let living: Vec<_> = keyed
        .iter()
        .filter(|stored| stored.current_state.is_none() || stored.current_state != canceled)
        .collect();
    let numbers = || {
        let numbers: Vec<_> = living.iter().map(|stored| format!("#{}", stored.id.0)).collect();
        numbers.join(", ")
    };
    match orders::import_state(order) {
        ImportState::Imported if order.store_deleted => None,
        ImportState::Imported => (living.len() > 1).then(|| drift(STORE_ORDERS, numbers(), "one order")),
        // The import looks for its key before anything else, so it finds them by itself.
        ImportState::Pending | ImportState::Importing | ImportState::Blocked => None,
        ImportState::Waiting | ImportState::Skipped if living.is_empty() => None,
        ImportState::Waiting | ImportState::Skipped => {
            Some(drift(STORE_ORDERS, numbers(), "not to be imported"))
        }
    }
}

/// The store order should come to what it came to when it was made, or to what TikTok Shop says by now.
fn total(compared: &Compared<'_>, stored: &KeyedOrder) -> Option<Found> {
    let order = compared.order;
    if ChannelStatus::from(order.channel_status.as_str()) == ChannelStatus::Cancelled {
        return None;
    }
    let expected = from_micros(order.expected_store_total_micros);
    let as_made = order.store_total_micros.map(from_micros);
    // That it was made with another total was told then.
    if stored.total_paid == expected || Some(stored.total_paid) == as_made {
        return None;
    }
    let currency = &order.currency;
    let in_words = |amount| format!("{amount:.2} {currency}");
    Some(drift(TOTAL, in_words(stored.total_paid), in_words(expected)))
}

/// The store order should not be behind TikTok Shop's status, and not be canceled alone.
fn status(
    compared: &Compared<'_>,
    stored: &KeyedOrder,
    state_name: &impl Fn(OrderStateId) -> String,
) -> Option<Found> {
    let Compared { order, states, settings, .. } = *compared;
    let channel_status = ChannelStatus::from(order.channel_status.as_str());
    let status = channel_order_status(&channel_status)?;
    // A store that breaks off while making an order leaves it so; what it is now nobody can say.
    let Some(current) = stored.current_state else {
        return Some(drift(STATUS_DRIFT, "no state", status.label()));
    };
    let lives_on_tiktok = !matches!(
        channel_status,
        ChannelStatus::Cancelled | ChannelStatus::Completed | ChannelStatus::Delivered
    );
    let behind = match states.target_of(status, settings) {
        Target::State(target) => states.may_move(states.find(current), target, status, settings),
        Target::Unchanged | Target::Missing(_) => false,
    };
    let differs = behind || (states.roles.canceled == Some(current) && lives_on_tiktok);
    differs.then(|| drift(STATUS_DRIFT, state_name(current), status.label()))
}
