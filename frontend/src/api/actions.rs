//! The endpoints of what is done with orders, one at a time and many at once.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use shared::{
    ActionId, ActionKind, ActionOptions, ActionRequest, ActionState, BulkOutcome, BulkRunId, BulkRunOrder,
    BulkRunState, ConnectionChoices, ConnectionId, ImportPreview, OrderId, Page, ShippingLabel, StartBulkRun,
};

use super::{Answer, Call, exchange, read};

/// A `shared::OrderAction` as far as the page tells of it.
///
/// What exactly was asked for is left out: the page has just asked it, and reading requests costs more code than all
/// the rest of an action.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AskedAction {
    pub id: ActionId,
    pub order_id: OrderId,
    pub request: Asked,
    pub state: ActionState,
    pub result: Option<String>,
    pub leaves_at: DateTime<Utc>,
}

/// What was asked for, without its details.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Asked {
    pub action: ActionKind,
}

/// A `shared::BulkRun` as far as the page tells of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BulkProgress {
    pub id: BulkRunId,
    pub request: Asked,
    pub state: BulkRunState,
    pub total: i64,
    pub pending: i64,
    pub queued: i64,
    pub done: i64,
    pub failed: i64,
    pub refused: i64,
    pub left: i64,
}

pub async fn act(id: OrderId, request: &ActionRequest) -> Answer<AskedAction> {
    read(exchange(Call::post(format!("/orders/{id}/actions")).once().body(request)).await?)
}

pub async fn action(id: ActionId) -> Answer<AskedAction> {
    read(exchange(Call::get(format!("/actions/{id}"))).await?)
}

pub async fn undo_action(id: ActionId) -> Answer<AskedAction> {
    read(exchange(Call::post(format!("/actions/{id}/undo")).once()).await?)
}

pub async fn action_options(id: OrderId) -> Answer<ActionOptions> {
    read(exchange(Call::get(format!("/orders/{id}/action-options"))).await?)
}

pub async fn shipping_labels(id: OrderId) -> Answer<Vec<ShippingLabel>> {
    read(exchange(Call::get(format!("/orders/{id}/labels"))).await?)
}

pub async fn import_preview(id: OrderId) -> Answer<ImportPreview> {
    read(exchange(Call::get(format!("/orders/{id}/import-preview"))).await?)
}

pub async fn start_bulk_run(body: &StartBulkRun) -> Answer<BulkProgress> {
    read(exchange(Call::post("/bulk-runs").once().body(body)).await?)
}

pub async fn bulk_run(id: BulkRunId) -> Answer<BulkProgress> {
    read(exchange(Call::get(format!("/bulk-runs/{id}"))).await?)
}

pub async fn stop_bulk_run(id: BulkRunId) -> Answer<BulkProgress> {
    read(exchange(Call::post(format!("/bulk-runs/{id}/stop")).once()).await?)
}

/// Starts another run with those that failed or were refused.
pub async fn retry_bulk_run(id: BulkRunId) -> Answer<BulkProgress> {
    read(exchange(Call::post(format!("/bulk-runs/{id}/retry")).once()).await?)
}

/// The orders of a run that met one outcome, at most a hundred.
pub async fn bulk_run_orders(id: BulkRunId, outcome: BulkOutcome) -> Answer<Page<BulkRunOrder>> {
    read(exchange(Call::get(format!("/bulk-runs/{id}/orders?outcome={outcome}&limit=100"))).await?)
}

pub async fn settings_choices(id: ConnectionId) -> Answer<ConnectionChoices> {
    read(exchange(Call::get(format!("/connections/{id}/choices"))).await?)
}
