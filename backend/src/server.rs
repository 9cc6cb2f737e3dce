//! The running program: built once, for `main` and for tests.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use anyhow::Context;
use clock::SharedClock;
use database::{Database, Vault};
use public_address::Resolver;
use sync::{Engine, EngineSettings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_actix_web::TracingLogger;

use crate::app::{self, AppState};
use crate::config::Config;
use crate::middleware::{RequestSpan, authenticate, headers, keep_promises, problems};
use crate::{api_docs, auth, page};

/// Requests that are being answered get this long when the program ends.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
/// Before a worker that could not start tries again.
const WORKER_PAUSE: Duration = Duration::from_secs(5);
/// A client that sends its headers slower than this is cut off.
const HEADER_LIMIT: Duration = Duration::from_secs(10);
/// Bodies that no handler reads end here.
const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// What the program does in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duties {
    /// API and worker.
    All,
    /// The API alone.
    Serve,
    /// The worker alone.
    Work,
}

/// A running program.
pub struct Server {
    /// Where it listens; `None` when it only works.
    pub address: Option<SocketAddr>,
    pub database: Database,
    pub engine: Engine,
    http: Option<(ServerHandle, JoinHandle<std::io::Result<()>>)>,
    drain: Duration,
    tasks: Vec<JoinHandle<()>>,
    shutdown: CancellationToken,
}

impl Server {
    /// Starts the program; it listens when this returns.
    ///
    /// # Errors
    /// When the database cannot be opened, or the address cannot be listened to.
    pub async fn start(config: Config, clock: SharedClock, duties: Duties) -> anyhow::Result<Self> {
        let vault = Vault::with_previous(&config.master_key, &config.previous_keys);
        let database = Database::connect(&config.database_url, vault, clock).await?;
        let settings = EngineSettings {
            tiktok_api_url: config.tiktok_api_url.clone(),
            tiktok_auth_url: config.tiktok_auth_url.clone(),
            instance: uuid::Uuid::new_v4().to_string(),
            store_time_limit: config.store_time_limit,
            destinations: config.destinations,
            names: Resolver::new(config.destinations),
            store_observer: None,
        };
        let engine = Engine::new(database.clone(), settings.clone())?;
        let shutdown = CancellationToken::new();
        let mut tasks = Vec::new();
        let mut http = None;
        let mut address = None;
        let drain = config.drain;

        if duties != Duties::Work {
            let setup_link = auth::offer_setup(&database, &config).await?;
            let wanted = config.address;
            let state = AppState::new(
                config,
                database.clone(),
                engine.clone(),
                settings,
                tiktok_shop::http_client()?,
                shutdown.clone(),
            );
            let live = state.live.clone();
            let (listening, server) =
                listen(Data::new(state)).with_context(|| format!("--address: cannot listen at {wanted}"))?;
            address = Some(listening);
            if let Some(link) = setup_link {
                // To the terminal, not to the log, which others may read.
                println!("Nobody can sign in yet. Create the first admin here, once:\n\n    {link}\n");
            }
            http = Some((server.handle(), tokio::spawn(server)));
            let (database, shutdown) = (database.clone(), shutdown.clone());
            tasks.push(tokio::spawn(async move { live.run(database, shutdown).await }));
        }
        if duties != Duties::Serve {
            let (engine, shutdown) = (engine.clone(), shutdown.clone());
            tasks.push(tokio::spawn(work(engine, shutdown)));
        }
        Ok(Self { address, database, engine, http, drain, tasks, shutdown })
    }

    /// Ends the program: open streams at once, requests and jobs when they are done, but not much later. While it drains,
    /// it says that it is not ready and takes requests all the same.
    pub async fn stop(self) {
        self.shutdown.cancel();
        if let Some((handle, server)) = self.http {
            tokio::time::sleep(self.drain).await;
            handle.stop(true).await;
            drop(server.await);
        }
        for task in self.tasks {
            drop(task.await);
        }
    }

    /// Waits until the program ends by itself, which it does only when it fails.
    ///
    /// # Errors
    /// Why the listener failed.
    pub async fn failed(&mut self) -> anyhow::Result<()> {
        match &mut self.http {
            Some((_, server)) => Ok(server.await??),
            None => std::future::pending().await,
        }
    }
}

/// Works until the program ends, also when the database is away for a while at the start.
async fn work(engine: Engine, shutdown: CancellationToken) {
    while let Err(error) = engine.run(shutdown.clone()).await {
        tracing::error!(%error, "the worker could not start; it tries again");
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(WORKER_PAUSE) => {}
        }
    }
}

fn listen(state: Data<AppState>) -> std::io::Result<(SocketAddr, actix_web::dev::Server)> {
    let address = state.config.address;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT_BYTES))
            .service(web::scope(app::API).configure(app::api))
            .configure(app::routes)
            .configure(api_docs::routes)
            .default_service(web::to(page::everything_else))
            // The last one wraps all others.
            .wrap(from_fn(keep_promises))
            .wrap(from_fn(authenticate))
            .wrap(from_fn(problems))
            .wrap(Compress::default())
            .wrap(from_fn(headers))
            .wrap(TracingLogger::<RequestSpan>::new())
    })
    .client_request_timeout(HEADER_LIMIT)
    .shutdown_timeout(LAST_ANSWERS.as_secs())
    // Who starts the program decides what ends it.
    .disable_signals()
    .bind(address)?;
    let listening = server.addrs().first().copied().unwrap_or(address);
    Ok((listening, server.run()))
}
