//! The HTTP side: from a request to the shop's answer, with delays, failures and counters around it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use rust_decimal::Decimal;
use serde::Serialize;

use super::answer::{Answer, Output, Refusal};
use super::auth::Credentials;
use super::faults::{Fault, FaultKind, Faults};
use super::query::Query;
use super::record::{Id, Record};
use super::render::Rendering;
use super::saving::{self, Failure};
use super::schema::{self, Schema};
use super::shop::Shop;
use super::write::{self, Mode};
use super::{admission, order_creation, read, resources, wire};

/// What happened so far, for tests and benchmarks.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counters {
    /// Calls by method and resource: `POST orders`.
    pub calls: BTreeMap<String, u64>,
    /// Milliseconds during which at least one order POST was in progress.
    pub order_post_busy_ms: u64,
    /// Milliseconds from the start of the first order POST to the end of the last.
    pub order_post_span_ms: u64,
    /// Most order POSTs that ran at once.
    pub order_posts_at_once: u32,
    #[serde(skip)]
    running: u32,
    #[serde(skip)]
    busy_since: Option<Instant>,
    #[serde(skip)]
    first_start: Option<Instant>,
    #[serde(skip)]
    busy: Duration,
}

impl Counters {
    fn order_post_starts(&mut self) {
        let now = Instant::now();
        self.first_start.get_or_insert(now);
        if self.running == 0 {
            self.busy_since = Some(now);
        }
        self.running += 1;
        self.order_posts_at_once = self.order_posts_at_once.max(self.running);
    }

