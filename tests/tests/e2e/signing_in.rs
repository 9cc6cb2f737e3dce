use anyhow::Result;
use tests::browser::{button, link};
use tests::{LOGIN_EMAIL, LOGIN_PASSWORD};

use crate::stage::{journey, refused, refused_at_most, sign_in};

#[tokio::test]
async fn a_wrong_password_is_named_and_the_right_one_leads_to_where_one_wanted() -> Result<()> {
    journey("sign-in", async |stage| {
        let (browser, order) = (&stage.browser, stage.place("MUG-STONE-BLU").await?);

        browser.open(&format!("/orders/{}", order.id)).await?;
        browser.is_at("/sign-in?next=").await?;
        browser.fill("E-mail", LOGIN_EMAIL).await?;
        browser.fill("Password", "not the password at all").await?;
        browser.click(button("Sign in")).await?;
        browser.sees("You could not be signed in").await?;
        browser.sees("E-mail address or password is wrong.").await?;
        refused(browser, "/api/v1/session").await?;

        browser.fill("Password", LOGIN_PASSWORD).await?;
        browser.click(button("Sign in")).await?;
        browser.sees(order.tiktok_order_id.0.as_str()).await?;
        browser.is_at(&format!("/orders/{}", order.id)).await
    })
    .await
}

#[tokio::test]
async fn a_session_outlives_a_reload_and_ends_when_one_signs_out() -> Result<()> {
    journey("sign-out", async |stage| {
        let browser = &stage.browser;
        stage.enter("/orders").await?;
        browser.sees("No orders yet").await?;

        browser.reload().await?;
        browser.sees("No orders yet").await?;

        browser.click(button("You and your settings")).await?;
        browser.sees(LOGIN_EMAIL).await?;
        browser.click(button("Sign out")).await?;
        browser.is_at("/sign-in").await?;
        refused_at_most(&browser.complaints().await?);
        browser.open("/connections").await?;
        browser.is_at("/sign-in?next=").await?;

        sign_in(browser).await?;
        browser.click(link("Maison Lumière")).await
    })
    .await
}
