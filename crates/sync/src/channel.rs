//! TikTok Shop as one connection sees it: tokens that are renewed once for all, and reads that travel together.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use database::connections::{self, ConnectionRecord, Tokens};
use database::{Database, DbErr, leases};
use shared::{ConnectionId, ConnectionState, EventKind, Side};
use tiktok_shop::{AppCredentials, ReadOrder, Secret, Shop, ShopAccess, TokenClient};
use tokio::sync::oneshot;

use crate::attempts::{self, RawCall};
use crate::crash_points::{OutsideWrite, around, recorded};
use crate::engine::Engine;
use crate::side;

/// Tokens are renewed when they have less than this left.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(10);

/// How long one process may take to renew tokens before another one tries.
const RENEWAL_LEASE: TimeDelta = TimeDelta::seconds(60);

/// New tokens that cannot be stored are tried again this often, within the lease.
const TRIES_TO_STORE_TOKENS: u32 = 10;

/// TikTok Shop answers at most this many orders at once.
const ORDERS_PER_READ: usize = 50;

/// Why TikTok Shop could not be asked, or what it refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChannelFailure {
    #[error(transparent)]
    Channel(#[from] tiktok_shop::Error),
    #[error("database: {0}")]
    Database(String),
    /// Another process renews the tokens right now.
    #[error("the tokens are being renewed")]
    Renewing,
    /// The connection was deleted.
    #[error("the connection is gone")]
    Gone,
}

impl From<DbErr> for ChannelFailure {
    fn from(error: DbErr) -> Self {
        Self::Database(error.to_string())
    }
}

impl Engine {
    /// Does something in the connection's shop. Tokens near their end are renewed first; a token that TikTok Shop no
    /// longer takes is renewed once, and the call repeated once.
    pub(crate) async fn in_shop<T, F, R>(
        &self,
        connection: &ConnectionRecord,
        call: F,
    ) -> Result<T, ChannelFailure>
    where
        F: Fn(Shop) -> R,
        R: Future<Output = Result<T, tiktok_shop::Error>>,
    {
        let mut connection = connection.clone();
        if connection.tokens.access_token_expires_at < self.clock().now() + RENEW_BEFORE {
            connection = self.renew_tokens(&connection).await?;
        }
        let pulse = self.pulse(connection.id, Side::Channel);
        let asked = async |connection: &ConnectionRecord| {
            pulse.turn().await;
            let answer = call(self.shop(connection)).await;
            pulse.note(side::Answer::of_channel(&answer));
            answer
        };
        let answer = match asked(&connection).await {
            Err(tiktok_shop::Error::TokenExpired { .. }) => {
                connection = self.renew_tokens(&connection).await?;
                asked(&connection).await
            }
            answer => answer,
        };
        if let Err(tiktok_shop::Error::ReauthorizationNeeded { .. }) = answer {
            self.note_unauthorized(connection.id).await?;
        }
        Ok(answer?)
    }

    /// A whole page of a list has come, and the next one is asked for by the same call of [`Engine::in_shop`]: it counts as
    /// an answer, and the next one waits for its turn.
    pub(crate) async fn page_came(&self, connection: &ConnectionRecord) {
        let pulse = self.pulse(connection.id, Side::Channel);
        pulse.note(side::Answer::Given);
        pulse.turn().await;
    }

    fn shop(&self, connection: &ConnectionRecord) -> Shop {
        let client = tiktok_shop::Client::new(
            self.tiktok_http(),
            self.settings().tiktok_api_url.clone(),
            app_of(connection),
            self.clock(),
        );
        client.with_observer(attempts::channel_observer()).shop(ShopAccess {
            access_token: Secret::new(&connection.tokens.access_token),
            shop_cipher: connection.shop_cipher.clone(),
        })
    }

    /// Renews both tokens, unless another process has done so since `stale` was read; one process at a time, because a
    /// refresh token may die when it is used, and one for all connections of the app, because they may share it.
    async fn renew_tokens(&self, stale: &ConnectionRecord) -> Result<ConnectionRecord, ChannelFailure> {
        let name = format!("tokens:{}", stale.app_key);
        let _one_here = self.token_turn().lock().await;
        if let Some(renewed) = self.renewed_meanwhile(stale).await? {
            return Ok(renewed);
        }
        let database = self.database();
        let holder = &self.settings().instance;
        let Some(lease) = leases::acquire(database.writer(), &name, holder, RENEWAL_LEASE).await? else {
            return Err(ChannelFailure::Renewing);
        };
        let renewed = self.renew_under_lease(stale).await;
        leases::release(database.writer(), &lease).await?;
        renewed
    }

