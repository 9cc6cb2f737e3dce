//! One thing as an answer: with an entity tag, and left out when the caller has it already.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::extract::KnownVersions;

/// So much of a digest tells two states of one thing apart.
const TAG_BYTES: usize = 12;

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

fn tagged(
    known: &KnownVersions,
    version: Option<i64>,
    thing: &impl Serialize,
) -> Result<HttpResponse, ApiError> {
    let json = serde_json::to_vec(thing).map_err(ApiError::internal)?;
    let digest = hex::encode(&Sha256::digest(&json)[..TAG_BYTES]);
    let tag = match version {
        Some(version) => format!("\"{version}-{digest}\""),
        None => format!("\"{digest}\""),
    };
    if known.has(&tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).content_type("application/json").body(json))
}
