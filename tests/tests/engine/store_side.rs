//! What people do in the store, and what the store shows.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::page::{PageRequest, Start};
use database::{connections, order_history};
use serde_json::{Value, json};
use shared::ConnectionSettings;
use sync::jobs;
use tests::EngineLab;

/// TikTok Shop's DHL, for which the store's own carrier stands in these tests.
pub const DHL: &str = "6617675021119438849";
pub const UPS: &str = "6671484739372728321";

/// The role that the store order's state plays in the store, such as `PS_OS_SHIPPING`.
pub async fn store_role(lab: &EngineLab, id: &str) -> Result<Option<String>> {
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    assert!(store_orders.len() <= 1, "{} order {id} is twice in the store", lab.database_name());
    let Some(store_order) = store_orders.first() else { return Ok(None) };
    let state = store_order["current_state"].as_str().unwrap_or_default();
    let role = roles(lab).await?.into_iter().find(|(_, value)| value == state);
    Ok(Some(role.map_or_else(|| format!("state {state}"), |(name, _)| name)))
}

async fn roles(lab: &EngineLab) -> Result<Vec<(String, String)>> {
    let rows = lab.sandboxes.store_control.get("/entities/configurations").await?;
    let rows = rows.as_array().context("no configurations")?.iter();
    let role = |row: &Value| Some((row["name"].as_str()?.to_owned(), row["value"].as_str()?.to_owned()));
    Ok(rows.filter_map(role).filter(|(name, _)| name.starts_with("PS_OS_")).collect())
}

/// Moves the store order as a person in the back office does.
pub async fn set_state(lab: &EngineLab, id: &str, role: &str) -> Result<()> {
    let roles = roles(lab).await?;
    let (_, state) = roles.iter().find(|(name, _)| name == role).context("no such role")?;
    let body = json!({ "state": state.parse::<u64>()? });
    let store_order = store_order_of(lab, id).await?;
    lab.sandboxes.store_control.post(&format!("/orders/{store_order}/state"), &body).await.map(drop)
}

/// Enters a tracking number as a person, or a module that leaves the order's date alone.
pub async fn set_number(lab: &EngineLab, id: &str, number: &str, touch_order: bool) -> Result<()> {
    let body = json!({ "number": number, "touch_order": touch_order });
    let store_order = store_order_of(lab, id).await?;
    lab.sandboxes.store_control.post(&format!("/orders/{store_order}/tracking"), &body).await.map(drop)
}

/// Removes the store order, as a person in the database does.
pub async fn delete(lab: &EngineLab, id: &str) -> Result<()> {
    let store_order = store_order_of(lab, id).await?;
    lab.sandboxes.store_control.delete(&format!("/orders/{store_order}")).await.map(drop)
}

pub async fn store_order_of(lab: &EngineLab, id: &str) -> Result<i64> {
    lab.order(id).await?.store_order_id.context("it is not in the store")
}

/// Changes the settings of the connection, as its page does.
pub async fn change_settings(lab: &EngineLab, change: impl FnOnce(&mut ConnectionSettings)) -> Result<()> {
    let now = lab.database.clock.now();
    let mut connection = lab.connection().await?;
    change(&mut connection.settings);
    let txn = lab.database.begin().await?;
    assert!(connections::update(&txn, &lab.database.vault, &connection, now).await?);
    jobs::connection_changed(&txn, connection.id, now).await?;
    txn.commit().await?;
    lab.run_due().await
}

/// Lets time pass so that both sides are looked at again, some times over.
pub async fn look_again(lab: &EngineLab) -> Result<()> {
    for seconds in [31, 5, 31] {
        lab.advance(TimeDelta::seconds(seconds)).await?;
        lab.poll().await?;
    }
    Ok(())
}

/// How often TikTok Shop was asked to change something, by endpoint.
pub async fn channel_writes(lab: &EngineLab) -> Result<Vec<(String, u64)>> {
    let calls = lab.sandboxes.channel_control.get("/calls?limit=0").await?;
    let by_endpoint = calls["by_endpoint"].as_object().context("no calls")?;
    let reads = ["search", "tokens", "token", "external_orders"];
    let is_write =
        |endpoint: &str| !endpoint.starts_with("GET") && !reads.iter().any(|read| endpoint.contains(read));
    let count = |outcomes: &Value| {
        outcomes.as_object().map_or(0, |outcomes| outcomes.values().filter_map(Value::as_u64).sum())
    };
    let writes = by_endpoint.iter().filter(|(endpoint, _)| is_write(endpoint));
    Ok(writes.map(|(endpoint, outcomes)| (endpoint.clone(), count(outcomes))).collect())
}

/// The sentences of an order's story, newest first.
pub async fn story(lab: &EngineLab, id: &str) -> Result<String> {
    let order = shared::OrderId(lab.order(id).await?.id);
    let page = PageRequest { limit: 100, start: Start::First };
    let entries = order_history::timeline_page(lab.database.writer(), order, &[], &page).await?;
    Ok(entries.items.iter().map(|entry| entry.sentence.clone()).collect::<Vec<_>>().join("\n"))
}
