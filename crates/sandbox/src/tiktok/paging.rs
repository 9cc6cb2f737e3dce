//! Pages of a search: sizes, sorting, and opaque tokens that keep their place while rows move.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::ApiError;
use super::call::Call;
use super::switches::{EndOfPages, Switches};

/// In front of every token, so that each holds the signs that must be escaped on the wire.
const TOKEN_PREFIX: &str = "6A+/";

/// What one endpoint allows.
#[derive(Debug)]
pub struct PageRules {
    /// `None` when leaving `page_size` out fails.
    pub default_size: Option<usize>,
    pub most: usize,
    /// Error code for a page that is too large.
    pub too_large_code: i64,
    pub default_order: Order,
    pub sort_fields: &'static [&'static str],
}

/// Direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// What sorting needs to know of a row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub id: &'a str,
    pub create_time: i64,
    pub update_time: i64,
}

/// One page.
#[derive(Debug)]
pub struct Page {
    pub ids: Vec<String>,
    total: usize,
    /// `None` when the field is left out.
    next_token: Option<String>,
}

/// Where the next page begins.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    time: i64,
    id: String,
    /// Digest of the filters and the sorting that the token was made for.
    filters: String,
}

impl Page {
    /// The answer with the rows under the given name.
    pub fn answer(self, name: &str, rows: Vec<Value>) -> Value {
        let mut answer = json!({ name: rows, "total_count": self.total });
        if let Some(token) = self.next_token {
            answer["next_page_token"] = json!(token);
        }
        answer
    }
}

/// Sorts the rows and cuts out the page that the call asks for.
///
/// # Errors
/// 36009004, or what the rules say, for parameters that do not fit.
pub fn page<'a>(
    call: &Call,
    rules: &PageRules,
    rows: impl Iterator<Item = Row<'a>>,
    requests: u64,
    switches: &Switches,
) -> Result<Page, ApiError> {
    let size = page_size(call, rules)?;
    let order = match call.parameter("sort_order") {
        None => rules.default_order,
        Some("ASC") => Order::Ascending,
        Some("DESC") => Order::Descending,
        Some(_) => return Err(ApiError::parameter("SortOrder is invalid, allowed values: ASC,DESC.")),
    };
    let field = call.parameter("sort_field").unwrap_or("create_time");
    if !rules.sort_fields.contains(&field) {
        let allowed = rules.sort_fields.join(",");
        return Err(ApiError::parameter(&format!("SortField is invalid, allowed values: {allowed}.")));
    }
    let time_of: fn(&Row<'_>) -> i64 =
        if field == "update_time" { |row| row.update_time } else { |row| row.create_time };
    let filters = hex::encode(&Sha256::digest(format!("{field} {order:?} {}", call.body))[..8]);
    let place = call.parameter("page_token").map(|token| read_token(token, &filters)).transpose()?;

    let mut rows: Vec<Row<'_>> = rows.collect();
    let total = rows.len();
    rows.sort_unstable_by(|a, b| {
        let ascending = (time_of(a), a.id).cmp(&(time_of(b), b.id));
        if order == Order::Ascending { ascending } else { ascending.reverse() }
    });
    let is_after = |row: &Row<'_>| {
        place.as_ref().is_none_or(|place| {
            let (here, there) = ((time_of(row), row.id), (place.time, place.id.as_str()));
            if order == Order::Ascending { here > there } else { here < there }
        })
    };
    let start = rows.partition_point(|row| !is_after(row));
    let rest = &rows[start..];
    let shown = &rest[..rest.len().min(size)];
    let next_token = match shown.last().filter(|_| rest.len() > size) {
        Some(last) => Some(token_of(&Place { time: time_of(last), id: last.id.to_owned(), filters })),
        None => match switches.end_of_pages {
            EndOfPages::Empty => Some(String::new()),
            EndOfPages::Absent => None,
            EndOfPages::Either => requests.is_multiple_of(2).then(String::new),
        },
    };
    Ok(Page { ids: shown.iter().map(|row| row.id.to_owned()).collect(), total, next_token })
}

fn page_size(call: &Call, rules: &PageRules) -> Result<usize, ApiError> {
    let Some(text) = call.parameter("page_size") else {
        return rules.default_size.ok_or_else(|| ApiError::parameter("PageSize is a required field"));
    };
    let size: i64 = text.parse().map_err(|_| ApiError::parameter("param page_size type invalid"))?;
    match usize::try_from(size) {
        Ok(size) if (1..=rules.most).contains(&size) => Ok(size),
        _ if rules.too_large_code == 36_009_004 => {
            Err(ApiError::parameter(&format!("PageSize must be between 1 and {}", rules.most)))
        }
        _ => Err(ApiError::business(rules.too_large_code, "Value Out Of Range")),
    }
}

fn token_of(place: &Place) -> String {
    let plain = serde_json::to_vec(place).expect("a place is plain data");
    format!("{TOKEN_PREFIX}{}", STANDARD.encode(plain))
}

fn read_token(token: &str, filters: &str) -> Result<Place, ApiError> {
    let invalid = || ApiError::parameter("PageToken is invalid");
    let encoded = token.strip_prefix(TOKEN_PREFIX).ok_or_else(invalid)?;
    let plain = STANDARD.decode(encoded).map_err(|_| invalid())?;
    let place: Place = serde_json::from_slice(&plain).map_err(|_| invalid())?;
    // A token belongs to its filters; with others it would silently skip rows.
    if place.filters == filters { Ok(place) } else { Err(invalid()) }
}

/// `create_time_ge/lt` and `update_time_ge/lt`: from inclusive, to exclusive.
#[derive(Debug)]
pub struct TimeRanges {
    create: (i64, i64),
    update: (i64, i64),
}

impl TimeRanges {
    /// Reads the ranges from the body; a missing end is open.
    ///
    /// # Errors
    /// 36009004 for anything but whole numbers.
    pub fn of(call: &Call) -> Result<Self, ApiError> {
        let end = |name: &str, open: i64| Ok::<i64, ApiError>(call.number(name)?.unwrap_or(open));
        Ok(Self {
            create: (end("create_time_ge", i64::MIN)?, end("create_time_lt", i64::MAX)?),
            update: (end("update_time_ge", i64::MIN)?, end("update_time_lt", i64::MAX)?),
        })
    }

    /// How many seconds of updates the range spans until `now`; `None` when it does not begin.
    pub fn seconds_of_updates(&self, now: i64) -> Option<i64> {
        (self.update.0 != i64::MIN).then(|| self.update.1.min(now).saturating_sub(self.update.0))
    }

    /// Whether both times lie in their ranges.
    pub fn contain(&self, create_time: i64, update_time: i64) -> bool {
        (self.create.0..self.create.1).contains(&create_time)
            && (self.update.0..self.update.1).contains(&update_time)
    }
}
