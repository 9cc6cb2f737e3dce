//! The order is in the store: it is read back, compared, and recorded, and what follows from it is asked for.

use chrono::{DateTime, Utc};
use database::import_intents::{self, ImportIntent, Step};
use database::issues::{self, Found, Retry};
use database::orders::{self, StoreOrderRecord};
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr};
use prestashop::OrderSummary;
use shared::IssueCode;

use super::read_back::read_back;
use super::{Import, Stop, signed};
use crate::issue_of::IMPORT_ISSUES;
use crate::jobs::{push_store_state, register_reference};
use crate::mapping::StoreOrderPlan;

impl Import<'_> {
    /// The first order of a key that is not canceled is the one; others are mistakes that are canceled, never deleted.
    pub(super) async fn finish_first(
        &self,
        found: &[OrderSummary],
        plan: Option<&StoreOrderPlan>,
    ) -> Result<(), Stop> {
        let canceled = self.facts.settings.order_states.canceled;
        let is_canceled = |order: &&OrderSummary| canceled.is_some() && order.current_state == canceled;
        let Some(first) = found.iter().find(|order| !is_canceled(order)).or(found.first()) else {
            return Ok(());
        };
        let others: Vec<_> = found.iter().filter(|order| order.id != first.id).collect();
        // Before the order counts as imported, for after that nobody would look at the others again.
        if !others.is_empty() {
            self.cancel_duplicates(first, &others).await?;
        }
        if is_canceled(&first) {
            self.note_canceled_in_store().await?;
        }
        self.finish(first.id, plan).await
    }

    async fn note_canceled_in_store(&self) -> Result<(), DbErr> {
        let found = Found::new(IssueCode::DriftDetected)
            .with("field", "the order itself: it is canceled in the store");
        let txn = self.engine.database().begin().await?;
        let now = self.now();
        issues::open(&txn, self.connection.id, self.order_id, &found, Retry::default(), now).await?;
        txn.commit().await
    }

    async fn cancel_duplicates(&self, first: &OrderSummary, others: &[&OrderSummary]) -> Result<(), Stop> {
        let canceled = self.facts.settings.order_states.canceled;
        for duplicate in others {
            if let Some(canceled) = canceled
                && duplicate.current_state != Some(canceled)
            {
                self.client.add_order_history(duplicate.id, canceled).await?;
            }
        }
        let now = self.now();
        let txn = self.engine.database().begin().await?;
        for duplicate in others {
            let issue = Found::new(IssueCode::StoreDuplicateFound)
                .with("store_order_id", first.id)
                .with("canceled_store_order_id", duplicate.id)
                .about(duplicate.id.to_string());
            issues::open(&txn, self.connection.id, self.order_id, &issue, Retry::default(), now).await?;
        }
        orders::derive_status(&txn, self.order_id, now).await?;
        txn.commit().await?;
        Ok(())
    }

    /// Reads the order back, compares it, and records that it exists.
    pub(super) async fn finish(
        &self,
        id: prestashop::OrderId,
        plan: Option<&StoreOrderPlan>,
    ) -> Result<(), Stop> {
        let stored = match self.client.order(id).await {
            Ok(stored) => stored,
            // The order exists; it is found and read by a later try.
            Err(error) => return Err(Stop::Store(error)),
        };
        let database = self.engine.database();
        let now = self.now();
        let txn = database.begin().await?;
        let Some(order) = orders::find(&txn, self.order_id).await? else { return Ok(()) };
        let found = read_back(&stored, plan, &order, &self.facts);
        if !found.is_empty() {
            // What we believed about taxes or rounding may be out of date.
            self.store.facts.forget().await;
        }
        let record = StoreOrderRecord {
            id: signed(stored.id.0).unwrap_or_default(),
            reference: Some(stored.reference.clone()),
            state_id: stored.current_state.and_then(|state| signed(state.0)),
            total: stored.total_paid,
        };
        orders::set_imported(&txn, self.order_id, &record, now).await?;
        for (sku, product, combination) in plan.map(|plan| plan.links.as_slice()).unwrap_or_default() {
            let combination = combination.and_then(|combination| signed(combination.0));
            orders::link_product(
                &txn,
                self.order_id,
                sku,
                signed(product.0).unwrap_or_default(),
                combination,
            )
            .await?;
        }
        let changes = issues::set(
            &txn,
            self.connection.id,
            self.order_id,
            IMPORT_ISSUES,
            &found,
            Retry::default(),
            now,
        )
        .await?;
        self.wake_others(&txn, &changes.resolved, now).await?;
        self.tell(&txn, &record, plan.is_some(), now).await?;
        let intent = import_intents::find(&txn, self.order_id).await?;
        let intent = intent.unwrap_or_else(|| ImportIntent::new(self.order_id));
        import_intents::save(&txn, &ImportIntent { step: Step::Created, ..intent }, now).await?;
        job_queue::enqueue(&txn, register_reference(self.connection.id, self.order_id, now), now).await?;
        job_queue::enqueue(&txn, push_store_state(self.connection.id, self.order_id, now), now).await?;
        orders::derive_status(&txn, self.order_id, now).await?;
        txn.commit().await?;
        Ok(())
    }

    /// What stood in this order's way is gone, so other orders with the same cause are tried at once.
    async fn wake_others(
        &self,
        txn: &DatabaseTransaction,
        resolved: &[IssueCode],
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        for code in resolved {
            job_queue::wake(txn, &crate::cause(self.connection.id, *code, ""), now).await?;
        }
        if resolved.iter().any(|code| matches!(code, IssueCode::SkuNotFound | IssueCode::StockShort)) {
            for line in orders::lines_of(txn, self.order_id).await? {
                for code in [IssueCode::SkuNotFound, IssueCode::StockShort] {
                    let sku = line.seller_sku.as_deref().unwrap_or_default().trim();
                    job_queue::wake(txn, &crate::cause(self.connection.id, code, sku), now).await?;
                }
            }
        }
        Ok(())
    }

    async fn tell(
        &self,
        txn: &DatabaseTransaction,
        record: &StoreOrderRecord,
        created: bool,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let sentence = if created {
            format!("The store order #{} was created.", record.id)
        } else {
            format!("The store order #{} was found in the store and taken over.", record.id)
        };
        let entry = Entry::ours("import", sentence)
            .with("store_order_id", record.id)
            .with("reference", record.reference.as_deref().unwrap_or_default())
            .with("total", record.total.round_dp(2));
        timeline::record(txn, self.order_id, entry, now).await
    }
}
