//! Transport: addresses, the key, limits, one attempt per call unless a web server blocks its method. Which calls there are is
//! told by the other files.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use url::Url;

use crate::decode::Entity;
use crate::error::{ConnectionFailure, Error, RefusalKind, UnknownReason};
use crate::ids::ShopId;
use crate::judge::{Call, Document, RawAnswer, judge};
use crate::key::WebserviceKey;
use crate::observer::{CallRecord, Exchange, Observer, Verdict};
use crate::query::Query;
use crate::resource::{Method, Resource};
use crate::version::Version;
use crate::xml::Element;

/// The longest answer that is read, in bytes: about a hundred thousand orders' ids.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// How long a connection may take to come about. A timeout here proves that nothing was sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than any web server keeps an idle connection, so that a write is not sent into one that is just being
/// closed: its outcome would be unknown.
const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(4);

/// Builds the HTTP client a [`Client`] needs: it follows no redirects (a `POST` would arrive as a `GET`), keeps no
/// cookies, repeats nothing and reads no proxy from the environment.
///
/// # Panics
/// If the process has no default provider for TLS installed.
#[must_use]
pub fn http_client() -> reqwest::Client {
    built(reqwest::Client::builder())
}

/// The same client with names resolved by `names`, which may keep it out of places where no shop is.
///
/// # Panics
/// If the process has no default provider for TLS installed.
#[must_use]
pub fn http_client_resolving(names: Arc<dyn reqwest::dns::Resolve>) -> reqwest::Client {
    built(reqwest::Client::builder().dns_resolver(names))
}

fn built(builder: reqwest::ClientBuilder) -> reqwest::Client {
    builder
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_CONNECTION_TIMEOUT)
        .user_agent(concat!("prestashop-webservice-client/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a default provider for TLS is installed first thing in main")
}

/// How long to wait for the whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For creating an order, during which the shop sends mails and draws the invoice.
    pub order_creation: Duration,
    /// For every other call.
    pub other: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { order_creation: Duration::from_secs(120), other: Duration::from_secs(30) }
    }
}

/// A shop's webservice. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    api: Url,
    key: WebserviceKey,
    shop_id: Option<ShopId>,
    timeouts: Timeouts,
    patches: bool,
    /// Whether the web server is known to let only `GET` and `POST` through; shared by all clones.
    overrides_method: Arc<AtomicBool>,
    observer: Option<Arc<Observer>>,
}

/// One call, ready to be sent.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) resource: Resource,
    pub(crate) id: Option<u64>,
    pub(crate) query: Query,
    pub(crate) entities: Vec<Element>,
}

/// A request as it leaves.
struct Wire {
    method: Method,
    url: Url,
    body: Option<String>,
    timeout: Duration,
}

/// What came back, as far as it came.
#[derive(Default)]
struct Heard {
    status: Option<u16>,
    body: Vec<u8>,
    request_id: Option<String>,
}

/// A proven success, and what the shop said about itself.
pub(crate) struct Answer {
    pub(crate) document: Document,
    pub(crate) version: Option<Version>,
}

impl Client {
    /// A client for the shop at this address (its front page, which may have a path), with one of its keys. In an
    /// installation of several shops, `shop_id` says which; it is sent with every call.
    ///
    /// `http` should be made by [`http_client`] or [`http_client_resolving`] and be shared between shops.
    #[must_use]
    pub fn new(http: reqwest::Client, shop_url: Url, key: WebserviceKey, shop_id: Option<ShopId>) -> Self {
        let mut api = shop_url;
        let path = format!("{}/api/", api.path().trim_end_matches('/'));
        api.set_path(&path);
        api.set_query(None);
        api.set_fragment(None);
        Self {
            http,
            api,
            key,
            shop_id,
            timeouts: Timeouts::default(),
            patches: true,
            overrides_method: Arc::default(),
            observer: None,
        }
    }

    /// Waits for answers as long as this.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// Knows the shop's version. Shops before 8.0 cannot change single fields, so an entity is read, changed and put
    /// back as a whole; without this call a newer shop is assumed.
    #[must_use]
    pub fn with_version(self, version: &Version) -> Self {
        Self { patches: version.supports_patch(), ..self }
    }

    /// Sends `PUT`, `PATCH` and `DELETE` as `POST` with `ps_method` from the first call on, for web servers that are known
    /// to block them; others are found out.
    #[must_use]
    pub fn with_method_override(self) -> Self {
        Self { overrides_method: Arc::new(AtomicBool::new(true)), ..self }
    }

