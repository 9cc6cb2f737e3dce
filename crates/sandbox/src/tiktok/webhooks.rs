//! Notifications: what is told, to whom, and the box in which they wait to be sent.

use std::collections::{BTreeMap, VecDeque};

use rand::RngExt;
use rand::seq::SliceRandom;
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::{Answer, ApiError};
use super::call::Call;
use super::ids::Kind;
use super::order::Status;
use super::sign::webhook_signature;
use super::world::World;

/// How many may wait; the oldest is dropped beyond.
const MOST_WAITING: usize = 200_000;
/// How many of the latest attempts are kept for the control API.
const KEPT_ATTEMPTS: usize = 2_000;

/// Event types by number and by the name under which they are subscribed.
const TYPES: &[(u32, &str)] = &[
    (1, "ORDER_STATUS_CHANGE"),
    (3, "RECIPIENT_ADDRESS_UPDATE"),
    (4, "PACKAGE_UPDATE"),
    (5, "PRODUCT_STATUS_CHANGE"),
    (6, "SELLER_DEAUTHORIZATION"),
    (7, "UPCOMING_AUTHORIZATION_EXPIRATION"),
    (11, "CANCELLATION_STATUS_CHANGE"),
    (12, "RETURN_STATUS_CHANGE"),
    (13, "NEW_CONVERSATION"),
    (14, "NEW_MESSAGE"),
    (15, "PRODUCT_INFORMATION_CHANGE"),
    (16, "PRODUCT_CREATION"),
    (18, "PRODUCT_CATEGORY_CHANGE"),
    (33, "NEW_MESSAGE_LISTENER"),
    (36, "INVOICE_STATUS_CHANGE"),
    (37, "PRODUCT_AUDIT_STATUS_CHANGE"),
    (64, "AFTERSALES_REQUEST_STATUS_UPDATE"),
];

/// Something that the platform tells a seller's app.
#[derive(Debug, Clone)]
pub enum Event {
    OrderStatus {
        order_id: String,
        status: Status,
        is_on_hold_order: bool,
        update_time: i64,
    },
    AddressChanged {
        order_id: String,
        update_time: i64,
    },
    PackageUpdate {
        sc_type: &'static str,
        role_type: &'static str,
        package_ids: Vec<String>,
        order_id: String,
        update_time: i64,
    },
    Cancellation {
        order_id: String,
        role: &'static str,
        status: &'static str,
        cancel_id: String,
        create_time: i64,
    },
    Deauthorized,
    /// Anything else, as told by the control API.
    Other {
        kind: u32,
        data: Value,
    },
}

impl Event {
    fn kind(&self) -> u32 {
        match self {
            Self::OrderStatus { .. } => 1,
            Self::AddressChanged { .. } => 3,
            Self::PackageUpdate { .. } => 4,
            Self::Deauthorized => 6,
            Self::Cancellation { .. } => 11,
            Self::Other { kind, .. } => *kind,
        }
    }

    fn data(&self, cancelled_spelling: &str) -> Value {
        match self {
            Self::OrderStatus { order_id, status, is_on_hold_order, update_time } => json!({
                "is_on_hold_order": is_on_hold_order,
                "order_id": order_id,
                "order_status": if *status == Status::Cancelled { cancelled_spelling } else { status.text() },
                "update_time": update_time,
            }),
            Self::AddressChanged { order_id, update_time } => {
                json!({ "order_id": order_id, "update_time": update_time })
            }
            Self::PackageUpdate { sc_type, role_type, package_ids, order_id, update_time } => json!({
                "sc_type": sc_type, "role_type": role_type, "update_time": update_time,
                "package_list": package_ids.iter().map(|id| json!({
                    "package_id": id, "order_id_list": [order_id],
                })).collect::<Vec<_>>(),
            }),
            Self::Cancellation { order_id, role, status, cancel_id, create_time } => json!({
                "order_id": order_id, "cancellations_role": role, "cancel_status": status,
                "cancel_id": cancel_id, "create_time": create_time,
            }),
            Self::Deauthorized => {
                json!({ "message": "The seller has cancelled the authorization of the app." })
            }
            Self::Other { data, .. } => data.clone(),
        }
    }
}

/// One URL for one event of one shop.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Registration {
    address: String,
    create_time: i64,
    update_time: i64,
}

/// A notification on its way to one target.
#[derive(Debug, Clone)]
struct Waiting {
    notification_id: String,
    shop_id: String,
    kind: u32,
    data: Value,
    target: String,
    /// Business time in unix seconds.
    due_at: i64,
    /// How long it is held back once the sender has seen it.
    delay_ms: i64,
    /// Machine time in unix milliseconds before which it is held back; `None` until the sender has seen it.
    held_until_ms: Option<i64>,
    failures: usize,
    has_wrong_signature: bool,
    is_in_flight: bool,
}

