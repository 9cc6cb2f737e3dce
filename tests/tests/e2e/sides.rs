//! What both shops hold after an action: the truth that a journey ends with.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::{OrderAction, OrderId, Page};

use crate::stage::Stage;

/// The store's configuration that names its state of this meaning.
pub const CANCELED: &str = "PS_OS_CANCELED";
pub const IN_PREPARATION: &str = "PS_OS_PREPARATION";
pub const PAID: &str = "PS_OS_WS_PAYMENT";
pub const SHIPPED: &str = "PS_OS_SHIPPING";

impl Stage {
    /// All that TikTok Shop knows of an order.
    pub async fn truth(&self, tiktok_order_id: &str) -> Result<Value> {
        self.run.sandboxes.channel_control.get(&format!("/orders/{tiktok_order_id}")).await
    }

    /// Does to an order what only buyers and carriers can.
    pub async fn happens(&self, tiktok_order_id: &str, what: &str, body: &Value) -> Result<()> {
        let path = format!("/orders/{tiktok_order_id}/{what}");
        self.run.sandboxes.channel_control.post(&path, body).await.map(drop)
    }

    /// Whether TikTok Shop tells orderbridge what happens.
    pub async fn webhooks(&self, enabled: bool) -> Result<()> {
        let switches = json!({ "webhooks": { "enabled": enabled } });
        self.run.sandboxes.channel_control.put("/switches", &switches).await.map(drop)
    }

    /// A row of one of the store's tables by the number that another one names it by.
    pub async fn row_of(&self, table: &str, number: &Value) -> Result<Value> {
        let number = number.as_str().map_or_else(|| number.to_string(), str::to_owned).parse::<u64>()?;
        let rows = self.run.sandboxes.store_control.get(&format!("/entities/{table}")).await?;
        let found = rows.as_array().into_iter().flatten().find(|row| row["id"] == number);
        found.cloned().with_context(|| format!("the store has no row {number} of {table}"))
    }

    /// Waits until TikTok Shop has the order in this status.
    pub async fn tiktok_says(&self, tiktok_order_id: &str, status: &str) -> Result<()> {
        self.browser
            .until(format!("TikTok Shop says {status}"), async || {
                Ok(self.truth(tiktok_order_id).await?["status"] == status)
            })
            .await
    }

    /// The parcels that left: how many units of which SKU each holds, by tracking number.
    pub async fn parcels(&self, tiktok_order_id: &str) -> Result<BTreeMap<String, BTreeMap<String, usize>>> {
        let truth = self.truth(tiktok_order_id).await?;
        let lines = truth["lines"].as_array().context("no lines")?;
        let sku_of = |unit: &Value| {
            let line = lines.iter().find(|line| line["id"] == *unit)?;
            Some(line["seller_sku"].as_str()?.to_owned())
        };
        let mut parcels = BTreeMap::new();
        for package in truth["packages"].as_array().context("no packages")? {
            let number = package["tracking_number"].as_str().unwrap_or_default();
            if number.is_empty() {
                continue;
            }
            let mut goods = BTreeMap::new();
            for unit in package["order_line_item_ids"].as_array().context("no units")? {
                *goods.entry(sku_of(unit).context("a unit of another order")?).or_insert(0) += 1;
            }
            ensure!(parcels.insert(number.to_owned(), goods).is_none(), "two parcels {number}: {truth:#}");
        }
        Ok(parcels)
    }

    /// The store's order; there must be exactly one.
    pub async fn store_order(&self, tiktok_order_id: &str) -> Result<Value> {
        let mut orders = self.run.sandboxes.store_orders_of(tiktok_order_id).await?;
        ensure!(orders.len() == 1, "{} store orders of {tiktok_order_id}", orders.len());
        orders.pop().context("there is one")
    }

    /// The tracking number of the store's order.
    pub async fn store_number(&self, tiktok_order_id: &str) -> Result<String> {
        let order = self.store_order(tiktok_order_id).await?;
        Ok(order["tracking_number"].as_str().unwrap_or_default().to_owned())
    }

    /// The number of the store's state of this meaning.
    pub async fn store_state(&self, role: &str) -> Result<String> {
        let rows = self.run.sandboxes.store_control.get("/entities/configurations").await?;
        let rows = rows.as_array().context("no configurations")?;
        let row = rows.iter().find(|row| row["name"] == role).context("no such role")?;
        Ok(row["value"].as_str().context("no value")?.to_owned())
    }

    /// Waits until the store has its order in the state of this meaning.
    pub async fn store_says(&self, tiktok_order_id: &str, role: &str) -> Result<()> {
        let state = self.store_state(role).await?;
        self.browser
            .until(format!("the store says {role}"), async || {
                Ok(self.store_order(tiktok_order_id).await?["current_state"] == state.as_str())
            })
            .await
    }

    /// How many pieces the store still sells.
    pub async fn stock(&self, sku: &str) -> Result<i64> {
        let rows = self.run.sandboxes.store_control.get("/stock").await?;
        let row = rows.as_array().and_then(|rows| rows.iter().find(|row| row["sku"] == sku));
        let quantity = &row.with_context(|| format!("no stock of {sku}"))?["quantity"];
        quantity.as_i64().or_else(|| quantity.as_str()?.parse().ok()).context("not a number")
    }

    /// Sets what a product of the store is called by: its reference.
    pub async fn give_reference(&self, from: &str, to: &str) -> Result<()> {
        let control = &self.run.sandboxes.store_control;
        let products = control.get("/entities/products").await?;
        let is_it = |product: &&Value| product["reference"] == from;
        let product =
            products.as_array().and_then(|all| all.iter().find(is_it)).context("no such product")?;
        let id = product["id"].as_str().map_or_else(|| product["id"].to_string(), str::to_owned);
        control.patch(&format!("/entities/products/{id}"), &json!({ "reference": to })).await.map(drop)
    }

    /// What was asked to be done with an order, newest first.
    pub async fn actions(&self, id: OrderId) -> Result<Vec<OrderAction>> {
        let page: Page<OrderAction> = self.run.api.get(&format!("/orders/{id}/actions")).await?;
        Ok(page.items)
    }
}
