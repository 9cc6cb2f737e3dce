#![doc = include_str!("README.md")]

mod admission;
mod answer;
mod auth;
mod control;
mod faults;
mod geography;
mod order_creation;
#[cfg(test)]
mod order_tests;
mod prices;
mod query;
mod read;
mod record;
mod render;
mod resources;
mod saving;
mod schema;
mod seed;
mod server;
mod shop;
mod shop_demo;
mod shop_recorded;
mod sorting;
mod states;
mod stock;
mod time_zone;
mod validators;
mod version;
mod view;
mod wire;
mod write;
pub mod xml;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::web::{Data, PayloadConfig, to};
use actix_web::{App, HttpServer};
use anyhow::Context;
use clock::ShiftedClock;
use url::Url;

pub use auth::Key;
pub use faults::{Fault, FaultKind};
pub use shop_recorded::{DISABLED_KEY, FULL_KEY, READ_ONLY_KEY};
pub use time_zone::TimeZone;
pub use version::Version;

use server::Server;
use shop::Shop;

/// The key of the demo shop unless another one is given: 32 characters, as the shop wants them.
pub const DEMO_KEY: &str = "SANDBOX0SANDBOX0SANDBOX0SANDBOX0";

/// Which shop the server plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ShopKind {
    /// The shop that the recordings were made with.
    Recorded,
    /// The shop of the sandbox's own catalogue.
    Demo,
}

/// How to start a shop.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7781")]
    pub address: SocketAddr,
    /// Version of the shop: 9.1.4 or 8.1.0.
    #[arg(long, default_value = "9.1.4")]
    pub version: Version,
    /// Which shop.
    #[arg(long, value_enum, default_value = "demo")]
    pub shop: ShopKind,
    /// Key of the webservice with all rights, 32 characters.
    #[arg(long)]
    pub key: Option<String>,
    /// The shop's own address, which the Host header has to match; without it the address it listens on.
    #[arg(long)]
    pub shop_url: Option<Url>,
    /// How long an order POST takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub order_post_ms: u64,
    /// How long every other call takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub call_ms: u64,
    /// Seed of references, keys and failures.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            version: Version::V9_1_4,
            shop: ShopKind::Demo,
            key: None,
            shop_url: None,
            order_post_ms: 0,
            call_ms: 0,
            seed: 1,
        }
    }
}

/// A shop that is up.
#[derive(Debug)]
pub struct Running {
    /// The shop's address, as the connector needs it, without a slash at the end.
    pub shop_url: String,
    /// Where the control API is: `<control_url>/orders` and so on.
    pub control_url: String,
    /// A key with all rights.
    pub key: String,
    /// The business clock of the shop.
    pub clock: Arc<ShiftedClock>,
    handle: ServerHandle,
}

impl Running {
    /// Stops the server and waits for requests that are being answered.
    pub async fn stop(self) {
        self.handle.stop(true).await;
    }
}

/// Starts a shop in the background of the current Tokio runtime.
///
/// # Errors
/// The address is in use.
///
/// # Panics
/// Outside of a Tokio runtime.
pub async fn start(options: Options) -> anyhow::Result<Running> {
    let listener = TcpListener::bind(options.address)
        .with_context(|| format!("cannot listen on {}", options.address))?;
    let address = listener.local_addr().context("a bound socket has an address")?;
    let shop_url = options
        .shop_url
        .as_ref()
        .map_or_else(|| format!("http://{address}"), |url| url.as_str().trim_end_matches('/').to_owned());
    let clock = Arc::new(ShiftedClock::default());
    let mut shop = Shop::new(options.version, shop_url.clone(), Arc::clone(&clock), options.seed);
    let key = match options.shop {
        ShopKind::Recorded => {
            shop_recorded::fill(&mut shop);
            if let Some(key) = &options.key {
                shop.keys.push(Key::full(key));
            }
            options.key.unwrap_or_else(|| FULL_KEY.to_owned())
        }
        ShopKind::Demo => {
            let key = options.key.unwrap_or_else(|| DEMO_KEY.to_owned());
            shop_demo::fill(&mut shop, &key);
            key
        }
    };
    shop.settings.order_post_ms = options.order_post_ms;
    shop.settings.call_ms = options.call_ms;
    let data = Data::new(Server::new(shop, options.seed));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(PayloadConfig::new(64 << 20))
            .configure(control::routes)
            .default_service(to(server::handle))
    })
    .workers(2)
    .disable_signals()
    .shutdown_timeout(2)
    .listen(listener)
    .context("cannot serve")?
    .run();
    let handle = server.handle();
    tokio::spawn(server);
    tracing::info!(shop_url, version = %options.version, "the shop is open");
    Ok(Running { shop_url, control_url: format!("http://{address}/control"), key, clock, handle })
}
