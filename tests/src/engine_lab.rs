use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::{TimeDelta, Timelike};
use clock::{Clock, SharedClock, ShiftedClock, SystemClock};
use database::connections::{self, ConnectionRecord, NewConnection, Tokens};
use database::{ConnectionTrait, Database, MasterKey, Vault, orders};
use leaks::LogWatch;
use public_address::{Destinations, Resolver};
use sandbox::{prestashop, tiktok};
use serde_json::json;
use shared::{ConnectionId, ConnectionSettings, TikTokOrderId};
use sync::{Engine, EngineSettings, jobs};
use test_database::TestDatabase;
use tiktok_shop::{AppCredentials, Secret, TokenClient};

use crate::sandboxes::Sandboxes;

/// How a lab is set up.
pub struct LabOptions {
    pub tiktok: tiktok::Options,
    pub prestashop: prestashop::Options,
    pub settings: ConnectionSettings,
    /// For engines with clocks of their own, which go by the time of the world.
    pub in_real_time: bool,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self {
            tiktok: tiktok::Options { hold_seconds: 3_600, ..tiktok::Options::default() },
            prestashop: prestashop::Options::default(),
            settings: ConnectionSettings {
                import_placed_since: Some(SystemClock::shared().now() - IMPORTED_SINCE),
                ..ConnectionSettings::default()
            },
            in_real_time: false,
        }
    }
}

/// Everything that the sandboxes place is placed later. A longer time would only take the first poll longer.
const IMPORTED_SINCE: TimeDelta = TimeDelta::days(7);

/// The nightly comparison begins at one o'clock. A lab that began a few hours earlier would meet it in the midst of a test.
const LATE: u32 = 20;
const UNTIL_AFTER_THE_NIGHT: TimeDelta = TimeDelta::hours(6);

/// Moves the clocks of all three parts.
async fn move_clocks(clock: &ShiftedClock, sandboxes: &Sandboxes, by: TimeDelta) -> Result<()> {
    clock.advance(by);
    sandboxes.channel.clock.advance(by);
    sandboxes.store.clock.advance(by);
    let ahead = json!({ "gateway_ahead_seconds": clock.offset().num_seconds() });
    sandboxes.channel_control.post("/clock", &ahead).await.map(drop)
}

/// An engine on a fresh database between both sandboxes, stepped by hand; its clock moves with the sandboxes'.
pub struct EngineLab {
    pub sandboxes: Sandboxes,
    pub database: Database,
    pub engine: Engine,
    pub connection_id: ConnectionId,
    clock: Arc<ShiftedClock>,
    test_database: TestDatabase,
    _log: LogWatch,
}

