//! How API keys are made: `obk_<id>_<secret><checksum>`, so that scanners for leaked secrets find them, and so that a
//! mistyped one is refused without asking the database.

use rand::RngExt;
use rand::distr::Alphanumeric;

/// How every key begins.
pub const PREFIX: &str = "obk_";
const ID_LENGTH: usize = 10;
/// Characters of 62 kinds: 256 bits.
const SECRET_LENGTH: usize = 43;
/// 32 bits in characters of 62 kinds.
const CHECKSUM_LENGTH: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key that was just made.
pub struct FreshKey {
    pub key: String,
    /// How it begins: tells it from others, and tells nothing of the secret.
    pub prefix: String,
}

/// Makes a key.
#[must_use]
pub fn new_key() -> FreshKey {
    let random = |length| rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect();
    let id: String = random(ID_LENGTH);
    let secret: String = random(SECRET_LENGTH);
    let prefix = format!("{PREFIX}{id}");
    let unchecked = format!("{prefix}_{secret}");
    let checksum = checksum(&unchecked);
    FreshKey { key: unchecked + &checksum, prefix }
}

/// Whether a text can be a key at all.
#[must_use]
pub fn is_well_formed(key: &str) -> bool {
    let length = PREFIX.len() + ID_LENGTH + 1 + SECRET_LENGTH + CHECKSUM_LENGTH;
    if key.len() != length || !key.is_ascii() {
        return false;
    }
    let (unchecked, sum) = key.split_at(length - CHECKSUM_LENGTH);
    checksum(unchecked) == sum
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_one_wrong_character_is_no_key() {
        let FreshKey { key, prefix } = new_key();

        assert!(is_well_formed(&key) && key.starts_with(&prefix), "{key}");
        assert_eq!(key.len(), 64);
        for place in PREFIX.len()..key.len() {
            let mut wrong = key.clone().into_bytes();
            wrong[place] = if wrong[place] == b'a' { b'b' } else { b'a' };
            assert!(!is_well_formed(std::str::from_utf8(&wrong).unwrap()), "{place}");
        }
        for nonsense in ["", "obk_", "obk_é", &key[..63], &format!("{key}0")] {
            assert!(!is_well_formed(nonsense), "{nonsense}");
        }
        assert_ne!(new_key().key, key);
    }
}
