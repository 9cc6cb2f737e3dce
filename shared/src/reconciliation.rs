use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{ConnectionId, ReconciliationId};

/// How many days back a comparison looks unless told otherwise.
pub const RECONCILE_DAYS: u32 = 7;
/// At most so many days back.
pub const MOST_RECONCILE_DAYS: u32 = 90;

text_enum!(
    /// How far a comparison has come.
    ReconciliationState, "reconciliation state" {
        Queued => "queued",
        Running => "running",
        Done => "done",
        /// It could not be ended; `error` says why.
        Failed => "failed",
        /// Somebody stopped it; what was found until then stays found.
        Canceled => "canceled",
    }
);

/// A request to compare TikTok Shop, orderbridge and the store now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StartReconciliation {
    /// How many days back (1 to 90); 7 unless given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 90))]
    pub days: Option<u32>,
}

/// A comparison of TikTok Shop, orderbridge and the store: its progress, then its receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reconciliation {
    pub id: ReconciliationId,
    pub connection_id: ConnectionId,
    pub state: ReconciliationState,
    /// `orderbridge` for the nightly one, else the e-mail address of who started it.
    pub actor: String,
    /// Orders that TikTok Shop changed from this time on are compared.
    pub from: DateTime<Utc>,
    /// Up to this time, the beginning of the comparison.
    pub until: DateTime<Utc>,
    /// Orders that TikTok Shop listed.
    pub seen_on_tiktok: i64,
    /// Of our orders in the window, those that the store was asked about and showed.
    pub seen_in_store: i64,
    /// Orders whose three sides were compared.
    pub compared: i64,
    /// Orders that TikTok Shop has and we had not heard of; they are read since.
    pub missing_here: i64,
    /// Orders that TikTok Shop shows newer than we had them; they are read again since.
    pub behind: i64,
    /// Store orders that are gone.
    pub missing_in_store: i64,
    /// Differences that were found and that nobody chose to ignore, those counted above left out.
    pub differences: i64,
    /// Differences of earlier comparisons that are gone.
    pub healed: i64,
    /// Everything agreed: a clean night.
    pub clean: bool,
    /// Why it failed, in words.
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}
