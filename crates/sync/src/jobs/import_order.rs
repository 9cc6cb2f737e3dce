//! The import, exactly once. PrestaShop has no unique field and no lock, and its answers lie, so the whole burden is
//! here: look first, write down the intent, create in single file, look again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use database::connections::ConnectionRecord;
use database::import_intents::{self, ImportIntent, Step};
use database::issues::{self, Found, Retry};
use database::orders::{self, OrderRow, StoreOrderRecord};
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr, recipients, snapshots};
use job_queue::{LeaseState, Leased, Outcome};
use prestashop::total::RoundType;
use prestashop::{
    AddressId, CartId, Client, CustomerId, NewAddress, NewCart, NewCartRow, NewCustomer, NewOrder,
    NewSpecificPrice, OrderSummary, TaxRulesGroupId, Unknown, UnknownReason,
};
use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};
use shared::{ChannelStatus, ImportState, IssueCode, OrderId, TikTokOrderId};
use tiktok_shop::{ReadOrder, ShippingType};

use super::{JobError, connection_of, id_of, push_store_state, refresh_order, register_reference};
use crate::engine::Engine;
use crate::issue_of::{IMPORT_ISSUES, next_step, of_store};
use crate::mapping::{
    ImportDecision, OrderTaxes, PlanInput, StoreOrderPlan, amounts_of, import_decision, order_key,
    plan_store_order, sellable_units,
};
use crate::store::{CREATION_LEASE, CREATION_LIMIT, Store};
use crate::store_facts::{ProductMatch, StoreFacts};

mod read_back;
mod shipping_product;

use read_back::read_back;

/// What comes on top of the store's time limit before an order that was not found counts as not made.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

/// Why an import did not end with a store order.
enum Stop {
    /// The order cannot be made as it is; every reason at once.
    Blocked(Vec<Found>),
    /// The store could not be asked or refused.
    Store(prestashop::Error),
    /// The order may be on its way; to be looked for at this time.
    Unknown {
        look_again_at: DateTime<Utc>,
        reason: String,
    },
    /// Somebody else creates orders in this store right now.
    Busy,
    /// TikTok Shop has withdrawn the order meanwhile, or the settings leave it out now.
    Withdrawn(ImportDecision),
    /// Another worker has taken over this job.
    LeaseLost,
    Job(JobError),
}

impl From<prestashop::Error> for Stop {
    fn from(error: prestashop::Error) -> Self {
        Self::Store(error)
    }
}

impl From<DbErr> for Stop {
    fn from(error: DbErr) -> Self {
        Self::Job(error.into())
    }
}

/// What an import works with.
struct Import<'a> {
    engine: &'a Engine,
    job: &'a Leased,
    connection: &'a ConnectionRecord,
    order_id: OrderId,
    tiktok_order_id: TikTokOrderId,
    store: Arc<Store>,
    facts: Arc<StoreFacts>,
    client: Client,
}

/// Creates the store order of a TikTok order, or finds the one that exists.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(id_of(job, "order_id")?);
    let Some(order) = orders::find(engine.database().writer(), order_id).await? else {
        return Ok(Outcome::Done);
    };
    let intent = import_intents::find(engine.database().writer(), order_id).await?;
    let may_exist = intent.is_some_and(|intent| intent.step == Step::Posting);
    let wanted = match orders::import_state(&order) {
        ImportState::Imported => false,
        // Withdrawn, but a creation may be under way: it has to be found, so that it can be canceled.
        ImportState::Skipped | ImportState::Waiting => may_exist,
        ImportState::Pending | ImportState::Importing | ImportState::Blocked => true,
    };
    if !wanted {
        return Ok(Outcome::Done);
    }
    match import(engine, job, &connection, &order).await {
        Ok(()) => {
            engine.wake();
            Ok(Outcome::Done)
        }
        Err(stop) => {
            let tiktok_order_id = TikTokOrderId(order.tiktok_order_id.clone());
            stopped(engine, &connection, order_id, &tiktok_order_id, stop).await
        }
    }
}

