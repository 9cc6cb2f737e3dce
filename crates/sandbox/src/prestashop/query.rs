//! The query string of a request: PHP's arrays, filters, sorting, limits and the choice of fields.

use percent_encoding::percent_decode_str;

use super::answer::Refusal;
use super::record::{Id, Record, Value};
use super::schema::{Kind, Schema};
use super::version::Version;

/// The parameters of a request in their order, decoded.
#[derive(Debug, Clone, Default)]
pub struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Decodes a raw query string as PHP does.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        let decode =
            |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
        let parameters = raw
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                (decode(name), decode(value))
            })
            .collect();
        Self { parameters }
    }

    /// The last value given for a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is there and neither empty nor 0.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_empty() && value != "0")
    }

    /// Field and pattern of each `filter[field]=pattern`; a repeated field keeps its last pattern.
    #[must_use]
    pub fn filters(&self) -> Vec<(&str, &str)> {
        let mut filters: Vec<(&str, &str)> = Vec::new();
        for (name, value) in &self.parameters {
            let Some(field) = name.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']')) else {
                continue;
            };
            match filters.iter_mut().find(|(known, _)| *known == field) {
                Some(entry) => entry.1 = value,
                None => filters.push((field, value)),
            }
        }
        filters
    }

    /// Name and options of each virtual price field, from `price[name][option]=value`.
    #[must_use]
    pub fn prices(&self) -> Vec<(String, Vec<(String, String)>)> {
        let mut prices: Vec<(String, Vec<(String, String)>)> = Vec::new();
        for (name, value) in &self.parameters {
            let Some((price, option)) = name
                .strip_prefix("price[")
                .and_then(|rest| rest.strip_suffix(']'))
                .and_then(|rest| rest.split_once("]["))
            else {
                continue;
            };
            let entry = (option.to_owned(), value.clone());
            match prices.iter_mut().find(|(known, _)| known == price) {
                Some((_, options)) => options.push(entry),
                None => prices.push((price.to_owned(), vec![entry])),
            }
        }
        prices
    }
}

/// Which fields of an entity are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Display {
    /// Ids with links only: a list without `display`.
    Ids,
    /// Everything.
    Full,
    /// These fields, and these fields of these associations (no fields: all of them).
    Fields(Vec<String>, Vec<(String, Vec<String>)>),
}

impl Display {
    /// Reads the `display` parameter.
    ///
    /// # Errors
    /// 35 for a field that the resource does not have, 36 for a value that is no list.
    pub fn parse(
        text: Option<&str>,
        schema: &Schema,
        virtual_fields: &[String],
        version: Version,
    ) -> Result<Self, Refusal> {
        let Some(text) = text else { return Ok(Self::Ids) };
        match text {
            "full" => return Ok(Self::Full),
            "minimum" => return Ok(Self::Ids),
            _ => {}
        }
        let available = || {
            let names: Vec<&str> =
                std::iter::once("id").chain(schema.fields.iter().map(|field| field.name.as_str())).collect();
            names.join(", ")
        };
        let Some(list) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
            return Err(Refusal::of_list(
                36,
                format!(
                    "The 'display' syntax is wrong. You can set 'full' or '[field_1,field_2,field_3,...]'. \
                     These are available: {}",
                    available()
                ),
                version,
            ));
        };
        let mut fields = Vec::new();
        let mut associations = Vec::new();
        for part in split_outside_brackets(list) {
            let unknown = |name: &str, details: &str| {
                Refusal::of_list(
                    35,
                    format!(
                        "Unable to display this field \"{name}{details}\". However, these are available: {}",
                        available()
                    ),
                    version,
                )
            };
            let Some((name, inner)) = part.split_once('[') else {
                let known = part == "id"
                    || schema.has_field(part)
                    || virtual_fields.iter().any(|field| field == part);
                if !known {
                    return Err(unknown(part, ""));
                }
                fields.push(part.to_owned());
                continue;
            };
            let inner: Vec<String> = inner.trim_end_matches(']').split(',').map(str::to_owned).collect();
            let association = schema.associations.iter().find(|known| known.name == name);
            let all_known = association.is_some_and(|association| {
                inner
                    .iter()
                    .all(|field| field == "id" || association.fields.iter().any(|(known, _)| known == field))
            });
            if !all_known {
                let list: String = inner
                    .iter()
                    .enumerate()
                    .map(|(index, field)| format!("  {index} => '{field}',\n"))
                    .collect();
                return Err(unknown(name, &format!(" (details : array (\n{list}))")));
            }
            associations.push((name.to_owned(), inner));
        }
        Ok(Self::Fields(fields, associations))
    }

    /// Whether a field is shown.
    #[must_use]
    pub fn shows(&self, field: &str) -> bool {
        match self {
            Self::Ids => false,
            Self::Full => true,
            Self::Fields(fields, _) => fields.iter().any(|name| name == field),
        }
    }
}

