//! Reading TikTok's JSON, in which absent, `null`, `""` and `0` all mean "no value".

use std::fmt;

use chrono::{DateTime, Datelike, Utc};
use rust_decimal::Decimal;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde_json::{Map, Value};

/// A place in a JSON document and what is wrong there; never what it holds, which may be a buyer's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub path: String,
    pub problem: String,
}

/// Reads a value found at `path` into a type, after trimming texts and dropping everything that means "no value".
pub(crate) fn read<T: DeserializeOwned>(value: Value, path: &str) -> Result<T, Unreadable> {
    serde_path_to_error::deserialize(without_empty_values(value)).map_err(|error| {
        let inner = error.path().to_string();
        let path = match (path, inner.as_str()) {
            (outer, ".") => outer.to_owned(),
            ("", inner) => inner.to_owned(),
            (outer, inner) if inner.starts_with('[') => format!("{outer}{inner}"),
            (outer, inner) => format!("{outer}.{inner}"),
        };
        Unreadable { path, problem: problem_of(error.inner()) }
    })
}

/// Reads raw bytes as JSON.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Unreadable> {
    serde_json::from_slice(body).map_err(|error| {
        let problem = format!("not JSON, line {} column {}", error.line(), error.column());
        Unreadable { path: "$".to_owned(), problem }
    })
}

/// A member that comes under two names, in the announcement and in the reference: the name read here comes second.
///
/// A serde alias would not do, because an answer that holds both names would be a duplicate and fail.
const OTHER_SPELLING: (&str, &str) = ("granted_permissions", "granted_scopes");

/// Members that are lists or objects, where `0` says "no value" too.
const NEVER_NUMBERS: [&str; 8] = [
    "combined_listing_skus",
    "district_info",
    "item_tax",
    "line_items",
    "packages",
    "payment",
    "recipient_address",
    "sub_item_info",
];

/// Drops members and elements that are `null` or `""` and trims texts, so that types need only one kind of absence.
fn without_empty_values(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let present = members.into_iter().map(|(key, value)| (key, without_empty_values(value)));
            let mut members: Map<String, Value> =
                present.filter(|(key, value)| !is_empty(value) && !is_zero_for_none(key, value)).collect();
            let (other, name) = OTHER_SPELLING;
            if let Some(value) = members.remove(other) {
                members.entry(name).or_insert(value);
            }
            Value::Object(members)
        }
        Value::Array(elements) => {
            Value::Array(elements.into_iter().map(without_empty_values).filter(|v| !is_empty(v)).collect())
        }
        // PostgreSQL has no text with that character in it.
        Value::String(text) => Value::String(text.replace('\0', "").trim().to_owned()),
        other => other,
    }
}

fn is_zero_for_none(key: &str, value: &Value) -> bool {
    NEVER_NUMBERS.contains(&key) && (value.as_i64() == Some(0) || value.as_str() == Some("0"))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// What serde says, without the value it met: `invalid type: string "Camille", expected u64` tells a name.
fn problem_of(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let met = ["invalid type: ", "invalid value: "].iter().find_map(|prefix| message.strip_prefix(prefix));
    match met {
        Some(met) => {
            let kind = met.split([' ', ',']).next().unwrap_or("value");
            let expected =
                message.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
            format!("found {kind}, expected {expected}")
        }
        None if message.starts_with("missing field") => message,
        None => "malformed value".to_owned(),
    }
}

/// Accepts a number where a text belongs, digit by digit: ids may exceed 2^53.
struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<String, E> {
        Ok(flag.to_string())
    }
}

/// A text that must be there, perhaps written as a number.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(TextVisitor)
}

/// A text that may be missing.
pub(crate) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer).map(Some)
}

/// An id that may be missing; `0` is no id.
pub(crate) fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer).map(|id| Some(id).filter(|id| id != "0"))
}

/// Texts or numbers as texts.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Text(#[serde(deserialize_with = "text")] String);
    let texts: Vec<Text> = de::Deserialize::deserialize(deserializer)?;
    Ok(texts.into_iter().map(|Text(text)| text).collect())
}

/// Nothing costs as much, in whatever currency, so sums and products of amounts never come to the end of decimals.
const TOO_LARGE: i64 = 1_000_000_000_000;

/// Money or a rate as an exact decimal; "no value" is zero.
pub(crate) fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let amount = Decimal::from_str_exact(&text(deserializer)?).ok();
    amount.filter(|amount| amount.abs() < TOO_LARGE.into()).ok_or_else(|| malformed("a decimal number"))
}