/// One attempt to deliver, for the control API.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    pub notification_id: String,
    pub r#type: u32,
    pub target: String,
    /// Business time in unix seconds.
    pub at: i64,
    /// HTTP status, or `null` when nobody answered in time.
    pub http_status: Option<u16>,
    pub failures_before: usize,
}

/// A notification made ready for the wire.
#[derive(Debug)]
pub struct Prepared {
    pub number: u64,
    pub target: String,
    pub body: Vec<u8>,
    pub authorization: String,
}

/// All that waits, and the URLs it goes to.
#[derive(Debug, Default)]
pub struct Outbox {
    /// URLs of the whole app.
    pub targets: Vec<String>,
    registrations: BTreeMap<(String, String), Registration>,
    waiting: BTreeMap<u64, Waiting>,
    last_number: u64,
    attempts: VecDeque<Attempt>,
    counters: Counters,
}

#[derive(Debug, Default, Clone, Serialize)]
struct Counters {
    queued: u64,
    delivered: u64,
    failed_attempts: u64,
    given_up: u64,
    lost_on_purpose: u64,
    dropped_for_space: u64,
}

impl Outbox {
    /// Whether nothing waits or is being sent.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    fn put(&mut self, waiting: Waiting) {
        self.last_number += 1;
        self.counters.queued += 1;
        self.waiting.insert(self.last_number, waiting);
        if self.waiting.len() > MOST_WAITING {
            self.waiting.pop_first();
            self.counters.dropped_for_space += 1;
        }
    }

    /// What the control API shows.
    pub fn to_json(&self, latest: usize) -> Value {
        let skipped = self.attempts.len().saturating_sub(latest);
        json!({
            "targets": self.targets,
            "waiting": self.waiting.len(),
            "counters": self.counters,
            "latest_attempts": self.attempts.iter().skip(skipped).collect::<Vec<_>>(),
        })
    }

    /// Forgets what waits and what was counted; targets and registrations stay.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.attempts.clear();
        self.counters = Counters::default();
    }

    fn targets_for(&self, shop_id: &str, event_name: &str) -> Vec<String> {
        match self.registrations.get(&(shop_id.to_owned(), event_name.to_owned())) {
            Some(registration) => vec![registration.address.clone()],
            None => self.targets.clone(),
        }
    }
}

impl World {
    /// Puts a notification into the box, with the accidents that the switches ask for.
    pub fn notify(&mut self, shop_id: &str, event: &Event, at: i64) {
        let switches = self.switches.webhooks.clone();
        if !switches.enabled {
            return;
        }
        if let Event::OrderStatus { status: Status::PartiallyShipping, .. } = event
            && !switches.send_partially_shipping
        {
            return;
        }
        let kind = event.kind();
        let name = TYPES.iter().find(|(number, _)| *number == kind).map_or("", |(_, name)| *name);
        let notification_id = self.mint.next(Kind::Notification);
        for target in self.outbox.targets_for(shop_id, name) {
            if self.random.random_bool(switches.loss_rate) {
                self.outbox.counters.lost_on_purpose += 1;
                continue;
            }
            let copies = if self.random.random_bool(switches.duplicate_rate) { 2 } else { 1 };
            for _ in 0..copies {
                let delay_ms = match switches.delay_up_to_ms {
                    0 => 0,
                    most => self.random.random_range(0..=i64::try_from(most).unwrap_or(i64::MAX)),
                };
                let waiting = Waiting {
                    notification_id: notification_id.clone(),
                    shop_id: shop_id.to_owned(),
                    kind,
                    data: event.data(&switches.cancelled_spelling),
                    target: target.clone(),
                    due_at: at,
                    delay_ms,
                    held_until_ms: None,
                    failures: 0,
                    has_wrong_signature: self.random.random_bool(switches.wrong_signature_rate),
                    is_in_flight: false,
                };
                self.outbox.put(waiting);
            }
        }
    }

