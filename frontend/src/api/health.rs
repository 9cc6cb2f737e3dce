//! How the installation is doing.

use shared::{Alert, ConnectionId, Health, Page, Reconciliation, StartReconciliation};

use super::{Asking, Call, fetch};

pub fn health() -> Asking<Health> {
    fetch(Call::get("/health"))
}

pub fn open_alerts() -> Asking<Page<Alert>> {
    fetch(Call::get("/alerts?open=true&limit=100"))
}

/// Compares both sides of a connection now.
pub fn reconcile(id: ConnectionId) -> Asking<Reconciliation> {
    let call = Call::post(format!("/connections/{id}/reconciliations"));
    fetch(call.once().body(&StartReconciliation::default()))
}
