//! Everything the platform remembers, and the passing of its time.

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::calls::Calls;
use super::cancellations::{CancelKind, Cancellation, NewCancellation, Role};
use super::faults::Faults;
use super::generator::{self, Scene, Start};
use super::ids::Mint;
use super::lifecycle::Label;
use super::limiter::Limiter;
use super::order::Order;
use super::shapes::Shape;
use super::switches::Switches;
use super::tokens::Grants;
use super::webhooks::{Event, Outbox};

/// What was given at the start and never changes.
#[derive(Debug, Clone)]
pub struct Settings {
    pub app_key: String,
    pub app_secret: String,
    pub service_id: String,
    /// `None` follows the market.
    pub packages_from_payment: Option<bool>,
    /// Seed of everything random.
    pub seed: u64,
}

impl Settings {
    /// Local sellers in the United States and the United Kingdom see packages only after shipping.
    pub fn packages_from_payment(&self, market: &str) -> bool {
        self.packages_from_payment.unwrap_or(!matches!(market, "GB" | "US"))
    }
}

/// A shop that sells.
#[derive(Debug, Clone)]
pub struct Shop {
    pub id: String,
    pub name: String,
    /// ISO alpha-2, `GB` for the United Kingdom.
    pub region: String,
    pub cipher: String,
    pub code: String,
    pub currency: &'static str,
}

/// Something that the clock will bring.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    Order(String),
    Cancellation(String),
    Arrival(u64),
}

/// An order that will be placed later.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub shape: Shape,
    pub shop_id: String,
    pub currency: Option<String>,
    pub start: Start,
    pub seed: u64,
}

/// The state of the platform. One mutex guards all of it, so that every check and its effect are one step.
#[derive(Debug)]
pub struct World {
    pub settings: Settings,
    pub switches: Switches,
    pub shops: Vec<Shop>,
    pub grants: Grants,
    pub orders: BTreeMap<String, Order>,
    pub cancellations: BTreeMap<String, Cancellation>,
    pub outbox: Outbox,
    pub faults: Faults,
    pub calls: Calls,
    pub limiter: Limiter,
    pub mint: Mint,
    pub random: StdRng,
    /// Stops what happens by itself: arrivals, deadlines, deliveries of webhooks.
    pub is_paused: bool,
    /// Orders per minute that arrive by themselves.
    pub orders_per_minute: f64,
    /// Requests answered so far; part of `request_id`.
    pub requests: u64,
    agenda: BTreeSet<(i64, Due)>,
    arrivals: BTreeMap<u64, Arrival>,
    last_arrival: u64,
}

impl World {
    /// An empty platform with these shops.
    pub fn new(settings: Settings, switches: Switches, shops: Vec<Shop>) -> Self {
        let seed = settings.seed;
        Self {
            settings,
            switches,
            grants: Grants::new(seed),
            shops,
            orders: BTreeMap::new(),
            cancellations: BTreeMap::new(),
            outbox: Outbox::default(),
            faults: Faults::default(),
            calls: Calls::default(),
            limiter: Limiter::default(),
            mint: Mint::new(seed),
            random: StdRng::seed_from_u64(seed),
            is_paused: false,
            orders_per_minute: 0.0,
            requests: 0,
            agenda: BTreeSet::new(),
            arrivals: BTreeMap::new(),
            last_arrival: 0,
        }
    }

    /// The shop with this id.
    pub fn shop(&self, id: &str) -> Option<&Shop> {
        self.shops.iter().find(|shop| shop.id == id)
    }

    /// An order of the shop; orders of others do not exist for it.
    pub fn order_of_shop(&self, shop_id: &str, order_id: &str) -> Option<&Order> {
        self.orders.get(order_id).filter(|order| order.shop_id == shop_id)
    }

    /// The order of the shop that a package belongs to.
    pub fn order_of_package(&self, shop_id: &str, package_id: &str) -> Option<&Order> {
        self.orders.values().find(|order| order.shop_id == shop_id && order.package(package_id).is_some())
    }

    /// Lets everything happen that is due, in the order of its times.
    pub fn advance(&mut self, now: i64) {
        if self.is_paused {
            return;
        }
        while let Some((at, due)) = self.agenda.first().cloned().filter(|(at, _)| *at <= now) {
            self.agenda.remove(&(at, due.clone()));
            match due {
                // A step schedules the next one itself; a stale entry does nothing.
                Due::Order(id) => {
                    self.step_order(&id, now);
                }
                Due::Cancellation(id) => self.step_cancellation(&id, now),
                Due::Arrival(number) => {
                    if let Some(arrival) = self.arrivals.remove(&number) {
                        self.place_new(&arrival, at);
                    }
                }
            }
        }
    }

