//! Orders on paper: what goes into the parcels, and what to fetch for all of them.

use anyhow::{Context, Result};
use tests::browser::{PHONE, button, css, link};

use crate::looks::{pictures_here, pictures_of};
use crate::stage::journey;

#[tokio::test]
async fn packing_slips_and_the_pick_list_hold_what_is_to_be_packed() -> Result<()> {
    journey("printing", async |stage| {
        let browser = &stage.browser;
        let mugs = [stage.place("MUG-STONE-BLU").await?, stage.place("MUG-STONE-BLU").await?];
        let candle = stage.place("CANDLE-FIG").await?;
        let blocked = stage.place("POSTER-MAP-A2").await?;
        let truth = stage.truth(&mugs[0].tiktok_order_id.0).await?;
        let name = truth["recipient"]["name"].as_str().context("no name")?.to_owned();

        stage.enter("/orders").await?;
        browser.click(css("input[aria-label='Select all orders of this page']")).await?;
        browser.click(button("More")).await?;
        browser.click(link("Packing slips, pick list…")).await?;
        browser.is_at("/print?id=").await?;
        let slips = async |wanted: usize| {
            browser
                .until(format!("{wanted} slips"), async || {
                    Ok(browser.count("[id^=slip-]").await? == wanted)
                })
                .await
        };
        // What cannot be imported yet has to leave all the same.
        slips(4).await?;
        let slip = browser.text_of(&format!("#slip-{}", mugs[0].id)).await?;
        assert!(slip.contains("MUG-STONE-BLU") && slip.contains(&mugs[0].tiktok_order_id.0), "{slip}");
        assert!(!slip.contains(&name) && !slip.contains("€"), "nothing about the buyer, and no price: {slip}");

        browser.click(css("input[role=switch]")).await?;
        browser.click(button("Show the addresses")).await?;
        browser
            .until("every slip has its address", async || Ok(browser.count("[id^=slip-] address").await? == 4))
            .await?;
        let slip = browser.text_of(&format!("#slip-{}", mugs[0].id)).await?;
        assert!(slip.contains(&name) && slip.contains("€"), "{slip}");
        pictures_of(browser, "packing-slips", "article").await?;

        browser.choose("What to print", "Pick list, all products together").await?;
        browser.find(css("#pick-list")).await?;
        let rows: Vec<Vec<String>> = browser
            .script("return [...document.querySelectorAll('#pick-list tbody tr')].map(row => [...row.cells].map(it => it.textContent))")
            .await?;
        let row = |sku: &str| rows.iter().find(|row| row[0] == sku).with_context(|| format!("no {sku}"));
        let pieces = mugs[0].unit_count + mugs[1].unit_count;
        assert_eq!(row("MUG-STONE-BLU")?[2], pieces.to_string());
        assert_eq!(row("CANDLE-FIG")?[2], candle.unit_count.to_string());
        assert_eq!(row("POSTER-MAP-A2")?[3], blocked.id.to_string());
        pictures_of(browser, "pick-list", "article").await?;

        // What is canceled is not packed.
        stage.happens(&candle.tiktok_order_id.0, "cancel", &serde_json::json!({ "by": "system" })).await?;
        browser
            .until("it is canceled", async || {
                Ok(stage.settled(&candle.tiktok_order_id.0).await?.status == shared::OrderStatus::Canceled)
            })
            .await?;
        browser.reload().await?;
        slips(3).await?;
        browser.sees("1 order is left out").await?;
        browser.resize(PHONE).await?;
        pictures_here(browser, "packing-slips-phone", "article").await?;

        for page in ["print", "exports"] {
            browser.open(&format!("/{page}?status=lost")).await?;
            browser.sees("Parts of this address were left out: “status”").await?;
        }
        Ok(())
    })
    .await
}
