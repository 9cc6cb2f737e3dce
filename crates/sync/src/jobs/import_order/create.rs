//! The one request that makes the order: in single file, with the intent written down, and never repeated blindly.

use chrono::{DateTime, TimeDelta, Utc};
use database::import_intents::{self, ImportIntent, Step};
use database::issues::Found;
use database::{DatabaseTransaction, orders, snapshots};
use job_queue::Leased;
use prestashop::{AddressId, CarrierId, CartId, CustomerId, NewOrder, Unknown, UnknownReason};
use shared::{ImportState, IssueCode};

use super::plan::Planned;
use super::{Import, Origin, Stop, end_differences, kept_out};
use crate::crash_points::{OutsideWrite, around};
use crate::jobs::may_write::may_write;
use crate::mapping::StoreOrderPlan;
use crate::store::{Request, Turn};

/// Until the turn is asked for again that another process has.
pub(super) const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// Until it is looked again whether the store is done with the order of somebody who died or sleeps.
const PAUSE_FOR_REQUEST: TimeDelta = TimeDelta::seconds(5);

impl Import<'_> {
    /// Asks the store for the order, in single file with every other import into this store.
    pub(super) async fn create(
        &self,
        intent: &mut ImportIntent,
        planned: &Planned,
        cart: CartId,
        job: &Leased,
    ) -> Result<(), Stop> {
        let plan = &planned.plan;
        self.check_carrier(plan.carrier).await?;
        let turn = self.engine.creation_turn(&self.store, self.connection).await?.ok_or(Stop::Busy(PAUSE))?;
        let answer = match self.may_post(intent, planned, &turn, job).await {
            Ok(request) => {
                let order = self.new_order(intent, plan, cart);
                let answer = around(OutsideWrite::Order, self.client.create_order(&order)).await;
                // Where a request may be running still, nobody makes an order beside it until it is found or its time is
                // over: two at once would get one invoice number.
                if !answer.as_ref().err().is_some_and(may_be_running) {
                    request.end(self.engine.database()).await?;
                }
                Ok(answer)
            }
            Err(stop) => Err(stop),
        };
        turn.end(self.engine.database()).await?;
        match answer? {
            Ok(id) => self.finish(id, Origin::Created(plan)).await,
            Err(error) => self.after_failed_creation(intent, plan, error).await,
        }
    }

    /// Each edit of a carrier in the back office gives it another id, and a cart with the old one goes with the store's
    /// default carrier, at its price.
    async fn check_carrier(&self, carrier: CarrierId) -> Result<(), Stop> {
        if self.store.facts.is_in_use(&self.client, carrier, self.now()).await? {
            return Ok(());
        }
        self.store.facts.forget().await;
        Err(Stop::Outdated)
    }

    /// Writes down that the order may exist from here on, and makes sure that its request, which must follow at once,
    /// leaves in time: whoever takes over this job believes, when the store's time limit and `MARGIN` are over, that what
    /// is not there was not made.
    async fn may_post(
        &self,
        intent: &mut ImportIntent,
        planned: &Planned,
        turn: &Turn,
        job: &Leased,
    ) -> Result<Request, Stop> {
        let (written_at, request) = self.write_intent(intent, planned, turn).await?;
        let database = self.engine.database();
        database.make_durable().await?;
        if turn.is_mine(database.writer()).await? && may_write(self.engine, job, written_at).await? {
            return Ok(request);
        }
        // Nothing was asked for, so nobody has to wait for it.
        request.end(database).await?;
        self.save_as_never_made(intent).await?;
        Err(Stop::Busy(PAUSE))
    }

    /// Says when the intent was written, on the database's clock.
    async fn write_intent(
        &self,
        intent: &mut ImportIntent,
        planned: &Planned,
        turn: &Turn,
    ) -> Result<(DateTime<Utc>, Request), Stop> {
        let txn = self.begin().await?;
        if !turn.is_mine(&txn).await? {
            return Err(Stop::Busy(PAUSE));
        }
        self.check_still_wanted(&txn).await?;
        if snapshots::latest_id(&txn, self.order_id).await? != planned.snapshot_id {
            return Err(Stop::Outdated);
        }
        let request = turn.begin_request(&txn, self.order_id, self.longest_creation()).await?;
        let request = request.ok_or(Stop::Busy(PAUSE_FOR_REQUEST))?;
        let written_at = job_queue::database_time(&txn).await?;
        intent.step = Step::Posting;
        intent.posted_at = Some(written_at);
        import_intents::save(&txn, intent, self.now()).await?;
        // What changed while an earlier request was under way is in this one. Not before: the earlier one may still turn up.
        end_differences(&txn, self.order_id, self.now()).await?;
        txn.commit().await?;
        Ok((written_at, request))
    }

    /// The order is locked by the transaction, so that nobody can take back what is written with it.
    async fn check_still_wanted(&self, txn: &DatabaseTransaction) -> Result<(), Stop> {
        let Some(order) = orders::find_locked(txn, self.order_id).await? else { return Err(Stop::LeaseLost) };
        if orders::import_state(&order) == ImportState::Imported {
            return Err(Stop::Overtaken);
        }
        match kept_out(&order) {
            Some(decision) => Err(Stop::Withdrawn(decision)),
            None => Ok(()),
        }
    }

    fn new_order(&self, intent: &ImportIntent, plan: &StoreOrderPlan, cart: CartId) -> NewOrder {
        let id = |id: Option<i64>| id.and_then(|id| u64::try_from(id).ok()).unwrap_or_default();
        let address = AddressId(id(intent.address_id));
        NewOrder {
            cart,
            customer: CustomerId(id(intent.customer_id)),
            delivery_address: address,
            invoice_address: address,
            currency: plan.currency,
            language: self.facts.language,
            carrier: Some(plan.carrier),
            module: self.connection.settings.payment_module.clone(),
            payment: self.connection.settings.payment_label.clone(),
            total_paid: plan.total,
            total_products: plan.products_tax_excl.round_dp(2),
            total_products_wt: plan.total,
        }
    }

    /// No proven success: what counts is whether the order is there. Where the store has answered at all, its request is
    /// over and the answer is final; where it has not, the request may still be running.
    async fn after_failed_creation(
        &self,
        intent: &mut ImportIntent,
        plan: &StoreOrderPlan,
        error: prestashop::Error,
    ) -> Result<(), Stop> {
        let now = self.now();
        let still_running = may_be_running(&error);
        let unknown = |reason: String| Stop::Unknown {
            look_again_at: if still_running {
                now + self.longest_creation()
            } else {
                now + TimeDelta::seconds(5)
            },
            reason,
        };
        match self.look(intent).await {
            Ok(Some(found)) => return self.finish_first(&found, Origin::Created(plan)).await,
            Ok(None) if still_running => return Err(unknown(error.to_string())),
            Ok(None) => {}
            Err(Stop::Store(error)) => return Err(unknown(error.to_string())),
            Err(stop) => return Err(stop),
        }
        self.save_as_never_made(intent).await?;
        Err(match &error {
            // After all checks, an empty answer is how the store says that its payment module does not work.
            prestashop::Error::OutcomeUnknown(unknown) if unknown.status == Some(500) => {
                // The cart may be what the store dislikes: the next try begins with a new one.
                intent.step = Step::Started;
                self.save(intent).await?;
                let found = Found::new(IssueCode::PaymentModuleOff)
                    .with("module", &self.connection.settings.payment_module)
                    .with("reason", &error);
                Stop::Blocked(vec![found])
            }
            _ => Stop::Store(error),
        })
    }
}

/// Whether the store may still be at a request that ended so.
fn may_be_running(error: &prestashop::Error) -> bool {
    match error {
        prestashop::Error::Refused(_) => false,
        prestashop::Error::OutcomeUnknown(unknown) => !answered_by_the_store(unknown),
    }
}

/// Whether an answer that proves nothing came whole from the store itself, so that its request is over. Anything else may
/// come from what stands between, while the request runs on.
fn answered_by_the_store(unknown: &Unknown) -> bool {
    use UnknownReason::{Empty, ErrorsReported, Html, OnlyPhpMessages, PlainText, SavedThenRefused};
    match unknown.status {
        // A gateway would answer with a page.
        Some(500) => matches!(unknown.reason, Empty | PlainText | OnlyPhpMessages | ErrorsReported),
        Some(200 | 201) => matches!(unknown.reason, Html | PlainText | OnlyPhpMessages | ErrorsReported),
        Some(400) => matches!(unknown.reason, SavedThenRefused | ErrorsReported),
        _ => false,
    }
}
