//! Where a store order goes as its TikTok order moves on, and what its own moves ask of TikTok Shop: rules without I/O.

use chrono::{DateTime, TimeDelta, Utc};
use database::issues::Found;
use database::store_shipments::StoreShipment;
use prestashop::{OrderState, OrderStateId, OrderStateRoles};
use shared::{ChannelStatus, ConnectionSettings, FulfillmentType, HoldPolicy, IssueCode, OrderStatus};

use crate::store_facts::StoreFacts;

/// How far the states of a store order go, from not paid to delivered.
const DELIVERED: u8 = 4;
const SHIPPED: u8 = 3;
const PREPARING: u8 = 2;

/// The states of a store, and which of them play a part.
#[derive(Debug, Clone, Copy)]
pub struct StoreStates<'a> {
    pub all: &'a [OrderState],
    pub roles: &'a OrderStateRoles,
}

impl<'a> From<&'a StoreFacts> for StoreStates<'a> {
    fn from(facts: &'a StoreFacts) -> Self {
        Self { all: &facts.order_states, roles: &facts.settings.order_states }
    }
}

/// Where a store order goes for a shown status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Unchanged,
    State(OrderStateId),
    Missing(MissingState),
}

/// A state that a store order belongs into and that the store does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingState {
    /// The merchant chose it by this number.
    Chosen(i64),
    /// One that counts as not paid, for orders on hold.
    Unpaid,
}

impl MissingState {
    /// What the merchant reads of it.
    #[must_use]
    pub fn found(self) -> Found {
        let found = Found::new(IssueCode::StateUnmapped);
        match self {
            Self::Chosen(id) => found.with("state", format!("#{id}")),
            Self::Unpaid => found.with("state", "one that counts as not paid, for orders on hold"),
        }
    }
}

