//! Asks for actions as the API does, and tells what became of them.

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::{ActionId, ActionRequest, ActionState, OrderAction, OrderId};
use sync::actions::{self, Asker, Refused};
use tests::EngineLab;

/// Asks as a person does; what leaves at once is done at once.
pub async fn ask(lab: &EngineLab, id: &str, request: ActionRequest) -> Result<ActionId> {
    match try_to_ask(lab, id, request).await? {
        Ok(action) => Ok(action.id),
        Err(refusal) => anyhow::bail!("{} order {id}: {refusal}", lab.database_name()),
    }
}

/// Asks, and perhaps gets a refusal.
pub async fn try_to_ask(
    lab: &EngineLab,
    id: &str,
    request: ActionRequest,
) -> Result<Result<OrderAction, String>> {
    try_to_ask_at(lab, id, request, lab.database.clock.now()).await
}

/// Asks by another clock.
pub async fn try_to_ask_at(
    lab: &EngineLab,
    id: &str,
    request: ActionRequest,
    now: DateTime<Utc>,
) -> Result<Result<OrderAction, String>> {
    let order_id = OrderId(lab.order(id).await?.id);
    let txn = lab.database.begin().await?;
    let asker = Asker::person("ada@example.com");
    match actions::request(&txn, order_id, &request, asker, now).await {
        Ok(action) => {
            txn.commit().await?;
            Ok(Ok(action.context("the order is gone")?))
        }
        Err(Refused::NotNow(reason)) => Ok(Err(reason)),
        Err(error) => Err(error.into()),
    }
}

/// What became of an action.
pub async fn action(lab: &EngineLab, id: ActionId) -> Result<OrderAction> {
    let action = database::actions::find(lab.database.writer(), id).await?;
    action.context("the action is gone")
}

/// Asserts that an action has ended well, and returns its sentence.
pub async fn assert_done(lab: &EngineLab, id: ActionId) -> Result<String> {
    ended(lab, id, ActionState::Done).await
}

/// Asserts that an action has failed, and returns its sentence.
pub async fn assert_failed(lab: &EngineLab, id: ActionId) -> Result<String> {
    ended(lab, id, ActionState::Failed).await
}

async fn ended(lab: &EngineLab, id: ActionId, state: ActionState) -> Result<String> {
    let action = action(lab, id).await?;
    assert_eq!(action.state, state, "{}: {action:?}", lab.database_name());
    action.result.context("an action that has ended says how")
}

/// Lets the time to take an action back pass, and does what follows.
pub async fn after_undo_time(lab: &EngineLab) -> Result<()> {
    lab.advance(TimeDelta::seconds(9)).await?;
    lab.run_due().await
}

/// Lets time pass in steps, so that every retry comes up.
pub async fn let_time_pass(lab: &EngineLab, minutes: &[i64]) -> Result<()> {
    for minutes in minutes {
        lab.advance(TimeDelta::minutes(*minutes)).await?;
        lab.run_due().await?;
    }
    Ok(())
}

/// One imported order to France, with two mugs and a candle.
pub async fn imported_order(lab: &EngineLab) -> Result<String> {
    let id = placed_order(lab).await?;
    lab.poll().await?;
    let order = lab.order(&id).await?;
    assert_eq!(order.import_state, "imported", "{:?}", lab.open_issues(&id).await?);
    Ok(id)
}

/// One order to France that nobody has fetched yet.
pub async fn placed_order(lab: &EngineLab) -> Result<String> {
    let order = json!({ "order": {
        "country": "FR", "shipping_fee": "4.99",
        "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }],
    } });
    let ids = lab.sandboxes.place(&order).await?;
    ids.into_iter().next().context("no order was placed")
}

/// Lets the store make an order that nobody has fetched yet, and tell us neither in its answer nor when it is looked for.
pub async fn be_in_the_making(lab: &EngineLab, id: &str) -> Result<()> {
    let sandboxes = &lab.sandboxes;
    // However many looks come before the one that follows the lost answer.
    for looks in 0..5 {
        let lost = json!({ "resource": "orders", "method": "POST", "kind": "cut_after", "times": 1 });
        sandboxes.break_store(&lost).await?;
        let fault = json!({ "resource": "orders", "method": "GET", "kind": "cut_before", "skip": looks });
        sandboxes.break_store(&fault).await?;
        lab.poll().await?;
        sandboxes.store_control.delete("/faults").await?;
        if lab.open_issues(id).await? == ["STORE_WRITE_UNKNOWN"] {
            return Ok(());
        }
        lab.advance(TimeDelta::minutes(15)).await?;
    }
    anyhow::bail!("{}: {:?}", lab.database_name(), lab.open_issues(id).await?)
}

/// Does to an order what only buyers, carriers and accidents can.
pub async fn do_to(lab: &EngineLab, id: &str, what: &str, body: &Value) -> Result<()> {
    lab.sandboxes.channel_control.post(&format!("/orders/{id}/{what}"), body).await.map(drop)
}

/// The truth about an order on TikTok Shop's side.
pub async fn truth(lab: &EngineLab, id: &str) -> Result<Value> {
    lab.sandboxes.channel_control.get(&format!("/orders/{id}")).await
}

/// Cancels for a reason that fits every paid order in the EU.
pub fn cancel() -> ActionRequest {
    ActionRequest::Cancel {
        reason: "seller_cancel_reason_out_of_stock".to_owned(),
        line_item_ids: Vec::new(),
    }
}

/// Refuses a buyer's request for a reason that fits in the EU.
pub fn reject() -> ActionRequest {
    ActionRequest::RejectCancellation {
        reason: "ecom_reverse_reject_cancel_reason_product_packed".to_owned(),
        comment: None,
    }
}
