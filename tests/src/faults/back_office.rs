use std::collections::BTreeMap;

use anyhow::{Context, Result};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::text;
use crate::comparison::{Deed, Deeds};
use crate::whole_run::Run;

/// The people who look after store orders in PrestaShop's back office, and what they did that orderbridge cannot undo.
pub(super) struct BackOffice {
    preparation: i64,
    shipped: i64,
    canceled: i64,
    deeds: Deeds,
}

impl BackOffice {
    pub(super) async fn new(run: &Run) -> Result<Self> {
        let rows = run.sandboxes.store_control.get("/entities/configurations").await?;
        let rows = rows.as_array().cloned().unwrap_or_default();
        let state = |name: &str| {
            let row = rows.iter().find(|row| row["name"] == name);
            row.and_then(|row| row["value"].as_str()?.parse().ok()).with_context(|| format!("no {name}"))
        };
        Ok(Self {
            preparation: state("PS_OS_PREPARATION")?,
            shipped: state("PS_OS_SHIPPING")?,
            canceled: state("PS_OS_CANCELED")?,
            deeds: BTreeMap::new(),
        })
    }

    /// What they canceled and deleted, by the id of the TikTok order.
    pub(super) const fn deeds(&self) -> &Deeds {
        &self.deeds
    }

    pub(super) async fn prepare(&self, run: &Run, random: &mut StdRng) -> Option<bool> {
        // Only what has just been created may still go there; the rest is further on.
        let is_new = |order: &Value| order["histories"].as_array().map_or(0, Vec::len) == 1;
        let order = pick(run, random, is_new).await?;
        Some(move_to(run, &order, self.preparation).await)
    }

    /// Somebody packs the order: number first, then the state.
    pub(super) async fn ship(&self, run: &Run, random: &mut StdRng) -> Option<bool> {
        let channel = run.sandboxes.channel_orders().await.ok()?;
        let packable: Vec<_> = channel
            .iter()
            .filter(|order| order["status"] == "AWAITING_SHIPMENT" && order["shape"] != "tiktok_shipping")
            .filter_map(|order| order["id"].as_str())
            .collect();
        let is_packable = |order: &Value| owner_of(order).is_some_and(|owner| packable.contains(&owner));
        let order = pick(run, random, is_packable).await?;
        let number = json!({ "number": format!("JX{:010}", random.random_range(0..10_000_000_000_u64)) });
        let path = format!("/orders/{}/tracking", text(&order["id"]));
        run.sandboxes.store_control.post(&path, &number).await.ok()?;
        Some(move_to(run, &order, self.shipped).await)
    }

    /// Somebody cancels the order in the store alone.
    pub(super) async fn cancel(&mut self, run: &Run, random: &mut StdRng) -> Option<bool> {
        let canceled = self.canceled.to_string();
        let order = pick(run, random, |order| order["current_state"] != canceled.as_str()).await?;
        self.deeds.insert(owner_of(&order)?.to_owned(), Deed::Canceled);
        Some(move_to(run, &order, self.canceled).await)
    }

    /// A module or a cleaning deletes the order.
    pub(super) async fn delete(&mut self, run: &Run, random: &mut StdRng) -> Option<bool> {
        let order = pick(run, random, |_| true).await?;
        self.deeds.insert(owner_of(&order)?.to_owned(), Deed::Deleted);
        Some(run.sandboxes.store_control.delete(&format!("/orders/{}", text(&order["id"]))).await.is_ok())
    }
}

/// One of our orders in the store that fits.
async fn pick(run: &Run, random: &mut StdRng, fits: impl Fn(&Value) -> bool) -> Option<Value> {
    let mut orders = run.sandboxes.store_orders().await.ok()?;
    orders.retain(|order| owner_of(order).is_some() && fits(order));
    orders.choose(random).cloned()
}

fn owner_of(order: &Value) -> Option<&str> {
    order["gift_message"].as_str()?.strip_prefix("tiktok:")
}

async fn move_to(run: &Run, order: &Value, state: i64) -> bool {
    let path = format!("/orders/{}/state", text(&order["id"]));
    run.sandboxes.store_control.post(&path, &json!({ "state": state })).await.is_ok()
}