impl StoreStates<'_> {
    /// A state of the store, deleted ones too: an order may still be in one.
    #[must_use]
    pub fn find(&self, id: OrderStateId) -> Option<&OrderState> {
        self.all.iter().find(|state| state.id == id)
    }

    /// The state for a status: the merchant's choice, or PrestaShop's own state of that meaning.
    #[must_use]
    pub fn target_of(&self, status: OrderStatus, settings: &ConnectionSettings) -> Target {
        if status == OrderStatus::OnHold {
            return self.waiting_state(settings);
        }
        if let Some(chosen) = settings.status_mapping.get(&status) {
            let Some(chosen) = *chosen else { return Target::Unchanged };
            let state = u64::try_from(chosen).ok().and_then(|id| self.find(OrderStateId(id)));
            return match state {
                Some(state) if !state.deleted => Target::State(state.id),
                _ => Target::Missing(MissingState::Chosen(chosen)),
            };
        }
        let state = match status {
            OrderStatus::Canceled => self.roles.canceled,
            OrderStatus::Delivered => self.roles.delivered,
            OrderStatus::InTransit => self.roles.shipping,
            OrderStatus::AwaitingCollection | OrderStatus::PartiallyShipped => self.roles.preparation,
            OrderStatus::AwaitingShipment
            | OrderStatus::Completed
            | OrderStatus::OnHold
            | OrderStatus::Unpaid
            | OrderStatus::Error => None,
        };
        state.map_or(Target::Unchanged, Target::State)
    }

    /// Where a store order waits while TikTok Shop holds the order: what the merchant chose, or a state of the payment
    /// module, or any other, as long as nobody takes an order in it for paid.
    fn waiting_state(&self, settings: &ConnectionSettings) -> Target {
        if settings.hold_policy == HoldPolicy::AfterRelease {
            return Target::Unchanged;
        }
        let unpaid = || self.all.iter().filter(|state| self.is_unpaid(state));
        let chosen = settings.status_mapping.get(&OrderStatus::OnHold).copied().flatten();
        let state = match chosen {
            Some(chosen) => unpaid().find(|state| i64::try_from(state.id.0) == Ok(chosen)),
            None => unpaid()
                .filter(|state| self.roles.out_of_stock_unpaid != Some(state.id))
                .min_by_key(|state| (state.module_name != settings.payment_module, state.id)),
        };
        state.map_or(Target::Missing(MissingState::Unpaid), |state| Target::State(state.id))
    }

    /// Whether an order in this state waits for its money: neither sold nor ended, so that nobody packs it.
    fn is_unpaid(&self, state: &OrderState) -> bool {
        let ended = [self.roles.canceled, self.roles.refund, self.roles.payment_error];
        let goes_on = state.paid || state.logable || state.shipped || state.delivery;
        !state.deleted && !goes_on && !ended.contains(&Some(state.id))
    }

    /// Where an order goes that we let wait in the state `written`, once TikTok Shop has released it and the settings name
    /// no state for its status: where it had begun.
    #[must_use]
    pub fn released_from(&self, written: Option<i64>) -> Target {
        let written =
            written.and_then(|id| u64::try_from(id).ok()).and_then(|id| self.find(OrderStateId(id)));
        let waits = written.is_some_and(|state| self.is_unpaid(state));
        self.roles.webservice_payment.filter(|_| waits).map_or(Target::Unchanged, Target::State)
    }

    /// Whether a store order may be set to wait for the release: only one that is as it was made, which nobody has moved.
    #[must_use]
    pub fn may_wait(&self, current: Option<&OrderState>, target: OrderStateId, written: Option<i64>) -> bool {
        let as_created = [self.roles.webservice_payment, self.roles.out_of_stock_paid];
        let untouched = written.is_none() || written == i64::try_from(target.0).ok();
        untouched && current.is_some_and(|current| as_created.contains(&Some(current.id)))
    }

    /// Why an order that was just imported cannot stay as it is in the state that the store shows; nothing where it can.
    /// An order that we have `made` is paid from its first state on, or the store has not understood its payment; a module of
    /// the store may have moved it on since, and somebody may have canceled it, which is told as any cancellation in the store
    /// is. One that was found may be anywhere, as people have worked with it.
    #[must_use]
    pub fn unfit_after_import(&self, current: Option<OrderStateId>, made: bool) -> Option<String> {
        let Some(current) = current else {
            return Some("the store broke off while making the order, which is in no state".to_owned());
        };
        if self.roles.payment_error == Some(current) {
            return Some("the store has put the order into its payment error state".to_owned());
        }
        let fit = [self.roles.webservice_payment, self.roles.out_of_stock_paid, self.roles.canceled];
        let paid = self.find(current).is_some_and(|state| state.paid);
        let unfit = made && !paid && !fit.contains(&Some(current));
        unfit.then(|| "the store has put the order into a state that does not count as paid".to_owned())
    }

    /// Whether the store order may go to the target: only forward, never out of an end, and to canceled until it is
    /// delivered. Where nobody knows how far it is, a person decides.
    #[must_use]
    pub fn may_move(
        &self,
        current: Option<&OrderState>,
        target: OrderStateId,
        status: OrderStatus,
        settings: &ConnectionSettings,
    ) -> bool {
        let Some(current) = current else { return false };
        let Some(target) = self.find(target).filter(|state| !state.deleted) else { return false };
        let ended = [self.roles.canceled, self.roles.refund].contains(&Some(current.id));
        // Leaving the payment error state through the history would book the payment twice; a person decides.
        let payment_error = self.roles.payment_error == Some(current.id);
        if current.id == target.id || ended || payment_error {
            return false;
        }
        let (now, then) = (self.progress(current), self.progress(target));
        if status == OrderStatus::Canceled {
            return now < DELIVERED;
        }
        // A state that the merchant chose may be as far on as the one that the creation sets by itself.
        let as_created = [self.roles.webservice_payment, self.roles.out_of_stock_paid];
        let chosen = as_created.contains(&Some(current.id)) && settings.status_mapping.contains_key(&status);
        then > now || (then == now && chosen)
    }

    /// How far a store order has come in a state.
    fn progress(&self, state: &OrderState) -> u8 {
        if self.roles.delivered == Some(state.id) {
            DELIVERED
        } else if state.shipped {
            SHIPPED
        } else if self.roles.preparation == Some(state.id) || state.delivery {
            PREPARING
        } else {
            u8::from(state.paid)
        }
    }
}

