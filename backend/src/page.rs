//! The embedded page: precompressed files, cached for ever where their name holds their digest.

use std::borrow::Cow;

use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderName, HeaderValue, IF_NONE_MATCH, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

use crate::app::AppState;
use crate::error::ApiError;

const INDEX: &str = "index.html";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>orderbridge</title>\
    <h1>orderbridge is running</h1><p>The page is not part of this build. Build it with <code>cargo xtask demo</code>, \
    or <code>trunk build --release</code> and then the binary again. The API is at <a href=\"/swagger-ui/\">/swagger-ui/</a>.";

/// The files of the built page: in the binary of a release, read from the folder in a debug build.
#[derive(RustEmbed)]
#[folder = "../dist/"]
struct Files;

/// What is known of the page at start.
#[derive(Debug, Clone)]
pub struct Page {
    policy: HeaderValue,
}

impl Page {
    /// Reads the page once, to allow its own inline scripts and no others.
    #[must_use]
    pub fn load() -> Self {
        let index = Files::get(INDEX).map(|file| String::from_utf8_lossy(&file.data).into_owned());
        let hashes: String = inline_scripts(index.as_deref().unwrap_or_default())
            .into_iter()
            .map(|script| format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script))))
            .collect();
        let policy = format!(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; \
             img-src 'self' data: https:; frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'self'"
        );
        Self { policy: HeaderValue::from_str(&policy).expect("hashes are plain text") }
    }

    /// The content security policy of the page.
    #[must_use]
    pub fn policy(&self) -> HeaderValue {
        self.policy.clone()
    }
}

/// The contents of the scripts that stand in a page itself: Trunk puts the one that starts the app there.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("<script") {
        let Some((attributes, after)) = after.split_once('>') else { break };
        let Some((script, after)) = after.split_once("</script>") else { break };
        if !attributes.contains("src=") {
            scripts.push(script);
        }
        rest = after;
    }
    scripts
}

/// Answers whatever no other route does: a file of the page, the page itself for its own addresses, or nothing.
///
/// # Errors
/// Below `/api`, and where another route is: not found, or the wrong method.
pub async fn everything_else(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = request.path();
    if path == "/api" || path.starts_with("/api/") || state.routes.knows(path) {
        if let ApiError::MethodNotAllowed { allowed } = state.routes.refusal(path)
            && *request.method() == Method::OPTIONS
        {
            return Ok(HttpResponse::NoContent().insert_header((ALLOW, allowed)).finish());
        }
        return Err(state.routes.refusal(path));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(HttpResponse::MethodNotAllowed().insert_header(("allow", "GET, HEAD")).finish());
    }
    let name = path.trim_start_matches('/');
    if !name.is_empty() && name != INDEX && Files::get(name).is_some() {
        return Ok(file(&request, name));
    }
    // A file that is not there must not answer with the page: the browser would run HTML as a script.
    let wants_page = header_text(request.headers(), ACCEPT).contains("text/html");
    let looks_like_file = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if name != INDEX && (looks_like_file || !wants_page) {
        return Ok(HttpResponse::NotFound().finish());
    }
    if Files::get(INDEX).is_none() {
        return Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .body(NOT_BUILT));
    }
    Ok(file(&request, INDEX))
}

fn file(request: &HttpRequest, name: &str) -> HttpResponse {
    let accepted = header_text(request.headers(), ACCEPT_ENCODING);
    let accepts =
        |coding: &str| accepted.split(',').any(|word| word.split(';').next().map(str::trim) == Some(coding));
    let packed = |coding: &'static str, suffix: &str| {
        let file = accepts(coding).then(|| Files::get(&format!("{name}.{suffix}"))).flatten()?;
        Some((file, Some(coding)))
    };
    let plain = || Files::get(name).map(|file| (file, None));
    let Some((file, coding)) = packed("br", "br").or_else(|| packed("gzip", "gz")).or_else(plain) else {
        return HttpResponse::NotFound().finish();
    };

    let tag = entity_tag(&file);
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CACHE_CONTROL, if has_digest(name) { FOR_EVER } else { ASK_AGAIN }))
        .insert_header((VARY, "accept-encoding"))
        .insert_header((ETAG, tag.clone()));
    if header_text(request.headers(), IF_NONE_MATCH).contains(&tag) {
        return answer.status(StatusCode::NOT_MODIFIED).finish();
    }
    answer.insert_header((CONTENT_TYPE, content_type(name)));
    // Without a coding, the middleware would compress anew what was left plain on purpose.
    answer.insert_header((CONTENT_ENCODING, coding.unwrap_or("identity")));
    match file.data {
        Cow::Borrowed(bytes) => answer.body(bytes),
        Cow::Owned(bytes) => answer.body(bytes),
    }
}

fn header_text(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase()
}

fn entity_tag(file: &EmbeddedFile) -> String {
    format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..12]))
}

/// Whether the name changes with the contents, as Trunk names its files: `frontend-1a2b3c4d5e6f7a8b.js`.
fn has_digest(name: &str) -> bool {
    let words = name.split(['-', '.', '_', '/']);
    words.filter(|word| word.len() >= 16).any(|word| word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_digest_are_kept_for_ever() {
        for named in [
            "frontend-1a2b3c4d5e6f7a8b.js",
            "frontend-1a2b3c4d5e6f7a8b_bg.wasm",
            "snippets/1a2b3c4d5e6f7a8b/x.js",
        ] {
            assert!(has_digest(named), "{named}");
        }
        for plain in ["index.html", "favicon.svg", "frontend.js", "robots.txt"] {
            assert!(!has_digest(plain), "{plain}");
        }
    }

    #[test]
    fn inline_scripts_are_found() {
        let html = r#"<script type="module">start()</script><script src="/a.js"></script><script nonce="x">b</script>"#;

        assert_eq!(inline_scripts(html), ["start()", "b"]);
    }
}
