//! A running server, and how tests speak with it.

use std::sync::Arc;

use backend::auth::{Passwords, ThrottlePolicy};
use backend::config::{Config, Settings};
use backend::server::{Duties, Server};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use clock::{Clock, ShiftedClock};
use database::connections::{self, ConnectionRecord, NewConnection, Tokens};
use database::orders::{self, LineSnapshot, OrderSnapshot, PaymentRowRecord};
use database::recipients::RecipientRecord;
use database::{Database, MasterKey, users};
use job_queue::{WakeUp, Worker, WorkerSettings};
use leaks::LogWatch;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use shared::{
    ChannelStatus, ConnectionId, ConnectionSettings, FulfillmentType, OrderId, Role, Scope, TikTokOrderId,
};
use test_database::TestDatabase;

pub const PASSWORD: &str = "violet tram seven";
pub const APP_KEY: &str = "6a4b2c";
pub const APP_SECRET: &str = "planted-app-secret";

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

pub struct TestApp {
    pub base: String,
    pub database: Database,
    pub clock: Arc<ShiftedClock>,
    pub master_key: MasterKey,
    http: reqwest::Client,
    server: Server,
    _folder: tempfile::TempDir,
    _store: TestDatabase,
    _log: LogWatch,
}

/// A server on each database that there is here.
pub async fn apps() -> Vec<TestApp> {
    apps_with(&[]).await
}

/// A server on each database that there is here, with further arguments.
pub async fn apps_with(arguments: &[&str]) -> Vec<TestApp> {
    let mut apps = Vec::new();
    for database in test_database::databases().await {
        apps.push(TestApp::start(database, arguments).await);
    }
    apps
}

/// A server on SQLite, for what does not depend on the database.
pub async fn app() -> TestApp {
    app_with(&[]).await
}

/// A server on SQLite with further arguments.
pub async fn app_with(arguments: &[&str]) -> TestApp {
    TestApp::start(test_database::sqlite(), arguments).await
}

/// A server on SQLite, configured further.
pub async fn app_configured(change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::start_configured(test_database::sqlite(), &[], change).await
}

impl TestApp {
    async fn start(store: TestDatabase, arguments: &[&str]) -> Self {
        Self::start_configured(store, arguments, |config| config.open_api_docs = true).await
    }

    async fn start_configured(
        store: TestDatabase,
        arguments: &[&str],
        change: impl FnOnce(&mut Config),
    ) -> Self {
        // Every test of the process comes by; the first one installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let log = LogWatch::begin();
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().to_str().unwrap();
        let own =
            ["orderbridge", "--address", "127.0.0.1:0", "--data-dir", data_dir, "--database-url", &store.url];
        let settings = Arguments::parse_from(own.iter().chain(arguments)).settings;
        let mut config = Config::load(settings).unwrap();
        config.throttle =
            ThrottlePolicy { longest_pause: std::time::Duration::ZERO, ..ThrottlePolicy::default() };
        change(&mut config);
        let clock = Arc::new(ShiftedClock::default());
        let master_key = config.master_key.clone();
        let server = Server::start(config, clock.clone(), Duties::Serve).await.unwrap();
        Self {
            base: format!("http://{}", server.address.unwrap()),
            database: server.database.clone(),
            clock,
            master_key,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            server,
            _folder: folder,
            _store: store,
            _log: log,
        }
    }

    /// Does the work of one kind that is due, and no other: most kinds ask the outside.
    pub async fn work_on(&self, kind: &'static str) {
        let settings = WorkerSettings { kinds: vec![kind], ..WorkerSettings::new("test".to_owned()) };
        let (database, engine) = (self.database.writer().clone(), self.server.engine.clone());
        let worker = Worker::new(database, self.clock.clone(), engine, WakeUp::default(), settings);
        while worker.run_due_once().await.unwrap() > 0 {}
    }

    /// Does all work that is due.
    pub async fn work(&self) {
        self.server.engine.run_due().await.unwrap();
    }

    /// The engine, for tests that let it run by itself.
    pub fn engine(&self) -> sync::Engine {
        self.server.engine.clone()
    }

