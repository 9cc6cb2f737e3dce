//! The filter of the grid and its one spelling: the page's URL and the API's query say it the same way.

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use std::str::FromStr;

use crate::text_enum::text_enum;
use crate::{
    ChannelStatus, ConnectionId, FieldError, FulfillmentType, ImportState, IssueCode, IssueId, OrderId,
    OrderStatus, SpecialKind, StoreOrderId, TikTokOrderId, UserId,
};

/// At most this many values in one filter.
pub const MAX_FILTER_VALUES: usize = 100;

text_enum!(
    /// The column that orders a list.
    SortKey, "sort key" {
        CreatedAt => "created_at",
        Id => "id",
        StoreOrderId => "store_order_id",
        TikTokOrderId => "tiktok_order_id",
        Status => "status",
        ShipBy => "ship_by",
        Total => "total",
        UpdatedAt => "updated_at",
    }
);

/// The order of a list; `-created_at` is newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::CreatedAt, descending: true }
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key)
    }
}

impl FromStr for Sort {
    type Err = crate::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (descending, key) = text.strip_prefix('-').map_or((false, text), |key| (true, key));
        Ok(Self { key: key.parse()?, descending })
    }
}

/// A span of time: from `gte` on, before `lt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeRange {
    pub gte: Option<DateTime<Utc>>,
    pub lt: Option<DateTime<Utc>>,
}

impl TimeRange {
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.gte.is_none() && self.lt.is_none()
    }
}

/// Which store order ids an order may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreOrderFilter {
    /// One of these.
    Ids(Vec<StoreOrderId>),
    /// None: not created in the store.
    Empty,
}

/// Who may look after an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssigneeFilter {
    /// One of these.
    People(Vec<UserId>),
    /// Nobody.
    Empty,
}

/// Which TikTok ids an order may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TikTokOrderFilter {
    /// Starts with these digits (4 to 17 of them).
    Prefix(String),
    /// One of these.
    Exact(Vec<TikTokOrderId>),
}

/// Which orders to show; all filters hold together, the values inside one are alternatives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub status: Vec<OrderStatus>,
    pub channel_status: Vec<ChannelStatus>,
    pub import_state: Vec<ImportState>,
    pub issue: Vec<IssueCode>,
    /// Orders that the fix of this issue helps: those of its connection with an open issue of the same cause.
    pub same_cause_as: Option<IssueId>,
    pub fulfillment_type: Vec<FulfillmentType>,
    /// Ids of store states.
    pub store_state: Vec<i64>,
    pub connection: Vec<ConnectionId>,
    pub country: Vec<String>,
    pub currency: Vec<String>,
    pub special: Vec<SpecialKind>,
    /// Compared in lower case, as tags are kept.
    pub tag: Vec<String>,
    pub assignee: Option<AssigneeFilter>,
    /// Deleted orders instead of the others.
    pub archived: bool,
    pub id: Vec<OrderId>,
    pub store_order_id: Option<StoreOrderFilter>,
    pub tiktok_order_id: Option<TikTokOrderFilter>,
    pub created_at: TimeRange,
    pub updated_at: TimeRange,
    pub imported_at: TimeRange,
    pub ship_by: TimeRange,
    pub total_min: Option<Decimal>,
    pub total_max: Option<Decimal>,
    /// What was typed into the search box: ids, SKU, title, tracking number, `key:value` terms.
    pub q: Option<String>,
    pub sort: Sort,
}

const LISTS: [&str; 12] = [
    "status",
    "channel_status",
    "import_state",
    "issue",
    "fulfillment_type",
    "store_state",
    "connection",
    "country",
    "currency",
    "special",
    "tag",
    "id",
];
const SINGLES: [&str; 9] = [
    "same_cause_as",
    "assignee",
    "store_order_id",
    "tiktok_order_id",
    "total_min",
    "total_max",
    "archived",
    "q",
    "sort",
];
const RANGES: [&str; 4] = ["created_at", "updated_at", "imported_at", "ship_by"];

/// A filter in a body.
#[cfg(feature = "openapi")]
pub(crate) fn pairs_schema() -> utoipa::openapi::Schema {
    use utoipa::openapi::schema::{ArrayBuilder, SchemaType};
    use utoipa::openapi::{ObjectBuilder, Type};
    let text = ObjectBuilder::new().schema_type(Type::String);
    let pair = ArrayBuilder::new().items(text).min_items(Some(2)).max_items(Some(2));
    ArrayBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .items(pair)
        .description(Some(
            "The filters of `GET /orders` as name and value; the orders that match at the moment of asking are meant.",
        ))
        .examples([vec![vec!["status", "error"]]])
        .into()
}

