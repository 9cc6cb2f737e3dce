//! What every journey starts with: both shops, orderbridge, and somebody at a browser.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::FutureExt;
use serde_json::{Value, json};
use shared::{ImportState, OrderSummary};
use tempfile::TempDir;
use tests::browser::{Browser, By, button, pictures};
use tests::{LOGIN_EMAIL, LOGIN_PASSWORD, Run, RunOptions};

/// Everything up and connected; nobody has signed in yet.
pub struct Stage {
    pub run: Run,
    pub browser: Browser,
    data: TempDir,
}

/// Has somebody walk through the page. Afterwards the browser must have nothing to complain of; when the walk fails,
/// a picture of where it failed is kept.
pub async fn journey(name: &str, walk: impl AsyncFnOnce(&Stage) -> Result<()>) -> Result<()> {
    journey_in(None, name, walk).await
}

/// The same for a seller in this market.
pub async fn journey_in(
    market: Option<&'static str>,
    name: &str,
    walk: impl AsyncFnOnce(&Stage) -> Result<()>,
) -> Result<()> {
    let data = TempDir::new()?;
    let options = RunOptions {
        markets: market.into_iter().collect(),
        hold_seconds: 1,
        order_post_ms: 20,
        // Webhooks bring the orders; what they miss shall stay missing until somebody fetches it.
        poll_interval_s: 3_600,
        ..RunOptions::new(data.path(), 23)
    };
    let run = Run::start(&options).await?;
    let browser = Browser::start(&run.processes[0].url()).await?;
    let stage = Stage { run, browser, data };
    let walked = caught(walk(&stage)).await;
    end(name, &stage.browser, walked).await
}

/// Walks until the end, or until a failed assertion.
pub async fn caught(walk: impl Future<Output = Result<()>>) -> std::thread::Result<Result<()>> {
    AssertUnwindSafe(walk).catch_unwind().await
}

/// Ends a walk: reads the browser's complaints, or keeps a picture of where the walk failed.
pub async fn end(name: &str, browser: &Browser, walked: std::thread::Result<Result<()>>) -> Result<()> {
    if let Ok(Ok(())) = walked {
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");
        return Ok(());
    }
    // Without a picture the failure still says all there is.
    drop(browser.picture(&format!("failed-{name}")).await);
    let walked = walked.unwrap_or_else(|panic| resume_unwind(panic));
    walked.with_context(|| format!("pictures are in {}", pictures().display()))
}

/// Signs in from wherever the page asks for it.
pub async fn sign_in(browser: &Browser) -> Result<()> {
    browser.fill("E-mail", LOGIN_EMAIL).await?;
    browser.fill("Password", LOGIN_PASSWORD).await?;
    browser.click(button("Sign in")).await?;
    browser.until("the frame of the page is there", async || Ok(browser.count(".top-bar").await? == 1)).await
}

/// What a plain order of one known product looks like to the sandbox.
pub fn order_of(sku: &str) -> Value {
    json!({ "order": { "country": "FR", "lines": [{ "seller_sku": sku, "quantity": 1, "price": "25.00" }] } })
}

/// The button that a message offers for a while; the seconds that are left stand behind its words.
pub fn offer(words: &str) -> By {
    By::XPath(format!("//*[contains(@class, 'toast')]//button[starts-with(normalize-space(), '{words}')]"))
}

/// Waits until the browser has complained of this refused call, and forgets what it has complained of until then, which
/// must be nothing but refusals of somebody who is not signed in.
pub async fn refused(browser: &Browser, call: &str) -> Result<()> {
    browser
        .until(format!("{call} was refused"), async || {
            let complaints = browser.complaints().await?;
            refused_at_most(&complaints);
            Ok(complaints.iter().any(|it| it.contains(&format!("{call} "))))
        })
        .await
}

/// What was on its way while somebody signed out is refused, and the browser says so; it may complain of nothing else.
pub fn refused_at_most(complaints: &[String]) {
    assert!(
        complaints.iter().all(|it| it.contains("status of 401")),
        "the browser complains: {complaints:#?}"
    );
}

impl Stage {
    /// Opens a page as somebody who has signed in.
    pub async fn enter(&self, path: &str) -> Result<()> {
        self.browser.open(&format!("/sign-in?next={path}")).await?;
        sign_in(&self.browser).await
    }

    /// Places one order of one product and waits until orderbridge has done with it what it can.
    pub async fn place(&self, sku: &str) -> Result<OrderSummary> {
        let id = self.run.sandboxes.place(&order_of(sku)).await?.remove(0);
        self.settled(&id).await
    }

    /// Places random orders and waits until orderbridge has done with them what it can.
    pub async fn place_many(&self, count: u32, mix: &str) -> Result<Vec<OrderSummary>> {
        let mut orders = Vec::new();
        for id in self.run.sandboxes.place_random(count, 5, mix).await? {
            orders.push(self.settled(&id).await?);
        }
        Ok(orders)
    }

    /// The database that orderbridge writes, too.
    pub async fn database(&self) -> Result<sea_orm::DatabaseConnection> {
        let file = self.data.path().join("orderbridge.db");
        Ok(sea_orm::Database::connect(format!("sqlite://{}", file.display())).await?)
    }

    /// Writes down this many orders that have long left, as if they had come in the course of time.
    pub async fn has_known(&self, number: u64) -> Result<()> {
        let db = self.database().await?;
        let connection = &self.run.connection_id;
        let orders = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})
            INSERT INTO orders (connection_id, tiktok_order_id, channel_status, channel_updated_at, status,
                known_status, import_state, fulfillment_type, currency, total_micros, expected_store_total_micros,
                first_item, item_count, unit_count, placed_at, received_at, updated_at)
            SELECT {connection}, CAST(576400000000000000 + i AS TEXT), 'COMPLETED', 0, 'completed', 'completed',
                'waiting', 'merchant', 'EUR', 0, 0, '', 1, 1, i, i, i FROM n"
        );
        sea_orm::ConnectionTrait::execute_unprepared(&db, &orders).await?;
        db.close().await?;
        Ok(())
    }

    /// Waits until an order has arrived, and has been imported or found not importable.
    pub async fn settled(&self, tiktok_order_id: &str) -> Result<OrderSummary> {
        let begun = Instant::now();
        loop {
            let mut found = self.run.api.all_orders(&format!("tiktok_order_id={tiktok_order_id}")).await?;
            found.retain(|it| !matches!(it.import_state, ImportState::Pending | ImportState::Importing));
            if let Some(order) = found.pop() {
                return Ok(order);
            }
            ensure!(begun.elapsed() < Duration::from_secs(30), "order {tiktok_order_id} does not settle");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
