//! The HTTP server around the [`World`], and what happens in the background.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Context;
use clock::{Clock, ShiftedClock, SystemClock};
use futures::{Stream, StreamExt, stream};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::Notify;

use super::calls;
use super::control;
use super::delivery;
use super::faults::{Fault, FaultKind, When};
use super::gateway::{self, Incoming, Moment};
use super::options::Options;
use super::placing::PlaceRequest;
use super::reply::Reply;
use super::switches::Switches;
use super::world::{Settings, Shop, World};
use crate::trickle::trickle;

/// The largest body that is taken, in bytes.
const MOST_BODY: usize = 8 * 1024 * 1024;

/// A running sandbox; stops when it is dropped.
#[derive(Debug)]
pub struct Running {
    /// Base URL of API, token host and consent page, without a slash at the end.
    pub api_url: String,
    /// Base URL of the control API, without a slash at the end.
    pub control_url: String,
    /// Business time; moving it here takes effect with the next call, or within a tenth of a second.
    pub clock: Arc<ShiftedClock>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Stops the server and waits until it has.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // The command is sent at once; the future only waits for its end, as the thread's does.
        drop(self.handle.stop(false));
        if thread.join().is_err() {
            tracing::error!("the TikTok Shop sandbox ended with a panic");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// What every request and the background share.
#[derive(Debug)]
pub struct Sandbox {
    world: Mutex<World>,
    /// Business time; a test moves it.
    pub clock: Arc<ShiftedClock>,
    pub base_url: String,
    /// Wakes the background before its time.
    pub wake: Notify,
    pub options: Options,
}

impl Sandbox {
    /// The world, locked; never held across a wait.
    pub fn world(&self) -> MutexGuard<'_, World> {
        // A panic in an endpoint must not take the whole platform with it.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Business and machine time.
    pub fn moment(&self) -> Moment {
        Moment { now: self.clock.now().timestamp(), machine: SystemClock.now().timestamp() }
    }

    /// Puts everything back to how it was at the start, except the clock.
    pub fn reset(&self) {
        let mut world = self.world();
        let targets = std::mem::take(&mut world.outbox.targets);
        *world = new_world(&self.options);
        world.outbox.targets = targets;
    }
}

/// Starts a sandbox in threads of its own; works with and without an async runtime around it.
///
/// # Errors
/// When the address is taken, a shop's region is unknown, or the server does not come up.
pub fn start(options: Options) -> anyhow::Result<Running> {
    // Installed already when several servers run in one process: that is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    for region in &options.shops {
        anyhow::ensure!(super::addresses::country(region).is_some(), "no market has the region {region:?}");
    }
    anyhow::ensure!(
        (0.0..=6_000.0).contains(&options.orders_per_minute),
        "orders per minute must be between 0 and 6000"
    );
    let listener = TcpListener::bind(options.address)
        .with_context(|| format!("TikTok Shop sandbox: cannot listen on {}", options.address))?;
    let api_url = format!("http://{}", listener.local_addr()?);
    let sandbox = Arc::new(Sandbox {
        world: Mutex::new(new_world(&options)),
        clock: Arc::default(),
        base_url: api_url.clone(),
        wake: Notify::new(),
        options,
    });
    place_first_orders(&sandbox)?;
    let clock = Arc::clone(&sandbox.clock);
    let (send_handle, receive_handle) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().name("tiktok-sandbox".to_owned()).spawn(move || {
        actix_web::rt::System::new().block_on(serve(sandbox, listener, send_handle));
    })?;
    let handle = receive_handle.recv().context("the TikTok Shop sandbox did not come up")??;
    Ok(Running { control_url: format!("{api_url}/control"), api_url, clock, handle, thread: Some(thread) })
}

async fn serve(
    sandbox: Arc<Sandbox>,
    listener: TcpListener,
    send_handle: std::sync::mpsc::Sender<std::io::Result<ServerHandle>>,
) {
    let data = web::Data::from(Arc::clone(&sandbox));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(web::PayloadConfig::new(MOST_BODY))
            .default_service(web::to(handle))
    })
    .workers(2)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener);
    let server = match server {
        Ok(server) => server.run(),
        Err(error) => {
            // Nobody listens any more only if `start` has failed already.
            let _ = send_handle.send(Err(error));
            return;
        }
    };
    let _ = send_handle.send(Ok(server.handle()));
    let background = actix_web::rt::spawn(delivery::run(sandbox));
    if let Err(error) = server.await {
        tracing::error!(%error, "the TikTok Shop sandbox failed");
    }
    background.abort();
}

fn new_world(options: &Options) -> World {
    let settings = Settings {
        app_key: options.app_key.clone(),
        app_secret: options.app_secret.0.clone(),
        service_id: options.service_id.clone(),
        packages_from_payment: options.packages_from_payment,
        seed: options.seed,
    };
    let mut switches = Switches {
        redirect_url: options.redirect_url.clone(),
        consent: options.consent,
        rate_limit_per_second: options.rate_limit,
        ..Switches::default()
    };
    switches.life.hold_s = options.hold_seconds.max(0);
    let mut world = World::new(settings, switches, shops(options));
    world.outbox.targets.clone_from(&options.webhook_urls);
    world.orders_per_minute = options.orders_per_minute;
    let shop_ids = world.shops.iter().map(|shop| shop.id.clone()).collect();
    world.grants.add_code(options.auth_code.clone(), shop_ids, i64::MAX);
    world
}