async fn import(
    engine: &Engine,
    job: &Leased,
    connection: &ConnectionRecord,
    order: &OrderRow,
) -> Result<(), Stop> {
    let now = engine.clock().now();
    let store = engine.store(connection).map_err(|error| Stop::Job(error.into()))?;
    let (facts, client) = store.facts(now).await?;
    let import = Import {
        engine,
        job,
        connection,
        order_id: OrderId(order.id),
        tiktok_order_id: TikTokOrderId(order.tiktok_order_id.clone()),
        store,
        facts,
        client,
    };
    let database = engine.database();
    let intent = import_intents::find(database.writer(), import.order_id).await?;
    let mut intent = intent.unwrap_or_else(|| ImportIntent::new(import.order_id));
    if let Some(found) = import.look(&intent).await? {
        return import.finish_first(&found, None).await;
    }
    if intent.step == Step::Posting {
        let until = intent.posted_at.map_or(now, |posted_at| posted_at + CREATION_LIMIT + MARGIN);
        if now < until {
            return Err(Stop::Unknown {
                look_again_at: until,
                reason: "the store may still be creating it".to_owned(),
            });
        }
        // Its time is over and it is not there: the cart was never ordered and may be used.
        intent.step = Step::Cart;
    }
    let plan = import.plan(order).await?;
    orders::set_import_state(database.writer(), import.order_id, ImportState::Importing, now).await?;
    let cart_id = import.prepare(&mut intent, &plan).await?;
    import.create(&mut intent, &plan, cart_id).await?;
    Ok(())
}