impl OrderFilter {
    /// The names of all filters, as they are spelled in a URL.
    #[must_use]
    pub fn names() -> Vec<String> {
        let ranges = RANGES.iter().flat_map(|name| [format!("{name}[gte]"), format!("{name}[lt]")]);
        LISTS.iter().chain(&SINGLES).map(ToString::to_string).chain(ranges).collect()
    }

    /// Whether a query parameter of this name is a filter.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        LISTS.contains(&name)
            || SINGLES.contains(&name)
            || RANGES.iter().any(|range| {
                name.strip_prefix(range).is_some_and(|suffix| suffix == "[gte]" || suffix == "[lt]")
            })
    }

    /// Reads a filter from the pairs of a query.
    ///
    /// # Errors
    /// One error for each pair that is unknown, repeated, empty or wrong; each names the parameter and the remedy.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<FieldError>> {
        let mut filter = Self::default();
        let mut errors = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs {
            if !Self::is_name(name) {
                let known = Self::names().join(", ");
                errors.push(FieldError::new(name, format!("unknown filter; known are {known}")));
            } else if seen.contains(&name) {
                errors.push(FieldError::new(name, "given twice; join the values with a comma"));
            } else if let Err(detail) = filter.narrow(name, value) {
                errors.push(FieldError::new(name, detail));
            }
            seen.push(name);
        }
        if errors.is_empty() { Ok(filter) } else { Err(errors) }
    }

    /// Reads one filter that somebody has sent. One that says nothing is refused, for who sends it does not mean all orders.
    ///
    /// # Errors
    /// The sentence says what is wrong with the value and what would be right.
    pub fn narrow(&mut self, name: &str, value: &str) -> Result<(), String> {
        let says_nothing = match name {
            "q" => value.trim().is_empty(),
            _ => value.chars().all(is_separator),
        };
        if says_nothing { Err("empty; leave it out".to_owned()) } else { self.set(name, value) }
    }

    /// Reads one filter of a page's own address or form, where an empty value leaves it open.
    ///
    /// # Errors
    /// The sentence says what is wrong with the value and what would be right.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(());
        }
        match name {
            "status" => self.status = words(value, OrderStatus::ALL)?,
            "channel_status" => {
                self.channel_status = split(value)?.into_iter().map(ChannelStatus::from).collect();
            }
            "import_state" => self.import_state = words(value, ImportState::ALL)?,
            "issue" => self.issue = words(value, IssueCode::ALL)?,
            "same_cause_as" => match numbers(value)?[..] {
                [id] => self.same_cause_as = Some(IssueId(id)),
                _ => return Err("name one issue".to_owned()),
            },
            "fulfillment_type" => self.fulfillment_type = words(value, FulfillmentType::ALL)?,
            "store_state" => self.store_state = numbers(value)?,
            "connection" => self.connection = numbers(value)?.into_iter().map(ConnectionId).collect(),
            "country" => self.country = codes(value, 2)?,
            "currency" => self.currency = codes(value, 3)?,
            "special" => self.special = words(value, SpecialKind::ALL)?,
            "tag" => {
                let tags = value.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                self.tag = tags.map(ToOwned::to_owned).collect();
            }
            "assignee" if value == "empty" => self.assignee = Some(AssigneeFilter::Empty),
            "assignee" => {
                let people: Vec<_> = numbers(value)?.into_iter().map(UserId).collect();
                self.assignee = (!people.is_empty()).then_some(AssigneeFilter::People(people));
            }
            "archived" => {
                self.archived =
                    value.parse().map_err(|_| "neither true nor false; write one of them".to_owned())?;
            }
            "id" => self.id = numbers(value)?.into_iter().map(OrderId).collect(),
            "store_order_id" if value == "empty" => self.store_order_id = Some(StoreOrderFilter::Empty),
            "store_order_id" => {
                let ids: Vec<_> = numbers(value)?.into_iter().map(StoreOrderId).collect();
                self.store_order_id = (!ids.is_empty()).then_some(StoreOrderFilter::Ids(ids));
            }
            "tiktok_order_id" => self.tiktok_order_id = tiktok_order_filter(value)?,
            "total_min" => self.total_min = Some(amount(value)?),
            "total_max" => self.total_max = Some(amount(value)?),
            "q" if value.chars().count() > 200 => {
                return Err("longer than 200 characters; shorten it".to_owned());
            }
            "q" => self.q = Some(value.to_owned()),
            "sort" => {
                self.sort = value.parse().map_err(|_| {
                    let keys: Vec<_> = SortKey::ALL.iter().map(|key| key.as_str()).collect();
                    format!(
                        "unknown sort key; known are {}, each with an optional leading minus",
                        keys.join(", ")
                    )
                })?;
            }
            _ => {
                let (range, bound) = name.split_once('[').ok_or("unknown filter")?;
                let range = match range {
                    "created_at" => &mut self.created_at,
                    "updated_at" => &mut self.updated_at,
                    "imported_at" => &mut self.imported_at,
                    "ship_by" => &mut self.ship_by,
                    _ => return Err("unknown filter".to_owned()),
                };
                let time = time(value)?;
                if bound == "gte]" { range.gte = Some(time) } else { range.lt = Some(time) }
            }
        }
        Ok(())
    }

    /// The filter as the pairs of a query; filters that are open and the default order are left out.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut put = |name: &str, value: String| {
            if !value.is_empty() {
                pairs.push((name.to_owned(), value));
            }
        };
        put("status", join(&self.status));
        put("channel_status", join(&self.channel_status));
        put("import_state", join(&self.import_state));
        put("issue", join(&self.issue));
        put("same_cause_as", self.same_cause_as.map(|id| id.to_string()).unwrap_or_default());
        put("fulfillment_type", join(&self.fulfillment_type));
        put("store_state", join(&self.store_state));
        put("connection", join(&self.connection));
        put("country", join(&self.country));
        put("currency", join(&self.currency));
        put("special", join(&self.special));
        put("tag", join(&self.tag));
        match &self.assignee {
            Some(AssigneeFilter::Empty) => put("assignee", "empty".to_owned()),
            Some(AssigneeFilter::People(people)) => put("assignee", join(people)),
            None => {}
        }
        put("archived", if self.archived { "true".to_owned() } else { String::new() });
        put("id", join(&self.id));
        match &self.store_order_id {
            Some(StoreOrderFilter::Empty) => put("store_order_id", "empty".to_owned()),
            Some(StoreOrderFilter::Ids(ids)) => put("store_order_id", join(ids)),
            None => {}
        }
        match &self.tiktok_order_id {
            Some(TikTokOrderFilter::Prefix(prefix)) => put("tiktok_order_id", prefix.clone()),
            Some(TikTokOrderFilter::Exact(ids)) => put("tiktok_order_id", join(ids)),
            None => {}
        }
        let ranges = [&self.created_at, &self.updated_at, &self.imported_at, &self.ship_by];
        for (name, range) in RANGES.iter().zip(ranges) {
            for (bound, time) in [("gte", range.gte), ("lt", range.lt)] {
                let text = time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
                put(&format!("{name}[{bound}]"), text.unwrap_or_default());
            }
        }
        put("total_min", self.total_min.map(|amount| amount.to_string()).unwrap_or_default());
        put("total_max", self.total_max.map(|amount| amount.to_string()).unwrap_or_default());
        put("q", self.q.clone().unwrap_or_default());
        if self.sort != Sort::default() {
            put("sort", self.sort.to_string());
        }
        pairs
    }

    /// The same filter for the tabs' counts, which obey everything but the status.
    #[must_use]
    pub fn without_status(&self) -> Self {
        Self { status: Vec::new(), sort: Sort::default(), ..self.clone() }
    }

    /// Whether anything is filtered out.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self { sort: self.sort, ..Self::default() }
    }
}

