//! How an order moves from status to status: by the clock, by the carrier, by buyer, seller and platform.

use super::cancellations::{CancelKind, NewCancellation, Role};
use super::ids::{Kind, Mint};
use super::order::{Ending, LineState, OnTop, Order, Package, PackageState, Payment, Status};
use super::reasons;
use super::switches::Life;
use super::webhooks::Event;
use super::world::World;

const DAY_S: i64 = 86_400;

/// What the clock does to an order next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Pay,
    PaymentOver,
    Release,
    ShippedByTiktok,
    ShippingOver,
    Scan,
    CollectionOver,
    Deliver,
    Complete,
}

/// A parcel's label: carrier and number.
#[derive(Debug, Clone, Default)]
pub struct Label {
    pub tracking_number: String,
    pub provider_id: String,
    pub provider_name: String,
    /// `PICKUP`, `DROP_OFF` or empty.
    pub handover_method: String,
}

/// Makes the order shippable and sets its deadlines.
pub fn release(order: &mut Order, at: i64) {
    order.status = Status::AwaitingShipment;
    order.was_shippable = true;
    order.times.update = at;
    // A pre-order is not late before its goods are out.
    let from = order.kind.release_date.unwrap_or(at).max(at)
        + order.kind.handling_duration.map_or(0, |(days, _)| i64::from(days) * DAY_S);
    order.deadlines.arrange_shipment = from + 2 * DAY_S;
    order.deadlines.hand_over = from + 3 * DAY_S;
    order.deadlines.shipping = from + 4 * DAY_S;
    order.deadlines.collection = from + 5 * DAY_S;
    order.deadlines.promised_delivery = from + 10 * DAY_S;
    order.deadlines.delivery = from + 15 * DAY_S;
}

/// Puts all units into one new package, as happens on payment outside the United States and the United Kingdom.
pub fn open_package(order: &mut Order, mint: &mut Mint, at: i64) {
    let id = mint.next(Kind::Package);
    for line in &mut order.lines {
        line.package_id = Some(id.clone());
    }
    let line_ids = order.lines.iter().map(|line| line.id.clone()).collect();
    order.packages.push(new_package(id, line_ids, at));
}

fn new_package(id: String, line_ids: Vec<String>, at: i64) -> Package {
    Package {
        id,
        line_ids,
        state: PackageState::ToFulfill,
        tracking_number: String::new(),
        provider_id: String::new(),
        provider_name: String::new(),
        create_time: at,
        update_time: at,
        shipped_time: 0,
        handover_method: String::new(),
        is_split: false,
    }
}

/// When the clock will move the order, and how.
fn next_step(order: &Order, life: &Life) -> Option<(i64, Step)> {
    let after = |start: i64, duration: i64, step: Step| (duration > 0).then_some((start + duration, step));
    let at = |deadline: i64, step: Step| (deadline > 0).then_some((deadline, step));
    match order.status {
        Status::Unpaid => {
            [after(order.times.create, life.pay_s, Step::Pay), at(order.deadlines.payment, Step::PaymentOver)]
                .into_iter()
                .flatten()
                .min_by_key(|(time, _)| *time)
        }
        Status::OnHold => at(order.times.hold_until, Step::Release),
        Status::AwaitingShipment if order.kind.fulfilled_by_tiktok => {
            after(order.times.update, life.scan_s, Step::ShippedByTiktok)
        }
        Status::AwaitingShipment | Status::PartiallyShipping => {
            at(order.deadlines.shipping, Step::ShippingOver)
        }
        Status::AwaitingCollection => [
            after(order.times.shipped, life.scan_s, Step::Scan),
            at(order.deadlines.collection, Step::CollectionOver),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(time, _)| *time),
        Status::InTransit => after(order.times.collected, life.transit_s, Step::Deliver),
        Status::Delivered => after(order.times.delivered, life.aftersale_s, Step::Complete),
        Status::Completed | Status::Cancelled | Status::AwaitingInspection => None,
    }
}

impl World {
    /// When the clock next moves the order.
    pub fn next_deadline(&self, order_id: &str) -> Option<i64> {
        next_step(self.orders.get(order_id)?, &self.switches.life).map(|(time, _)| time)
    }

