use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use tests::browser::{Browser, button, css, link};

use crate::stage::{Stage, journey};

/// A tab above the grid as it can be read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Tab {
    label: String,
    count: usize,
    href: String,
    chosen: bool,
}

/// The tabs that can be seen, once they have counts.
async fn tabs(browser: &Browser) -> Result<Vec<Tab>> {
    let script =
        "return [...document.querySelectorAll('.tabs a')].filter(it => it.checkVisibility()).map(it => ({
        label: it.firstChild.textContent.trim(),
        count: parseInt(it.querySelector('.count').textContent.replaceAll(',', '')),
        href: it.getAttribute('href'),
        chosen: it.getAttribute('aria-current') === 'page',
    }))";
    browser.script(script).await
}

/// The TikTok Shop order ids of the rows, from the top.
async fn rows(browser: &Browser) -> Result<Vec<String>> {
    browser
        .script("return [...document.querySelectorAll('td.tiktok-id bdi')].map(it => it.textContent)")
        .await
}

async fn shows_rows(browser: &Browser, wanted: &[&str]) -> Result<()> {
    browser.until(format!("the rows are {wanted:?}"), async || Ok(rows(browser).await? == wanted)).await
}

/// Waits until the grid shows a tab as the chosen one, and as many rows as it counts.
async fn shows_tab(browser: &Browser, label: &str, count: usize) -> Result<()> {
    browser
        .until(format!("{label} is open with {count} orders"), async || {
            let tabs = tabs(browser).await?;
            let tab = tabs.iter().find(|tab| tab.label == label).context("no such tab")?;
            let rows = rows(browser).await?.len();
            let range = browser.text_of(".page-range").await?;
            let page = count.min(25);
            let says = if count == 0 { String::new() } else { format!("1–{page} of {count}") };
            ensure!(tab.chosen && tab.count == count && rows == page, "{tab:?}, {rows} rows, “{range}”");
            Ok(range == says)
        })
        .await
}

/// Places orders of every shape and lets nothing happen by itself afterwards.
async fn standstill(stage: &Stage) -> Result<usize> {
    let orders = stage.place_many(45, "all").await?;
    stage.run.sandboxes.channel_control.post("/pause", &json!({})).await?;
    Ok(orders.len())
}

#[tokio::test]
async fn a_new_order_is_told_of_by_itself_and_shown_when_asked_for() -> Result<()> {
    journey("live", async |stage| {
        let browser = &stage.browser;
        stage.enter("/orders").await?;
        browser.sees("No orders yet").await?;

        let first = stage.place("MUG-STONE-BLU").await?;
        shows_rows(browser, &[&first.tiktok_order_id.0]).await?;

        let second = stage.place("CANDLE-FIG").await?;
        browser.sees("1 new order, show").await?;
        browser.picture("new-order").await?;
        shows_rows(browser, &[&first.tiktok_order_id.0]).await?;
        browser.click(button("1 new order, show")).await?;
        shows_rows(browser, &[&second.tiktok_order_id.0, &first.tiktok_order_id.0]).await?;
        browser.sees_no("new order, show").await?;
        shows_tab(browser, "All", 2).await?;

        // A row that is there already changes in place.
        stage
            .run
            .sandboxes
            .channel_control
            .post(&format!("/orders/{}/ship", second.tiktok_order_id), &json!({}))
            .await?;
        let status = format!("#order-{} td.status", second.id);
        browser
            .until("the row says that it was shipped", async || {
                Ok(browser.text_of(&status).await?.contains("Awaiting Collection"))
            })
            .await
    })
    .await
}

#[tokio::test]
async fn tabs_count_what_they_show_and_the_address_keeps_the_choice() -> Result<()> {
    journey("tabs", async |stage| {
        let browser = &stage.browser;
        let placed = standstill(stage).await?;
        stage.enter("/orders").await?;
        shows_tab(browser, "All", placed).await?;

        let all = tabs(browser).await?;
        let sum: usize = all.iter().filter(|tab| tab.label != "All").map(|tab| tab.count).sum();
        assert_eq!(sum, placed, "{all:?}");
        let filled: Vec<_> = all.iter().filter(|tab| tab.label != "All" && tab.count > 0).collect();
        assert!(filled.len() >= 4, "{all:?}");
        for tab in &filled {
            browser.click(css(&format!(".tabs a[href='{}']", tab.href))).await?;
            browser.is_at(&tab.href).await?;
            shows_tab(browser, &tab.label, tab.count).await?;
            let badges: Vec<String> = browser
                .script("return [...document.querySelectorAll('td.status .badge')].map(it => it.textContent.trim())")
                .await?;
            assert!(badges.iter().all(|badge| *badge == tab.label), "{badges:?} under {}", tab.label);
        }

        let [.., before, last] = filled.as_slice() else { unreachable!("there are four") };
        browser.reload().await?;
        shows_tab(browser, &last.label, last.count).await?;
        browser.back().await?;
        browser.is_at(&before.href).await?;
        shows_tab(browser, &before.label, before.count).await
    })
    .await
}

