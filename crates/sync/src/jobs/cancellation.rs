//! What the two jobs about cancellations share: one action, the calls that look before anything is sent again, and the
//! ways in which it ends.

use chrono::{DateTime, TimeDelta, Utc};
use database::actions::{self, Ending};
use database::connections::ConnectionRecord;
use database::issues::{self, Found, Retry};
use database::orders;
use database::timeline::{self, Entry};
use database::{DatabaseTransaction, DbErr};
use futures::TryStreamExt;
use job_queue::{Leased, Outcome, backoff};
use shared::{ActionKind, ActionState, IssueCode, OrderAction, OrderId, TikTokOrderId};
use tiktok_shop::{Cancellation, CancellationSearch, Error, Rejection};

use super::{JobError, channel_outcome, refresh_order, worth_telling};
use crate::attempts;
use crate::channel::ChannelFailure;
use crate::crash_points::{OutsideWrite, recorded};
use crate::engine::Engine;
use crate::issue_of::{CHANNEL_ISSUES, of_channel_in};

/// After an answer that proves nothing TikTok Shop may still be at it; so long it is left alone.
const PAUSE_AFTER_UNKNOWN: TimeDelta = TimeDelta::seconds(10);

/// Another operation holds the order for seconds; after so many tries the merchant is told.
const TRIES_WHILE_LOCKED: i32 = 6;

/// An action about canceling that is due, and what its job works with.
pub(super) struct Asked<'a> {
    pub engine: &'a Engine,
    pub job: &'a Leased,
    pub connection: &'a ConnectionRecord,
    pub order_id: OrderId,
    pub tiktok_order_id: &'a TikTokOrderId,
    pub action: &'a OrderAction,
}

/// How the work on one action ended.
pub(super) enum Step {
    /// The action has ended, or was taken back; the next one may follow.
    Ended,
    /// The job comes again.
    Later(Outcome),
}

/// The actions that wait for a job, parted by whether their time has come.
pub(super) struct Waiting {
    /// Oldest first.
    pub due: Vec<OrderAction>,
    leaves_next: Option<DateTime<Utc>>,
}

impl Waiting {
    pub(super) async fn of(engine: &Engine, order_id: OrderId, kinds: &[ActionKind]) -> Result<Self, DbErr> {
        let queued = actions::queued(engine.database().writer(), order_id, kinds).await?;
        let now = engine.clock().now();
        let (due, later): (Vec<_>, Vec<_>) = queued.into_iter().partition(|action| action.leaves_at <= now);
        Ok(Self { due, leaves_next: later.iter().map(|action| action.leaves_at).min() })
    }

    /// What becomes of the job after all that was due.
    pub(super) fn outcome(self) -> Outcome {
        let reason = "it can still be taken back".to_owned();
        self.leaves_next.map_or(Outcome::Done, |at| Outcome::WaitUntil { at, reason })
    }
}

/// What it means that TikTok Shop answered a decision with anything but a success.
pub(super) enum NotAccepted<'f> {
    /// Another operation is under way there; to be asked again.
    Later(Step),
    /// It may have been done all the same.
    Unknown,
    /// A definite answer; what TikTok Shop holds says whether it was needed at all.
    Refused(&'f Error),
    /// It was not served at all.
    Unserved,
}

