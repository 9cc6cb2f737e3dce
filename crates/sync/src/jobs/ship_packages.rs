use chrono::{DateTime, TimeDelta, Utc};
use database::actions::{self, Ending};
use database::connections::ConnectionRecord;
use database::issues::{self, Found, Retry};
use database::orders::{self, OrderRow};
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr};
use job_queue::{Leased, Outcome};
use shared::{
    ActionFacts, ActionKind, ActionRequest, ActionState, ChannelStatus, IssueCode, OrderAction, OrderId,
    TikTokOrderId, action_refusal,
};
use tiktok_shop::{
    Error, LineItem, MarkPackageAsShipped, Order, OrderStatus, Rejection, ShipPackage, Tracking,
};

use super::unserved::{Refusal, refusal_of, unserved};
use super::{JobError, connection_of, id_of, push_store_tracking, refresh_order};
use crate::action_options::carriers_for;
use crate::attempts;
use crate::channel::ChannelFailure;
use crate::crash_points::{OutsideWrite, around, recorded};
use crate::engine::Engine;
use crate::issue_of::CHANNEL_ISSUES;
use crate::shipping::{
    CORRECTION_ISSUES, Parcel, Plan, SHIPPING_ISSUES, is_on_tiktok_label, issue_of_rejection, packages_of,
    plan,
};

pub(super) const KINDS: &[ActionKind] =
    &[ActionKind::Ship, ActionKind::ResendShipping, ActionKind::CorrectShipping];

/// TikTok Shop takes no shipment of an order within an hour of its payment, by its own clock.
const FIRST_HOUR: TimeDelta = TimeDelta::minutes(63);
/// What was asked for during the hold waits this long at most.
const WAIT_FOR_RELEASE: TimeDelta = TimeDelta::hours(2);
const PAUSE_UNTIL_RELEASE: TimeDelta = TimeDelta::minutes(5);

/// Sends the shipments and corrections of an order that wait, in the order in which they were asked for. Each begins with
/// a look at what TikTok Shop shows: what has arrived before, perhaps unheard, is not sent again.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let id = OrderId(id_of(job, "order_id")?);
    for action in actions::queued(engine.database().writer(), id, KINDS).await? {
        attempts::asked_by(&action.actor);
        let Some(row) = orders::find(engine.database().writer(), id).await? else {
            return Ok(Outcome::Done);
        };
        let shipment = Shipment { engine, connection: &connection, row: &row, action: &action };
        match shipment.carry_out().await {
            Ok(end) => shipment.finish(end).await?,
            Err(Stop::TakenBack) => {}
            Err(Stop::Hold) => {
                shipment.tell_the_hold().await?;
                let at = engine.clock().now() + PAUSE_UNTIL_RELEASE;
                return Ok(Outcome::WaitUntil { at, reason: "TikTok Shop holds the order".to_owned() });
            }
            Err(Stop::Unserved(failure)) => {
                return Ok(unserved(engine, &connection, id, &failure, job).await?);
            }
            Err(Stop::Database(error)) => return Err(error.into()),
        }
    }
    Ok(Outcome::Done)
}

/// How an action ends.
enum End {
    /// TikTok Shop shows, or has confirmed, what was asked for.
    Done(String),
    /// Nothing is left to do, and that is nobody's problem.
    Idle(String),
    /// A refusal that a person must know of.
    Refused(Found),
}

/// Why an action has not ended.
enum Stop {
    /// The order cannot be shipped yet.
    Hold,
    /// Somebody took the action back before it left.
    TakenBack,
    /// TikTok Shop could not be asked, or did not answer: the next run looks first.
    Unserved(ChannelFailure),
    Database(DbErr),
}

impl From<DbErr> for Stop {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<ChannelFailure> for Stop {
    fn from(failure: ChannelFailure) -> Self {
        Self::Unserved(failure)
    }
}

struct Shipment<'a> {
    engine: &'a Engine,
    connection: &'a ConnectionRecord,
    row: &'a OrderRow,
    action: &'a OrderAction,
}

