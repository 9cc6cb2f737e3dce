//! A tool is told of what happens, and the page tells what reached it.

use anyhow::{Context, Result};
use serde_json::Value;
use tests::browser::{Browser, By, button, css, link};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::looks::pictures_of;
use crate::stage::journey;

async fn answer_with(tool: &MockServer, status: u16) {
    tool.reset().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(status)).mount(tool).await;
}

/// Waits until the tool was sent a message of this kind.
async fn told(browser: &Browser, tool: &MockServer, kind: &str) -> Result<Request> {
    let mut found = None;
    browser
        .until(format!("the tool is told {kind}"), async || {
            let requests = tool.received_requests().await.context("requests are not recorded")?;
            let is_it = |request: &Request| {
                serde_json::from_slice::<Value>(&request.body).is_ok_and(|message| message["type"] == kind)
            };
            found = requests.into_iter().find(is_it);
            Ok(found.is_some())
        })
        .await?;
    found.context("was found")
}

/// A row of the list of deliveries, by what it tells of.
fn delivery(kind: &str, rest: &str) -> By {
    By::XPath(format!("//table//tr[contains(th, '{kind}')]{rest}"))
}

#[tokio::test]
async fn a_webhook_is_made_tested_and_its_deliveries_are_told() -> Result<()> {
    journey("webhooks", async |stage| {
        let browser = &stage.browser;
        let tool = MockServer::start().await;
        answer_with(&tool, 204).await;
        stage.enter("/webhooks").await?;
        browser.sees("No webhooks yet").await?;

        browser.click(button("New webhook")).await?;
        browser.fill("Address", &tool.uri()).await?;
        browser.fill("Description", "The packing station").await?;
        pictures_of(browser, "webhook-form", "dialog[open] h2").await?;
        browser.click(button("Add the webhook")).await?;
        browser.find(css(".secret code")).await?;
        let secret = browser.text_of(".secret code").await?;
        browser.click(button("I have kept it")).await?;
        browser.sees("The packing station").await?;
        pictures_of(browser, "webhooks", "table.list").await?;

        browser.click(link(&format!("{}/", tool.uri()))).await?;
        browser.click(button("Send a test")).await?;
        browser.find(delivery("Test", "//*[contains(@class, 'badge green')]")).await?;
        let test = told(browser, &tool, "webhook.test").await?;
        let judge = standardwebhooks::Webhook::new(&secret)?;
        assert!(judge.verify(&test.body, &test.headers).is_ok(), "the signature is not the secret's");

        let order = stage.place("MUG-STONE-BLU").await?;
        told(browser, &tool, "order.imported").await?;
        browser.click(button("Refresh")).await?;
        browser.find(delivery("Order imported", "//*[contains(@class, 'badge green')]")).await?;
        browser.find(delivery("Order imported", &format!("//a[@href='/orders/{}']", order.id))).await?;

        // The tool has trouble; what it missed waits, and is sent again when somebody asks.
        answer_with(&tool, 500).await;
        stage.happens(&order.tiktok_order_id.0, "ship", &serde_json::json!({})).await?;
        told(browser, &tool, "order.shipped").await?;
        browser.click(button("Refresh")).await?;
        browser.find(delivery("Order shipped", "[contains(., 'Waiting') and contains(., '500')]")).await?;
        pictures_of(browser, "webhook", "table.list").await?;
        answer_with(&tool, 204).await;
        browser.click(delivery("Order imported", "//button")).await?;
        told(browser, &tool, "order.imported").await.map(drop)
    })
    .await
}