fn join<T: ToString>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn is_separator(character: char) -> bool {
    character == ',' || character.is_whitespace()
}

/// The values of a list, separated by commas or spaces.
fn split(value: &str) -> Result<Vec<&str>, String> {
    let values: Vec<_> = value.split(is_separator).filter(|value| !value.is_empty()).collect();
    if values.len() > MAX_FILTER_VALUES {
        return Err(format!("more than {MAX_FILTER_VALUES} values; ask in several requests"));
    }
    Ok(values)
}

fn words<T: Copy + ToString>(value: &str, all: &[T]) -> Result<Vec<T>, String> {
    let mut found = Vec::new();
    for word in split(value)? {
        let known = all.iter().copied().find(|known| known.to_string() == word).ok_or_else(|| {
            let word: String = word.chars().take(64).collect();
            format!("“{word}” is not known; known are {}", join(all))
        })?;
        found.push(known);
    }
    Ok(found)
}

fn numbers(value: &str) -> Result<Vec<i64>, String> {
    let number = |text: &str| match text.parse::<i64>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!(
            "“{}” is not an id; ids are whole numbers above 0",
            text.chars().take(64).collect::<String>()
        )),
    };
    split(value)?.into_iter().map(number).collect()
}

fn codes(value: &str, length: usize) -> Result<Vec<String>, String> {
    let code = |text: &str| {
        let right = text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if right { Ok(text.to_ascii_uppercase()) } else { Err(format!("codes have {length} letters")) }
    };
    split(value)?.into_iter().map(code).collect()
}

fn amount(value: &str) -> Result<Decimal, String> {
    value.parse().map_err(|_| "not an amount; write it like 46.89".to_owned())
}