fn split_outside_brackets(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (position, character) in list.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..position].trim());
                start = position + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

/// The word of a list that differs in the fewest letters, the later one among equals.
#[must_use]
pub fn closest<'a>(input: &str, words: &[&'a str]) -> &'a str {
    let mut best: Option<(usize, &'a str)> = None;
    for word in words {
        let distance = levenshtein(input, word);
        if best.is_none_or(|(shortest, _)| distance <= shortest) {
            best = Some((distance, word));
        }
    }
    best.map_or("", |(_, word)| word)
}

fn levenshtein(left: &str, right: &str) -> usize {
    let right: Vec<u8> = right.bytes().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, byte) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 0..right.len() {
            let substituted = diagonal + usize::from(right[column] != byte);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// A condition on one field.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Like(String),
    AnyOf(Vec<String>),
    Between(String, String),
    Above(String),
    Below(String),
    NoneOf(Vec<String>),
    Everything,
}

impl Pattern {
    fn parse(text: &str) -> Self {
        // The shop's expression is greedy: the last brackets that fit.
        let brackets = text.find('[').zip(text.rfind(']')).filter(|(open, close)| open < close);
        let Some((_, close)) = brackets else {
            let is_number = text.trim().parse::<f64>().is_ok();
            return if is_number { Self::Like(text.to_owned()) } else { Self::AnyOf(vec![text.to_owned()]) };
        };
        let open = text[..close].rfind('[').unwrap_or(0);
        let (before, inside, after) = (&text[..open], &text[open + 1..close], &text[close + 1..]);
        match (before, after) {
            ("%", _) | (_, "%") => Self::Like(format!("{before}{inside}{after}")),
            ("", "") if inside.find('|').is_some_and(|position| position > 0) => {
                Self::AnyOf(inside.split('|').map(str::to_owned).collect())
            }
            ("", "") => match interval(inside) {
                Some((low, high)) => Self::Between(low, high),
                None => Self::AnyOf(vec![inside.to_owned()]),
            },
            (">", _) => Self::Above(inside.to_owned()),
            ("<", _) => Self::Below(inside.to_owned()),
            ("!", _) => Self::NoneOf(inside.split('|').map(str::to_owned).collect()),
            _ => Self::Everything,
        }
    }

    fn accepts(&self, value: &str, kind: Kind) -> bool {
        let order = |other: &str| compare(value, other, kind);
        match self {
            Self::Like(pattern) => like(&value.to_lowercase(), &pattern.to_lowercase()),
            Self::AnyOf(values) => values.iter().any(|other| order(other).is_eq()),
            Self::Between(low, high) => order(low).is_ge() && order(high).is_le(),
            Self::Above(low) => order(low).is_gt(),
            Self::Below(high) => order(high).is_lt(),
            Self::NoneOf(values) => values.iter().all(|other| order(other).is_ne()),
            Self::Everything => true,
        }
    }
}

fn interval(text: &str) -> Option<(String, String)> {
    let (left, right) = text.rsplit_once(',')?;
    let plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|character| {
                character.is_ascii_digit()
                    || matches!(character, '.' | ':' | '-')
                    || character.is_whitespace()
            })
    };
    if !plain(left) || !plain(right) {
        return None;
    }
    let mut ends = [left.to_owned(), right.to_owned()];
    ends.sort_by(|one, other| compare(one, other, Kind::Decimal(6)));
    let [low, high] = ends;
    Some((low, high))
}

