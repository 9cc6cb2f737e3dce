//! Where a store order goes: the states of a shop as PrestaShop installs it, by their usual numbers, each with how far an
//! order in it has come.

use prestashop::{Localized, OrderState, OrderStateId, OrderStateRoles};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use shared::{ConnectionSettings, OrderStatus};
use sync::mapping::{StoreStates, Target};

const UNPAID: u64 = 10;
const PAID: u64 = 2;
const PREPARING: u64 = 3;
const SHIPPED: u64 = 4;
const DELIVERED: u64 = 5;
const CANCELED: u64 = 6;
const REFUNDED: u64 = 7;
const PAYMENT_ERROR: u64 = 8;
const BACKORDER_PAID: u64 = 9;
const BY_WEBSERVICE: u64 = 11;

const ALL: [u64; 10] = [
    UNPAID,
    PAID,
    PREPARING,
    SHIPPED,
    DELIVERED,
    CANCELED,
    REFUNDED,
    PAYMENT_ERROR,
    BACKORDER_PAID,
    BY_WEBSERVICE,
];

/// How far an order has come; nothing for the ends, which no order leaves.
const fn stage(state: u64) -> Option<u8> {
    match state {
        UNPAID => Some(0),
        PAID | BACKORDER_PAID | BY_WEBSERVICE => Some(1),
        PREPARING => Some(2),
        SHIPPED => Some(3),
        DELIVERED => Some(4),
        _ => None,
    }
}

fn states() -> (Vec<OrderState>, OrderStateRoles) {
    let state = |id: u64| {
        let reached = |least: u8| stage(id).is_some_and(|stage| stage >= least);
        OrderState {
            id: OrderStateId(id),
            names: Localized::default(),
            color: String::new(),
            paid: reached(1),
            logable: reached(1),
            shipped: reached(3),
            delivery: reached(2),
            invoice: reached(1),
            send_email: false,
            pdf_invoice: false,
            pdf_delivery: false,
            hidden: false,
            deleted: false,
            unremovable: true,
            module_name: String::new(),
            templates: Localized::default(),
        }
    };
    let role = |id| Some(OrderStateId(id));
    let roles = OrderStateRoles {
        webservice_payment: role(BY_WEBSERVICE),
        payment: role(PAID),
        preparation: role(PREPARING),
        shipping: role(SHIPPED),
        delivered: role(DELIVERED),
        canceled: role(CANCELED),
        refund: role(REFUNDED),
        payment_error: role(PAYMENT_ERROR),
        out_of_stock_paid: role(BACKORDER_PAID),
        out_of_stock_unpaid: None,
    };
    (ALL.into_iter().map(state).collect(), roles)
}

/// Where an order in this state goes for a status; where it is, unless it may move.
fn next(states: StoreStates<'_>, current: u64, status: OrderStatus, settings: &ConnectionSettings) -> u64 {
    let here = states.find(OrderStateId(current));
    match states.target_of(status, settings) {
        Target::State(target) if states.may_move(here, target, status, settings) => target.0,
        _ => current,
    }
}

/// Every choice that a merchant has for a status: none, that nothing happens, or a state.
fn choices() -> impl Iterator<Item = Option<Option<i64>>> {
    let chosen = ALL.into_iter().map(|state| Some(i64::try_from(state).ok()));
    [None, Some(None)].into_iter().chain(chosen)
}

#[test]
fn an_order_goes_forward_or_to_canceled_and_a_second_look_moves_nothing() {
    let (all, roles) = states();
    let states = StoreStates { all: &all, roles: &roles };
    let mut moved = 0;
    for &status in OrderStatus::ALL {
        for choice in choices() {
            let mut settings = ConnectionSettings::default();
            settings.status_mapping.extend(choice.map(|choice| (status, choice)));
            for current in ALL {
                let then = next(states, current, status, &settings);
                assert_eq!(next(states, then, status, &settings), then, "{current} {status} {choice:?}");
                if then == current {
                    continue;
                }
                moved += 1;
                let now = stage(current);
                assert!(now.is_some(), "{current} is an end, and {status} led to {then}");
                if status == OrderStatus::Canceled {
                    assert_ne!(current, DELIVERED, "{status} {choice:?}");
                } else {
                    assert!(stage(then) >= now, "{status} led back from {current} to {then}");
                }
            }
        }
    }
    // Otherwise nothing was tried.
    assert!(moved > 100, "{moved}");
}

#[test]
fn whatever_is_not_delivered_yet_can_be_canceled_and_nothing_else_can() {
    let (all, roles) = states();
    let states = StoreStates { all: &all, roles: &roles };
    let settings = ConnectionSettings::default();
    for current in ALL {
        let then = next(states, current, OrderStatus::Canceled, &settings);
        let open = stage(current).is_some_and(|stage| stage < 4);
        assert_eq!(then, if open { CANCELED } else { current }, "{current}");
    }
}

/// The statuses of an order that goes its way, in its order.
const WAY: [OrderStatus; 7] = [
    OrderStatus::Unpaid,
    OrderStatus::OnHold,
    OrderStatus::AwaitingShipment,
    OrderStatus::PartiallyShipped,
    OrderStatus::AwaitingCollection,
    OrderStatus::InTransit,
    OrderStatus::Delivered,
];

#[test]
fn an_order_whose_steps_are_seen_late_twice_or_not_at_all_ends_where_its_last_one_belongs() {
    let (all, roles) = states();
    let states = StoreStates { all: &all, roles: &roles };
    let settings = ConnectionSettings::default();
    let belongs = |status| match status {
        OrderStatus::PartiallyShipped | OrderStatus::AwaitingCollection => PREPARING,
        OrderStatus::InTransit => SHIPPED,
        OrderStatus::Delivered => DELIVERED,
        _ => BY_WEBSERVICE,
    };
    let mut rng = SmallRng::seed_from_u64(71);
    for _ in 0..5_000 {
        // Two processes look at an order, and what they see comes in any order.
        let seen: Vec<OrderStatus> =
            (0..rng.random_range(1..8)).map(|_| *WAY.choose(&mut rng).expect("there are some")).collect();

        let end =
            seen.iter().fold(BY_WEBSERVICE, |current, status| next(states, current, *status, &settings));

        let furthest = seen.iter().map(|status| belongs(*status)).max_by_key(|state| stage(*state));
        assert_eq!(Some(end), furthest, "{seen:?}");
    }
}
