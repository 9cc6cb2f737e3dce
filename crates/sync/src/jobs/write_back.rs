//! What somebody did in the store and what it asks of TikTok Shop: shipped, corrected, canceled, deleted. It only asks,
//! in the transaction that notes what was seen; the actions' own jobs do it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use database::connections::ConnectionRecord;
use database::issues::{self, Found, Retry};
use database::orders::{self, OrderRow};
use database::store_shipments::{self, StoreShipment};
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr, actions as action_rows};
use prestashop::{CarrierId, Client, OrderCarrier, OrderStateId};
use shared::{ActionKind, ActionRequest, ChannelStatus, FulfillmentType, IssueCode, OrderId};

use super::failure::Failure;
use crate::actions::{self, Asker, Refused};
use crate::engine::Engine;
use crate::mapping::{AfterCancellation, OUT_OF_STOCK, StoreStates, after_cancellation};
use crate::store_facts::StoreFacts;

mod shipment;

/// Who asks for what is done in the store, in stories and lists of actions.
const STORE: &str = "store";

/// What an issue is about when the store order is canceled and TikTok Shop's goes on.
pub(super) const CANCELED_IN_STORE: &str = "canceled in the store";

/// A look at store orders of ours.
pub(super) struct Look<'a> {
    pub engine: &'a Engine,
    pub connection: &'a ConnectionRecord,
    pub facts: &'a StoreFacts,
    pub client: &'a Client,
}

/// One of our orders and the state that its store order is in.
pub(super) struct Seen {
    pub order: OrderRow,
    pub state: SeenState,
}

/// Where a look knows the state of a store order from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeenState {
    /// The store has just said so.
    Read(Option<OrderStateId>),
    /// The store reports changed states by itself; this look is about something else.
    AsRecorded,
}

/// The carriage of a store order; empty when it has none, or no number yet.
#[derive(Debug, Clone, Default)]
struct Carriage {
    number: String,
    reference: Option<i64>,
    name: Option<String>,
}

