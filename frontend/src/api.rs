//! The only file that talks HTTP: one function per endpoint, typed by `shared`.

use crate::prelude::window;
use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use chrono::{DateTime, Utc};
use futures::future::{FutureExt, LocalBoxFuture};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::{
    Assignee, Connection, ConnectionId, ConnectionTest, CreateConnection, FetchOrders, Issue, LiveEvent,
    OrderCounts, OrderDetail, OrderFilter, OrderId, OrderLine, OrderNote, OrderSummary, Page, Payment,
    Problem, RawOrder, Recipient, RefusedAction, Session, SetUp, Shipping, SignIn, StoreState, SyncRun,
    SyncRunId, TimelineEntry, UpdateConnection,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, ReadableStream, RequestInit, Response};

use crate::grid_query::{GridQuery, search_of};
use crate::installation::{KnownConnection, KnownHealth};
use crate::json::Unreadable;
use crate::route::Section;
use crate::{browser, json, navigation, session, text};

mod actions;
mod exports;
mod health;
mod people;
mod printing;
mod webhooks;

pub use actions::*;
pub use exports::*;
pub use health::*;
pub use people::*;
pub use printing::*;
pub use webhooks::*;

/// Why a request brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server could not be reached.
    Offline,
    /// There is no session, or it has ended.
    SignedOut,
    /// The server says why not.
    Problem(Box<Problem>),
    /// The answer is not what this page understands.
    Unreadable { status: u16 },
}

impl Failure {
    /// Whether asking again would bring the same: the session has ended, or what was asked for is not there for this person.
    pub fn is_final(&self) -> bool {
        match self {
            Self::SignedOut => true,
            Self::Problem(problem) => matches!(problem.status, 403 | 404 | 410),
            Self::Offline | Self::Unreadable { .. } => false,
        }
    }

    /// What happened, in a sentence for the person at the screen.
    pub fn sentence(&self) -> String {
        match self {
            Self::Offline => text::SERVER_UNREACHABLE.to_owned(),
            Self::SignedOut => text::SESSION_ENDED.to_owned(),
            Self::Problem(problem) if problem.errors.is_empty() => problem.detail.clone(),
            Self::Problem(problem) => {
                let errors: Vec<_> = problem.errors.iter().map(|error| error.detail.as_str()).collect();
                format!("{} {}", problem.detail, errors.join(" "))
            }
            Self::Unreadable { status } => text::unreadable_answer(*status),
        }
    }

    /// What to name when asking for help.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.request_id),
            _ => None,
        }
    }

    /// The stable code of the problem.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.code),
            _ => None,
        }
    }

    /// What is wrong with one field of the form that was sent, by its JSON pointer.
    pub fn field(&self, pointer: &str) -> Option<String> {
        match self {
            Self::Problem(problem) => {
                problem.errors.iter().find(|error| error.pointer == pointer).map(|error| error.detail.clone())
            }
            _ => None,
        }
    }
}

type Answer<T> = Result<T, Failure>;

pub fn sign_in(body: &SignIn) -> Asking<Session> {
    fetch(Call::post("/session").open().body(body))
}

pub fn set_up(body: &SetUp) -> Asking<Session> {
    fetch(Call::post("/setup").open().body(body))
}

pub async fn refresh_session() -> Answer<Session> {
    let call = Call { csrf: true, ..Call::post("/session/refresh").open() };
    match exchange(call).await {
        Err(Failure::Problem(problem)) if matches!(problem.status, 401 | 403) => Err(Failure::SignedOut),
        answer => read(answer?),
    }
}

pub async fn delete_session() -> Answer<()> {
    exchange(Call { csrf: true, ..Call::new("DELETE", "/session") }).await.map(drop)
}

pub fn list_orders(query: GridQuery) -> Asking<Page<OrderSummary>> {
    fetch(Call::get(format!("/orders{}", search_of(&query.api_pairs()))))
}

pub fn count_orders(filter: OrderFilter) -> Asking<OrderCounts> {
    let search = search_of(&filter.without_status().to_pairs());
    fetch(Call::get(format!("/orders/counts{search}")))
}

