//! The order of lists, down to how the database breaks ties when it needs only the first rows.

use std::cmp::Ordering;

use super::answer::Refusal;
use super::query::{Query, compare, filterable};
use super::record::Record;
use super::schema::{Kind, Schema};
use super::version::Version;

/// Sort keys: field, kind, descending.
#[derive(Debug, Default)]
pub struct Sorting {
    keys: Vec<(String, Kind, bool)>,
}

impl Sorting {
    /// Reads the `sort` parameter.
    ///
    /// # Errors
    /// 37 for a value that is not of the form `field_ASC`, 38 for an unknown field.
    pub fn parse(query: &Query, schema: &Schema, version: Version) -> Result<Self, Refusal> {
        let Some(text) = query.get("sort") else { return Ok(Self::default()) };
        let list = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let mut keys = Vec::new();
        for part in list.split(',') {
            let direction = part.rsplit_once('_').map(|(name, way)| (name, way.to_uppercase()));
            let Some((name, descending)) = direction.and_then(|(name, way)| match way.as_str() {
                "ASC" => Some((name, false)),
                "DESC" => Some((name, true)),
                _ => None,
            }) else {
                return Err(Refusal::of_list(
                    37,
                    "The \"sort\" value has to be formed as this example: \"field_ASC\" or \
                     '[field_1_DESC,field_2_ASC,field_3_ASC,...]' (\"field\" has to be an available field)",
                    version,
                ));
            };
            let plain = filterable(schema, query.is_set("date"));
            let localized: Vec<&str> =
                schema.fields.iter().filter(|field| field.localized).map(|field| &*field.name).collect();
            if !plain.contains(&name) && !localized.contains(&name) {
                return Err(Refusal::of_list(
                    38,
                    format!(
                        "Unable to filter by this field. However, these are available: {}, for i18n fields:{}",
                        plain.join(", "),
                        localized.join(", ")
                    ),
                    version,
                ));
            }
            let kind = schema.field(name).map_or(Kind::Integer, |field| field.kind);
            keys.push((name.to_owned(), kind, descending));
        }
        Ok(Self { keys })
    }

    /// The order of an index, ascending by the given fields.
    #[must_use]
    pub fn by(fields: &[&str], schema: &Schema) -> Self {
        let keys = fields
            .iter()
            .map(|name| {
                let kind = schema.field(name).map_or(Kind::Text, |field| field.kind);
                ((*name).to_owned(), kind, false)
            })
            .collect();
        Self { keys }
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The order of two entities.
    #[must_use]
    pub fn compare(&self, left: &Record, right: &Record) -> Ordering {
        self.keys
            .iter()
            .map(|(name, kind, descending)| {
                let order = if name == "id" {
                    left.id.cmp(&right.id)
                } else {
                    compare(left.localized(name, 1), right.localized(name, 1), *kind)
                };
                if *descending { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// The first `count` entities in this order.
    ///
    /// The database keeps a bounded heap of the best rows instead of sorting all of them, so among equal
    /// rows it is not the oldest that come first.
    #[must_use]
    pub fn first<'a>(&self, rows: &[&'a Record], count: usize) -> Vec<&'a Record> {
        let capacity = count.saturating_add(1);
        let mut chosen: Vec<&Record> = if rows.len() <= capacity {
            rows.to_vec()
        } else {
            let mut heap = BoundedHeap { sorting: self, rows: rows[..capacity].to_vec() };
            heap.order_all();
            for row in &rows[capacity..] {
                heap.replace_top(row);
            }
            heap.rows
        };
        chosen.sort_by(|left, right| self.compare(left, right));
        chosen.truncate(count);
        chosen
    }
}

/// A heap with the worst row on top, which every further row replaces before sinking to its place.
struct BoundedHeap<'a, 'b> {
    sorting: &'b Sorting,
    rows: Vec<&'a Record>,
}

impl<'a> BoundedHeap<'a, '_> {
    fn order_all(&mut self) {
        for start in (0..self.rows.len() / 2).rev() {
            self.sink(start);
        }
    }

    fn replace_top(&mut self, row: &'a Record) {
        // A row that is worse than the worst kept one would be on top anyway and is replaced by the next.
        if self.sorting.compare(row, self.rows[0]).is_gt() {
            return;
        }
        self.rows[0] = row;
        self.sink(0);
    }

    fn sink(&mut self, start: usize) {
        let mut index = start;
        loop {
            let left = 2 * index + 1;
            let Some(mut child) = (left < self.rows.len()).then_some(left) else { return };
            if left + 1 < self.rows.len()
                && self.sorting.compare(self.rows[left + 1], self.rows[left]).is_gt()
            {
                child = left + 1;
            }
            if self.sorting.compare(self.rows[child], self.rows[index]).is_le() {
                return;
            }
            self.rows.swap(index, child);
            index = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    #[test]
    fn among_equal_rows_the_latest_comes_first_when_only_some_are_asked_for() {
        let schema = schema::of(Version::V9_1_4, "orders").unwrap();
        let sorting = Sorting::by(&["date_upd"], schema);
        let records: Vec<Record> =
            (1..=5).map(|id| Record::numbered(id).with("date_upd", "2026-11-23 07:12:29")).collect();
        let rows: Vec<&Record> = records.iter().collect();

        let ids: Vec<u64> = sorting.first(&rows, 2).iter().map(|record| record.id).collect();

        assert_eq!(ids, [5, 2]);
    }
}
