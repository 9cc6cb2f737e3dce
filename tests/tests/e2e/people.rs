use anyhow::{Context, Result};
use reqwest::StatusCode;
use tests::LOGIN_EMAIL;
use tests::browser::{Browser, button, css};

use crate::looks::pictures_of;
use crate::stage::{Stage, journey};

/// What a key may read: the answer to a call with it.
async fn orders_with(stage: &Stage, key: &str) -> Result<StatusCode> {
    let orders = format!("{}/api/v1/orders", stage.run.processes[0].url());
    Ok(reqwest::Client::new().get(orders).bearer_auth(key).send().await?.status())
}

async fn shown_once(browser: &Browser) -> Result<String> {
    browser.find(css(".secret code")).await?;
    browser.text_of(".secret code").await
}

#[tokio::test]
async fn a_new_api_key_opens_the_api_until_it_is_revoked() -> Result<()> {
    journey("api-keys", async |stage| {
        let browser = &stage.browser;
        stage.enter("/api-keys").await?;
        browser.sees("No API keys yet").await?;
        pictures_of(browser, "api-keys-none", "h1").await?;

        browser.click(button("New API key")).await?;
        browser.fill("Name", "Packing station").await?;
        browser.click(css("dialog[open] .checked-group input:not(:checked)")).await?;
        pictures_of(browser, "api-key-form", "dialog[open] h2").await?;
        browser.click(button("Make the key")).await?;
        let key = shown_once(browser).await?;
        assert!(key.starts_with("obk_"), "{key}");
        pictures_of(browser, "api-key-once", ".secret").await?;
        assert_eq!(orders_with(stage, &key).await?, StatusCode::OK);
        browser.click(button("I have kept it")).await?;

        browser.sees("Packing station").await?;
        pictures_of(browser, "api-keys", "table.list").await?;
        let page: String = browser.script("return document.documentElement.outerHTML").await?;
        assert!(!page.contains(&key), "the key is shown once");

        browser.click(button("Revoke the key “Packing station”")).await?;
        browser.sees("A revoked key cannot be brought back.").await?;
        pictures_of(browser, "api-key-revoke", ".question").await?;
        browser.click(button("No, keep it")).await?;
        browser.click(button("Revoke the key “Packing station”")).await?;
        browser.click(button("Yes, revoke the key")).await?;
        browser.sees("No API keys yet").await?;
        assert_eq!(orders_with(stage, &key).await?, StatusCode::UNAUTHORIZED);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn somebody_who_is_invited_signs_in_and_sees_no_more_than_the_role_allows() -> Result<()> {
    journey("invitation", async |stage| {
        let browser = &stage.browser;
        stage.enter("/people").await?;
        browser.sees(LOGIN_EMAIL).await?;
        browser.click(button("Invite somebody")).await?;
        browser.fill("E-mail", "ana@example.com").await?;
        browser.choose("Role", "Viewer: looks at orders").await?;
        pictures_of(browser, "invite", "dialog[open] h2").await?;
        browser.click(button("Make the invitation")).await?;
        let link = shown_once(browser).await?;
        let (_, token) = link.split_once("#token=").context("the token is not after the number sign")?;
        browser.click(button("I have kept it")).await?;
        browser.sees("ana@example.com").await?;
        pictures_of(browser, "people", "table.list").await?;

        browser.click(button("You and your settings")).await?;
        browser.click(button("Sign out")).await?;
        browser.is_at("/sign-in").await?;
        browser.open(&format!("/invitation#token={token}")).await?;
        browser.sees("Welcome to orderbridge").await?;
        browser.fill("Password", "short").await?;
        browser.click(button("Begin")).await?;
        browser.find(css(".field-error")).await?;
        pictures_of(browser, "invitation", ".sign-in h1").await?;
        let complaints = browser.complaints().await?;
        assert!(complaints.iter().all(|it| it.contains("invitations/accept")), "{complaints:#?}");
        browser.fill("Password", "seven unrelated words of ana").await?;
        browser.click(button("Begin")).await?;
        browser.sees("No orders yet").await?;

        browser.open("/people").await?;
        browser.sees("You may not see “People”").await?;
        browser.sees("This page needs the role Admin; yours is Viewer.").await?;
        pictures_of(browser, "no-permission", ".empty").await?;
        assert_eq!(browser.count(".settings-nav a[href='/people']").await?, 0);
        Ok(())
    })
    .await
}