impl Look<'_> {
    /// Notes what the store shows of these orders, and asks of TikTok Shop what follows from it.
    pub(super) async fn at(&self, seen: &[Seen]) -> Result<(), Failure> {
        let with_carriage: Vec<_> = seen.iter().filter(|seen| self.needs_carriage(seen)).collect();
        let ids: Vec<_> = with_carriage.iter().filter_map(|seen| store_order_id(&seen.order)).collect();
        let mut carriages = self.carriages(&ids).await?;
        for seen in seen {
            let carriage = store_order_id(&seen.order)
                .filter(|_| self.needs_carriage(seen))
                .map(|id| carriages.remove(&id).unwrap_or_default());
            // What was picked because it is ahead is noted also when it no longer is.
            let nothing_new = carriage.is_none()
                && seen.state != SeenState::AsRecorded
                && seen.order.store_state_id == self.state_id(seen)
                && !seen.order.store_deleted;
            if !nothing_new {
                self.note(seen, carriage.as_ref()).await?;
            }
        }
        self.engine.wake();
        Ok(())
    }

    fn state_id(&self, seen: &Seen) -> Option<i64> {
        match seen.state {
            SeenState::Read(state) => state.and_then(|state| i64::try_from(state.0).ok()),
            SeenState::AsRecorded => seen.order.store_state_id,
        }
    }

    /// Whether carrier and tracking number may have something to say.
    fn needs_carriage(&self, seen: &Seen) -> bool {
        let states = StoreStates::from(self.facts);
        let state = self.state_id(seen).and_then(|id| u64::try_from(id).ok());
        let shipped = state.and_then(|id| states.find(OrderStateId(id))).is_some_and(|state| state.shipped);
        let open = matches!(
            ChannelStatus::from(seen.order.channel_status.as_str()),
            ChannelStatus::AwaitingShipment
                | ChannelStatus::PartiallyShipping
                | ChannelStatus::AwaitingCollection
                | ChannelStatus::InTransit
        );
        shipped && open && fulfillment_type(&seen.order) == FulfillmentType::Merchant
    }

    async fn carriages(
        &self,
        ids: &[prestashop::OrderId],
    ) -> Result<BTreeMap<prestashop::OrderId, Carriage>, Failure> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut rows: BTreeMap<prestashop::OrderId, OrderCarrier> = BTreeMap::new();
        for row in self.client.order_carriers_of(ids).await? {
            // After a split there are several: the latest one with a number counts.
            let better = rows.get(&row.order_id).is_none_or(|known| {
                (!row.tracking_number.is_empty(), row.id) > (!known.tracking_number.is_empty(), known.id)
            });
            if better {
                rows.insert(row.order_id, row);
            }
        }
        let known = |id: CarrierId| self.facts.carriers.iter().find(|carrier| carrier.id == id);
        let mut edited: Vec<_> =
            rows.values().map(|row| row.carrier_id).filter(|id| id.0 > 0 && known(*id).is_none()).collect();
        edited.sort_unstable();
        edited.dedup();
        let edited = if edited.is_empty() { Vec::new() } else { self.client.carriers_by_id(&edited).await? };
        let carriages = rows.into_iter().map(|(order, row)| {
            let carrier =
                known(row.carrier_id).or_else(|| edited.iter().find(|carrier| carrier.id == row.carrier_id));
            let carriage = Carriage {
                number: row.tracking_number.trim().to_owned(),
                reference: carrier.and_then(|carrier| i64::try_from(carrier.reference_id.0).ok()),
                name: carrier.map(|carrier| carrier.name.clone()),
            };
            (order, carriage)
        });
        Ok(carriages.collect())
    }

    /// Notes one order; `carriage` is `None` when it was not read.
    async fn note(&self, seen: &Seen, carriage: Option<&Carriage>) -> Result<(), DbErr> {
        let now = self.engine.clock().now();
        let id = OrderId(seen.order.id);
        let txn = self.engine.database().begin().await?;
        let Some(order) = orders::find_locked(&txn, id).await? else { return Ok(()) };
        if order.store_order_id != seen.order.store_order_id || order.purged_at.is_some() {
            return Ok(());
        }
        let state_id = match seen.state {
            SeenState::Read(_) => self.state_id(seen),
            SeenState::AsRecorded => order.store_state_id,
        };
        let known = store_shipments::find(&txn, id).await?;
        let mut noted = Noted { look: self, txn: &txn, order: &order, now, changed: false };
        if order.store_state_id != state_id || order.store_deleted {
            noted.state(state_id, &known).await?;
        }
        let shipment = noted.shipment(state_id, carriage, &known).await?;
        let changed = noted.changed;
        if shipment != known {
            store_shipments::save(&txn, shipment).await?;
        }
        if changed {
            orders::derive_status(&txn, id, now).await?;
        }
        txn.commit().await
    }
}

/// One order while what was seen of it is written down.
struct Noted<'a> {
    look: &'a Look<'a>,
    txn: &'a DatabaseTransaction,
    order: &'a OrderRow,
    now: DateTime<Utc>,
    /// Whether facts or issues have changed.
    changed: bool,
}