impl Shipment<'_> {
    fn id(&self) -> OrderId {
        OrderId(self.row.id)
    }

    async fn carry_out(&self) -> Result<End, Stop> {
        if let ActionRequest::CorrectShipping { package_id, carrier_id, tracking_number } =
            &self.action.request
        {
            let tracking = Tracking {
                tracking_number: tracking_number.clone(),
                shipping_provider_id: carrier_id.clone(),
            };
            return self.correct(package_id, &tracking).await;
        }
        let request = match &self.action.request {
            ActionRequest::ResendShipping {} => {
                let database = self.engine.database();
                let failed = actions::last_failed(database.writer(), self.id(), &[ActionKind::Ship]).await?;
                failed.map(|failed| failed.request)
            }
            request => Some(request.clone()),
        };
        match request {
            Some(ActionRequest::Ship { carrier_id, tracking_number, line_item_ids }) => {
                self.ship(&Parcel { carrier_id, tracking_number, units: line_item_ids }).await
            }
            _ => Ok(End::Idle("No shipment has failed.".to_owned())),
        }
    }

    /// The order as TikTok Shop shows it now; `None` when it shows none.
    async fn look(&self) -> Result<Option<Order>, Stop> {
        match self.engine.read_order(self.connection, &self.row.tiktok_order_id).await {
            Ok(read) => Ok(read.map(|read| read.order)),
            Err(ChannelFailure::Channel(Error::NotFound { .. } | Error::Denied { .. })) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Why the order does not allow the action, by the rule that the buttons follow and by what TikTok Shop shows now.
    fn refusal(&self, kind: ActionKind, order: &Order) -> Option<End> {
        let channel_status = ChannelStatus::from(order.status.as_str());
        let facts = ActionFacts {
            fulfillment_type: fulfillment_type_of(order),
            cancellation_requested: order.is_buyer_request_cancel,
            ..orders::action_facts(self.row, &channel_status)
        };
        action_refusal(kind, &facts).map(|reason| not_allowed(clause(reason)))
    }

    /// Notes that the effect is about to leave.
    async fn about_to_send(&self) -> Result<(), Stop> {
        let database = self.engine.database();
        let queued = actions::set_sent(database.writer(), self.action.id, self.engine.clock().now()).await?;
        if queued { Ok(()) } else { Err(Stop::TakenBack) }
    }

    async fn ship(&self, parcel: &Parcel) -> Result<End, Stop> {
        let Some(order) = self.look().await? else { return Ok(not_shown()) };
        let units = match plan(&order, parcel) {
            Plan::Send(units) => units,
            other => return Ok(self.ending_of(other, &order, parcel)),
        };
        if let Some(refusal) = self.refusal(ActionKind::Ship, &order) {
            return Ok(refusal);
        }
        let mut carrier = None;
        if !is_on_tiktok_label(&order) {
            let (Some(carrier_id), Some(_)) = (&parcel.carrier_id, &parcel.tracking_number) else {
                return Ok(End::Refused(Found::new(IssueCode::ShipTrackingMissing)));
            };
            carrier = match self.carrier_name(&order, carrier_id).await? {
                Ok(name) => name,
                Err(end) => return Ok(end),
            };
        }
        let first_try = !actions::was_sent(self.engine.database().writer(), self.action.id).await?;
        self.about_to_send().await?;
        let refusal = match self.send(&order, &units, parcel).await.map_err(refusal_of) {
            Ok(()) => return Ok(End::Done(shipped(parcel, &order, carrier.as_deref(), units.len()))),
            Err(Err(failure)) => return Err(failure.into()),
            Err(Ok(refusal)) => refusal,
        };
        let now = self.engine.clock().now();
        let waits_for_release =
            refusal.reason == Rejection::OnHold && now - self.action.created_at < WAIT_FOR_RELEASE;
        match refusal.reason {
            // What has arrived all the same is seen by the next look.
            _ if waits_for_release || is_too_early(&order, refusal.code, now) => {
                if first_try {
                    self.tell("TikTok Shop takes no shipment yet; it is sent by itself as soon as it does.")
                        .await?;
                }
                return Err(Stop::Hold);
            }
            // It may be ours that is there: an answer that was lost, or a request that took its time.
            Rejection::AlreadyShipped
            | Rejection::AlreadyDelivered
            | Rejection::AlreadyPickedUp
            | Rejection::AlreadyCancelled
            | Rejection::LinesNotInPackage => {
                let Some(order) = self.look().await? else { return Ok(not_shown()) };
                match plan(&order, parcel) {
                    Plan::Send(_) => {}
                    other => return Ok(self.ending_of(other, &order, parcel)),
                }
            }
            _ => {}
        }
        let carrier = carrier.or_else(|| parcel.carrier_id.clone());
        let number = parcel.tracking_number.as_deref();
        Ok(End::Refused(issue_of_rejection(refusal.reason, &refusal.message, number, carrier.as_deref())))
    }

    /// How a shipment ends of which there is nothing to send.
    fn ending_of(&self, plan: Plan, order: &Order, parcel: &Parcel) -> End {
        match plan {
            Plan::Arrived(units) => {
                let line = order.line_items.iter().find(|line| units.contains(&line.id));
                let carrier = line.and_then(|line| line.shipping_provider_name.as_deref());
                End::Done(shipped(parcel, order, carrier, units.len()))
            }
            Plan::Refused(why) => not_allowed(why),
            Plan::Canceled | Plan::Send(_) => {
                End::Idle("It was canceled on TikTok Shop; nothing is left to ship.".to_owned())
            }
        }
    }

    /// The carrier's name, if it is known; a refusal when TikTok Shop does not offer the carrier here.
    async fn carrier_name(
        &self,
        order: &Order,
        carrier_id: &str,
    ) -> Result<Result<Option<String>, End>, DbErr> {
        let database = self.engine.database();
        let now = self.engine.clock().now();
        let offered = carriers_for(database.reader(), self.connection, order, now).await?.unwrap_or_default();
        let found = offered.iter().find(|carrier| carrier.id == carrier_id);
        if found.is_none() && !offered.is_empty() {
            let carrier = format!("The carrier {carrier_id}");
            return Ok(Err(End::Refused(
                Found::new(IssueCode::ShipProviderUnmapped).with("carrier", carrier),
            )));
        }
        Ok(Ok(found.map(|carrier| carrier.name.clone())))
    }

    async fn send(&self, order: &Order, units: &[String], parcel: &Parcel) -> Result<(), ChannelFailure> {
        let tracking = match (&parcel.carrier_id, &parcel.tracking_number) {
            (Some(carrier_id), Some(tracking_number)) if !is_on_tiktok_label(order) => Tracking {
                tracking_number: tracking_number.clone(),
                shipping_provider_id: carrier_id.clone(),
            },
            _ => return self.ship_whole_packages(order, units, &ShipPackage::default()).await,
        };
        let marking = MarkPackageAsShipped {
            order_line_item_ids: units.to_vec(),
            tracking_number: tracking.tracking_number.clone(),
            shipping_provider_id: tracking.shipping_provider_id.clone(),
        };
        let (order_id, marking) = (order.id.as_str(), &marking);
        let marked = self
            .engine
            .in_shop(self.connection, |shop| async move {
                around(OutsideWrite::Shipment, shop.mark_package_as_shipped(order_id, marking)).await
            })
            .await;
        match marked {
            Err(ChannelFailure::Channel(Error::Rejected {
                reason: Rejection::RegionNotSupported, ..
            })) => {
                let shipment = ShipPackage { self_shipment: Some(tracking), ..ShipPackage::default() };
                self.ship_whole_packages(order, units, &shipment).await
            }
            answer => answer.map(drop),
        }
    }

    /// Ships package by package, as TikTok Shop has packed the units.
    async fn ship_whole_packages(
        &self,
        order: &Order,
        units: &[String],
        shipment: &ShipPackage,
    ) -> Result<(), ChannelFailure> {
        let packages = packages_of(order, units).map_err(|why| {
            let (reason, code, request_id) = (Rejection::Other, 0, None);
            Error::Rejected { reason, code, message: why.to_owned(), request_id }
        })?;
        for package_id in &packages {
            self.engine
                .in_shop(self.connection, |shop| async move {
                    around(OutsideWrite::Package, shop.ship_package(package_id, shipment)).await
                })
                .await?;
        }
        Ok(())
    }

    async fn correct(&self, package_id: &str, tracking: &Tracking) -> Result<End, Stop> {
        let Some(order) = self.look().await? else { return Ok(not_shown()) };
        if order.status == OrderStatus::Cancelled {
            return Ok(End::Idle("The order was canceled on TikTok Shop.".to_owned()));
        }
        if let Some(done) = corrected(&order, package_id, tracking) {
            return Ok(done);
        }
        if !lines_of(&order, package_id).any(|_| true) {
            return Ok(not_allowed("the order has no such package any more"));
        }
        if let Some(refusal) = self.refusal(ActionKind::CorrectShipping, &order) {
            return Ok(refusal);
        }
        let carrier = match self.carrier_name(&order, &tracking.shipping_provider_id).await? {
            Ok(name) => name.unwrap_or_else(|| tracking.shipping_provider_id.clone()),
            Err(end) => return Ok(end),
        };
        self.about_to_send().await?;
        let answer = self
            .engine
            .in_shop(self.connection, |shop| async move {
                around(OutsideWrite::ShippingCorrection, shop.update_shipping_info(package_id, tracking))
                    .await
            })
            .await;
        let Refusal { reason, message, .. } = match answer.map_err(refusal_of) {
            Ok(()) => return Ok(End::Done(correction(&carrier, &tracking.tracking_number))),
            Err(Err(failure)) => return Err(failure.into()),
            Err(Ok(refusal)) => refusal,
        };
        // The one correction that is allowed may have been ours, its answer lost.
        if reason == Rejection::ChangeLimitReached
            && let Some(order) = self.look().await?
            && let Some(done) = corrected(&order, package_id, tracking)
        {
            return Ok(done);
        }
        let number = Some(tracking.tracking_number.as_str());
        Ok(End::Refused(issue_of_rejection(reason, &message, number, Some(&carrier))))
    }

    async fn tell(&self, sentence: &str) -> Result<(), DbErr> {
        let txn = orders::begin_locked(self.engine.database(), self.id()).await?;
        let now = self.engine.clock().now();
        timeline::record(&txn, self.id(), Entry::ours("shipping", sentence), now).await?;
        orders::derive_status(&txn, self.id(), now).await?;
        txn.commit().await
    }

    /// Tells once why nothing has left yet.
    async fn tell_the_hold(&self) -> Result<(), DbErr> {
        let why =
            "TikTok Shop takes no shipment within an hour of the payment; it is sent by itself after that.";
        let now = self.engine.clock().now();
        let txn = orders::begin_locked(self.engine.database(), self.id()).await?;
        if actions::say_why_it_waits(&txn, self.action.id, why).await? {
            timeline::record(&txn, self.id(), Entry::ours("shipping", why), now).await?;
            orders::derive_status(&txn, self.id(), now).await?;
        }
        txn.commit().await
    }

    /// Ends the action, with everything that follows from it.
    async fn finish(&self, end: End) -> Result<(), DbErr> {
        let database = self.engine.database();
        let now = self.engine.clock().now();
        let (connection_id, id) = (self.connection.id, self.id());
        let is_shipment = self.action.request.kind() != ActionKind::CorrectShipping;
        let topic = if is_shipment { SHIPPING_ISSUES } else { CORRECTION_ISSUES };
        let txn = database.begin().await?;
        if orders::find_locked(&txn, id).await?.is_none() {
            return Ok(());
        }
        // Taken back meanwhile, or ended by another worker that took this job over.
        let action = actions::find(&txn, self.action.id).await?;
        if action.is_none_or(|action| action.state != ActionState::Queued) {
            return Ok(());
        }
        let failed = matches!(end, End::Refused(_));
        match &end {
            End::Done(_) => {}
            End::Idle(_) => attempts::failed(None),
            End::Refused(found) => attempts::failed(found.code),
        }
        let ending = match end {
            End::Done(sentence) => {
                let tracking = push_store_tracking(connection_id, id, now);
                job_queue::enqueue(&txn, tracking, now).await?;
                issues::resolve(&txn, id, topic, now).await?;
                Ending::done(sentence)
            }
            End::Idle(sentence) => {
                issues::resolve(&txn, id, topic, now).await?;
                Ending { state: ActionState::Failed, result: sentence, code: None }
            }
            End::Refused(found) => {
                open(&txn, self, topic, &found).await?;
                Ending::failed(found.code, sentence_of(&found))
            }
        };
        if is_shipment {
            orders::set_shipment_failed(&txn, id, failed).await?;
        }
        issues::resolve(&txn, id, CHANNEL_ISSUES, now).await?;
        timeline::record(&txn, id, Entry::ours("shipping", &ending.result), now).await?;
        actions::end(&txn, self.action.id, &ending, now).await?;
        let tiktok_order_id = TikTokOrderId(self.row.tiktok_order_id.clone());
        job_queue::enqueue(&txn, refresh_order(connection_id, &tiktok_order_id, now), now).await?;
        orders::derive_status(&txn, id, now).await?;
        txn.commit().await?;
        recorded(match self.action.request.kind() {
            ActionKind::CorrectShipping => OutsideWrite::ShippingCorrection,
            _ => OutsideWrite::Shipment,
        });
        self.engine.wake();
        Ok(())
    }
}

async fn open(
    txn: &DatabaseTransaction,
    shipment: &Shipment<'_>,
    topic: &[IssueCode],
    found: &Found,
) -> Result<(), DbErr> {
    let now = shipment.engine.clock().now();
    let retry = Retry { attempts: 1, next_at: None };
    let (connection_id, id) = (shipment.connection.id, shipment.id());
    issues::set(txn, connection_id, id, topic, std::slice::from_ref(found), retry, now).await?;
    Ok(())
}

/// The issue's sentence and, where that does not hold them already, TikTok Shop's own words.
fn sentence_of(found: &Found) -> String {
    let sentence = found.code.sentence(&found.facts);
    match found.facts.get("reason").map(|reason| reason.trim_end_matches('.')) {
        Some(reason) if !reason.is_empty() && !sentence.contains(reason) => {
            format!("{sentence} TikTok Shop says: {reason}.")
        }
        _ => sentence,
    }
}

/// Whether a refusal means no more than that the first hour is not over. An order that never passes through the hold does not
/// say that it has to wait, and nobody knows by which code of the shipping rules TikTok Shop says so.
fn is_too_early(order: &Order, code: Option<i64>, now: DateTime<Utc>) -> bool {
    let is_shipping_rule = code.is_some_and(|code| code / 10_000 == 2101);
    let is_fresh = order.times.paid_time.is_some_and(|paid| now - paid < FIRST_HOUR);
    is_shipping_rule && is_fresh && !order.is_on_hold_order
}

fn not_allowed(why: impl ToString) -> End {
    End::Refused(Found::new(IssueCode::ShipNotAllowed).with("why", why))
}

fn not_shown() -> End {
    not_allowed("TikTok Shop does not show this order")
}

/// A sentence in words that follow a colon.
fn clause(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    if sentence.starts_with("TikTok") {
        return sentence.to_owned();
    }
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn fulfillment_type_of(order: &Order) -> shared::FulfillmentType {
    if order.is_fulfilled_by_platform() {
        shared::FulfillmentType::TikTok
    } else if is_on_tiktok_label(order) {
        shared::FulfillmentType::MerchantTikTokLabel
    } else {
        shared::FulfillmentType::Merchant
    }
}

fn lines_of<'a>(order: &'a Order, package_id: &'a str) -> impl Iterator<Item = &'a LineItem> {
    order.line_items.iter().filter(move |line| line.package_id.as_deref() == Some(package_id))
}

/// The end of a correction that TikTok Shop shows already.
fn corrected(order: &Order, package_id: &str, tracking: &Tracking) -> Option<End> {
    let line = lines_of(order, package_id).next()?;
    let number = line.tracking_number.as_deref()?;
    let same = number.eq_ignore_ascii_case(&tracking.tracking_number)
        && line.shipping_provider_id.as_deref() == Some(&tracking.shipping_provider_id);
    let carrier = line.shipping_provider_name.as_deref().unwrap_or(&tracking.shipping_provider_id);
    same.then(|| End::Done(correction(carrier, number)))
}

fn correction(carrier: &str, number: &str) -> String {
    format!("Corrected on TikTok Shop: {carrier}, tracking number {number}.")
}

fn shipped(parcel: &Parcel, order: &Order, carrier: Option<&str>, units: usize) -> String {
    let units = if units == 1 { "1 unit".to_owned() } else { format!("{units} units") };
    match &parcel.tracking_number {
        Some(number) if !is_on_tiktok_label(order) => {
            let carrier =
                carrier.map(ToOwned::to_owned).or_else(|| parcel.carrier_id.clone()).unwrap_or_default();
            format!("Shipped with {carrier}, tracking number {number}: {units}.")
        }
        _ => format!("Shipped with TikTok's label: {units}."),
    }
}