fn shops(options: &Options) -> Vec<Shop> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let shops = options.shops.iter().enumerate().map(|(index, region)| Shop {
        id: (7_493_999_789_368_181_917 + index as u64).to_string(),
        name: format!("Harbour Goods {region}"),
        region: region.clone(),
        cipher: World::random_cipher(&mut random, region),
        code: format!("{region}LC{:08}", options.seed % 10_000_000 * 10 + index as u64),
        currency: match region.as_str() {
            "GB" => "GBP",
            "US" => "USD",
            "PL" => "PLN",
            _ => "EUR",
        },
    });
    shops.collect()
}

fn place_first_orders(sandbox: &Sandbox) -> anyhow::Result<()> {
    let options = &sandbox.options;
    if options.orders == 0 {
        return Ok(());
    }
    let request = PlaceRequest {
        count: usize::try_from(options.orders)?,
        seed: Some(options.seed),
        mix: options.mix,
        spread_seconds: 86_400,
        ..PlaceRequest::default()
    };
    let now = sandbox.moment().now;
    sandbox.world().place_requested(&request, now).map(|_| ()).map_err(anyhow::Error::msg)
}

async fn handle(request: HttpRequest, body: web::Bytes, sandbox: web::Data<Sandbox>) -> HttpResponse {
    let incoming = incoming_of(&request, &body);
    if incoming.path == "/control" || incoming.path.starts_with("/control/") {
        return http_response(control::serve(&sandbox, &incoming), None);
    }
    let fault = {
        let mut world = sandbox.world();
        let world = &mut *world;
        world.faults.hit(&incoming.method, &incoming.path, &mut world.random)
    };
    if let Some(delay_ms) = fault.as_ref().and_then(|fault| fault.delay_ms) {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
    let reply = answer(&sandbox, &incoming, fault.as_ref());
    sandbox.wake.notify_one();
    let kind = fault.map(|fault| fault.kind);
    if kind == Some(FaultKind::Silent) {
        return std::future::pending().await;
    }
    http_response(reply, kind)
}

/// Answers the call, spoiled by the fault if there is one, and enters it into the book.
fn answer(sandbox: &Sandbox, incoming: &Incoming, fault: Option<&Fault>) -> Reply {
    let moment = sandbox.moment();
    let mut world = sandbox.world();
    let has_effect = fault.is_none_or(|fault| fault.when == When::After || fault.kind.is_right());
    let (mut reply, endpoint) = if has_effect {
        let served = gateway::serve(&mut world, incoming, moment, &sandbox.base_url);
        (served.reply, served.endpoint)
    } else {
        (Reply::text(500, ""), gateway::endpoint_of(incoming))
    };
    if let Some(fault) = fault {
        let request_id = world.next_request_id(moment.now);
        if let Some(spoiled) = fault.reply(&request_id, moment.machine) {
            reply = spoiled;
        }
    }
    world.calls.record(calls::Call {
        at: moment.now,
        method: incoming.method.clone(),
        path: incoming.path.clone(),
        endpoint,
        http_status: reply.status,
        code: reply.code,
        fault: fault.map(Fault::name),
    });
    reply
}

fn incoming_of(request: &HttpRequest, body: &web::Bytes) -> Incoming {
    let mut query = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
        query.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Incoming {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        query,
        media_type: header("content-type"),
        access_token: header("x-tts-access-token"),
        body: body.to_vec(),
    }
}

fn http_response(reply: Reply, fault: Option<FaultKind>) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in reply.headers {
        response.insert_header((name, value));
    }
    match fault {
        Some(FaultKind::Cut) => response.body(broken_body(Vec::new(), 1_000)),
        Some(FaultKind::Truncated) => {
            let length = reply.body.len().max(2);
            let half = reply.body[..reply.body.len() / 2].to_vec();
            response.body(broken_body(half, length))
        }
        Some(FaultKind::Trickled) => response.streaming(trickle(reply.body.into())),
        Some(FaultKind::HugeBody) => {
            let blanks = web::Bytes::from(vec![b' '; 1 << 20]);
            let right = stream::iter([Ok::<_, std::io::Error>(web::Bytes::from(reply.body))]);
            response.streaming(right.chain(stream::iter((0..40).map(move |_| Ok(blanks.clone())))))
        }
        _ => response.body(reply.body),
    }
}

/// A body that is announced with `length` bytes, gives `start`, and then breaks the connection.
///
/// Without a start the connection breaks before even the head of the answer has left.
fn broken_body(
    start: Vec<u8>,
    length: usize,
) -> SizedStream<impl Stream<Item = std::io::Result<web::Bytes>> + Unpin> {
    let has_start = !start.is_empty();
    let given = stream::iter(has_start.then(|| Ok(web::Bytes::from(start))));
    let broken = stream::once(async move {
        if has_start {
            // What was given so far must have left before the connection breaks.
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
    });
    SizedStream::new(length as u64, Box::pin(given.chain(broken)))
}
