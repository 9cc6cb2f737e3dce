//! Files of orders: of what is filtered, and of what is selected.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;
use tests::browser::{Browser, button, css, link, summary};

use crate::looks::pictures_of;
use crate::stage::journey;

/// Waits until the browser has saved a file, and reads it.
async fn saved(browser: &Browser, folder: &Path, name: &str) -> Result<String> {
    let file = folder.join(name);
    browser.until(format!("{name} was saved"), async || Ok(file.is_file())).await?;
    Ok(std::fs::read_to_string(file)?)
}

/// The rows of a table by the names of its columns.
fn rows(file: &str) -> Result<Vec<std::collections::BTreeMap<String, String>>> {
    csv::Reader::from_reader(file.as_bytes()).deserialize().map(|row| Ok(row?)).collect()
}

#[tokio::test]
async fn what_is_filtered_or_selected_becomes_a_file() -> Result<()> {
    journey("export", async |stage| {
        let browser = &stage.browser;
        let folder = TempDir::new()?;
        browser.save_into(folder.path()).await?;
        let plain = stage.place_many(4, "plain").await?;
        let blocked = [stage.place("POSTER-MAP-A2").await?, stage.place("CLOCK-OAK-1").await?];
        let names = |orders: &[shared::OrderSummary]| -> BTreeSet<String> {
            orders.iter().map(|order| order.tiktok_order_id.0.clone()).collect()
        };
        let buyer = stage.truth(&plain[0].tiktok_order_id.0).await?["recipient"]["name"].clone();
        let buyer = buyer.as_str().context("no buyer")?;

        stage.enter("/orders?status=error").await?;
        browser.sees("1–2 of 2").await?;
        pictures_of(browser, "grid-with-export", ".filter-bar").await?;
        browser.click(link("Export")).await?;
        browser.is_at("/exports?status=error").await?;
        browser.sees("2 orders").await?;
        browser.sees("None so far").await?;
        pictures_of(browser, "export", "h1").await?;
        browser.click(button("Make the file")).await?;
        let file = saved(browser, folder.path(), "orders-1.csv").await?;
        let written = rows(&file)?.into_iter().map(|row| row["tiktok_order_id"].clone()).collect();
        assert_eq!(names(&blocked), written);
        assert!(!file.contains("recipient"), "{file}");
        browser.sees("2 of 2 orders written").await?;
        pictures_of(browser, "export-done", ".export-progress").await?;
        pictures_of(browser, "exports", "table.list").await?;

        // Two of the others, with their buyers, as lines of JSON.
        browser.open("/orders").await?;
        browser.sees("1–6 of 6").await?;
        for order in &plain[..2] {
            browser.click(css(&format!("#order-{} input[type=checkbox]", order.id))).await?;
        }
        browser.sees("2 selected").await?;
        browser.click(link("Export")).await?;
        browser.choose("Format", "JSON Lines, for programs").await?;
        browser.click(summary("Columns")).await?;
        browser.sees("That you exported them is recorded.").await?;
        pictures_of(browser, "export-columns", ".more-settings").await?;
        browser
            .click(tests::browser::By::XPath(
                "//fieldset[legend='About buyers']//label[span='Name']/input".to_owned(),
            ))
            .await?;
        browser.click(button("Make the file")).await?;
        let file = saved(browser, folder.path(), "orders-2.jsonl").await?;
        let lines: Vec<Value> = file.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let written = lines.iter().filter_map(|line| Some(line["tiktok_order_id"].as_str()?.to_owned()));
        assert_eq!(names(&plain[..2]), written.collect());
        assert!(lines.iter().any(|line| line["recipient_name"] == buyer), "{file}");

        // Afterwards both are kept, and fetched again.
        browser
            .until("both are listed", async || Ok(browser.count("table.list tbody tr").await? == 2))
            .await?;
        std::fs::remove_file(folder.path().join("orders-1.csv"))?;
        browser.click(tests::browser::By::XPath("//tr[th='orders-1.csv']//button".to_owned())).await?;
        saved(browser, folder.path(), "orders-1.csv").await.map(drop)
    })
    .await
}
