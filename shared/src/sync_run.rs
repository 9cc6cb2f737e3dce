use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{ConnectionId, SyncRunId};

text_enum!(
    /// How far a run has come.
    SyncRunState, "run state" {
        Queued => "queued",
        Running => "running",
        Done => "done",
        Failed => "failed",
        /// Somebody stopped it: nothing further is listed, and what was listed is still read.
        Canceled => "canceled",
    }
);

/// A request to pull orders from TikTok Shop now; without a range, everything since the last poll.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FetchOrders {
    /// Only orders updated at or after this time; at most 90 days back.
    #[serde(default)]
    pub updated_since: Option<DateTime<Utc>>,
    /// Only orders updated before this time.
    #[serde(default)]
    pub updated_before: Option<DateTime<Utc>>,
}

/// One run of "fetch orders": its progress, then its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncRun {
    pub id: SyncRunId,
    pub connection_id: ConnectionId,
    pub state: SyncRunState,
    pub updated_since: Option<DateTime<Utc>>,
    pub updated_before: Option<DateTime<Utc>>,
    /// Orders that TikTok Shop listed.
    pub seen: i64,
    /// Of these, orders that were new to us.
    pub new: i64,
    /// Of these, known orders that had changed.
    pub updated: i64,
    /// Of these, orders that cannot be imported until somebody acts.
    pub blocked: i64,
    /// Orders listed and still to be read.
    pub pending: i64,
    /// Why the run failed, in words.
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}
