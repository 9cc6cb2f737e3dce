//! What the merchant reads of an issue while it is open and after it has ended, and the hands that set things right.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{
    ActionRequest, ImportState, Issue, IssueCode, OrderDetail, OrderId, OrderStatus, RetryClass, Severity,
};
use tests::EngineLab;

use crate::asking::{ask, assert_done, let_time_pass};
use crate::labs::decimal;
use crate::store_side::story;

/// Checks that this is the one open issue of the order, in words that a person can use.
pub async fn shown(lab: &EngineLab, id: &str, code: IssueCode) -> Result<Issue> {
    shown_beside(lab, id, code, &[]).await
}

/// Checks the same, where these are open too.
pub async fn shown_beside(lab: &EngineLab, id: &str, code: IssueCode, beside: &[IssueCode]) -> Result<Issue> {
    let detail = detail(lab, id).await?;
    let open = open_codes(&detail);
    let told = story(lab, id).await?;
    ensure!(
        open.contains(&code) && open.iter().all(|open| *open == code || beside.contains(open)),
        "{code} is not what is open: {open:?}\n{told}"
    );
    let issue = detail.issues.iter().find(|issue| issue.code == code).context("it was open")?;
    let kind = code.kind();
    ensure!((issue.severity, issue.retry) == (kind.severity, kind.retry), "{issue:?}");
    ensure!(issue.title == kind.title && !issue.title.is_empty(), "{issue:?}");
    ensure!(issue.remedy == kind.remedy && !issue.remedy.is_empty(), "{issue:?}");
    ensure!(issue.sentence == code.sentence(&issue.facts), "{issue:?}");
    let unfit = ["…", "{", "}", "“”", "..", "  ", ": .", "http"];
    ensure!(
        issue.sentence.ends_with('.') && !unfit.iter().any(|unfit| issue.sentence.contains(unfit)),
        "not a sentence to show: {}",
        issue.sentence
    );
    let waits_for_a_person = matches!(issue.retry, RetryClass::Manual | RetryClass::Never);
    ensure!(!waits_for_a_person || issue.next_retry_at.is_none(), "promises another try: {issue:?}");
    let stops = open.iter().any(|code| code.kind().severity == Severity::Error);
    let status = detail.summary.status;
    ensure!((status == OrderStatus::Error) == stops, "{open:?} and the order is in {status}");
    Ok(issue.clone())
}

/// Checks that the issue has ended, that no other one has come, and that the order is in this status again.
pub async fn cleared(lab: &EngineLab, id: &str, code: IssueCode, status: OrderStatus) -> Result<()> {
    let detail = detail(lab, id).await?;
    let open = open_codes(&detail);
    let told = story(lab, id).await?;
    ensure!(open.is_empty(), "still open: {open:?}\n{told}");
    let ended = detail.issues.iter().any(|issue| issue.code == code && issue.resolved_at.is_some());
    ensure!(ended, "{code} is not kept as resolved");
    ensure!(detail.summary.status == status, "in {}, not in {status}\n{told}", detail.summary.status);
    Ok(())
}

/// Checks that the issue has ended and the order is in the store once, right to the cent.
pub async fn imported_once(lab: &EngineLab, id: &str, code: IssueCode) -> Result<()> {
    cleared(lab, id, code, OrderStatus::AwaitingShipment).await?;
    ensure!(detail(lab, id).await?.summary.import_state == ImportState::Imported, "not imported");
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    ensure!(store_orders.len() == 1, "{} times in the store", store_orders.len());
    let truth = crate::asking::truth(lab, id).await?;
    let (paid, worth) = (&store_orders[0]["total_paid"], &truth["payment"]["worth_to_seller"]);
    ensure!(decimal(paid) == decimal(worth), "{paid} in the store, worth {worth}");
    Ok(())
}

/// Checks that nothing has been made in the store.
pub async fn not_in_store(lab: &EngineLab, id: &str) -> Result<()> {
    ensure!(lab.sandboxes.store_orders_of(id).await?.is_empty(), "it is in the store");
    Ok(())
}

async fn detail(lab: &EngineLab, id: &str) -> Result<OrderDetail> {
    let order_id = OrderId(lab.order(id).await?.id);
    let database = &lab.database;
    let detail = database::order_detail::find(database.writer(), &database.vault, order_id, false).await?;
    detail.context("the order has no page")
}

fn open_codes(detail: &OrderDetail) -> Vec<IssueCode> {
    let open = detail.issues.iter().filter(|issue| issue.resolved_at.is_none());
    open.map(|issue| issue.code).collect()
}

/// Places an order to be shipped and lets the engine see it.
pub async fn place(lab: &EngineLab, order: &Value) -> Result<String> {
    let id = place_as(lab, "shippable", order).await?;
    lab.poll().await?;
    Ok(id)
}

/// Places an order of mugs to this country and lets the engine see it.
pub async fn place_to(lab: &EngineLab, country: &str) -> Result<String> {
    place(lab, &mugs_to(country)).await
}

/// Places an order that nobody has seen yet.
pub async fn place_as(lab: &EngineLab, start: &str, order: &Value) -> Result<String> {
    let ids = lab.sandboxes.place(&json!({ "start": start, "order": order })).await?;
    ids.into_iter().next().context("no order was placed")
}

pub fn mugs_to(country: &str) -> Value {
    json!({ "country": country, "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }] })
}

/// Lets the first tries after the first failure come up.
pub async fn wait_for_retry(lab: &EngineLab) -> Result<()> {
    let_time_pass(lab, &[1, 3]).await
}

/// Presses the button that imports again.
pub async fn retry_import(lab: &EngineLab, id: &str) -> Result<()> {
    let asked = ask(lab, id, ActionRequest::Import {}).await?;
    lab.run_due().await?;
    assert_done(lab, asked).await.map(drop)
}

/// Presses the button that fetches the order again.
pub async fn sync(lab: &EngineLab, id: &str) -> Result<()> {
    let asked = ask(lab, id, ActionRequest::Sync {}).await?;
    lab.run_due().await?;
    assert_done(lab, asked).await.map(drop)
}

/// Presses the button that ends a problem which nothing but a person can end.
pub async fn mark_handled(lab: &EngineLab, id: &str, code: IssueCode) -> Result<()> {
    ask(lab, id, ActionRequest::MarkHandled { code, subject: None }).await?;
    lab.run_due().await
}

/// What the engine knows of the store is then older than it believes in.
pub async fn forget_store(lab: &EngineLab) -> Result<()> {
    lab.advance(TimeDelta::minutes(11)).await
}

/// The rows of a resource of the store in which these fields have these values.
pub async fn rows(lab: &EngineLab, resource: &str, fields: &[(&str, &str)]) -> Result<Vec<Value>> {
    let rows = lab.sandboxes.store_control.get(&format!("/entities/{resource}")).await?;
    let rows = rows.as_array().cloned().with_context(|| format!("no {resource}"))?;
    Ok(rows.into_iter().filter(|row| fields.iter().all(|(name, value)| row[*name] == *value)).collect())
}

/// Changes one row of the store, as the back office does.
pub async fn change_row(lab: &EngineLab, resource: &str, row: &Value, change: &Value) -> Result<()> {
    let path = format!("/entities/{resource}/{}", row["id"]);
    lab.sandboxes.store_control.patch(&path, change).await.map(drop)
}

/// The one row of the store in which this field has this value.
pub async fn row(lab: &EngineLab, resource: &str, field: &str, value: &str) -> Result<Value> {
    let rows = rows(lab, resource, &[(field, value)]).await?;
    rows.into_iter().next().with_context(|| format!("the store has no {resource} with {field} {value}"))
}
