//! Listens to the clients while a job runs. What it hears stays in memory, as it was said, until the job has ended.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use shared::{CallSide, IssueCode};
use tiktok_shop::Verdict;
use url::Url;

/// A job that makes more calls is told of with the first so many.
const MOST_CALLS: usize = 100;

/// Bodies are remembered up to this length: longer than any order, and than a page of fifty.
const LONGEST_BODY: usize = 1024 * 1024;

tokio::task_local! {
    static RECORDER: Arc<Recorder>;
}

/// What is noted during one run of a job.
#[derive(Debug, Default)]
pub(super) struct Recorder(Mutex<Notes>);

#[derive(Debug, Default)]
pub(super) struct Notes {
    pub calls: Vec<Heard>,
    pub asked_by: Option<String>,
    /// The problem that was met, if any.
    pub code: Option<IssueCode>,
    /// What was wanted did not come about.
    pub failed: bool,
    /// Nobody knows whether something that was to be changed has arrived.
    pub write_unknown: bool,
}

/// A call, and how much of it is about the order of the job.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub call: Arc<RawCall>,
    /// The one order that is meant, of a call that asked for several.
    pub only_order: Option<String>,
}

/// A call as it went over the wire: full of secrets and buyers' data.
#[derive(Debug)]
pub(crate) struct RawCall {
    pub side: CallSide,
    pub method: String,
    pub url: Url,
    pub status: Option<u16>,
    pub duration: Duration,
    pub request_id: Option<String>,
    pub sent: Option<RawBody>,
    pub answered: RawBody,
    write_unknown: bool,
}

impl Heard {
    /// A call that came in another way, as from a fuzzer.
    pub(super) fn of(
        side: CallSide,
        url: Url,
        sent: &[u8],
        answered: &[u8],
        only_order: Option<&str>,
    ) -> Self {
        let call = RawCall {
            side,
            method: "POST".to_owned(),
            url,
            status: Some(200),
            duration: Duration::ZERO,
            request_id: None,
            sent: Some(RawBody::of(sent)),
            answered: RawBody::of(answered),
            write_unknown: false,
        };
        Self { call: Arc::new(call), only_order: only_order.map(ToOwned::to_owned) }
    }
}

/// A body, or how long it was.
#[derive(Debug)]
pub(crate) enum RawBody {
    Whole(Vec<u8>),
    TooLong(usize),
}

impl RawBody {
    fn of(bytes: &[u8]) -> Self {
        if bytes.len() > LONGEST_BODY { Self::TooLong(bytes.len()) } else { Self::Whole(bytes.to_vec()) }
    }
}

impl Recorder {
    fn note(&self, change: impl FnOnce(&mut Notes)) {
        change(&mut self.0.lock().expect("no holder panics"));
    }

    pub fn read<T>(&self, look: impl FnOnce(&Notes) -> T) -> T {
        look(&self.0.lock().expect("no holder panics"))
    }

    pub fn take(&self) -> Notes {
        std::mem::take(&mut *self.0.lock().expect("no holder panics"))
    }
}

impl Notes {
    fn hear(&mut self, heard: Heard) {
        self.write_unknown |= heard.call.write_unknown;
        if self.calls.len() < MOST_CALLS {
            self.calls.push(heard);
        }
    }
}

/// Does some work while the recorder listens.
pub(super) async fn listening<F: Future>(recorder: Arc<Recorder>, work: F) -> F::Output {
    RECORDER.scope(recorder, work).await
}

/// Does some work for several jobs at once; its calls are no single one's, and come back with its result.
pub(crate) async fn apart<F: Future>(work: F) -> (F::Output, Vec<Arc<RawCall>>) {
    let recorder = Arc::new(Recorder::default());
    let result = listening(Arc::clone(&recorder), work).await;
    (result, recorder.take().calls.into_iter().map(|heard| heard.call).collect())
}

/// Takes calls that were made apart for this job's, as far as they are about one order.
pub(crate) fn heard(calls: &[Arc<RawCall>], order: &str) {
    note(|notes| {
        for call in calls {
            notes.hear(Heard { call: Arc::clone(call), only_order: Some(order.to_owned()) });
        }
    });
}

/// Notes on whose behalf the job runs; the first one counts.
pub(crate) fn asked_by(actor: &str) {
    note(|notes| {
        notes.asked_by.get_or_insert_with(|| actor.to_owned());
    });
}

/// Notes a problem that the job met though it did what it was to do.
pub(crate) fn met(code: IssueCode) {
    note(|notes| {
        notes.code.get_or_insert(code);
    });
}

/// Notes that what was wanted did not come about, and the problem, if the order has an issue of it.
pub(crate) fn failed(code: impl Into<Option<IssueCode>>) {
    let code = code.into();
    note(|notes| {
        notes.failed = true;
        notes.code = notes.code.or(code);
    });
}

/// Jobs that nobody listens to note nothing.
fn note(change: impl FnOnce(&mut Notes)) {
    // The only error is that nobody listens.
    let _ = RECORDER.try_with(|recorder| recorder.note(change));
}

/// What listens to calls to TikTok Shop.
pub(crate) fn channel_observer() -> tiktok_shop::Observer {
    tiktok_shop::Observer::new(|exchange| {
        note(|notes| {
            let call = RawCall {
                side: CallSide::TikTok,
                method: exchange.method.to_owned(),
                url: exchange.url.clone(),
                status: exchange.status,
                duration: exchange.duration,
                request_id: exchange.request_id.map(ToOwned::to_owned),
                sent: exchange.sent.map(RawBody::of),
                answered: RawBody::of(exchange.answered),
                write_unknown: exchange.verdict == Verdict::OutcomeUnknown,
            };
            notes.hear(Heard { call: Arc::new(call), only_order: None });
        });
    })
}

/// What listens to calls to stores, beside whoever else wants to hear of them.
pub(crate) fn store_observer(also: Option<Arc<prestashop::Observer>>) -> Arc<prestashop::Observer> {
    Arc::new(move |exchange| {
        if let Some(also) = &also {
            also(exchange);
        }
        note(|notes| {
            let record = exchange.record;
            let call = RawCall {
                side: CallSide::Store,
                method: record.method.to_string(),
                url: exchange.url.clone(),
                status: record.status,
                duration: record.duration,
                request_id: exchange.request_id.map(ToOwned::to_owned),
                sent: exchange.sent.map(|sent| RawBody::of(sent.as_bytes())),
                answered: RawBody::of(exchange.answered),
                write_unknown: record.method != prestashop::Method::Get
                    && record.verdict == prestashop::Verdict::OutcomeUnknown,
            };
            notes.hear(Heard { call: Arc::new(call), only_order: None });
        });
    })
}