impl Noted<'_> {
    fn id(&self) -> OrderId {
        OrderId(self.order.id)
    }

    async fn tell(&self, sentence: impl Into<String>) -> Result<(), DbErr> {
        timeline::record(self.txn, self.id(), Entry::by(STORE, "store state", sentence), self.now).await
    }

    async fn open(&mut self, found: &Found) -> Result<(), DbErr> {
        let connection = self.look.connection.id;
        let new = issues::open(self.txn, connection, self.id(), found, Retry::default(), self.now).await?;
        self.changed |= new;
        Ok(())
    }

    /// Opens an issue that the next look finds again, without touching one that is open already.
    async fn keep_open(&mut self, found: &Found) -> Result<(), DbErr> {
        let open = issues::open_of(self.txn, self.id()).await?;
        let facts = serde_json::to_string(&found.facts).unwrap_or_default();
        let known = |issue: &database::entities::issues::Model| {
            issue.code == found.code.as_str() && issue.subject == found.subject && issue.facts == facts
        };
        if open.iter().any(known) {
            return Ok(());
        }
        let connection = self.look.connection.id;
        let retry = Retry::default();
        let found = std::slice::from_ref(found);
        issues::set(self.txn, connection, self.id(), &[found[0].code], found, retry, self.now).await?;
        self.changed = true;
        Ok(())
    }

    async fn resolve(&mut self, codes: &[IssueCode]) -> Result<(), DbErr> {
        let resolved = issues::resolve(self.txn, self.id(), codes, self.now).await?;
        self.changed |= !resolved.is_empty();
        Ok(())
    }

    /// The store order is in another state than was known, or is there again.
    async fn state(&mut self, state_id: Option<i64>, known: &StoreShipment) -> Result<(), DbErr> {
        orders::set_store_state(self.txn, self.id(), state_id, false).await?;
        self.changed = true;
        if self.order.store_deleted {
            issues::resolve(self.txn, self.id(), &[IssueCode::StoreOrderDeleted], self.now).await?;
            self.tell("The store order is there again.").await?;
        }
        if self.order.store_state_id == state_id {
            return Ok(());
        }
        let state = state_id.and_then(|id| u64::try_from(id).ok()).map(OrderStateId);
        let name = state.map(|state| self.look.facts.order_state_name(state)).unwrap_or_default();
        // We wrote it ourselves, and did not hear that it had arrived.
        if state_id.is_some() && known.written_state_id == state_id {
            let entry = Entry::ours("store state", format!("The store order was moved to “{name}”."));
            return timeline::record(self.txn, self.id(), entry, self.now).await;
        }
        self.tell(format!("The store order is now in “{name}”.")).await?;
        let roles = &self.look.facts.settings.order_states;
        if state.is_some_and(|state| self.means_canceled(state)) {
            self.canceled_in_store(state_id).await?;
            return Ok(());
        }
        issues::resolve_about(self.txn, self.id(), IssueCode::DriftDetected, CANCELED_IN_STORE, self.now)
            .await?;
        if state.is_some() && state == roles.refund {
            let sentence = "Refunded in the store. TikTok Shop is not told: refund it there in Seller Center, if \
                            the buyer is to get the money back.";
            self.tell(sentence).await?;
        } else if self.is_canceled_on_channel() && self.is_shipped(state) {
            let code = IssueCode::CancelStoreConflict;
            if !issues::was_ever_open(self.txn, self.id(), code).await? {
                self.open(&Found::new(code)).await?;
            }
        }
        Ok(())
    }

    /// The store's own state for it, or one that the settings give a reason to.
    fn means_canceled(&self, state: OrderStateId) -> bool {
        let canceled = self.look.facts.settings.order_states.canceled == Some(state);
        canceled || self.look.connection.settings.cancel_reason_map.contains_key(&state.to_string())
    }

    fn is_canceled_on_channel(&self) -> bool {
        ChannelStatus::from(self.order.channel_status.as_str()) == ChannelStatus::Cancelled
    }

    fn is_shipped(&self, state: Option<OrderStateId>) -> bool {
        let states = StoreStates::from(self.look.facts);
        state.and_then(|id| states.find(id)).is_some_and(|state| state.shipped)
    }

    async fn canceled_in_store(&mut self, state_id: Option<i64>) -> Result<(), DbErr> {
        let settings = &self.look.connection.settings;
        let channel_status = ChannelStatus::from(self.order.channel_status.as_str());
        match after_cancellation(&channel_status, settings.write_back_canceled) {
            AfterCancellation::Cancel => self.ask_to_cancel(state_id).await,
            AfterCancellation::SwitchedOff => {
                let sentence = "Canceled in the store. It is not canceled on TikTok Shop, for the connection does \
                                not pass cancellations on.";
                self.tell(sentence).await
            }
            AfterCancellation::TooLate => {
                let sentence = "Canceled in the store. It is shipped on TikTok Shop already, so nothing was sent \
                                there: cancel it here if the parcel stays.";
                self.tell(sentence).await?;
                let field = "the cancellation: canceled in the store, shipped on TikTok Shop. Cancel it here if the \
                             parcel stays";
                self.open(&Found::new(IssueCode::DriftDetected).with("field", field).about(CANCELED_IN_STORE))
                    .await
            }
            AfterCancellation::Nothing => Ok(()),
        }
    }

    async fn ask_to_cancel(&mut self, state_id: Option<i64>) -> Result<(), DbErr> {
        if !action_rows::queued(self.txn, self.id(), &[ActionKind::Cancel]).await?.is_empty() {
            return Ok(());
        }
        let connection = self.look.connection;
        let mapped = state_id.and_then(|id| connection.settings.cancel_reason_map.get(&id.to_string()));
        let reason = mapped.cloned().or_else(|| connection.settings.cancel_reason.clone());
        let reason = reason.unwrap_or_else(|| OUT_OF_STOCK.to_owned());
        let request = ActionRequest::Cancel { reason: reason.clone(), line_item_ids: Vec::new() };
        match self.ask(&request).await? {
            Asked::Yes => Ok(()),
            Asked::NotNow(why) => {
                self.tell(format!("Canceled in the store, but not on TikTok Shop. {why}")).await
            }
            Asked::Wrong => {
                let why = format!("“{reason}” is none of its reasons");
                self.open(&Found::new(IssueCode::CancelRefused).with("why", why)).await
            }
        }
    }

    async fn ask(&mut self, request: &ActionRequest) -> Result<Asked, DbErr> {
        let asked = actions::request(self.txn, self.id(), request, Asker::system(STORE), self.now).await;
        match asked {
            Ok(_) => {
                self.changed = true;
                Ok(Asked::Yes)
            }
            Err(Refused::NotNow(why)) => Ok(Asked::NotNow(why)),
            Err(Refused::Invalid(_)) => Ok(Asked::Wrong),
            Err(Refused::Database(error)) => Err(error),
        }
    }
}

