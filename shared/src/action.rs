//! What can be done with orders: the requests, what becomes of each, and runs over many orders.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{ActionId, BulkRunId, IssueCode, OrderId, StoreOrderId, TikTokOrderId, UserId};

/// How long an action that cannot be taken back stays here before it leaves, in seconds.
pub const UNDO_SECONDS: i64 = 8;
/// At most this many orders in one bulk run.
pub const MAX_BULK_ORDERS: u64 = 10_000;
/// An order that was deleted can be restored for this many days.
pub const RESTORE_DAYS: i64 = 30;
/// At most this many characters in a note.
pub const MAX_NOTE_CHARACTERS: usize = 2_000;
/// At most this many characters in a tag.
pub const MAX_TAG_CHARACTERS: usize = 40;

text_enum!(
    /// Something that can be done with an order.
    ActionKind, "action" {
        /// Fetch the order from TikTok Shop again.
        Sync => "sync",
        /// Import it, or try the import again.
        Import => "import",
        /// Take an existing store order for this order's.
        Adopt => "adopt",
        /// Tell TikTok Shop that a parcel is on its way.
        Ship => "ship",
        /// Send the last shipment that failed once more.
        ResendShipping => "resend_shipping",
        /// Correct carrier and tracking number of a parcel; TikTok Shop allows it once.
        CorrectShipping => "correct_shipping",
        /// Get the label of a parcel that ships with TikTok's carriers.
        FetchLabel => "fetch_label",
        /// Cancel the order on TikTok Shop, then in the store.
        Cancel => "cancel",
        /// Grant the buyer's request to cancel.
        AcceptCancellation => "accept_cancellation",
        /// Refuse the buyer's request to cancel; the order goes on.
        RejectCancellation => "reject_cancellation",
        /// Never import this order.
        Skip => "skip",
        /// Take "skip" back.
        Unskip => "unskip",
        /// Write a note for colleagues.
        Note => "note",
        /// Add and remove tags.
        Tag => "tag",
        /// Say which colleague looks after the order.
        Assign => "assign",
        /// Bring both sides together where they disagree: read TikTok Shop again, move the store order forward, and give it
        /// the recipient's newest address.
        Heal => "heal",
        /// End a problem that nothing but a person can end.
        MarkHandled => "mark_handled",
        /// Remove the order from the grid; TikTok and PrestaShop are not touched.
        Archive => "archive",
        /// Bring a deleted order back.
        Restore => "restore",
    }
);

impl ActionKind {
    /// Whether many orders can be given it at once.
    #[must_use]
    pub const fn in_bulk(self) -> bool {
        !matches!(self, Self::Adopt | Self::CorrectShipping | Self::Note | Self::RejectCancellation)
    }
}

/// What shall be done with an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum ActionRequest {
    Sync {},
    Import {},
    Adopt {
        store_order_id: StoreOrderId,
    },
    Ship {
        /// TikTok Shop's id of the carrier; left out for parcels with TikTok's own label.
        #[serde(default)]
        carrier_id: Option<String>,
        /// Left out for parcels with TikTok's own label.
        #[serde(default)]
        tracking_number: Option<String>,
        /// TikTok Shop's ids of the units in the parcel; empty means everything that is not shipped yet.
        #[serde(default)]
        line_item_ids: Vec<String>,
    },
    ResendShipping {},
    CorrectShipping {
        package_id: String,
        carrier_id: String,
        tracking_number: String,
    },
    FetchLabel {
        /// Left out for the labels of all packages.
        #[serde(default)]
        package_id: Option<String>,
    },
    Cancel {
        /// A key from the order's `cancel_reasons`.
        reason: String,
        /// TikTok Shop's ids of the units; empty means the whole order, which is all that the EU allows.
        #[serde(default)]
        line_item_ids: Vec<String>,
    },
    AcceptCancellation {},
    RejectCancellation {
        /// A key from the request's `reject_reasons`.
        reason: String,
        #[serde(default)]
        comment: Option<String>,
    },
    Skip {},
    Unskip {},
    Note {
        #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 2000))]
        text: String,
    },
    Tag {
        #[serde(default)]
        add: Vec<String>,
        #[serde(default)]
        remove: Vec<String>,
    },
    Assign {
        /// One of `GET /assignees`; left out or `null` for nobody.
        #[serde(default)]
        assignee_id: Option<UserId>,
    },
    Heal {},
    MarkHandled {
        code: IssueCode,
        /// The subject of the one issue that is meant; left out for all of the code.
        #[serde(default)]
        subject: Option<String>,
    },
    Archive {},
    Restore {},
}

impl ActionRequest {
    #[must_use]
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Sync {} => ActionKind::Sync,
            Self::Import {} => ActionKind::Import,
            Self::Adopt { .. } => ActionKind::Adopt,
            Self::Ship { .. } => ActionKind::Ship,
            Self::ResendShipping {} => ActionKind::ResendShipping,
            Self::CorrectShipping { .. } => ActionKind::CorrectShipping,
            Self::FetchLabel { .. } => ActionKind::FetchLabel,
            Self::Cancel { .. } => ActionKind::Cancel,
            Self::AcceptCancellation {} => ActionKind::AcceptCancellation,
            Self::RejectCancellation { .. } => ActionKind::RejectCancellation,
            Self::Skip {} => ActionKind::Skip,
            Self::Unskip {} => ActionKind::Unskip,
            Self::Note { .. } => ActionKind::Note,
            Self::Tag { .. } => ActionKind::Tag,
            Self::Assign { .. } => ActionKind::Assign,
            Self::Heal {} => ActionKind::Heal,
            Self::MarkHandled { .. } => ActionKind::MarkHandled,
            Self::Archive {} => ActionKind::Archive,
            Self::Restore {} => ActionKind::Restore,
        }
    }
}