pub fn order(id: OrderId) -> Asking<OrderDetail> {
    Asking { sent: exchange(Call::get(format!("/orders/{id}"))), read: detail }
}

fn detail(text: &str) -> Result<OrderDetail, Unreadable> {
    let value = json::parse(text)?;
    let rest: DetailRest = json::from_value(&value)?;
    Ok(OrderDetail {
        summary: json::from_value(&value)?,
        connection_name: rest.connection_name,
        status_reason: rest.status_reason,
        lines: rest.lines,
        shipping: rest.shipping,
        payment: rest.payment,
        issues: rest.issues,
        refused_actions: rest.refused_actions,
        notes: rest.notes,
    })
}

/// [`OrderDetail`] without its flattened summary. Reading the two apart spares the page a second copy of the code
/// that reads a summary: serde reads flattened fields through a buffer of its own.
#[derive(Deserialize)]
struct DetailRest {
    connection_name: String,
    status_reason: String,
    lines: Vec<OrderLine>,
    shipping: Shipping,
    payment: Payment,
    issues: Vec<Issue>,
    refused_actions: Vec<RefusedAction>,
    notes: Vec<OrderNote>,
}

pub fn timeline(id: OrderId, topics: &str, after: Option<String>) -> Asking<Page<TimelineEntry>> {
    let mut pairs = vec![("limit".to_owned(), "50".to_owned())];
    if !topics.is_empty() {
        pairs.push(("topic".to_owned(), topics.to_owned()));
    }
    pairs.extend(after.map(|cursor| ("after".to_owned(), cursor)));
    fetch(Call::get(format!("/orders/{id}/timeline{}", search_of(&pairs))))
}

/// A `shared::Attempt` as far as the page tells of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Attempt {
    pub id: i64,
    pub kind: String,
    pub started_at: DateTime<Utc>,
    pub duration_ms: i64,
    pub outcome: String,
    pub title: Option<String>,
    pub asked_by: Option<String>,
    pub calls: Vec<AttemptCall>,
}

/// A `shared::AttemptCall`, whose side is just shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AttemptCall {
    pub side: String,
    pub method: String,
    pub path: String,
    pub status: Option<u16>,
    pub duration_ms: i64,
    pub request_id: Option<String>,
    pub sent: Option<String>,
    pub answered: Option<String>,
    pub curl: String,
}

pub fn attempts(id: OrderId, after: Option<String>) -> Asking<Page<Attempt>> {
    let mut pairs = vec![("limit".to_owned(), "10".to_owned())];
    pairs.extend(after.map(|cursor| ("after".to_owned(), cursor)));
    fetch(Call::get(format!("/orders/{id}/attempts{}", search_of(&pairs))))
}

pub fn raw_order(id: OrderId) -> Asking<RawOrder> {
    fetch(Call::get(format!("/orders/{id}/raw")))
}

pub fn reveal_recipient(id: OrderId) -> Asking<Recipient> {
    fetch(Call::post(format!("/orders/{id}/recipient")))
}

pub fn open_issues(id: OrderId) -> Asking<Page<Issue>> {
    fetch(Call::get(format!("/issues?order={id}&open=true&limit=100")))
}

pub fn store_states() -> Asking<Vec<StoreState>> {
    fetch(Call::get("/store-states"))
}

pub fn assignees() -> Asking<Vec<Assignee>> {
    fetch(Call::get("/assignees"))
}

pub fn connections() -> Asking<Vec<Connection>> {
    fetch(Call::get("/connections"))
}

pub fn known_connections() -> Asking<Vec<KnownConnection>> {
    fetch(Call::get("/connections"))
}

pub fn connection(id: ConnectionId) -> Asking<Connection> {
    fetch(Call::get(format!("/connections/{id}")))
}

pub fn create_connection(body: &CreateConnection) -> Asking<Connection> {
    fetch(Call::post("/connections").body(body))
}