/// What a cancellation in the store leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterCancellation {
    /// It is canceled on TikTok Shop too.
    Cancel,
    /// The merchant has not switched that on.
    SwitchedOff,
    /// Something is shipped on TikTok Shop already: only a person can weigh that.
    TooLate,
    /// There is nothing left to cancel.
    Nothing,
}

/// What follows on TikTok Shop when somebody cancels the store order.
#[must_use]
pub fn after_cancellation(channel_status: &ChannelStatus, write_back: bool) -> AfterCancellation {
    match channel_status {
        ChannelStatus::OnHold | ChannelStatus::AwaitingShipment if write_back => AfterCancellation::Cancel,
        ChannelStatus::OnHold | ChannelStatus::AwaitingShipment => AfterCancellation::SwitchedOff,
        ChannelStatus::PartiallyShipping
        | ChannelStatus::AwaitingCollection
        | ChannelStatus::InTransit
        | ChannelStatus::Delivered => AfterCancellation::TooLate,
        ChannelStatus::Unpaid
        | ChannelStatus::Completed
        | ChannelStatus::Cancelled
        | ChannelStatus::Other(_) => AfterCancellation::Nothing,
    }
}

/// What both sides show of an order's shipment.
#[derive(Debug, Clone, Copy)]
pub struct ShipmentFacts<'a> {
    pub channel_status: &'a ChannelStatus,
    pub fulfillment_type: FulfillmentType,
    pub settings: &'a ConnectionSettings,
    /// The state that the store order is in.
    pub state: Option<&'a OrderState>,
    /// The tracking number in the store as it was entered; empty when there is none.
    pub number: &'a str,
    /// What stays the same of the store's carrier when it is edited.
    pub carrier_reference: Option<i64>,
    /// The tracking numbers of the parcels that TikTok Shop knows.
    pub channel_numbers: &'a [String],
    /// What we wrote and sent before.
    pub known: &'a StoreShipment,
    /// When the store order was first seen shipped while TikTok Shop waited for it.
    pub shipped_seen_at: Option<DateTime<Utc>>,
    pub now: DateTime<Utc>,
}

/// What the store's shipment asks of TikTok Shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShipmentStep {
    /// Nothing: it is not shipped, not ours to ship, or what the store says is known.
    Nothing,
    /// The tracking number was handed on before; what came of it is told elsewhere.
    HandedOn,
    /// Shipped without a tracking number, for less time than the merchant allows.
    Wait,
    /// Shipped without a tracking number for too long.
    NumberMissing,
    Ship,
    /// Carrier or number were changed after we had shipped.
    Correct,
    /// The goods left with another number than the store's, and neither of them came from here.
    Differs,
}

