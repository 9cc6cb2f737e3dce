//! The one request that makes the order: in single file, with the intent written down, and never repeated blindly.

use std::time::Duration;

use chrono::TimeDelta;
use database::import_intents::{self, ImportIntent, Step};
use database::issues::Found;
use job_queue::{LeaseState, Leased};
use prestashop::{AddressId, CartId, CustomerId, NewOrder, Unknown, UnknownReason};
use shared::IssueCode;

use super::{Import, MARGIN, Stop};
use crate::mapping::StoreOrderPlan;
use crate::store::{CREATION_LEASE, CREATION_LIMIT};

impl Import<'_> {
    /// Asks the store for the order, in single file with every other import into this store.
    pub(super) async fn create(
        &self,
        intent: &mut ImportIntent,
        plan: &StoreOrderPlan,
        cart: CartId,
        job: &Leased,
    ) -> Result<(), Stop> {
        let turn = self.engine.creation_turn(&self.store, self.connection).await?.ok_or(Stop::Busy)?;
        let answer = match self.write_intent(intent, job).await {
            Ok(()) => Ok(self.client.create_order(&self.new_order(intent, plan, cart)).await),
            Err(stop) => Err(stop),
        };
        turn.end(self.engine.database()).await?;
        match answer? {
            Ok(id) => self.finish(id, Some(plan)).await,
            Err(error) => self.after_failed_creation(intent, plan, error).await,
        }
    }

    /// From here on the order may exist. The job's lease must outlast the request, and still be ours.
    async fn write_intent(&self, intent: &mut ImportIntent, job: &Leased) -> Result<(), Stop> {
        let now = self.now();
        intent.step = Step::Posting;
        intent.posted_at = Some(now);
        let lease = CREATION_LEASE.to_std().unwrap_or(Duration::from_secs(150));
        let txn = self.engine.database().begin().await?;
        if job_queue::renew(&txn, job, lease, now).await? == LeaseState::Lost {
            return Err(Stop::LeaseLost);
        }
        import_intents::save(&txn, intent, now).await?;
        txn.commit().await?;
        Ok(())
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
        let still_running = match &error {
            prestashop::Error::Refused(_) => false,
            prestashop::Error::OutcomeUnknown(unknown) => !answered_by_the_store(unknown),
        };
        let unknown = |reason: String| Stop::Unknown {
            look_again_at: if still_running {
                now + CREATION_LIMIT + MARGIN
            } else {
                now + TimeDelta::seconds(5)
            },
            reason,
        };
        match self.look(intent).await {
            Ok(Some(found)) => return self.finish_first(&found, Some(plan)).await,
            Ok(None) if still_running => return Err(unknown(error.to_string())),
            Ok(None) => {}
            Err(Stop::Store(error)) => return Err(unknown(error.to_string())),
            Err(stop) => return Err(stop),
        }
        intent.step = Step::Cart;
        intent.posted_at = None;
        self.save(intent).await?;
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
