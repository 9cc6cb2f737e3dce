use std::sync::Arc;

use clock::SharedClock;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::Effect;
use crate::sign::sign;
use crate::transport::{self, Answer};
use crate::{Error, Observer, Secret};

const JSON: &str = "application/json";

/// Everything but the unreserved characters of RFC 3986 is escaped: a bare `+` in a page token would arrive as a space.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What Partner Center gave to the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppCredentials {
    pub app_key: String,
    pub app_secret: Secret,
}

/// What it takes to speak for one shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopAccess {
    pub access_token: Secret,
    /// `cipher` of the authorized shop; opaque.
    pub shop_cipher: String,
}

/// Calls of one app; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
    observer: Option<Observer>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    api_url: Url,
    app: AppCredentials,
    clock: SharedClock,
}

/// Calls of one authorised shop; cheap to make and to clone.
#[derive(Debug, Clone)]
pub struct Shop {
    client: Client,
    access: ShopAccess,
}

impl Client {
    /// `api_url` is the host, as in `https://open-api.tiktokglobalshop.com`; `http` is best made by
    /// [`http_client`](crate::http_client).
    ///
    /// A path in `api_url` is sent but not signed, as behind a proxy that takes it off.
    #[must_use]
    pub fn new(http: reqwest::Client, api_url: Url, app: AppCredentials, clock: SharedClock) -> Self {
        Self { inner: Arc::new(Inner { http, api_url, app, clock }), observer: None }
    }

    /// Tells the observer about every call.
    #[must_use]
    pub fn with_observer(self, observer: Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// A handle for the calls of one shop.
    #[must_use]
    pub fn shop(&self, access: ShopAccess) -> Shop {
        Shop { client: self.clone(), access }
    }

    /// Signs and sends a call once. The bytes signed are the bytes sent; values are signed decoded and sent escaped.
    pub(crate) async fn send(&self, call: Call, access_token: &Secret) -> Result<Answer, Error> {
        let Inner { http, api_url, app, clock } = &*self.inner;
        let Call { method, path, mut query, body, effect } = call;
        query.push(("app_key", app.app_key.clone()));
        query.push(("timestamp", clock.now().timestamp().to_string()));
        let signature = sign(&app.app_secret, &path, &query, Some(JSON), body.as_deref().unwrap_or_default());
        query.push(("sign", signature));
        query.sort_unstable();

        let mut url = api_url.clone();
        url.set_path(&format!("{}{path}", api_url.path().trim_end_matches('/')));
        url.set_query(Some(&encoded(&query)));
        let mut request = http
            .request(method, url)
            .header(CONTENT_TYPE, JSON)
            .header("x-tts-access-token", access_token.expose());
        if let Some(body) = body {
            request = request.body(body.to_vec());
        }
        let secrets = [&app.app_secret, access_token];
        transport::send(http, request, effect, &secrets, self.observer.as_ref()).await
    }
}

impl Shop {
    /// Sends a shop-level call and reads its `data`.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        self.answer(call).await?.read()
    }

    /// Sends a shop-level call.
    pub(crate) async fn answer(&self, call: Call) -> Result<Answer, Error> {
        let call = call.query("shop_cipher", &self.access.shop_cipher);
        self.client.send(call, &self.access.access_token).await
    }
}

/// One call before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Arc<[u8]>>,
    effect: Effect,
}

impl Call {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), query: Vec::new(), body: None, effect: Effect::Read }
    }

    /// A POST that only reads.
    pub fn search(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { method: Method::POST, body: Some(bytes_of(body)), ..Self::get(path) }
    }

    /// A POST that changes something.
    pub fn write(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { effect: Effect::Write, ..Self::search(path, body) }
    }

    pub fn query(mut self, key: &'static str, value: impl ToString) -> Self {
        self.query.push((key, value.to_string()));
        self
    }

    /// Adds a parameter unless it has no value.
    pub fn query_if(self, key: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.query(key, value),
            None => self,
        }
    }
}

/// An id as a segment of a path. Signed and sent paths would differ if it held anything but these characters.
pub(crate) fn segment(id: &str) -> Result<&str, Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !id.is_empty() && id.len() <= 64 && id.chars().all(is_plain) {
        return Ok(id);
    }
    let message = "an id may hold only letters, digits, `-` and `_`".to_owned();
    Err(Error::InvalidRequest { code: None, message, request_id: None })
}

fn encoded(query: &[(&'static str, String)]) -> String {
    let pairs = query.iter().map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, ESCAPED)));
    pairs.collect::<Vec<_>>().join("&")
}

fn bytes_of(body: &impl Serialize) -> Arc<[u8]> {
    serde_json::to_vec(body).expect("bodies have text keys and no failing serializer").into()
}