impl ShipmentFacts<'_> {
    /// Whether the store says that the goods have left while TikTok Shop still waits for that.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.fulfillment_type == FulfillmentType::Merchant
            && self.is_shipped_by_somebody()
            && matches!(
                self.channel_status,
                ChannelStatus::AwaitingShipment | ChannelStatus::PartiallyShipping
            )
    }

    /// What is to be done now.
    #[must_use]
    pub fn step(&self) -> ShipmentStep {
        let ours_to_ship = self.fulfillment_type == FulfillmentType::Merchant;
        if !ours_to_ship
            || !self.settings.write_back_shipped
            || !self.state.is_some_and(|state| state.shipped)
        {
            return ShipmentStep::Nothing;
        }
        let number = plain_number(self.number);
        let is_same = |known: Option<&String>| known.is_some_and(|known| is_same_number(known, self.number));
        let sent = is_same(self.known.sent_tracking_number.as_ref());
        let written = is_same(self.known.written_tracking_number.as_ref());
        let known_to_channel = self.channel_numbers.iter().any(|known| is_same(Some(known)));
        match self.channel_status {
            ChannelStatus::AwaitingShipment if number.is_empty() => self.without_number(),
            // The number of the parcel that went first is none for what is left.
            ChannelStatus::PartiallyShipping if number.is_empty() || (written && !sent) => {
                self.without_number()
            }
            ChannelStatus::AwaitingShipment | ChannelStatus::PartiallyShipping => {
                if sent || written || known_to_channel { ShipmentStep::HandedOn } else { ShipmentStep::Ship }
            }
            ChannelStatus::AwaitingCollection | ChannelStatus::InTransit => {
                let through_us =
                    self.known.sent_tracking_number.is_some() || self.known.written_tracking_number.is_some();
                let other_carrier = self
                    .carrier_reference
                    .zip(self.known.sent_carrier_reference)
                    .is_some_and(|(a, b)| a != b);
                let in_step = sent || written || known_to_channel;
                if through_us && !number.is_empty() && (!in_step || other_carrier) {
                    ShipmentStep::Correct
                } else if sent && !known_to_channel {
                    ShipmentStep::HandedOn
                } else if !number.is_empty() && !in_step && !self.channel_numbers.is_empty() {
                    ShipmentStep::Differs
                } else {
                    ShipmentStep::Nothing
                }
            }
            ChannelStatus::Unpaid
            | ChannelStatus::OnHold
            | ChannelStatus::Delivered
            | ChannelStatus::Completed
            | ChannelStatus::Cancelled
            | ChannelStatus::Other(_) => ShipmentStep::Nothing,
        }
    }

    fn without_number(&self) -> ShipmentStep {
        if !self.is_shipped_by_somebody() {
            return ShipmentStep::Nothing;
        }
        let delay = TimeDelta::minutes(i64::from(self.settings.tracking_delay_min));
        match self.shipped_seen_at {
            Some(since) if self.now - since >= delay => ShipmentStep::NumberMissing,
            _ => ShipmentStep::Wait,
        }
    }

    /// A state that we wrote ourselves says nothing about what happened in the store.
    fn is_shipped_by_somebody(&self) -> bool {
        let written = self.known.written_state_id;
        self.state.is_some_and(|state| state.shipped && i64::try_from(state.id.0).ok() != written)
    }
}

/// A tracking number as TikTok Shop takes it: people enter blanks, dots and hyphens to read it more easily.
#[must_use]
pub fn plain_number(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !['-', '.'].contains(letter)).collect()
}

/// Whether two tracking numbers are the same but for how they are written.
#[must_use]
pub fn is_same_number(a: &str, b: &str) -> bool {
    plain_number(a).eq_ignore_ascii_case(&plain_number(b))
}

#[cfg(test)]
mod tests {
    use prestashop::Localized;

    use super::*;

    fn state(id: u64, paid: bool, shipped: bool, delivery: bool) -> OrderState {
        OrderState {
            id: OrderStateId(id),
            names: Localized::default(),
            color: String::new(),
            paid,
            logable: paid,
            shipped,
            delivery,
            invoice: paid,
            send_email: false,
            pdf_invoice: false,
            pdf_delivery: false,
            hidden: false,
            deleted: false,
            unremovable: true,
            module_name: String::new(),
            templates: Localized::default(),
        }
    }

    /// PrestaShop's own states, by their usual numbers.
    fn states() -> (Vec<OrderState>, OrderStateRoles) {
        let all = vec![
            state(2, true, false, false),
            state(3, true, false, true),
            state(4, true, true, true),
            state(5, true, true, true),
            state(6, false, false, false),
            state(7, false, false, false),
            state(8, false, false, false),
            state(11, true, false, false),
            OrderState { deleted: true, ..state(20, true, true, true) },
        ];
        let roles = OrderStateRoles {
            webservice_payment: Some(OrderStateId(11)),
            payment: Some(OrderStateId(2)),
            preparation: Some(OrderStateId(3)),
            shipping: Some(OrderStateId(4)),
            delivered: Some(OrderStateId(5)),
            canceled: Some(OrderStateId(6)),
            refund: Some(OrderStateId(7)),
            payment_error: Some(OrderStateId(8)),
            ..OrderStateRoles::default()
        };
        (all, roles)
    }

