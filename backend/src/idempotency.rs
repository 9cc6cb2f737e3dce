//! Requests with an effect name a key, so that a repeat of a request whose answer was lost has no second effect.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use database::idempotency::{self, Answer, Claim, Held, Request};
use database::{DatabaseTransaction, MasterKey};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tracing_actix_web::RequestId;

use crate::app::AppState;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{is_json, parse, read_all};
use crate::item::Located;
use crate::middleware::shown;

/// Names the request.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that the answer is that of an earlier request with the same key.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

const LONGEST_KEY: usize = 255;
/// The ids of as many orders as a run over many orders takes fit in.
const BODY_LIMIT_BYTES: usize = 256 * 1024;
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// Tells requests apart without keeping what is in them: a digest that only this installation can make.
#[derive(Clone)]
pub struct RequestDigests {
    key: [u8; 32],
}

impl RequestDigests {
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        Self { key: master.derive("idempotency") }
    }

    fn digest(&self, method: &str, path: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        for part in [method.as_bytes(), path.as_bytes(), body] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        hex::encode(mac.finalize().into_bytes())
    }
}

/// A JSON body, and the key that names its request. A body that is left out is `null`.
pub struct Once<T> {
    pub body: T,
    pub named: Named,
}

/// The body of a request that says everything in its address: none, or an empty object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

/// What a request has come to.
pub struct Done {
    pub response: HttpResponse,
    /// What a repeat of the request is answered.
    pub kept: Answer,
}

impl Done {
    /// Done, and there is nothing to say of it.
    #[must_use]
    pub fn without_body() -> Self {
        let kept = Answer {
            status: StatusCode::NO_CONTENT.as_u16(),
            content_type: JSON.to_owned(),
            body: Vec::new(),
            location: None,
        };
        Self { response: HttpResponse::NoContent().finish(), kept }
    }
}

/// An answer that a repeat gets, too.
///
/// # Errors
/// When it cannot be written as JSON, which is our own fault.
pub fn kept(status: StatusCode, value: &(impl Serialize + Located)) -> Result<Answer, ApiError> {
    let body = serde_json::to_vec(value).map_err(ApiError::internal)?;
    let is_new = matches!(status, StatusCode::CREATED | StatusCode::ACCEPTED);
    let location = is_new.then(|| value.location());
    Ok(Answer { status: status.as_u16(), content_type: JSON.to_owned(), body, location })
}

/// What a request is known by.
pub struct Named {
    /// `None` where a key is welcome but not needed, and was not sent.
    key: Option<String>,
    digest: String,
    path: String,
    request_id: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Once<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let once = read::<T>(&request, payload).await?;
            if once.named.key.is_none() {
                let detail = "Send a key of your own as Idempotency-Key, new for each request that is to have an effect; \
                    then a repeat of the same request has none.";
                return Err(ApiError::bad_request("idempotency_key_missing", detail));
            }
            Ok(once)
        }
        .boxed_local()
    }
}

/// The same, where the key may be left out.
pub struct OnceIfNamed<T> {
    pub body: T,
    pub named: Named,
}

impl<T: DeserializeOwned + 'static> FromRequest for OnceIfNamed<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let Once { body, named } = read(&request, payload).await?;
            Ok(Self { body, named })
        }
        .boxed_local()
    }
}

async fn read<T: DeserializeOwned>(request: &HttpRequest, payload: Payload) -> Result<Once<T>, ApiError> {
    let state = request.app_data::<Data<AppState>>();
    let state = state.ok_or_else(|| ApiError::internal("the app has no state"))?;
    let key = key_of(request.headers())?;
    let bytes = read_all(payload, BODY_LIMIT_BYTES, state.config.body_time_limit).await?;
    let body = match (bytes.is_empty(), is_json(request.headers())) {
        (true, _) => parse(b"null")?,
        (false, true) => parse(&bytes)?,
        (false, false) => return Err(ApiError::NotJson),
    };
    let request_id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let named = Named {
        key,
        digest: state.request_digests.digest(request.method().as_str(), request.path(), &bytes),
        path: shown(request.path()).into_owned(),
        request_id: request_id.unwrap_or_default(),
    };
    Ok(Once { body, named })
}

pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut keys = headers.get_all(KEY);
    let Some(key) = keys.next() else { return Ok(None) };
    let is_visible = |key: &&str| key.bytes().all(|byte| byte.is_ascii_graphic());
    let key = key.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len())).filter(is_visible);
    match (key, keys.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => {
            let detail = "An Idempotency-Key is sent once and has 1 to 255 visible ASCII characters.";
            Err(ApiError::bad_request("idempotency_key_invalid", detail))
        }
    }
}

impl Named {
    /// Does the work of the request, unless it was done before; then the first answer is repeated.
    ///
    /// The work gets a transaction, and its answer is kept in the same one: a crash leaves both or neither. Refusals are
    /// answers too. After a failure of our own the key is free again.
    ///
    /// # Errors
    /// The key is that of another request, or of one that is being answered; or a failure of our own.
    pub async fn answer<T: Serialize + Located>(
        &self,
        state: &AppState,
        caller: &Caller,
        work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<(StatusCode, T), ApiError>,
    ) -> Result<HttpResponse, ApiError> {
        let prepare = async || Ok(());
        self.answer_prepared(state, caller, prepare, async |txn: &_, ()| {
            let (status, value) = work(txn).await?;
            let answer = kept(status, &value)?;
            Ok(Done { response: response(answer.clone()), kept: answer })
        })
        .await
    }

