use database::orders;
use job_queue::{Leased, Outcome};
use shared::{ActionKind, ActionRequest, ChannelReason, ChannelStatus, OrderId, TikTokOrderId};
use tiktok_shop::{CancelOrder, CancelStatus, Cancellation, Error, Initiator, Order, OrderStatus, Rejection};

use super::cancellation::{Asked, NotAccepted, Step, Waiting, why};
use super::read_action_options::cancel_reasons;
use super::{JobError, order_of};
use crate::attempts;
use crate::channel::ChannelFailure;
use crate::crash_points::{OutsideWrite, around};
use crate::engine::Engine;
use crate::mapping::{cancel_reason_for, same_cancel_reason};

/// Cancels an order on TikTok Shop, as somebody asked. Where the key of the chosen reason is not known, the one that TikTok
/// Shop offers for the same reason is sent, and never another. The refresh that follows brings the status, and with it the
/// store order is canceled.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let (connection, order) = match order_of(engine, job).await? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(order.id);
    let tiktok_order_id = TikTokOrderId(order.tiktok_order_id);
    let waiting = Waiting::of(engine, order_id, &[ActionKind::Cancel]).await?;
    for action in &waiting.due {
        attempts::asked_by(&action.actor);
        let connection = &connection;
        let tiktok_order_id = &tiktok_order_id;
        let asked = Asked { engine, job, connection, order_id, tiktok_order_id, action };
        if let Step::Later(outcome) = cancel(&asked).await? {
            return Ok(outcome);
        }
        engine.wake();
    }
    Ok(waiting.outcome())
}

async fn cancel(asked: &Asked<'_>) -> Result<Step, JobError> {
    let ActionRequest::Cancel { reason, line_item_ids } = &asked.action.request else {
        return Ok(Step::Ended);
    };
    if asked.was_sent().await? {
        match look(asked, line_item_ids).await {
            Ok(Standing::Canceled) => return asked.done(&done_sentence(line_item_ids)).await,
            Ok(Standing::GoesOn(_)) => {}
            Err(failure) => return asked.unserved(&failure).await,
        }
    }
    if !asked.leave().await? {
        return Ok(Step::Ended);
    }
    let database = asked.engine.database();
    let Some(order) = orders::find(database.writer(), asked.order_id).await? else {
        return Ok(Step::Ended);
    };
    let status = ChannelStatus::from(order.channel_status.as_str());
    let key = cancel_reason_for(reason, asked.connection.region.as_deref(), &status);
    let mut failure = match send(asked, &key, line_item_ids).await {
        Ok(()) => return asked.done(&done_sentence(line_item_ids)).await,
        Err(failure) => failure,
    };
    let mut offered = Vec::new();
    if is_wrong_reason(&failure) {
        let id = asked.tiktok_order_id.as_str();
        offered = match cancel_reasons(asked.engine, asked.connection, id, order.channel_status).await {
            Ok(reasons) => reasons.reasons,
            Err(failure) => return asked.unserved(&failure).await,
        };
        let same = same_cancel_reason(&key, offered.iter().map(|reason| &reason.key));
        if let Some(same) = same.filter(|same| **same != key) {
            failure = match send(asked, same, line_item_ids).await {
                Ok(()) => return asked.done(&done_sentence(line_item_ids)).await,
                Err(failure) => failure,
            };
        }
    }
    not_accepted(asked, line_item_ids, failure, &offered).await
}

async fn send(
    asked: &Asked<'_>,
    cancel_reason: &str,
    line_item_ids: &[String],
) -> Result<(), ChannelFailure> {
    let cancellation = &CancelOrder {
        order_id: asked.tiktok_order_id.0.clone(),
        cancel_reason: cancel_reason.to_owned(),
        order_line_item_ids: line_item_ids.to_vec(),
    };
    asked
        .engine
        .in_shop(asked.connection, |shop| async move {
            around(OutsideWrite::Cancellation, shop.cancel_order(cancellation)).await
        })
        .await
        .map(drop)
}

fn is_wrong_reason(failure: &ChannelFailure) -> bool {
    matches!(failure, ChannelFailure::Channel(Error::Rejected { reason: Rejection::ReasonWrong, .. }))
}