    pub async fn stop(self) {
        self.server.stop().await;
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Somebody with this role, signed in.
    pub async fn sign_in_as(&self, role: Role) -> Person {
        let email = format!("{role}@example.com");
        self.create_user(&email, role).await;
        Person::of(self.sign_in(&email, PASSWORD).await).await
    }

    /// A key of this person's, for all connections or for some.
    pub async fn key(
        &self,
        owner: &Person,
        scopes: &[Scope],
        connections: Option<&[ConnectionId]>,
    ) -> Person {
        let body = json!({
            "name": "Tool", "scopes": scopes, "connections": connections,
            "expires_at": self.now() + TimeDelta::days(30)
        });
        let (status, new) = answer(self.post("/api/v1/api-keys").by(owner).json(&body)).await;
        assert_eq!(status, 201, "{new}");
        Person { token: new["secret"].as_str().unwrap().to_owned(), cookie: String::new() }
    }

    pub async fn create_user(&self, email: &str, role: Role) {
        let hash = Passwords::new().hash(PASSWORD.to_owned()).await.unwrap();
        users::create(self.database.writer(), email, &hash, role, self.now()).await.unwrap();
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Response {
        let body = json!({ "email": email, "password": password });
        self.post("/api/v1/session").json(&body).send().await.unwrap()
    }

    /// A connection for orders to belong to.
    pub async fn connect(&self, shop_id: &str) -> ConnectionRecord {
        let new = NewConnection {
            name: format!("Shop {shop_id}"),
            app_key: APP_KEY.to_owned(),
            app_secret: APP_SECRET.to_owned(),
            shop_id: shop_id.to_owned(),
            shop_name: Some("Maison".to_owned()),
            shop_cipher: "cipher".to_owned(),
            region: Some("FR".to_owned()),
            tokens: Tokens {
                access_token: "planted-access-token".to_owned(),
                access_token_expires_at: self.now() + TimeDelta::days(7),
                refresh_token: "planted-refresh-token".to_owned(),
                refresh_token_expires_at: self.now() + TimeDelta::days(365),
            },
            store_url: "https://shop.example/".to_owned(),
            webservice_key: "WEBSERVICEKEYWEBSERVICEKEY123456".to_owned(),
            settings: ConnectionSettings::default(),
        };
        let vault = &self.database.vault;
        let id =
            connections::create(self.database.writer(), vault, &format!("uid-{shop_id}"), new, self.now())
                .await
                .unwrap();
        connections::find(self.database.reader(), vault, id).await.unwrap().unwrap()
    }

    /// Records an order as the sync does.
    pub async fn record(&self, connection: &ConnectionRecord, snapshot: &OrderSnapshot) -> OrderId {
        let txn = self.database.begin().await.unwrap();
        let recorded = orders::record_snapshot(&txn, &self.database.vault, connection, snapshot, self.now())
            .await
            .unwrap();
        orders::derive_status(&txn, recorded.id, self.now()).await.unwrap();
        txn.commit().await.unwrap();
        recorded.id
    }
}

/// Somebody who is signed in, or a key, which has no cookie.
pub struct Person {
    pub token: String,
    pub cookie: String,
}

impl Person {
    pub async fn of(response: Response) -> Self {
        assert!(response.status().is_success(), "{}", response.status());
        let cookie = cookie_of(&response).unwrap();
        let session: Value = response.json().await.unwrap();
        Self { token: session["access_token"].as_str().unwrap().to_owned(), cookie }
    }
}

/// The refresh cookie that an answer sets, as it is sent back.
pub fn cookie_of(response: &Response) -> Option<String> {
    let set = response.headers().get("set-cookie")?.to_str().unwrap();
    Some(set.split(';').next().unwrap().to_owned())
}

pub trait As {
    fn by(self, person: &Person) -> Self;
    fn refreshing(self, cookie: &str) -> Self;
}

impl As for RequestBuilder {
    fn by(self, person: &Person) -> Self {
        self.bearer_auth(&person.token)
    }

    fn refreshing(self, cookie: &str) -> Self {
        self.header("cookie", cookie).header("x-orderbridge", "1")
    }
}

/// Sends a request and reads its JSON, whatever the status.
pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// An order of one candle.
pub fn order(tiktok_order_id: &str, placed_at: DateTime<Utc>) -> OrderSnapshot {
    OrderSnapshot {
        tiktok_order_id: TikTokOrderId(tiktok_order_id.to_owned()),
        channel_status: ChannelStatus::AwaitingShipment,
        channel_updated_at: placed_at,
        fulfillment_type: FulfillmentType::Merchant,
        special: Vec::new(),
        currency: "EUR".to_owned(),
        total: "46.89".parse().unwrap(),
        expected_store_total: "46.89".parse().unwrap(),
        placed_at,
        paid_at: Some(placed_at),
        ship_by: None,
        country: Some("FR".to_owned()),
        lines: vec![line("line-1", "CANDLE-FIG", "Scented candle, fig")],
        recipient: Some(recipient()),
        payment_rows: vec![PaymentRowRecord {
            label: "Total".to_owned(),
            amount: "46.89".parse().unwrap(),
            is_total: true,
        }],
        payment_method: Some("CARD".to_owned()),
        delivery_option: Some("Standard".to_owned()),
        buyer_message: Some("Ring at Durand's".to_owned()),
        cancel_reason: None,
        raw: json!({ "id": tiktok_order_id, "update_time": placed_at.timestamp() }),
    }
}

pub fn line(id: &str, sku: &str, title: &str) -> LineSnapshot {
    LineSnapshot {
        tiktok_line_item_id: id.to_owned(),
        sku_id: format!("sku-of-{sku}"),
        seller_sku: Some(sku.to_owned()),
        product_name: title.to_owned(),
        sku_name: None,
        image: None,
        original_price: "46.89".parse().unwrap(),
        seller_discount: "0".parse().unwrap(),
        platform_discount: "0".parse().unwrap(),
        sale_price: "46.89".parse().unwrap(),
        is_gift: false,
        is_bundle: false,
        status: "AWAITING_SHIPMENT".to_owned(),
        package_id: None,
        package_status: None,
        tracking_number: None,
        carrier: None,
        expected_store: Some("46.89".parse().unwrap()),
    }
}

pub fn recipient() -> RecipientRecord {
    serde_json::from_value(json!({
        "name": "Camille Durand",
        "first_name": "Camille",
        "last_name": "Durand",
        "phone": "+33612345678",
        "email": "v1b2c3@scs.tiktok.com",
        "lines": ["12 rue des Lilas"],
        "postal_code": "75011",
        "city": "Paris",
        "region": "Île-de-France",
        "districts": [],
        "country": "FR",
        "masked": false
    }))
    .unwrap()
}

/// Random numbers that are the same in each run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn roll(&mut self, sides: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}
