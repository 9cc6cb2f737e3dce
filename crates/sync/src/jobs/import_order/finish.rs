//! The order is in the store: it is read back, compared, and recorded, and what follows from it is asked for.

use chrono::{DateTime, TimeDelta, Utc};
use database::actions::{self, Ending};
use database::compared_amounts::{StoreAmount, StoreAmounts};
use database::import_intents::{self, ImportIntent, Step};
use database::issues::{self, Found, Retry};
use database::orders::{self, OrderRow, StoreOrderRecord};
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr};
use prestashop::OrderSummary;
use rust_decimal::{Decimal, RoundingStrategy};
use shared::{ActionKind, ActionRequest, IMPORT_ISSUES, ImportState, IssueCode, REASON, StoreOrderId};

use super::read_back::read_back;
use super::shipping_product::REFERENCE as SHIPPING_REFERENCE;
use super::{Import, Origin, Stop, end_imports, imported_as, signed};
use crate::attempts;
use crate::crash_points::{OutsideWrite, around, recorded};
use crate::jobs::{push_store_state, push_store_tracking, register_reference, wake_sleepers};
use crate::mapping::STATUS_DRIFT;
use crate::store::end_request_of;

impl Import<'_> {
    /// The first order of a key that is not canceled is the one; others are mistakes that are canceled, never deleted.
    pub(super) async fn finish_first(&self, found: &[OrderSummary], origin: Origin<'_>) -> Result<(), Stop> {
        let canceled = self.facts.settings.order_states.canceled;
        let is_canceled = |order: &&OrderSummary| canceled.is_some() && order.current_state == canceled;
        let Some(first) = found.iter().find(|order| !is_canceled(order)).or(found.first()) else {
            return Ok(());
        };
        // One request may be made into several orders, by warehouse or by carrier: they share a reference, and together are
        // what was sold.
        let others = found.iter().filter(|order| order.id != first.id);
        let (parts, duplicates): (Vec<_>, Vec<_>) =
            others.partition(|order| !order.reference.is_empty() && order.reference == first.reference);
        // Before the order counts as imported, for after that nobody would look at the others again.
        if !duplicates.is_empty() {
            self.cancel_duplicates(first, &duplicates).await?;
        }
        if !parts.is_empty() {
            self.note_parts(first, &parts).await?;
        }
        if is_canceled(&first) {
            self.note_canceled_in_store().await?;
        }
        self.finish(first.id, origin).await
    }

    async fn note_canceled_in_store(&self) -> Result<(), Stop> {
        let found = Found::new(IssueCode::DriftDetected)
            .with("field", "the order itself: it is canceled in the store")
            .about(STATUS_DRIFT);
        let txn = self.begin().await?;
        let now = self.now();
        issues::open(&txn, self.connection.id, self.order_id, &found, Retry::default(), now).await?;
        txn.commit().await?;
        Ok(())
    }

    async fn note_parts(&self, first: &OrderSummary, parts: &[&OrderSummary]) -> Result<(), Stop> {
        let numbers: Vec<_> = parts.iter().map(|part| format!("#{}", part.id)).collect();
        let field = format!(
            "the order itself: the store made it in parts, #{} and {}, and only the first is kept in step",
            first.id,
            numbers.join(", ")
        );
        let found = Found::new(IssueCode::DriftDetected).with("field", field).about("made in parts");
        let txn = self.begin().await?;
        issues::open(&txn, self.connection.id, self.order_id, &found, Retry::default(), self.now()).await?;
        txn.commit().await?;
        Ok(())
    }

    async fn cancel_duplicates(&self, first: &OrderSummary, others: &[&OrderSummary]) -> Result<(), Stop> {
        let canceled = self.facts.settings.order_states.canceled;
        let mut told = Vec::with_capacity(others.len());
        for duplicate in others {
            let (kept, other) = (first.id, duplicate.id);
            let became = match canceled {
                Some(canceled) if duplicate.current_state == Some(canceled) => {
                    format!("#{other} was canceled already")
                }
                Some(canceled) => {
                    around(OutsideWrite::StoreState, self.client.add_order_history(other, canceled)).await?;
                    format!("orderbridge canceled #{other}")
                }
                None => format!("#{other} is not canceled, because the store has no state for that"),
            };
            let issue = Found::new(IssueCode::StoreDuplicateFound)
                .with("store_order_id", kept)
                .with("canceled_store_order_id", other)
                .with(REASON, &became)
                .about(other.to_string());
            let sentence = format!("The store had this order twice: #{kept} is kept; {became}.");
            told.push((issue, Entry::ours("import", sentence).with("store_order_id", other)));
        }
        let now = self.now();
        let txn = self.begin().await?;
        for (issue, entry) in told {
            // A try that is repeated after a crash says nothing twice.
            if issues::open(&txn, self.connection.id, self.order_id, &issue, Retry::default(), now).await? {
                timeline::record(&txn, self.order_id, entry, now).await?;
            }
        }
        orders::derive_status(&txn, self.order_id, now).await?;
        txn.commit().await?;
        Ok(())
    }

    /// Reads the order back, compares it, and records that it exists.
    pub(crate) async fn finish(&self, id: prestashop::OrderId, origin: Origin<'_>) -> Result<(), Stop> {
        let stored = match self.client.order(id).await {
            Ok(stored) => stored,
            // The order exists; it is found and read by a later try.
            Err(error) => return Err(Stop::Store(error)),
        };
        let now = self.now();
        let txn = self.begin().await?;
        let Some(order) = orders::find_locked(&txn, self.order_id).await? else { return Ok(()) };
        let intent = import_intents::find(&txn, self.order_id).await?;
        let intent = intent.unwrap_or_else(|| ImportIntent::new(self.order_id));
        if matches!(origin, Origin::Adopted) {
            self.check_adoptable(&order, &intent, job_queue::database_time(&txn).await?)?;
        }
        let plan = origin.plan();
        let found = read_back(&stored, origin, &order, &self.facts);
        if let Some(first) = found.first() {
            attempts::met(first.code);
            // What we believed about taxes or rounding may be out of date.
            self.store.facts.forget().await;
        }
        let record = StoreOrderRecord {
            id: signed(stored.id.0).unwrap_or_default(),
            reference: Some(stored.reference.clone()),
            state_id: stored.current_state.and_then(|state| signed(state.0)),
            total: stored.total_paid,
            amounts: amounts_of(&stored),
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
        self.tell(&txn, &record, origin, now).await?;
        self.end_choices(&txn, &order, &record, origin, now).await?;
        if orders::lines_of(&txn, self.order_id).await?.iter().any(|line| line.tracking_number.is_some()) {
            let tracking = push_store_tracking(self.connection.id, self.order_id, now);
            job_queue::enqueue(&txn, tracking, now).await?;
        }
        if matches!(origin, Origin::Found(_)) {
            end_request_of(&txn, self.connection, self.order_id).await?;
        }
        // What was found or adopted may go to another address than the one that we made.
        let address_pending =
            intent.address_pending && signed(stored.delivery_address_id.0) == intent.address_id;
        let intent = ImportIntent { step: Step::Created, address_pending, ..intent };
        import_intents::save(&txn, &intent, now).await?;
        job_queue::enqueue(&txn, register_reference(self.connection.id, self.order_id, now), now).await?;
        job_queue::enqueue(&txn, push_store_state(self.connection.id, self.order_id, now), now).await?;
        orders::derive_status(&txn, self.order_id, now).await?;
        txn.commit().await?;
        recorded(OutsideWrite::Order);
        Ok(())
    }

    /// What stood in this order's way is gone, so other orders with the same cause are tried at once.
    async fn wake_others(
        &self,
        txn: &DatabaseTransaction,
        resolved: &[(IssueCode, String)],
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let cause = |(code, subject): &(_, String)| crate::cause(self.connection.id, *code, subject);
        let jobs = resolved.iter().map(|resolved| wake_sleepers(&cause(resolved), now));
        job_queue::enqueue_all(txn, jobs, now).await.map(drop)
    }

    async fn tell(
        &self,
        txn: &DatabaseTransaction,
        record: &StoreOrderRecord,
        origin: Origin<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let sentence = match origin {
            Origin::Created(_) => format!("The store order #{} was created.", record.id),
            Origin::Found(_) => {
                format!("The store order #{} was found in the store and taken over.", record.id)
            }
            Origin::Adopted => format!("The store order #{} is this order's from now on.", record.id),
        };
        let entry = Entry::ours("import", sentence)
            .with("store_order_id", record.id)
            .with("reference", record.reference.as_deref().unwrap_or_default())
            .with("total", record.total.round_dp(2));
        timeline::record(txn, self.order_id, entry, now).await
    }

    /// Nobody may adopt an order for one that has a store order, or that is getting one at this moment.
    fn check_adoptable(
        &self,
        order: &OrderRow,
        intent: &ImportIntent,
        database_time: DateTime<Utc>,
    ) -> Result<(), Stop> {
        if orders::import_state(order) == ImportState::Imported && !order.store_deleted {
            return Err(Stop::Overtaken);
        }
        let rest = self.time_left(intent, database_time);
        if intent.step == Step::Posting && rest > TimeDelta::zero() {
            let reason = "the store may be creating an order at this moment".to_owned();
            return Err(Stop::Unknown { look_again_at: self.now() + rest, reason });
        }
        Ok(())
    }

    /// Whoever asked for a store order has it; whoever chose otherwise while it came to be hears that it was too late.
    async fn end_choices(
        &self,
        txn: &DatabaseTransaction,
        order: &OrderRow,
        record: &StoreOrderRecord,
        origin: Origin<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        end_imports(txn, self.order_id, &Ending::done(imported_as(record.id)), now).await?;
        for action in actions::queued(txn, self.order_id, &[ActionKind::Adopt]).await? {
            let wanted = ActionRequest::Adopt { store_order_id: StoreOrderId(record.id) };
            if action.request == wanted {
                actions::end(txn, action.id, &Ending::done(format!("Took over #{}.", record.id)), now)
                    .await?;
            }
        }
        if matches!(origin, Origin::Adopted) {
            let settled = [IssueCode::StoreDuplicateFound, IssueCode::StoreOrderDeleted];
            issues::resolve(txn, self.order_id, &settled, now).await?;
        }
        if order.archived_at.is_some() {
            let sentence = format!(
                "The order was deleted here while the store was making #{}: both stay as they are, and are kept in step.",
                record.id
            );
            timeline::record(txn, self.order_id, Entry::ours("import", sentence), now).await?;
        }
        if !order.skipped_by_person {
            return Ok(());
        }
        orders::set_skipped_by_person(txn, self.order_id, false).await?;
        if matches!(origin, Origin::Adopted) {
            return Ok(());
        }
        let sentence = format!(
            "The choice never to import the order came too late: the store was making #{} already.",
            record.id
        );
        timeline::record(txn, self.order_id, Entry::ours("import", sentence), now).await?;
        let found = Found::new(IssueCode::DriftDetected)
            .with("field", format!("the import: the store had made #{} before it was skipped", record.id))
            .about("skipped too late");
        issues::open(txn, self.connection.id, self.order_id, &found, Retry::default(), now).await?;
        Ok(())
    }
}

/// What the store order is made up of, to be shown beside TikTok Shop's amounts.
fn amounts_of(stored: &prestashop::Order) -> StoreAmounts {
    let rows = stored.rows.iter().map(|row| StoreAmount {
        product_id: signed(row.product_id.0).unwrap_or_default(),
        combination_id: row.combination_id.and_then(|combination| signed(combination.0)),
        name: row.name.clone(),
        reference: row.reference.clone(),
        quantity: row.quantity,
        total: (row.unit_price_tax_incl * Decimal::from(row.quantity))
            .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero),
        is_shipping: row.reference == SHIPPING_REFERENCE,
    });
    StoreAmounts {
        rows: rows.collect(),
        shipping: stored.total_shipping_tax_incl,
        discounts: stored.total_discounts_tax_incl,
    }
}
