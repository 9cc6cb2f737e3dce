//! The store's carrier and tracking number, and the shipment or correction that they ask for.

use std::collections::BTreeSet;

use database::issues::{self, Found};
use database::orders::{self, LineRow};
use database::store_shipments::StoreShipment;
use database::{DbErr, actions as action_rows, drifts, from_ms, to_ms};
use prestashop::OrderStateId;
use shared::{ActionKind, ActionRequest, ChannelCarrier, ChannelStatus, IssueCode};

use super::{Asked, Carriage, Noted, fulfillment_type};
use crate::action_options::offered_carriers;
use crate::jobs::read_action_options;
use crate::jobs::reconcile::is_ignored;
use crate::mapping::{
    ShipmentFacts, ShipmentStep, StoreStates, TRACKING_DRIFT, drift, is_same_number, plain_number,
};
use crate::shipping::channel_carrier_of;

impl Noted<'_> {
    /// Weighs carrier and tracking number, and says what is known of the shipment from now on.
    pub(super) async fn shipment(
        &mut self,
        state_id: Option<i64>,
        carriage: Option<&Carriage>,
        known: &StoreShipment,
    ) -> Result<StoreShipment, DbErr> {
        let mut shipment = known.clone();
        if let Some(carriage) = carriage {
            shipment.tracking_number = Some(carriage.number.clone()).filter(|number| !number.is_empty());
            shipment.carrier_reference = carriage.reference;
            shipment.carrier_name.clone_from(&carriage.name);
        }
        let lines = match carriage {
            Some(_) => orders::lines_of(self.txn, self.id()).await?,
            None => Vec::new(),
        };
        let channel_numbers: Vec<_> = lines.iter().filter_map(|line| line.tracking_number.clone()).collect();
        let channel_status = ChannelStatus::from(self.order.channel_status.as_str());
        let states = StoreStates::from(self.look.facts);
        let state =
            state_id.and_then(|id| u64::try_from(id).ok()).and_then(|id| states.find(OrderStateId(id)));
        let mut facts = ShipmentFacts {
            channel_status: &channel_status,
            fulfillment_type: fulfillment_type(self.order),
            settings: &self.look.connection.settings,
            state,
            number: carriage.map_or("", |carriage| &carriage.number),
            carrier_reference: carriage.and_then(|carriage| carriage.reference),
            channel_numbers: &channel_numbers,
            known,
            shipped_seen_at: None,
            now: self.now,
        };
        let seen_before = known.shipped_seen_at.map(from_ms);
        facts.shipped_seen_at = facts.is_ahead().then(|| seen_before.unwrap_or(self.now));
        shipment.shipped_seen_at = facts.shipped_seen_at.map(to_ms);
        let Some(carriage) = carriage else {
            self.not_ahead().await?;
            return Ok(shipment);
        };
        let step = facts.step();
        if step != ShipmentStep::Differs {
            self.numbers_agree().await?;
        }
        match step {
            ShipmentStep::Nothing => self.not_ahead().await?,
            ShipmentStep::Differs => {
                self.not_ahead().await?;
                self.numbers_differ(&carriage.number, &channel_numbers).await?;
            }
            ShipmentStep::HandedOn | ShipmentStep::Wait => {
                self.resolve(&[IssueCode::ShipTrackingMissing]).await?;
            }
            ShipmentStep::NumberMissing => {
                self.keep_open(&Found::new(IssueCode::ShipTrackingMissing)).await?;
            }
            ShipmentStep::Ship => {
                self.resolve(&[IssueCode::ShipTrackingMissing]).await?;
                let request = |carrier: ChannelCarrier, number: String| ActionRequest::Ship {
                    carrier_id: Some(carrier.id),
                    tracking_number: Some(number),
                    line_item_ids: Vec::new(),
                };
                self.hand_on(carriage, &mut shipment, request).await?;
            }
            ShipmentStep::Correct => self.correct(carriage, &lines, known, &mut shipment).await?,
        }
        Ok(shipment)
    }

    async fn not_ahead(&mut self) -> Result<(), DbErr> {
        self.resolve(&[IssueCode::ShipTrackingMissing, IssueCode::ShipProviderUnmapped]).await
    }

    /// Tells that the store has another number than the parcels, unless a person chose to live with that.
    async fn numbers_differ(&mut self, store: &str, parcels: &[String]) -> Result<(), DbErr> {
        // Each unit has the number of its parcel.
        let parcels: BTreeSet<_> = parcels.iter().map(String::as_str).collect();
        let parcels: Vec<_> = parcels.into_iter().collect();
        let found = drift(TRACKING_DRIFT, store, parcels.join(", "));
        let ignored = drifts::ignored(self.txn, &[self.id()]).await?.remove(&self.id()).unwrap_or_default();
        if is_ignored(&ignored, &found) {
            return Ok(());
        }
        self.open(&found).await
    }

    async fn numbers_agree(&mut self) -> Result<(), DbErr> {
        let code = IssueCode::DriftDetected;
        self.changed |= issues::resolve_about(self.txn, self.id(), code, TRACKING_DRIFT, self.now).await?;
        Ok(())
    }

    async fn correct(
        &mut self,
        carriage: &Carriage,
        lines: &[LineRow],
        known: &StoreShipment,
        shipment: &mut StoreShipment,
    ) -> Result<(), DbErr> {
        if action_rows::was_done(self.txn, self.id(), ActionKind::CorrectShipping).await? {
            shipment.sent_tracking_number = Some(carriage.number.clone());
            shipment.sent_carrier_reference = carriage.reference;
            return self.open(&Found::new(IssueCode::ShipUpdateLimit)).await;
        }
        let Some(package_id) = package_to_correct(lines, known) else { return Ok(()) };
        let request = |carrier: ChannelCarrier, number: String| ActionRequest::CorrectShipping {
            package_id,
            carrier_id: carrier.id,
            tracking_number: number,
        };
        self.hand_on(carriage, shipment, request).await
    }

    /// Asks for a shipment or its correction, with TikTok Shop's carrier for the store's.
    async fn hand_on(
        &mut self,
        carriage: &Carriage,
        shipment: &mut StoreShipment,
        request: impl FnOnce(ChannelCarrier, String) -> ActionRequest,
    ) -> Result<(), DbErr> {
        let under_way = [ActionKind::Ship, ActionKind::ResendShipping, ActionKind::CorrectShipping];
        if !action_rows::queued(self.txn, self.id(), &under_way).await?.is_empty() {
            return Ok(());
        }
        let Some(carrier) = self.carrier_of(carriage).await? else { return Ok(()) };
        let asked = self.ask(&request(carrier, plain_number(&carriage.number))).await?;
        match asked {
            // Such as an open request of the buyer; the next look asks again.
            Asked::NotNow(_) => return Ok(()),
            Asked::Yes => {
                self.resolve(&[IssueCode::ShipProviderUnmapped, IssueCode::ShipTrackingRejected]).await?;
            }
            Asked::Wrong => {
                self.resolve(&[IssueCode::ShipProviderUnmapped]).await?;
                let found = Found::new(IssueCode::ShipTrackingRejected);
                self.open(&found.with("tracking_number", &carriage.number)).await?;
            }
        }
        shipment.sent_tracking_number = Some(carriage.number.clone());
        shipment.sent_carrier_reference = carriage.reference;
        Ok(())
    }

    /// TikTok Shop's carrier for the store's; `None` when that is told, or TikTok Shop is being asked for its list.
    async fn carrier_of(&mut self, carriage: &Carriage) -> Result<Option<ChannelCarrier>, DbErr> {
        let settings = &self.look.connection.settings;
        let (reference, name) = (carriage.reference, carriage.name.as_deref());
        let vault = &self.look.engine.database().vault;
        let connection = self.look.connection;
        let offered = offered_carriers(self.txn, vault, connection, self.id(), self.now).await?;
        let carrier = channel_carrier_of(settings, reference, name, offered.as_deref().unwrap_or_default());
        match (carrier, offered) {
            (Some(carrier), _) => Ok(Some(carrier)),
            (None, None) => {
                let read = read_action_options(self.look.connection.id, self.id(), self.now);
                job_queue::enqueue(self.txn, read, self.now).await?;
                Ok(None)
            }
            (None, Some(_)) => {
                let carrier = name.unwrap_or("The carrier of the store order");
                let found = Found::new(IssueCode::ShipProviderUnmapped).with("carrier", carrier);
                self.keep_open(&found.about(carrier)).await?;
                Ok(None)
            }
        }
    }
}

/// The parcel that a changed number is about: the one with the number that we had sent, or the only one.
fn package_to_correct(lines: &[LineRow], known: &StoreShipment) -> Option<String> {
    let shipped = || lines.iter().filter(|line| line.tracking_number.is_some());
    let ours = [&known.sent_tracking_number, &known.written_tracking_number];
    let is_ours = |number: &str| ours.into_iter().flatten().any(|ours| is_same_number(ours, number));
    let with_our_number = shipped().find(|line| line.tracking_number.as_deref().is_some_and(is_ours));
    if let Some(line) = with_our_number {
        return line.package_id.clone();
    }
    let mut packages: Vec<_> = shipped().filter_map(|line| line.package_id.clone()).collect();
    packages.dedup();
    if packages.len() == 1 { packages.pop() } else { None }
}
