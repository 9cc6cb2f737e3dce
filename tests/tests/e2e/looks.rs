use anyhow::{Context, Result, ensure};
use serde_json::json;
use shared::ImportState;
use tests::browser::{Browser, DESK, PHONE, button, css};

use crate::stage::journey;

const SMALL_PHONE: (u32, u32) = (320, 640);
/// A tablet, and the two usual laptops.
const IN_BETWEEN: [(u32, u32); 3] = [(1024, 768), (1280, 800), (1366, 768)];

/// Fails when something reaches over the right edge of the window.
async fn fits(browser: &Browser, what: &str) -> Result<()> {
    let sideways = browser.sideways().await?;
    ensure!(sideways <= 0, "{what} is {sideways} pixels wider than its window");
    Ok(())
}

/// Keeps pictures of a part of the page, wide and narrow, light and dark; nothing may reach over the edge.
pub async fn pictures_of(browser: &Browser, name: &str, part: &str) -> Result<()> {
    for (window, size) in [("phone", PHONE), ("desk", DESK)] {
        browser.resize(size).await?;
        pictures_here(browser, &format!("{name}-{window}"), part).await?;
    }
    Ok(())
}

/// The same as wide as the window is: what is placed beside its button would be elsewhere in another one.
pub async fn pictures_here(browser: &Browser, name: &str, part: &str) -> Result<()> {
    let show = format!("document.querySelector({}).scrollIntoView({{ block: 'center' }})", json!(part));
    for (theme, dark) in [("dark", true), ("light", false)] {
        browser.prefer_dark(dark).await?;
        browser.script::<()>(&show).await?;
        fits(browser, name).await?;
        browser.picture(&format!("{name}-{theme}")).await?;
    }
    Ok(())
}

/// Loads each page by its own address, in every size and theme: nothing may reach over the edge.
async fn pictures_of_pages(browser: &Browser, pages: &[(&str, String, &str)]) -> Result<()> {
    for (window, size) in [("desk", DESK), ("phone", PHONE)] {
        browser.resize(size).await?;
        for (theme, dark) in [("light", false), ("dark", true)] {
            browser.prefer_dark(dark).await?;
            for (name, path, words) in pages {
                browser.open(path).await?;
                browser.sees(words).await?;
                browser
                    .until("nothing is loading", async || {
                        Ok(browser.count(".bone, [aria-busy=true]").await? == 0)
                    })
                    .await?;
                fits(browser, &format!("{path} at the {window}")).await?;
                if size == PHONE && !dark {
                    browser.resize(SMALL_PHONE).await?;
                    fits(browser, &format!("{path} at a small phone")).await?;
                    browser.resize(PHONE).await?;
                }
                if size == DESK && !dark {
                    for size in IN_BETWEEN {
                        browser.resize(size).await?;
                        fits(browser, &format!("{path} at a width of {}", size.0)).await?;
                    }
                    browser.resize(DESK).await?;
                }
                browser.picture(&format!("{name}-{window}-{theme}")).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn no_page_scrolls_sideways_and_on_a_phone_rows_are_cards() -> Result<()> {
    journey("looks", async |stage| {
        let browser = &stage.browser;
        let orders = stage.place_many(45, "all").await?;
        let blocked =
            orders.iter().find(|it| it.import_state == ImportState::Blocked).context("none is blocked")?;
        let imported = orders.iter().find(|it| it.store_order.is_some()).context("none is imported")?;
        let pages = [
            ("orders", "/orders".to_owned(), "1–25 of 45"),
            ("errors", "/orders?status=error".to_owned(), "Not created"),
            ("order", format!("/orders/{}", imported.id), "Timeline"),
            ("blocked-order", format!("/orders/{}", blocked.id), "1 open issue"),
            ("connections", "/connections".to_owned(), "Maison Lumière"),
            ("connection", format!("/connections/{}", stage.run.connection_id), "What to import"),
            ("new-connection", "/connections/new".to_owned(), "Authorization code"),
            ("nowhere", "/nowhere".to_owned(), "There is nothing at this address"),
        ];
        stage.enter("/orders").await?;
        pictures_of_pages(browser, &pages).await?;

        browser.resize(PHONE).await?;
        browser.open("/orders?status=error").await?;
        browser.find(css(".error-button")).await?;
        let card = "const row = document.querySelector('tbody tr').getBoundingClientRect();
            return getComputedStyle(document.querySelector('thead')).display === 'none'
                || row.height > 100 && row.width <= window.innerWidth";
        assert!(browser.script::<bool>(card).await?, "rows are cards");

        browser.click(css(".error-button")).await?;
        browser.find(css("dialog[open] .issue")).await?;
        fits(browser, "the dialog of issues").await?;
        browser.picture("issues-phone-dark").await?;
        browser.click(button("Close")).await?;
        browser.click(button("Filters")).await?;
        browser.find(css("dialog[open] .sheet-filter")).await?;
        fits(browser, "the sheet of filters").await?;
        browser.picture("filters-phone-dark").await
    })
    .await
}

#[tokio::test]
async fn no_page_of_settings_scrolls_sideways() -> Result<()> {
    journey("looks-settings", async |stage| {
        stage.place("POSTER-MAP-A2").await?;
        stage.enter("/health").await?;
        let pages = [
            ("health", "/health".to_owned(), "Compare both sides now"),
            ("webhooks", "/webhooks".to_owned(), "No webhooks yet"),
            ("api-keys", "/api-keys".to_owned(), "No API keys yet"),
            ("people", "/people".to_owned(), "Invite somebody"),
            ("audit", "/audit".to_owned(), "Entries can be added only"),
            ("account", "/account".to_owned(), "Set up an app"),
            ("exports", "/exports?status=error&country=FR".to_owned(), "None so far"),
        ];
        pictures_of_pages(&stage.browser, &pages).await
    })
    .await
}

#[tokio::test]
async fn what_is_asked_before_an_action_fits_a_phone() -> Result<()> {
    journey("asked-on-a-phone", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        let blocked = stage.place("POSTER-MAP-A2").await?;
        browser.resize(PHONE).await?;
        stage.enter("/orders").await?;
        let menu = button(&format!("Actions for order {}", order.id));

        browser.click(menu.clone()).await?;
        browser.find(button("Cancel order…")).await?;
        pictures_here(browser, "menu-phone", "#row-menu").await?;
        for (words, name) in
            [("Cancel order…", "cancel-phone"), ("Tags…", "tags-form-phone"), ("Delete…", "delete-phone")]
        {
            if browser.count("#row-menu:popover-open").await? == 0 {
                browser.click(menu.clone()).await?;
            }
            browser.click(button(words)).await?;
            browser.find(css(".action-form")).await?;
            pictures_here(browser, name, ".action-form").await?;
            browser.click(css(".action-form footer button[type=button]")).await?;
        }

        browser.click(button(&format!("Actions for order {}", blocked.id))).await?;
        browser.click(button("Preview import")).await?;
        browser.sees("An import would fail now.").await?;
        pictures_here(browser, "preview-phone", "dialog[open]").await?;
        browser.click(button("Close")).await
    })
    .await
}
