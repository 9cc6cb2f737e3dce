#![doc = include_str!("README.md")]

use std::collections::HashSet;
use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;

static LEAKED: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut text = String::new();
    let packed = include_bytes!("passwords.txt.gz");
    GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("it was packed from text");
    text.lines().map(str::to_owned).collect()
});

/// Whether leaks have made a password known, whichever of its letters are capitals.
pub fn is_leaked(password: &str) -> bool {
    LEAKED.contains(&password.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaks_have_made_known_is_known() {
        assert!(LEAKED.len() > 10_000, "{}", LEAKED.len());
        assert!(is_leaked("gild763wau542") && is_leaked("GilmoreGirls"));
        assert!(!is_leaked("violet tram seven") && !is_leaked(""));
    }
}