fn time(value: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(value);
    let time = time.map_err(|_| "not a time; write it like 2026-11-23T08:00:00Z".to_owned())?.to_utc();
    let sensible = (0..=253_402_300_799).contains(&time.timestamp());
    if sensible { Ok(time) } else { Err("outside the years 1970 to 9999".to_owned()) }
}

fn tiktok_order_filter(value: &str) -> Result<Option<TikTokOrderFilter>, String> {
    let ids = split(value)?;
    if let Some(wrong) = ids.iter().find(|id| id.len() > 32 || !id.bytes().all(|byte| byte.is_ascii_digit()))
    {
        let wrong: String = wrong.chars().take(64).collect();
        return Err(format!("“{wrong}” is not a TikTok Shop order id; these are digits only"));
    }
    match ids[..] {
        // Nothing but separators.
        [] => Ok(None),
        [id] if id.len() < 4 => Err("at least 4 digits are needed".to_owned()),
        [id] if id.len() < 18 => Ok(Some(TikTokOrderFilter::Prefix(id.to_owned()))),
        _ => {
            let ids = ids.into_iter().map(|id| TikTokOrderId(id.to_owned())).collect();
            Ok(Some(TikTokOrderFilter::Exact(ids)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<OrderFilter, Vec<FieldError>> {
        OrderFilter::from_pairs(query.iter().copied())
    }

    #[test]
    fn a_filter_survives_the_way_through_a_url() {
        let query = [
            ("status", "error,on_hold"),
            ("issue", "SKU_NOT_FOUND"),
            ("same_cause_as", "44"),
            ("fulfillment_type", "tiktok"),
            ("connection", "2"),
            ("id", "7, 8"),
            ("store_order_id", "empty"),
            ("tiktok_order_id", "5764"),
            ("created_at[gte]", "2026-11-01T00:00:00Z"),
            ("created_at[lt]", "2026-11-23T10:20:30.5+02:00"),
            ("total_min", "10.50"),
            ("tag", "Fragile,call first"),
            ("assignee", "3,4"),
            ("special", "gift"),
            ("archived", "true"),
            ("q", "candle age:>2d"),
            ("sort", "-ship_by"),
        ];

        let filter = read(&query).unwrap();
        let pairs = filter.to_pairs();
        let again =
            OrderFilter::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
                .unwrap();

        assert_eq!(again, filter);
        assert_eq!(filter.id, [OrderId(7), OrderId(8)]);
        assert_eq!(filter.tiktok_order_id, Some(TikTokOrderFilter::Prefix("5764".to_owned())));
        assert!(!filter.is_open());
    }

    #[test]
    fn wrong_filters_name_the_parameter_and_the_remedy() {
        let cases = [
            ("colour", "red", "unknown filter"),
            ("status", "lost", "known are error"),
            ("id", "abc", "whole numbers"),
            ("same_cause_as", "1,2", "one issue"),
            ("id", "-1", "whole numbers"),
            ("assignee", "me", "whole numbers"),
            ("id", "99999999999999999999", "whole numbers"),
            ("created_at[gte]", "yesterday", "2026-11-23T08:00:00Z"),
            ("created_at[eq]", "2026-11-23T08:00:00Z", "unknown filter"),
            ("tiktok_order_id", "57a", "digits"),
            ("tiktok_order_id", "57", "at least 4"),
            ("sort", "beauty", "unknown sort key"),
            ("country", "FRA", "2 letters"),
            ("total_min", "ten", "amount"),
        ];

        for (name, value, remedy) in cases {
            let errors = read(&[(name, value)]).unwrap_err();
            assert_eq!(errors[0].pointer, name);
            assert!(errors[0].detail.contains(remedy), "{name}={value}: {}", errors[0].detail);
        }
        assert!(read(&[("id", "1"), ("id", "2")]).unwrap_err()[0].detail.contains("twice"));
    }

    #[test]
    fn a_filter_that_says_nothing_is_refused_rather_than_left_out() {
        for name in OrderFilter::names() {
            for value in ["", "  ", ",", " ,\n,"] {
                if name == "q" && value.contains(',') {
                    continue;
                }
                let errors = read(&[(&name, value)]).unwrap_err();
                assert_eq!((errors.len(), errors[0].pointer.as_str()), (1, name.as_str()), "{value:?}");
                assert_eq!(errors[0].detail, "empty; leave it out", "{name}={value:?}");
            }
        }
        assert_eq!(read(&[("tag", "a,,b")]).unwrap().tag, ["a", "b"]);
    }

    #[test]
    fn empty_values_of_a_page_leave_the_filter_open() {
        let mut filter = OrderFilter::default();
        for (name, value) in [("status", ""), ("tag", ","), ("q", "  "), ("sort", "-created_at")] {
            filter.set(name, value).unwrap();
        }

        assert!(filter.is_open());
        assert!(filter.to_pairs().is_empty());
    }
}