    /// The same for work that asks others before its transaction begins, or whose answer is not repeated as it is.
    ///
    /// # Errors
    /// The key is that of another request, or of one that is being answered; or a failure of our own.
    pub async fn answer_prepared<P>(
        &self,
        state: &AppState,
        caller: &Caller,
        prepare: impl AsyncFnOnce() -> Result<P, ApiError>,
        work: impl AsyncFnOnce(&DatabaseTransaction, P) -> Result<Done, ApiError>,
    ) -> Result<HttpResponse, ApiError> {
        let held = match &self.key {
            None => None,
            Some(key) => match self.claim(state, caller, key).await? {
                Claim::New(held) => Some(held),
                Claim::Running => return Err(ApiError::KeyInUse),
                Claim::OfAnother => return Err(ApiError::KeyReused),
                Claim::Answered(answer) => return Ok(replay(answer)),
            },
        };
        let done = match prepare().await {
            Ok(prepared) => self.work(state, held.as_ref(), async |txn: &_| work(txn, prepared).await).await,
            Err(error) => self.refuse(state, held.as_ref(), error).await,
        };
        if let (Err(_), Some(held)) = (&done, &held) {
            idempotency::release(state.database.writer(), held).await?;
        }
        done
    }

    /// What a repeat is told of a request whose answer showed a secret: nothing keeps that, so this names what was made.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which is our own fault.
    pub fn shown_once(&self, detail: String) -> Result<Answer, ApiError> {
        self.kept_refusal(&ApiError::Conflict { code: "already_created", detail })
    }

    fn kept_refusal(&self, error: &ApiError) -> Result<Answer, ApiError> {
        let problem = error.problem(&self.path, &self.request_id);
        let body = serde_json::to_vec(&problem).map_err(ApiError::internal)?;
        Ok(Answer { status: problem.status, content_type: PROBLEM.to_owned(), body, location: None })
    }

    async fn claim(&self, state: &AppState, caller: &Caller, key: &str) -> Result<Claim, ApiError> {
        let request = Request { caller: caller.account(), key: key.to_owned(), digest: self.digest.clone() };
        Ok(idempotency::claim(state.database.writer(), request, state.clock().now()).await?)
    }

    async fn work(
        &self,
        state: &AppState,
        held: Option<&Held>,
        work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Done, ApiError>,
    ) -> Result<HttpResponse, ApiError> {
        let txn = state.database.begin().await?;
        let Done { response, kept } = match work(&txn).await {
            Ok(done) => done,
            Err(error) => {
                txn.rollback().await?;
                return self.refuse(state, held, error).await;
            }
        };
        if let Some(held) = held
            && !idempotency::answer(&txn, held, &kept).await?
        {
            // We were too slow, and the same request is being answered anew.
            txn.rollback().await?;
            return Err(ApiError::KeyInUse);
        }
        txn.commit().await?;
        state.committed();
        Ok(response)
    }

    /// Keeps a refusal as the answer; a failure of our own is none.
    async fn refuse(
        &self,
        state: &AppState,
        held: Option<&Held>,
        error: ApiError,
    ) -> Result<HttpResponse, ApiError> {
        let Some(held) = held.filter(|_| error.status_code().is_client_error()) else { return Err(error) };
        let answer = self.kept_refusal(&error)?;
        idempotency::answer(state.database.writer(), held, &answer).await?;
        Err(error)
    }
}

fn replay(answer: Answer) -> HttpResponse {
    let mut response = response(answer);
    response.headers_mut().insert(REPLAYED, actix_web::http::header::HeaderValue::from_static("true"));
    response
}

fn response(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, answer.content_type)).insert_header((CACHE_CONTROL, "no-store"));
    if let Some(location) = answer.location {
        response.insert_header((LOCATION, location));
    }
    response.body(answer.body)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        let key =
            |key: &str| key_of(TestRequest::default().insert_header((KEY, key)).to_http_request().headers());

        assert_eq!(key("8e03978e-40d5-43e8-bc93-6894a57f9324").unwrap().unwrap().len(), 36);
        assert_eq!(key(&"k".repeat(255)).unwrap().unwrap().len(), 255);
        for wrong in ["", "two words", "clé", &"k".repeat(256)] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
        assert_eq!(key_of(TestRequest::default().to_http_request().headers()).unwrap(), None);
        let twice = TestRequest::default().append_header((KEY, "a")).append_header((KEY, "b"));
        assert!(key_of(twice.to_http_request().headers()).is_err());
    }

    #[test]
    fn a_digest_is_of_the_whole_request() {
        let digests = RequestDigests { key: [1; 32] };
        let first = digests.digest("POST", "/a", b"b");

        assert_eq!(digests.digest("POST", "/a", b"b"), first);
        for other in [("PATCH", "/a", "b"), ("POST", "/ab", ""), ("POST", "/a", "c")] {
            assert_ne!(digests.digest(other.0, other.1, other.2.as_bytes()), first, "{other:?}");
        }
    }
}