    /// Takes the order's next step if its time has come; says whether it did.
    pub fn step_order(&mut self, order_id: &str, now: i64) -> bool {
        let step = self.orders.get(order_id).and_then(|order| next_step(order, &self.switches.life));
        let Some((at, step)) = step.filter(|(at, _)| *at <= now) else { return false };
        match step {
            Step::Pay => self.pay_order(order_id, at),
            Step::PaymentOver => self.cancel_by_system(order_id, "system_cancel_unpaid_time_out", at),
            Step::Release => self.release_order(order_id, at),
            Step::ShippedByTiktok => self.ship_by_tiktok(order_id, at),
            Step::ShippingOver => {
                self.cancel_by_system(order_id, "system_cancel_order_reason_shipping_timeout", at);
            }
            Step::Scan => self.collect_order(order_id, at),
            Step::CollectionOver => self.cancel_by_system(order_id, "system_cancel_order_untracked", at),
            Step::Deliver => self.deliver_order(order_id, at),
            Step::Complete => self.complete_order(order_id, at),
        }
        true
    }

    /// The buyer pays: the hold begins, or, in the older flow, the order becomes shippable.
    pub fn pay_order(&mut self, order_id: &str, at: i64) {
        let hold_s = self.switches.life.hold_s;
        let Some(order) = self.orders.get_mut(order_id) else { return };
        order.times.paid = at;
        order.times.hold_until = at + hold_s;
        order.is_on_hold_order = hold_s > 0;
        let packages_from_payment = self.settings.packages_from_payment(&order.market);
        if packages_from_payment && order.packages.is_empty() {
            open_package(order, &mut self.mint, at);
        }
        if hold_s > 0 {
            order.status = Status::OnHold;
            order.times.update = at;
        } else {
            release(order, at);
        }
        self.status_changed(order_id);
    }

    /// The hold is over.
    pub fn release_order(&mut self, order_id: &str, at: i64) {
        let Some(order) = self.orders.get_mut(order_id) else { return };
        release(order, at);
        self.status_changed(order_id);
    }

    /// Ships the units in one package and answers its id; an empty list ships everything that is left.
    pub fn ship_lines(
        &mut self,
        order_id: &str,
        line_ids: &[String],
        label: Label,
        at: i64,
    ) -> Option<String> {
        let always_new = self.switches.new_package_on_shipping;
        let order = self.orders.get_mut(order_id)?;
        let chosen: Vec<String> = order
            .lines
            .iter()
            .filter(|line| line.state == LineState::Unshipped)
            .filter(|line| line_ids.is_empty() || line_ids.contains(&line.id))
            .map(|line| line.id.clone())
            .collect();
        let package_id = package_for(order, &chosen, always_new, &mut self.mint, at);
        let was_split = order.packages.len() > 1;
        let package = order.packages.iter_mut().find(|package| package.id == package_id)?;
        package.state = PackageState::Fulfilling;
        package.tracking_number = label.tracking_number;
        package.provider_id = label.provider_id;
        package.provider_name = label.provider_name;
        package.handover_method = label.handover_method;
        package.shipped_time = at;
        package.update_time = at;
        for line in order.lines.iter_mut().filter(|line| chosen.contains(&line.id)) {
            line.state = LineState::Shipped;
            line.package_id = Some(package_id.clone());
            line.shipped_time = at;
        }
        order.times.update = at;
        if order.has_unshipped_lines() {
            order.status = Status::PartiallyShipping;
        } else {
            order.status = Status::AwaitingCollection;
            order.times.shipped = at;
        }
        let shop_id = order.shop_id.clone();
        self.status_changed(order_id);
        if was_split {
            let event = Event::PackageUpdate {
                sc_type: "SPLIT",
                role_type: "ROLE_SELLER",
                package_ids: vec![package_id.clone()],
                order_id: order_id.to_owned(),
                update_time: at,
            };
            self.notify(&shop_id, &event, at);
        }
        Some(package_id)
    }

    /// TikTok's warehouse sends the order.
    fn ship_by_tiktok(&mut self, order_id: &str, at: i64) {
        let label = super::logistics::tiktok_label(order_id);
        self.ship_lines(order_id, &[], label, at);
    }

    /// The carrier scans all packages.
    pub fn collect_order(&mut self, order_id: &str, at: i64) {
        let Some(order) = self.orders.get_mut(order_id) else { return };
        order.times.collected = at;
        order.tracking.push(("Parcel collected by the carrier".to_owned(), at * 1_000));
        self.move_to(order_id, Status::InTransit, at);
    }

