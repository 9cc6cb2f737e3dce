//! The time zone of the shop, which its dates are in without saying so.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};

/// A time zone that the shop can be set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeZone {
    /// Universal time.
    #[default]
    Utc,
    /// Central European time with its summer time.
    Paris,
    /// British time with its summer time.
    London,
    /// Eastern American time with its summer time.
    NewYork,
    /// So many minutes ahead of universal time.
    Fixed(i32),
}

impl TimeZone {
    /// The clock on the wall of the shop.
    #[must_use]
    pub fn local(self, time: DateTime<Utc>) -> NaiveDateTime {
        let minutes = match self {
            Self::Utc => 0,
            Self::Paris => 60 + european_summer(time),
            Self::London => european_summer(time),
            Self::NewYork => -300 + american_summer(time),
            Self::Fixed(minutes) => minutes,
        };
        time.naive_utc() + TimeDelta::minutes(i64::from(minutes))
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utc => formatter.write_str("UTC"),
            Self::Paris => formatter.write_str("Europe/Paris"),
            Self::London => formatter.write_str("Europe/London"),
            Self::NewYork => formatter.write_str("America/New_York"),
            Self::Fixed(minutes) => {
                let sign = if *minutes < 0 { '-' } else { '+' };
                write!(formatter, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

impl FromStr for TimeZone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "UTC" => return Ok(Self::Utc),
            "Europe/Paris" | "Europe/Berlin" | "Europe/Madrid" | "Europe/Rome" => return Ok(Self::Paris),
            "Europe/London" | "Europe/Dublin" | "Europe/Lisbon" => return Ok(Self::London),
            "America/New_York" => return Ok(Self::NewYork),
            _ => {}
        }
        let unknown = || {
            format!(
                "unknown time zone {text}: use UTC, Europe/Paris, Europe/London, \
                                  America/New_York or an offset such as +05:30"
            )
        };
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => return Err(unknown()),
        };
        let (hours, minutes) = rest.split_once(':').ok_or_else(unknown)?;
        let hours: i32 = hours.parse().map_err(|_| unknown())?;
        let minutes: i32 = minutes.parse().map_err(|_| unknown())?;
        Ok(Self::Fixed(sign * (hours * 60 + minutes)))
    }
}

/// 60 from the last Sunday of March to the last Sunday of October, each at 01:00 UTC.
fn european_summer(time: DateTime<Utc>) -> i32 {
    let year = time.year();
    let change = |month| last_sunday(year, month).and_hms_opt(1, 0, 0).map(|change| change.and_utc());
    let summer = change(3).zip(change(10)).is_some_and(|(start, end)| start <= time && time < end);
    if summer { 60 } else { 0 }
}

/// 60 from the second Sunday of March, 07:00 UTC, to the first Sunday of November, 06:00 UTC.
fn american_summer(time: DateTime<Utc>) -> i32 {
    let year = time.year();
    let sunday = |month, number| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, number);
    let start = sunday(3, 2).and_then(|day| day.and_hms_opt(7, 0, 0)).map(|change| change.and_utc());
    let end = sunday(11, 1).and_then(|day| day.and_hms_opt(6, 0, 0)).map(|change| change.and_utc());
    let summer = start.zip(end).is_some_and(|(start, end)| start <= time && time < end);
    if summer { 60 } else { 0 }
}

fn last_sunday(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, 5)
        .or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, 4))
        .expect("every month has four Sundays")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paris_is_an_hour_ahead_in_winter_and_two_in_summer() {
        let winter = "2026-01-15T12:00:00Z".parse().unwrap();
        let summer = "2026-07-15T12:00:00Z".parse().unwrap();

        assert_eq!(TimeZone::Paris.local(winter).to_string(), "2026-01-15 13:00:00");
        assert_eq!(TimeZone::Paris.local(summer).to_string(), "2026-07-15 14:00:00");
        assert_eq!(TimeZone::NewYork.local(summer).to_string(), "2026-07-15 08:00:00");
    }

    #[test]
    fn offsets_can_be_read() {
        assert_eq!("+05:30".parse(), Ok(TimeZone::Fixed(330)));
        assert_eq!("-03:00".parse(), Ok(TimeZone::Fixed(-180)));
        assert!("Mars/Base".parse::<TimeZone>().is_err());
    }
}