impl EngineLab {
    /// Starts everything and connects the shops.
    ///
    /// # Errors
    /// When a part cannot be started.
    pub async fn start(test_database: TestDatabase, options: LabOptions) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let log = LogWatch::begin();
        let sandboxes = Sandboxes::start(options.tiktok, options.prestashop).await?;
        let clock = Arc::new(ShiftedClock::default());
        let is_late = clock.now().hour() >= LATE || clock.now().hour() == 0;
        if is_late && !options.in_real_time {
            move_clocks(&clock, &sandboxes, UNTIL_AFTER_THE_NIGHT).await?;
        }
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&test_database.url, vault, clock.clone()).await?;
        let connection_id = connect_shops(&database, &sandboxes, options.settings).await?;
        let engine = Engine::new(database.clone(), engine_settings(&sandboxes, "lab")?)?;
        Ok(Self { sandboxes, database, engine, connection_id, clock, test_database, _log: log })
    }

    /// Another engine on the same database, as a second process would be.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn another_engine(&self, instance: &str) -> Result<Engine> {
        self.engine_with(instance, self.clock.clone()).await
    }

    /// Another engine on the same database, with a clock of its own.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn engine_with(&self, instance: &str, clock: SharedClock) -> Result<Engine> {
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&self.test_database.url, vault, clock).await?;
        Ok(Engine::new(database, engine_settings(&self.sandboxes, instance)?)?)
    }

    /// Lets an engine with other settings take over.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn set_engine(&mut self, change: impl FnOnce(&mut EngineSettings)) -> Result<()> {
        let mut settings = engine_settings(&self.sandboxes, "changed lab")?;
        change(&mut settings);
        self.engine = Engine::new(self.database.clone(), settings)?;
        Ok(())
    }

    /// Connects the same shop to another store too, as the shop of somebody else would be.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connect_another_store(&self, store: &prestashop::Running) -> Result<ConnectionId> {
        let known = self.connection().await?;
        let connection = NewConnection {
            name: "Another".to_owned(),
            app_key: known.app_key,
            app_secret: known.app_secret,
            shop_id: format!("{}0", known.shop_id),
            shop_name: known.shop_name,
            shop_cipher: known.shop_cipher,
            region: known.region,
            tokens: known.tokens,
            store_url: store.shop_url.clone(),
            webservice_key: store.key.clone(),
            settings: known.settings,
        };
        let now = self.clock.now();
        let Database { vault, .. } = &self.database;
        Ok(connections::create(self.database.writer(), vault, "another", connection, now).await?)
    }

    /// `sqlite` or `postgres`, for messages.
    #[must_use]
    pub fn database_name(&self) -> &'static str {
        self.test_database.name
    }

    /// Polls TikTok Shop and does everything that follows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn poll(&self) -> Result<()> {
        let now = self.clock.now();
        let txn = self.database.begin().await?;
        jobs::enqueue_periodic(&txn, self.connection_id, now).await?;
        txn.commit().await?;
        self.run_due().await
    }

    /// Does everything that is due now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_due(&self) -> Result<()> {
        self.engine.run_due().await?;
        Ok(())
    }

    /// Moves the time of all three sides, and of TikTok Shop's gateway, without doing anything.
    ///
    /// The database's clock cannot be moved: what is measured on it is made older instead.
    ///
    /// # Errors
    /// When a sandbox or the database does not answer.
    pub async fn advance(&self, by: TimeDelta) -> Result<()> {
        let measured_by_the_database =
            [("jobs", "lease_until"), ("leases", "until"), ("import_intents", "posted_at")];
        for (table, column) in measured_by_the_database {
            let older = format!("UPDATE {table} SET {column} = {column} - {}", by.num_milliseconds());
            self.database.writer().execute_unprepared(&older).await?;
        }
        move_clocks(&self.clock, &self.sandboxes, by).await
    }

    /// One order as it is recorded.
    ///
    /// # Errors
    /// When it is not recorded.
    pub async fn order(&self, tiktok_order_id: &str) -> Result<orders::OrderRow> {
        let id = TikTokOrderId(tiktok_order_id.to_owned());
        let order = orders::find_for_update(self.database.writer(), self.connection_id, &id).await?;
        order.with_context(|| format!("order {tiktok_order_id} is not recorded"))
    }

    /// The codes of an order's open issues.
    ///
    /// # Errors
    /// When it is not recorded.
    pub async fn open_issues(&self, tiktok_order_id: &str) -> Result<Vec<String>> {
        let order = self.order(tiktok_order_id).await?;
        let open = database::issues::open_of(self.database.writer(), shared::OrderId(order.id)).await?;
        Ok(open.into_iter().map(|issue| issue.code).collect())
    }

    /// The connection as it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection(&self) -> Result<ConnectionRecord> {
        let found =
            connections::find(self.database.writer(), &self.database.vault, self.connection_id).await?;
        found.context("the connection is gone")
    }
}

fn engine_settings(sandboxes: &Sandboxes, instance: &str) -> Result<EngineSettings> {
    Ok(EngineSettings {
        tiktok_api_url: sandboxes.channel.api_url.parse()?,
        tiktok_auth_url: sandboxes.channel.api_url.parse()?,
        instance: instance.to_owned(),
        store_time_limit: TimeDelta::seconds(120),
        // The sandboxes are on this machine.
        destinations: Destinations::Anywhere,
        names: Resolver::new(Destinations::Anywhere),
        store_observer: None,
    })
}

/// Exchanges the sandbox's code for tokens and stores the connection, as the connection page does.
async fn connect_shops(
    database: &Database,
    sandboxes: &Sandboxes,
    settings: ConnectionSettings,
) -> Result<ConnectionId> {
    let options = &sandboxes.tiktok_options;
    let app =
        AppCredentials { app_key: options.app_key.clone(), app_secret: Secret::new(&options.app_secret.0) };
    let http = tiktok_shop::http_client()?;
    let url: url::Url = sandboxes.channel.api_url.parse()?;
    let pair = TokenClient::new(http.clone(), url.clone(), app.clone())
        .get(&Secret::new(&options.auth_code))
        .await?;
    let client = tiktok_shop::Client::new(http, url, app.clone(), database.clock.clone());
    let shops = client.authorized_shops(&pair.access_token).await?;
    let shop = shops.into_iter().next().context("no shop is authorised")?;
    let connection = NewConnection {
        name: "Lab".to_owned(),
        app_key: app.app_key,
        app_secret: app.app_secret.expose().to_owned(),
        shop_id: shop.id,
        shop_name: shop.name,
        shop_cipher: shop.cipher,
        region: shop.region,
        tokens: Tokens {
            access_token: pair.access_token.expose().to_owned(),
            access_token_expires_at: pair.access_token_expires_at,
            refresh_token: pair.refresh_token.expose().to_owned(),
            refresh_token_expires_at: pair.refresh_token_expires_at,
        },
        store_url: sandboxes.store.shop_url.clone(),
        webservice_key: sandboxes.store.key.clone(),
        settings,
    };
    let now = database.clock.now();
    Ok(connections::create(database.writer(), &database.vault, "lab", connection, now).await?)
}
