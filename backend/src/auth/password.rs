//! Passwords: which are accepted, and how they are kept.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::RngExt;
use shared::FieldError;
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// Memory of one hashing, in KiB: 46 MiB, as OWASP advises for one pass.
const MEMORY_KIB: u32 = 47_104;
/// Hashings at the same time; more would take the memory and the processors from everything else.
const AT_ONCE: usize = 2;
const SHORTEST: usize = 12;
const LONGEST: usize = 128;
const LONGEST_EMAIL: usize = 254;
/// Shorter parts of an address occur in good passwords by chance.
const SHORTEST_TELLING_PART: usize = 4;

/// Beginnings of what people choose when twelve characters are asked for.
const COMMON: [&str; 32] = [
    "123456789012",
    "1234567890ab",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "abcdefghijkl",
    "adminadmin",
    "administrator",
    "administration",
    "changeme",
    "correcthorsebatterystaple",
    "dragondragon",
    "footballfootball",
    "iloveyou",
    "letmein",
    "monkeymonkey",
    "orderbridge",
    "p@ssw0rd",
    "p@ssword",
    "passw0rd",
    "password",
    "princess",
    "qwerty",
    "qwertz",
    "azerty",
    "sunshine",
    "superman",
    "tiktoktiktok",
    "tiktokshop",
    "prestashop",
    "trustno1",
    "welcome",
    "zxcvbnm",
];

/// What is wrong with a new password, if anything; `pointer` names the field.
#[must_use]
pub fn check_new_password(pointer: &str, password: &str, email: &str) -> Option<FieldError> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let local_part = email.trim().to_lowercase();
    let local_part = local_part.split('@').next().unwrap_or_default();
    let mut characters: Vec<char> = lower.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    // A common word followed by a few digits is as common as the word.
    let rest_of_common = COMMON.iter().filter_map(|common| lower.strip_prefix(common));
    let mut short_rests =
        rest_of_common.filter(|rest| rest.chars().filter(|c| c.is_alphabetic()).count() < 6);
    let detail = if length < SHORTEST {
        format!("at least {SHORTEST} characters are needed")
    } else if length > LONGEST {
        format!("at most {LONGEST} characters are taken")
    } else if short_rests.next().is_some() || characters.len() < 5 {
        "this is among the first that would be guessed; choose another one".to_owned()
    } else if local_part.len() >= SHORTEST_TELLING_PART && lower.contains(local_part) {
        "it must not contain your e-mail address".to_owned()
    } else {
        return None;
    };
    Some(FieldError::new(pointer, detail))
}

/// What is wrong with an e-mail address, if anything; `pointer` names the field.
#[must_use]
pub fn check_new_email(pointer: &str, email: &str) -> Option<FieldError> {
    let email = email.trim();
    let plain = !email.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = email.split_once('@').filter(|(local, domain)| {
        !local.is_empty() && domain.len() >= 3 && domain.contains('.') && !domain.contains('@')
    });
    if plain && parts.is_some() && email.len() <= LONGEST_EMAIL {
        return None;
    }
    Some(FieldError::new(pointer, "not an e-mail address; write it like name@example.com"))
}

/// Makes and checks password digests, a few at a time.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// Checked when nobody has the given address, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    #[must_use]
    pub fn new() -> Self {
        let password: String =
            rand::rng().sample_iter(rand::distr::Alphanumeric).take(24).map(char::from).collect();
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), nobody: hash_now(&password).into() }
    }

    /// The digest of a new password, in PHC form.
    ///
    /// # Errors
    /// When the thread that hashes dies.
    pub async fn hash(&self, password: String) -> Result<String, ApiError> {
        let _turn = self.turns.acquire().await.map_err(ApiError::internal)?;
        tokio::task::spawn_blocking(move || hash_now(&password)).await.map_err(ApiError::internal)
    }

    /// Whether a password has this digest; without a digest it takes as long to find that it has not.
    ///
    /// # Errors
    /// When the thread that hashes dies.
    pub async fn verify(&self, password: String, digest: Option<String>) -> Result<bool, ApiError> {
        let _turn = self.turns.acquire().await.map_err(ApiError::internal)?;
        let known = digest.is_some();
        let digest = digest.unwrap_or_else(|| self.nobody.to_string());
        let verified = tokio::task::spawn_blocking(move || {
            let parsed = PasswordHash::new(&digest);
            parsed.is_ok_and(|parsed| hasher().verify_password(password.as_bytes(), &parsed).is_ok())
        });
        Ok(verified.await.map_err(ApiError::internal)? && known)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, 1, 1, None).expect("the parameters are within Argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &str) -> String {
    let digest = hasher().hash_password(password.as_bytes()).expect("a password of any length has a digest");
    digest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_passwords_are_refused() {
        let refused = [
            ("short", "at least 12"),
            ("Password2026!", "guessed"),
            ("qwertyuiop12", "guessed"),
            ("aaaaaaaaaaaaaaa", "guessed"),
            ("123123123123123", "guessed"),
            ("Camille.D-and-more", "e-mail"),
        ];

        for (password, reason) in refused {
            let error = check_new_password("/password", password, "camille.d@example.com").unwrap();
            assert!(error.detail.contains(reason), "{password}: {}", error.detail);
        }
        assert!(check_new_password("/password", &"x1y2z3".repeat(30), "a@b.co").is_some(), "too long");
        for good in ["violet tram seven", "passwordless umbrella", "Zürich-Gleis 9 ¾"] {
            assert_eq!(check_new_password("/password", good, "camille.d@example.com"), None, "{good}");
        }
    }

    #[test]
    fn addresses_are_checked_loosely() {
        for good in ["a@b.co", "Camille.Durand+shop@example.com "] {
            assert_eq!(check_new_email("/email", good), None);
        }
        for wrong in ["", "a", "@b.co", "a@b", "a b@c.de", "a@b@c.de"] {
            assert!(check_new_email("/email", wrong).is_some(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_digest_fits_its_password_only() {
        let passwords = Passwords::new();
        let digest = passwords.hash("violet tram seven".to_owned()).await.unwrap();

        assert!(digest.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"));
        assert!(passwords.verify("violet tram seven".to_owned(), Some(digest.clone())).await.unwrap());
        assert!(!passwords.verify("violet tram eight".to_owned(), Some(digest)).await.unwrap());
        assert!(!passwords.verify("violet tram seven".to_owned(), None).await.unwrap());
    }
}