/// The database's order of two values of a kind: numbers by size, texts without regard to case.
#[must_use]
pub fn compare(left: &str, right: &str, kind: Kind) -> std::cmp::Ordering {
    match kind {
        Kind::Integer | Kind::Flag | Kind::Decimal(_) => match (number(left), number(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left.cmp(right),
        },
        Kind::DateTime => full_date(left).cmp(&full_date(right)),
        Kind::Date => left.cmp(right),
        Kind::Text => left.to_lowercase().trim_end().cmp(right.to_lowercase().trim_end()),
    }
}

fn number(text: &str) -> Option<rust_decimal::Decimal> {
    let text = text.trim();
    if text.is_empty() { Some(rust_decimal::Decimal::ZERO) } else { text.parse().ok() }
}

fn full_date(text: &str) -> String {
    let text = text.trim();
    if text.len() == 10 { format!("{text} 00:00:00") } else { text.to_owned() }
}

fn like(value: &str, pattern: &str) -> bool {
    fn matches(value: &[char], pattern: &[char]) -> bool {
        match pattern.split_first() {
            None => value.is_empty(),
            Some(('%', rest)) => (0..=value.len()).any(|skip| matches(&value[skip..], rest)),
            Some(('_', rest)) => !value.is_empty() && matches(&value[1..], rest),
            Some((first, rest)) => value.first() == Some(first) && matches(&value[1..], rest),
        }
    }
    if !pattern.contains(['%', '_']) {
        return value == pattern;
    }
    let value: Vec<char> = value.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    matches(&value, &pattern)
}

/// Names of the plain fields that filters and sorting may name; the dates only with `date=1`.
#[must_use]
pub fn filterable(schema: &Schema, with_dates: bool) -> Vec<&str> {
    let fields = schema
        .fields
        .iter()
        .filter(|field| !field.localized)
        .map(|field| field.name.as_str())
        .filter(|field| with_dates || !matches!(*field, "date_add" | "date_upd"));
    std::iter::once("id").chain(fields).collect()
}

/// The filters of a request, ready to be applied.
#[derive(Debug, Default)]
pub struct Filters {
    conditions: Vec<(String, Kind, Pattern)>,
}

impl Filters {
    /// Reads the filters of a request.
    ///
    /// # Errors
    /// 32 for a field that does not exist, 34 for one that is computed.
    pub fn parse(query: &Query, schema: &Schema, version: Version) -> Result<Self, Refusal> {
        let with_dates = query.is_set("date");
        let mut conditions = Vec::new();
        let known: Vec<&str> = filterable(schema, with_dates);
        for (name, pattern) in query.filters() {
            if name.contains(']') {
                return Err(Refusal::of_list(
                    31,
                    "There is no existing linked table for this resource",
                    version,
                ));
            }
            let field = schema.field(name);
            let is_localized = field.is_some_and(|field| field.localized);
            if !known.contains(&name) && !is_localized {
                let list: Vec<String> = known.iter().map(|field| format!("\"{field}\"")).collect();
                return Err(Refusal::of_list(
                    32,
                    format!(
                        "This filter does not exist. Did you mean: \"{}\"? The full list is: {}",
                        closest(name, &known),
                        list.join(", ")
                    ),
                    version,
                ));
            }
            if pattern.is_empty() {
                return Err(Refusal::of_list(33, format!("The filter \"{name}\" is malformed."), version));
            }
            if field.is_some_and(|field| field.not_filterable) {
                return Err(Refusal::of_list(
                    34,
                    format!(
                        "The field \"{name}\" is dynamic. It is not possible to filter GET query with this field."
                    ),
                    version,
                ));
            }
            let kind = field.map_or(Kind::Integer, |field| field.kind);
            conditions.push((name.to_owned(), kind, Pattern::parse(pattern)));
        }
        Ok(Self { conditions })
    }

    /// Whether an entity meets all conditions; NULL meets none.
    #[must_use]
    pub fn accept(&self, record: &Record) -> bool {
        self.conditions.iter().all(|(field, kind, pattern)| {
            if field == "id" {
                return pattern.accepts(&record.id.to_string(), Kind::Integer);
            }
            match record.value(field) {
                Value::Null => *pattern == Pattern::Everything,
                Value::Text(text) => pattern.accepts(text, *kind),
                Value::Localized(texts) => texts.values().any(|text| pattern.accepts(text, *kind)),
            }
        })
    }

    /// The only id that can meet the conditions, if they name one.
    #[must_use]
    pub fn single_id(&self) -> Option<Id> {
        self.single("id")
    }

    /// The only order that the entities can belong to, if the conditions name one.
    #[must_use]
    pub fn order(&self) -> Option<Id> {
        self.single("id_order")
    }

    fn single(&self, wanted: &str) -> Option<Id> {
        self.conditions.iter().find_map(|(field, _, pattern)| match pattern {
            Pattern::Like(text) if field == wanted => text.parse().ok(),
            Pattern::AnyOf(values) if field == wanted && values.len() == 1 => values[0].parse().ok(),
            _ => None,
        })
    }
}
