//! How the installation is doing.

use chrono::TimeDelta;
use shared::{AlertKind, OrderId, Reconciliation};

use crate::components::money::count;
use crate::components::time::coarse;

sentences! {
    HEALTH "Health"
    HEALTH_NOT_LOADED "The health could not be loaded"
    NO_HEALTH_YET "As soon as a shop is connected, its health is shown here."
    OPEN_ALERTS "Open alerts"
    ALL_WELL "All well"
    NEEDS_A_LOOK "Needs a look"
    NEEDS_YOU "Needs you"
    MARK_WARNING "(worth a look)"
    MARK_BAD "(needs you)"
    QUEUE "Work in the queue"
    IMPORT_SUCCESS "Imported within 24 h"
    TIKTOK_AUTHORIZATION "TikTok Shop authorization"
    ANSWERS "answers"
    DOES_NOT_ANSWER "does not answer"
    IS_TRIED_AGAIN "is being tried again"
    SLOWED_DOWN "asked for fewer calls"
    COMPARE_NOW "Compare both sides now"
    COMPARING "Both sides are being compared."
    NOT_COMPARED_YET "Both sides are compared every night; the first comparison is still to come."
}

pub fn ago(span: &str) -> String {
    format!("{span} ago")
}

pub fn days_left(days: i64) -> String {
    match days {
        ..=0 => "has ended".to_owned(),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    }
}

pub fn clock_is_off(seconds: i64) -> String {
    format!(
        "The server's clock is {seconds} s off the database's, so it does no work. Set the server's clock right."
    )
}

pub fn oldest_waiting(id: OrderId, waited: TimeDelta) -> String {
    format!("Order {id} has been waiting longest, for {}", coarse(waited))
}

/// What a comparison found, in a sentence.
pub fn receipt(last: &Reconciliation) -> String {
    if let Some(error) = &last.error {
        return format!("The last comparison failed: {error}");
    }
    let compared = count(last.compared);
    if last.clean {
        return format!("Clean: {compared} orders compared, both sides agree.");
    }
    let found = [
        (last.missing_here, "missing here"),
        (last.behind, "behind"),
        (last.missing_in_store, "gone from the store"),
        (last.differences, "different"),
    ];
    let found: Vec<_> = found
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, words)| format!("{words} {}", count(number)))
        .collect();
    format!("{compared} orders compared: {}.", found.join(", "))
}

pub const fn alert_kind(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::AuthorizationEnds => "TikTok Shop authorization",
        AlertKind::SyncLag => "Orders arrive late",
        AlertKind::QueueLag => "Work waits long",
        AlertKind::QueueDepth => "Work piles up",
        AlertKind::OrderWaiting => "Orders wait for their import",
        AlertKind::WebhooksMissing => "Notifications are missing",
        AlertKind::TikTokDown => "TikTok Shop does not answer",
        AlertKind::StoreDown => "The store does not answer",
        AlertKind::NewErrors => "Many new errors",
        AlertKind::LowSuccess => "Few imports succeed",
        AlertKind::SlowImports => "Imports take long",
        AlertKind::ShipBy => "Ship-by times",
        AlertKind::Reconciliation => "Nightly comparison",
    }
}

/// What the banner says when orders do not arrive or are not imported.
pub fn trouble(connection: &str, problem: &str, others: usize) -> String {
    match others {
        0 => format!("{connection}: {problem}"),
        others => format!("{connection}: {problem} ({others} more)"),
    }
}
