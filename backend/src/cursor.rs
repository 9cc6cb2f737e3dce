//! Cursors: opaque, signed, and good only for the list that they were made for.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use database::page::{PageRequest, Position, Slice, Start};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::{FieldError, Page};

use crate::error::ApiError;

const DEFAULT_LIMIT: u32 = 25;
const MAX_LIMIT: u32 = 100;
const SIGNATURE_BYTES: usize = 16;

/// Makes and reads cursors.
#[derive(Clone)]
pub struct Cursors {
    key: [u8; 32],
}

impl Cursors {
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Reads `limit`, `after` and `before` from a query and leaves the rest, which the list itself understands.
    ///
    /// # Errors
    /// When one of them is wrong or given twice.
    pub fn page_parameters(
        pairs: Vec<(String, String)>,
    ) -> Result<(PageParameters, Vec<(String, String)>), ApiError> {
        let mut parameters = PageParameters { limit: DEFAULT_LIMIT, after: None, before: None };
        let mut rest = Vec::new();
        let mut errors = Vec::new();
        let mut limit_given = false;
        for (name, value) in pairs {
            match name.as_str() {
                "limit" if !limit_given => {
                    limit_given = true;
                    match value.parse() {
                        Ok(limit @ 1..=MAX_LIMIT) => parameters.limit = limit,
                        _ => errors
                            .push(FieldError::new("limit", format!("a whole number from 1 to {MAX_LIMIT}"))),
                    }
                }
                "after" if parameters.after.is_none() => parameters.after = Some(value),
                "before" if parameters.before.is_none() => parameters.before = Some(value),
                "limit" | "after" | "before" => {
                    errors.push(FieldError::new(name, "given twice; send it once"))
                }
                _ => rest.push((name, value)),
            }
        }
        ApiError::refuse_filter(errors)?;
        Ok((parameters, rest))
    }

    /// Refuses whatever is left of a query of a list that has no filters.
    ///
    /// # Errors
    /// When anything is left.
    pub fn no_filters(rest: &[(String, String)]) -> Result<(), ApiError> {
        let unknown =
            |(name, _): &(String, String)| FieldError::new(name, "unknown filter; this list has none");
        let errors: Vec<_> = rest.iter().map(unknown).collect();
        ApiError::refuse_filter(errors)
    }

    /// The page that the parameters ask for, of the list that `binding` describes.
    ///
    /// # Errors
    /// When a cursor was edited, belongs to another list, or both directions are asked for at once.
    pub fn request(&self, parameters: &PageParameters, binding: &str) -> Result<PageRequest, ApiError> {
        let start = match (&parameters.after, &parameters.before) {
            (None, None) => Start::First,
            (Some(cursor), None) => Start::After(self.read(cursor, binding)?),
            (None, Some(cursor)) => Start::Before(self.read(cursor, binding)?),
            (Some(_), Some(_)) => {
                return Err(ApiError::bad_request("bad_cursor", "Send either after or before, not both."));
            }
        };
        Ok(PageRequest { limit: parameters.limit, start })
    }

    /// The page as it is sent.
    #[must_use]
    pub fn page<T>(&self, slice: Slice<T>, binding: &str) -> Page<T> {
        let cursor = |position: Option<&Position>| position.map(|position| self.write(position, binding));
        Page {
            next_cursor: cursor(slice.last.as_ref()).filter(|_| slice.has_more),
            previous_cursor: cursor(slice.first.as_ref()).filter(|_| slice.has_previous),
            has_more: slice.has_more,
            has_previous: slice.has_previous,
            items: slice.items,
        }
    }

    pub(crate) fn write(&self, position: &Position, binding: &str) -> String {
        let position = serde_json::to_vec(position).expect("a position has text keys only");
        let signature = self.mac(&position, binding).finalize().into_bytes();
        BASE64_URL_SAFE_NO_PAD.encode([&signature[..SIGNATURE_BYTES], &position].concat())
    }