/// Changes a connection, unless somebody else changed it since `version`.
pub fn update_connection(id: ConnectionId, version: i64, body: &UpdateConnection) -> Asking<Connection> {
    let call = Call::new("PATCH", format!("/connections/{id}")).body(body);
    fetch(Call { if_match: Some(version), ..call })
}

pub fn test_new_connection(body: &CreateConnection) -> Asking<ConnectionTest> {
    fetch(Call::post("/connections/test").body(body))
}

pub fn test_connection(id: ConnectionId) -> Asking<ConnectionTest> {
    fetch(Call::post(format!("/connections/{id}/test")))
}

pub fn fetch_orders(id: ConnectionId, body: &FetchOrders) -> Asking<SyncRun> {
    fetch(Call::post(format!("/connections/{id}/fetch")).body(body))
}

pub fn sync_run(id: SyncRunId) -> Asking<SyncRun> {
    fetch(Call::get(format!("/sync-runs/{id}")))
}

pub fn known_health() -> Asking<KnownHealth> {
    fetch(Call::get("/health"))
}

/// Opens the stream of live events after `last_id`; it ends when the controller aborts it.
pub async fn events(last_id: &str, controller: &AbortController) -> Answer<ReadableStream> {
    let call = Call { last_event_id: Some(last_id.to_owned()), ..Call::get("/events") };
    let response = send(&call, controller).await?;
    response.body().ok_or(Failure::Unreadable { status: response.status() })
}

/// A request before it is sent.
struct Call {
    method: &'static str,
    path: String,
    body: Option<String>,
    /// Sent without an access token, and never repeated after a refresh.
    open: bool,
    /// Shows that the request comes from this page: no foreign form can send the header.
    csrf: bool,
    if_match: Option<i64>,
    last_event_id: Option<String>,
    /// Lets the server tell a repetition from a second wish.
    idempotency_key: Option<String>,
}

impl Call {
    fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            open: false,
            csrf: false,
            if_match: None,
            last_event_id: None,
            idempotency_key: None,
        }
    }

    fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// For requests that have an effect: whatever becomes of the answer, the effect happens once.
    fn once(self) -> Self {
        Self { idempotency_key: Some(browser::random_key()), ..self }
    }

    fn body<T: Serialize>(self, body: &T) -> Self {
        // The shapes of the API have text keys only, so this cannot fail; saying so would cost a kilobyte of words.
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { body: Some(body), ..self }
    }
}

/// A call that waits to be sent, and how its answer is read. Until the very last step all of them are the same, and
/// share their code.
pub struct Asking<T> {
    sent: LocalBoxFuture<'static, Answer<Text>>,
    read: fn(&str) -> Result<T, Unreadable>,
}

/// An answer whose type only its receiver knows, and the text that it was read from.
pub struct Anything {
    pub text: String,
    pub value: Arc<dyn Any + Send + Sync>,
}

impl<T: Send + Sync + 'static> Asking<T> {
    /// The same, for somebody who does not care what the answer is.
    pub fn erased(self) -> LocalBoxFuture<'static, Answer<Anything>> {
        let Self { sent, read } = self;
        read_later(sent, Box::new(move |text| Ok(Arc::new(read(text)?))))
    }
}

impl<T> Future for Asking<T> {
    type Output = Answer<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer<T>> {
        let read = self.read;
        self.sent.poll_unpin(context).map(|text| {
            let text = text?;
            read(&text.body).map_err(|_| Failure::Unreadable { status: text.status })
        })
    }
}

type ReadAnything = Box<dyn FnOnce(&str) -> Result<Arc<dyn Any + Send + Sync>, Unreadable>>;

fn read_later(
    sent: LocalBoxFuture<'static, Answer<Text>>,
    read: ReadAnything,
) -> LocalBoxFuture<'static, Answer<Anything>> {
    Box::pin(async move {
        let Text { status, body } = sent.await?;
        let value = read(&body).map_err(|_| Failure::Unreadable { status })?;
        Ok(Anything { text: body, value })
    })
}

fn fetch<T: DeserializeOwned>(call: Call) -> Asking<T> {
    Asking { sent: exchange(call), read: json::read }
}

