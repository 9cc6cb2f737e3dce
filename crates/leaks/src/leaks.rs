use std::collections::BTreeSet;
use std::path::Path;
use std::{fmt, io};

/// What tests sign in with and what the sandboxes give, where it has no shape of its own.
const KNOWN: [&str; 8] = [
    "plenty of orders today",
    "plenty-of-figures",
    "sandbox-app-secret",
    "sandbox-auth-code",
    sandbox::prestashop::DEMO_KEY,
    "violet tram seven",
    "planted-",
    "WEBSERVICEKEYWEBSERVICEKEY123456",
];
/// The buyer whom the tests of the API invent.
const BUYER: [&str; 3] = ["Durand", "rue des Lilas", "+33612345678"];

/// How tokens and keys begin: TikTok Shop's, our own, those of webhooks, and signed tokens.
const PREFIXES: [&str; 7] = ["GCP_", "ROW_", "TTP_", "obk_", "whsec_", "eyJ0eX", "eyJhbG"];
/// What follows a prefix in a real one; less is an example or a hint.
const SECRET_LENGTH: usize = 20;

/// Secrets and buyers' data that stand where nobody asked for them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Leaks(BTreeSet<String>);

impl Leaks {
    /// Secrets in a text, by what they look like and by the values that the sandboxes give.
    #[must_use]
    pub fn of_secrets(text: &str) -> Self {
        let known = KNOWN.into_iter().filter(|secret| text.contains(secret)).map(str::to_owned);
        let shaped =
            PREFIXES.into_iter().flat_map(|prefix| text.match_indices(prefix)).filter(|(at, prefix)| {
                let rest = text[at + prefix.len()..].bytes();
                rest.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count()
                    >= SECRET_LENGTH
            });
        Self(
            known
                .chain(shaped.map(|(at, prefix)| text[at..at + prefix.len() + 4].to_owned() + "…"))
                .collect(),
        )
    }

    /// Names, streets and addresses of the buyers whom the sandbox invents, and their mail addresses.
    #[must_use]
    pub fn of_buyers(text: &str) -> Self {
        let marks = sandbox::tiktok::marks_of_buyers().chain(BUYER).chain(["@scs.tiktok.com"]);
        Self(marks.filter(|mark| text.contains(mark)).map(str::to_owned).collect())
    }

    /// Both.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut leaks = Self::of_secrets(text);
        leaks.0.extend(Self::of_buyers(text).0);
        leaks
    }

    /// Both in the log of a process.
    ///
    /// # Errors
    /// When there is no log, or nothing in it: then nobody knows what was said.
    pub fn in_log(log: &Path) -> io::Result<Self> {
        let text = std::fs::read(log)?;
        if text.is_empty() {
            return Err(io::Error::other("the log is empty"));
        }
        Ok(Self::of(&String::from_utf8_lossy(&text)))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found: Vec<_> = self.0.iter().take(5).map(String::as_str).collect();
        write!(f, "{} secrets or buyers' data, such as {}", self.0.len(), found.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planted_is_found() {
        let street = sandbox::tiktok::marks_of_buyers().next().unwrap();

        for secret in [
            "token=GCP_aBcDeFgHiJkLmNoPqRsTuVwX",
            "Bearer eyJ0eXAiOiJhdCtqd3QiLCJhbGciOi",
            "key obk_0123456789abcdefghij01",
            "password plenty of orders today",
        ] {
            assert!(!Leaks::of_secrets(secret).is_empty(), "{secret}");
        }
        assert!(!Leaks::of_buyers(&format!("ship to {street} 12")).is_empty());
        assert!(Leaks::in_log(Path::new("there-is-none.log")).is_err());
        let empty = tempfile::NamedTempFile::new().unwrap();
        assert!(Leaks::in_log(empty.path()).is_err());
        let harmless = "order 576461413038785752 of GCP_ shipped, key obk_12ab…, eyJ0eX";
        assert!(Leaks::of_secrets(harmless).is_empty() && Leaks::of_buyers(harmless).is_empty());
    }
}