    pub(crate) fn read(&self, cursor: &str, binding: &str) -> Result<Position, ApiError> {
        let refused = || {
            let detail = "The cursor does not belong to this list with its filter and sort; begin with the first page.";
            ApiError::bad_request("bad_cursor", detail)
        };
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let (signature, position) = bytes.split_at_checked(SIGNATURE_BYTES).ok_or_else(refused)?;
        self.mac(position, binding).verify_truncated_left(signature).map_err(|_| refused())?;
        serde_json::from_slice(position).map_err(|_| refused())
    }

    fn mac(&self, position: &[u8], binding: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(&(binding.len() as u64).to_be_bytes());
        mac.update(binding.as_bytes());
        mac.update(position);
        mac
    }
}

/// Which page is asked for, before the cursors are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageParameters {
    pub limit: u32,
    pub after: Option<String>,
    pub before: Option<String>,
}

/// What a list is about, as one text that a cursor can be bound to.
#[must_use]
pub fn binding(list: &str, pairs: &[(String, String)]) -> String {
    let mut text = list.to_owned();
    for (name, value) in pairs {
        text.push_str(&format!("\n{name}={value:?}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use database::page::PositionKey;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn position() -> Position {
        Position { key: PositionKey::Number(5), id: 7 }
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let cursors = Cursors::new([1; 32]);
        let cursor = cursors.write(&position(), "orders sort=total");

        assert_eq!(cursors.read(&cursor, "orders sort=total").unwrap(), position());
        assert!(cursors.read(&cursor, "orders sort=id").is_err());
        assert!(Cursors::new([2; 32]).read(&cursor, "orders sort=total").is_err());
    }

    #[test]
    fn an_edited_cursor_is_refused() {
        let cursors = Cursors::new([1; 32]);
        let cursor = cursors.write(&position(), "orders");

        for place in 0..cursor.len() {
            let mut edited = cursor.clone().into_bytes();
            edited[place] = if edited[place] == b'A' { b'B' } else { b'A' };
            let edited = String::from_utf8(edited).unwrap();
            assert!(cursors.read(&edited, "orders").is_err(), "{place}");
        }
        for nonsense in ["", "x", "!!!!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(cursors.read(nonsense, "orders").is_err());
        }
    }

    #[test]
    fn every_cursor_is_read_as_it_was_written_and_no_nonsense_is_read() {
        let cursors = Cursors::new([1; 32]);
        let mut rng = SmallRng::seed_from_u64(5);
        for _ in 0..5_000 {
            let text: String = (0..rng.random_range(0..40)).map(|_| rng.random::<char>()).collect();
            let key = if rng.random() {
                PositionKey::Number(rng.random())
            } else {
                PositionKey::Text(text.clone())
            };
            let position = Position { key, id: rng.random() };
            let cursor = cursors.write(&position, &text);

            assert!(
                cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
                "{cursor}"
            );
            assert_eq!(cursors.read(&cursor, &text).ok(), Some(position));
            assert!(cursors.read(&cursor, &format!("{text} ")).is_err(), "{cursor}");
            let cut = &cursor[..rng.random_range(0..cursor.len())];
            assert!(cursors.read(cut, &text).is_err(), "{cut}");
            let bytes: Vec<u8> = (0..rng.random_range(0..80)).map(|_| rng.random()).collect();
            assert!(cursors.read(&BASE64_URL_SAFE_NO_PAD.encode(&bytes), &text).is_err(), "{bytes:?}");
            assert!(cursors.read(&text, &text).is_err(), "{text}");
        }
    }

    #[test]
    fn limits_are_checked_and_other_parameters_left() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());

        let (parameters, rest) =
            Cursors::page_parameters(vec![pair("limit", "50"), pair("status", "error")]).unwrap();
        assert_eq!((parameters.limit, rest), (50, vec![pair("status", "error")]));
        for wrong in ["0", "101", "x", "-1"] {
            assert!(Cursors::page_parameters(vec![pair("limit", wrong)]).is_err(), "{wrong}");
        }
        assert!(Cursors::page_parameters(vec![pair("after", "a"), pair("after", "b")]).is_err());
    }
}
