//! One thing as an answer: with an entity tag, and left out when the caller has it already.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, ETAG};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::{
    ApiKey, BulkRun, Connection, Export, Invitation, OrderAction, Reconciliation, SyncRun, Webhook,
    WebhookDelivery,
};

use crate::error::ApiError;
use crate::extract::KnownVersions;

/// So much of a digest tells two states of one thing apart.
const TAG_BYTES: usize = 12;

/// A thing with an address of its own, which the answer that made it tells as `Location`.
pub trait Located {
    fn location(&self) -> String;
}

macro_rules! located {
    ($($thing:ty => $collection:literal,)+) => {
        $(impl Located for $thing {
            fn location(&self) -> String {
                format!(concat!("/api/v1/", $collection, "/{}"), self.id)
            }
        })+
    };
}

located! {
    ApiKey => "api-keys",
    BulkRun => "bulk-runs",
    Connection => "connections",
    Export => "exports",
    Invitation => "invitations",
    OrderAction => "actions",
    Reconciliation => "reconciliations",
    SyncRun => "sync-runs",
    Webhook => "webhooks",
}

impl Located for WebhookDelivery {
    fn location(&self) -> String {
        format!("/api/v1/webhooks/{}/deliveries/{}", self.webhook_id, self.id)
    }
}

/// The thing, or 304 when the caller has it as it is. The tag is a digest of what is sent.
///
/// # Errors
/// When it cannot be written as JSON, which is our own fault.
pub fn item(known: &KnownVersions, thing: &impl Serialize) -> Result<HttpResponse, ApiError> {
    tagged(known, None, thing)
}

/// The same for a thing that is changed by naming its version: the tag begins with the version, which is all that `If-Match`
/// compares, and goes on with the digest, for more than a version may be shown.
///
/// # Errors
/// When it cannot be written as JSON, which is our own fault.
pub fn versioned(
    known: &KnownVersions,
    version: i64,
    thing: &impl Serialize,
) -> Result<HttpResponse, ApiError> {
    tagged(known, Some(version), thing)
}

/// A thing that was made or changed this very moment, with the tag that its next change must name.
///
/// # Errors
/// When it cannot be written as JSON, which is our own fault.
pub fn changed(status: StatusCode, version: i64, thing: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let mut answer = versioned(&KnownVersions::none(), version, thing)?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// The beginning of an answer that shows a secret this once: nothing on the way keeps it.
pub fn with_secret(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((CACHE_CONTROL, "no-store"))
        // Compressed, the length of the answer could tell something of the secret.
        .insert_header((CONTENT_ENCODING, "identity"));
    answer
}

/// The same for a thing that is changed by naming its version, as it is without the secret.
///
/// # Errors
/// When it cannot be written as JSON, which is our own fault.
pub fn versioned_with_secret(
    status: StatusCode,
    version: i64,
    thing: &impl Serialize,
) -> Result<HttpResponseBuilder, ApiError> {
    let json = serde_json::to_vec(thing).map_err(ApiError::internal)?;
    let mut answer = with_secret(status);
    answer.insert_header((ETAG, tag(Some(version), &json)));
    Ok(answer)
}

fn tagged(
    known: &KnownVersions,
    version: Option<i64>,
    thing: &impl Serialize,
) -> Result<HttpResponse, ApiError> {
    let json = serde_json::to_vec(thing).map_err(ApiError::internal)?;
    let tag = tag(version, &json);
    if known.has(&tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).content_type("application/json").body(json))
}

fn tag(version: Option<i64>, json: &[u8]) -> String {
    let digest = hex::encode(&Sha256::digest(json)[..TAG_BYTES]);
    match version {
        Some(version) => format!("\"{version}-{digest}\""),
        None => format!("\"{digest}\""),
    }
}
