use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use database::{Database, Reach, events};
use futures::stream;
use shared::LiveEvent;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::live::resume_after;
use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::error::ApiError;
use crate::openapi::Refusals;

pub(crate) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A silent stream looks dead to proxies.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What was missed is read in batches of so many.
const BATCH: u64 = 1_000;

/// Live events
///
/// Server-sent events: one `LiveEvent` for each change of an order, a connection or a run, with its id. After a break,
/// send the last id as `Last-Event-ID` to get what was missed. The stream ends with the access token; open it again
/// with a new one. Events may come twice, never silently not at all while the stream is open.
#[utoipa::path(
    tag = "events",
    operation_id = "streamEvents",
    params(("Last-Event-ID" = Option<i64>, Header, description = "The last event that was seen")),
    responses(
        (status = 200, content_type = "text/event-stream", body = LiveEvent, description = "The stream"),
        Refusals
    ),
    security(("bearer" = ["orders:read"]))
)]
#[get("/events")]
pub async fn stream_events(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let busy = ApiError::Overloaded { detail: "Too many pages listen at once; ask again from time to time." };
    let place = state.live.places().try_acquire_owned().map_err(|_| busy)?;
    // Listening begins before the table is read, so that nothing falls between the two.
    let receiver = state.live.subscribe();
    let mut missed = None;
    if let Some(seen) = last_seen(request.headers())? {
        missed = Some(resume_after(&state.database, seen).await?);
    }
    let now = state.clock().now();
    let lives = (caller.good_until - now).to_std().unwrap_or_default();
    let listener = Listener {
        greeted: false,
        unread_after: missed,
        missed: VecDeque::new(),
        told: HashSet::new(),
        database: state.database.clone(),
        receiver,
        reach: caller.reach.clone(),
        ends_at: tokio::time::Instant::now() + lives,
        shutdown: state.shutdown.clone(),
        _place: place,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        // Compression would hold events back.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream::unfold(listener, |mut listener| async {
            let bytes = listener.next().await?;
            Some((Ok::<_, std::convert::Infallible>(bytes), listener))
        })))
}

/// The event that was seen last, if the request names one.
pub(crate) fn last_seen(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(id) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let id = id.to_str().ok().and_then(|id| id.trim().parse::<i64>().ok()).filter(|id| *id >= 0);
    let detail =
        "Last-Event-ID is the number of the last event that was seen; leave it out to hear of what comes.";
    id.map(Some).ok_or_else(|| ApiError::bad_request("bad_event_id", detail))
}

/// One open stream.
struct Listener {
    greeted: bool,
    /// The table may hold more that was missed, after the event with this id.
    unread_after: Option<i64>,
    missed: VecDeque<LiveEvent>,
    /// What was read from the table, and may come again from the live side.
    told: HashSet<i64>,
    database: Database,
    receiver: Receiver<LiveEvent>,
    reach: Reach,
    ends_at: tokio::time::Instant,
    shutdown: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// The next piece of the stream; `None` at its end.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(Bytes::from_static(b"retry: 2000\n: listening\n\n"));
        }
        loop {
            if let Some(event) = self.missed.pop_front() {
                return Some(frame(&event));
            }
            let Some(after) = self.unread_after else { break };
            if self.shutdown.is_cancelled() || tokio::time::Instant::now() >= self.ends_at {
                return None;
            }
            // After a failure the stream ends, and is resumed by its last id.
            let batch = events::after(self.database.reader(), after, BATCH).await.ok()?;
            self.unread_after = batch.last().map(|event| event.id);
            if self.told.len() >= super::live::BUFFER {
                // The live side holds no more, and what is older does not come again.
                self.told.clear();
            }
            self.told.extend(batch.iter().map(|event| event.id));
            self.missed = batch.into_iter().filter(|event| is_told(&self.reach, event)).collect();
        }
        loop {
            let event = tokio::select! {
                () = self.shutdown.cancelled() => return None,
                () = tokio::time::sleep_until(self.ends_at) => return None,
                () = tokio::time::sleep(HEARTBEAT) => return Some(Bytes::from_static(b": still here\n\n")),
                event = self.receiver.recv() => event,
            };
            match event {
                Ok(event) if self.told.remove(&event.id) || !is_told(&self.reach, &event) => {}
                Ok(event) => return Some(frame(&event)),
                // It resumes by its last id, from the table.
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    }
}

/// Events of no connection are for those who see all of them.
fn is_told(reach: &Reach, event: &LiveEvent) -> bool {
    *reach == Reach::All || event.connection_id.is_some_and(|id| reach.allows(id))
}

fn frame(event: &LiveEvent) -> Bytes {
    let data = serde_json::to_string(event).expect("an event has text keys only");
    Bytes::from(format!("id: {}\nevent: {}\ndata: {data}\n\n", event.id, event.kind))
}