    #[test]
    fn a_store_order_moves_forward_only_and_to_canceled_until_delivered() {
        let (all, roles) = states();
        let states = StoreStates { all: &all, roles: &roles };
        let settings = ConnectionSettings::default();
        let table = [
            (11, OrderStatus::AwaitingShipment, None),
            (11, OrderStatus::PartiallyShipped, Some(3)),
            (11, OrderStatus::AwaitingCollection, Some(3)),
            (11, OrderStatus::InTransit, Some(4)),
            (11, OrderStatus::Delivered, Some(5)),
            (11, OrderStatus::Canceled, Some(6)),
            (3, OrderStatus::AwaitingCollection, None),
            (3, OrderStatus::InTransit, Some(4)),
            (4, OrderStatus::AwaitingCollection, None),
            (4, OrderStatus::InTransit, None),
            (4, OrderStatus::Canceled, Some(6)),
            (5, OrderStatus::InTransit, None),
            (5, OrderStatus::Canceled, None),
            (5, OrderStatus::Completed, None),
            (6, OrderStatus::InTransit, None),
            (7, OrderStatus::Delivered, None),
            (8, OrderStatus::InTransit, None),
        ];

        for (current, status, expected) in table {
            let target = states.target_of(status, &settings);
            let moves = match target {
                Target::State(target) => {
                    let current = states.find(OrderStateId(current));
                    states.may_move(current, target, status, &settings).then_some(target.0)
                }
                Target::Unchanged | Target::Missing(_) => None,
            };
            assert_eq!(moves, expected, "{current} {status}");
        }
    }

    #[test]
    fn an_order_in_no_state_goes_nowhere() {
        let (all, roles) = states();
        let states = StoreStates { all: &all, roles: &roles };
        for status in [OrderStatus::InTransit, OrderStatus::Canceled] {
            assert!(
                !states.may_move(None, OrderStateId(4), status, &ConnectionSettings::default()),
                "{status}"
            );
        }
    }

    #[test]
    fn an_order_that_we_made_is_paid_or_canceled_and_in_a_state() {
        let (all, roles) = states();
        let states = StoreStates { all: &all, roles: &roles };
        let table = [
            (None, true, true),
            (Some(8), true, true),
            (Some(6), false, false),
            (Some(7), true, false),
            (Some(99), true, false),
            (Some(11), false, false),
            (Some(2), false, false),
            (Some(3), false, false),
        ];

        for (current, if_made, if_found) in table {
            let unfit = |made| states.unfit_after_import(current.map(OrderStateId), made).is_some();
            assert_eq!((unfit(true), unfit(false)), (if_made, if_found), "{current:?}");
        }
    }

    #[test]
    fn the_merchant_chooses_states_and_a_chosen_state_may_be_gone() {
        let (all, roles) = states();
        let states = StoreStates { all: &all, roles: &roles };
        let mut settings = ConnectionSettings::default();
        settings.status_mapping.insert(OrderStatus::AwaitingShipment, Some(2));
        settings.status_mapping.insert(OrderStatus::InTransit, None);
        settings.status_mapping.insert(OrderStatus::Delivered, Some(20));
        settings.status_mapping.insert(OrderStatus::Canceled, Some(99));

        let target = |status| states.target_of(status, &settings);
        assert_eq!(target(OrderStatus::AwaitingShipment), Target::State(OrderStateId(2)));
        assert_eq!(target(OrderStatus::InTransit), Target::Unchanged);
        assert_eq!(target(OrderStatus::Delivered), Target::Missing(MissingState::Chosen(20)));
        assert_eq!(target(OrderStatus::Canceled), Target::Missing(MissingState::Chosen(99)));
        let created = states.find(OrderStateId(11));
        assert!(states.may_move(created, OrderStateId(2), OrderStatus::AwaitingShipment, &settings));
        let prepared = states.find(OrderStateId(3));
        assert!(!states.may_move(prepared, OrderStateId(2), OrderStatus::AwaitingShipment, &settings));
    }

