//! Passwords: which are accepted, and how they are kept.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::RngExt;
use shared::FieldError;
use tokio::sync::Semaphore;

use super::leaked::is_leaked;
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

/// Guesses that a password must stand, as powers of ten: what is reckoned below is found within days by whoever has the
/// digests, whatever its characters.
const FEWEST_GUESSES_LOG10: f64 = 9.0;
/// Words that are guessed first here, beside the lists of common passwords, names and words.
const OUR_WORDS: [&str; 5] = ["orderbridge", "prestashop", "tiktok", "tiktokshop", "seller"];

/// Pass phrases that every text about pass phrases shows, without what stands between their words: long enough to look
/// good, and tried early.
const SHOWN_EVERYWHERE: [&str; 8] = [
    "correcthorsebatterystaple",
    "icanhascheezburger",
    "itwasthebestoftimes",
    "loremipsumdolorsitamet",
    "maytheforcebewithyou",
    "openthepodbaydoorshal",
    "thequickbrownfoxjumpsoverthelazydog",
    "tobeornottobethatisthequestion",
];

/// What is wrong with a new password, if anything; `pointer` names the field.
#[must_use]
pub fn check_new_password(pointer: &str, password: &str, email: &str) -> Option<FieldError> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let local_part = email.trim().to_lowercase();
    let local_part = local_part.split('@').next().unwrap_or_default();
    let detail = if length < SHORTEST {
        format!("at least {SHORTEST} characters are needed")
    } else if length > LONGEST {
        format!("at most {LONGEST} characters are taken")
    } else if is_guessed_soon(password, local_part) {
        "this is among the first that would be guessed; choose another one".to_owned()
    } else if is_leaked(password) {
        "leaks have made this one known; choose another one".to_owned()
    } else if local_part.len() >= SHORTEST_TELLING_PART && lower.contains(local_part) {
        "it must not contain your e-mail address".to_owned()
    } else {
        return None;
    };
    Some(FieldError::new(pointer, detail))
}

/// Whether those who guess come to this one soon. Looked up without a network, in lists of passwords that were breached
/// most often, of names and of words, with the usual replacements, repeats, sequences and rows of keys.
fn is_guessed_soon(password: &str, local_part: &str) -> bool {
    let letters: String =
        password.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    if SHOWN_EVERYWHERE.contains(&letters.as_str()) {
        return true;
    }
    let mut words = OUR_WORDS.to_vec();
    words.push(local_part);
    zxcvbn::zxcvbn(password, &words).guesses_log10() < FEWEST_GUESSES_LOG10
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
            ("P@ssw0rd123456", "guessed"),
            ("iloveyouiloveyou", "guessed"),
            ("1qaz2wsx3edc4rfv", "guessed"),
            ("abcdefghijklmnop", "guessed"),
            ("orderbridge2026", "guessed"),
            ("trustno1trustno1", "guessed"),
            ("december25122026", "guessed"),
            ("correct horse battery staple", "guessed"),
            ("Correct-Horse-Battery-Staple1!", "guessed"),
            ("to be or not to be, that is the question", "guessed"),
            ("Camille.D-and-more", "e-mail"),
            // Random enough for whoever reckons, and in the lists of whoever guesses.
            ("gild763wau542", "leaks"),
            ("Giovani150491", "leaks"),
        ];

        for (password, reason) in refused {
            let error = check_new_password("/password", password, "camille.d@example.com").unwrap();
            assert!(error.detail.contains(reason), "{password}: {}", error.detail);
        }
        assert!(check_new_password("/password", &"x1y2z3".repeat(30), "a@b.co").is_some(), "too long");
        for good in
            ["violet tram seven", "passwordless umbrella", "Zürich-Gleis 9 ¾", "plenty of orders today"]
        {
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
