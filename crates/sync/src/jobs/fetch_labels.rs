use chrono::TimeDelta;
use database::actions::{self, Ending};
use database::connections::ConnectionRecord;
use database::orders;
use database::timeline::{self, Entry};
use database::{DbErr, issues, shipping_labels};
use job_queue::{Leased, Outcome};
use shared::{ActionKind, ActionRequest, ActionState, OrderAction, OrderId, ShippingLabel, TikTokOrderId};
use tiktok_shop::{DocumentOptions, Rejection, is_still_being_made};

use super::unserved::{Refusal, refusal_of, unserved};
use super::{JobError, connection_of, id_of, refresh_order};
use crate::attempts;
use crate::channel::ChannelFailure;
use crate::crash_points::{OutsideWrite, around, recorded};
use crate::engine::Engine;
use crate::issue_of::CHANNEL_ISSUES;

/// An address of a label works this long.
const LABEL_LIVES: TimeDelta = TimeDelta::hours(24);

/// TikTok Shop makes a label in some seconds; whoever waits longer than this is told so.
const WAIT_FOR_LABEL: TimeDelta = TimeDelta::hours(1);
const PAUSE: TimeDelta = TimeDelta::seconds(5);

/// Gets the labels of an order's packages that somebody asked for.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let id = OrderId(id_of(job, "order_id")?);
    for action in actions::queued(engine.database().writer(), id, &[ActionKind::FetchLabel]).await? {
        attempts::asked_by(&action.actor);
        let now = engine.clock().now();
        match fetch(engine, &connection, id, &action).await? {
            Fetched::Labels { labels, refusals } => {
                finish(engine, &connection, id, &action, &labels, &refusals).await?;
            }
            Fetched::Refused(sentence) => refuse(engine, id, &action, sentence).await?,
            Fetched::BeingMade if now - action.created_at < WAIT_FOR_LABEL => {
                let reason = "TikTok Shop still makes the label".to_owned();
                return Ok(Outcome::WaitUntil { at: now + PAUSE, reason });
            }
            Fetched::BeingMade => {
                let sentence = "TikTok Shop has not made the label within an hour; ask again later.";
                refuse(engine, id, &action, sentence.to_owned()).await?;
            }
            Fetched::Unserved(failure) => return Ok(unserved(engine, &connection, id, &failure, job).await?),
        }
    }
    Ok(Outcome::Done)
}

enum Fetched {
    /// What there is, and a sentence for each package that has none.
    Labels {
        labels: Vec<ShippingLabel>,
        refusals: Vec<String>,
    },
    BeingMade,
    Refused(String),
    Unserved(ChannelFailure),
}

async fn fetch(
    engine: &Engine,
    connection: &ConnectionRecord,
    id: OrderId,
    action: &OrderAction,
) -> Result<Fetched, DbErr> {
    let packages = match &action.request {
        ActionRequest::FetchLabel { package_id: Some(package_id) } => vec![package_id.clone()],
        _ => {
            let lines = orders::lines_of(engine.database().writer(), id).await?;
            let mut packages: Vec<String> = lines.into_iter().filter_map(|line| line.package_id).collect();
            packages.sort_unstable();
            packages.dedup();
            packages
        }
    };
    if packages.is_empty() {
        return Ok(Fetched::Refused("Ship the order first; then TikTok makes its label.".to_owned()));
    }
    let (mut labels, mut refusals) = (Vec::new(), Vec::new());
    let is_one = packages.len() == 1;
    for package_id in packages {
        let (package, options) = (package_id.as_str(), DocumentOptions::default());
        let options = &options;
        let answer = engine
            .in_shop(connection, |shop| async move {
                around(OutsideWrite::Label, shop.shipping_document(package, options)).await
            })
            .await;
        match answer {
            Ok(document) => labels.push(ShippingLabel {
                url: document.doc_url.expose().to_owned(),
                tracking_number: document.tracking_number,
                expires_at: engine.clock().now() + LABEL_LIVES,
                package_id,
            }),
            Err(ChannelFailure::Channel(error)) if is_still_being_made(&error) => {
                return Ok(Fetched::BeingMade);
            }
            Err(failure) => match refusal_of(failure) {
                Ok(refusal) if is_one => refusals.push(sentence_of(&refusal)),
                Ok(refusal) => refusals.push(format!("Package {package_id}: {}", sentence_of(&refusal))),
                Err(failure) => return Ok(Fetched::Unserved(failure)),
            },
        }
    }
    if labels.is_empty() {
        return Ok(Fetched::Refused(refusals.join(" ")));
    }
    Ok(Fetched::Labels { labels, refusals })
}

fn sentence_of(refusal: &Refusal) -> String {
    let sentence = match refusal.reason {
        Rejection::NotShippedYet => "Ship the order first; then TikTok makes its label.",
        Rejection::ShippedBySeller => "TikTok makes labels only for orders that ship with its carriers.",
        Rejection::AlreadyPickedUp => "The carrier has the parcel already.",
        Rejection::AlreadyCancelled => "The order was canceled on TikTok Shop.",
        Rejection::FulfilledByTikTok => "TikTok's warehouse ships this order.",
        _ => return format!("TikTok Shop made no label: {}", refusal.message),
    };
    sentence.to_owned()
}

async fn finish(
    engine: &Engine,
    connection: &ConnectionRecord,
    id: OrderId,
    action: &OrderAction,
    labels: &[ShippingLabel],
    refusals: &[String],
) -> Result<(), DbErr> {
    let database = engine.database();
    let now = engine.clock().now();
    let txn = database.begin().await?;
    let Some(row) = orders::find_locked(&txn, id).await? else { return Ok(()) };
    for label in labels {
        shipping_labels::save(&txn, &database.vault, id, label).await?;
    }
    let got = match labels {
        [label] => format!("Got the label of package {}; its address works for a day.", label.package_id),
        labels => format!("Got the labels of {} packages; their addresses work for a day.", labels.len()),
    };
    let sentence = [&[got], refusals].concat().join(" ");
    timeline::record(&txn, id, Entry::ours("shipping", &sentence), now).await?;
    actions::end(&txn, action.id, &Ending::done(sentence), now).await?;
    issues::resolve(&txn, id, CHANNEL_ISSUES, now).await?;
    // The tracking number may have come into being with the label.
    let known: Vec<_> =
        orders::lines_of(&txn, id).await?.into_iter().filter_map(|line| line.tracking_number).collect();
    if labels.iter().filter_map(|label| label.tracking_number.as_ref()).any(|number| !known.contains(number))
    {
        let refresh = refresh_order(connection.id, &TikTokOrderId(row.tiktok_order_id), now);
        job_queue::enqueue(&txn, refresh, now).await?;
    }
    orders::derive_status(&txn, id, now).await?;
    txn.commit().await?;
    recorded(OutsideWrite::Label);
    engine.wake();
    Ok(())
}

/// Ends a request for a label; nothing is wrong with the order itself, so no issue is opened.
async fn refuse(engine: &Engine, id: OrderId, action: &OrderAction, sentence: String) -> Result<(), DbErr> {
    attempts::failed(None);
    let now = engine.clock().now();
    let txn = engine.database().begin().await?;
    if orders::find_locked(&txn, id).await?.is_none() {
        return Ok(());
    }
    timeline::record(&txn, id, Entry::ours("shipping", &sentence), now).await?;
    let ending = Ending { state: ActionState::Failed, result: sentence, code: None };
    actions::end(&txn, action.id, &ending, now).await?;
    issues::resolve(&txn, id, CHANNEL_ISSUES, now).await?;
    orders::derive_status(&txn, id, now).await?;
    txn.commit().await
}