    #[test]
    fn held_orders_wait_in_a_state_that_nobody_takes_for_paid() {
        let (mut all, roles) = states();
        all.push(OrderState { module_name: "ps_checkpayment".to_owned(), ..state(1, false, false, false) });
        all.push(OrderState { module_name: "ps_wirepayment".to_owned(), ..state(10, false, false, false) });
        let states = StoreStates { all: &all, roles: &roles };
        let target = |chosen: Option<Option<i64>>| {
            let hold_policy = HoldPolicy::DuringHold;
            let mut settings = ConnectionSettings { hold_policy, ..ConnectionSettings::default() };
            settings.status_mapping.extend(chosen.map(|chosen| (OrderStatus::OnHold, chosen)));
            states.target_of(OrderStatus::OnHold, &settings)
        };

        assert_eq!(target(None), Target::State(OrderStateId(10)));
        assert_eq!(target(Some(Some(1))), Target::State(OrderStateId(1)));
        for unfit in [2, 4, 6, 8, 20, 99] {
            assert_eq!(target(Some(Some(unfit))), Target::Missing(MissingState::Unpaid), "{unfit}");
        }
        let later = ConnectionSettings::default();
        assert_eq!(states.target_of(OrderStatus::OnHold, &later), Target::Unchanged);
        assert_eq!(states.released_from(Some(10)), Target::State(OrderStateId(11)));
        assert_eq!(states.released_from(Some(3)), Target::Unchanged);
        assert_eq!(states.released_from(None), Target::Unchanged);
        let wait =
            |current, written| states.may_wait(states.find(OrderStateId(current)), OrderStateId(10), written);
        assert!(wait(11, None) && wait(11, Some(10)));
        assert!(!wait(11, Some(11)) && !wait(3, None) && !wait(10, None));
    }

    #[test]
    fn a_cancellation_in_the_store_goes_on_only_before_anything_is_shipped() {
        use AfterCancellation::{Cancel, Nothing, SwitchedOff, TooLate};
        for (status, on, off) in [
            ("UNPAID", Nothing, Nothing),
            ("ON_HOLD", Cancel, SwitchedOff),
            ("AWAITING_SHIPMENT", Cancel, SwitchedOff),
            ("PARTIALLY_SHIPPING", TooLate, TooLate),
            ("AWAITING_COLLECTION", TooLate, TooLate),
            ("IN_TRANSIT", TooLate, TooLate),
            ("DELIVERED", TooLate, TooLate),
            ("COMPLETED", Nothing, Nothing),
            ("CANCELLED", Nothing, Nothing),
            ("TELEPORTING", Nothing, Nothing),
        ] {
            let channel_status = ChannelStatus::from(status);
            assert_eq!(after_cancellation(&channel_status, true), on, "{status} on");
            assert_eq!(after_cancellation(&channel_status, false), off, "{status} off");
        }
    }

