use job_queue::{Leased, Outcome};
use sha2::{Digest, Sha256};
use shared::{ActionId, ActionKind, ActionRequest, OrderId, TikTokOrderId};
use tiktok_shop::{CancelStatus, CancelType, Cancellation};

use super::cancellation::{Asked, NotAccepted, Step, Waiting, why};
use super::{JobError, order_of};
use crate::attempts;
use crate::channel::ChannelFailure;
use crate::crash_points::{OutsideWrite, around};
use crate::engine::Engine;

/// Answers a buyer's request to cancel, as somebody decided. TikTok Shop grants by itself what nobody answers in time, and
/// the buyer may take the request back, so what became of it is read before anything is sent.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let (connection, order) = match order_of(engine, job).await? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(order.id);
    let tiktok_order_id = TikTokOrderId(order.tiktok_order_id);
    let kinds = [ActionKind::AcceptCancellation, ActionKind::RejectCancellation];
    let waiting = Waiting::of(engine, order_id, &kinds).await?;
    for action in &waiting.due {
        attempts::asked_by(&action.actor);
        let connection = &connection;
        let tiktok_order_id = &tiktok_order_id;
        let asked = Asked { engine, job, connection, order_id, tiktok_order_id, action };
        if let Step::Later(outcome) = answer(&asked).await? {
            return Ok(outcome);
        }
        engine.wake();
    }
    Ok(waiting.outcome())
}

/// What the merchant decided.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject(tiktok_shop::RejectCancellation),
}

impl Decision {
    fn of(request: &ActionRequest) -> Option<Self> {
        match request {
            ActionRequest::AcceptCancellation {} => Some(Self::Accept),
            ActionRequest::RejectCancellation { reason, comment } => {
                Some(Self::Reject(tiktok_shop::RejectCancellation {
                    reject_reason: reason.clone(),
                    comment: comment.clone(),
                }))
            }
            _ => None,
        }
    }
}

async fn answer(asked: &Asked<'_>) -> Result<Step, JobError> {
    let Some(decision) = Decision::of(&asked.action.request) else { return Ok(Step::Ended) };
    let request = match latest_request(asked).await {
        Ok(request) => request,
        Err(failure) => return asked.unserved(&failure).await,
    };
    let Some(request) = request.as_ref().filter(|request| is_open(request)) else {
        return settled(asked, &decision, request.as_ref()).await;
    };
    if !asked.leave().await? {
        return Ok(Step::Ended);
    }
    let key = idempotency_key(&asked.connection.uid, asked.action.id);
    let (cancel_id, key, decided) = (request.cancel_id.as_str(), key.as_str(), &decision);
    let answer = asked
        .engine
        .in_shop(asked.connection, |shop| async move {
            around(OutsideWrite::RequestAnswer, async {
                match decided {
                    Decision::Accept => shop.approve_cancellation(cancel_id, key).await,
                    Decision::Reject(rejection) => shop.reject_cancellation(cancel_id, key, rejection).await,
                }
            })
            .await
        })
        .await;
    match answer {
        Ok(()) => asked.done(done_sentence(&decision)).await,
        Err(failure) => not_accepted(asked, &decision, failure).await,
    }
}

async fn not_accepted(
    asked: &Asked<'_>,
    decision: &Decision,
    failure: ChannelFailure,
) -> Result<Step, JobError> {
    let refused = match asked.not_accepted(&failure) {
        NotAccepted::Later(later) => return Ok(later),
        NotAccepted::Unserved => return asked.unserved(&failure).await,
        NotAccepted::Unknown => None,
        NotAccepted::Refused(error) => Some(error),
    };
    match (latest_request(asked).await, refused) {
        (Ok(Some(request)), Some(error)) if is_open(&request) => asked.refused(&why(error), error).await,
        (Ok(Some(request)), None) if is_open(&request) => Ok(asked.look_later(&failure)),
        (Ok(request), _) => settled(asked, decision, request.as_ref()).await,
        (Err(_), None) => Ok(asked.look_later(&failure)),
        (Err(failure), Some(_)) => asked.unserved(&failure).await,
    }
}

/// The request is no longer open. Whoever ended it: what counts is whether it ended as the merchant wanted.
async fn settled(
    asked: &Asked<'_>,
    decision: &Decision,
    request: Option<&Cancellation>,
) -> Result<Step, JobError> {
    let granted = request.is_some_and(|request| {
        matches!(request.cancel_status, Some(CancelStatus::Success | CancelStatus::Complete))
    });
    let ours = asked.was_sent().await?;
    match (decision, granted) {
        (Decision::Accept, true) | (Decision::Reject(_), false) if ours => {
            asked.done(done_sentence(decision)).await
        }
        (Decision::Accept, true) => {
            asked.done("The request was granted already; the order is canceled.").await
        }
        (Decision::Reject(_), false) => {
            asked.done("The request was no longer open; the order goes on.").await
        }
        (Decision::Accept, false) => {
            asked.overtaken("The buyer took the request back before it was granted; the order goes on.").await
        }
        (Decision::Reject(_), true) => {
            asked
                .overtaken("The request was granted before it could be refused; the order is canceled.")
                .await
        }
    }
}

/// The buyer's request that is open, or else the one that ended last.
async fn latest_request(asked: &Asked<'_>) -> Result<Option<Cancellation>, ChannelFailure> {
    let mut requests = asked.cancellations().await?;
    requests.retain(|request| request.cancel_type != Some(CancelType::Cancel));
    let open = requests.iter().position(is_open);
    Ok(match open {
        Some(index) => Some(requests.swap_remove(index)),
        None => requests.pop(),
    })
}

fn is_open(request: &Cancellation) -> bool {
    request.cancel_status == Some(CancelStatus::Pending)
}

fn done_sentence(decision: &Decision) -> &'static str {
    match decision {
        Decision::Accept => "Granted the buyer's request on TikTok Shop; the order is canceled.",
        Decision::Reject(_) => "Refused the buyer's request on TikTok Shop; the order goes on.",
    }
}

/// A UUID (RFC 9562, version 8) that is the same for each repeat of one decision and for nothing else.
fn idempotency_key(connection_uid: &str, action_id: ActionId) -> String {
    let digest = Sha256::digest(format!("orderbridge cancellation answer {connection_uid} {action_id}"));
    let mut bytes: [u8; 16] = std::array::from_fn(|index| digest[index]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex::encode(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_has_one_key_however_often_it_is_sent() {
        let key = idempotency_key("lab", ActionId(7));

        assert_eq!(key, idempotency_key("lab", ActionId(7)));
        assert_ne!(key, idempotency_key("lab", ActionId(8)));
        assert_ne!(key, idempotency_key("other", ActionId(7)));
        let lengths: Vec<_> = key.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&key[14..15], "8");
        assert!("89ab".contains(&key[19..20]));
    }
}
