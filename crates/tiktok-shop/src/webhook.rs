//! Notifications: checking where they come from, and reading what they are about.

use std::fmt;

use chrono::{DateTime, Utc};
use hmac::Mac;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::sign::{keyed, matches};
use crate::wire::{self, Unreadable};
use crate::{OrderStatus, Secret};

/// The notification was not signed with this app's secret, or was changed on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the notification's signature is wrong")]
pub struct WrongSignature;

/// The notification is signed but cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unexpected notification at {path}: {problem}")]
pub struct UnreadableNotification {
    pub path: String,
    pub problem: String,
}

/// Checks that TikTok sent these bytes, in constant time.
///
/// `authorization_header` is the bare digest, without any scheme before it. `raw_body` is the body as received: the
/// same JSON written otherwise has another signature. Nothing signs the time, so replays pass: drop repeats by
/// [`Notification::id`], and read the order again instead of trusting the notification.
pub fn verify(
    app_key: &str,
    app_secret: &Secret,
    authorization_header: &str,
    raw_body: &[u8],
) -> Result<(), WrongSignature> {
    if matches(&sign(app_key, app_secret, raw_body), authorization_header) {
        Ok(())
    } else {
        Err(WrongSignature)
    }
}

/// Signs a notification: lower-case hex HMAC-SHA256 over app key and body, without the wrapping that requests have.
#[must_use]
pub fn sign(app_key: &str, app_secret: &Secret, raw_body: &[u8]) -> String {
    let mut mac = keyed(app_secret);
    mac.update(app_key.as_bytes());
    mac.update(raw_body);
    hex::encode(mac.finalize().into_bytes())
}

/// What TikTok tells, perhaps late, twice or out of order: a reason to look, never the truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// TikTok's id of the notification, or `sha256:` and the digest of the body where TikTok gives none.
    pub id: String,
    pub kind: NotificationKind,
    pub shop_id: Option<String>,
    /// When it was sent, which may be hours after the event.
    pub timestamp: Option<DateTime<Utc>>,
    data: Data,
}

impl Notification {
    /// Reads a notification whose signature has been checked.
    pub fn parse(raw_body: &[u8]) -> Result<Self, UnreadableNotification> {
        let envelope: Envelope = wire::parse(raw_body)
            .and_then(|value| wire::read(value, "$"))
            .map_err(|Unreadable { path, problem }| UnreadableNotification { path, problem })?;
        // The kinds not read here may shape `data` as they like.
        let data = envelope.data.and_then(|data| wire::read(data, "data").ok()).unwrap_or_default();
        Ok(Self {
            id: envelope.tts_notification_id.unwrap_or_else(|| digest_of(raw_body)),
            kind: envelope.kind.into(),
            shop_id: envelope.shop_id,
            timestamp: envelope.timestamp,
            data,
        })
    }

    /// The one order it is about, if it is about one.
    #[must_use]
    pub fn order_id(&self) -> Option<&str> {
        self.data.order_id.as_deref()
    }

    /// All orders it is about, each once: of packages and invoices there may be several.
    #[must_use]
    pub fn order_ids(&self) -> Vec<&str> {
        let Data { order_id, order_ids, package_list, .. } = &self.data;
        let packaged = package_list.iter().flat_map(|package| &package.order_id_list);
        let mut ids = Vec::new();
        for id in order_id.iter().chain(order_ids).chain(packaged) {
            if !ids.contains(&id.as_str()) {
                ids.push(id.as_str());
            }
        }
        ids
    }

    /// The order's status when the event happened; a hint. `CANCEL` and `CANCELLED` are read alike.
    #[must_use]
    pub fn order_status(&self) -> Option<&OrderStatus> {
        self.data.order_status.as_ref()
    }

    /// The cancellation it is about.
    #[must_use]
    pub fn cancel_id(&self) -> Option<&str> {
        self.data.cancel_id.as_deref()
    }

    /// When the order, or whatever it is about, changed.
    #[must_use]
    pub fn update_time(&self) -> Option<DateTime<Utc>> {
        self.data.update_time
    }