    async fn renewed_meanwhile(
        &self,
        stale: &ConnectionRecord,
    ) -> Result<Option<ConnectionRecord>, ChannelFailure> {
        let database = self.database();
        let current = connections::find(database.writer(), &database.vault, stale.id).await?;
        let current = current.ok_or(ChannelFailure::Gone)?;
        Ok((current.token_version != stale.token_version).then_some(current))
    }

    async fn renew_under_lease(&self, stale: &ConnectionRecord) -> Result<ConnectionRecord, ChannelFailure> {
        if let Some(renewed) = self.renewed_meanwhile(stale).await? {
            return Ok(renewed);
        }
        let client =
            TokenClient::new(self.tiktok_http(), self.settings().tiktok_auth_url.clone(), app_of(stale))
                .with_observer(attempts::channel_observer());
        let database = self.database();
        let refresh_token = Secret::new(&stale.tokens.refresh_token);
        let pair = match around(OutsideWrite::Tokens, client.refresh(&refresh_token)).await {
            Ok(pair) => pair,
            Err(error @ tiktok_shop::Error::ReauthorizationNeeded { .. }) => {
                self.note_unauthorized(stale.id).await?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        let tokens = Tokens {
            access_token: pair.access_token.expose().to_owned(),
            access_token_expires_at: pair.access_token_expires_at,
            refresh_token: pair.refresh_token.expose().to_owned(),
            refresh_token_expires_at: pair.refresh_token_expires_at,
        };
        self.store_tokens(stale, &tokens).await?;
        // TikTok Shop has ended the old ones.
        database.make_durable().await?;
        recorded(OutsideWrite::Tokens);
        let current = connections::find(database.writer(), &database.vault, stale.id).await?;
        current.ok_or(ChannelFailure::Gone)
    }

    /// Stores the new pair. The old one may be dead already, so a database that is away for a moment must not cost us both.
    async fn store_tokens(&self, stale: &ConnectionRecord, tokens: &Tokens) -> Result<(), DbErr> {
        let mut tries = 0;
        loop {
            match self.share_tokens(stale, tokens).await {
                Err(error) if tries < TRIES_TO_STORE_TOKENS => {
                    tracing::warn!(connection = %stale.id, %error, "the new tokens could not be stored yet");
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(500) * tries).await;
                }
                stored => return stored,
            }
        }
    }

    /// Gives the new pair to each connection that had the old one: an authorization may be for several shops of a seller.
    async fn share_tokens(&self, stale: &ConnectionRecord, tokens: &Tokens) -> Result<(), DbErr> {
        let Database { vault, .. } = self.database();
        let txn = self.database().begin().await?;
        for connection in connections::of_app(&txn, vault, &stale.app_key).await? {
            if connection.tokens.refresh_token == stale.tokens.refresh_token {
                connections::replace_tokens(&txn, vault, &connection, tokens).await?;
            }
        }
        txn.commit().await
    }

    /// Notes that the seller must authorize again, and tells the pages that are open.
    pub(crate) async fn note_unauthorized(&self, connection_id: ConnectionId) -> Result<(), DbErr> {
        let database = self.database();
        let now = self.clock().now();
        let txn = database.begin().await?;
        let (from, to) = (ConnectionState::Active, ConnectionState::Unauthorized);
        connections::set_state(&txn, connection_id, from, to, now).await?;
        database::events::record(&txn, EventKind::ConnectionUpdated, connection_id, None, now).await?;
        txn.commit().await
    }

    /// Reads one order whole. Reads that come at the same time travel in one request.
    pub(crate) async fn read_order(
        &self,
        connection: &ConnectionRecord,
        tiktok_order_id: &str,
    ) -> Result<Option<ReadOrder>, ChannelFailure> {
        let reader = self.order_reader(connection.id);
        reader.read(tiktok_order_id, |ids| self.read_orders(connection, ids)).await
    }

    async fn read_orders(
        &self,
        connection: &ConnectionRecord,
        ids: Vec<String>,
    ) -> Result<Vec<ReadOrder>, ChannelFailure> {
        let ids = &ids;
        self.in_shop(connection, |shop| async move {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            shop.orders(&ids).await
        })
        .await
    }
}

fn app_of(connection: &ConnectionRecord) -> AppCredentials {
    AppCredentials { app_key: connection.app_key.clone(), app_secret: Secret::new(&connection.app_secret) }
}

type Answer = Result<Option<ReadOrder>, ChannelFailure>;

/// An answer, and the calls that it took.
type Told = (Answer, Vec<Arc<RawCall>>);

/// Collects reads while one request is under way, and sends them together with the next one.
#[derive(Default)]
pub(crate) struct OrderReader {
    waiting: Mutex<VecDeque<(String, oneshot::Sender<Told>)>>,
    flight: tokio::sync::Mutex<()>,
}

impl OrderReader {
    async fn read<F, R>(&self, id: &str, call: F) -> Answer
    where
        F: Fn(Vec<String>) -> R,
        R: Future<Output = Result<Vec<ReadOrder>, ChannelFailure>>,
    {
        loop {
            let (sender, mut receiver) = oneshot::channel();
            self.waiting.lock().expect("no holder panics").push_back((id.to_owned(), sender));
            loop {
                // Whoever gets the flight answers for all who wait; the others find their answer when they get it.
                let _flight = self.flight.lock().await;
                match receiver.try_recv() {
                    Ok((answer, calls)) => {
                        attempts::heard(&calls, id);
                        return answer;
                    }
                    // The one who was to answer was stopped: ask again.
                    Err(oneshot::error::TryRecvError::Closed) => break,
                    Err(oneshot::error::TryRecvError::Empty) => self.fly(&call).await,
                }
            }
        }
    }

