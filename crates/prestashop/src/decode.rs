//! Reading the webservice's values: `0/1`, decimals as text, `0` for "no id", shop-local dates without an offset.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{Datelike, NaiveDateTime};
use rust_decimal::Decimal;

use crate::error::DecodeError;
use crate::ids::LanguageId;
use crate::resource::Resource;
use crate::xml::Element;

/// The form of every date the webservice writes and reads, in the shop's own time zone.
pub(crate) const DATE_TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// No amount and no rate of a shop is as large, so sums and products never come to the end of decimals.
const TOO_LARGE: i64 = 1_000_000_000_000;

/// The longest name of an element that an error repeats.
const LONGEST_NAME: usize = 64;

/// Something the webservice lists and hands out one by one.
pub trait Entity: Sized {
    /// Where it lives.
    const RESOURCE: Resource;

    /// Reads one from its element, which holds all fields (`display=full`, or fetched by id).
    ///
    /// # Errors
    /// If a field that is always there is missing, or has another shape.
    fn decode(element: &Element) -> Result<Self, DecodeError>;
}

/// A text in the languages of the shop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Localized(pub BTreeMap<LanguageId, String>);

impl Localized {
    /// The text in this language, or else in the first one that has any.
    #[must_use]
    pub fn in_language(&self, language: LanguageId) -> Option<&str> {
        let wanted = self.0.get(&language).filter(|text| !text.is_empty());
        wanted.or_else(|| self.0.values().find(|text| !text.is_empty())).map(String::as_str)
    }

    /// The same text in each of these languages.
    #[must_use]
    pub fn same_in(languages: impl IntoIterator<Item = LanguageId>, text: &str) -> Self {
        Self(languages.into_iter().map(|language| (language, text.to_owned())).collect())
    }

    pub(crate) fn to_element(&self, name: &str) -> Element {
        self.0.iter().fold(Element::new(name), |element, (language, text)| {
            element.with_child(Element::with_text("language", text).with_attribute("id", language))
        })
    }
}

impl Element {
    /// The text of a field; empty is a text too.
    pub(crate) fn field(&self, name: &str) -> Result<&str, DecodeError> {
        self.child(name).map(Self::text).ok_or_else(|| self.unreadable(name))
    }

    /// The text of a field, or nothing if this version of the shop does not have it.
    pub(crate) fn text_or_empty(&self, name: &str) -> String {
        self.child(name).map(Self::text).unwrap_or_default().to_owned()
    }

    /// A field that must hold an id.
    pub(crate) fn id<I: From<u64>>(&self, name: &str) -> Result<I, DecodeError> {
        self.optional_id(name)?.ok_or_else(|| self.unreadable(name))
    }

    /// A field that may hold an id: `0`, empty and missing all mean none.
    pub(crate) fn optional_id<I: From<u64>>(&self, name: &str) -> Result<Option<I>, DecodeError> {
        match self.child(name).map(Self::text) {
            None | Some("" | "0") => Ok(None),
            Some(text) => text.parse::<u64>().map(|id| Some(I::from(id))).map_err(|_| self.unreadable(name)),
        }
    }

    /// A field with a whole number.
    pub(crate) fn number<N: FromStr>(&self, name: &str) -> Result<N, DecodeError> {
        self.field(name)?.parse().map_err(|_| self.unreadable(name))
    }

    /// A field with a whole number that the shop leaves empty or out when it is zero.
    pub(crate) fn number_or_zero<N: FromStr + Default>(&self, name: &str) -> Result<N, DecodeError> {
        match self.child(name).map(Self::text) {
            None | Some("") => Ok(N::default()),
            Some(text) => text.parse().map_err(|_| self.unreadable(name)),
        }
    }

    /// A field with an amount, a rate or another decimal.
    pub(crate) fn decimal(&self, name: &str) -> Result<Decimal, DecodeError> {
        let number = Decimal::from_str_exact(self.field(name)?).ok();
        number.filter(|number| number.abs() < TOO_LARGE.into()).ok_or_else(|| self.unreadable(name))
    }