    /// Tells the observer about every call.
    #[must_use]
    pub fn with_observer(self, observer: Arc<Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    pub(crate) fn shop_id(&self) -> Option<ShopId> {
        self.shop_id
    }

    /// Fetches one entity by its id.
    pub(crate) async fn get<T: Entity>(&self, id: impl Into<u64>) -> Result<T, Error> {
        let answer = self.send(Request::get(T::RESOURCE, Query::ids()).with_id(id)).await?;
        Ok(T::decode(answer.document.entity(T::RESOURCE)?)?)
    }

    /// Fetches the entities a query asks for.
    pub(crate) async fn list<T: Entity>(&self, query: Query) -> Result<Vec<T>, Error> {
        let answer = self.send(Request::get(T::RESOURCE, query)).await?;
        let entities = answer.document.list(T::RESOURCE)?;
        Ok(entities.iter().map(T::decode).collect::<Result<_, _>>()?)
    }

    /// Fetches only the ids of the entities a query asks for.
    pub(crate) async fn list_ids(&self, resource: Resource, query: Query) -> Result<Vec<u64>, Error> {
        let answer = self.send(Request::get(resource, query)).await?;
        Ok(answer.document.listed_ids(resource)?)
    }

    /// Creates one entity and answers its id. Nothing else in the answer can be trusted: it repeats what was sent.
    pub(crate) async fn create(
        &self,
        resource: Resource,
        query: Query,
        entity: Element,
    ) -> Result<u64, Error> {
        let ids = self.create_all(resource, query, vec![entity]).await?;
        ids.first().copied().ok_or(Error::unknown(Some(201), UnknownReason::Incomplete))
    }

    /// Creates several entities in one request, one after the other in the shop: if one is refused, those before it
    /// are stored, and the outcome counts as unknown.
    pub(crate) async fn create_all(
        &self,
        resource: Resource,
        query: Query,
        entities: Vec<Element>,
    ) -> Result<Vec<u64>, Error> {
        let request = Request { method: Method::Post, resource, id: None, query, entities };
        Ok(self.send(request).await?.document.written_ids())
    }

    /// Changes single fields of an entity.
    pub(crate) async fn change(
        &self,
        resource: Resource,
        id: impl Into<u64>,
        fields: &[(&str, &str)],
    ) -> Result<(), Error> {
        let id = id.into();
        let (method, mut entity) = if self.patches {
            (Method::Patch, Element::new(resource.node()).with("id", id))
        } else {
            // Every field left out of a `PUT` is wiped, so all of them are sent back as they were.
            let answer = self.send(Request::get(resource, Query::ids()).with_id(id)).await?;
            (Method::Put, answer.document.entity(resource)?.without_decoration())
        };
        for (name, value) in fields {
            entity.set(name, value);
        }
        let request =
            Request { method, resource, id: Some(id), query: Query::default(), entities: vec![entity] };
        self.send(request).await.map(|_| ())
    }

    /// Deletes an entity.
    pub(crate) async fn delete(&self, resource: Resource, id: impl Into<u64>) -> Result<(), Error> {
        let request = Request {
            method: Method::Delete,
            resource,
            id: Some(id.into()),
            query: Query::default(),
            entities: Vec::new(),
        };
        self.send(request).await.map(|_| ())
    }

    /// Sends a request and judges what comes back. It is sent once, except where the web server itself does not let its
    /// method through.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Error> {
        let may_be_blocked = matches!(request.method, Method::Put | Method::Patch | Method::Delete);
        let overrides = may_be_blocked && self.overrides_method.load(Ordering::Relaxed);
        if !may_be_blocked || overrides {
            return self.send_as(request, overrides).await;
        }
        let answer = self.send_as(request.clone(), false).await;
        let is_blocked = |status: u16| matches!(status, 403 | 405 | 501);
        match &answer {
            // The webservice refuses in its own format: what came is from before it.
            Err(Error::OutcomeUnknown(unknown)) if unknown.status.is_some_and(is_blocked) => {
                let second = self.send_as(request, true).await;
                if second.is_ok() {
                    self.overrides_method.store(true, Ordering::Relaxed);
                    return second;
                }
                answer
            }
            _ => answer,
        }
    }

    async fn send_as(&self, request: Request, overrides_method: bool) -> Result<Answer, Error> {
        let started = Instant::now();
        let (method, resource) = (request.method, request.resource);
        let call = Call { method, resource, entities: request.entities.len() };
        let wire = self.wire(request, overrides_method);
        let mut heard = Heard::default();
        let result = self.attempt(call, &wire, &mut heard).await;
        if let Some(observer) = &self.observer {
            let (status, duration, verdict) = (heard.status, started.elapsed(), Verdict::of(&result));
            observer(&Exchange {
                record: &CallRecord { method, resource, status, duration, verdict },
                url: &wire.url,
                sent: wire.body.as_deref(),
                answered: &heard.body,
                request_id: heard.request_id.as_deref(),
            });
        }
        result
    }