text_enum!(
    /// What has become of an action.
    ActionState, "action state" {
        /// Its work follows.
        Queued => "queued",
        Done => "done",
        /// It met a refusal; the sentence and the code say which.
        Failed => "failed",
        /// Taken back before it left.
        Undone => "undone",
    }
);

/// An action that somebody asked for, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderAction {
    pub id: ActionId,
    pub order_id: OrderId,
    pub request: ActionRequest,
    pub state: ActionState,
    /// `store`, `orderbridge`, or the e-mail address of a person.
    pub actor: String,
    /// What came out, or why it still waits, in a sentence.
    pub result: Option<String>,
    /// The issue that it ended in.
    pub code: Option<IssueCode>,
    pub created_at: DateTime<Utc>,
    /// When it leaves; until then it can be taken back, if it is one of those that wait.
    pub leaves_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A carrier as TikTok Shop names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelCarrier {
    pub id: String,
    pub name: String,
}

/// A reason as TikTok Shop lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelReason {
    /// What to send.
    pub key: String,
    /// What to show.
    pub text: String,
}

/// One unit of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderUnit {
    /// TikTok Shop's id.
    pub line_item_id: String,
    /// Product and variant.
    pub label: String,
}

/// A buyer's request to cancel that awaits an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CancellationRequest {
    pub id: String,
    /// Why the buyer wants to cancel.
    pub reason: Option<String>,
    /// TikTok Shop accepts it by itself after this time.
    pub deadline: Option<DateTime<Utc>>,
    pub reject_reasons: Vec<ChannelReason>,
}

/// What the forms of an order's actions offer: TikTok Shop's own lists, as they were last read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActionOptions {
    /// False while TikTok Shop is being asked; the order's next event says that there is more.
    pub complete: bool,
    /// Carriers for the order's delivery option and route.
    pub carriers: Vec<ChannelCarrier>,
    /// Reasons for which the order can be canceled now.
    pub cancel_reasons: Vec<ChannelReason>,
    /// The units that can be canceled by themselves; empty where TikTok Shop cancels whole orders only, as in the EU.
    pub cancelable_units: Vec<OrderUnit>,
    /// Why it cannot be canceled, in TikTok Shop's words.
    pub not_cancelable: Option<String>,
    pub cancellation_request: Option<CancellationRequest>,
    /// Carrier and tracking number as the store has them, translated by the carrier map.
    pub suggested_carrier_id: Option<String>,
    pub suggested_tracking_number: Option<String>,
    /// Packages whose carrier and number TikTok Shop still lets us correct.
    pub correctable_package_ids: Vec<String>,
}

/// A label that TikTok Shop made. Whoever has the address reads the buyer's, so no cache may keep it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShippingLabel {
    pub package_id: String,
    pub url: String,
    pub tracking_number: Option<String>,
    pub expires_at: DateTime<Utc>,
}

/// A note for colleagues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderNote {
    pub id: i64,
    pub author: String,
    pub text: String,
    pub at: DateTime<Utc>,
}

/// A request to do the same with many orders. Give either ids or a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StartBulkRun {
    pub request: ActionRequest,
    #[serde(default)]
    pub order_ids: Vec<OrderId>,
    /// The orders that match now are meant, also when they change.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::filter::pairs_schema))]
    pub filter: Option<Vec<(String, String)>>,
    /// Orders that the filter matches and that are left out.
    #[serde(default)]
    pub except: Vec<OrderId>,
}

text_enum!(
    /// How far a bulk run has come.
    BulkRunState, "bulk run state" {
        Running => "running",
        Stopped => "stopped",
        Done => "done",
    }
);

text_enum!(
    /// What became of one order of a bulk run.
    BulkOutcome, "bulk outcome" {
        /// Not its turn yet.
        Pending => "pending",
        /// Its work follows.
        Queued => "queued",
        Done => "done",
        Failed => "failed",
        /// The order does not allow the action.
        Refused => "refused",
        /// Stopped, or taken back, before its turn came.
        Left => "left",
    }
);

/// A run over many orders: its progress, then its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkRun {
    pub id: BulkRunId,
    pub request: ActionRequest,
    pub state: BulkRunState,
    pub actor: String,
    pub total: i64,
    pub pending: i64,
    pub queued: i64,
    pub done: i64,
    pub failed: i64,
    pub refused: i64,
    pub left: i64,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// One order of a bulk run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkRunOrder {
    pub order_id: OrderId,
    pub tiktok_order_id: TikTokOrderId,
    pub outcome: BulkOutcome,
    /// Why it was refused or failed, in a sentence.
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_their_action() {
        for (text, kind) in [
            (r#"{"action":"sync"}"#, ActionKind::Sync),
            (r#"{"action":"ship","carrier_id":"1","tracking_number":"JX1"}"#, ActionKind::Ship),
            (r#"{"action":"cancel","reason":"seller_cancel_reason_out_of_stock"}"#, ActionKind::Cancel),
            (r#"{"action":"mark_handled","code":"ADDRESS_CHANGED"}"#, ActionKind::MarkHandled),
        ] {
            let request: ActionRequest = serde_json::from_str(text).unwrap();
            assert_eq!(request.kind(), kind, "{text}");
            let again: ActionRequest =
                serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
            assert_eq!(again, request);
        }
        for wrong in [r#"{"action":"ship","carrier":"1"}"#, r#"{"action":"sync","force":true}"#, r"{}"] {
            assert!(serde_json::from_str::<ActionRequest>(wrong).is_err(), "{wrong}");
        }
    }
}
