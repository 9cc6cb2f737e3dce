//! Live updates: one stream for the page, and whoever wants to hear.

use std::cell::RefCell;
use std::rc::Rc;

use crate::prelude::*;
use futures::future::{Either, select};
use js_sys::{Reflect, Uint8Array};
use leptos::ev;
use leptos::task::spawn_local;
use shared::LiveEvent;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStream, ReadableStreamDefaultReader};

use crate::api::{self, Failure};
use crate::browser;
use crate::session::{self, SessionState};
use crate::sse::EventReader;

/// Without a stream, the page asks again this often.
const FALLBACK_MS: i32 = 30_000;
/// A stream that is silent for longer than this is taken for dead.
const SILENCE_MS: i32 = 75_000;
/// Pauses before the next attempt to open the stream; the last one repeats.
const BACKOFF_MS: [i32; 5] = [1_000, 2_000, 5_000, 10_000, 30_000];

/// What the page hears.
#[derive(Debug, Clone)]
pub enum News {
    /// Something changed; the event says what.
    Event(LiveEvent),
    /// Events may have been missed: ask for everything that is shown.
    Refresh,
}

type Listener = Rc<dyn Fn(&News)>;

thread_local! {
    static LISTENERS: RefCell<Vec<(u32, Listener)>> = const { RefCell::new(Vec::new()) };
    static NEXT_LISTENER: RefCell<u32> = const { RefCell::new(0) };
}

/// Hears all news for as long as the calling component lives.
pub fn listen(listener: impl Fn(&News) + 'static) {
    let number = NEXT_LISTENER.with_borrow_mut(|next| {
        *next += 1;
        *next
    });
    LISTENERS.with_borrow_mut(|listeners| listeners.push((number, Rc::new(listener))));
    on_cleanup(move || {
        LISTENERS.with_borrow_mut(|listeners| listeners.retain(|(other, _)| *other != number));
    });
}

fn tell(news: &News) {
    // A listener may register others, so the list must not stay borrowed.
    let listeners: Vec<Listener> =
        LISTENERS.with_borrow(|listeners| listeners.iter().map(|(_, listener)| listener.clone()).collect());
    for listener in listeners {
        listener(news);
    }
}

/// Keeps the stream open while somebody is signed in and looking; to be called once, when the page starts.
pub fn start() {
    // The listener lives as long as the page.
    let _ = window_event_listener(ev::online, |_| tell(&News::Refresh));
    spawn_local(async {
        let mut last_id = String::new();
        let mut failures = 0_usize;
        loop {
            if browser::is_hidden() || !is_signed_in() {
                // A hidden tab would only use up one of the few connections that a browser allows.
                browser::sleep(500).await;
                continue;
            }
            let opened = follow(&mut last_id).await;
            failures = if opened { 0 } else { failures + 1 };
            if browser::is_hidden() {
                continue;
            }
            let pause = BACKOFF_MS[failures.min(BACKOFF_MS.len() - 1)];
            browser::sleep(pause).await;
        }
    });
    spawn_local(async {
        loop {
            browser::sleep(FALLBACK_MS).await;
            let streaming = STREAMING.with_borrow(|streaming| *streaming);
            if !streaming && is_signed_in() && !browser::is_hidden() {
                tell(&News::Refresh);
            }
        }
    });
}

thread_local! {
    static STREAMING: RefCell<bool> = const { RefCell::new(false) };
}

fn is_signed_in() -> bool {
    matches!(session::state().get_untracked(), SessionState::SignedIn(_))
}

/// Follows the stream until it ends; tells whether it could be opened.
async fn follow(last_id: &mut String) -> bool {
    let Ok(controller) = AbortController::new() else { return false };
    let stream = match api::events(last_id, &controller).await {
        Ok(stream) => stream,
        Err(failure) => {
            if matches!(failure, Failure::Problem(_)) {
                // The server may have forgotten the id; start afresh, which the refresh makes up for.
                last_id.clear();
            }
            return false;
        }
    };
    STREAMING.set(true);
    if last_id.is_empty() {
        // Between the page's first answers and this moment something may have happened.
        tell(&News::Refresh);
    }
    read_all(&stream, last_id).await;
    STREAMING.set(false);
    controller.abort();
    true
}

async fn read_all(stream: &ReadableStream, last_id: &mut String) {
    let Ok(reader) = stream.get_reader().dyn_into::<ReadableStreamDefaultReader>() else { return };
    let mut events = EventReader::default();
    let mut silent_ms = 0;
    let mut next = JsFuture::from(reader.read());
    // Woken every second, so that a tab that was hidden lets go of its connection soon.
    const STEP_MS: i32 = 1_000;
    while silent_ms < SILENCE_MS && !browser::is_hidden() && is_signed_in() {
        let step = Box::pin(browser::sleep(STEP_MS));
        let piece = match select(next, step).await {
            Either::Left((piece, _)) => piece,
            Either::Right(((), waiting)) => {
                next = waiting;
                silent_ms += STEP_MS;
                continue;
            }
        };
        let Some(bytes) = piece.ok().and_then(|piece| bytes_of(&piece)) else { return };
        silent_ms = 0;
        for event in events.read(&bytes) {
            if !event.id.is_empty() {
                last_id.clone_from(&event.id);
            }
            // Kinds that are new to this page are none of its business.
            if let Some(event) = api::live_event(&event.data) {
                tell(&News::Event(event));
            }
        }
        next = JsFuture::from(reader.read());
    }
}

/// The bytes of one `{ done, value }`; `None` at the end of the stream.
fn bytes_of(piece: &JsValue) -> Option<Vec<u8>> {
    let value = Reflect::get(piece, &JsValue::from_str("value")).ok()?;
    Some(value.dyn_into::<Uint8Array>().ok()?.to_vec())
}