#[tokio::test]
async fn pages_follow_each_other_and_back_finds_the_grid_as_it_was() -> Result<()> {
    journey("pages", async |stage| {
        let browser = &stage.browser;
        let placed = standstill(stage).await?;
        stage.enter("/orders").await?;
        shows_tab(browser, "All", placed).await?;
        let first_page = rows(browser).await?;

        browser.click(css("a[rel=next]")).await?;
        browser.sees(&format!("26–{placed} of {placed}")).await?;
        let second_page = rows(browser).await?;
        assert_eq!(second_page.len(), placed - 25);
        assert!(second_page.iter().all(|id| !first_page.contains(id)));

        browser.click(css("tbody tr:nth-child(2) .order-link")).await?;
        browser.sees("Timeline").await?;
        browser.back().await?;
        browser.sees(&format!("26–{placed} of {placed}")).await?;
        assert_eq!(rows(browser).await?, second_page);

        browser.click(css("a[rel=prev]")).await?;
        browser.sees(&format!("1–25 of {placed}")).await?;
        assert_eq!(rows(browser).await?, first_page);
        assert_eq!(browser.address().await?, "/orders");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_order_is_found_by_every_one_of_its_ids() -> Result<()> {
    journey("search", async |stage| {
        let browser = &stage.browser;
        let orders = stage.place_many(6, "plain").await?;
        let wanted = &orders[2];
        let id = wanted.tiktok_order_id.0.as_str();
        let store_order = wanted.store_order.as_ref().context("a plain order is imported")?;
        stage.enter("/orders").await?;
        shows_tab(browser, "All", 6).await?;

        browser.find(css("#search")).await?.send_keys(id).await?;
        shows_rows(browser, &[id]).await?;
        browser.is_at(&format!("q={id}")).await?;
        browser.reload().await?;
        shows_rows(browser, &[id]).await?;
        browser.click(link("Clear filters")).await?;
        shows_tab(browser, "All", 6).await?;

        let columns = [
            ("ID", wanted.id.to_string()),
            ("PS Order ID", store_order.id.to_string()),
            ("TikTok Shop Order ID", id.to_owned()),
        ];
        for (column, value) in &columns {
            browser.click(button(&format!("Search in {column}"))).await?;
            browser.fill(column, value).await?;
            browser.click(css(".popover:popover-open button[type=submit]")).await?;
            shows_rows(browser, &[id]).await?;
            browser.click(link(&format!("Clear the filter “{column}”"))).await?;
            shows_tab(browser, "All", 6).await?;
        }

        browser.find(css("#search")).await?.send_keys("0000000000").await?;
        browser.sees("No order matches").await
    })
    .await
}

#[tokio::test]
async fn fetching_now_brings_what_no_webhook_told_of() -> Result<()> {
    journey("fetch", async |stage| {
        let browser = &stage.browser;
        let control = &stage.run.sandboxes.channel_control;
        stage.enter("/orders").await?;
        browser.sees("No orders yet").await?;
        control.put("/switches", &json!({ "webhooks": { "enabled": false } })).await?;
        let ids = stage.run.sandboxes.place_random(3, 9, "plain").await?;

        browser.click(button("Fetch orders")).await?;
        browser.sees("Everything since the last sync").await?;
        browser.click(css("dialog[open] button[type=submit]")).await?;
        browser.sees("Fetched: 3 seen, 3 new, 0 updated, 0 blocked.").await?;
        browser.sees("Done.").await?;
        browser.picture("fetched").await?;
        browser.click(button("Close")).await?;

        browser
            .until("the orders are in the grid", async || {
                let rows = rows(browser).await?;
                Ok(rows.len() == 3 && ids.iter().all(|id| rows.contains(id)))
            })
            .await
    })
    .await
}
