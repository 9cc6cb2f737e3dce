//! Pages by position, never by offset: page one and page forty thousand cost the same.

use sea_orm::sea_query::{Expr, IntoColumnRef, IntoCondition};
use sea_orm::{Condition, ExprTrait, Order};

/// Where a row stands in a list: its sorting value, and its id to tell equals apart.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    pub key: PositionKey,
    pub id: i64,
}

/// The value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum PositionKey {
    Number(i64),
    Text(String),
}

/// Where a page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Start {
    #[default]
    First,
    /// Right after this row.
    After(Position),
    /// Ends right before this row.
    Before(Position),
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many rows, at least 1.
    pub limit: u32,
    pub start: Start,
}

/// One page, and where it lies in its list.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice<T> {
    pub items: Vec<T>,
    pub has_more: bool,
    pub has_previous: bool,
    pub first: Option<Position>,
    pub last: Option<Position>,
}

impl PositionKey {
    fn value(&self) -> Expr {
        match self {
            Self::Number(number) => Expr::val(*number),
            Self::Text(text) => Expr::val(text.as_str()),
        }
    }
}

/// Rows that lie together in an index.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    pub condition: Condition,
    /// All rows have the same key.
    pub has_one_key: bool,
}

impl Range {
    fn whole() -> Self {
        Self { condition: Condition::all(), has_one_key: false }
    }
}

impl PageRequest {
    /// How many rows to ask for: one more than shown tells whether the list goes on.
    pub(crate) fn rows(&self) -> u64 {
        u64::from(self.limit) + 1
    }

    /// The direction in which rows are read, for a list whose last row has the lowest key when `descending`.
    pub(crate) fn order(&self, descending: bool) -> Order {
        let backwards = matches!(self.start, Start::Before(_));
        if descending == backwards { Order::Asc } else { Order::Desc }
    }

    /// The rows on the asked side of the starting row, as one comparison of row values, which PostgreSQL turns into a
    /// range of an index on (key, id). Without a key the list is sorted by id alone.
    pub(crate) fn range(&self, key: Option<Expr>, id: impl IntoColumnRef, descending: bool) -> Range {
        let (Start::After(position) | Start::Before(position)) = &self.start else { return Range::whole() };
        let (row, start) = match key {
            Some(key) => (
                Expr::tuple([key, Expr::col(id)]),
                Expr::tuple([position.key.value(), Expr::val(position.id)]),
            ),
            None => (Expr::col(id), Expr::val(position.id)),
        };
        Range { condition: self.beyond(row, start, descending).into_condition(), has_one_key: false }
    }

    /// The same rows as two ranges: those with the starting row's key, and those beyond it. SQLite never compares row
    /// values whole in an index that ends in the id: of the starting row's key it would read all rows from the first on,
    /// which is most of the table where most orders have one status.
    pub(crate) fn two_ranges(&self, key: &Expr, id: impl IntoColumnRef, descending: bool) -> Vec<Range> {
        let (Start::After(position) | Start::Before(position)) = &self.start else {
            return vec![Range::whole()];
        };
        let same_key = key.clone().eq(position.key.value());
        let beyond_id = self.beyond(Expr::col(id), Expr::val(position.id), descending);
        let beyond_key = self.beyond(key.clone(), position.key.value(), descending);
        vec![
            Range { condition: Condition::all().add(same_key).add(beyond_id), has_one_key: true },
            Range { condition: beyond_key.into_condition(), has_one_key: false },
        ]
    }

    fn beyond(&self, row: Expr, start: Expr, descending: bool) -> Expr {
        match self.order(descending) {
            Order::Desc => row.lt(start),
            _ => row.gt(start),
        }
    }

    /// Puts the rows that were read into the order of the list and cuts off the one beyond.
    pub(crate) fn slice<T>(&self, mut rows: Vec<T>, position_of: impl Fn(&T) -> Position) -> Slice<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let beyond = rows.len() > limit;
        rows.truncate(limit);
        let (has_previous, has_more) = match self.start {
            Start::First => (false, beyond),
            Start::After(_) => (true, beyond),
            Start::Before(_) => (beyond, true),
        };
        if matches!(self.start, Start::Before(_)) {
            rows.reverse();
        }
        Slice {
            first: rows.first().map(&position_of),
            last: rows.last().map(&position_of),
            has_more: has_more && !rows.is_empty(),
            has_previous: has_previous && !rows.is_empty(),
            items: rows,
        }
    }
}

impl<T> Slice<T> {
    /// The same page of something else.
    #[must_use]
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Slice<U> {
        let Self { items, has_more, has_previous, first, last } = self;
        Slice { items: items.into_iter().map(convert).collect(), has_more, has_previous, first, last }
    }

    pub(crate) fn try_map<U, E>(self, convert: impl FnMut(T) -> Result<U, E>) -> Result<Slice<U>, E> {
        let Self { items, has_more, has_previous, first, last } = self;
        let items = items.into_iter().map(convert).collect::<Result<_, _>>()?;
        Ok(Slice { items, has_more, has_previous, first, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(id: i64) -> Position {
        Position { key: PositionKey::Number(id), id }
    }

    #[test]
    fn a_page_before_a_row_is_read_backwards_and_shown_forwards() {
        let request = PageRequest { limit: 2, start: Start::Before(position(5)) };

        let slice = request.slice(vec![4_i64, 3, 2], |id| position(*id));

        assert_eq!(request.order(true), Order::Asc);
        assert_eq!(slice.items, [3, 4]);
        assert_eq!((slice.first, slice.last), (Some(position(3)), Some(position(4))));
        assert!(slice.has_previous && slice.has_more);
    }

    #[test]
    fn the_last_page_has_no_next_one() {
        let request = PageRequest { limit: 2, start: Start::After(position(2)) };

        let slice = request.slice(vec![3_i64], |id| position(*id));

        assert_eq!(slice.items, [3]);
        assert!(slice.has_previous && !slice.has_more);
    }
}