    /// Notes down when the clock will next move the order.
    pub fn schedule_order(&mut self, order_id: &str) {
        if let Some(at) = self.next_deadline(order_id) {
            self.agenda.insert((at, Due::Order(order_id.to_owned())));
        }
    }

    /// Notes down something else that the clock brings.
    pub fn schedule(&mut self, at: i64, due: Due) {
        self.agenda.insert((at, due));
    }

    /// Lets an order be placed at a later time.
    pub fn schedule_arrival(&mut self, arrival: Arrival, at: i64) {
        self.last_arrival += 1;
        self.arrivals.insert(self.last_arrival, arrival);
        self.schedule(at, Due::Arrival(self.last_arrival));
    }

    /// Tells everybody that the order has changed: the agenda and the webhooks.
    pub fn status_changed(&mut self, order_id: &str) {
        self.schedule_order(order_id);
        let Some(order) = self.orders.get(order_id) else { return };
        let event = Event::OrderStatus {
            order_id: order.id.clone(),
            status: order.status,
            is_on_hold_order: order.is_on_hold_order,
            update_time: order.times.update,
        };
        let shop_id = order.shop_id.clone();
        let at = order.times.update;
        self.notify(&shop_id, &event, at);
    }

    /// Places an order as it is.
    pub fn place(&mut self, order: Order) -> String {
        let id = order.id.clone();
        self.orders.insert(id.clone(), order);
        self.status_changed(&id);
        id
    }

    /// Invents an order, places it, and carries on to the state that its shape asks for.
    pub fn place_new(&mut self, arrival: &Arrival, at: i64) -> Option<String> {
        let order = self.invent(arrival, at)?;
        let id = self.place(order);
        self.carry_on(&id, arrival.shape, at);
        Some(id)
    }

    /// Invents an order without placing it.
    pub fn invent(&mut self, arrival: &Arrival, at: i64) -> Option<Order> {
        let shop = self.shops.iter().find(|shop| shop.id == arrival.shop_id)?;
        let scene = Scene {
            shop_id: &shop.id,
            market: &shop.region,
            currency: arrival.currency.as_deref().unwrap_or(shop.currency),
            at,
            life: &self.switches.life,
            packages_from_payment: self.settings.packages_from_payment(&shop.region),
            start: arrival.start,
        };
        let mut random = StdRng::seed_from_u64(arrival.seed);
        Some(generator::generate(arrival.shape, &scene, &mut random, &mut self.mint))
    }

    /// Takes a new order on to the state that its shape asks for.
    pub fn carry_on(&mut self, order_id: &str, shape: Shape, at: i64) {
        let label = || Label {
            tracking_number: format!("XY{}", &order_id[order_id.len() - 10..]),
            provider_id: super::logistics::PROVIDERS[0].id.to_owned(),
            provider_name: super::logistics::PROVIDERS[0].name.to_owned(),
            handover_method: String::new(),
        };
        match shape {
            Shape::CancelledUnpaid | Shape::CancelledOnHold => {
                let reason = "ecom_order_unpaid_canceled_reason_no_longer_needed";
                let cancellation = NewCancellation {
                    kind: CancelKind::Cancel,
                    role: Role::Buyer,
                    reason,
                    line_ids: Vec::new(),
                };
                self.open_cancellation(order_id, cancellation, at);
            }
            Shape::BuyerRequestsCancel => {
                let reason = "ecom_order_to_ship_canceled_reason_created_by_mistakes";
                let cancellation = NewCancellation {
                    kind: CancelKind::BuyerCancel,
                    role: Role::Buyer,
                    reason,
                    line_ids: Vec::new(),
                };
                self.open_cancellation(order_id, cancellation, at);
            }
            Shape::PartiallyShipped => {
                let first = self.orders.get(order_id).map(|order| order.lines[0].id.clone());
                self.ship_lines(order_id, &first.into_iter().collect::<Vec<_>>(), label(), at);
            }
            Shape::InTransit | Shape::Completed => {
                self.ship_lines(order_id, &[], label(), at);
                self.collect_order(order_id, at);
                if shape == Shape::Completed {
                    self.deliver_order(order_id, at);
                    self.complete_order(order_id, at);
                }
            }
            _ => {}
        }
    }
}