    /// When the seller's authorization ends, of `UpcomingAuthorizationExpiration`.
    #[must_use]
    pub fn expiration_time(&self) -> Option<DateTime<Utc>> {
        self.data.expiration_time
    }
}

/// What a notification is about; new kinds appear without notice and are kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationKind {
    OrderStatusChange,
    RecipientAddressUpdate,
    PackageUpdate,
    SellerDeauthorization,
    UpcomingAuthorizationExpiration,
    CancellationStatusChange,
    ReturnStatusChange,
    InvoiceStatusChange,
    AftersalesRequestStatusUpdate,
    Rma,
    RefundSuccess,
    Other(i64),
}

/// Numbers, kinds, and their names when subscribing.
const KINDS: [(i64, NotificationKind, &str); 11] = [
    (1, NotificationKind::OrderStatusChange, "ORDER_STATUS_CHANGE"),
    (3, NotificationKind::RecipientAddressUpdate, "RECIPIENT_ADDRESS_UPDATE"),
    (4, NotificationKind::PackageUpdate, "PACKAGE_UPDATE"),
    (6, NotificationKind::SellerDeauthorization, "SELLER_DEAUTHORIZATION"),
    (7, NotificationKind::UpcomingAuthorizationExpiration, "UPCOMING_AUTHORIZATION_EXPIRATION"),
    (11, NotificationKind::CancellationStatusChange, "CANCELLATION_STATUS_CHANGE"),
    (12, NotificationKind::ReturnStatusChange, "RETURN_STATUS_CHANGE"),
    (36, NotificationKind::InvoiceStatusChange, "INVOICE_STATUS_CHANGE"),
    (64, NotificationKind::AftersalesRequestStatusUpdate, "AFTERSALES_REQUEST_STATUS_UPDATE"),
    (65, NotificationKind::Rma, "RMA"),
    (67, NotificationKind::RefundSuccess, "REFUND_SUCCESS"),
];

impl NotificationKind {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Other(number) => number,
            known => KINDS.iter().find(|(_, kind, _)| *kind == known).map_or(0, |(number, ..)| *number),
        }
    }
}

impl From<i64> for NotificationKind {
    fn from(number: i64) -> Self {
        KINDS.iter().find(|(known, ..)| *known == number).map_or(Self::Other(number), |(_, kind, _)| *kind)
    }
}

impl fmt::Display for NotificationKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match KINDS.iter().find(|(_, kind, _)| kind == self) {
            Some((_, _, name)) => formatter.write_str(name),
            None => write!(formatter, "type {}", self.number()),
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type", deserialize_with = "wire::integer")]
    kind: i64,
    #[serde(default, deserialize_with = "wire::optional_id")]
    tts_notification_id: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_id")]
    shop_id: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_time")]
    timestamp: Option<DateTime<Utc>>,
    #[serde(default)]
    data: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Data {
    #[serde(deserialize_with = "wire::optional_id")]
    order_id: Option<String>,
    #[serde(deserialize_with = "wire::texts")]
    order_ids: Vec<String>,
    order_status: Option<OrderStatus>,
    package_list: Vec<PackagedOrders>,
    #[serde(deserialize_with = "wire::optional_id")]
    cancel_id: Option<String>,
    #[serde(deserialize_with = "wire::optional_time")]
    update_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "wire::optional_time")]
    expiration_time: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct PackagedOrders {
    #[serde(deserialize_with = "wire::texts")]
    order_id_list: Vec<String>,
}