    /// The carrier delivers.
    pub fn deliver_order(&mut self, order_id: &str, at: i64) {
        let Some(order) = self.orders.get_mut(order_id) else { return };
        order.times.delivered = at;
        order.tracking.push(("Parcel delivered".to_owned(), at * 1_000));
        for package in &mut order.packages {
            package.state = PackageState::Completed;
            package.update_time = at;
        }
        self.move_to(order_id, Status::Delivered, at);
    }

    /// The after-sale period is over.
    pub fn complete_order(&mut self, order_id: &str, at: i64) {
        let Some(order) = self.orders.get_mut(order_id) else { return };
        order.times.completed = at;
        self.move_to(order_id, Status::Completed, at);
    }

    /// Sets a status without asking whether the platform would.
    pub fn move_to(&mut self, order_id: &str, status: Status, at: i64) {
        let Some(order) = self.orders.get_mut(order_id) else { return };
        order.status = status;
        order.times.update = at;
        self.status_changed(order_id);
    }

    fn cancel_by_system(&mut self, order_id: &str, reason: &str, at: i64) {
        let cancellation =
            NewCancellation { kind: CancelKind::Cancel, role: Role::System, reason, line_ids: Vec::new() };
        self.open_cancellation(order_id, cancellation, at);
    }

    /// Cancels the units, and with the last one the order.
    pub fn cancel_lines(&mut self, order_id: &str, line_ids: &[String], reason: &str, role: Role, at: i64) {
        let shrinks = self.switches.partial_cancellation_shrinks_payment;
        let Some(order) = self.orders.get_mut(order_id) else { return };
        let reason_text = reasons::text(reason);
        for line in order.lines.iter_mut().filter(|line| line_ids.is_empty() || line_ids.contains(&line.id)) {
            if line.state != LineState::Cancelled {
                line.state = LineState::Cancelled;
                line.cancelled_by = Some((reason_text.clone(), role.text()));
            }
        }
        order.times.update = at;
        leave_open_packages(order, at);
        if order.live_lines().next().is_none() {
            order.status = Status::Cancelled;
            order.times.cancelled = at;
            order.is_buyer_request_cancel = false;
            order.ended_by = Some(Ending { initiator: role.text(), reason_text });
            for package in &mut order.packages {
                package.state = PackageState::Cancelled;
                package.update_time = at;
            }
        } else {
            if !order.has_unshipped_lines() {
                order.status = Status::AwaitingCollection;
                order.times.shipped = at;
            }
            if shrinks {
                shrink_payment(order);
            }
        }
        self.status_changed(order_id);
    }
}

/// Takes cancelled units out of packages that have not left, as long as something else is in them.
fn leave_open_packages(order: &mut Order, at: i64) {
    let live: Vec<String> = order.live_lines().map(|line| line.id.clone()).collect();
    if live.is_empty() {
        return;
    }
    for package in order.packages.iter_mut().filter(|package| package.shipped_time == 0) {
        package.line_ids.retain(|id| live.contains(id));
        package.update_time = at;
    }
    order.packages.retain(|package| !package.line_ids.is_empty());
}

/// Adds the payment up again over the units that are left, keeping what was on top.
fn shrink_payment(order: &mut Order) {
    let old = &order.payment;
    let on_top = OnTop {
        shipping_fee_tax: old.shipping_fee_tax,
        retail_delivery_fee: old.retail_delivery_fee,
        line_taxes: !old.product_tax.is_zero(),
        deposits: old.total_amount != old.sub_total + old.shipping_fee + old.tax() + old.retail_delivery_fee,
    };
    order.payment = Payment::of(&old.currency, order.live_lines(), old.shipping.clone(), &on_top);
}

/// The package that the chosen units leave in: the one that holds exactly them, or a new one.
fn package_for(order: &mut Order, chosen: &[String], always_new: bool, mint: &mut Mint, at: i64) -> String {
    let holds_exactly = |package: &Package| {
        package.shipped_time == 0
            && package.line_ids.len() == chosen.len()
            && package.line_ids.iter().all(|id| chosen.contains(id))
    };
    if !always_new && let Some(package) = order.packages.iter().find(|package| holds_exactly(package)) {
        return package.id.clone();
    }
    for package in order.packages.iter_mut().filter(|package| package.shipped_time == 0) {
        package.line_ids.retain(|id| !chosen.contains(id));
        package.update_time = at;
    }
    order.packages.retain(|package| !package.line_ids.is_empty());
    let id = mint.next(Kind::Package);
    order.packages.push(new_package(id.clone(), chosen.to_vec(), at));
    let is_split = order.packages.len() > 1;
    order.packages.iter_mut().for_each(|package| package.is_split = is_split);
    id
}
