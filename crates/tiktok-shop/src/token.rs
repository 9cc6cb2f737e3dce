//! The seller's consent and the tokens that come of it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::Url;

use crate::error::Effect;
use crate::{AppCredentials, Error, Observer, Secret, transport, wire};

/// Gets and refreshes tokens. App secret and refresh token travel in the URL, so no URL is ever shown.
#[derive(Debug, Clone)]
pub struct TokenClient {
    http: reqwest::Client,
    auth_url: Url,
    app: AppCredentials,
    observer: Option<Observer>,
}

impl TokenClient {
    /// `auth_url` is the host of tokens, as in `https://auth.tiktok-shops.com`.
    #[must_use]
    pub fn new(http: reqwest::Client, auth_url: Url, app: AppCredentials) -> Self {
        Self { http, auth_url, app, observer: None }
    }

    /// Tells the observer about every call.
    #[must_use]
    pub fn with_observer(self, observer: Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Exchanges the code that the seller's consent brought; it works once, within 30 minutes.
    pub async fn get(&self, auth_code: &Secret) -> Result<TokenPair, Error> {
        self.exchange("get", "auth_code", auth_code, "authorized_code").await
    }

    /// Gets a new pair; store both tokens in one write, since the old refresh token may be dead by now.
    ///
    /// After `OutcomeUnknown` the old refresh token may still work: try it once more before asking the seller.
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<TokenPair, Error> {
        self.exchange("refresh", "refresh_token", refresh_token, "refresh_token").await
    }

    async fn exchange(
        &self,
        call: &str,
        secret_name: &str,
        secret: &Secret,
        grant_type: &str,
    ) -> Result<TokenPair, Error> {
        let mut url = self.auth_url.clone();
        url.set_path(&format!("{}/api/v2/token/{call}", self.auth_url.path().trim_end_matches('/')));
        url.query_pairs_mut()
            .clear()
            .append_pair("app_key", &self.app.app_key)
            .append_pair("app_secret", self.app.app_secret.expose())
            .append_pair(secret_name, secret.expose())
            .append_pair("grant_type", grant_type);

        // A code is used up and a refresh token may be replaced: a lost answer is not like a lost reading.
        let secrets = [&self.app.app_secret, secret];
        let request = self.http.get(url);
        transport::send(&self.http, request, Effect::Write, &secrets, self.observer.as_ref()).await?.read()
    }
}

/// An access token and what renews it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TokenPair {
    pub access_token: Secret,
    /// Named `..._expire_in` on the wire, but an absolute time; about seven days ahead.
    #[serde(rename = "access_token_expire_in", deserialize_with = "wire::time")]
    pub access_token_expires_at: DateTime<Utc>,
    pub refresh_token: Secret,
    /// As long as the seller's grant; perhaps decades.
    #[serde(rename = "refresh_token_expire_in", deserialize_with = "wire::time")]
    pub refresh_token_expires_at: DateTime<Utc>,
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub open_id: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub seller_name: Option<String>,
    /// ISO alpha-2.
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub seller_base_region: Option<String>,
    /// 0 seller, 1 creator, 3 partner; `None` if it was not said.
    #[serde(default, deserialize_with = "wire::optional_integer")]
    pub user_type: Option<i64>,
    /// For example `seller.order.info`.
    #[serde(default, deserialize_with = "wire::texts")]
    pub granted_scopes: Vec<String>,
}

/// The page where a seller grants the app access.
///
/// `services_url` is `https://services.tiktokshop.com`, or `https://services.us.tiktokshop.com` for sellers in the US.
/// `service_id` is the id of the app in Partner Center, not its key. `state` comes back with the code; a callback
/// without it must not be bound to whoever is signed in.
#[must_use]
pub fn consent_page(services_url: &Url, service_id: &str, state: &str) -> Url {
    let mut url = services_url.clone();
    url.set_path("/open/authorize");
    url.query_pairs_mut().clear().append_pair("service_id", service_id).append_pair("state", state);
    url
}
