//! The `<link data-trunk …>` elements of `index.html`.

use anyhow::{Context, Result};

/// A link that asks the build for something.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    attributes: Vec<(String, String)>,
}

impl Link {
    pub fn rel(&self) -> Result<&str> {
        self.get("rel").context("a link with data-trunk in index.html has no rel")
    }

    pub fn href(&self) -> Result<&str> {
        self.get("href").context("a link with data-trunk in index.html has no href")
    }

    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn get(&self, wanted: &str) -> Option<&str> {
        self.attributes().find(|(name, _)| *name == wanted).map(|(_, value)| value)
    }

    /// Reads what stands between `<link` and `>`.
    fn parse(mut text: &str) -> Self {
        let mut attributes = Vec::new();
        loop {
            text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            let end = text.find(|c: char| c.is_whitespace() || c == '=' || c == '/').unwrap_or(text.len());
            if end == 0 {
                return Self { attributes };
            }
            let name = text[..end].to_owned();
            text = &text[end..];
            let mut value = String::new();
            if let Some(rest) = text.strip_prefix('=') {
                let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
                let rest = if quote.is_some() { &rest[1..] } else { rest };
                let ends = |c: char| quote.map_or(c.is_whitespace(), |quote| c == quote);
                let end = rest.find(ends).unwrap_or(rest.len());
                value = rest[..end].to_owned();
                text = rest[end..].strip_prefix(['"', '\'']).unwrap_or(&rest[end..]);
            }
            attributes.push((name, value));
        }
    }
}

/// Replaces each link that asks the build for something by what `replacement` says; comments stay as they are.
pub fn rewrite_links(document: &str, mut replacement: impl FnMut(&Link) -> Result<String>) -> Result<String> {
    let mut written = String::with_capacity(document.len());
    let mut rest = document;
    while let Some(start) = rest.find("<link").into_iter().chain(rest.find("<!--")).min() {
        let is_comment = rest[start..].starts_with("<!--");
        let closing = if is_comment { "-->" } else { ">" };
        let length = rest[start..].find(closing).context("index.html has an element that does not end")?;
        let end = start + length + closing.len();
        let element = &rest[start..end];
        written.push_str(&rest[..start]);
        rest = &rest[end..];
        let link = (!is_comment).then(|| Link::parse(&element["<link".len()..element.len() - 1]));
        match link.filter(|link| link.get("data-trunk").is_some()) {
            Some(link) => written.push_str(&replacement(&link)?),
            None => written.push_str(element),
        }
    }
    written.push_str(rest);
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_for_the_build_are_replaced() {
        let document = "<link rel=\"manifest\" href=\"/m\"><!-- <link data-trunk rel=\"css\"> -->\
                        <link data-trunk rel=css href='a.css' /><p>";

        let rewritten =
            rewrite_links(document, |link| Ok(format!("[{} {}]", link.rel()?, link.href()?))).unwrap();

        assert_eq!(
            rewritten,
            "<link rel=\"manifest\" href=\"/m\"><!-- <link data-trunk rel=\"css\"> -->[css a.css]<p>"
        );
    }

    #[test]
    fn what_does_not_end_is_an_error() {
        assert!(rewrite_links("<link data-trunk", |_| Ok(String::new())).is_err());
    }
}