enum Asked {
    Yes,
    /// The order does not allow it now; the sentence says why.
    NotNow(String),
    /// What was entered in the store or in the settings is no valid request.
    Wrong,
}

fn fulfillment_type(order: &OrderRow) -> FulfillmentType {
    order.fulfillment_type.parse().unwrap_or(FulfillmentType::Merchant)
}

/// The store order of an order, as the store numbers it.
pub(super) fn store_order_id(order: &OrderRow) -> Option<prestashop::OrderId> {
    order.store_order_id.and_then(|id| u64::try_from(id).ok()).map(prestashop::OrderId)
}

/// What is said of a store order, and means nothing any more once it is gone.
const OF_STORE_ORDER: &[IssueCode] = &[
    IssueCode::AddressChanged,
    IssueCode::DriftDetected,
    IssueCode::ShipProviderUnmapped,
    IssueCode::ShipTrackingMissing,
    IssueCode::StoreTotalMismatch,
];

/// Notes that a store order is gone; nothing makes another one by itself.
pub(super) async fn note_deleted(
    engine: &Engine,
    connection: &ConnectionRecord,
    seen: &OrderRow,
) -> Result<(), DbErr> {
    let now = engine.clock().now();
    let id = OrderId(seen.id);
    let txn = engine.database().begin().await?;
    let Some(order) = orders::find_locked(&txn, id).await? else { return Ok(()) };
    if order.store_deleted || order.store_order_id != seen.store_order_id {
        return Ok(());
    }
    orders::set_store_state(&txn, id, order.store_state_id, true).await?;
    // What we wrote is gone with it; what TikTok Shop was told stays told.
    let known = store_shipments::find(&txn, id).await?;
    let kept = StoreShipment {
        written_state_id: None,
        tracking_number: None,
        carrier_reference: None,
        carrier_name: None,
        written_tracking_number: None,
        shipped_seen_at: None,
        ..known.clone()
    };
    if kept != known {
        store_shipments::save(&txn, kept).await?;
    }
    issues::resolve(&txn, id, OF_STORE_ORDER, now).await?;
    let number = order.store_order_id.unwrap_or_default();
    let entry = Entry::by(STORE, "store state", format!("The store order #{number} was deleted."));
    timeline::record(&txn, id, entry, now).await?;
    if ChannelStatus::from(order.channel_status.as_str()) != ChannelStatus::Cancelled {
        let found = Found::new(IssueCode::StoreOrderDeleted).with("store_order_id", number);
        issues::open(&txn, connection.id, id, &found, Retry::default(), now).await?;
    }
    orders::derive_status(&txn, id, now).await?;
    txn.commit().await
}