/// Unix seconds; `0` is no time. The years are those that have four digits everywhere.
pub(crate) fn optional_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = text(deserializer)?;
    let seconds: i64 = text.parse().map_err(|_| malformed("unix seconds"))?;
    if seconds == 0 {
        return Ok(None);
    }
    let time = DateTime::from_timestamp(seconds, 0).filter(|time| (1970..=9999).contains(&time.year()));
    time.map(Some).ok_or_else(|| malformed("unix seconds"))
}

/// Unix seconds that must be there.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    optional_time(deserializer)?.ok_or_else(|| malformed("unix seconds"))
}

/// A flag, also when written as a text or a number.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match text(deserializer)?.as_str() {
        "true" | "TRUE" | "True" | "1" => Ok(true),
        "false" | "FALSE" | "False" | "0" => Ok(false),
        _ => Err(malformed("a flag")),
    }
}

/// A whole number, also when written as a text.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    text(deserializer)?.parse().map_err(|_| malformed("a whole number"))
}

pub(crate) fn optional_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    integer(deserializer).map(Some)
}

fn malformed<E: de::Error>(expected: &'static str) -> E {
    E::invalid_value(de::Unexpected::Other("value"), &expected)
}

/// An enum of known texts that keeps every other text in `Other`.
macro_rules! open_text {
    ($(#[$about:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $text:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$note])* $variant,)+
            /// A text this client does not know, kept as it came.
            Other(String),
        }

        impl $name {
            /// The text on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text $(| $alias)* => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::text(deserializer).map(|text| Self::from(text.as_str()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use open_text;

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(default)]
    struct Sample {
        #[serde(deserialize_with = "optional_id")]
        id: Option<String>,
        #[serde(deserialize_with = "decimal")]
        amount: Decimal,
        #[serde(deserialize_with = "optional_time")]
        paid_time: Option<DateTime<Utc>>,
        #[serde(deserialize_with = "flag")]
        is_gift: bool,
        lines: Vec<String>,
    }

    impl Default for Sample {
        fn default() -> Self {
            Self { id: None, amount: Decimal::ZERO, paid_time: None, is_gift: false, lines: Vec::new() }
        }
    }

    #[test]
    fn every_kind_of_no_value_reads_alike() {
        let nothings = [
            json!({}),
            json!({"id": null, "amount": null, "paid_time": null, "is_gift": null, "lines": null}),
            json!({"id": "", "amount": "", "paid_time": "", "is_gift": "", "lines": ""}),
            json!({"id": "  \n", "amount": " ", "paid_time": "0", "is_gift": 0, "lines": [null, ""]}),
            json!({"id": 0, "amount": 0, "paid_time": 0, "is_gift": "false"}),
        ];

        for nothing in nothings {
            assert_eq!(read::<Sample>(nothing.clone(), "data"), Ok(Sample::default()), "{nothing}");
        }
    }

    #[test]
    fn amounts_are_exact_and_long_ids_keep_their_digits() {
        let cases =
            [(json!("119"), "119"), (json!("4.9\n"), "4.9"), (json!(4.9), "4.9"), (json!(" 46.89"), "46.89")];
        for (amount, expected) in cases {
            let sample: Sample =
                read(json!({"amount": amount, "id": 7_494_845_267_308_415_301_u64}), "").unwrap();

            assert_eq!(sample.amount.to_string(), expected);
            assert_eq!(sample.id.as_deref(), Some("7494845267308415301"));
        }
    }

    #[test]
    fn a_problem_names_the_place_and_never_the_value() {
        let wrong_type =
            read::<Sample>(json!({"lines": ["a", {"name": "Camille"}]}), "data.orders[0]").unwrap_err();
        let wrong_value = read::<Sample>(json!({"amount": "Camille, expected Durand"}), "data").unwrap_err();
        let wrong_list = read::<Sample>(json!({"lines": "Camille"}), "data").unwrap_err();

        assert_eq!(wrong_type.path, "data.orders[0].lines[1]");
        assert_eq!(wrong_type.problem, "found map, expected a string");
        assert_eq!(
            wrong_value,
            Unreadable {
                path: "data.amount".into(),
                problem: "found value, expected a decimal number".into()
            }
        );
        assert!(!format!("{wrong_list:?}").contains("Camille"));
    }
}