impl Asked<'_> {
    pub(super) fn not_accepted<'f>(&self, failure: &'f ChannelFailure) -> NotAccepted<'f> {
        let ChannelFailure::Channel(error) = failure else { return NotAccepted::Unserved };
        match error {
            Error::Rejected { reason: Rejection::Locked, .. } => {
                self.locked(failure).map_or(NotAccepted::Refused(error), NotAccepted::Later)
            }
            Error::OutcomeUnknown { .. } | Error::Unexpected { .. } => NotAccepted::Unknown,
            Error::Rejected { .. }
            | Error::Denied { .. }
            | Error::NotFound { .. }
            | Error::InvalidRequest { .. } => NotAccepted::Refused(error),
            Error::TokenExpired { .. }
            | Error::ReauthorizationNeeded { .. }
            | Error::ScopeMissing { .. }
            | Error::ClockSkew { .. }
            | Error::RateLimited { .. }
            | Error::Transient { .. }
            | Error::Unreachable { .. }
            | Error::Misconfigured { .. }
            | Error::TooManyPages { .. } => NotAccepted::Unserved,
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.engine.clock().now()
    }

    /// Begins a transaction that holds the order.
    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        orders::begin_locked(self.engine.database(), self.order_id).await
    }

    /// Whether it may have left before.
    pub(super) async fn was_sent(&self) -> Result<bool, DbErr> {
        actions::was_sent(self.engine.database().writer(), self.action.id).await
    }

    /// Notes that it leaves now; `false` when it was taken back at the last moment.
    pub(super) async fn leave(&self) -> Result<bool, DbErr> {
        actions::set_sent(self.engine.database().writer(), self.action.id, self.now()).await
    }

    /// What TikTok Shop knows of cancellations of the order, oldest update first.
    pub(super) async fn cancellations(&self) -> Result<Vec<Cancellation>, ChannelFailure> {
        cancellations_of(self.engine, self.connection, self.tiktok_order_id).await
    }

    /// It is done: the order is read again, and what TikTok Shop refused before no longer matters.
    pub(super) async fn done(&self, sentence: &str) -> Result<Step, JobError> {
        let now = self.now();
        let txn = self.begin().await?;
        actions::end(&txn, self.action.id, &Ending::done(sentence), now).await?;
        issues::resolve(&txn, self.order_id, &[IssueCode::CancelRefused], now).await?;
        self.tell_and_read_again(txn, sentence, now).await
    }

    /// It came too late, and nothing is left to be done about it.
    pub(super) async fn overtaken(&self, sentence: &str) -> Result<Step, JobError> {
        attempts::failed(None);
        let now = self.now();
        let txn = self.begin().await?;
        let ending = Ending { state: ActionState::Failed, result: sentence.to_owned(), code: None };
        actions::end(&txn, self.action.id, &ending, now).await?;
        self.tell_and_read_again(txn, sentence, now).await
    }

    /// TikTok Shop refused for good; the issue stays until a person has dealt with it.
    pub(super) async fn refused(&self, why: &str, error: &Error) -> Result<Step, JobError> {
        let now = self.now();
        let found = Found::new(IssueCode::CancelRefused).with("why", why).with("reason", error);
        attempts::failed(found.code);
        let sentence = found.code.sentence(&found.facts);
        let txn = self.begin().await?;
        actions::end(&txn, self.action.id, &Ending::failed(found.code, &sentence), now).await?;
        let retry = Retry { attempts: self.job.attempts + 1, next_at: None };
        issues::open(&txn, self.connection.id, self.order_id, &found, retry, now).await?;
        self.tell_and_read_again(txn, &sentence, now).await
    }

    async fn tell_and_read_again(
        &self,
        txn: DatabaseTransaction,
        sentence: &str,
        now: DateTime<Utc>,
    ) -> Result<Step, JobError> {
        timeline::record(&txn, self.order_id, Entry::ours("cancellation", sentence), now).await?;
        let refresh = refresh_order(self.connection.id, self.tiktok_order_id, now);
        job_queue::enqueue(&txn, refresh, now).await?;
        orders::derive_status(&txn, self.order_id, now).await?;
        txn.commit().await?;
        recorded(match self.action.request.kind() {
            ActionKind::Cancel => OutsideWrite::Cancellation,
            _ => OutsideWrite::RequestAnswer,
        });
        Ok(Step::Ended)
    }

    /// The answer proves nothing: what TikTok Shop holds is looked at before anything is sent again.
    pub(super) fn look_later(&self, failure: &ChannelFailure) -> Step {
        let pause = backoff::delay(self.job.attempts, &mut rand::rng()).unwrap_or(TimeDelta::hours(6));
        let pause = if self.job.attempts == 0 { PAUSE_AFTER_UNKNOWN } else { pause };
        Step::Later(Outcome::RetryAt { at: self.now() + pause, error: failure.to_string() })
    }

    /// Another operation holds the order; `None` when it does so for too long.
    fn locked(&self, failure: &ChannelFailure) -> Option<Step> {
        let tries = self.job.attempts + 1;
        (tries < TRIES_WHILE_LOCKED).then(|| {
            let at = self.now() + TimeDelta::seconds(5) * tries;
            Step::Later(Outcome::RetryAt { at, error: failure.to_string() })
        })
    }

    /// TikTok Shop could not be asked, and nothing was done. It is tried for a day, with the reason in the open; then the
    /// action ends with it.
    pub(super) async fn unserved(&self, failure: &ChannelFailure) -> Result<Step, JobError> {
        let now = self.now();
        let outcome = channel_outcome(failure, self.job, now);
        let told = worth_telling(&outcome, self.job, now);
        let (ChannelFailure::Channel(error), Some(at)) = (failure, told) else {
            return Ok(Step::Later(outcome));
        };
        let attempts = self.job.attempts;
        let found = of_channel_in(self.connection, error);
        let failed = matches!(outcome, Outcome::RetryAt { .. });
        let given_up = failed && backoff::nominal_delay(attempts - 1).is_none();
        let retry = Retry { attempts: attempts + 1, next_at: Some(at).filter(|_| !given_up) };
        let txn = self.begin().await?;
        let issue = std::slice::from_ref(&found);
        issues::set(&txn, self.connection.id, self.order_id, CHANNEL_ISSUES, issue, retry, now).await?;
        if given_up {
            let sentence = found.code.sentence(&found.facts);
            actions::end(&txn, self.action.id, &Ending::failed(found.code, &sentence), now).await?;
            return self.tell_and_read_again(txn, &sentence, now).await;
        }
        orders::derive_status(&txn, self.order_id, now).await?;
        txn.commit().await?;
        Ok(Step::Later(outcome))
    }
}

/// What TikTok Shop knows of cancellations of an order, oldest update first.
pub(super) async fn cancellations_of(
    engine: &Engine,
    connection: &ConnectionRecord,
    tiktok_order_id: &TikTokOrderId,
) -> Result<Vec<Cancellation>, ChannelFailure> {
    let search =
        CancellationSearch { order_ids: vec![tiktok_order_id.0.clone()], ..CancellationSearch::default() };
    let search = &search;
    engine
        .in_shop(
            connection,
            |shop| async move { shop.search_cancellations(search.clone()).try_collect().await },
        )
        .await
}

/// Why TikTok Shop refuses, in words that fit behind "TikTok refused:".
pub(super) fn why(error: &Error) -> String {
    use Error;
    let words = match error {
        Error::Rejected { reason, message, .. } => match reason {
            Rejection::AlreadyShipped => "the order has been shipped",
            Rejection::AlreadyCancelled => "it is being canceled already, or is completed",
            Rejection::ReasonWrong => "the reason does not fit this order now",
            Rejection::PartialNotAllowed => "only the whole order can be canceled",
            Rejection::RiskControl => "its risk control blocks the order",
            Rejection::Locked => "another operation holds the order",
            _ => message,
        },
        Error::Denied { .. } => "this shop may not do it with this order",
        Error::NotFound { message, .. } | Error::InvalidRequest { message, .. } => message,
        _ => return error.to_string(),
    };
    words.trim().trim_end_matches('.').to_owned()
}
