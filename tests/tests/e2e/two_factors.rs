//! Signing in with a code of an authenticator app, which is computed here as an app does.

use anyhow::{Context, Result};
use clock::{Clock, SystemClock};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use tests::browser::{Browser, button, css};
use tests::{LOGIN_EMAIL, LOGIN_PASSWORD};

use crate::looks::pictures_of;
use crate::stage::{journey, refused};

/// The code that an app with this secret shows now, or so many half minutes later (RFC 6238).
fn code(secret: &str, later: i64) -> Result<String> {
    let mut bits = (0_u64, 0_u32);
    let mut bytes = Vec::new();
    for letter in secret.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|it| *it == letter);
        bits = (bits.0 << 5 | value.context("the secret is not base 32")? as u64, bits.1 + 5);
        if bits.1 >= 8 {
            bits.1 -= 8;
            bytes.push((bits.0 >> bits.1) as u8);
        }
    }
    let step = SystemClock.now().timestamp() / 30 + later;
    let digest =
        Hmac::<Sha1>::new_from_slice(&bytes)?.chain_update(step.to_be_bytes()).finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into()?) & 0x7fff_ffff;
    Ok(format!("{:06}", number % 1_000_000))
}

async fn sign_out(browser: &Browser) -> Result<()> {
    browser.click(button("You and your settings")).await?;
    browser.click(button("Sign out")).await?;
    browser.is_at("/sign-in").await
}

/// Signs in with the password, then with what else is asked for.
async fn sign_in_with(browser: &Browser, code: &str) -> Result<()> {
    browser.fill("E-mail", LOGIN_EMAIL).await?;
    browser.fill("Password", LOGIN_PASSWORD).await?;
    browser.click(button("Sign in")).await?;
    browser.sees("From your authenticator app, or one of your recovery codes.").await?;
    refused(browser, "/api/v1/session").await?;
    browser.fill("Code", code).await?;
    browser.click(button("Sign in")).await
}

#[tokio::test]
async fn an_authenticator_app_is_set_up_and_asked_for_at_the_next_sign_in() -> Result<()> {
    journey("two-factors", async |stage| {
        let browser = &stage.browser;
        stage.enter("/account").await?;
        browser.click(button("Set up an app")).await?;
        browser.fill("Current password", LOGIN_PASSWORD).await?;
        browser.click(button("Go on")).await?;
        browser.find(css(".secret code")).await?;
        let secret = browser.text_of(".secret code").await?.replace(' ', "");
        pictures_of(browser, "second-factor-scan", ".second-factor").await?;
        browser.fill("Code", &code(&secret, 0)?).await?;
        browser.click(button("Confirm")).await?;
        browser.sees("Keep these recovery codes where your phone is not.").await?;
        assert_eq!(browser.count(".recovery-codes li").await?, 10);
        let recovery = browser.text_of(".recovery-codes li").await?;
        pictures_of(browser, "recovery-codes", ".second-factor").await?;
        browser.click(button("I have kept them")).await?;
        browser.sees("10 recovery codes are left.").await?;
        pictures_of(browser, "second-factor-on", ".second-factor").await?;

        // A code works once, so the next sign-in takes the next one.
        sign_out(browser).await?;
        pictures_of(browser, "sign-in", ".sign-in h1").await?;
        sign_in_with(browser, &code(&secret, 1)?).await?;
        browser.sees("10 recovery codes are left.").await?;

        sign_out(browser).await?;
        sign_in_with(browser, &recovery).await?;
        browser.sees("9 recovery codes are left.").await
    })
    .await
}