    fn order_post_ends(&mut self) {
        let now = Instant::now();
        self.running = self.running.saturating_sub(1);
        if self.running == 0
            && let Some(since) = self.busy_since.take()
        {
            self.busy += now - since;
        }
        self.order_post_busy_ms = whole_ms(self.busy);
        self.order_post_span_ms = self.first_start.map_or(0, |start| whole_ms(now - start));
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Everything that requests share.
#[derive(Debug)]
pub struct Server {
    shop: Mutex<Shop>,
    faults: Mutex<Faults>,
    counters: Mutex<Counters>,
}

impl Server {
    /// A server of a shop.
    #[must_use]
    pub fn new(shop: Shop, seed: u64) -> Self {
        Self {
            shop: Mutex::new(shop),
            faults: Mutex::new(Faults::new(seed)),
            counters: Mutex::new(Counters::default()),
        }
    }

    /// The shop, locked.
    pub fn shop(&self) -> MutexGuard<'_, Shop> {
        self.shop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The failures, locked.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counters, locked.
    pub fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers any request that is not for the control API.
pub async fn handle(request: HttpRequest, body: Bytes, server: Data<Server>) -> HttpResponse {
    let started = Instant::now();
    if server.shop().settings.blocks_methods && !["GET", "HEAD", "POST"].contains(&request.method().as_str())
    {
        return HttpResponse::MethodNotAllowed()
            .content_type("text/html")
            .body("<html><head><title>405 Not Allowed</title></head></html>");
    }
    let call = Call::from(&request, body, &server);
    *server.counters().calls.entry(format!("{} {}", call.method, call.resource)).or_default() += 1;
    let fault = server.faults().draw(&call.method, &call.resource);
    let order_post = (call.method == "POST" && call.resource == "orders").then(|| OrderPost::begin(&server));
    let is_head = call.method == "HEAD";
    let kind = fault.as_ref().map(|fault| fault.kind);
    // PHP works on when its caller has gone, so the work is not dropped with the connection.
    let worked = actix_web::rt::spawn({
        let server = server.clone();
        async move { answer(&server, &call, fault.as_ref(), started, order_post).await }
    });
    let answer = match worked.await {
        Ok(answer) => answer,
        Err(_) => Answer::html(500, ""),
    };
    if matches!(kind, Some(FaultKind::SilentBefore | FaultKind::SilentAfter)) {
        return std::future::pending().await;
    }
    let version = server.shop().version;
    wire::response(answer, kind, version, started, is_head)
}

/// A request for an order, which counts as one at work until this is dropped.
struct OrderPost(Data<Server>);

impl OrderPost {
    fn begin(server: &Data<Server>) -> Self {
        server.counters().order_post_starts();
        Self(server.clone())
    }
}

impl Drop for OrderPost {
    fn drop(&mut self) {
        self.0.counters().order_post_ends();
    }
}

/// The shop's answer, or what a failure makes of it.
async fn answer(
    server: &Data<Server>,
    call: &Call,
    fault: Option<&Fault>,
    started: Instant,
    order_post: Option<OrderPost>,
) -> Answer {
    if let Some(fault) = fault.filter(|fault| fault.kind == FaultKind::StillRunning) {
        let (running, call, delay) = (server.clone(), call.clone(), Duration::from_millis(fault.delay_ms));
        actix_web::rt::spawn(async move {
            tokio::time::sleep(delay).await;
            let answer = work(&running, &call, started).await;
            drop(order_post);
            answer
        });
        return wire::instead(fault.kind, server);
    }
    let answer = match fault.filter(|fault| !fault.kind.is_after()) {
        Some(fault) => wire::instead(fault.kind, server),
        None => spoil(server, fault, call, work(server, call, started).await),
    };
    if let Some(fault) = fault.filter(|fault| fault.delay_ms > 0) {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    answer
}

/// A request in the shop's terms.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: String,
    /// Path behind the shop's own path.
    pub(super) path: String,
    pub(super) raw_query: String,
    pub(super) query: Query,
    /// First part of the path behind `/api/`; empty for the root.
    pub(super) resource: String,
    /// Second part.
    pub(super) id: Option<String>,
    pub(super) host: String,
    pub(super) authorization: Option<String>,
    pub(super) known_sha1: Option<String>,
    pub(super) output: Output,
    pub(super) body: String,
}

impl Call {
    fn from(request: &HttpRequest, body: Bytes, server: &Server) -> Self {
        let header =
            |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let base = url::Url::parse(&server.shop().url)
            .map_or_else(|_| String::new(), |url| url.path().trim_end_matches('/').to_owned());
        let path = request.path().strip_prefix(base.as_str()).unwrap_or_else(|| request.path()).to_owned();
        let raw_query = request.query_string().to_owned();
        let query = Query::parse(&raw_query);
        let rest = path.strip_prefix("/api").unwrap_or_default().trim_matches('/');
        let mut parts = rest.split('/');
        let resource = parts.next().unwrap_or_default().to_owned();
        let id = parts.next().filter(|id| !id.is_empty()).map(str::to_owned);
        let sent_method = request.method().as_str();
        let method = query
            .get("ps_method")
            .filter(|_| sent_method == "POST")
            .map_or_else(|| sent_method.to_owned(), str::to_uppercase);
        let format = query
            .get("output_format")
            .map(str::to_owned)
            .or_else(|| header("Output-Format"))
            .or_else(|| header("Io-Format"));
        let output = match format {
            Some(format) if format.eq_ignore_ascii_case("JSON") => Output::Json,
            _ => Output::Xml,
        };
        Self {
            method,
            path,
            raw_query,
            resource,
            id,
            host: header("Host").unwrap_or_default(),
            authorization: header("Authorization"),
            known_sha1: header("Local-Content-Sha1"),
            output,
            query,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// What the request brought to prove who it is.
    pub(super) fn credentials(&self) -> Credentials {
        Credentials::from(self.authorization.as_deref(), self.query.get("ws_key"))
    }
}

async fn work(server: &Server, call: &Call, started: Instant) -> Answer {
    let (allowed, delay_ms, order_ms) = {
        let shop = server.shop();
        (admission::admit(&shop, call), shop.settings.call_ms, shop.settings.order_post_ms)
    };
    let key = match allowed {
        Ok(key) => key,
        Err(answer) => return *answer,
    };
    if call.method == "POST" && call.resource == "orders" {
        return post_orders(server, call, Duration::from_millis(order_ms)).await;
    }
    if delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(delay_ms).saturating_sub(started.elapsed())).await;
    }
    let mut shop = server.shop();
    let outcome = match call.method.as_str() {
        "GET" | "HEAD" if call.resource.is_empty() => Ok(read::api_root(&shop, &key, call.output)),
        "GET" | "HEAD" => read::get(&shop, &call.resource, call.id.as_deref(), &call.query, call.output)
            .map_err(Failure::from),
        "DELETE" => delete(&mut shop, call),
        "POST" => save(&mut shop, call, Mode::Create),
        "PUT" => save(&mut shop, call, Mode::Replace),
        _ => save(&mut shop, call, Mode::Change),
    };
    let answer = outcome.unwrap_or_else(|failure| failed(failure, call.output, &shop));
    match &call.known_sha1 {
        Some(known) if answer.status == 200 && *known == answer.content_sha1() => {
            let mut unchanged = Answer::bare(304);
            unchanged.headers.push(("Content-Sha1", known.clone()));
            unchanged
        }
        _ => answer,
    }
}

fn failed(failure: Failure, output: Output, shop: &Shop) -> Answer {
    match failure {
        Failure::Refused(refusal) => Answer::refused(&refusal, output, shop.version),
        Failure::Died(answer) => answer,
    }
}

fn described(shop: &Shop, call: &Call) -> Result<&'static Schema, Failure> {
    schema::of(shop.version, &call.resource)
        .ok_or_else(|| Refusal::new(500, 46, "Unable to save resource").into())
}

fn save(shop: &mut Shop, call: &Call, mode: Mode) -> Result<Answer, Failure> {
    let schema = described(shop, call)?;
    let mut shown: Vec<Record> = Vec::new();
    for entity in write::entities(&call.body, mode, shop.version)? {
        let draft = write::draft(shop, schema, &entity, mode)?;
        let saved = match mode {
            Mode::Create => saving::create(shop, schema, draft, &call.query)?,
            Mode::Replace | Mode::Change => saving::update(shop, schema, draft, mode, &call.query)?,
        };
        shown.push(saved);
    }
    if shop.settings.reports_deprecations && mode == Mode::Create {
        return Err(wire::deprecations(schema.resource.name).into());
    }
    let status = if mode == Mode::Create { 201 } else { 200 };
    Ok(Answer::ok(status, call.output, Rendering::full(shop, schema, call.output).entities(&shown)))
}

fn delete(shop: &mut Shop, call: &Call) -> Result<Answer, Failure> {
    let schema = described(shop, call)?;
    let ids: Vec<Id> = match (&call.id, call.query.get("id")) {
        (Some(id), _) => vec![id.parse().unwrap_or(0)],
        (None, Some(list)) => {
            list.trim_matches(['[', ']']).split(',').map(|id| id.trim().parse().unwrap_or(0)).collect()
        }
        (None, None) => vec![0],
    };
    saving::delete(shop, schema, &ids)?;
    Ok(Answer::bare(200))
}

/// Creates orders with the pauses of a real shop between checking, writing and finishing.
async fn post_orders(server: &Server, call: &Call, duration: Duration) -> Answer {
    let (schema, version, race, duration) = {
        let mut shop = server.shop();
        // No two orders take the same time.
        let duration = duration.mul_f64(shop.random_factor());
        let race = shop.settings.invoice_race_ms.map_or(duration / 200, Duration::from_millis);
        (shop.schema("orders"), shop.version, race, duration)
    };
    let refused = |refusal: Refusal| Answer::refused(&refusal, call.output, version);
    let entities = match write::entities(&call.body, Mode::Create, version) {
        Ok(entities) => entities,
        Err(refusal) => return refused(refusal),
    };
    let mut shown: Vec<Record> = Vec::new();
    for entity in entities {
        let draft = {
            let shop = server.shop();
            write::draft(&shop, schema, &entity, Mode::Create)
        };
        let draft = match draft {
            Ok(draft) => draft,
            Err(refusal) => return refused(refusal),
        };
        let mut object = draft.object;
        let wish = order_creation::Wish {
            cart: object.id_of("id_cart"),
            module: object.text("module").to_owned(),
            payment: object.text("payment").to_owned(),
            total_paid: object.text("total_paid").parse::<Decimal>().unwrap_or_default(),
            customer: object.id_of("id_customer"),
        };
        let prepared = {
            let shop = server.shop();
            order_creation::prepare(&shop, wish).map_err(|dead| wire::died(&shop, &dead))
        };
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(answer) => return answer,
        };
        pause(duration.mul_f64(0.45)).await;
        let mut inserted = order_creation::insert(&mut server.shop(), &prepared);
        pause(race).await;
        let pdf_broken = {
            let mut shop = server.shop();
            if race.is_zero() {
                inserted.read_invoice_number(&shop);
            }
            order_creation::finish(&mut shop, &inserted, object.id_of("id_cart"));
            shop.settings.invoice_pdf_broken
        };
        pause(duration.mul_f64(0.55)).await;
        let shop = server.shop();
        if pdf_broken {
            return wire::pdf_failure(&shop);
        }
        object.id = inserted.order;
        if let Some(stored) = shop.get("orders", inserted.order) {
            object.associations = super::view::of(&shop, "orders", stored).associations;
        }
        shown.push(object);
    }
    let shop = server.shop();
    if shop.settings.reports_deprecations {
        return refused(wire::deprecations("orders"));
    }
    Answer::ok(201, call.output, Rendering::full(&shop, schema, call.output).entities(&shown))
}

/// Lets other requests in, even when the pause is none.
async fn pause(duration: Duration) {
    if duration.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(duration).await;
    }
}

