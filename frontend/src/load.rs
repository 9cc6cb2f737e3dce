//! What the server owns, as the page sees it: a value, whether a newer one is on its way, and what went wrong.
//!
//! Unlike a resource under `Transition`, old values stay visible while a new one loads *and* after it failed,
//! and a request that was overtaken is aborted, so a stale answer can never replace a newer one.
//!
//! Values are kept without their types: signals and futures that know theirs would be compiled once for each kind of
//! answer, and there are two dozen kinds.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::prelude::*;
use futures::future::{AbortHandle, FutureExt, LocalBoxFuture, abortable};
use leptos::task::spawn_local;

use crate::api::{Anything, Asking, Failure};
use crate::browser;

/// Reads something again after a pause. A look that failed is made up for by the next one; `None` when none can succeed.
pub async fn look_again<T>(pause_ms: i32, ask: impl Fn() -> Asking<T>) -> Option<T> {
    loop {
        browser::sleep(pause_ms).await;
        match ask().await {
            Ok(newer) => return Some(newer),
            Err(failure) if failure.is_final() => return None,
            Err(_) => {}
        }
    }
}

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
    pub fn run<T: Send + Sync + 'static>(self, asking: Asking<T>, apply: impl FnOnce(T) + 'static) {
        let apply = |answer: Anything| {
            // Nobody else has seen it yet, so it comes out of its wrapping.
            if let Some(answer) = answer.value.downcast::<T>().ok().and_then(Arc::into_inner) {
                apply(answer);
            }
        };
        self.start(asking.erased(), Box::new(apply));
    }

    /// Does some work in place of the one under way, and calls `apply` when it is done.
    pub fn run_task(
        self,
        task: impl Future<Output = Result<(), Failure>> + 'static,
        apply: impl FnOnce() + 'static,
    ) {
        let nothing = || Anything { text: String::new(), value: Arc::new(()) };
        let task = task.map(move |done| done.map(|()| nothing()));
        self.start(task.boxed_local(), Box::new(|_| apply()));
    }

    /// What all of these have in common.
    fn start(
        self,
        answer: LocalBoxFuture<'static, Result<Anything, Failure>>,
        apply: Box<dyn FnOnce(Anything)>,
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

/// The last good answer, as a signal.
pub struct Answer<T> {
    answer: RwSignal<Option<Arc<dyn Any + Send + Sync>>>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Answer<T> {}

impl<T: Clone + Send + Sync + 'static> Answer<T> {
    /// Reads the answer where it lies.
    pub fn with<R>(self, read: impl FnOnce(Option<&T>) -> R) -> R {
        read_as(&self.answer.get(), read)
    }

    pub fn get(self) -> Option<T> {
        self.with(|answer| answer.cloned())
    }

    /// Whether there is one.
    pub fn is_known(self) -> bool {
        self.answer.with(Option::is_some)
    }

    pub fn get_untracked(self) -> Option<T> {
        self.try_with_untracked(|answer| answer.cloned()).flatten()
    }

    /// Reads the answer, unless the page that asked for it is gone.
    pub fn try_with_untracked<R>(self, read: impl FnOnce(Option<&T>) -> R) -> Option<R> {
        Some(read_as(&self.answer.try_get_untracked()?, read))
    }

    pub fn set(self, answer: Option<T>) {
        self.answer.set(answer.map(|answer| Arc::new(answer) as Arc<dyn Any + Send + Sync>));
    }
}

fn read_as<T: 'static, R>(
    answer: &Option<Arc<dyn Any + Send + Sync>>,
    read: impl FnOnce(Option<&T>) -> R,
) -> R {
    read(answer.as_ref().and_then(|answer| answer.downcast_ref()))
}

/// A value that the server owns.
pub struct Load<T> {
    pub value: Answer<T>,
    pub request: Request,
    /// What the last answer said.
    last: StoredValue<String>,
}

impl<T> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Load<T> {}

impl<T: Clone + Send + Sync + 'static> Load<T> {
    pub fn new() -> Self {
        let value = Answer { answer: RwSignal::new(None), kind: PhantomData };
        Self { value, request: Request::new(), last: StoredValue::new(String::new()) }
    }

    /// Asks for the value anew.
    pub fn run(self, asking: Asking<T>) {
        let value = self.value.answer;
        self.request.start(asking.erased(), Box::new(move |answer| value.set(Some(answer.value))));
    }

    /// Asks for the value anew; an answer that says the same as before, to the letter, changes nothing on the page.
    pub fn run_for_changes(self, asking: Asking<T>) {
        let (value, last) = (self.value.answer, self.last);
        let apply = move |answer: Anything| {
            if last.try_with_value(|last| *last != answer.text) == Some(true) {
                last.set_value(answer.text);
                value.set(Some(answer.value));
            }
        };
        self.request.start(asking.erased(), Box::new(apply));
    }
}