/// For calls whose answer says nothing.
fn send_only(call: Call) -> Asking<()> {
    Asking { sent: exchange(call), read: |_| Ok(()) }
}

/// Sends a call and returns the text of its answer. Dropping the future aborts the request.
///
/// It is boxed so that the functions above do not each carry a copy of it.
fn exchange(call: Call) -> LocalBoxFuture<'static, Answer<Text>> {
    Box::pin(async move {
        let guard = AbortOnDrop(AbortController::new().map_err(|_| Failure::Offline)?);
        let response = send(&call, &guard.0).await?;
        let status = response.status();
        let body = body_of(&response).await?;
        Ok(Text { status, body })
    })
}

/// Sends a call; an access token that has run out is replaced once.
async fn send(call: &Call, controller: &AbortController) -> Answer<Response> {
    let token = session::access_token();
    let response = send_once(call, token.as_deref(), controller).await?;
    if response.status() != 401 || call.open {
        return checked(response).await;
    }
    // While this call was on its way, another one may have refreshed already.
    if session::access_token() == token {
        session::refresh().await.inspect_err(|failure| {
            if *failure == Failure::SignedOut {
                session::end();
            }
        })?;
    }
    let response = send_once(call, session::access_token().as_deref(), controller).await?;
    if response.status() == 401 {
        session::end();
        return Err(Failure::SignedOut);
    }
    checked(response).await
}

async fn send_once(call: &Call, token: Option<&str>, controller: &AbortController) -> Answer<Response> {
    let request = request_init(call, token, controller).map_err(|_| Failure::Offline)?;
    let answer = window().fetch_with_str_and_init(&format!("/api/v1{}", call.path), &request);
    let response = JsFuture::from(answer).await.map_err(|_| Failure::Offline)?;
    Ok(response.unchecked_into())
}

/// # Errors
/// The browser refuses a header; none of those below is refused.
fn request_init(
    call: &Call,
    token: Option<&str>,
    controller: &AbortController,
) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", "application/json, application/problem+json, text/event-stream")?;
    if let (Some(token), false) = (token, call.open) {
        headers.set("Authorization", &format!("Bearer {token}"))?;
    }
    if call.csrf {
        headers.set("X-Orderbridge", "1")?;
    }
    if let Some(version) = call.if_match {
        headers.set("If-Match", &format!("\"{version}\""))?;
    }
    if let Some(id) = call.last_event_id.as_deref().filter(|id| !id.is_empty()) {
        headers.set("Last-Event-ID", id)?;
    }
    if let Some(key) = &call.idempotency_key {
        headers.set("Idempotency-Key", key)?;
    }
    let request = RequestInit::new();
    if let Some(body) = &call.body {
        headers.set("Content-Type", "application/json")?;
        request.set_body(&JsValue::from_str(body));
    }
    request.set_method(call.method);
    request.set_headers(&headers);
    request.set_signal(Some(&controller.signal()));
    Ok(request)
}

async fn checked(response: Response) -> Answer<Response> {
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    let body = body_of(&response).await?;
    Err(match read::<Problem>(Text { status, body }) {
        Ok(problem) => {
            if problem.code == "second_factor_missing" {
                // The role must have one, and until then nothing else is answered.
                navigation::replace(Section::Account.path());
            }
            Failure::Problem(Box::new(problem))
        }
        Err(unreadable) => unreadable,
    })
}

async fn body_of(response: &Response) -> Answer<String> {
    let text = response.text().map_err(|_| Failure::Offline)?;
    let text = JsFuture::from(text).await.map_err(|_| Failure::Offline)?;
    Ok(text.as_string().unwrap_or_default())
}

/// The body of a good answer.
struct Text {
    status: u16,
    body: String,
}

fn read<T: DeserializeOwned>(text: Text) -> Answer<T> {
    json::read(&text.body).map_err(|_| Failure::Unreadable { status: text.status })
}

/// Reads what an event of the stream says; `None` for kinds that this page does not know.
pub fn live_event(data: &str) -> Option<LiveEvent> {
    json::read(data).ok()
}

struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
