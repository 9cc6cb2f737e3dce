//! Cancellations: by the seller at once, by the buyer on request, by the platform when a deadline has passed.

use super::ids::Kind;
use super::webhooks::Event;
use super::world::{Due, World};

/// Who asked for the cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Buyer,
    Seller,
    System,
}

impl Role {
    /// As written in `role` and `cancellation_initiator`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Buyer => "BUYER",
            Self::Seller => "SELLER",
            Self::System => "SYSTEM",
        }
    }
}

/// Whether the seller has to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelKind {
    /// Takes effect at once.
    Cancel,
    /// A buyer's request to the seller.
    BuyerCancel,
}

impl CancelKind {
    /// As written in `cancel_type`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Cancel => "CANCEL",
            Self::BuyerCancel => "BUYER_CANCEL",
        }
    }
}

/// Where a cancellation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelStatus {
    Pending,
    Success,
    Complete,
    /// Withdrawn or refused: the order goes on.
    Cancelled,
}

impl CancelStatus {
    /// As written in answers of `202309` and in webhooks; the filter and `202602` spell the last one `_CANCEL`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Pending => "CANCELLATION_REQUEST_PENDING",
            Self::Success => "CANCELLATION_REQUEST_SUCCESS",
            Self::Complete => "CANCELLATION_REQUEST_COMPLETE",
            Self::Cancelled => "CANCELLATION_REQUEST_CANCELLED",
        }
    }

    /// As written in answers of this version.
    pub fn text_in(self, version: &str) -> &'static str {
        match self {
            Self::Cancelled if version != "202309" => "CANCELLATION_REQUEST_CANCEL",
            other => other.text(),
        }
    }
}

/// How a pending request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Approved,
    Refused,
    Withdrawn,
}

/// One cancellation.
#[derive(Debug, Clone)]
pub struct Cancellation {
    pub id: String,
    pub order_id: String,
    pub shop_id: String,
    pub kind: CancelKind,
    pub role: Role,
    pub status: CancelStatus,
    /// The key, not the text.
    pub reason: String,
    pub create_time: i64,
    pub update_time: i64,
    /// Until when the seller may answer; 0 when nothing is asked.
    pub deadline: i64,
    refund_at: i64,
    /// Empty for the whole order.
    pub line_ids: Vec<String>,
    pub verdict: Option<Verdict>,
    /// Of the answer that was given.
    pub idempotency_key: Option<String>,
}

/// What is needed to open one.
#[derive(Debug)]
pub struct NewCancellation<'a> {
    pub kind: CancelKind,
    pub role: Role,
    pub reason: &'a str,
    /// Empty for the whole order.
    pub line_ids: Vec<String>,
}

impl World {
    /// Opens a cancellation: a buyer's request waits, any other takes effect at once. Answers its id.
    pub fn open_cancellation(&mut self, order_id: &str, new: NewCancellation<'_>, at: i64) -> Option<String> {
        let id = self.mint.next(Kind::Cancellation);
        let request_s = self.switches.life.request_s;
        let moves_update_time = self.switches.update_time_moves_on_any_change;
        let order = self.orders.get_mut(order_id)?;
        // American sellers have half the time.
        let request_s = if order.market == "US" { request_s / 2 } else { request_s };
        let waits = new.kind == CancelKind::BuyerCancel;
        let cancellation = Cancellation {
            id: id.clone(),
            order_id: order_id.to_owned(),
            shop_id: order.shop_id.clone(),
            kind: new.kind,
            role: new.role,
            status: CancelStatus::Pending,
            reason: new.reason.to_owned(),
            create_time: at,
            update_time: at,
            deadline: if waits && request_s > 0 { at + request_s } else { 0 },
            refund_at: 0,
            line_ids: new.line_ids,
            verdict: None,
            idempotency_key: None,
        };
        if waits {
            order.is_buyer_request_cancel = true;
            order.times.cancel_requested = at;
            if moves_update_time {
                order.times.update = at;
            }
        } else {
            self.close_open_requests(order_id, at);
        }
        let deadline = cancellation.deadline;
        self.cancellations.insert(id.clone(), cancellation);
        if waits {
            if deadline > 0 {
                self.schedule(deadline, Due::Cancellation(id.clone()));
            }
            self.announce(&id);
        } else {
            self.accept_cancellation(&id, at);
        }
        Some(id)
    }