    async fn fly<F, R>(&self, call: &F)
    where
        F: Fn(Vec<String>) -> R,
        R: Future<Output = Result<Vec<ReadOrder>, ChannelFailure>>,
    {
        let batch: Vec<_> = {
            let mut waiting = self.waiting.lock().expect("no holder panics");
            let count = waiting.len().min(ORDERS_PER_READ);
            waiting.drain(..count).collect()
        };
        let mut ids: Vec<String> = batch.iter().map(|(id, _)| id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let (answer, calls) = attempts::apart(call(ids.clone())).await;
        // One order that cannot be read, or belongs to another shop, fails the request for all: then ask one by one.
        let one_by_one = ids.len() > 1
            && matches!(
                answer,
                Err(ChannelFailure::Channel(
                    tiktok_shop::Error::Unexpected { .. }
                        | tiktok_shop::Error::Denied { .. }
                        | tiktok_shop::Error::NotFound { .. }
                        | tiktok_shop::Error::Rejected { .. }
                        | tiktok_shop::Error::InvalidRequest { .. }
                ))
            );
        for (id, sender) in batch {
            let of_this = |answer: Result<Vec<ReadOrder>, ChannelFailure>| {
                answer.map(|orders| orders.into_iter().find(|read| read.order.id == id))
            };
            let told = if one_by_one {
                let (answer, own) = attempts::apart(call(vec![id.clone()])).await;
                (of_this(answer), [calls.clone(), own].concat())
            } else {
                (of_this(answer.clone()), calls.clone())
            };
            // Nobody waits for the answer any more when the job was stopped.
            drop(sender.send(told));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn reads_that_come_together_travel_together() {
        let reader = OrderReader::default();
        let requests = AtomicUsize::new(0);
        let call = |ids: Vec<String>| {
            requests.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::task::yield_now().await;
                let order = |id: &String| {
                    ReadOrder::from_raw(serde_json::json!({"id": id, "status": "UNPAID"}))
                        .expect("it is an order")
                };
                Ok(ids.iter().map(order).collect())
            }
        };

        let ids: Vec<_> = (0..120).map(|n| format!("{n}")).collect();
        let answers = futures::future::join_all(ids.iter().map(|id| reader.read(id, call))).await;

        for (id, answer) in ids.iter().zip(answers) {
            assert_eq!(answer.unwrap().unwrap().order.id, *id);
        }
        assert!(requests.load(Ordering::SeqCst) <= 4, "{requests:?}");
    }
}
