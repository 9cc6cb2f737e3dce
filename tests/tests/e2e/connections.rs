use anyhow::Result;
use serde_json::json;
use tempfile::TempDir;
use tests::browser::{Browser, button, css, link};
use tests::{Duties, Orderbridge, ProcessOptions, Sandboxes, create_login, free_address};

use crate::stage::{caught, end, journey, order_of, sign_in};

#[tokio::test]
async fn a_first_visit_ends_with_a_connection_whose_orders_arrive() -> Result<()> {
    let data = TempDir::new()?;
    let sandboxes = Sandboxes::start(Default::default(), Default::default()).await?;
    let options = ProcessOptions {
        duties: Duties::All,
        address: free_address()?,
        data_dir: data.path().to_owned(),
        database_url: None,
        tiktok_url: sandboxes.channel.api_url.clone(),
        log: data.path().join("orderbridge.log"),
        environment: std::collections::BTreeMap::new(),
    };
    create_login(&options)?;
    let orderbridge = Orderbridge::start(options).await?;
    let targets = json!({ "targets": [format!("{}/webhooks/tiktok", orderbridge.url())] });
    sandboxes.channel_control.put("/webhooks/targets", &targets).await?;
    let browser = Browser::start(&orderbridge.url()).await?;
    let walked = caught(connect(&browser, &sandboxes)).await;
    end("first-visit", &browser, walked).await
}

async fn connect(browser: &Browser, sandboxes: &Sandboxes) -> Result<()> {
    browser.open("/sign-in").await?;
    sign_in(browser).await?;
    browser.sees("Welcome to orderbridge").await?;
    browser.picture("welcome").await?;
    browser.click(link("Add a connection")).await?;

    browser.fill("Name of the connection", "Maison Lumière").await?;
    browser.fill("App key", &sandboxes.tiktok_options.app_key).await?;
    browser.fill("App secret", &sandboxes.tiktok_options.app_secret.0).await?;
    browser.fill("Authorization code", &sandboxes.tiktok_options.auth_code).await?;
    browser.fill("Store address", &sandboxes.store.shop_url).await?;
    browser.fill("Webservice key", &"X".repeat(32)).await?;
    browser.click(button("Test connection")).await?;
    browser.sees("Some checks failed").await?;
    browser.sees("PrestaShop refused our key").await?;
    browser.sees("Give the webservice key what is named here").await?;
    browser.find(css(".test-result")).await?.scroll_into_view().await?;
    browser.picture("connection-wrong-key").await?;

    browser.fill("Webservice key", &sandboxes.store.key).await?;
    browser.click(button("Test connection")).await?;
    browser.sees("All checks passed").await?;
    browser.sees("The key may do everything that is needed.").await?;

    browser.click(button("Create connection")).await?;
    browser.sees("“Maison Lumière” is connected. Its orders arrive now.").await?;
    browser.sees("No orders yet").await?;
    let id = sandboxes.place(&order_of("MUG-STONE-BLU")).await?.remove(0);
    browser.sees(&id).await
}

#[tokio::test]
async fn the_test_of_a_connection_names_what_has_become_wrong() -> Result<()> {
    journey("connection-test", async |stage| {
        let browser = &stage.browser;
        stage.enter("/connections").await?;
        browser.click(link("Maison Lumière")).await?;
        browser.click(button("Test connection")).await?;
        browser.sees("All checks passed").await?;
        for check in ["TikTok Shop orders", "Orders can be read.", "PrestaShop permissions", "Currencies"] {
            browser.sees(check).await?;
        }

        let key = json!({ "key": stage.run.sandboxes.store.key, "active": false });
        stage.run.sandboxes.store_control.post("/keys", &key).await?;
        browser.click(button("Test connection")).await?;
        browser.sees("Some checks failed").await?;
        browser.sees("PrestaShop refused our key").await?;

        browser.click(button("Pause")).await?;
        browser.sees("The connection is paused; nothing is called any more.").await?;
        browser.click(button("Resume")).await?;
        browser.sees("The connection is active again.").await?;

        browser.fill("Name of the connection", "Maison Lumière Paris").await?;
        browser.click(button("Save")).await?;
        browser.sees("Saved.").await?;
        browser.reload().await?;
        browser
            .until(
                "the new name is kept",
                async || Ok(browser.text_of("h1").await? == "Maison Lumière Paris"),
            )
            .await?;
        browser.click(css(".page-header .back")).await?;
        browser.find(link("Maison Lumière Paris")).await.map(drop)
    })
    .await
}
