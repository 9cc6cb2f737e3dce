//! Times and spans in words, and the components that show them.

use crate::prelude::*;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

use crate::markup::view;
use crate::{browser, clock};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The day in a zone that is so many minutes ahead of UTC: `23 Nov 2026`.
pub fn day(at: DateTime<Utc>, offset_minutes: i32) -> String {
    let local = at.naive_utc() + TimeDelta::minutes(i64::from(offset_minutes));
    format!("{} {} {}", local.day(), MONTHS[local.month0() as usize], local.year())
}

/// Day and time in a zone that is so many minutes ahead of UTC: `23 Nov 2026, 10:20`.
pub fn day_and_time(at: DateTime<Utc>, offset_minutes: i32) -> String {
    let local = at.naive_utc() + TimeDelta::minutes(i64::from(offset_minutes));
    format!("{}, {:02}:{:02}", day(at, offset_minutes), local.hour(), local.minute())
}

/// How long ago, for anything within a week; the day for anything older.
pub fn ago(now: DateTime<Utc>, at: DateTime<Utc>, offset_minutes: i32) -> String {
    let age = now - at;
    if age < TimeDelta::seconds(-90) || age >= TimeDelta::days(7) {
        day(at, offset_minutes)
    } else if age < TimeDelta::minutes(1) {
        "just now".to_owned()
    } else {
        format!("{} ago", coarse(age))
    }
}

/// A span in its largest unit: `2 d`, `5 h`, `12 min`.
pub fn coarse(span: TimeDelta) -> String {
    match (span.num_days(), span.num_hours(), span.num_minutes()) {
        (0, 0, minutes) => format!("{} min", minutes.max(1)),
        (0, hours, _) => format!("{hours} h"),
        (days, _, _) => format!("{days} d"),
    }
}

/// A span in its two largest units: `2 d 4 h`, `5 h 10 min`, `12 min`.
pub fn fine(span: TimeDelta) -> String {
    let (days, hours, minutes) = (span.num_days(), span.num_hours() % 24, span.num_minutes() % 60);
    match (days, hours) {
        (0, 0) => format!("{} min", minutes.max(1)),
        (0, hours) => format!("{hours} h {minutes} min"),
        (days, hours) => format!("{days} d {hours} h"),
    }
}

/// A duration in milliseconds: `850 ms`, `4.2 s`, `3 min`.
pub fn duration(milliseconds: i64) -> String {
    match milliseconds {
        ..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        60_000.. => fine(TimeDelta::milliseconds(milliseconds)),
    }
}

/// How pressing a deadline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressure {
    Calm,
    /// Less than 24 hours are left.
    Soon,
    Late,
}

impl Pressure {
    pub const fn class(self) -> &'static str {
        match self {
            Self::Calm => "deadline",
            Self::Soon => "deadline soon",
            Self::Late => "deadline late",
        }
    }
}

/// What is left until a deadline, in words.
pub fn deadline(now: DateTime<Utc>, at: DateTime<Utc>) -> (String, Pressure) {
    let left = at - now;
    if left < TimeDelta::zero() {
        (format!("Late by {}", coarse(-left)), Pressure::Late)
    } else if left < TimeDelta::hours(24) {
        (fine(left), Pressure::Soon)
    } else {
        (fine(left), Pressure::Calm)
    }
}

/// Day and time in the user's zone.
pub fn here(at: DateTime<Utc>) -> String {
    day_and_time(at, browser::zone_offset_minutes(at))
}

/// Day and time in the user's zone, with the zone's name.
pub fn here_with_zone(at: DateTime<Utc>) -> String {
    format!("{} ({})", here(at), browser::zone_name())
}

/// An age that keeps itself up to date; the exact time is in its tooltip.
#[component]
pub fn Ago(
    at: DateTime<Utc>,
    /// Further lines of the tooltip.
    #[prop(optional)]
    more: String,
) -> impl IntoView {
    let title = format!("{}{more}", here_with_zone(at));
    let offset = browser::zone_offset_minutes(at);
    view! {
        <time prop:dateTime=at.to_rfc3339() title=title>
            {move || ago(clock::now(), at, offset)}
        </time>
    }
}

/// The time left until a deadline, which keeps itself up to date.
#[component]
pub fn Deadline(at: DateTime<Utc>) -> impl IntoView {
    let title = format!("Ship before {}", here_with_zone(at));
    view! {
        <time prop:dateTime=at.to_rfc3339() title=title class=move || deadline(clock::now(), at).1.class().to_owned()>
            {move || deadline(clock::now(), at).0}
        </time>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn ages_are_relative_within_a_week_and_days_afterwards() {
        let now = at("2026-11-23T10:00:00Z");
        let cases = [
            ("2026-11-23T09:59:30Z", "just now"),
            ("2026-11-23T10:00:40Z", "just now"),
            ("2026-11-23T09:55:00Z", "5 min ago"),
            ("2026-11-23T07:01:00Z", "2 h ago"),
            ("2026-11-17T10:00:00Z", "6 d ago"),
            ("2026-11-16T10:00:00Z", "16 Nov 2026"),
            ("2026-12-24T23:30:00Z", "25 Dec 2026"),
        ];

        for (time, words) in cases {
            assert_eq!(ago(now, at(time), 60), words, "{time}");
        }
    }

    #[test]
    fn times_are_shown_in_the_zone_of_the_reader() {
        assert_eq!(day_and_time(at("2026-11-23T23:05:00Z"), 60), "24 Nov 2026, 00:05");
        assert_eq!(day_and_time(at("2026-01-01T03:00:00Z"), -300), "31 Dec 2025, 22:00");
    }

    #[test]
    fn deadlines_press_within_a_day() {
        let now = at("2026-11-23T10:00:00Z");
        let cases = [
            ("2026-11-25T14:30:00Z", "2 d 4 h", Pressure::Calm),
            ("2026-11-24T09:50:00Z", "23 h 50 min", Pressure::Soon),
            ("2026-11-23T10:00:20Z", "1 min", Pressure::Soon),
            ("2026-11-23T06:00:00Z", "Late by 4 h", Pressure::Late),
        ];

        for (time, words, pressure) in cases {
            assert_eq!(deadline(now, at(time)), (words.to_owned(), pressure), "{time}");
        }
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(duration(850), "850 ms");
        assert_eq!(duration(4_250), "4.2 s");
        assert_eq!(duration(185_000), "3 min");
    }
}
