//! What the server owns, as the page sees it: a value, whether a newer one is on its way, and what went wrong.
//!
//! Unlike a resource under `Transition`, old values stay visible while a new one loads *and* after it failed,
//! and a request that was overtaken is aborted, so a stale answer can never replace a newer one.

use std::future::Future;

use futures::future::{AbortHandle, FutureExt, LocalBoxFuture, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::Failure;

/// One thing that is asked for again and again; only the last request counts.
#[derive(Clone, Copy)]
pub struct Request {
    /// Whether an answer is awaited.
    pub busy: RwSignal<bool>,
    /// Why the last request failed; gone once one succeeds.
    pub failure: RwSignal<Option<Failure>>,
    abort: StoredValue<Option<AbortHandle>>,
}

impl Request {
    pub fn new() -> Self {
        let abort = StoredValue::new(None::<AbortHandle>);
        on_cleanup(move || {
            if let Some(Some(handle)) = abort.try_get_value() {
                handle.abort();
            }
        });
        Self { busy: RwSignal::new(false), failure: RwSignal::new(None), abort }
    }

    /// Sends a request in place of the one under way, and hands its answer to `apply`.
    pub fn run<T: 'static>(
        self,
        answer: impl Future<Output = Result<T, Failure>> + 'static,
        apply: impl FnOnce(T) + 'static,
    ) {
        self.start(answer.boxed_local(), Box::new(apply));
    }

    /// The work of [`Request::run`], compiled once for each kind of answer and not once for each request.
    fn start<T: 'static>(
        self,
        answer: LocalBoxFuture<'static, Result<T, Failure>>,
        apply: Box<dyn FnOnce(T)>,
    ) {
        let (task, handle) = abortable(answer);
        if let Some(Some(old)) = self.abort.try_update_value(|abort| abort.replace(handle)) {
            old.abort();
        }
        self.busy.set(true);
        spawn_local(async move {
            let Ok(answer) = task.await else { return };
            // The page may be gone by now; then nobody is waiting.
            if self.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(value) => {
                    self.failure.set(None);
                    apply(value);
                }
                Err(failure) => self.failure.set(Some(failure)),
            }
        });
    }
}

/// A value that the server owns.
pub struct Load<T: Send + Sync + 'static> {
    /// The last good answer.
    pub value: RwSignal<Option<T>>,
    pub request: Request,
}

impl<T: Send + Sync + 'static> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Load<T> {}

impl<T: Send + Sync + 'static> Load<T> {
    pub fn new() -> Self {
        Self { value: RwSignal::new(None), request: Request::new() }
    }

    /// Asks for the value anew.
    pub fn run(self, answer: impl Future<Output = Result<T, Failure>> + 'static) {
        self.request.run(answer, move |value| self.value.set(Some(value)));
    }
}