    /// What a case of the table below differs in.
    #[derive(Clone, Copy)]
    struct Case {
        status: &'static str,
        state: u64,
        number: &'static str,
        minutes: i64,
        sent: Option<&'static str>,
        written: Option<&'static str>,
        channel: &'static [&'static str],
    }

    const SHIPPED_NOW: Case = Case {
        status: "AWAITING_SHIPMENT",
        state: 4,
        number: "JX1",
        minutes: 0,
        sent: None,
        written: None,
        channel: &[],
    };

    fn step(case: Case, change: impl FnOnce(&mut StoreShipment, &mut ConnectionSettings)) -> ShipmentStep {
        let (all, roles) = states();
        let states = StoreStates { all: &all, roles: &roles };
        let mut known = StoreShipment {
            order_id: 1,
            written_state_id: None,
            tracking_number: None,
            carrier_reference: None,
            carrier_name: None,
            written_tracking_number: case.written.map(str::to_owned),
            shipped_seen_at: None,
            sent_tracking_number: case.sent.map(str::to_owned),
            sent_carrier_reference: Some(7),
        };
        let mut settings = ConnectionSettings::default();
        change(&mut known, &mut settings);
        let now = DateTime::from_timestamp(1_795_422_307, 0).unwrap();
        let channel_numbers: Vec<String> = case.channel.iter().map(|number| (*number).to_owned()).collect();
        let facts = ShipmentFacts {
            channel_status: &ChannelStatus::from(case.status),
            fulfillment_type: FulfillmentType::Merchant,
            settings: &settings,
            state: states.find(OrderStateId(case.state)),
            number: case.number,
            carrier_reference: Some(7),
            channel_numbers: &channel_numbers,
            known: &known,
            shipped_seen_at: Some(now - TimeDelta::minutes(case.minutes)),
            now,
        };
        facts.step()
    }

    #[test]
    fn a_shipped_store_order_ships_once_for_each_number() {
        use ShipmentStep::{Correct, Differs, HandedOn, Nothing, NumberMissing, Ship, Wait};
        let base = SHIPPED_NOW;
        let partial = Case { status: "PARTIALLY_SHIPPING", ..base };
        let collected = Case { status: "AWAITING_COLLECTION", channel: &["JX1"], ..base };
        let table = [
            (base, Ship),
            (Case { state: 3, ..base }, Nothing),
            (Case { state: 5, ..base }, Ship),
            (Case { number: "", ..base }, Wait),
            (Case { number: " ", minutes: 15, ..base }, NumberMissing),
            (Case { sent: Some("JX1"), ..base }, HandedOn),
            (Case { sent: Some("JX-0"), ..base }, Ship),
            (Case { number: "j X-1", sent: Some("JX1"), ..base }, HandedOn),
            (Case { written: Some("JX1"), ..base }, HandedOn),
            (Case { channel: &["JX1"], ..base }, HandedOn),
            (partial, Ship),
            (Case { written: Some("JX1"), ..partial }, Wait),
            (Case { written: Some("JX1"), minutes: 20, ..partial }, NumberMissing),
            (Case { written: Some("JX0"), channel: &["JX0"], ..partial }, Ship),
            (collected, Nothing),
            (Case { number: "JX2", ..collected }, Differs),
            (Case { number: "JX2", channel: &[], ..collected }, Nothing),
            (Case { number: "JX-2", channel: &["JX1", "jx2"], ..collected }, Nothing),
            (Case { number: "JX2", sent: Some("JX1"), ..collected }, Correct),
            (Case { number: "JX2", written: Some("JX1"), ..collected }, Correct),
            (Case { number: "JX2", sent: Some("JX2"), ..collected }, HandedOn),
            (Case { number: "", sent: Some("JX1"), ..collected }, Nothing),
            (Case { status: "IN_TRANSIT", number: "JX2", sent: Some("JX1"), ..collected }, Correct),
            (Case { status: "DELIVERED", number: "JX2", sent: Some("JX1"), ..collected }, Nothing),
            (Case { status: "CANCELLED", ..base }, Nothing),
            (Case { status: "ON_HOLD", ..base }, Nothing),
        ];

        for (index, (case, expected)) in table.into_iter().enumerate() {
            assert_eq!(step(case, |_, _| {}), expected, "case {index}");
        }
    }

    #[test]
    fn settings_and_our_own_writes_keep_shipments_back() {
        use ShipmentStep::{Correct, Nothing, Ship};
        let without_number = Case { number: "", minutes: 60, ..SHIPPED_NOW };
        let collected =
            Case { status: "AWAITING_COLLECTION", sent: Some("JX1"), channel: &["JX1"], ..SHIPPED_NOW };

        assert_eq!(step(SHIPPED_NOW, |_, settings| settings.write_back_shipped = false), Nothing);
        assert_eq!(step(without_number, |known, _| known.written_state_id = Some(4)), Nothing);
        assert_eq!(step(SHIPPED_NOW, |known, _| known.written_state_id = Some(4)), Ship);
        assert_eq!(step(collected, |known, _| known.sent_carrier_reference = Some(7)), Nothing);
        assert_eq!(step(collected, |known, _| known.sent_carrier_reference = Some(8)), Correct);
        assert_eq!(step(collected, |known, _| known.sent_carrier_reference = None), Nothing);
    }
}