    /// What the clock does: an unanswered request is approved, an accepted cancellation is refunded.
    pub fn step_cancellation(&mut self, id: &str, now: i64) {
        let Some(cancellation) = self.cancellations.get_mut(id) else { return };
        match cancellation.status {
            CancelStatus::Pending if cancellation.deadline != 0 && cancellation.deadline <= now => {
                let at = cancellation.deadline;
                cancellation.verdict = Some(Verdict::Approved);
                self.accept_cancellation(id, at);
            }
            CancelStatus::Success if cancellation.refund_at != 0 && cancellation.refund_at <= now => {
                cancellation.status = CancelStatus::Complete;
                cancellation.update_time = cancellation.refund_at;
                self.announce(id);
            }
            _ => {}
        }
    }

    /// The buyer takes the request back; `false` when there is none.
    pub fn withdraw_request(&mut self, order_id: &str, at: i64) -> bool {
        let open = self.open_request_of(order_id).map(|cancellation| cancellation.id.clone());
        let Some(id) = open else { return false };
        self.end_request(&id, Verdict::Withdrawn, at);
        true
    }

    /// The buyer's request that waits for the seller.
    pub fn open_request_of(&self, order_id: &str) -> Option<&Cancellation> {
        self.cancellations.values().find(|cancellation| {
            cancellation.order_id == order_id && cancellation.status == CancelStatus::Pending
        })
    }

    /// The cancellation takes effect: units are cancelled, the refund runs.
    pub fn accept_cancellation(&mut self, id: &str, at: i64) {
        let refund_s = self.switches.life.refund_s;
        let Some(cancellation) = self.cancellations.get_mut(id) else { return };
        cancellation.status = CancelStatus::Success;
        cancellation.update_time = at;
        if refund_s > 0 {
            cancellation.refund_at = at + refund_s;
        }
        let Cancellation { order_id, line_ids, reason, role, refund_at, .. } = cancellation.clone();
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.is_buyer_request_cancel = false;
        }
        self.cancel_lines(&order_id, &line_ids, &reason, role, at);
        if refund_at > 0 {
            self.schedule(refund_at, Due::Cancellation(id.to_owned()));
        }
        self.announce(id);
    }

    /// The request ends without effect: the order goes on.
    pub fn end_request(&mut self, id: &str, verdict: Verdict, at: i64) {
        let moves_update_time = self.switches.update_time_moves_on_any_change;
        let Some(cancellation) = self.cancellations.get_mut(id) else { return };
        cancellation.status = CancelStatus::Cancelled;
        cancellation.verdict = Some(verdict);
        cancellation.update_time = at;
        let order_id = cancellation.order_id.clone();
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.is_buyer_request_cancel = false;
            if moves_update_time {
                order.times.update = at;
            }
        }
        self.announce(id);
    }

    fn close_open_requests(&mut self, order_id: &str, at: i64) {
        while let Some(id) = self.open_request_of(order_id).map(|cancellation| cancellation.id.clone()) {
            self.end_request(&id, Verdict::Withdrawn, at);
        }
    }

    fn announce(&mut self, id: &str) {
        let Some(cancellation) = self.cancellations.get(id) else { return };
        let event = Event::Cancellation {
            order_id: cancellation.order_id.clone(),
            role: cancellation.role.text(),
            status: cancellation.status.text(),
            cancel_id: cancellation.id.clone(),
            create_time: cancellation.create_time,
        };
        let (shop_id, at) = (cancellation.shop_id.clone(), cancellation.update_time);
        self.notify(&shop_id, &event, at);
    }
}
