//! Spans of days as people choose them, in their own zone.

use chrono::{DateTime, TimeDelta, Utc};
use shared::TimeRange;

use crate::browser;
use crate::components::time::day;

/// A span that can be chosen with one click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    Today,
    Yesterday,
    Last7Days,
    Last30Days,
}

impl Preset {
    pub const ALL: [Self; 4] = [Self::Today, Self::Yesterday, Self::Last7Days, Self::Last30Days];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Yesterday => "Yesterday",
            Self::Last7Days => "Last 7 days",
            Self::Last30Days => "Last 30 days",
        }
    }

    /// The span; `midnight(n)` is when the day began that is `n` days before today.
    pub fn range(self, midnight: impl Fn(i32) -> DateTime<Utc>) -> TimeRange {
        match self {
            Self::Today => TimeRange { gte: Some(midnight(0)), lt: None },
            Self::Yesterday => TimeRange { gte: Some(midnight(1)), lt: Some(midnight(0)) },
            Self::Last7Days => TimeRange { gte: Some(midnight(6)), lt: None },
            Self::Last30Days => TimeRange { gte: Some(midnight(29)), lt: None },
        }
    }
}

/// A span in words: the name of a preset, or its first and last day.
pub fn label(
    range: &TimeRange,
    midnight: impl Fn(i32) -> DateTime<Utc>,
    offset_minutes: impl Fn(DateTime<Utc>) -> i32,
) -> Option<String> {
    if let Some(preset) = Preset::ALL.into_iter().find(|preset| preset.range(&midnight) == *range) {
        return Some(preset.label().to_owned());
    }
    let first = range.gte.map(|gte| day(gte, offset_minutes(gte)));
    // The span ends before `lt`; people name the last day that is inside.
    let last = range.lt.map(|lt| lt - TimeDelta::seconds(1)).map(|last| day(last, offset_minutes(last)));
    match (first, last) {
        (Some(first), Some(last)) if first == last => Some(first),
        (Some(first), Some(last)) => Some(format!("{first} – {last}")),
        (Some(first), None) => Some(format!("since {first}")),
        (None, Some(last)) => Some(format!("until {last}")),
        (None, None) => None,
    }
}

/// A span in words, in the user's zone.
pub fn label_here(range: &TimeRange) -> Option<String> {
    label(range, browser::midnight, browser::zone_offset_minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn midnight(days_ago: i32) -> DateTime<Utc> {
        "2026-11-22T23:00:00Z".parse::<DateTime<Utc>>().unwrap() - TimeDelta::days(i64::from(days_ago))
    }

    fn range(gte: Option<&str>, lt: Option<&str>) -> TimeRange {
        TimeRange { gte: gte.map(|time| time.parse().unwrap()), lt: lt.map(|time| time.parse().unwrap()) }
    }

    #[test]
    fn spans_are_named_by_preset_or_by_days() {
        let cases = [
            (range(Some("2026-11-22T23:00:00Z"), None), Some("Today")),
            (range(Some("2026-11-21T23:00:00Z"), Some("2026-11-22T23:00:00Z")), Some("Yesterday")),
            (range(Some("2026-11-16T23:00:00Z"), None), Some("Last 7 days")),
            (
                range(Some("2026-11-09T23:00:00Z"), Some("2026-11-12T23:00:00Z")),
                Some("10 Nov 2026 – 12 Nov 2026"),
            ),
            (range(Some("2026-11-09T23:00:00Z"), Some("2026-11-10T23:00:00Z")), Some("10 Nov 2026")),
            (range(Some("2026-11-09T23:00:00Z"), None), Some("since 10 Nov 2026")),
            (range(None, Some("2026-11-09T23:00:00Z")), Some("until 9 Nov 2026")),
            (range(None, None), None),
        ];

        for (range, words) in cases {
            assert_eq!(label(&range, midnight, |_| 60).as_deref(), words, "{range:?}");
        }
    }
}