    /// A decimal that the shop leaves empty or out when it is zero.
    pub(crate) fn decimal_or_zero(&self, name: &str) -> Result<Decimal, DecodeError> {
        match self.child(name).map(Self::text) {
            None | Some("") => Ok(Decimal::ZERO),
            Some(_) => self.decimal(name),
        }
    }

    /// A yes or no; empty and missing mean no.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, DecodeError> {
        match self.child(name).map(Self::text) {
            None | Some("" | "0") => Ok(false),
            Some("1") => Ok(true),
            Some(_) => Err(self.unreadable(name)),
        }
    }

    /// A shop-local date; `0000-00-00 00:00:00`, empty and missing mean none.
    pub(crate) fn date(&self, name: &str) -> Result<Option<NaiveDateTime>, DecodeError> {
        match self.child(name).map(Self::text) {
            None | Some("") => Ok(None),
            Some(text) if text.starts_with("0000-00-00") => Ok(None),
            Some(text) => NaiveDateTime::parse_from_str(text, DATE_TIME_FORMAT)
                .ok()
                .filter(|date| (1..=9999).contains(&date.year()))
                .map(Some)
                .ok_or_else(|| self.unreadable(name)),
        }
    }

    /// A text in several languages.
    pub(crate) fn localized(&self, name: &str) -> Result<Localized, DecodeError> {
        let Some(field) = self.child(name) else { return Ok(Localized::default()) };
        let texts = field.children().iter().map(|language| {
            let id = language.attribute("id").and_then(|id| id.parse().ok());
            let id = id.map(LanguageId).ok_or_else(|| self.unreadable(name))?;
            Ok((id, language.text().to_owned()))
        });
        texts.collect::<Result<_, _>>().map(Localized)
    }

    pub(crate) fn unreadable(&self, field: &str) -> DecodeError {
        // What stands in the place of an entity may have any name.
        let name: String = self.name().chars().take(LONGEST_NAME).collect();
        DecodeError { path: format!("{name}/{field}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OrderId;

    fn element(value: &str) -> Element {
        Element::new("order").with("f", value)
    }

    #[test]
    fn no_id_is_none_in_all_three_spellings() {
        assert_eq!(element("0").optional_id::<OrderId>("f"), Ok(None));
        assert_eq!(element("").optional_id::<OrderId>("f"), Ok(None));
        assert_eq!(element("").optional_id::<OrderId>("other"), Ok(None));
        assert_eq!(element("7").optional_id("f"), Ok(Some(OrderId(7))));
        assert_eq!(element("0").id::<OrderId>("f").unwrap_err().path, "order/f");
        assert_eq!(element("-1").id::<OrderId>("f").unwrap_err().path, "order/f");
    }

    #[test]
    fn no_date_is_none_and_a_bad_one_an_error() {
        assert_eq!(element("0000-00-00 00:00:00").date("f"), Ok(None));
        assert_eq!(element("").date("f"), Ok(None));
        let date = element("2026-11-23 07:12:29").date("f").unwrap().unwrap();
        assert_eq!(date.to_string(), "2026-11-23 07:12:29");
        assert!(element("yesterday").date("f").is_err());
    }

    #[test]
    fn decimals_and_flags_are_exact_or_errors() {
        assert_eq!(element("54.290000").decimal("f"), Ok(Decimal::new(54_290_000, 6)));
        assert!(element("").decimal("f").is_err());
        assert_eq!(element("").decimal_or_zero("f"), Ok(Decimal::ZERO));
        assert!(element("1e3").decimal("f").is_err());
        assert_eq!(element("1").flag("f"), Ok(true));
        assert!(element("yes").flag("f").is_err());
    }

    #[test]
    fn a_missing_language_falls_back_to_one_that_has_a_text() {
        let texts = Localized([(LanguageId(1), String::new()), (LanguageId(2), "Payé".to_owned())].into());

        assert_eq!(texts.in_language(LanguageId(2)), Some("Payé"));
        assert_eq!(texts.in_language(LanguageId(1)), Some("Payé"));
        assert_eq!(Localized::default().in_language(LanguageId(1)), None);
    }
}
