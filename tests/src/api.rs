use anyhow::{Context, Result, ensure};
use leaks::Leaks;
use rand::SeedableRng;
use rand::distr::{Alphanumeric, SampleString};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::{Connection, Health, OrderSummary, Page, Session};
use tokio::sync::Mutex;

use crate::process::{LOGIN_EMAIL, LOGIN_PASSWORD};

/// orderbridge's REST API as a tool uses it; signs in again when its token ends.
#[derive(Debug)]
pub struct Api {
    http: reqwest::Client,
    /// Of processes with the same database.
    urls: Vec<String>,
    /// Decides which of them is asked.
    dice: std::sync::Mutex<SmallRng>,
    token: Mutex<Option<String>>,
}

impl Api {
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self::of_any([url.to_owned()], 0)
    }

    /// Asks any of these processes, as a balancer does: another one where nobody listens. Which one, the seed decides.
    #[must_use]
    pub fn of_any(urls: impl IntoIterator<Item = String>, seed: u64) -> Self {
        // A connection that waits in a pool may be closed by the server in the moment of its use.
        let http =
            reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("the settings are valid");
        let dice = std::sync::Mutex::new(SmallRng::seed_from_u64(seed));
        Self { http, urls: urls.into_iter().collect(), dice, token: Mutex::default() }
    }

    /// Sends a request to one of the processes.
    async fn ask(&self, request: impl Fn(&str) -> RequestBuilder) -> Result<Response> {
        let mut in_turn = self.urls.clone();
        in_turn.shuffle(&mut *self.dice.lock().expect("no holder panics"));
        let mut away = None;
        for url in in_turn {
            match request(&url).send().await {
                Err(error) if error.is_connect() => away = Some(error),
                answered => return Ok(answered?),
            }
        }
        Err(away.context("there is no process")?.into())
    }

    /// Sends a request below `/api/v1` and reads its JSON.
    ///
    /// # Errors
    /// When there is no answer, or one that is not a success.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T> {
        let mut answer = self.try_once(method.clone(), path, body).await?;
        if answer.0 == StatusCode::UNAUTHORIZED {
            *self.token.lock().await = None;
            answer = self.try_once(method, path, body).await?;
        }
        let (status, text) = answer;
        ensure!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).with_context(|| format!("{path}: {text}"))
    }

    async fn try_once(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, String)> {
        let token = self.token().await?;
        // Each call means what it says; a repeat after a lost answer would name the same key.
        let key = Alphanumeric.sample_string(&mut rand::rng(), 24);
        let request = |url: &str| {
            let request =
                self.http.request(method.clone(), format!("{url}/api/v1{path}")).bearer_auth(&token);
            match body {
                Some(body) => request.json(body).header("idempotency-key", &key),
                None => request,
            }
        };
        let response = self.ask(request).await?;
        let (status, text) = (response.status(), response.text().await?);
        let leaks = Leaks::of_secrets(&text);
        // A new key or webhook shows its secret this once.
        ensure!(leaks.is_empty() || status == StatusCode::CREATED, "{path} tells {leaks}");
        let shows_buyers = path.ends_with("/recipient") || path.ends_with("/labels");
        let leaks = Leaks::of_buyers(&text);
        ensure!(leaks.is_empty() || shows_buyers, "{path} tells {leaks}");
        Ok((status, text))
    }

    async fn token(&self) -> Result<String> {
        let mut token = self.token.lock().await;
        if let Some(token) = &*token {
            return Ok(token.clone());
        }
        let login = json!({ "email": LOGIN_EMAIL, "password": LOGIN_PASSWORD });
        let response = self.ask(|url| self.http.post(format!("{url}/api/v1/session")).json(&login)).await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "sign in: {status} {text}");
        let session: Session = serde_json::from_str(&text)?;
        Ok(token.insert(session.access_token).clone())
    }

    /// Reads something.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.send(Method::GET, path, None).await
    }

    /// Does something.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Every order, page by page.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub async fn all_orders(&self, filter: &str) -> Result<Vec<OrderSummary>> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page: Page<OrderSummary> =
                self.get(&format!("/orders?limit=100&sort=id&{filter}{after}")).await?;
            all.extend(page.items);
            match page.next_cursor.filter(|_| page.has_more) {
                Some(cursor) => after = format!("&after={cursor}"),
                None => return Ok(all),
            }
        }
    }

    /// How everything is doing.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub async fn health(&self) -> Result<Health> {
        self.get("/health").await
    }

    /// Opens the stream of live events.
    ///
    /// # Errors
    /// When there is no answer, or one that is not a success.
    pub async fn listen(&self) -> Result<reqwest::Response> {
        let token = self.token().await?;
        let request = |url: &str| self.http.get(format!("{url}/api/v1/events")).bearer_auth(&token);
        Ok(self.ask(request).await?.error_for_status()?)
    }

    /// All connections.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        self.get("/connections").await
    }

    /// Changes a connection.
    ///
    /// # Errors
    /// When there is no answer, or one that is not a success.
    pub async fn change_connection(&self, connection: &Connection, change: &Value) -> Result<()> {
        let token = self.token().await?;
        let request = |url: &str| {
            let request = self.http.patch(format!("{url}/api/v1/connections/{}", connection.id));
            request.bearer_auth(&token).header("if-match", format!("\"{}\"", connection.version)).json(change)
        };
        let response = self.ask(request).await?;
        let status = response.status();
        ensure!(status.is_success(), "changing a connection: {status} {}", response.text().await?);
        Ok(())
    }

    /// Pauses every connection that is there, so that an earlier run's does not disturb.
    ///
    /// # Errors
    /// As [`Api::change_connection`].
    pub async fn pause_connections(&self) -> Result<()> {
        for connection in self.connections().await? {
            self.change_connection(&connection, &json!({ "paused": true })).await?;
        }
        Ok(())
    }
}