impl Import<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.engine.clock().now()
    }

    /// Looks for orders that carry our key, and for one made from the cart that we wrote down.
    async fn look(&self, intent: &ImportIntent) -> Result<Option<Vec<OrderSummary>>, Stop> {
        let key = order_key(&self.tiktok_order_id);
        let mut found = self.client.orders_by_gift_message(&key).await?;
        if found.is_empty()
            && let (Step::Posting, Some(cart_id)) = (intent.step, cart_of(intent))
        {
            for order in self.client.orders_by_cart(cart_id).await? {
                // After a restore the store may have given the cart's number to somebody else.
                if self.client.order(order.id).await?.gift_message == key {
                    found.push(order);
                }
            }
        }
        found.sort_by_key(|order| order.id.0);
        Ok(Some(found).filter(|found| !found.is_empty()))
    }

    /// Works out the store order from the recorded facts, with every check at once.
    async fn plan(&self, order: &OrderRow) -> Result<StoreOrderPlan, Stop> {
        let database = self.engine.database();
        let raw = snapshots::latest(database.reader(), &database.vault, self.order_id).await?;
        let read = raw.map(ReadOrder::from_raw).transpose().ok().flatten();
        let Some(read) = read else {
            let found = Found::new(IssueCode::Internal).with("reference", format!("order {}", self.order_id));
            return Err(Stop::Blocked(vec![found]));
        };
        let settings = &self.connection.settings;
        let decision = import_decision(&read.order, settings, self.connection.import_placed_since());
        if decision != ImportDecision::Import {
            return Err(Stop::Withdrawn(decision));
        }
        let amounts = amounts_of(&read.order, settings.money_basis).map_err(|incoherent| {
            Stop::Blocked(vec![
                Found::new(IssueCode::PaymentIncoherent)
                    .with("field", incoherent.field)
                    .with("reported", incoherent.reported)
                    .with("computed", incoherent.computed),
            ])
        })?;
        let units = sellable_units(&read.order, &amounts);
        let uid = &self.connection.uid;
        let reader = database.reader();
        let recipient =
            recipients::find(reader, &database.vault, uid, &self.tiktok_order_id, self.order_id).await?;
        let now = self.now();

        let country = recipient.as_ref().and_then(|recipient| {
            self.facts.countries.iter().find(|country| country.iso_code == recipient.country)
        });
        let country_states = match country {
            Some(country) if country.contains_states => {
                self.store.facts.states_of(&self.client, country.id, now).await?
            }
            _ => Vec::new(),
        };
        let skus: BTreeSet<String> = units
            .iter()
            .flat_map(|unit| unit.sku.iter().chain(unit.parts.iter().map(|(sku, _)| sku)))
            .map(|sku| sku.trim().to_owned())
            .filter(|sku| !sku.is_empty())
            .collect();
        let skus: Vec<_> = skus.into_iter().collect();
        let products = self.store.facts.products(&self.client, &skus, now).await?;
        // A store that rounds each piece may leave some cents over, which this product carries too.
        let may_leave_over = self.facts.settings.round_type == Some(RoundType::Item);
        let shipping_product = if amounts.shipping_and_fees.is_zero() && !may_leave_over {
            None
        } else {
            Some(self.shipping_product(&products).await?)
        };
        let taxes = match country {
            Some(country) => {
                self.taxes(products.values().flatten().chain(&shipping_product), country.id).await?
            }
            None => OrderTaxes::new(),
        };
        let stock = if self.facts.settings.stock_management && !settings.ignore_stock {
            let mut ids: Vec<_> = products.values().flatten().map(|found| found.product.id).collect();
            ids.sort_unstable();
            ids.dedup();
            Some(if ids.is_empty() { Vec::new() } else { self.client.stock_of(&ids).await? })
        } else {
            None
        };
        let plan = plan_store_order(&PlanInput {
            tiktok_order_id: &self.tiktok_order_id,
            units: &units,
            amounts: &amounts,
            recipient: recipient.as_ref(),
            tiktok_label: read.order.shipping_type == Some(ShippingType::TikTok)
                || order.fulfillment_type == shared::FulfillmentType::TikTok.as_str(),
            settings,
            facts: &self.facts,
            country_states: &country_states,
            products: &products,
            taxes: &taxes,
            stock: stock.as_deref(),
            shipping_product: shipping_product.as_ref(),
        });
        plan.map_err(Stop::Blocked)
    }

    async fn taxes<'p>(
        &self,
        products: impl Iterator<Item = &'p ProductMatch>,
        country: prestashop::CountryId,
    ) -> Result<OrderTaxes, Stop> {
        let groups: BTreeSet<TaxRulesGroupId> =
            products.filter_map(|found| found.product.tax_rules_group_id).collect();
        let mut taxes = OrderTaxes::new();
        for group in groups {
            let rate = self.store.facts.tax_rate(&self.client, group, country, self.now()).await?;
            taxes.insert(group, rate);
        }
        Ok(taxes)
    }

    /// Customer, address, cart and pinned prices; each id is stored before the next step. Orphans of a lost answer are
    /// harmless in the store, and a cart whose prices are not certain is given up.
    async fn prepare(&self, intent: &mut ImportIntent, plan: &StoreOrderPlan) -> Result<CartId, Stop> {
        let digest = plan_digest(plan, &self.connection.store_url);
        if intent.step >= Step::Cart
            && intent.plan_digest.as_deref() == Some(&digest)
            && let Some(cart_id) = cart_of(intent)
        {
            return Ok(cart_id);
        }
        let customer = self.client.create_customer(&self.new_customer(plan)).await?;
        intent.customer_id = signed(customer.0);
        intent.step = Step::Customer;
        self.save(intent).await?;

        let address = self.client.create_address(&NewAddress { customer, ..plan.address.clone() }).await?;
        intent.address_id = signed(address.0);
        intent.step = Step::Address;
        self.save(intent).await?;

        let cart = self.client.create_cart(&self.new_cart(plan, customer, address)).await?;
        self.client.create_specific_prices(&self.new_prices(plan, cart)).await?;
        intent.cart_id = signed(cart.0);
        intent.plan_digest = Some(digest);
        intent.step = Step::Cart;
        self.save(intent).await?;
        Ok(cart)
    }

    fn new_customer(&self, plan: &StoreOrderPlan) -> NewCustomer {
        NewCustomer {
            language: self.facts.language,
            last_name: plan.customer_last_name.clone(),
            first_name: plan.customer_first_name.clone(),
            email: plan.customer_email.clone(),
            password: Alphanumeric.sample_string(&mut rand::rng(), 24),
            default_group: self.facts.group,
        }
    }

    fn new_cart(&self, plan: &StoreOrderPlan, customer: CustomerId, address: AddressId) -> NewCart {
        let rows = plan.rows.iter().map(|row| NewCartRow {
            product: row.product,
            combination: row.combination,
            quantity: row.quantity,
        });
        NewCart {
            customer,
            delivery_address: address,
            invoice_address: address,
            currency: plan.currency,
            language: self.facts.language,
            carrier: Some(plan.carrier),
            shop: self.facts.shop.id,
            shop_group: self.facts.shop.shop_group_id,
            gift_message: plan.key.clone(),
            rows: rows.collect(),
        }
    }

    fn new_prices(&self, plan: &StoreOrderPlan, cart: CartId) -> Vec<NewSpecificPrice> {
        let prices = plan.rows.iter().map(|row| NewSpecificPrice {
            cart,
            shop: self.facts.shop.id,
            product: row.product,
            combination: row.combination,
            currency: plan.currency,
            price: row.unit_net,
        });
        prices.collect()
    }

    async fn save(&self, intent: &ImportIntent) -> Result<(), DbErr> {
        import_intents::save(self.engine.database().writer(), intent, self.now()).await
    }

    /// Asks the store for the order, in single file with every other import into this store.
    async fn create(
        &self,
        intent: &mut ImportIntent,
        plan: &StoreOrderPlan,
        cart: CartId,
    ) -> Result<(), Stop> {
        let turn = self.engine.creation_turn(&self.store, self.connection).await?.ok_or(Stop::Busy)?;
        let answer = match self.write_intent(intent).await {
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
    async fn write_intent(&self, intent: &mut ImportIntent) -> Result<(), Stop> {
        let now = self.now();
        intent.step = Step::Posting;
        intent.posted_at = Some(now);
        let lease = CREATION_LEASE.to_std().unwrap_or(Duration::from_secs(150));
        let txn = self.engine.database().begin().await?;
        if job_queue::renew(&txn, self.job, lease, now).await? == LeaseState::Lost {
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

    /// The first order of a key that is not canceled is the one; others are mistakes that are canceled, never deleted.
    async fn finish_first(&self, found: &[OrderSummary], plan: Option<&StoreOrderPlan>) -> Result<(), Stop> {
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
    async fn finish(&self, id: prestashop::OrderId, plan: Option<&StoreOrderPlan>) -> Result<(), Stop> {
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

/// Notes why an import stopped, and decides about the job.
async fn stopped(
    engine: &Engine,
    connection: &ConnectionRecord,
    order_id: OrderId,
    tiktok_order_id: &TikTokOrderId,
    stop: Stop,
) -> Result<Outcome, JobError> {
    let now = engine.clock().now();
    let (found, fixed_outcome) = match stop {
        Stop::Job(error) => return Err(error),
        Stop::LeaseLost => return Ok(Outcome::AlreadyFinished),
        Stop::Withdrawn(decision) => {
            let txn = engine.database().begin().await?;
            orders::set_import_state(&txn, order_id, decision.state(), now).await?;
            issues::resolve(&txn, order_id, IMPORT_ISSUES, now).await?;
            orders::derive_status(&txn, order_id, now).await?;
            txn.commit().await?;
            return Ok(Outcome::Done);
        }
        Stop::Busy => {
            let at = now + TimeDelta::seconds(1);
            return Ok(Outcome::WaitUntil {
                at,
                reason: "another process creates orders in this store".to_owned(),
            });
        }
        Stop::Blocked(found) => {
            // A person may be putting it right at this moment, so the next try looks afresh.
            if let Ok(store) = engine.store(connection) {
                store.facts.forget().await;
            }
            (found, None)
        }
        Stop::Store(error) => (vec![of_store(&error)], None),
        Stop::Unknown { look_again_at, reason } => {
            let found = Found::new(IssueCode::StoreWriteUnknown).with("reason", &reason);
            (vec![found], Some(Outcome::WaitUntil { at: look_again_at, reason }))
        }
    };
    let txn = engine.database().begin().await?;
    let order = orders::find(&txn, order_id).await?;
    let withdrawn = order
        .is_some_and(|order| ChannelStatus::from(order.channel_status.as_str()) == ChannelStatus::Cancelled);
    if withdrawn && fixed_outcome.is_none() {
        orders::set_import_state(&txn, order_id, ImportState::Skipped, now).await?;
        issues::resolve(&txn, order_id, IMPORT_ISSUES, now).await?;
        orders::derive_status(&txn, order_id, now).await?;
        txn.commit().await?;
        return Ok(Outcome::Done);
    }
    let before = issues::open_of(&txn, order_id).await?;
    // Another cause begins anew: a day of one must not use up the tries of the next.
    let attempts = before
        .iter()
        .filter(|issue| found.iter().any(|found| found.code.as_str() == issue.code))
        .map(|issue| issue.attempts)
        .max()
        .unwrap_or(0)
        + 1;
    let (outcome, retry) = match fixed_outcome {
        Some(Outcome::WaitUntil { at, reason }) => {
            (Outcome::WaitUntil { at, reason }, Retry { attempts, next_at: Some(at) })
        }
        Some(outcome) => (outcome, Retry { attempts, next_at: None }),
        None => next_step(connection.id, &found, attempts, now),
    };
    // What TikTok Shop hid or got wrong, it may tell by now.
    let ask_again = found
        .iter()
        .any(|found| matches!(found.code, IssueCode::AddressMasked | IssueCode::PaymentIncoherent));
    if ask_again {
        let at = retry.next_at.unwrap_or(now + TimeDelta::hours(6));
        let refresh = refresh_order(connection.id, tiktok_order_id, at);
        job_queue::enqueue(&txn, refresh, now).await?;
    }
    orders::set_import_state(&txn, order_id, ImportState::Blocked, now).await?;
    let changes = issues::set(&txn, connection.id, order_id, IMPORT_ISSUES, &found, retry, now).await?;
    if !changes.opened.is_empty() {
        for issue in found.iter().filter(|found| changes.opened.contains(&found.code)) {
            let mut entry = Entry::ours("import", issue.code.sentence(&issue.facts));
            entry.facts.clone_from(&issue.facts);
            timeline::record(&txn, order_id, entry.with("code", issue.code), now).await?;
        }
    }
    orders::derive_status(&txn, order_id, now).await?;
    txn.commit().await?;
    Ok(outcome)
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

fn cart_of(intent: &ImportIntent) -> Option<CartId> {
    intent.cart_id.and_then(|id| u64::try_from(id).ok()).map(CartId)
}

fn signed(id: u64) -> Option<i64> {
    i64::try_from(id).ok()
}

/// Tells two plans apart: another plan must not use the cart of this one.
fn plan_digest(plan: &StoreOrderPlan, store_url: &str) -> String {
    let mut plain = BTreeMap::new();
    for row in &plan.rows {
        plain.insert((row.product.0, row.combination.map(|id| id.0)), (row.quantity, row.unit_net));
    }
    let text = format!(
        "{store_url} {plain:?} {} {} {} {} {:?}",
        plan.total, plan.carrier, plan.currency, plan.customer_email, plan.address
    );
    hex::encode(Sha256::digest(text.as_bytes()))
}
