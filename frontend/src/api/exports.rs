//! Files of orders.

use shared::{Export, ExportId, Page, StartExport};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Blob};

use super::{AbortOnDrop, Answer, Asking, Call, Failure, fetch, send};
use crate::{browser, json};

pub fn start_export(body: &StartExport) -> Asking<Export> {
    fetch(Call::post("/exports").once().body(body))
}

pub fn export(id: ExportId) -> Asking<Export> {
    fetch(Call::get(format!("/exports/{id}")))
}

pub fn cancel_export(id: ExportId) -> Asking<Export> {
    fetch(Call::post(format!("/exports/{id}/cancel")).once())
}

/// The person's own, newest first.
pub fn exports() -> Asking<Vec<Export>> {
    let read = |text: &str| json::read::<Page<Export>>(text).map(|page| page.items);
    Asking { sent: super::exchange(Call::get("/exports?limit=10")), read }
}

/// Fetches a finished file and hands it to the browser, which saves it under this name.
///
/// A link could not: the server wants to see the access token.
pub async fn download_export(id: ExportId, name: &str) -> Answer<()> {
    let guard = AbortOnDrop(AbortController::new().map_err(|_| Failure::Offline)?);
    let response = send(&Call::get(format!("/exports/{id}/file")), &guard.0).await?;
    let file = JsFuture::from(response.blob().map_err(|_| Failure::Offline)?).await;
    let is_saved = file.is_ok_and(|file| browser::save(&Blob::from(file), name));
    if is_saved { Ok(()) } else { Err(Failure::Unreadable { status: response.status() }) }
}
