//! Codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of thirty seconds, which every app knows.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use rand::{Rng, RngExt};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use url::form_urlencoded::byte_serialize;

const STEP_S: i64 = 30;
/// Clocks of phones differ: the steps before and after count too.
const TOLERANCE: i64 = 1;
const DIGITS: usize = 6;
/// As long as the hash, as RFC 4226 advises.
const SECRET_BYTES: usize = 20;
const ISSUER: &str = "orderbridge";

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// Letters and digits that nobody takes for each other; 16 of them are 80 bits.
const RECOVERY_ALPHABET: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
const RECOVERY_LENGTH: usize = 16;

/// A secret for a new app.
#[must_use]
pub fn new_secret() -> Vec<u8> {
    let mut secret = vec![0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut secret);
    secret
}

/// What an app scans.
#[must_use]
pub fn uri(secret: &[u8], email: &str) -> String {
    let email: String = byte_serialize(email.as_bytes()).collect();
    format!("otpauth://totp/{ISSUER}:{email}?secret={}&issuer={ISSUER}", base32(secret))
}

/// The secret as it is typed in.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            text.push(char::from(ALPHABET[(bits >> (35 - 5 * place) & 31) as usize]));
        }
    }
    text
}

/// The step whose code this is, if it is one of now.
#[must_use]
pub fn step_of(secret: &[u8], code: &str, now: DateTime<Utc>) -> Option<i64> {
    let now = now.timestamp() / STEP_S;
    let mut found = None;
    for step in now - TOLERANCE..=now + TOLERANCE {
        if bool::from(code_at(secret, step).as_bytes().ct_eq(code.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// Whether a text is meant as a code of an app, not as a recovery code.
#[must_use]
pub fn is_code(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn code_at(secret: &[u8], step: i64) -> String {
    let number = truncated(secret, step) % 10_u32.pow(DIGITS as u32);
    format!("{number:0DIGITS$}")
}

/// RFC 4226, section 5.3.
fn truncated(secret: &[u8], counter: i64) -> u32 {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&counter.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[hash.len() - 1] & 15);
    let bytes = [hash[offset], hash[offset + 1], hash[offset + 2], hash[offset + 3]];
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

/// New recovery codes, in groups of four.
#[must_use]
pub fn new_recovery_codes() -> Vec<String> {
    let code = || {
        let mut code = String::new();
        for place in 0..RECOVERY_LENGTH {
            if place > 0 && place % 4 == 0 {
                code.push('-');
            }
            code.push(char::from(RECOVERY_ALPHABET[rand::rng().random_range(0..RECOVERY_ALPHABET.len())]));
        }
        code
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

/// What is stored of a recovery code; case, spaces and hyphens do not matter.
#[must_use]
pub fn recovery_code_hash(code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    super::token_hash(&plain.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 6238, of whose eight digits six are ours.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        let secret = b"12345678901234567890";
        let vectors = [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ];
        for (seconds, code) in vectors {
            assert_eq!(
                truncated(secret, seconds / STEP_S) % 100_000_000,
                code.parse::<u32>().unwrap(),
                "{seconds}"
            );
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(step_of(secret, &code[2..], now), Some(seconds / STEP_S));
        }
    }

    #[test]
    fn a_code_is_good_for_a_step_before_and_after() {
        let secret = new_secret();
        let at = |seconds: i64| DateTime::from_timestamp(1_795_422_300 + seconds, 0).unwrap();
        let code = code_at(&secret, at(0).timestamp() / STEP_S);

        assert!(step_of(&secret, &code, at(-30)).is_some());
        assert!(step_of(&secret, &code, at(59)).is_some());
        assert!(step_of(&secret, &code, at(60)).is_none());
        assert!(step_of(&secret, &code, at(-31)).is_none());
        assert!(step_of(&secret, &code[..5], at(0)).is_none());
    }

    /// Section 10 of RFC 4648.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let codes = new_recovery_codes();

        assert_eq!(codes.len(), RECOVERY_CODES);
        let code = &codes[0];
        assert_eq!(recovery_code_hash(code), recovery_code_hash(&code.replace('-', " ").to_uppercase()));
        assert_ne!(recovery_code_hash(code), recovery_code_hash(&codes[1]));
        assert!(!is_code(code) && is_code("012345"));
    }
}