    async fn attempt(&self, call: Call, wire: &Wire, heard: &mut Heard) -> Result<Answer, Error> {
        let mut response = self.build(wire).send().await.map_err(|error| failure(&error))?;
        let code = response.status().as_u16();
        heard.status = Some(code);
        heard.request_id = header(&response, "x-request-id").map(ToOwned::to_owned);
        let version = header(&response, "psws-version").and_then(|version| version.parse().ok());
        let content_type = header(&response, "content-type").map(ToOwned::to_owned);
        let location_host = header(&response, "location")
            .and_then(|location| self.api.join(location).ok())
            .and_then(|location| location.host_str().map(ToOwned::to_owned));
        read_body(&mut response, &mut heard.body).await?;
        let document = judge(
            call,
            RawAnswer {
                status: code,
                content_type: content_type.as_deref(),
                location_host: location_host.as_deref(),
                body: &heard.body,
            },
        )?;
        Ok(Answer { document, version })
    }

    fn wire(&self, request: Request, overrides_method: bool) -> Wire {
        let Request { method, resource, id, mut query, entities } = request;
        if overrides_method {
            query = query.with("ps_method", method);
        }
        if let Some(shop_id) = self.shop_id {
            query = query.with("id_shop", shop_id);
        }
        let mut url = self.api.clone();
        let path = match id {
            Some(id) => format!("{}{}/{id}", self.api.path(), resource.path()),
            None => format!("{}{}", self.api.path(), resource.path()),
        };
        url.set_path(&path);
        url.set_query(query.encoded().as_deref());

        let creates_order = resource == Resource::Orders && method == Method::Post;
        let body = (!entities.is_empty()).then(|| {
            entities.into_iter().fold(Element::new("prestashop"), Element::with_child).to_document()
        });
        Wire {
            method: if overrides_method { Method::Post } else { method },
            url,
            body,
            timeout: if creates_order { self.timeouts.order_creation } else { self.timeouts.other },
        }
    }

    fn build(&self, wire: &Wire) -> reqwest::RequestBuilder {
        let builder = self
            .http
            .request(http_method(wire.method), wire.url.clone())
            .basic_auth(self.key.expose(), Some(""))
            .timeout(wire.timeout);
        match &wire.body {
            Some(body) => builder.header("content-type", "text/xml; charset=utf-8").body(body.clone()),
            None => builder,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api", &self.api.host_str())
            .field("shop_id", &self.shop_id)
            .finish_non_exhaustive()
    }
}

impl Request {
    pub(crate) fn get(resource: Resource, query: Query) -> Self {
        Self { method: Method::Get, resource, id: None, query, entities: Vec::new() }
    }

    fn with_id(self, id: impl Into<u64>) -> Self {
        Self { id: Some(id.into()), ..self }
    }
}

async fn read_body(response: &mut reqwest::Response, body: &mut Vec<u8>) -> Result<(), Error> {
    let status = Some(response.status().as_u16());
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST_ANSWER => {
                return Err(Error::unknown(status, UnknownReason::TooLarge));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(()),
            Err(error) if error.is_timeout() => return Err(Error::unknown(status, UnknownReason::Timeout)),
            Err(_) => return Err(Error::unknown(status, UnknownReason::ConnectionCut)),
        }
    }
}

/// What it means that no answer came. Only a connection that never came about proves that nothing was sent.
fn failure(error: &reqwest::Error) -> Error {
    if error.is_connect() {
        let failure = if error.is_dns() {
            ConnectionFailure::Dns
        } else if is_tls(error) {
            ConnectionFailure::Tls
        } else if error.is_timeout() {
            ConnectionFailure::TimedOut
        } else {
            ConnectionFailure::Refused
        };
        Error::refused_here(RefusalKind::NotReached { failure })
    } else if error.is_timeout() {
        Error::unknown(None, UnknownReason::Timeout)
    } else {
        Error::unknown(None, UnknownReason::ConnectionCut)
    }
}

fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // An end in the midst of connecting is one of the handshake: TCP itself has nothing to read. And an I/O error
        // hides what it wraps from `source`.
        return error.kind() == io::ErrorKind::UnexpectedEof
            || error.get_ref().is_some_and(|wrapped| is_tls(wrapped));
    }
    error.is::<rustls::Error>() || error.source().is_some_and(is_tls)
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

fn http_method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}
