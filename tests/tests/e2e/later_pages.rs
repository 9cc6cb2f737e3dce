use anyhow::{Result, ensure};
use tests::browser::{Browser, button, link};

use crate::stage::journey;

/// How many files of the pages for settings the browser has asked for.
async fn later_parts(browser: &Browser) -> Result<usize> {
    let asked = "return performance.getEntriesByType('resource')
        .filter(it => /split_|settings-/.test(it.name) && it.transferSize > 0).length";
    browser.script(asked).await
}

#[tokio::test]
async fn the_pages_for_settings_are_loaded_when_the_first_of_them_is_opened() -> Result<()> {
    journey("later-pages", async |stage| {
        let browser = &stage.browser;
        stage.enter("/orders").await?;
        browser.sees("No orders yet").await?;
        assert_eq!(later_parts(browser).await?, 0, "the grid needs nothing of them");

        browser.block(&["*split_settings.wasm"]).await?;
        browser.click(link("Settings")).await?;
        browser.sees("This page could not be loaded").await?;
        browser.picture("later-page-failed").await?;
        let complaints = browser.complaints().await?;
        let is_about_the_part = |it: &String| it.contains("split_settings") || it.contains("parts.js");
        ensure!(complaints.iter().all(is_about_the_part), "the browser complains: {complaints:#?}");

        browser.block(&[]).await?;
        browser.click(button("Try again")).await?;
        browser.find(link("Maison Lumière")).await?;
        assert_eq!(later_parts(browser).await?, 2, "the program and its styles");

        browser.back().await?;
        browser.sees("No orders yet").await?;
        browser.click(link("Settings")).await?;
        browser.find(link("Maison Lumière")).await?;
        assert_eq!(later_parts(browser).await?, 2, "both are kept");
        Ok(())
    })
    .await
}