fn digest_of(raw_body: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(raw_body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> Notification {
        Notification::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn an_order_notification_names_its_order() {
        let body = r#"{"type":1,"tts_notification_id":"7392922053974394642","shop_id":"7493999789368181917","timestamp":1721298801,
            "data":{"is_on_hold_order":false,"order_id":"577042645727872816","order_status":"CANCEL","update_time":1721298799}}"#;

        let notification = parsed(body);

        assert_eq!(notification.id, "7392922053974394642");
        assert_eq!(notification.kind, NotificationKind::OrderStatusChange);
        assert_eq!(notification.shop_id.as_deref(), Some("7493999789368181917"));
        assert_eq!(notification.timestamp.unwrap().timestamp(), 1_721_298_801);
        assert_eq!(notification.order_id(), Some("577042645727872816"));
        assert_eq!(notification.order_ids(), ["577042645727872816"]);
        assert_eq!(notification.order_status(), Some(&OrderStatus::Cancelled));
        assert_eq!(notification.update_time().unwrap().timestamp(), 1_721_298_799);
    }

    #[test]
    fn a_package_notification_names_each_order_once() {
        let body = r#"{"type":"4","tts_notification_id":7327112393057371910,"shop_id":7494049642642441621,"timestamp":"1644412885",
            "data":{"sc_type":"COMBINE","role_type":"ROLE_USER","package_list":[
              {"package_id":1,"order_id_list":[576486316948490001,"576486316948490002"]},
              {"package_id":"2","order_id_list":["576486316948490001"]},{"package_id":"3"}]}}"#;

        let notification = parsed(body);

        assert_eq!(notification.kind, NotificationKind::PackageUpdate);
        assert_eq!(notification.id, "7327112393057371910");
        assert_eq!(notification.shop_id.as_deref(), Some("7494049642642441621"));
        assert_eq!(notification.order_id(), None);
        assert_eq!(notification.order_ids(), ["576486316948490001", "576486316948490002"]);
    }

    #[test]
    fn without_an_id_the_body_identifies_the_notification() {
        let first =
            r#"{"type":3,"shop_id":"7494049642642441621","timestamp":1644412885,"data":{"order_id":"1"}}"#;
        let second = first.replace("\"1\"", "\"2\"");

        assert_eq!(parsed(first).id, parsed(first).id);
        assert_ne!(parsed(first).id, parsed(&second).id);
        assert_eq!(parsed(first).id.len(), "sha256:".len() + 64);
        let empty = first.replace("{\"type\"", "{\"tts_notification_id\":\"\",\"type\"");
        assert!(parsed(&empty).id.starts_with("sha256:"));
    }

    #[test]
    fn unknown_kinds_and_shapes_are_kept() {
        let table = [
            (
                r#"{"type":999,"data":{"order_id":"5","new":{"deep":[1]}},"extra":true}"#,
                NotificationKind::Other(999),
                1,
            ),
            (r#"{"type":2,"data":"text"}"#, NotificationKind::Other(2), 0),
            (r#"{"type":6,"shop_id":"1","data":null}"#, NotificationKind::SellerDeauthorization, 0),
            (
                r#"{"type":36,"data":{"order_ids":["5","6"],"package_id":"7"}}"#,
                NotificationKind::InvoiceStatusChange,
                2,
            ),
        ];

        for (body, kind, orders) in table {
            assert_eq!(parsed(body).kind, kind, "{body}");
            assert_eq!(parsed(body).order_ids().len(), orders, "{body}");
        }
    }

    #[test]
    fn the_end_of_an_authorization_is_read_from_text() {
        let notification = parsed(r#"{"type":7,"data":{"message":"soon","expiration_time":"1647004885"}}"#);

        assert_eq!(notification.expiration_time().unwrap().timestamp(), 1_647_004_885);
    }

    #[test]
    fn nonsense_is_refused_without_being_repeated() {
        for body in ["", "[]", "{}", "Camille", r#"{"type":"Camille"}"#, r#"{"type":{}}"#] {
            let error = Notification::parse(body.as_bytes()).unwrap_err();
            assert!(!error.to_string().contains("Camille"), "{error}");
        }
    }

    #[test]
    fn kinds_keep_their_numbers() {
        for (number, kind, name) in KINDS {
            assert_eq!(NotificationKind::from(number), kind);
            assert_eq!(kind.number(), number);
            assert_eq!(kind.to_string(), name);
        }
        assert_eq!(NotificationKind::Other(5).to_string(), "type 5");
    }
}
