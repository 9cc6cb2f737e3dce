//! A store as this process sees it: its client, its facts, and whose turn it is to create an order.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use database::connections::ConnectionRecord;
use database::leases::{self, Lease};
use database::{ConnectionTrait, Database, DbErr};
use prestashop::{Client, ShopId, Timeouts, WebserviceKey};
use shared::OrderId;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::engine::Engine;
use crate::store_facts::{FactsCache, StoreFacts};

/// A turn ends by itself after this, should its holder die; while it is used, it is renewed at a quarter of it.
const TURN_LEASE: TimeDelta = TimeDelta::seconds(20);
const TURN_RENEWAL: Duration = Duration::from_secs(5);

/// How often, and how long between, another process's turn is waited for before the job steps back.
const TURN_TRIES: u32 = 100;
const TURN_PAUSE: Duration = Duration::from_millis(50);

/// One store, shared by all jobs of the process.
pub struct Store {
    pub client: Client,
    pub facts: FactsCache,
    /// What the client was made from; another address or key makes another store.
    made_from: (String, String, Option<i64>),
    creation: Arc<Mutex<()>>,
}

impl Store {
    /// The store of a connection, at the connection's address.
    #[must_use]
    pub fn new(
        http: reqwest::Client,
        url: Url,
        connection: &ConnectionRecord,
        observer: Arc<prestashop::Observer>,
        creation: Arc<Mutex<()>>,
        time_limit: TimeDelta,
    ) -> Self {
        let shop_id = connection.settings.store_shop_id.and_then(|id| u64::try_from(id).ok()).map(ShopId);
        let order_creation = time_limit.to_std().unwrap_or(Duration::ZERO);
        let timeouts = Timeouts { order_creation, ..Timeouts::default() };
        let client = Client::new(http, url, WebserviceKey::new(&connection.webservice_key), shop_id);
        let client = client.with_timeouts(timeouts);
        Self {
            client: client.with_observer(observer),
            facts: FactsCache::default(),
            made_from: Self::sources(connection),
            creation,
        }
    }

    /// What makes two connections share a store, and so its single file of creations.
    #[must_use]
    pub fn identity(connection: &ConnectionRecord) -> String {
        Self::identity_at(&connection.store_url)
    }

    /// The same of a store that is not connected yet, by its address.
    #[must_use]
    pub fn identity_at(store_url: &str) -> String {
        let url = Url::parse(store_url).map(|url| {
            let host = url.host_str().unwrap_or_default().to_lowercase();
            let port = url.port_or_known_default().unwrap_or_default();
            format!("{host}:{port}{}", url.path().trim_end_matches('/'))
        });
        url.unwrap_or_else(|_| store_url.to_owned())
    }

    /// Whether it was made for the connection as it is now.
    #[must_use]
    pub fn is_of(&self, connection: &ConnectionRecord) -> bool {
        self.made_from == Self::sources(connection)
    }

    fn sources(connection: &ConnectionRecord) -> (String, String, Option<i64>) {
        let ConnectionRecord { store_url, webservice_key, settings, .. } = connection;
        (store_url.clone(), webservice_key.clone(), settings.store_shop_id)
    }

    /// The facts that every import needs, and a client that knows the store's version.
    ///
    /// # Errors
    /// As the store answers.
    pub async fn facts(
        &self,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<(Arc<StoreFacts>, Client), prestashop::Error> {
        let facts = self.facts.facts(&self.client, now).await?;
        let client = match &facts.version {
            Some(version) => self.client.clone().with_version(version),
            None => self.client.clone(),
        };
        Ok((facts, client))
    }
}

/// The right to create one order in a store. Nobody else in any process has it meanwhile, unless this process sleeps for
/// longer than the lease: hence [`Turn::is_mine`] before anything that must not happen beside another's.
pub struct Turn {
    _here: OwnedMutexGuard<()>,
    lease: Lease,
    renewal: AbortOnDropHandle<()>,
}

impl Turn {
    /// Whether nobody has had the turn since, and makes it last again; on a transaction nobody takes it before that ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_mine(&self, db: &impl ConnectionTrait) -> Result<bool, DbErr> {
        leases::extend(db, &self.lease, TURN_LEASE).await
    }

    /// Notes that the order is asked for from here on, for as long as its request may run in the store; `None` while
    /// another's may. It outlives the turn: who dies or sleeps in the midst of the request loses the turn long before the
    /// store is done with it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_request(
        &self,
        db: &impl ConnectionTrait,
        order_id: OrderId,
        longest: TimeDelta,
    ) -> Result<Option<Request>, DbErr> {
        Ok(leases::acquire(db, &request_name(&self.lease.name), &order_id.to_string(), longest)
            .await?
            .map(Request))
    }

    /// Gives the turn to the next one.
    ///
    /// # Errors
    /// When the database fails; the turn then ends by itself.
    pub async fn end(self, database: &Database) -> Result<(), DbErr> {
        // A renewal that comes after the release would make the turn last again.
        drop(self.renewal);
        leases::release(database.writer(), &self.lease).await
    }
}

/// A request for an order that may be running in a store.
pub struct Request(Lease);

impl Request {
    /// The store has answered, or was never asked; or nobody waits for its answer any more, and another order may be
    /// made before what became of this one is known.
    ///
    /// # Errors
    /// When the database fails; it then ends by itself.
    pub async fn end(self, database: &Database) -> Result<(), DbErr> {
        leases::release(database.writer(), &self.0).await
    }
}

fn request_name(turn: &str) -> String {
    format!("{turn}:request")
}

/// The request for this order is over, whoever made it, for the order is there.
///
/// # Errors
/// When the database fails.
pub(crate) async fn end_request_of(
    db: &impl ConnectionTrait,
    connection: &ConnectionRecord,
    order_id: OrderId,
) -> Result<(), DbErr> {
    let name = request_name(&turn_name(connection));
    // Its holder may take it again, here for no time at all.
    leases::acquire(db, &name, &order_id.to_string(), TimeDelta::zero()).await.map(drop)
}

fn turn_name(connection: &ConnectionRecord) -> String {
    format!("store-orders:{}", Store::identity(connection))
}

impl Engine {
    /// Waits for the turn to create an order in a store; `None` when another process keeps it for long.
    pub(crate) async fn creation_turn(
        &self,
        store: &Store,
        connection: &ConnectionRecord,
    ) -> Result<Option<Turn>, DbErr> {
        let here = Arc::clone(&store.creation).lock_owned().await;
        let name = turn_name(connection);
        let holder = &self.settings().instance;
        for _ in 0..TURN_TRIES {
            let lease = leases::acquire(self.database().writer(), &name, holder, TURN_LEASE).await?;
            if let Some(lease) = lease {
                let renewal = AbortOnDropHandle::new(tokio::spawn(renew(self.clone(), lease.clone())));
                return Ok(Some(Turn { _here: here, lease, renewal }));
            }
            tokio::time::sleep(TURN_PAUSE).await;
        }
        Ok(None)
    }
}

/// Keeps a turn as long as it is used, whatever the store takes for an order, unless another process has taken it.
async fn renew(engine: Engine, lease: Lease) {
    loop {
        tokio::time::sleep(TURN_RENEWAL).await;
        match leases::extend(engine.database().writer(), &lease, TURN_LEASE).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(lease = lease.name, "the turn was lost while it was used");
                return;
            }
            Err(error) => tracing::warn!(%error, "the turn could not be renewed"),
        }
    }
}
