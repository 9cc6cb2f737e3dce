//! What may be typed into the one search box: plain words, and `key:value` terms.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{FieldError, OrderFilter};

/// At most this many words are searched for.
const MAX_WORDS: usize = 8;

/// What was typed, taken apart: `key:value` terms narrow the filter, the rest are words to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The filter, narrowed by the terms; its `q` is gone.
    pub filter: OrderFilter,
    /// Each must be found in an id, SKU, product title or tracking number.
    pub words: Vec<String>,
}

impl Search {
    /// Takes apart the `q` of a filter; `now` is what ages count from.
    ///
    /// # Errors
    /// One error for each term whose value is wrong, and one when there are too many words.
    pub fn of(filter: &OrderFilter, now: DateTime<Utc>) -> Result<Self, Vec<FieldError>> {
        let mut search = Self { filter: OrderFilter { q: None, ..filter.clone() }, words: Vec::new() };
        let mut errors = Vec::new();
        for word in filter.q.as_deref().unwrap_or_default().split_whitespace() {
            match word.split_once(':') {
                Some(("age", age)) => {
                    if let Err(detail) = search.narrow_age(age, now) {
                        errors.push(FieldError::new("q", format!("age: {detail}")));
                    }
                }
                Some((key, value)) if OrderFilter::is_name(key) && key != "q" && key != "sort" => {
                    if let Err(detail) = search.filter.narrow(key, value) {
                        errors.push(FieldError::new("q", format!("{key}: {detail}")));
                    }
                }
                _ => search.words.push(word.to_owned()),
            }
        }
        if search.words.len() > MAX_WORDS {
            errors.push(FieldError::new("q", format!("more than {MAX_WORDS} words; search for fewer")));
        }
        if errors.is_empty() { Ok(search) } else { Err(errors) }
    }

    fn narrow_age(&mut self, age: &str, now: DateTime<Utc>) -> Result<(), String> {
        let wrong = || "write it like >2d or <12h (m, h, d)".to_owned();
        let older = age.starts_with('>');
        let span = age.strip_prefix(['>', '<']).ok_or_else(wrong)?;
        let (count, unit) = span.split_at_checked(span.len().saturating_sub(1)).ok_or_else(wrong)?;
        let count: i64 = count.parse().ok().filter(|count| (0..=36_500).contains(count)).ok_or_else(wrong)?;
        let span = match unit {
            "m" => TimeDelta::minutes(count),
            "h" => TimeDelta::hours(count),
            "d" => TimeDelta::days(count),
            _ => return Err(wrong()),
        };
        let range = &mut self.filter.created_at;
        if older {
            range.lt = Some(now - span)
        } else {
            range.gte = Some(now - span)
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IssueCode, OrderStatus};

    fn search(q: &str) -> Result<Search, Vec<FieldError>> {
        let now = DateTime::from_timestamp(1_795_422_307, 0).unwrap();
        Search::of(&OrderFilter { q: Some(q.to_owned()), ..OrderFilter::default() }, now)
    }

    #[test]
    fn terms_narrow_the_filter_and_words_are_looked_for() {
        let search = search("status:error issue:SKU_NOT_FOUND age:>2d candle http://x").unwrap();

        assert_eq!(search.filter.status, [OrderStatus::Error]);
        assert_eq!(search.filter.issue, [IssueCode::SkuNotFound]);
        assert_eq!(search.filter.created_at.lt.unwrap().timestamp(), 1_795_422_307 - 2 * 86_400);
        assert_eq!(search.words, ["candle", "http://x"]);
        assert_eq!(search.filter.q, None);
    }

    #[test]
    fn wrong_terms_are_explained() {
        for q in ["status:lost", "status:", "tag:,", "age:2d", "age:>d", "age:>99999d", "a b c d e f g h i"] {
            assert_eq!(search(q).unwrap_err()[0].pointer, "q", "{q}");
        }
    }
}
