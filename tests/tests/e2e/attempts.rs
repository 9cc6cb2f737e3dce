//! An order's page tells everything that was tried for it.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::browser::{By, button, link, summary};

use crate::looks::pictures_of;
use crate::stage::{Stage, journey};

/// Words of a buyer who cannot be mistaken for anything else.
const BUYER: [&str; 7] = [
    "Xanthippe",
    "Quirrenbach",
    "Zwetschkengasse",
    "677889911",
    "Hinterkleinhofen",
    "Klingelton",
    "Pfandflaschen",
];

/// Places an order of that buyer and waits until it is in the store; says its number.
async fn imported(stage: &Stage) -> Result<i64> {
    let order = json!({ "order": {
        "country": "FR",
        "recipient": {
            "name": "Xanthippe Quirrenbach", "first_name": "Xanthippe", "last_name": "Quirrenbach",
            "phone_number": "(+33)677889911", "region_code": "FR", "postal_code": "75011",
            "address_lines": ["9 Zwetschkengasse", "Stiege Klingelton", "", ""],
            "districts": [
                { "level": "L0", "level_name": "Country", "name": "France", "iso_code": "FR" },
                { "level": "L1", "level_name": "City", "name": "Hinterkleinhofen" },
            ],
        },
        "buyer_message": "Bitte die Pfandflaschen mitnehmen",
        "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 1, "price": "25.00" }],
    } });
    let id = stage.run.sandboxes.place(&order).await?.remove(0);
    let order = stage.settled(&id).await?;
    // What follows from an import is tried right afterwards.
    let path = format!("/orders/{}/attempts?limit=100", order.id);
    stage
        .browser
        .until("the reference was registered", async || {
            Ok(stage.run.api.get::<Value>(&path).await?.to_string().contains("register_reference"))
        })
        .await?;
    Ok(order.id.0)
}

/// The way to something folded away in what is unfolded already.
fn folded(words: &str) -> By {
    By::XPath(format!("//section[@id='attempts']//summary[contains(normalize-space(), '{words}')]"))
}

#[tokio::test]
async fn what_was_tried_is_told_call_by_call_and_names_nobody() -> Result<()> {
    journey("attempts", async |stage| {
        let browser = &stage.browser;
        let id = imported(stage).await?;

        let told: Value = stage.run.api.get(&format!("/orders/{id}/attempts?limit=100")).await?;
        let options = &stage.run.sandboxes.tiktok_options;
        let secrets = [options.app_key.as_str(), &options.app_secret.0, &stage.run.sandboxes.store.key];
        let kinds: Vec<_> =
            told["items"].as_array().context("no list")?.iter().map(|it| &it["kind"]).collect();
        assert!(kinds.contains(&&json!("import_order")), "{kinds:?}");
        for word in BUYER.iter().chain(&secrets) {
            assert!(!told.to_string().contains(word), "{word} is told: {told}");
        }
        assert!(!told.to_string().contains('@'), "no e-mail address is told: {told}");

        stage.enter(&format!("/orders/{id}")).await?;
        browser.sees("The store order #").await?;
        browser.sees("The order was received").await?;
        browser.choose("Show", "Import").await?;
        browser.sees_no("The order was received").await?;
        browser.sees("The store order #").await?;

        browser.choose("Show", "Attempts and their calls").await?;
        browser.sees("Import: succeeded").await?;
        browser.click(By::XPath("//li[contains(., 'Import: succeeded')]//summary".to_owned())).await?;
        browser.click(folded("POST /api/orders ")).await?;
        browser.sees("<id_cart>").await?;
        pictures_of(browser, "attempts", "#attempts").await?;
        browser.click(button("Copy as cURL")).await?;
        browser.until("it was copied", async || Ok(browser.count(".fold .button .icon").await? == 1)).await?;
        browser.click(folded("POST /api/addresses ")).await?;
        browser.sees("<lastname>***</lastname>").await?;
        browser.click(summary("Raw data")).await?;
        browser.sees("Order interface 202507.").await?;
        browser.sees("\"status\": \"AWAITING_SHIPMENT\"").await?;
        for part in ["#attempts", ".raw"] {
            let text = browser.text_of(part).await?;
            for word in BUYER {
                assert!(!text.contains(word), "{word} is shown in {part}");
            }
        }
        pictures_of(browser, "raw-data", ".raw").await
    })
    .await
}

#[tokio::test]
async fn an_issue_leads_to_what_was_tried() -> Result<()> {
    journey("issue-attempts", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("POSTER-MAP-A2").await?;
        stage.enter(&format!("/orders/{}", order.id)).await?;

        browser.click(link("Tried once")).await?;

        browser.sees("Import: failed (Product not found)").await?;
        browser.sees("By itself").await?;
        assert_eq!(browser.address().await?, format!("/orders/{}", order.id));
        browser.click(folded("calls")).await?;
        browser.sees("GET /api/products?").await?;
        pictures_of(browser, "attempts-failed", "#attempts").await
    })
    .await
}
