//! Who is signed in. The access token lives in memory only; the refresh token in a cookie that scripts cannot read.

use std::cell::RefCell;

use crate::prelude::*;
use js_sys::{Function, Promise, Reflect};
use leptos::task::spawn_local;
use shared::{Role, Session, User};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::api::{self, Failure};
use crate::browser;

/// Whether the page has somebody to work for.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionState {
    /// The page has just started and asks whether an earlier session can go on.
    Resuming,
    /// The server could not be asked.
    Unknown(Failure),
    SignedOut {
        /// True when a session came to its end while the page was in use.
        ended: bool,
    },
    SignedIn(User),
}

/// Where it is noted that this browser has had a session; it says nothing about whose.
const RESUMABLE: &str = "resumable";

thread_local! {
    static STATE: ArcRwSignal<SessionState> = ArcRwSignal::new(SessionState::Resuming);
    static ACCESS_TOKEN: RefCell<Option<String>> = const { RefCell::new(None) };
    /// The refresh under way: a refresh token works once, so all who need a new access token share one request.
    static REFRESH: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// The session as a signal for the whole page.
pub fn state() -> ArcRwSignal<SessionState> {
    STATE.with(Clone::clone)
}

/// The person who is signed in; it stays the same for as long as a page lives.
pub fn user() -> Option<User> {
    match state().get_untracked() {
        SessionState::SignedIn(user) => Some(user),
        _ => None,
    }
}

/// Whether the person who is signed in may do what this role may do.
pub fn may(role: Role) -> bool {
    user().is_some_and(|user| user.role >= role)
}

/// What `Authorization` is to say.
pub fn access_token() -> Option<String> {
    ACCESS_TOKEN.with_borrow(Clone::clone)
}

/// Has something done whenever nobody is signed in any more; for what knows of orders and outlives the pages.
pub fn at_end(forget: impl Fn() + 'static) {
    let state = state();
    let is_signed_in = Memo::new(move |_| matches!(state.get(), SessionState::SignedIn(_)));
    Effect::new(move |was_signed_in: Option<bool>| {
        if was_signed_in == Some(true) && !is_signed_in.get() {
            forget();
        }
        is_signed_in.get()
    });
}

/// Begins a session that the server has just opened.
pub fn begin(session: Session) {
    browser::store(RESUMABLE, Some("yes"));
    ACCESS_TOKEN.set(Some(session.access_token));
    state().set(SessionState::SignedIn(session.user));
}

/// Takes up the session that the refresh cookie stands for, when the page starts.
pub async fn resume() {
    // A first visit has no session to ask for; a browser that keeps no notes cannot tell.
    if browser::keeps_notes() && browser::stored(RESUMABLE).is_none() {
        state().set(SessionState::SignedOut { ended: false });
        return;
    }
    state().set(SessionState::Resuming);
    match refresh().await {
        Ok(()) => {}
        Err(Failure::SignedOut) => {
            browser::store(RESUMABLE, None);
            state().set(SessionState::SignedOut { ended: false });
        }
        Err(failure) => state().set(SessionState::Unknown(failure)),
    }
}

/// Notes that the server no longer knows the session.
pub fn end() {
    ACCESS_TOKEN.set(None);
    let state = state();
    if matches!(state.get_untracked(), SessionState::SignedIn(_)) {
        state.set(SessionState::SignedOut { ended: true });
    }
}

/// Ends the session here and on the server.
///
/// # Errors
/// The server could not be told; the session goes on.
pub async fn sign_out() -> Result<(), Failure> {
    api::delete_session().await?;
    ACCESS_TOKEN.set(None);
    browser::store(RESUMABLE, None);
    state().set(SessionState::SignedOut { ended: false });
    Ok(())
}

/// Gets a new access token.
///
/// # Errors
/// [`Failure::SignedOut`] when there is no session to go on with; other failures leave the session as it is.
pub async fn refresh() -> Result<(), Failure> {
    let before = access_token();
    let running = REFRESH.with_borrow(Clone::clone);
    let promise = running.unwrap_or_else(|| {
        let promise = one_tab_at_a_time(|| {
            Promise::new(&mut |done, _| {
                spawn_local(async move {
                    let result = api::refresh_session().await;
                    REFRESH.set(None);
                    LAST_FAILURE.set(result.map(begin).err());
                    // The function of a promise cannot throw.
                    let _ = done.call0(&JsValue::UNDEFINED);
                });
            })
        });
        REFRESH.set(Some(promise.clone()));
        promise
    });
    // Only a browser that refuses the lock rejects it.
    let is_done = JsFuture::from(promise).await.is_ok();
    REFRESH.set(None);
    match LAST_FAILURE.with_borrow(Clone::clone) {
        None if is_done => Ok(()),
        // Somebody may have signed in again meanwhile.
        _ if access_token() != before => Ok(()),
        failure => Err(failure.unwrap_or(Failure::Offline)),
    }
}

thread_local! {
    /// Why the last refresh failed, for all who shared it.
    static LAST_FAILURE: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// Runs work under a lock that all tabs share: two tabs sending the same refresh token would look like theft.
fn one_tab_at_a_time(work: impl FnOnce() -> Promise + 'static) -> Promise {
    let locks = Reflect::get(&window().navigator(), &"locks".into()).unwrap_or_default();
    let request = Reflect::get(&locks, &"request".into()).ok().and_then(|it| it.dyn_into::<Function>().ok());
    // Browsers offer locks to secure origins only.
    let Some(request) = request else { return work() };
    let work = Closure::once_into_js(move |_lock: JsValue| work());
    match request.call2(&locks, &"orderbridge-refresh".into(), &work) {
        Ok(promise) => promise.unchecked_into(),
        Err(error) => Promise::reject(&error),
    }
}
