//! The endpoints of what is done with orders, one at a time and many at once.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use shared::{
    ActionId, ActionKind, ActionOptions, ActionRequest, ActionState, BulkRunId, BulkRunOrder, BulkRunState,
    ConnectionChoices, ConnectionId, ImportPreview, OrderId, Page, ShippingLabel, StartBulkRun,
};

use super::{Asking, Call, fetch};

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

pub fn act(id: OrderId, request: &ActionRequest) -> Asking<AskedAction> {
    fetch(Call::post(format!("/orders/{id}/actions")).once().body(request))
}

pub fn action(id: ActionId) -> Asking<AskedAction> {
    fetch(Call::get(format!("/actions/{id}")))
}

pub fn undo_action(id: ActionId) -> Asking<AskedAction> {
    fetch(Call::post(format!("/actions/{id}/undo")).once())
}

pub fn action_options(id: OrderId) -> Asking<ActionOptions> {
    fetch(Call::get(format!("/orders/{id}/action-options")))
}

pub fn shipping_labels(id: OrderId) -> Asking<Vec<ShippingLabel>> {
    fetch(Call::get(format!("/orders/{id}/labels")))
}

pub fn import_preview(id: OrderId) -> Asking<ImportPreview> {
    fetch(Call::get(format!("/orders/{id}/import-preview")))
}

pub fn start_bulk_run(body: &StartBulkRun) -> Asking<BulkProgress> {
    fetch(Call::post("/bulk-runs").once().body(body))
}

pub fn bulk_run(id: BulkRunId) -> Asking<BulkProgress> {
    fetch(Call::get(format!("/bulk-runs/{id}")))
}

pub fn stop_bulk_run(id: BulkRunId) -> Asking<BulkProgress> {
    fetch(Call::post(format!("/bulk-runs/{id}/stop")).once())
}

/// Starts another run with those that failed or were refused.
pub fn retry_bulk_run(id: BulkRunId) -> Asking<BulkProgress> {
    fetch(Call::post(format!("/bulk-runs/{id}/retry")).once())
}

/// The orders of a run that met these outcomes, a hundred of them.
pub fn bulk_run_orders(id: BulkRunId, outcomes: &str, after: Option<&str>) -> Asking<Page<BulkRunOrder>> {
    let after = after.map(|cursor| format!("&after={cursor}")).unwrap_or_default();
    fetch(Call::get(format!("/bulk-runs/{id}/orders?outcome={outcomes}&limit=100{after}")))
}

pub fn settings_choices(id: ConnectionId) -> Asking<ConnectionChoices> {
    fetch(Call::get(format!("/connections/{id}/choices")))
}
