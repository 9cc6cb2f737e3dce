//! Questions to a list: filters, fields, order and limits, percent-encoded.

use std::fmt::{Display, Write};

use chrono::NaiveDateTime;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::decode::DATE_TIME_FORMAT;
use crate::error::{Error, RefusalKind};

/// Everything but RFC 3986's unreserved characters, so that no value can become an operator or a parameter.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameters of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Asks for all fields.
    pub(crate) fn full() -> Self {
        Self::default().with("display", "full")
    }

    /// Asks for these fields only.
    pub(crate) fn fields(fields: &str) -> Self {
        Self::default().with("display", format!("[{fields}]"))
    }

    /// Asks for nothing but ids.
    pub(crate) fn ids() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// Keeps entities whose field is equal to a number or another value without operators in it.
    pub(crate) fn filter(self, field: &str, value: impl Display) -> Self {
        self.with(&format!("filter[{field}]"), value)
    }

    /// Keeps entities whose field is equal to a text from outside.
    ///
    /// Brackets would make the shop read the text as an expression and there is no way to escape them, so such a text
    /// is refused here, as are the other operators for safety.
    pub(crate) fn filter_text(self, field: &str, text: &str) -> Result<Self, Error> {
        if can_be_filtered(text) {
            Ok(self.filter(field, text))
        } else {
            Err(Error::refused_here(RefusalKind::FieldInvalid { field: field.to_owned() }))
        }
    }

    /// Keeps entities whose field is one of these.
    pub(crate) fn filter_any(self, field: &str, values: impl IntoIterator<Item = impl Display>) -> Self {
        let mut list = String::new();
        for value in values {
            let separator = if list.is_empty() { "" } else { "|" };
            write!(list, "{separator}{value}").expect("writing to a string does not fail");
        }
        self.filter(field, format!("[{list}]"))
    }

    /// Keeps entities whose id is greater.
    pub(crate) fn after_id(self, id: u64) -> Self {
        self.filter("id", format!(">[{id}]"))
    }

    /// Keeps entities whose date lies between the two, both included.
    pub(crate) fn between(self, field: &str, from: NaiveDateTime, until: NaiveDateTime) -> Self {
        let (from, until) = (from.format(DATE_TIME_FORMAT), until.format(DATE_TIME_FORMAT));
        // Dates are only filterable when the question says that there is one.
        self.filter(field, format!("[{from},{until}]")).with("date", 1)
    }

    /// The percent-encoded form; `None` if there are no parameters.
    pub(crate) fn encoded(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let pairs = self.0.iter().map(|(name, value)| {
            format!("{}={}", utf8_percent_encode(name, ENCODED), utf8_percent_encode(value, ENCODED))
        });
        Some(pairs.collect::<Vec<_>>().join("&"))
    }
}

/// Whether a text can be searched for as it is.
pub(crate) fn can_be_filtered(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(['[', ']', '|', '%']) && !text.starts_with(['<', '>', '!'])
}

/// Whether a text can also be one of several: a comma might be taken for an interval.
pub(crate) fn can_be_listed(text: &str) -> bool {
    can_be_filtered(text) && !text.contains(',')
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn every_operator_is_percent_encoded() {
        let day = NaiveDate::from_ymd_opt(2026, 8, 1).unwrap();
        let from = day.and_hms_opt(0, 0, 0).unwrap();
        let until = day.and_hms_opt(10, 2, 3).unwrap();

        let query = Query::fields("id,date_upd").between("date_upd", from, until).after_id(7);

        assert_eq!(
            query.encoded().unwrap(),
            "display=%5Bid%2Cdate_upd%5D\
             &filter%5Bdate_upd%5D=%5B2026-08-01%2000%3A00%3A00%2C2026-08-01%2010%3A02%3A03%5D&date=1\
             &filter%5Bid%5D=%3E%5B7%5D"
        );
    }

    #[test]
    fn an_or_list_is_joined_by_bars() {
        let query = Query::ids().filter_any("id", [1, 5]);

        assert_eq!(query.encoded().unwrap(), "filter%5Bid%5D=%5B1%7C5%5D");
    }

    #[test]
    fn a_text_cannot_become_another_parameter() {
        let query = Query::ids().filter_text("email", "a+b&ws_key=x@é.fr").unwrap();

        assert_eq!(query.encoded().unwrap(), "filter%5Bemail%5D=a%2Bb%26ws_key%3Dx%40%C3%A9.fr");
    }

    #[test]
    fn texts_the_shop_would_read_as_expressions_are_refused() {
        for text in ["a[b", "[1|2]", "50%", ">5", "!x", "<1", "", "  "] {
            assert!(Query::ids().filter_text("reference", text).is_err(), "{text}");
        }
        assert!(can_be_filtered("1,10") && !can_be_listed("1,10"));
        assert!(can_be_listed("tiktok:576461413038785752"));
    }

    #[test]
    fn no_parameters_are_no_query() {
        assert_eq!(Query::ids().encoded(), None);
    }
}
