//! Words in the search box: ids, SKU, title and tracking number, through one trigram index.

use std::collections::BTreeSet;

use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use shared::FieldError;

use crate::order_filter::STORE_ORDER_ID;

/// A trigram index finds nothing shorter.
const SHORTEST_WORD: usize = 3;
/// TikTok Shop's ids have this many digits or a few more.
const DIGITS_OF_FULL_ID: usize = 17;
/// Up to this many matches are listed and then sorted; more are met soon enough by going through the list itself.
const FEW: usize = 1_000;

/// What the words match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// There are no words.
    All,
    /// These orders.
    Few(Vec<i64>),
    /// More, which are best looked up by their text: those that contain all words.
    Some { words: Vec<String> },
    /// Too many to be listed: those whose text contains all words, and these few besides.
    Many { words: Vec<String>, exact: Vec<i64> },
}

/// Checks that every word can be searched for, and brings it into the index's lower case.
pub(crate) fn checked(words: Vec<String>) -> Result<Vec<String>, Vec<FieldError>> {
    let words: Vec<_> = words.into_iter().map(|word| word.to_lowercase()).collect();
    if are_ids(&words) {
        return Ok(words);
    }
    let too_short = words.iter().filter(|word| longest_literal(word) < SHORTEST_WORD);
    let errors: Vec<_> = too_short
        .map(|word| {
            let need = "words need at least 3 characters other than % and _, and ids are found alone";
            FieldError::new("q", format!("“{word}” is too short: {need}"))
        })
        .collect();
    if errors.is_empty() { Ok(words) } else { Err(errors) }
}

fn are_ids(words: &[String]) -> bool {
    words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Characters in a row that are no wildcards; only these narrow the trigram index.
fn longest_literal(word: &str) -> usize {
    word.split(['%', '_']).map(|part| part.chars().count()).max().unwrap_or(0)
}

/// Looks the words up. Numbers alone are ids, several are alternatives; other words must all be found.
pub(crate) async fn find(db: &impl ConnectionTrait, words: &[String]) -> Result<Found, DbErr> {
    if words.is_empty() {
        return Ok(Found::All);
    }
    let exact = if are_ids(words) { with_ids(db, words).await? } else { Vec::new() };
    let full_id = words.iter().all(|word| word.len() >= DIGITS_OF_FULL_ID);
    let named = !exact.is_empty() && (full_id || words.len() > 1);
    if named || words.iter().any(|word| longest_literal(word) < SHORTEST_WORD) {
        return Ok(Found::Few(exact));
    }
    let mut matches = with_text(db, words).await?;
    if matches.len() > FEW {
        return Ok(Found::Many { words: words.to_vec(), exact });
    }
    matches.extend(exact);
    Ok(Found::Few(matches.into_iter().collect::<BTreeSet<_>>().into_iter().collect()))
}

async fn with_ids(db: &impl ConnectionTrait, words: &[String]) -> Result<Vec<i64>, DbErr> {
    let numbers: Vec<i64> = words.iter().filter_map(|word| word.parse().ok()).filter(|id| *id > 0).collect();
    let mut values: Vec<Value> = Vec::new();
    let mut list = |new: Vec<Value>| {
        let first = values.len() + 1;
        values.extend(new);
        let places: Vec<_> = (first..=values.len()).map(|place| format!("${place}")).collect();
        if places.is_empty() { "NULL".to_owned() } else { places.join(", ") }
    };
    let texts = list(words.iter().map(|word| word.as_str().into()).collect());
    let ids = list(numbers.iter().map(|id| (*id).into()).collect());
    let store_ids = list(numbers.iter().map(|id| (*id).into()).collect());
    let sql = format!(
        "SELECT id FROM orders WHERE tiktok_order_id IN ({texts})
         UNION SELECT id FROM orders WHERE id IN ({ids})
         UNION SELECT id FROM orders WHERE {STORE_ORDER_ID} IN ({store_ids})
         LIMIT {FEW}"
    );
    ids_of(db, sql, values).await
}

async fn with_text(db: &impl ConnectionTrait, words: &[String]) -> Result<Vec<i64>, DbErr> {
    let mut query = matching(db.get_database_backend(), words);
    let rows = db.query_all(query.limit(FEW as u64 + 1)).await?;
    rows.iter().map(|row| row.try_get("", "rowid")).collect()
}

/// Whether so many orders, or fewer, contain all words.
pub(crate) async fn matches_at_most(
    db: &impl ConnectionTrait,
    words: &[String],
    most: u64,
) -> Result<bool, DbErr> {
    let some = matching(db.get_database_backend(), words).limit(most + 1).to_owned();
    let count =
        Query::select().expr_as(Expr::cust("COUNT(*)"), "n").from_subquery(some, "some_orders").to_owned();
    let row = db.query_one(&count).await?;
    let n: i64 = row.map_or(Ok(0), |row| row.try_get("", "n"))?;
    Ok(n.unsigned_abs() <= most)
}

/// The numbers of the orders whose text contains all words, through the trigram index.
pub(crate) fn matching(backend: DbBackend, words: &[String]) -> SelectStatement {
    let mut query = Query::select().column("rowid").from("order_search").to_owned();
    for word in words {
        // An ESCAPE clause would keep SQLite from using the index, so wildcards in the word match any character here,
        // and the second condition is exact.
        let pattern = format!("%{}%", word.replace(['%', '\\'], "_"));
        let contains = Func::cust(contains_function(backend)).arg(Expr::col("text")).arg(word.as_str());
        query.and_where(Expr::col("text").like(pattern)).and_where(contains.gt(0));
    }
    query
}

async fn ids_of(db: &impl ConnectionTrait, sql: String, values: Vec<Value>) -> Result<Vec<i64>, DbErr> {
    let rows =
        db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| row.try_get("", "id")).collect()
}

/// The function that says where one text lies in another.
fn contains_function(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "strpos",
        _ => "instr",
    }
}

/// Whether the text of the order at hand contains a word: looked up by the order's number, not through the index.
pub(crate) fn order_contains(backend: DbBackend, word: &str) -> Expr {
    let text = Expr::cust("(SELECT text FROM order_search WHERE order_search.rowid = orders.id)");
    Func::cust(contains_function(backend)).arg(text).arg(word).gt(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn short_words_are_refused_unless_they_are_ids() {
        assert_eq!(checked(words(&["7"])).unwrap(), ["7"]);
        assert_eq!(checked(words(&["7", "12"])).unwrap(), ["7", "12"]);
        assert_eq!(checked(words(&["Candle"])).unwrap(), ["candle"]);
        for short in [&["ab"][..], &["7", "candle"], &["%%%"], &["a_b_c"]] {
            assert!(checked(words(short)).unwrap_err()[0].detail.contains("at least 3"), "{short:?}");
        }
    }
}
