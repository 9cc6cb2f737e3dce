//! Says aloud what sighted people see happen: one polite live region for the whole page.

use crate::markup::view;
use crate::prelude::*;

thread_local! {
    static MESSAGE: ArcRwSignal<String> = ArcRwSignal::new(String::new());
}

/// Has a sentence read out when the reader is free.
pub fn announce(message: impl Into<String>) {
    MESSAGE.with(|it| it.set(message.into()));
}

#[component]
pub fn Announcer() -> impl IntoView {
    let message = MESSAGE.with(Clone::clone);
    view! { <p class="visually-hidden" role="status">{move || message.get()}</p> }
}
