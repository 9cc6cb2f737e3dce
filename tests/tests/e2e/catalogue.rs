use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use database::issues::{self, Found, Retry};
use serde::Deserialize;
use shared::{IssueCode, IssueFacts, RetryClass};

use tests::browser::button;

use crate::looks::pictures_of;
use crate::stage::journey;

/// What stands on no order whose store order is there: an import meets it before, or the store order is gone.
const WITHOUT_A_STORE_ORDER: [IssueCode; 5] = [
    IssueCode::SkuAmbiguous,
    IssueCode::SkuMissing,
    IssueCode::TaxRuleMissing,
    IssueCode::PaymentIncoherent,
    IssueCode::StoreOrderDeleted,
];

/// A problem as a merchant reads it.
#[derive(Debug, Deserialize)]
struct Card {
    code: String,
    title: String,
    words: Vec<String>,
    remedies: usize,
    seen: bool,
}

const CARDS: &str = "return [...document.querySelectorAll('#issues article')].map(card => ({
    code: card.querySelector('code').textContent,
    title: card.querySelector('h3').textContent,
    words: [...card.querySelectorAll('p')].map(it => it.textContent),
    remedies: card.querySelectorAll('.fixes button, .fixes a').length,
    seen: card.checkVisibility() && card.scrollWidth <= card.clientWidth + 1
}))";

/// A word for each fact that the sentence of a problem names.
fn facts_of(code: IssueCode) -> IssueFacts {
    let names = code.kind().sentence.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    names.map(|name| (name.to_owned(), format!("<{name}> & more"))).collect()
}

#[tokio::test]
async fn every_problem_of_the_catalogue_is_shown_with_its_remedy() -> Result<()> {
    journey("catalogue", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        let db = stage.database().await?;
        for code in IssueCode::ALL {
            let found = Found { code: *code, subject: String::new(), facts: facts_of(*code) };
            let retry = Retry::default();
            issues::open(&db, order.connection_id, order.id, &found, retry, order.received_at).await?;
        }
        db.close().await?;

        stage.enter(&format!("/orders/{}", order.id)).await?;
        browser
            .until("all problems are there", async || {
                Ok(browser.count("#issues article").await? == IssueCode::ALL.len())
            })
            .await?;

        pictures_of(browser, "catalogue", "#issues").await?;
        let cards: Vec<Card> = browser.script(CARDS).await?;
        let cards: BTreeMap<_, _> = cards.iter().map(|card| (card.code.as_str(), card)).collect();
        for code in IssueCode::ALL {
            let card = cards.get(code.as_str()).with_context(|| format!("{code} is not shown"))?;
            let kind = code.kind();
            let says = |words: &str| card.words.iter().any(|it| it == words);
            ensure!(card.seen && card.title == kind.title, "{card:?}");
            ensure!(says(&code.sentence(&facts_of(*code))) && says(kind.remedy), "{card:?}");
            let needs_somebody = matches!(kind.retry, RetryClass::Manual | RetryClass::Never)
                && *code != IssueCode::CancelRequestOpen
                && !WITHOUT_A_STORE_ORDER.contains(code);
            ensure!(!needs_somebody || card.remedies > 0, "{code} offers nothing to do: {card:?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_problem_of_several_orders_is_marked_as_handled_for_all_of_them() -> Result<()> {
    journey("handled-for-all", async |stage| {
        let browser = &stage.browser;
        let orders = [stage.place("MUG-STONE-BLU").await?, stage.place("CANDLE-FIG").await?];
        let db = stage.database().await?;
        for order in &orders {
            let found = Found::new(IssueCode::DriftDetected).with("field", "the total").about("total");
            let retry = Retry::default();
            issues::open(&db, order.connection_id, order.id, &found, retry, order.received_at).await?;
        }
        db.close().await?;

        stage.enter(&format!("/orders/{}", orders[0].id)).await?;
        browser.sees("This fix unblocks 1 other order.").await?;
        pictures_of(browser, "handled-for-all", "#issues").await?;
        browser.click(button("Mark all as handled")).await?;
        for order in &orders {
            browser.sees("No open issues").await?;
            browser.sees("1 resolved issue").await?;
            browser.open(&format!("/orders/{}", order.id)).await?;
        }
        Ok(())
    })
    .await
}