    /// Takes up to `most` notifications that are due, ready to be sent.
    pub fn take_due_webhooks(&mut self, now: i64, machine_ms: i64, most: usize) -> Vec<Prepared> {
        if self.is_paused {
            return Vec::new();
        }
        let switches = &self.switches.webhooks;
        let mut due: Vec<u64> = Vec::new();
        for (number, waiting) in &mut self.outbox.waiting {
            let held_until_ms = *waiting.held_until_ms.get_or_insert(machine_ms + waiting.delay_ms);
            if !waiting.is_in_flight && waiting.due_at <= now && held_until_ms <= machine_ms {
                due.push(*number);
            }
            if due.len() >= most && !switches.reorder {
                break;
            }
        }
        if switches.reorder {
            due.shuffle(&mut self.random);
        }
        due.truncate(most);
        let prepared = due.into_iter().filter_map(|number| {
            let waiting = self.outbox.waiting.get_mut(&number)?;
            waiting.is_in_flight = true;
            let body = body_of(waiting, now, switches.without_notification_id, switches.pretty_printed);
            let secret =
                if waiting.has_wrong_signature { "not the secret" } else { &self.settings.app_secret };
            let authorization = webhook_signature(&self.settings.app_key, secret, &body);
            Some(Prepared { number, target: waiting.target.clone(), body, authorization })
        });
        prepared.collect()
    }

    /// Notes how an attempt went; 2xx and 401 count as answered, everything else is tried again later.
    pub fn settle_webhook(&mut self, number: u64, http_status: Option<u16>, now: i64) {
        let schedule = &self.switches.webhooks.retry_after_s;
        let outbox = &mut self.outbox;
        let Some(waiting) = outbox.waiting.get_mut(&number) else { return };
        outbox.attempts.push_back(Attempt {
            notification_id: waiting.notification_id.clone(),
            r#type: waiting.kind,
            target: waiting.target.clone(),
            at: now,
            http_status,
            failures_before: waiting.failures,
        });
        if outbox.attempts.len() > KEPT_ATTEMPTS {
            outbox.attempts.pop_front();
        }
        if http_status.is_some_and(|status| (200..300).contains(&status) || status == 401) {
            outbox.counters.delivered += 1;
            outbox.waiting.remove(&number);
            return;
        }
        outbox.counters.failed_attempts += 1;
        match schedule.get(waiting.failures) {
            Some(wait_s) => {
                waiting.failures += 1;
                waiting.due_at = now + wait_s;
                waiting.is_in_flight = false;
            }
            None => {
                outbox.counters.given_up += 1;
                outbox.waiting.remove(&number);
            }
        }
    }
}

fn body_of(waiting: &Waiting, now: i64, without_id: bool, pretty: bool) -> Vec<u8> {
    let mut body = json!({
        "type": waiting.kind,
        "tts_notification_id": waiting.notification_id,
        "shop_id": waiting.shop_id,
        "timestamp": now,
        "data": waiting.data,
    });
    // The published sample of an address update has no id either.
    if without_id && let Some(fields) = body.as_object_mut() {
        fields.remove("tts_notification_id");
    }
    let bytes = if pretty { serde_json::to_vec_pretty(&body) } else { serde_json::to_vec(&body) };
    bytes.expect("a notification is plain JSON")
}

/// `GET /event/202309/webhooks`.
pub fn list_registrations(world: &mut World, call: &Call) -> Answer {
    let rows: Vec<Value> = world
        .outbox
        .registrations
        .iter()
        .filter(|((shop_id, _), _)| *shop_id == call.shop_id)
        .map(|((_, event_type), registration)| {
            json!({
                "event_type": event_type, "address": registration.address,
                "create_time": registration.create_time, "update_time": registration.update_time,
            })
        })
        .collect();
    Ok(json!({ "total_count": rows.len(), "webhooks": rows }))
}

/// `PUT /event/202309/webhooks`: replaces the URL of one event.
pub fn register(world: &mut World, call: &Call) -> Answer {
    let address = call.required_text("address")?;
    let event_type = call.required_text("event_type")?;
    if !TYPES.iter().any(|(_, name)| *name == event_type) {
        return Err(ApiError::parameter("param body.event_type is invalid"));
    }
    // The real platform demands https and a domain name; local tests have neither.
    if address.len() > 255 || url::Url::parse(&address).is_err() {
        return Err(ApiError::parameter("param body.address is invalid"));
    }
    let entry = world
        .outbox
        .registrations
        .entry((call.shop_id.clone(), event_type))
        .or_insert(Registration { address: String::new(), create_time: call.now, update_time: call.now });
    entry.address = address;
    entry.update_time = call.now;
    Ok(json!({}))
}

/// `DELETE /event/202309/webhooks`: harmless when repeated.
pub fn unregister(world: &mut World, call: &Call) -> Answer {
    let event_type = call.required_text("event_type")?;
    world.outbox.registrations.remove(&(call.shop_id.clone(), event_type));
    Ok(json!({}))
}