/// What counts after anything but a success is what TikTok Shop holds: it may have been done all the same.
async fn not_accepted(
    asked: &Asked<'_>,
    line_item_ids: &[String],
    failure: ChannelFailure,
    offered: &[ChannelReason],
) -> Result<Step, JobError> {
    let error = match asked.not_accepted(&failure) {
        NotAccepted::Later(later) => return Ok(later),
        NotAccepted::Unserved => return asked.unserved(&failure).await,
        NotAccepted::Unknown => {
            return match look(asked, line_item_ids).await {
                Ok(Standing::Canceled) => asked.done(&done_sentence(line_item_ids)).await,
                Ok(Standing::GoesOn(_)) | Err(_) => Ok(asked.look_later(&failure)),
            };
        }
        NotAccepted::Refused(error) => error,
    };
    match look(asked, line_item_ids).await {
        Ok(Standing::Canceled) => asked.done("It was canceled on TikTok Shop already.").await,
        Ok(Standing::GoesOn(hint)) => {
            // That it is being canceled already does not say why it is not canceled.
            let hint =
                hint.filter(|_| matches!(error, Error::Rejected { reason: Rejection::AlreadyCancelled, .. }));
            let why = match hint {
                Some(hint) => hint.to_owned(),
                None if is_wrong_reason(&failure) && !offered.is_empty() => {
                    format!("{}; it takes {}", why(error), listed(offered))
                }
                None => why(error),
            };
            asked.refused(&why, error).await
        }
        Err(failure) => asked.unserved(&failure).await,
    }
}

/// Reasons as a merchant reads them in the form.
fn listed(reasons: &[ChannelReason]) -> String {
    let texts: Vec<_> = reasons.iter().map(|reason| format!("“{}”", reason.text)).collect();
    texts.join(", ")
}

/// What TikTok Shop holds of what was to be canceled.
enum Standing {
    Canceled,
    /// The order may say why it cannot be canceled.
    GoesOn(Option<&'static str>),
}

async fn look(asked: &Asked<'_>, line_item_ids: &[String]) -> Result<Standing, ChannelFailure> {
    let read = asked.engine.read_order(asked.connection, asked.tiktok_order_id.as_str()).await;
    let order = match read {
        Ok(read) => read.map(|read| read.order),
        Err(ChannelFailure::Channel(Error::NotFound { .. } | Error::Denied { .. })) => None,
        Err(failure) => return Err(failure),
    };
    let Some(order) = order else { return Ok(Standing::GoesOn(None)) };
    let wanted = still_sold(&order, line_item_ids);
    if order.status == OrderStatus::Cancelled || wanted.is_empty() {
        return Ok(Standing::Canceled);
    }
    // Accepted, but not carried through to the order yet.
    let accepted = asked.cancellations().await?;
    let covers = |cancellation: &Cancellation| {
        cancellation.role == Some(Initiator::Seller)
            && matches!(cancellation.cancel_status, Some(CancelStatus::Success | CancelStatus::Complete))
            && wanted.iter().all(|id| {
                cancellation.line_items.iter().any(|line| line.order_line_item_id.as_deref() == Some(id))
            })
    };
    let is_accepted = accepted.iter().any(covers);
    Ok(if is_accepted { Standing::Canceled } else { Standing::GoesOn(why_it_goes_on(&order)) })
}

/// The units that were to be canceled and are not; no ids mean the whole order.
fn still_sold<'a>(order: &'a Order, line_item_ids: &[String]) -> Vec<&'a str> {
    let wanted = |id: &String| line_item_ids.is_empty() || line_item_ids.contains(id);
    let sold = order.line_items.iter().filter(|line| line.display_status != Some(OrderStatus::Cancelled));
    sold.filter(|line| wanted(&line.id)).map(|line| line.id.as_str()).collect()
}

fn why_it_goes_on(order: &Order) -> Option<&'static str> {
    if order.is_buyer_request_cancel {
        Some("the buyer has asked to cancel, so that request is to be answered")
    } else if order.status == OrderStatus::Completed {
        Some("the order is completed")
    } else {
        None
    }
}

fn done_sentence(line_item_ids: &[String]) -> String {
    match line_item_ids.len() {
        0 => "Canceled the order on TikTok Shop.".to_owned(),
        1 => "Canceled one unit on TikTok Shop.".to_owned(),
        units => format!("Canceled {units} units on TikTok Shop."),
    }
}
