//! The URL of the grid: filter, order, page size and place; reading it back gives the same grid.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use shared::{FieldError, OrderFilter, OrderId, PAGE_SIZES};

/// Where the grid lives.
pub const PATH: &str = "/orders";

/// What must be written in another way inside a query; commas, colons and brackets stay readable.
const QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'>').add(b'\'');

/// A place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    After(String),
    Before(String),
}

/// Everything that decides which rows the grid shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridQuery {
    pub filter: OrderFilter,
    /// Rows on a page.
    pub limit: u32,
    /// Absent on the first page.
    pub cursor: Option<Cursor>,
    /// Number of the first row, counted from 1; it only labels the page.
    pub from: u64,
}

impl Default for GridQuery {
    fn default() -> Self {
        Self { filter: OrderFilter::default(), limit: PAGE_SIZES[0], cursor: None, from: 1 }
    }
}

impl GridQuery {
    /// Reads what follows the question mark; what is not understood is left out and named.
    pub fn read(search: &str) -> (Self, Vec<FieldError>) {
        let mut query = Self::default();
        let mut ignored = Vec::new();
        for (name, value) in pairs(search) {
            let read = match name.as_str() {
                "limit" => match value.parse() {
                    Ok(limit) if PAGE_SIZES.contains(&limit) => {
                        query.limit = limit;
                        Ok(())
                    }
                    _ => Err("pages have 25, 50 or 100 rows".to_owned()),
                },
                "after" => {
                    query.cursor = Some(Cursor::After(value));
                    Ok(())
                }
                "before" => {
                    query.cursor = Some(Cursor::Before(value));
                    Ok(())
                }
                "from" => match value.parse() {
                    Ok(from) if from > 0 => {
                        query.from = from;
                        Ok(())
                    }
                    _ => Err("not a row number".to_owned()),
                },
                name if OrderFilter::is_name(name) => query.filter.set(name, &value),
                _ => Err("not known here".to_owned()),
            };
            if let Err(detail) = read {
                ignored.push(FieldError::new(name, detail));
            }
        }
        if query.cursor.is_none() {
            query.from = 1;
        }
        (query, ignored)
    }

    /// The pairs that the API is asked with.
    pub fn api_pairs(&self) -> Vec<(String, String)> {
        let mut pairs = self.filter.to_pairs();
        pairs.push(("limit".to_owned(), self.limit.to_string()));
        match &self.cursor {
            Some(Cursor::After(cursor)) => pairs.push(("after".to_owned(), cursor.clone())),
            Some(Cursor::Before(cursor)) => pairs.push(("before".to_owned(), cursor.clone())),
            None => {}
        }
        pairs
    }

    /// The address of this grid within the site.
    pub fn href(&self) -> String {
        let mut pairs = self.api_pairs();
        pairs.retain(|(name, value)| name != "limit" || *value != PAGE_SIZES[0].to_string());
        if self.cursor.is_some() {
            pairs.push(("from".to_owned(), self.from.to_string()));
        }
        format!("{PATH}{}", search_of(&pairs))
    }

    /// The first page under a changed filter.
    #[must_use]
    pub fn filtered(&self, change: impl FnOnce(&mut OrderFilter)) -> Self {
        let mut filter = self.filter.clone();
        change(&mut filter);
        Self { filter, cursor: None, from: 1, limit: self.limit }
    }

    /// The first page with another number of rows.
    #[must_use]
    pub fn with_limit(&self, limit: u32) -> Self {
        Self { limit, cursor: None, from: 1, filter: self.filter.clone() }
    }

    /// The page that starts after this cursor; `shown` rows are on this one.
    #[must_use]
    pub fn next(&self, cursor: String, shown: usize) -> Self {
        Self { cursor: Some(Cursor::After(cursor)), from: self.from + shown as u64, ..self.clone() }
    }

    /// The page that ends before this cursor; the first page has no cursor, so that new orders appear on it.
    #[must_use]
    pub fn previous(&self, cursor: String) -> Self {
        let from = self.from.saturating_sub(u64::from(self.limit));
        if from <= 1 {
            return Self { cursor: None, from: 1, ..self.clone() };
        }
        Self { cursor: Some(Cursor::Before(cursor)), from, ..self.clone() }
    }

    /// The first page.
    #[must_use]
    pub fn first(&self) -> Self {
        Self { cursor: None, from: 1, ..self.clone() }
    }

    /// Asks for just these orders, as far as the filter lets them through; `None` when it lets none.
    #[must_use]
    pub fn narrowed_to(&self, mut ids: Vec<OrderId>) -> Option<Self> {
        if !self.filter.id.is_empty() {
            ids.retain(|id| self.filter.id.contains(id));
        }
        ids.truncate(100);
        let filter = OrderFilter { id: ids, ..self.filter.clone() };
        (!filter.id.is_empty()).then_some(Self { filter, limit: 100, cursor: None, from: 1 })
    }
}

/// The decoded pairs of a query.
pub fn pairs(search: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let search = search.strip_prefix('?').unwrap_or(search);
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    };
    search.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// A query with its question mark; empty when there are no pairs.
pub fn search_of(pairs: &[(String, String)]) -> String {
    let mut search = String::new();
    for (name, value) in pairs {
        search.push(if search.is_empty() { '?' } else { '&' });
        search.extend(utf8_percent_encode(name, QUERY));
        search.push('=');
        search.extend(utf8_percent_encode(value, QUERY));
    }
    search
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::OrderStatus;

    #[test]
    fn the_address_of_a_grid_reads_back_as_the_same_grid() {
        let searches = [
            "",
            "?status=error,on_hold&limit=50",
            "?q=scented+candle%20%26%20more&sort=-ship_by",
            "?created_at[gte]=2026-11-01T00:00:00Z&after=abc%2Bd%3D&from=26",
            "?created_at%5Bgte%5D=2026-11-01T00:00:00Z&store_order_id=empty",
        ];

        for search in searches {
            let (query, ignored) = GridQuery::read(search);
            let (again, _) = GridQuery::read(query.href().strip_prefix(PATH).unwrap());
            assert_eq!(again, query, "{search}");
            assert_eq!(ignored, [], "{search}");
        }
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_named() {
        let (query, ignored) = GridQuery::read("?colour=red&status=error&limit=7&from=0&id=x");

        assert_eq!(query.filter.status, [OrderStatus::Error]);
        assert_eq!(query.limit, 25);
        let names: Vec<_> = ignored.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(names, ["colour", "limit", "from", "id"]);
    }

    #[test]
    fn pages_follow_each_other() {
        let first = GridQuery::default();
        let second = first.next("c25".to_owned(), 25);
        let third = second.next("c50".to_owned(), 25);

        assert_eq!(second.href(), "/orders?after=c25&from=26");
        assert_eq!(third.previous("c51".to_owned()).href(), "/orders?before=c51&from=26");
        assert_eq!(second.previous("c26".to_owned()).href(), "/orders");
    }

    #[test]
    fn another_filter_starts_on_the_first_page() {
        let third =
            GridQuery { from: 51, cursor: Some(Cursor::After("c".into())), limit: 50, ..Default::default() };

        let filtered = third.filtered(|filter| filter.status = vec![OrderStatus::Error]);

        assert_eq!(filtered.href(), "/orders?status=error&limit=50");
    }
}
