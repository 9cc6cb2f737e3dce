//! What a browser loads before the first view is there.

use std::collections::BTreeSet;

use ::tests::{Duties, Orderbridge, ProcessOptions, free_address};
use anyhow::{Context, Result};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING};

use crate::Scale;
use crate::report::{Table, print_section, verdict};

/// The budget of the first view: WASM, JavaScript and CSS, compressed.
const MOST_BYTES: usize = 300_000;

pub async fn measure(_scale: &Scale) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let options = ProcessOptions {
        duties: Duties::All,
        address: free_address()?,
        data_dir: folder.path().to_owned(),
        database_url: None,
        // Nothing is connected, so nobody is called.
        tiktok_url: "http://127.0.0.1:9".to_owned(),
        log: folder.path().join("orderbridge.log"),
        environment: std::collections::BTreeMap::new(),
    };
    let orderbridge = Orderbridge::start(options).await?;
    let http = reqwest::Client::new();
    let page = http.get(orderbridge.url()).header(ACCEPT, "text/html").send().await?.text().await?;

    print_section("The first view over the wire, Accept-Encoding: br");
    let mut table = Table::new(&["", "bytes", "budget", "encoding"]);
    let mut sum = 0;
    for path in std::iter::once("/".to_owned()).chain(assets(&page)) {
        let url = format!("{}{path}", orderbridge.url());
        let request = http.get(url).header(ACCEPT, "text/html, */*").header(ACCEPT_ENCODING, "br");
        let response = request.send().await?.error_for_status()?;
        let encoding = response.headers().get(CONTENT_ENCODING).map(|value| value.to_str()).transpose()?;
        let encoding = encoding.unwrap_or("none").to_owned();
        let bytes = response.bytes().await.with_context(|| format!("{path} ends early"))?.len();
        sum += bytes;
        table.row([path, bytes.to_string(), String::new(), encoding]);
    }
    let met = verdict(sum <= MOST_BYTES).to_owned();
    table.row(["together".to_owned(), sum.to_string(), MOST_BYTES.to_string(), met]);
    print!("{table}");
    if !page.contains(".wasm") {
        println!(
            "  The page is not built, so this is only the note in its place: run `cargo xtask demo` first."
        );
    }
    Ok(())
}

/// Paths of the page's own files that it names anywhere.
fn assets(page: &str) -> BTreeSet<String> {
    let own = |text: &&str| text.starts_with('/') && !text.starts_with("//") && text.len() > 1;
    let is_file = |text: &&str| !text.contains(['<', '>', ' ', '\n']) && text.contains('.');
    page.split(['"', '\'']).filter(own).filter(is_file).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_page_are_found_once() {
        let page = r#"<link href="/a-1.css"><link rel="preload" href="/b.wasm"><script src="/c.js"></script>
            <link rel="modulepreload" href="/c.js"><a href="/orders">x</a><img src="data:image/svg+xml,/x.svg">"#;

        assert_eq!(assets(page).into_iter().collect::<Vec<_>>(), ["/a-1.css", "/b.wasm", "/c.js"]);
    }
}