/// Turns the answer of work that was done into what a failure makes of it.
fn spoil(server: &Server, fault: Option<&Fault>, call: &Call, answer: Answer) -> Answer {
    let Some(fault) = fault.filter(|_| answer.status < 300) else { return answer };
    let version = server.shop().version;
    match fault.kind {
        FaultKind::Empty500After => Answer::html(500, ""),
        FaultKind::Html200After => wire::pdf_failure(&server.shop()),
        FaultKind::PhpErrors500After => {
            Answer::refused(&wire::deprecations(&call.resource), call.output, version)
        }
        FaultKind::Code86After => {
            let refusal = Refusal::new(400, 86, "The association \"unexpected\" does not exists");
            Answer::refused(&refusal, call.output, version)
        }
        FaultKind::HalfMade500 => {
            // A failure of another call leaves all orders as they are.
            if call.method == "POST" && call.resource == "orders" {
                order_creation::take_state_away(&mut server.shop());
            }
            Answer::html(500, "")
        }
        FaultKind::StoredSomethingElse => {
            store_something_else(&mut server.shop(), &call.resource);
            answer
        }
        _ => answer,
    }
}

/// Falsifies the newest entity of a resource.
fn store_something_else(shop: &mut Shop, resource: &str) {
    let Some(resource) = resources::named(resource).map(|resource| resource.name) else { return };
    let Some(id) = shop.table(resource).iter().next_back().map(|record| record.id) else { return };
    let Some(record) = shop.get_mut(resource, id) else { return };
    match resource {
        "orders" => {
            let total = record.decimal("total_paid") + Decimal::ONE;
            for field in ["total_paid", "total_paid_tax_incl"] {
                record.set_amount(field, total);
            }
        }
        "carts" => {
            if let Some(rows) = record.associations.get_mut("cart_rows") {
                rows.truncate(rows.len() / 2);
            }
        }
        "specific_prices" => {
            let price = record.decimal("price") + Decimal::ONE;
            record.set_amount("price", price);
        }
        "addresses" => record.set("city", "Elsewhere"),
        _ => {}
    }
}

/// Sets a header whose value may not be one.
pub(super) fn put_header(response: &mut HttpResponse, name: &'static str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        response.headers_mut().append(name, value);
    }
}

/// The status line for a number.
pub(super) fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
